#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Measures the stock pool and the new one and says which goals are met (make bench). One boot for
# the bare machine and two for Xen, of which one counts instructions; each boot measures both
# pools.
#
#   KERNEL=6.12|7.3   (6.12)
#   GOALS=all         also the goals that are not measured, but pass or fail (make goals): the
#                     driver's own tests on every machine, kernel and card with either pool, and 50
#                     loads and unloads with BOs in between on that kernel's debug kernel
#
# The guest's part is lab/guest/scenarios/bench.sh. Leaves table.md, times.png and the logs of all
# boots in out/bench. Ends with 0; with 1 if the new pool misses a goal that is a count, as counts
# do not depend on the machine; with 2 if a figure could not be measured.
LAB_TAG=bench LAB_DIE_STATUS=2
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
# shellcheck source=../lab/cards.sh
. "$LAB_TOP/lab/cards.sh"
OUT=$LAB_TOP/out/bench
# shellcheck source=report.sh
. "$LAB_TOP/bench/report.sh"

choose KERNEL 6.12 6.12 7.3
choose GOALS bench bench all
export KERNEL POOL=new RUN=bench
# One GPU reaches 4 GiB, the other all memory; WC needs PCIe.
narrow=$(first_card dma 32)
wide=$(first_card bus pcie)
start_report

# passes DIR VARIABLE=VALUE...: boot once and measure nothing. False if a result is not pass, with a
# line for each problem in $OUT/DIR/faults.txt. Exits if the boot could not run.
passes() {
	local dir=$OUT/$1 status=0

	shift
	mkdir -p "$dir"
	say "booting ${dir#"$OUT"/}"
	env "$@" OUT="$dir" LIMIT=5400 SILENCE=300 "$LAB_TOP/lab/boot/boot.sh" >"$dir/log" 2>&1 ||
		status=$?
	((status < 2)) ||
		die "${dir#"$OUT"/} could not be booted: $(tail -n 1 "$dir/log"); see $dir"
	awk '$2 == "fail"' "$dir/results.txt" | cat - "$dir/problems.txt" >"$dir/faults.txt"
	((status == 0)) || [[ -s $dir/faults.txt ]] || tail -n 1 "$dir/log" >"$dir/faults.txt"
	[[ ! -s $dir/faults.txt ]] || { sed 's/^/  fault: /' "$dir/faults.txt"; return 1; }
}

# selftests POOL: the driver's own tests, with radeon.test=1; a row with the number of failed boots.
selftests() {
	local series machine card failed=0

	for series in 6.12 7.3; do
		for machine in bare xen; do
			for card in $(card_names); do
				passes "selftest-$1-$machine-$series-$card" POOL="$1" \
					MACHINE=$machine KERNEL=$series CARD="$card" RUN=selftest \
					SMP=1 BUILD=no || failed=$((failed + 1))
			done
		done
	done
	echo "$1.all.selftest $failed" >>"$OUT/rows.txt"
}

# reloads: 50 loads and unloads with BOs in between, on the debug kernel; a row with the number of
# problems.
reloads() {
	local dir=reload-bare-$KERNEL-debug

	passes "$dir" MACHINE=bare KERNEL="$KERNEL-debug" CARD=both RUN=reload \
		GUEST_ARGS=lab.reloads=50 SMP=2 || true
	echo "new.all.reload $(grep -c . "$OUT/$dir/faults.txt" || true)" >>"$OUT/rows.txt"
}

# figure KEY: the value of a row, or "-" if there is none.
figure() {
	awk -v key="$1" '
		$1 == key { sub(/^[^ ]+ /, ""); text = $0 }
		END { print text == "" ? "-" : text }' "$OUT/rows.txt"
}

# figures WHAT UNIT KEY...: a cell for each key of stock, then for each of new.
figures() {
	local what=$1 unit=$2 pool key

	shift 2
	for pool in stock new; do
		for key; do
			printf '|%s' "$(figure "$pool.$what.${key}_$unit")"
		done
	done
}

if [[ $GOALS == all ]]; then
	# A build that fails must fail before the measurements.
	KERNEL="6.12 7.3" sub "$LAB_TOP/lab/kernel/modules.sh" || exit 2
	MACHINE=bare sub "$LAB_TOP/lab/kernel/debug_kernel.sh" || exit 2
	sub "$LAB_TOP/lab/image/build_lab.sh" || exit 2
fi

# With 2 GiB there is no memory that a 32-bit card cannot reach.
boot bare '' MACHINE=bare CARD="$narrow" MEMORY=2048M SMP=2
# Two emulated CPUs of a dom0 wait for each other's locks.
xen=(MACHINE=xen CARD="$narrow,$wide" MEMORY=6144M DOM0_MEMORY=1024M SMP=1)
boot xen '' "${xen[@]}"
boot xen-instructions '' "${xen[@]}" CLOCK=instructions

if [[ $GOALS == all ]]; then
	selftests stock
	selftests new
	reloads
fi

make_table table.awk -v goals="$GOALS" -v narrow="$narrow" -v wide="$wide"
costs=("$narrow.4k.cached" "$wide.4k.cached" "$wide.4k.wc")
{
	echo "what|stock cold|stock warm|new cold|new warm"
	for what in "${costs[@]}"; do
		echo "$what, µs$(figures "$what" us cold warm)"
		echo "$what, instructions$(figures "$what" instructions cold warm)"
	done
} >"$OUT/costs.txt"
{
	echo "what|CPU time, stock|new|instructions, stock|new"
	for what in "${costs[@]}"; do
		echo "$what$(figures "$what" us ratios)$(figures "$what" instructions ratios)"
	done
} >"$OUT/ratios.txt"
{
	echo "# Stock and new pool, Linux $(figure kernel)"
	echo
	markdown "$OUT/table.txt"
	echo
	echo "The cost of a BO (create, map, write): a cold round of 512, and the median of the three"
	echo "warm rounds after it. Units: microseconds of CPU time as the host counts it (the median of"
	echo "eight repetitions), and instructions of the machine, including the hypervisor (the"
	echo "median of three, from a separate boot)."
	echo
	markdown "$OUT/costs.txt"
	echo
	echo "Cold against warm in each repetition:"
	echo
	markdown "$OUT/ratios.txt"
} >"$OUT/table.md"

{
	echo 'card "stock, cold" "stock, warm" "new, cold" "new, warm"'
	for what in "${costs[@]}"; do
		label=${what%%.*} label=${label^^}
		[[ $what != *.wc ]] || label+=' WC'
		cells=$(figures "$what" us cold warm)
		echo "\"$label\"${cells//|/ }"
	done
} >"$OUT/times.txt"
make_cache_dir
sub "$LAB_TOP/lab/image/enter.sh" --out "$OUT" gnuplot -c /src/bench/costs.gnuplot /out/times.txt \
	/out/times.png "4 KiB BOs under Xen, Linux $(figure kernel)" 2>"$OUT/gnuplot.log" ||
	say "gnuplot could not draw $OUT/times.txt: see $OUT/gnuplot.log"

echo
columns "$OUT/table.txt"
echo
echo "  table:   $OUT/table.md"
[[ ! -s $OUT/times.png ]] || echo "  picture: $OUT/times.png"
echo "  logs:    $OUT/bare $OUT/xen $OUT/xen-instructions"
end_report
