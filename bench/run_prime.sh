#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# BOs that two GPUs share, with the stock driver and with ours (make prime): wrong pages, copies,
# and slots of the bounce buffer.
#
#   KERNEL=6.12|7.3|both                  (both)
#   MACHINE=bare|xen|xen-pool-device|all  (all)    xen-pool-device: Xen, with a pool device
#
# One boot for each, with both drivers one after the other. The guest's part is
# lab/guest/scenarios/prime.sh; igt's test radeon_prime checks the BOs. Leaves table.md and the
# logs in out/prime. Ends with 0; with 1 if our driver misses a goal; with 2 if a figure could not
# be measured.
LAB_TAG=prime LAB_DIE_STATUS=2
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
# shellcheck source=../lab/cards.sh
. "$LAB_TOP/lab/cards.sh"
OUT=$LAB_TOP/out/prime
# shellcheck source=report.sh
. "$LAB_TOP/bench/report.sh"

choose KERNEL both 6.12 7.3 both
kernels=$KERNEL
[[ $KERNEL != both ]] || kernels='6.12 7.3'
choose MACHINE all bare xen xen-pool-device all
machines=$MACHINE
[[ $MACHINE != all ]] || machines='bare xen xen-pool-device'
narrow=$(first_card dma 32)
wide=$(first_card bus pcie)
start_report

for machine in $machines; do
	for kernel in $kernels; do
		# Two emulated CPUs of a dom0 wait for each other's locks.
		smp=2 pool_device=
		[[ $machine == bare ]] || smp=1
		[[ $machine != xen-pool-device ]] || pool_device=default
		boot "$machine-$kernel" "$machine.$kernel." MACHINE="${machine%%-*}" \
			KERNEL="$kernel" CARD="$wide,$narrow" POOL=new POOL_DEVICE=$pool_device \
			RUN=prime SMP=$smp
	done
done

make_table prime.awk -v machines="$machines" -v kernels="$kernels" -v narrow="$narrow" \
	-v wide="$wide"
{
	echo "# BOs that two GPUs share, stock and new"
	echo
	echo "Wrong pages where the importer reads what was there at the import, reads what was written"
	echo "later, and where it writes, with one BO for each; the most copies of a BO; the most slots"
	echo "of the bounce buffer."
	echo
	markdown "$OUT/table.txt"
} >"$OUT/table.md"

echo
columns "$OUT/table.txt"
echo
echo "  wrong pages: read as imported + read later + written; or the error, if there was one"
echo "  table:   $OUT/table.md"
end_report
