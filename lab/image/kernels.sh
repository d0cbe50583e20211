#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Adds kernels and Xen to the lab's root; run by mmdebstrap with the root's path.
#
# All are unpacked, not installed: headers depend on images, and images on an
# initramfs generator, whose hooks a root that never boots has no use for. What the
# headers need to build modules is in the package list. boot/lab/ names each file by
# its series:
#
#   version-6.12   the kernel's release, as uname -r
#   vmlinux-6.12   the image without its compression: under emulation, unpacking it
#                  would take longer than the rest of the kernel's start
#   xen            the hypervisor, likewise
set -euo pipefail

root=$1
series_list='6.12 7.3'
xen=xen-hypervisor-4.20-amd64
lab=$root/boot/lab
debs=$root/var/cache/apt/archives

# The newest kernel of a series, by release: "6.12.117+deb13-amd64".
newest() {
	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-cache pkgnames "linux-image-$1." |
		sed -nE 's/^linux-image-([0-9.]+\+deb13(\.[0-9]+)?-amd64)$/\1/p' |
		sort -V | tail -n1
}

# Packages of a kernel release: its image is one of them in 6.12, four in 7.3.
parts() {
	local flavourless=${1%-amd64}

	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-cache pkgnames linux- |
		grep -Fx -e "linux-image-$1" -e "linux-binary-$1" \
			-e "linux-modules-$1" -e "linux-base-$1" \
			-e "linux-headers-$1" -e "linux-headers-$flavourless-common" \
			-e "linux-kbuild-$flavourless"
}

# The compressed kernel inside a bzImage starts at payload_offset after the setup
# sectors (Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header").
unpack_bzimage() {
	local sects offset length

	sects=$(od -An -tu1 -j $((0x1f1)) -N1 "$1")
	offset=$(od -An -tu4 -j $((0x248)) -N4 "$1")
	length=$(od -An -tu4 -j $((0x24c)) -N4 "$1")
	# The last four bytes hold the unpacked size, not data.
	dd if="$1" of="$2.z" bs=1M status=none iflag=skip_bytes,count_bytes \
		skip=$(((sects + 1) * 512 + offset)) count=$((length - 4))
	case $(od -An -tx1 -N4 "$2.z" | tr -d ' ') in
	28b52ffd) zstd -dcq "$2.z" ;;
	fd377a58) xz -dc "$2.z" ;;
	1f8b*) gzip -dc "$2.z" ;;
	*) echo "E: unknown compression of $1" >&2; return 1 ;;
	esac >"$2"
	rm "$2.z"
}

mkdir -p "$lab"
unpack=("$xen")
for series in $series_list; do
	release=$(newest "$series")
	[[ -n $release ]] || { echo "E: the mirror has no kernel $series" >&2; exit 1; }
	echo "I: kernel $series is $release"
	echo "$release" >"$lab/version-$series"
	mapfile -t -O ${#unpack[@]} unpack < <(parts "$release")
	unpack+=("linux-source-$series")
done

echo "I: downloading kernels, their headers and sources, and Xen"
(cd "$debs" && APT_CONFIG=$MMDEBSTRAP_APT_CONFIG apt-get download -y "${unpack[@]}")
for package in "${unpack[@]}"; do
	echo "I: unpacking $package"
	deb=$(echo "$debs/${package}"_*.deb)
	dpkg-deb -x "$deb" "$root"
	dpkg-deb -W "$deb" >>"$lab/packages"
done
rm -f "$root"/boot/xen-*.efi

for series in $series_list; do
	release=$(<"$lab/version-$series")
	modules=$root/usr/lib/modules/$release
	[[ ! -e $root/boot/vmlinuz-$release ]] ||
		mv "$root/boot/vmlinuz-$release" "$modules/vmlinuz"
	unpack_bzimage "$modules/vmlinuz" "$lab/vmlinux-$series"
	chroot "$root" depmod "$release"
done
gzip -dc "$root"/boot/xen-4.20-amd64.gz >"$lab/xen"
# Where enter.sh puts the checkout, the build directory and a run's results.
mkdir -p "$root/src" "$root/build" "$root/out"
