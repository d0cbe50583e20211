#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# What two GPUs see of a BO that they share, with the stock driver and with ours (make prime): pages
# that are wrong, copies, and what was taken of the bounce buffer.
#
#   KERNEL=6.12|7.3|both                  (both)
#   MACHINE=bare|xen|xen-pool-device|all  (all)    the last of these has a pool device
#
# One boot for each, with both drivers, one after the other; the guest's part is
# lab/guest/scenarios/prime.sh, and who looks at the BOs is igt's test radeon_prime. Leaves table.md and the logs in out/prime. Ends with 0; with 1 if our
# driver misses a goal; with 2 if something could not be measured.
LAB_TAG=prime LAB_DIE_STATUS=2
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"

OUT=$LAB_TOP/out/prime
case ${KERNEL:=both} in
6.12 | 7.3) kernels=$KERNEL ;;
both) kernels='6.12 7.3' ;;
*) die "KERNEL=$KERNEL is unknown: choose 6.12|7.3|both" ;;
esac
case ${MACHINE:=all} in
bare | xen | xen-pool-device) machines=$MACHINE ;;
all) machines='bare xen xen-pool-device' ;;
*) die "MACHINE=$MACHINE is unknown: choose bare|xen|xen-pool-device|all" ;;
esac
rm -rf "$OUT"
mkdir -p "$OUT" 2>/dev/null || die "cannot write to $OUT: make the checkout writable"

broken=()
for machine in $machines; do
	for kernel in $kernels; do
		dir=$OUT/$machine-$kernel status=0
		mkdir -p "$dir"
		# Two emulated CPUs of a dom0 wait for each other's locks.
		smp=2 pool_device=
		[[ $machine == bare ]] || smp=1
		[[ $machine != xen-pool-device ]] || pool_device=default
		MACHINE=${machine%%-*} KERNEL=$kernel CARD=both POOL=new POOL_DEVICE=$pool_device \
			GUEST_ARGS="swiotlb=track_hiwater ${GUEST_ARGS:-}" RUN=prime SMP=$smp OUT=$dir LIMIT=900 SILENCE=420 "$LAB_TOP/lab/boot/boot.sh" ||
			status=$?
		((status < 2)) || exit "$status"
		[[ -s $dir/rows.txt ]] ||
			die "the guest reported nothing: see $dir/console.log"
		sed "s/^/$machine.$kernel./" "$dir/rows.txt" >>"$OUT/rows.txt"
		((status == 0)) || broken+=("$dir")
	done
done

status=0
awk -v problems="$OUT/problems.txt" -v machines="$machines" -v kernels="$kernels" \
	-f "$LAB_TOP/bench/prime.awk" "$OUT/rows.txt" >"$OUT/table.txt" || status=$?
((status <= 2)) && [[ -s $OUT/table.txt ]] ||
	die "the table could not be made of $OUT/rows.txt (awk ended with status $status)"
{
	echo "# BOs that two GPUs share, stock and new"
	echo
	echo "Pages that are wrong where the importer reads what was there at the import, what came later,"
	echo "and where it writes; copies of the BO; slots of the bounce buffer, at most. A BO for each."
	echo
	sed '1s/$/\n---/' "$OUT/table.txt" | awk -F'|' '
		NR == 1 { columns = NF }
		NR == 2 { for (i = 0; i < columns; i++) printf "|---"; print "|"; next }
		{ gsub(/\|/, " | "); print "| " $0 " |" }'
} >"$OUT/table.md"

echo
awk -F'|' '
{ for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
END {
	for (n = 1; n <= NR; n++) {
		for (i = 1; i <= NF; i++)
			printf "  %-" width[i] "s", cell[n, i]
		print ""
	}
}' "$OUT/table.txt"
echo
echo "  wrong pages: read as imported + read later + written; then an error, if there was one"
echo "  table:   $OUT/table.md"

[[ ! -s $OUT/problems.txt ]] || cat "$OUT/problems.txt"
if ((${#broken[@]})); then
	for dir in "${broken[@]}"; do
		awk '$2 == "fail"' "$dir/results.txt" | sed 's/^/  failed: /' || true
		sed 's/^/  problem: /' "$dir/problems.txt" || true
	done
	die "a boot went wrong: its figures are not to be trusted; see ${broken[*]}"
fi
exit "$status"
