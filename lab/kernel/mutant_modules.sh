#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# TTM modules for a debug kernel, each with one fault in the pool (lab/test/mutants): the
# tests have to find it.
#
#   KERNEL=6.12|7.3   for this one (7.3)
#
# Prints nothing when they are up to date.
LAB_TAG=mutants
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

case ${KERNEL:=7.3} in
6.12 | 7.3) ;;
*) die "KERNEL=$KERNEL is unknown: choose 6.12|7.3" ;;
esac

KERNEL=$KERNEL MACHINE=bare sub "$LAB_TOP/lab/kernel/debug_kernel.sh"
make_cache_dir
# A link that debug_kernel.sh makes.
name=$(readlink "$LAB_CACHE/build/$(build_name)-debug-$KERNEL")
log=$LAB_CACHE/build/$name-mutants.log
exec 9>"$LAB_CACHE/build/$name.lock"
flock -n 9 || { say "another build of this kernel is running: waiting for it"; flock 9; }
[[ -e $LAB_CACHE/build/$name/mutants/stamp ]] ||
	say "building TTM with faults (about a minute; log: $log)"
if ! sub "$LAB_TOP/lab/image/enter.sh" bash /src/lab/kernel/compile_mutants.sh \
	"$KERNEL" "/build/$name" >"$log" 2>&1 9>&-; then
	grep -E 'error|Error' "$log" | head -n 20 >&2 || true
	die "the faults could not be built: see $log"
fi
