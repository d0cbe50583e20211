#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Our modules for Debian's kernels: rttm.ko, a TTM with its own symbol names that is loaded
# beside the kernel's ttm.ko, and the radeon.ko that uses it.
#
#   KERNEL=6.12|7.3   for this one (both)
#
# Prints nothing when they are up to date. They are in the cache's build directory, from which
# initramfs.sh takes them.
LAB_TAG=modules
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

choose KERNEL '6.12 7.3' 6.12 7.3

sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
name=$(build_name)
mkdir -p "$LAB_CACHE/build"
for series in $KERNEL; do
	dir=$LAB_CACHE/build/$name-modules-$series
	log=$dir.log
	lock_build "$dir.lock"
	if [[ ! -e $dir/stamp ]]; then
		need_space 1500
		say "building the modules for kernel $series (about a minute; log: $log)"
	fi
	if ! sub "$LAB_TOP/lab/image/enter.sh" bash /src/lab/kernel/compile_modules.sh \
		"$series" "/build/$name-modules-$series" /build >"$log" 2>&1 9>&-; then
		build_failed "$log" "the modules for kernel $series could not be built"
	fi
done
