#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of debug.sh; runs inside the lab's root.
#
#   compile_debug.sh SERIES DIR
#
# DIR/out holds the kernel as bzImage for the bare machine and as vmlinux for Xen, the file
# "version" with its release, and all modules below lib/modules. DIR/tree is what they are built from, objects included; git knows
# the files in it that we may change, and changes only those whose content has changed.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"

series=$1 dir=$2
version=$(source_version "$series")
stamp="$(gcc --version | head -n 1) $version $(changes "$series") $(cat /src/lab/kernel/{compile_debug.sh,source.sh,debug.config} | sha256sum)"
[[ ! -e $dir/stamp || $(<"$dir/stamp") != "$stamp" ]] || exit 0
# If this fails, nobody shall take the old kernel for the new.
rm -rf "$dir"/{out,out.tmp,stamp}
mkdir -p "$dir"

# What nothing of ours is built from is two thirds of the source; the directories'
# Kconfig files are needed.
if [[ ! -e $dir/source || $(<"$dir/source") != "$version" ]]; then
	echo "extracting linux-source-$series"
	rm -rf "$dir"/{tree,base,paths,source}
	mkdir "$dir/tree"
	tar -xJf "/usr/src/linux-source-$series.tar.xz" -C "$dir/tree" \
		--strip-components=1 --no-same-owner --wildcards \
		--exclude="linux-source-$series/Documentation/[!K]*" \
		--exclude="linux-source-$series/arch/[!x]*.[chS]" \
		--exclude="linux-source-$series/arch/[!x]*.dts*" \
		--exclude="linux-source-$series/drivers/gpu/drm/amd/*.[ch]" \
		--exclude="linux-source-$series/drivers/net/*.[ch]" \
		--exclude="linux-source-$series/drivers/media/*.[ch]" \
		--exclude="linux-source-$series/sound/*.[ch]"
	echo "$version" >"$dir/source"
fi

# Our part of the kernel, any file that a patch changes, and any that one has changed.
{
	printf '%s\n' "${new_file_dirs[@]}"
	sed -nE 's|^--- a/||p' "/src/patches/$series"/*.patch
	cat "$dir/paths" 2>/dev/null || true
} | grep -vE "^($(IFS='|'; echo "${new_file_dirs[*]}"))/" | sort -u >"$dir/paths.new"
if [[ ! -e $dir/base ]] || ! cmp -s "$dir/paths.new" "$dir/paths"; then
	mapfile -t paths <"$dir/paths.new"
	rm -rf "$dir"/base{,.tmp}
	extract_source "$series" "$dir/base.tmp" "${paths[@]}"
	mv "$dir/paths.new" "$dir/paths"
	mv "$dir/base.tmp" "$dir/base"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone -q "$dir/base" "$work/tree"
apply_changes "$series" "$work/tree"
[[ -d $dir/tree/.git ]] || git init -q "$dir/tree"
git -C "$dir/tree" fetch -q --no-tags "$work/tree" HEAD
git -C "$dir/tree" reset -q --hard FETCH_HEAD

# kernel TARGET...: make them. An empty LOCALVERSION keeps the "+" of a git tree away.
kernel() {
	nice -n 5 make -C "$dir/tree" ARCH=x86_64 LOCALVERSION= KBUILD_BUILD_USER=lab \
		KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP="$GIT_COMMITTER_DATE" \
		-j"$(nproc)" "$@"
}

sed -E "s/ +# $series\$//; / # /d" /src/lab/kernel/debug.config >"$dir/debug.config"
kernel -s KCONFIG_ALLCONFIG="$dir/debug.config" allnoconfig
if grep '^CONFIG_' "$dir/debug.config" | grep -vxFf "$dir/tree/.config"; then
	echo "error: Kconfig of linux-source-$series did not take these lines of debug.config"
	exit 1
fi
kernel bzImage modules

kernel -s INSTALL_MOD_PATH="$dir/out.tmp" INSTALL_MOD_STRIP=1 modules_install
rm -f "$dir"/out.tmp/lib/modules/*/{build,source}
# The symbols for a backtrace are in the image; DIR/tree/vmlinux has all of them.
strip --strip-all -o "$dir/out.tmp/vmlinux" "$dir/tree/vmlinux"
cp "$dir/tree/arch/x86/boot/bzImage" "$dir/out.tmp"
kernel -s kernelrelease >"$dir/out.tmp/version"
mv "$dir/out.tmp" "$dir/out"
echo "$stamp" >"$dir/stamp"
