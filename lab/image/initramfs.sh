#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Makes the guest's first file systems; runs inside the lab's root.
#
#   initramfs.sh DESTDIR OUTDIR BUILDDIR NAME...
#
#   initrd-6.12              Debian's kernel of that series: busybox with what meson installed into
#                            DESTDIR; Debian's unmodified radeon.ko and drivers of other displays
#                            with all they depend on, and the guest's own modules; our modules, if
#                            BUILDDIR has them (lab/kernel)
#   initrd-6.12-debug-bare   all modules of that debug kernel instead of Debian's
#   initrd-src-HASH-POOL     the modules of a kernel of KERNEL_SRC
#   initrd-...-igt           igt and the tests of igt-tests/lists as well
#
# Each is made of parts, which the kernel unpacks one after the other. Nothing is compressed, not
# even the modules: unpacking is slow under emulation, and loading is not.
set -euo pipefail
# shellcheck source=guest_parts.sh
. /src/lab/image/guest_parts.sh
LAB_TOP=/src
# shellcheck source=../cards.sh
. "$LAB_TOP/lab/cards.sh"

dest=$1 out=$2 build=$3
shift 3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# Modules that the guest may load, with their dependencies. The modules of the second line are for
# save_out of lab/guest/lib/run_igt.sh, swap_on of lab/guest/lib/memory.sh, and disks.
modules=(radeon qxl bochs virtio_gpu vgem
	9p 9pnet_virtio virtio_pci brd virtio_blk erofs overlay)
# The guest's own, in lab/guest. The debug kernels' radeon can be unloaded without
# radeon_unregister.
own_modules=(radeon_unregister edu_dma raw_export)
debug_modules=(edu_dma raw_export)

# add_libraries DIR: the shared libraries, and their loader, of every program in DIR.
add_libraries() {
	local file lib

	while IFS= read -r file; do
		ldd "$file" 2>/dev/null | grep -oE '/[^ ]+' || true
	done < <(find "$1" -type f -perm -100) | sort -u | while IFS= read -r lib; do
		mkdir -p "$1${lib%/*}"
		cp -L "$lib" "$1$lib"
	done
}

make_base() {
	local dir=$work/base card name

	mkdir -p "$dir"/{dev,proc,sys,tmp,run,root,bin,usr/bin,usr/sbin,sbin}
	cp -a "$dest/." "$dir"
	chmod -R u+w "$dir"
	cp /usr/bin/busybox "$dir/bin/busybox"
	cp /src/tools/ttm-pool-info "$dir/usr/bin"
	ln -s busybox "$dir/bin/sh"
	add_libraries "$dir"
	# Microcode of the command processor. The model ignores its contents, and the driver checks
	# only the size. So no non-free package is needed.
	mkdir -p "$dir/usr/lib/firmware/radeon"
	for card in $(card_names); do
		name=$(card_field "$card" family)
		head -c 2048 /dev/zero >"$dir/usr/lib/firmware/radeon/${name^^}_cp.bin"
	done
	# The kernel looks for firmware in /lib, which in an initramfs is not a link to /usr/lib.
	mkdir -p "$dir/lib"
	ln -s ../usr/lib/firmware "$dir/lib/firmware"
	pack "$dir" "$out/base.cpio"
}

# make_igt: a root below /lab, for chroot: our tests, the files that igt-tests/bundle.sh installs on
# a real machine, and the Debian programs that igt-tests/radeon-igt needs.
make_igt() {
	local dir=$work/igt lab=$work/igt/lab file

	mkdir -p "$lab"/{dev,proc,sys,tmp,run,etc,usr/bin,usr/lib}
	ln -s usr/bin usr/lib "$lab"
	ln -s usr/lib "$lab/lib64"
	dpkg -L bash coreutils findutils grep jq mawk sed util-linux |
		grep -E '^/(usr/)?bin/[^/]+$' | while IFS= read -r file; do
		[[ ! -f $file ]] || cp -aL "$file" "$lab/usr/bin"
	done
	ln -s mawk "$lab/usr/bin/awk"
	ln -s bash "$lab/usr/bin/sh"
	cp "$build/guest/lab-probe" "$lab/usr/bin"
	add_libraries "$lab"
	DESTDIR=$lab meson install --quiet --no-rebuild -C "$build/igt"
	bash /src/igt-tests/bundle.sh "$build/igt" "$lab/usr/local/lib/radeon-igt"
	mkdir -p "$lab/etc/fonts"
	cat >"$lab/etc/fonts/fonts.conf" <<-'END'
	<?xml version="1.0"?>
	<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
	<fontconfig><cachedir>/tmp</cachedir></fontconfig>
	END
	echo 'root:x:0:0:root:/tmp:/bin/bash' >"$lab/etc/passwd"
	pack "$dir" "$out/igt.cpio"
}

