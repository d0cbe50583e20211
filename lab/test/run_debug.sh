#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make kunit, make mutants, make test-debug: the rows of a test on our debug kernels, of all that
# lab/test/tests.list has.
#
#   run_debug.sh kunit|mutants|debug
#
#   KERNEL=6.12|7.3    those of this kernel
#   MACHINE=bare|xen   those of this machine, with debug; the others are for the bare machine
LAB_TAG=test LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

choose KERNEL '6.12|7.3' 6.12 7.3
choose MACHINE 'bare|xen' bare xen
machine=
[[ $1 != debug ]] || machine="($MACHINE)-"
TIER=full ONLY="^$1-$machine(${KERNEL//./\\.})-debug\$" exec "$LAB_TOP/lab/test/runner.sh"
