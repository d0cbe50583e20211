#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of debug_kernel.sh; runs inside the lab's root.
#
#   compile_debug_kernel.sh SERIES bare|xen DIR
#
# DIR/tree is the source; git knows the files in it that we may change, and changes only
# those whose content has changed. DIR/bare and DIR/xen are of the machine's kernel: objects,
# and out, which holds it as bzImage for the bare machine or as vmlinux for Xen, the file
# "version" with its release, and all modules below lib/modules.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"

at_fixed_path kernel "$3"
series=$1 machine=$2 dir=/run/kernel kernel=/run/kernel/$2
version=$(source_version "$series")
stamp="$(gcc --version | head -n 1) $version $(changes "$series") $(cat /src/lab/kernel/{compile_debug_kernel.sh,fixed_path.sh,debug.config} | sha256sum)"
[[ ! -e $kernel/stamp || $(<"$kernel/stamp") != "$stamp" ]] || exit 0
# If this fails, nobody shall take the old kernel for the new.
rm -rf "$kernel"/{out,out.tmp,stamp}
mkdir -p "$kernel/objects"

# What nothing of ours is built from is two thirds of the source; the directories'
# Kconfig files are needed. Of the network's drivers that of the loopback device is.
unused=(
	'Documentation/[!K]*' 'arch/[!x]*.[chS]' 'arch/[!x]*.dts*' 'drivers/gpu/drm/amd/*.[ch]'
	'drivers/net/*/*.[ch]' 'drivers/media/*.[ch]' 'sound/*.[ch]'
)
# The source has to be free of objects.
source="$version without ${unused[*]}"
if [[ ! -e $dir/source || $(<"$dir/source") != "$source" || -e $dir/tree/.config ]]; then
	echo "extracting linux-source-$series"
	rm -rf "$dir"/{tree,base,paths,source,out,stamp,mutants}
	mkdir "$dir/tree"
	XZ_DEFAULTS=-T0 tar -xJf "/usr/src/linux-source-$series.tar.xz" -C "$dir/tree" \
		--strip-components=1 --no-same-owner --wildcards \
		"${unused[@]/#/--exclude=linux-source-$series/}"
	echo "$source" >"$dir/source"
fi

# Our part of the kernel, any file that a patch changes, and any that one has changed.
{
	printf '%s\n' "${module_dirs[@]}"
	patched_files "$series"
	cat "$dir/paths" 2>/dev/null || true
} | grep -vE "$(in_module_dirs)" | sort -u >"$dir/paths.new"
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
	nice -n 5 make -C "$dir/tree" O="$kernel/objects" ARCH=x86_64 LOCALVERSION= KBUILD_BUILD_USER=lab \
		KBUILD_BUILD_HOST=lab KBUILD_BUILD_TIMESTAMP="$GIT_COMMITTER_DATE" \
		-j"$(nproc)" "$@"
}

sed -E "s/ +# ($series|$machine)\$//; / # /d" /src/lab/kernel/debug.config >"$kernel/debug.config"
kernel -s KCONFIG_ALLCONFIG="$kernel/debug.config" allnoconfig
if grep '^CONFIG_' "$kernel/debug.config" | grep -vxFf "$kernel/objects/.config"; then
	echo "error: Kconfig of linux-source-$series did not take these lines of debug.config"
	exit 1
fi
kernel bzImage modules

kernel -s INSTALL_MOD_PATH="$kernel/out.tmp" INSTALL_MOD_STRIP=1 modules_install
rm -f "$kernel"/out.tmp/lib/modules/*/{build,source}
# The symbols for a backtrace are in the image; that of the objects has all of them.
case $machine in
bare) cp "$kernel/objects/arch/x86/boot/bzImage" "$kernel/out.tmp" ;;
xen) strip --strip-all -o "$kernel/out.tmp/vmlinux" "$kernel/objects/vmlinux" ;;
esac
kernel -s kernelrelease >"$kernel/out.tmp/version"
mv "$kernel/out.tmp" "$kernel/out"
echo "$stamp" >"$kernel/stamp"