# make_modules SERIES RELEASE
make_modules() {
	local dir=$work/$1 tree=/usr/lib/modules/$2 file to module

	mkdir -p "$dir/lib/modules/$2"
	cp "$tree"/modules.{builtin,builtin.modinfo,order} "$dir/lib/modules/$2/"
	while read -r _ file _; do
		to=$dir/lib/modules/$2/${file#"$(realpath "$tree")"/}
		mkdir -p "${to%/*}"
		case $file in
		*.xz) xz -dc "$file" >"${to%.xz}" ;;
		*.zst) zstd -dcq "$file" >"${to%.zst}" ;;
		*) cp "$file" "$to" ;;
		esac
	done < <(for m in "${modules[@]}"; do
		modprobe --set-version "$2" --show-depends "$m"
	done | sed -n 's|^insmod /lib/|insmod /usr/lib/|; /^insmod/p' | sort -u)
	sed -i 's/\.ko\.[xz][a-z]*$/.ko/' "$dir/lib/modules/$2/modules.order"
	depmod -b "$dir" "$2"
	[[ -n $(find "$dir" -name radeon.ko) ]] || {
		echo "kernel $2 has no radeon.ko" >&2
		return 1
	}
	for module in "${own_modules[@]}"; do
		build_guest_module "$module" "$dir/usr/lib/lab/modules/$2" "$tree/build"
	done
	pack "$dir" "$out/modules-$1.cpio"
}

# make_new SERIES RELEASE: our modules, beside Debian's and outside of modprobe's path.
make_new() {
	local dir=$work/new-$1

	mkdir -p "$dir/usr/lib/lab/modules/$2"
	cp -r "$build-modules-$1/out" "$dir/usr/lib/lab/modules/$2/new"
	pack "$dir" "$out/new-$1.cpio"
}

# make_debug SERIES MACHINE: all modules of a debug kernel, and for the bare machine the mutants.
make_debug() {
	local dir=$work/debug-$1-$2 built=$build-debug-$1/$2 module version

	mkdir -p "$dir/usr/lib/lab"
	version=$(<"$built/out/version")
	cp -r "$built/out/lib" "$dir/lib"
	for module in "${debug_modules[@]}"; do
		build_guest_module "$module" "$dir/usr/lib/lab/modules/$version" \
			"$build-debug-$1/tree" O="$built/objects" ARCH=x86_64 LOCALVERSION=
	done
	[[ $2 != bare || ! -e $build-debug-$1/mutants/stamp ]] ||
		cp -r "$build-debug-$1/mutants" "$dir/usr/lib/lab/mutants"
	pack "$dir" "$out/debug-$1-$2.cpio"
}

# make_parts KERNEL: make the parts of this kernel's first file system. Sets parts to their files,
# and made to the kernels whose parts are new.
make_parts() {
	local series=${1%%-*} machine=${1##*-} release stamp

	parts=("$out/base.cpio")
	if [[ $1 == *-debug-* ]]; then
		parts+=("$out/debug-$series-$machine.cpio")
		[[ " ${made[*]} " == *" $1 "* ]] || make_debug "$series" "$machine"
		made+=("$1")
		return
	fi
	if [[ $1 == src-* ]]; then
		parts+=("$build-$1/modules.cpio")
		return
	fi
	release=$(<"/boot/lab/version-$series")
	parts+=("$out/modules-$series.cpio")
	# They change with the image, with this script and with our own.
	stamp="$release $(cd /src/lab/guest && find "${own_modules[@]}" -type f | sort |
		xargs cat "$0" | sha256sum)"
	if [[ ! -e $out/modules-$series.cpio ||
		$(cat "$out/modules-$series.stamp" 2>/dev/null) != "$stamp" ]]; then
		make_modules "$series" "$release"
		echo "$stamp" >"$out/modules-$series.stamp"
	fi
	if [[ -e $build-modules-$series/stamp ]]; then
		parts+=("$out/new-$series.cpio")
		[[ " ${made[*]} " == *" $1 "* ]] || make_new "$series" "$release"
		made+=("$1")
	fi
}

made=()
make_base
[[ " $* " != *-igt\ * ]] || make_igt
for name; do
	kernel=${name#initrd-}
	make_parts "${kernel%-igt}"
	[[ $name != *-igt ]] || parts+=("$out/igt.cpio")
	cat "${parts[@]}" >"$out/$name.tmp"
	mv "$out/$name.tmp" "$out/$name.cpio"
done
