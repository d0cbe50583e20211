#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The newest source of a stable kernel that Debian's archive has, as its authors have released it,
# without Debian's patches: linux_VERSION.orig.tar.xz.
#
#   newest_source.sh 6.12
#
# The last line names the file, in the cache. apt checks signatures and checksums. If the archive
# cannot be reached, the newest one in the cache is used.
LAB_TAG=source
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

kernel=$1
make_cache_dir
dir=$LAB_CACHE/build/sources
mkdir -p "$dir"
exec 9>"$dir.lock"
flock -n 9 || { say "another download of this is running: waiting for it"; flock 9; }
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT
mkdir -p "$apt"/{lists/partial,cache/archives/partial,get}

# The archives that the image was made from.
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
image=$LAB_CACHE/root-$(image_key)/root
sed -nE "s,^deb (http[^ ]*) (trixie(-updates|-security)?) main,deb-src [signed-by=$keyring] \\1 \\2 main,p" \
	"$image/etc/apt/sources.list" >"$apt/sources.list"
options=(-q -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
	-o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" -o APT::Sandbox::User=)

# have_newest: print the newest source in the cache, or fail.
have_newest() {
	find "$dir" -name "linux_$kernel.*.orig.tar.xz" -printf '%f/%p\n' | sort -V |
		sed -n '$s|^[^/]*/||p' | grep .
}

# versions: of that kernel, newest first, each with the file's checksum.
versions() {
	apt-cache "${options[@]}" showsrc --only-source linux |
		awk -v kernel="$kernel" '
			/^Version: / { version = $2 }
			/^Checksums-Sha256:/ { sums = 1; next }
			/^[^ ]/ { sums = 0 }
			sums && $3 ~ /^linux_.*\.orig\.tar\.xz$/ { print version, $1 }' |
		grep "^${kernel//./\\.}\." | sort -rV | awk '!seen[$2]++'
}

say "looking for the newest $kernel.y in Debian's archive"
apt-get "${options[@]}" update >"$apt/log" 2>&1 || true
while read -r version checksum; do
	file=linux_${version%-*}.orig.tar.xz
	to=$dir/${checksum:0:16}/$file
	if [[ ! -e $to ]]; then
		need_space 200
		say "downloading $file (150 MB)"
		# An archive may list a file that it no longer has; then the version before it is
		# taken.
		if ! (cd "$apt/get" && apt-get "${options[@]}" source --download-only --tar-only \
			"linux=$version" >>"$apt/log" 2>&1) || [[ ! -s $apt/get/$file ]]; then
			say "the archive lists $file and does not have it"
			continue
		fi
		mkdir -p "${to%/*}"
		mv "$apt/get/$file" "$to"
		find "$dir" -name "linux_$kernel.*.orig.tar.xz" ! -path "$to" -delete
	fi
	echo "$to"
	exit
done < <(versions)
if newest=$(have_newest); then
	say "Debian's archive could not be reached: using the newest one in the cache"
	echo "$newest"
	exit
fi
grep -E '^[EW]:' "$apt/log" | head -n 3 >&2 || true
die "Debian's archive has no source of Linux $kernel.y, or cannot be reached: check the network"
