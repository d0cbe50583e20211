#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Errors of a user, and requirements that a machine lacks. Each command has to end with one clear
# line and a status other than 0, and leave no files.
#
#   bad_input.sh DIR    appends to DIR/results.txt, keeps logs in DIR
LAB_TAG=test
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=results.sh
. "$LAB_TOP/lab/test/results.sh"
# shellcheck source=refuse.sh
. "$LAB_TOP/lab/test/refuse.sh"

dir=$1
make_cache_dir
check_rights

# nothing_left NAME FILE...: a result: none of the files exists.
nothing_left() {
	local file

	for file in "${@:2}"; do
		if [[ -e $file ]]; then
			result "$1" fail "$file is left"
			return
		fi
	done
	result "$1" pass "nothing half-made is left"
}

refuse card 'CARD=rv999 is unknown: choose rv370\|rv100' \
	make -s -C "$LAB_TOP" boot CARD=rv999
refuse kernel 'KERNEL=2.4 is unknown: choose 6.12\|7.3' \
	make -s -C "$LAB_TOP" boot KERNEL=2.4
refuse machine 'MACHINE=vax is unknown: choose bare\|xen' \
	make -s -C "$LAB_TOP" boot MACHINE=vax
refuse scenario 'RUN=nothing is unknown: choose ' \
	make -s -C "$LAB_TOP" boot RUN=nothing
refuse second-display 'SECOND_DISPLAY=vga is unknown: choose qxl\|bochs\|virtio_gpu' \
	make -s -C "$LAB_TOP" boot SECOND_DISPLAY=vga
refuse clock 'CLOCK=tsc is unknown: choose host\|instructions' \
	make -s -C "$LAB_TOP" boot CLOCK=tsc
refuse clock-kvm "ACCEL=kvm: .* choose CLOCK=host" \
	make -s -C "$LAB_TOP" boot CLOCK=instructions ACCEL=kvm
refuse pool-device 'POOL_DEVICE=vmware is unknown: choose default\|xen, or KEY=VALUE' \
	make -s -C "$LAB_TOP" boot POOL_DEVICE=vmware
refuse memory 'MEMORY=512M is not a size from 768M to 65536M' \
	make -s -C "$LAB_TOP" boot MACHINE=bare MEMORY=512M
refuse memory-xen 'MEMORY=768M is too little for Xen and a dom0' \
	make -s -C "$LAB_TOP" boot MACHINE=xen MEMORY=768M
refuse hot-memory 'HOT_MEMORY=64M is not a size from 128M to 65536M' \
	make -s -C "$LAB_TOP" boot MACHINE=bare HOT_MEMORY=64M
refuse hot-memory-xen 'HOT_MEMORY=4096M with MACHINE=xen: only the bare machine has that' \
	make -s -C "$LAB_TOP" boot MACHINE=xen HOT_MEMORY=4096M
refuse swap-disk 'SWAP_DISK=2G is not a size from 64M to 65536M' \
	make -s -C "$LAB_TOP" boot MACHINE=bare SWAP_DISK=2G
refuse swap-disk-xen 'SWAP_DISK=2048M with MACHINE=xen: only the bare machine has that' \
	make -s -C "$LAB_TOP" boot MACHINE=xen SWAP_DISK=2048M
refuse dom0 'DOM0=pvh with MACHINE=bare: only Xen has a dom0' \
	make -s -C "$LAB_TOP" boot MACHINE=bare DOM0=pvh
refuse dom0-memory 'DOM0_MEMORY=-512M does not leave 1M to 99M to Xen' \
	make -s -C "$LAB_TOP" boot MACHINE=xen DOM0_MEMORY=-512M
refuse debug-pool 'POOL=stock: a debug kernel has no TTM but ours' \
	make -s -C "$LAB_TOP" boot MACHINE=bare KERNEL=6.12-debug POOL=stock
refuse cache 'cannot write to .*XDG_CACHE_HOME' \
	env XDG_CACHE_HOME=/proc/self/nowhere "$LAB_TOP/lab/image/make_image.sh"

