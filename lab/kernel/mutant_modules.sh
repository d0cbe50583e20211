#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Mutants: TTM and radeon modules for a debug kernel, each broken in one place
# (lab/test/mutants), which the tests have to find.
#
#   KERNEL=6.12|7.3   for this one (7.3)
#
# Prints nothing when they are up to date.
LAB_TAG=mutants
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

choose KERNEL 7.3 6.12 7.3
KERNEL=$KERNEL MACHINE=bare sub "$LAB_TOP/lab/kernel/debug_kernel.sh"
make_cache_dir
# A link that debug_kernel.sh makes.
name=$(readlink "$LAB_CACHE/build/$(build_name)-debug-$KERNEL")
log=$LAB_CACHE/build/$name-mutants.log
lock_build "$LAB_CACHE/build/$name.lock"
[[ -e $LAB_CACHE/build/$name/mutants/stamp ]] ||
	say "building the mutants (about a minute; log: $log)"
sub "$LAB_TOP/lab/image/enter.sh" bash /src/lab/kernel/compile_mutants.sh "/build/$name" "$KERNEL" \
	>"$log" 2>&1 9>&- || build_failed "$log" "the mutants could not be built"
