#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Brings the image and the lab's programs up to date; prints nothing if they are.
#
#   build_lab.sh [TARGET...]
#
#   programs      the model, the supervisor, the guest's programs, and unit tests
#   initrd-NAME   the same, and a first file system for the guest (initramfs.sh has the names)
#
# Without a target it makes all targets that need neither a kernel nor modules. The results are in
# the cache's build directory, under a name for this checkout and this image (build_name in
# common.sh).
LAB_TAG=${LAB_TAG:-build}
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
name=$(build_name)
if (($# == 0)); then
	set -- programs
	for series in 6.12 7.3; do
		set -- "$@" "initrd-$series" "initrd-$series-igt"
		for machine in bare xen; do
			[[ -e $LAB_CACHE/build/$name-debug-$series/$machine/stamp ]] || continue
			debug=initrd-$series-debug-$machine
			set -- "$@" "$debug" "$debug-igt"
		done
	done
fi
mkdir -p "$LAB_CACHE/build"
log=$LAB_CACHE/build/$name.log
exec 9>"$LAB_CACHE/build/$name.lock"
flock -n 9 || { say "another build is running: waiting for it"; flock 9; }
[[ -e $LAB_CACHE/build/$name/build.ninja ]] || need_space 500
for target; do
	case $target in
	programs) product=build.ninja ;;
	initrd-*) product=initramfs/$target.cpio ;;
	*) die "there is no target '$target': choose programs|initrd-NAME" ;;
	esac
	if [[ ! -e $LAB_CACHE/build/$name/$product ]]; then
		say "building the model and the guest (log: $log)"
		break
	fi
done
if ! sub "$LAB_TOP/lab/image/enter.sh" bash /src/lab/image/compile_lab.sh "/build/$name" "$@" \
	>"$log" 2>&1 9>&-; then
	grep -q 'No space left on device' "$log" &&
		die "the disk under $LAB_CACHE is full: free some space and run it again"
	grep -q 'no vfio-user-pci device' "$log" &&
		die "QEMU in the lab's image lacks vfio-user-pci: the mirror's trixie-backports is too old, set DEBIAN_MIRROR to a current one and run 'make image-refresh'"
	grep -E 'error|Error|ERROR|FAILED' "$log" | head -n 20 >&2 || true
	die "the build failed: see $log"
fi
