#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Brings the image, the model, the supervisor and the guest up to date; prints
# nothing when they are. What is built is in the cache's build directory under a
# name for this checkout and this image (build_name in common.sh).
LAB_TAG=${LAB_TAG:-build}
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
name=$(build_name)
mkdir -p "$LAB_CACHE/build"
log=$LAB_CACHE/build/$name.log
exec 9>"$LAB_CACHE/build/$name.lock"
flock -n 9 || { say "another build is running: waiting for it"; flock 9; }
[[ -e $LAB_CACHE/build/$name/build.ninja ]] || need_space 500
[[ -e $LAB_CACHE/build/$name/initramfs/initrd-7.3.cpio ]] || say "building the model and the guest (log: $log)"
if ! sub "$LAB_TOP/lab/image/enter.sh" bash /src/lab/image/compile_lab.sh "/build/$name" >"$log" 2>&1 9>&-; then
	grep -q 'No space left on device' "$log" &&
		die "the disk under $LAB_CACHE is full: free some space and run it again"
	grep -q 'no vfio-user-pci device' "$log" &&
		die "QEMU in the lab's image lacks vfio-user-pci: the mirror's trixie-backports is too old, set DEBIAN_MIRROR to a current one and run 'make image-refresh'"
	grep -E 'error|Error|ERROR|FAILED' "$log" | head -n 20 >&2 || true
	die "the build failed: see $log"
fi
