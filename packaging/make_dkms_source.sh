#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Makes the source that dkms builds our modules from, from the files that fetch_sources.sh has
# fetched; runs inside the lab's root.
#
#   make_dkms_source.sh PARTS DIR VERSION...
#
# DIR/trees gets the sources of our modules for these point releases. Each file is stored once:
#
#   trees/all        files that are the same in all releases
#   trees/6.12       files that are the same in all of these releases of 6.12.y
#   trees/6.12.118   files of this release only; each release has such a directory
#
# All three together are the tree of a release. DIR/patches/6.12.diff and 7.3.diff are our changes
# against the newest release of each, for sources that came later. DIR also gets the scripts of
# packaging/dkms and what they need. A release that the patches do not apply to is left out, with a
# line "left out: VERSION: REASON".
set -euo pipefail

parts=$1 dir=$(cd "$2" && pwd -P)
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CEILING_DIRECTORIES=$work GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
# Other changes of our patches are not compiled: the pool device's provider, documents.
include=(--include='drivers/gpu/drm/ttm/*' --include='drivers/gpu/drm/radeon/*'
	--include='include/*' --exclude='*')

# patches_for VERSION: print which of the kernels that the patches are made for is nearest.
patches_for() {
	case $1 in
	6.*) echo 6.12 ;;
	*) echo 7.3 ;;
	esac
}

# apply TREE PATCH...: apply those that are not there yet. Prints an error as one line.
apply() {
	local tree=$1 patch

	shift
	! (cd "$tree" && git apply -C1 "${include[@]}" "$@") 2>/dev/null || return 0
	for patch; do
		(cd "$tree" && git apply -C1 "${include[@]}" "$patch") 2>"$work/error" && continue
		(cd "$tree" && git apply -C1 -R --check "${include[@]}" "$patch") 2>/dev/null &&
			continue
		echo "${patch#"$work/patches/"}: $(head -n 1 "$work/error")"
		return 1
	done
}

# drop_tests TREE: remove what the modules do not need.
drop_tests() {
	rm -rf "$1"/drivers/gpu/drm/{ttm,radeon}/tests "$1"/drivers/gpu/drm/ttm/Kconfig \
		"$1"/drivers/gpu/drm/radeon/Kconfig
	find "$1" -name .gitignore -delete
}

# share NAME TREE...: move the files that are the same in all of these trees to trees/NAME.
share() {
	local name=$1 count tree

	shift
	count=$#
	for tree; do
		(cd "$work/trees/$tree" && find . -type f -exec sha256sum {} +)
	done | awk -v count="$count" '++seen[$0] == count { print substr($0, 67) }' >"$work/same"
	[[ -s $work/same ]] || return 0
	mkdir -p "$dir/trees/$name"
	(cd "$work/trees/$1" && xargs -d '\n' cp --parents -t "$dir/trees/$name" <"$work/same")
	for tree; do
		(cd "$work/trees/$tree" && xargs -d '\n' rm <"$work/same")
	done
}

for kernel in 6.12 7.3; do
	/src/lab/kernel/compose.sh "$kernel" "$work/patches/$kernel"
done
mkdir -p "$work/trees" "$dir/trees" "$dir/patches"
made=()
for version; do
	tree=$work/trees/$version kernel=$(patches_for "$version")
	cp -r "$parts/$version" "$tree"
	mapfile -t patches < <(find "$work/patches/$kernel" -name '*.patch' | sort)
	if ! reason=$(apply "$tree" "${patches[@]}"); then
		echo "left out: $version: $reason"
		rm -rf "$tree"
		continue
	fi
	made+=("$version")
	# The last one that is made stays.
	(cd "$work" && rm -rf a b && cp -r "$parts/$version" a && cp -r "$tree" b && drop_tests a &&
		drop_tests b && { diff -Nru a b || (($? == 1)); }) |
		sed -E '/^(---|\+\+\+|diff) /s/\t.*//' >"$dir/patches/$kernel.diff"
	drop_tests "$tree"
done
((${#made[@]})) || {
	echo "error: the patches apply to no point release that the mirror has" >&2
	exit 1
}

share all "${made[@]}"
for series in $(printf '%s\n' "${made[@]}" | sed -E 's/\.[0-9]+$//' | sort -uV); do
	mapfile -t releases < <(printf '%s\n' "${made[@]}" | grep "^${series//./\\.}\\.")
	share "$series" "${releases[@]}"
done
for version in "${made[@]}"; do
	find "$work/trees/$version" -depth -type d -empty -delete
	mkdir -p "$work/trees/$version"
	echo "$version" >"$work/trees/$version/release"
	mv "$work/trees/$version" "$dir/trees/$version"
done
cp /src/packaging/dkms/* /src/lab/kernel/rename_symbols.sh "$dir"
mkdir "$dir/kbuild"
cp /src/lab/kernel/kbuild/Kbuild{.ttm,.radeon} "$dir/kbuild"
# Without the pool device's provider.
sed 's| xen/||' /src/lab/kernel/kbuild/Kbuild >"$dir/kbuild/Kbuild"
printf '%s\n' "${made[@]}"
