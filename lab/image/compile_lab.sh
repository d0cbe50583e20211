#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of build_lab.sh; runs inside the lab's root.
#
#   compile_lab.sh BUILDDIR TARGET...
set -euo pipefail

build=$1
shift
qemu-system-x86_64 -device help | grep -q '"vfio-user-pci"' || {
	echo '[build] error: this QEMU has no vfio-user-pci device'
	exit 1
} >&2
if [[ ! -e $build/build.ninja ]]; then
	rm -rf "$build"
	meson setup "$build" /src/lab
fi
ninja -C "$build"
initrds=()
for target; do
	[[ $target != initrd-* ]] || initrds+=("$target")
done
((${#initrds[@]})) || exit 0
if [[ " ${initrds[*]} " == *-igt\ * ]]; then
	[[ -e $build/igt/build.ninja ]] || meson setup "$build/igt" /src/igt-tests
	ninja -C "$build/igt"
fi
rm -rf "$build/guest-root"
meson install --quiet --no-rebuild -C "$build" --tags guest --destdir "$build/guest-root"
bash /src/lab/image/initramfs.sh "$build/guest-root" "$build/initramfs" "$build" "${initrds[@]}"