# Trees of KERNEL_SRC that the lab cannot boot.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
refuse source-empty "KERNEL_SRC=$tree is not a kernel's source: name the directory that has its" \
	make -s -C "$LAB_TOP" boot MACHINE=bare KERNEL_SRC="$tree"
mkdir -p "$tree/drivers/gpu/drm/radeon"
printf '%s\n' 'VERSION = 6' 'PATCHLEVEL = 6' >"$tree/Makefile"
touch "$tree"/{Kbuild,drivers/gpu/drm/radeon/Makefile}
refuse source-old "KERNEL_SRC=$tree is Linux 6.6: the lab needs 6.12 or later" \
	make -s -C "$LAB_TOP" boot MACHINE=bare KERNEL_SRC="$tree"

# A mirror that does not answer. Packages that this machine has downloaded before are not used.
fresh=$(mktemp -d "$LAB_CACHE/test-cache.XXXXXX")
trap 'rm -rf "$fresh" "$tree"' EXIT
refuse mirror 'mirror .* could not be reached' \
	env XDG_CACHE_HOME="$fresh" DEBIAN_MIRROR=http://127.0.0.1:9/debian \
	DEBIAN_SECURITY_MIRROR=http://127.0.0.1:9/debian-security \
	"$LAB_TOP/lab/image/make_image.sh"
nothing_left mirror-cleanup "$fresh"/radeon-ttm-pool/root-*

# The same for a disk, with the image that is there.
mkdir -p "$fresh/disk/radeon-ttm-pool"
ln -s "$LAB_CACHE/root-$(image_key)" "$fresh/disk/radeon-ttm-pool"
refuse disk-name 'DISK=floppy is unknown: choose screen' \
	"$LAB_TOP/lab/image/make_disk.sh" floppy
refuse disk-mirror 'mirror .* could not be reached' \
	env XDG_CACHE_HOME="$fresh/disk" DEBIAN_MIRROR=http://127.0.0.1:9/debian \
	DEBIAN_SECURITY_MIRROR=http://127.0.0.1:9/debian-security \
	"$LAB_TOP/lab/image/make_disk.sh" screen
nothing_left disk-mirror-cleanup "$fresh"/disk/radeon-ttm-pool/build/disk-*.{erofs,tmp.*}

# A disk that is too small.
# Expanded by the shell inside.
# shellcheck disable=SC2016
refuse disk 'MiB of free disk space' \
	unshare "${LAB_NS[@]}" bash -c '
	mount -t tmpfs -o size=64m small "$1" && XDG_CACHE_HOME=$1 "$2/lab/image/make_image.sh"
	' - "$fresh" "$LAB_TOP"
# shellcheck disable=SC2016
refuse disk-space 'MiB of free disk space' \
	unshare "${LAB_NS[@]}" bash -c '
	mount -t tmpfs -o size=64m small "$1" && mkdir "$1/radeon-ttm-pool" &&
		ln -s "$2" "$1/radeon-ttm-pool" &&
		XDG_CACHE_HOME=$1 "$3/lab/image/make_disk.sh" screen
	' - "$fresh" "$LAB_CACHE/root-$(image_key)" "$LAB_TOP"

# A user without subordinate IDs.
if ((EUID == 0)); then
	refuse rights 'no subordinate IDs|user namespaces|lacks uidmap' \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		env XDG_CACHE_HOME=/tmp/radeon-lab-user.$$ "$LAB_TOP/lab/image/make_image.sh"
	rm -rf "/tmp/radeon-lab-user.$$"
fi

# A QEMU that is too old.
# Expanded by the shell inside.
# shellcheck disable=SC2016
refuse qemu 'this QEMU has no vfio-user-pci device' \
	"$LAB_TOP/lab/image/enter.sh" bash -c '
	mkdir /tmp/bin
	printf "#!/bin/sh\n" >/tmp/bin/qemu-system-x86_64
	chmod +x /tmp/bin/qemu-system-x86_64
	PATH=/tmp/bin:$PATH exec bash /src/lab/image/compile_lab.sh "$1"' - /build/none
