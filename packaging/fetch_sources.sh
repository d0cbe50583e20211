#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Brings the part of Debian's kernel sources that our modules are built from into the cache, for
# each point release from 6.12 on that the machine's mirror has for Debian 13:
#
#   fetch_sources.sh [VERSION...]    only these point releases, like 6.12.118
#
#   build/kernel-parts/VERSION/      the files
#   build/kernel-parts/VERSION.deb-version
#                                    the version of the package that they are from
#
# It prints "VERSION DEBIAN-VERSION" for each available release, oldest first; progress goes to
# standard error. Packages are downloaded once: only new point releases take time. If the mirror
# cannot be reached, the releases in the cache are used.
LAB_TAG=sources
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
# shellcheck source=mirror.sh
. "$(dirname "$0")/mirror.sh"

check_rights
make_cache_dir
parts=$LAB_CACHE/build/kernel-parts
mkdir -p "$parts"
lock_build "$parts.lock" >&2
work=$(mktemp -d "$parts/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

# versions: print "VERSION DEBIAN-VERSION PACKAGE" of each point release, with its newest revision.
versions() {
	local version rest

	# One call for all packages, as each call reads all lists.
	mirror_apt apt-cache pkgnames linux-source- |
		grep -E '^linux-source-[0-9]+\.[0-9]+$' |
		mirror_apt xargs apt-cache madison |
		awk '{ print $3, $1 }' | sort -rV | awk '
		{ version = $1; sub(/[-~].*/, "", version) }
		!seen[version]++ { print version, $1, $2 }' |
		while read -r version rest; do
			[[ $(printf '%s\n' 6.12 "$version" | sort -V | head -n 1) != 6.12 ]] ||
				echo "$version $rest"
		done | sort -V
}

# fetch VERSION DEBIAN-VERSION PACKAGE: download, and extract the files that are needed.
fetch() {
	local version=$1 debian=$2 package=$3 deb

	need_space 1200
	# The newest packages were downloaded when the image was made.
	deb=$(find "$LAB_CACHE/debs" -name "${package}_${debian}_*.deb" -print -quit 2>/dev/null) ||
		true
	if [[ -z $deb ]]; then
		say "downloading $package $debian (150 MB)" >&2
		if ! (cd "$work" && mirror_apt apt-get -q download "$package=$debian") \
			>>"$work/log" 2>&1; then
			say "the mirror lists $package $debian and does not have it" >&2
			return
		fi
		deb=$(find "$work" -name '*.deb')
	fi
	say "extracting radeon and TTM of $package $debian" >&2
	rm -rf "$work/tree"
	mkdir "$work/tree"
	dpkg-deb --fsys-tarfile "$deb" |
		tar -xO --wildcards './usr/src/linux-source-*.tar.xz' |
		XZ_DEFAULTS=-T0 tar -xJ -C "$work/tree" --strip-components=1 --no-same-owner \
			--wildcards --no-wildcards-match-slash "${part_paths[@]/#/linux-source-*/}" \
			2>>"$work/log" ||
		die "$package $debian cannot be extracted: see the disk's free space"
	find "$work" -maxdepth 1 -name '*.deb' -delete
	rm -rf "${parts:?}/$version"
	mv "$work/tree" "$parts/$version"
	echo "$debian" >"$parts/$version.deb-version"
}

# The directories and files of the modules; the patches change nothing else that is compiled.
part_paths=(drivers/gpu/drm/{ttm,radeon} drivers/gpu/drm/drm_gem_ttm_helper.c
	include/drm/ttm include/drm/drm_gem_ttm_helper.h include/uapi/drm)

say "looking for kernel sources in Debian's archive" >&2
if mirror_update "$work/apt"; then
	mapfile -t found < <(versions)
else
	say "the mirror could not be reached: using the sources in the cache" >&2
	found=()
fi
for line in "${found[@]}"; do
	read -r version debian package <<<"$line"
	(($# == 0)) || [[ " $* " == *" $version "* ]] || continue
	[[ $(cat "$parts/$version.deb-version" 2>/dev/null) == "$debian" ]] ||
		fetch "$version" "$debian" "$package"
done
for version in $(cd "$parts" && ls -d [0-9]*/ 2>/dev/null | tr -d / | sort -V); do
	(($# == 0)) || [[ " $* " == *" $version "* ]] || continue
	# Skip releases that the mirror no longer has.
	((${#found[@]} == 0)) || printf '%s\n' "${found[@]}" | grep -q "^$version " || continue
	echo "$version $(<"$parts/$version.deb-version")"
done >"$work/list"
for version; do
	grep -q "^${version//./\\.} " "$work/list" ||
		die "the mirror has no linux-source of $version: it has $(
			printf '%s\n' "${found[@]%% *}" | paste -sd' ')"
done
[[ -s $work/list ]] || die "the mirror has no linux-source, or cannot be reached: check the network"
cat "$work/list"
