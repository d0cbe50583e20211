#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of debug_kernel.sh; runs inside the lab's root.
#
#   compile_debug_kernel.sh SERIES bare|xen DIR
#
# DIR/tree is the source. git tracks the files in it that our patches change, and writes only those
# whose content changes. DIR/bare and DIR/xen belong to one machine's kernel: objects, and out with
# the kernel as bzImage (bare) or vmlinux (Xen), the file "version" with its release, and all
# modules below lib/modules.
set -euo pipefail
# shellcheck source=source.sh
. "$(dirname "$0")/source.sh"
# shellcheck source=external.sh
. "$(dirname "$0")/external.sh"
# shellcheck source=fixed_path.sh
. "$(dirname "$0")/fixed_path.sh"
# shellcheck source=own_kernel.sh
. "$(dirname "$0")/own_kernel.sh"

at_fixed_path kernel "$3"
series=$1 machine=$2 dir=/run/kernel kernel=/run/kernel/$2
version=$(source_version "$series")
objects=$kernel/objects
stamp="$(gcc --version | head -n 1) $version $(changes "$series") $(
	cd /src/lab/kernel
	cat {compile_debug_kernel,external,fixed_path,own_kernel}.sh {kernel,debug}.config |
		sha256sum
)"
[[ ! -e $kernel/stamp || $(<"$kernel/stamp") != "$stamp" ]] || exit 0
# If this fails, the old kernel must not be used as the new one.
rm -rf "$kernel"/{out,out.tmp,stamp}
mkdir -p "$objects"

# Directories that are not needed, two thirds of the source. The Kconfig files of all directories
# stay, and the network's loopback driver.
unused=(
	'Documentation/[!K]*' 'arch/[!x]*.[chS]' 'arch/[!x]*.dts*' 'drivers/gpu/drm/amd/*.[ch]'
	'drivers/net/*/*.[ch]' 'drivers/media/*.[ch]' 'sound/*.[ch]'
)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clone_stock "$series" /build "$work/tree"
apply_changes "$series" "$work/tree"
# A file that git has patched stays patched when git no longer tracks it, so another list of files
# needs a fresh source. Objects in the source would break the build in another directory.
source="$version without ${unused[*]}, $(git -C "$work/tree" ls-tree -r --name-only base |
	sha256sum)"
if [[ ! -e $dir/source || $(<"$dir/source") != "$source" || -e $dir/tree/.config ]]; then
	echo "extracting linux-source-$series"
	rm -rf "$dir"/{tree,base,paths,source,mutants}
	mkdir "$dir/tree"
	XZ_DEFAULTS=-T0 tar -xJf "/usr/src/linux-source-$series.tar.xz" -C "$dir/tree" \
		--strip-components=1 --no-same-owner --wildcards \
		"${unused[@]/#/--exclude=linux-source-$series/}"
	echo "$source" >"$dir/source"
fi

[[ -d $dir/tree/.git ]] || git init -q "$dir/tree"
git -C "$dir/tree" fetch -q --no-tags "$work/tree" HEAD
git -C "$dir/tree" reset -q --hard FETCH_HEAD

for file in kernel debug; do
	config_lines "/src/lab/kernel/$file.config" "$series" "$machine" fixes pool
done >"$kernel/config"
configure_kernel "$dir/tree" "$objects" "$kernel/config" /dev/null
# In depend mode ccache does not see the files that .incbin includes.
CCACHE_DISABLE=1 make_kernel "$dir/tree" "$objects" arch/x86/realmode/
make_kernel "$dir/tree" "$objects" vmlinux modules
[[ $machine == xen ]] || CCACHE_DISABLE=1 make_kernel "$dir/tree" "$objects" bzImage

install_kernel "$dir/tree" "$objects" "$kernel/out.tmp"
# The symbols for a backtrace are in the image; that of the objects has all of them.
case $machine in
bare) cp "$objects/arch/x86/boot/bzImage" "$kernel/out.tmp" ;;
xen) strip --strip-all -o "$kernel/out.tmp/vmlinux" "$objects/vmlinux" ;;
esac
mv "$kernel/out.tmp" "$kernel/out"
echo "$stamp" >"$kernel/stamp"
