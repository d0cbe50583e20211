#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make igt-run: igt's tests on the lab's card, as radeon-igt runs them on a real one.
#
#   MACHINE=bare|xen            (xen)
#   KERNEL=6.12|7.3             (6.12)   with "-debug": our debug kernel
#   CARD=NAME[,NAME]...|both             of lab/cards.list (its first); both: its first two
#   POOL=new|stock|both         (new)    both: one boot each, and a table of what differs
#   KERNEL_SRC=DIR              instead of KERNEL: a kernel's source (see
#                               lab/kernel/source_kernel.sh), with POOL=stock|fixes|new|both
#                               (stock)
#   LIST=short|full|two-gpus|generic (short)  of igt-tests/lists
#
# Leaves report.txt, report.html and igt's results.json for each boot and card below out/igt. Ends
# with 0 if all is as igt-tests/expectations say and no test is worse with our pool than with
# Debian's; with 1 if not.
LAB_TAG=igt LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=../cards.sh
. "$LAB_TOP/lab/cards.sh"

if [[ -n ${KERNEL_SRC:-} ]]; then
	KERNEL=${KERNEL:-src}
	choose POOL stock stock fixes new both
else
	choose POOL new new stock both
fi
MACHINE=${MACHINE:-xen} KERNEL=${KERNEL:-6.12}
choose_cards "${CARD:-}"
pools=$POOL
[[ $POOL != both ]] || pools='stock new'
mapfile -t lists < <(cd "$LAB_TOP/igt-tests/lists" && printf '%s\n' *.txt | sed 's/\.txt$//')
choose LIST short "${lists[@]}"

# dir POOL: where a boot's results go.
dir() {
	echo "$LAB_TOP/out/igt/$MACHINE-$KERNEL-$CARD-$1-$LIST"
}

# worse CARD: tests that get worse with our pool.
worse() {
	local found status=0

	found=$(awk -f "$LAB_TOP/lab/test/igt_worse.awk" "$(dir stock)/$1-igt/verdicts.txt" \
		"$(dir new)/$1-igt/verdicts.txt") || status=$?
	[[ -z $found ]] || sed 's/^/  worse than stock: /' <<<"$found"
	return "$status"
}

failed=
for pool in $pools; do
	out=$(dir "$pool")
	rm -rf "$out"
	mkdir -p "$out" 2>/dev/null || die "cannot write to $out: make the checkout writable"
	status=0
	GUEST_ARGS="lab.igt_list=$LIST ${GUEST_ARGS:-}" POOL=$pool \
		MACHINE=$MACHINE KERNEL=$KERNEL CARD=$CARD RUN=igt OUT=$out \
		LIMIT=${LIMIT:-3600} SILENCE=${SILENCE:-400} \
		"$LAB_TOP/lab/boot/boot.sh" || status=$?
	((status < 2)) || exit "$status"
	((status == 0)) || failed=y
	for report in "$out"/*-igt/report.txt; do
		[[ -e $report ]] || continue
		echo
		sed '/^test  *result/,$d' "$report"
	done
done

if [[ $POOL == both ]]; then
	for card in "${cards[@]}"; do
		for pool in stock new; do
			[[ -s $(dir "$pool")/$card-igt/verdicts.txt ]] ||
				die "$card has no results with POOL=$pool: see $(dir "$pool")"
		done
		worse "$card" || failed=y
		printf '\n  %-60s %-8s %-8s\n' "$card: what differs" stock new
		awk '
		FNR == NR { stock[$1] = $2; next }
		!($1 in stock) { stock[$1] = "-" }
		stock[$1] != $2 { printf "  %-60s %-8s %-8s\n", $1, stock[$1], $2; n++ }
		END { if (!n) print "  nothing" }' \
			"$(dir stock)/$card-igt/verdicts.txt" "$(dir new)/$card-igt/verdicts.txt"
	done
fi
echo
for pool in $pools; do
	for report in "$(dir "$pool")"/*-igt/report.html; do
		[[ ! -e $report ]] || echo "  report:  $report"
	done
done
[[ -z $failed ]]
