#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# This folder measures the stock pool and the new one beside each other, in one boot for the bare
# machine and two for Xen, of which one counts instructions, and says which goals are met (make bench).
#
#   KERNEL=6.12|7.3   (6.12)
#   GOALS=all         those goals, too, that are not measured but passed (make goals): the
#                     driver's own tests on every machine, kernel and card with either pool, and
#                     50 loads and unloads with BOs in between on that kernel with its checkers
#
# The guest's part is lab/guest/scenarios/bench.sh. Leaves table.md, times.png and the logs of
# all boots in out/bench. Ends with 0; with 1 if our pool misses a goal that is a count, as
# those do not depend on the machine; with 2 if something could not be measured.
LAB_TAG=bench LAB_DIE_STATUS=2
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"

OUT=$LAB_TOP/out/bench
export KERNEL=${KERNEL:-6.12} POOL=new RUN=bench

case $KERNEL in
6.12 | 7.3) ;;
*) die "KERNEL=$KERNEL is unknown: choose 6.12|7.3" ;;
esac
case ${GOALS:=bench} in
bench | all) ;;
*) die "GOALS=$GOALS is unknown: choose bench|all" ;;
esac
rm -rf "$OUT"
mkdir -p "$OUT" 2>/dev/null || die "cannot write to $OUT: make the checkout writable"

# boot DIR VARIABLE=VALUE...: one boot with its results in that directory; false if it, or a
# result of the guest's, has failed.
boot() {
	local dir=$OUT/$1 status=0

	shift
	mkdir -p "$dir"
	env "$@" OUT="$dir" LIMIT=1500 SILENCE=180 "$LAB_TOP/lab/boot/boot.sh" || status=$?
	((status < 2)) || exit "$status"
	[[ -s $dir/rows.txt ]] ||
		die "the guest reported nothing: see $dir/console.log"
	cat "$dir/rows.txt" >>"$OUT/rows.txt"
	((status == 0)) || broken+=("$dir")
}

# passes DIR VARIABLE=VALUE...: a boot of which nothing is measured: is all of it as it has to be?
# False if it is not, with a line for each fault in that directory's faults.txt; one that was
# not made breaks everything off.
passes() {
	local dir=$OUT/$1 status=0

	shift
	mkdir -p "$dir"
	say "booting ${dir#"$OUT"/}"
	env "$@" OUT="$dir" LIMIT=5400 SILENCE=300 "$LAB_TOP/lab/boot/boot.sh" >"$dir/log" 2>&1 || status=$?
	((status < 2)) || die "${dir#"$OUT"/} could not be booted: $(tail -n 1 "$dir/log"); see $dir"
	awk '$2 == "fail"' "$dir/results.txt" | cat - "$dir/problems.txt" >"$dir/faults.txt"
	((status == 0)) || [[ -s $dir/faults.txt ]] || tail -n 1 "$dir/log" >"$dir/faults.txt"
	[[ ! -s $dir/faults.txt ]] || { sed 's/^/  fault: /' "$dir/faults.txt"; return 1; }
}

# selftests POOL: the driver's own tests, with radeon.test=1: a row with the boots that fail.
selftests() {
	local series machine card failed=0

	for series in 6.12 7.3; do
		for machine in bare xen; do
			for card in rv100 rv370; do
				passes "selftest-$1-$machine-$series-$card" POOL="$1" MACHINE=$machine \
					KERNEL=$series CARD=$card RUN=selftest SMP=1 BUILD=no || failed=$((failed + 1))
			done
		done
	done
	echo "$1.all.selftest $failed" >>"$OUT/rows.txt"
}

# reloads: 50 loads and unloads with BOs in between, on the debug kernel; a row with what was wrong.
reloads() {
	passes "reload-bare-$KERNEL-debug" MACHINE=bare KERNEL="$KERNEL-debug" CARD=both RUN=reload \
		GUEST_ARGS=lab.reloads=50 SMP=2 || true
	echo "new.all.reload $(grep -c . "$OUT/reload-bare-$KERNEL-debug/faults.txt" || true)" >>"$OUT/rows.txt"
}

if [[ $GOALS == all ]]; then
	# What cannot be built is found before anything is measured.
	KERNEL="6.12 7.3" sub "$LAB_TOP/lab/kernel/modules.sh" || exit 2
	MACHINE=bare sub "$LAB_TOP/lab/kernel/debug_kernel.sh" || exit 2
	sub "$LAB_TOP/lab/image/build_lab.sh" || exit 2
fi

broken=()
# With 2 GiB there is no memory that a 32-bit card cannot reach.
boot bare MACHINE=bare CARD=rv100 MEMORY=2048M SMP=2
# Two emulated CPUs of a dom0 wait for each other's locks.
xen=(MACHINE=xen CARD=both MEMORY=6144M DOM0_MEMORY=1024M SMP=1)
boot xen "${xen[@]}"
boot xen-instructions "${xen[@]}" CLOCK=instructions

if [[ $GOALS == all ]]; then
	selftests stock
	selftests new
	reloads
fi

status=0
awk -v goals="$GOALS" -v problems="$OUT/problems.txt" -f "$LAB_TOP/bench/table.awk" "$OUT/rows.txt" >"$OUT/table.txt" ||
	status=$?
((status <= 2)) && [[ -s $OUT/table.txt ]] ||
	die "the table could not be made of $OUT/rows.txt (awk ended with status $status)"

# figure KEY: of the rows of both boots.
figure() {
	awk -v key="$1" '$1 == key { sub(/^[^ ]+ /, ""); text = $0 } END { print text }' "$OUT/rows.txt"
}
costs=(rv100.4k.cached rv370.4k.cached rv370.4k.wc)
title="stock and new pool, Linux $(figure kernel)"
{
	echo "# ${title^}"
	echo
	echo "| what | stock | new | goal | met |"
	echo "|---|---|---|---|---|"
	sed 's/|/ | /g; s/^/| /; s/$/ |/' "$OUT/table.txt"
	echo
	echo "What a BO costs (create, map, write): a cold round of 512, and the median of the three warm"
	echo "ones after it, in microseconds of CPU time as the host counts it (the median of eight"
	echo "repetitions), and in instructions of the machine, the hypervisor's too (of three, in a boot"
	echo "of their own)."
	echo
	echo "| | stock cold | stock warm | new cold | new warm |"
	echo "|---|---|---|---|---|"
	for what in "${costs[@]}"; do
		for unit in us instructions; do
			printf '| %s, %s |' "$what" "${unit/us/µs}"
			for key in {stock,new}.@.{cold,warm}_$unit; do
				printf ' %s |' "$(figure "${key/@/$what}")"
			done
			echo
		done
	done
	echo
	echo "Cold against warm in each repetition:"
	echo
	echo "| | CPU time, stock | new | instructions, stock | new |"
	echo "|---|---|---|---|---|"
	for what in "${costs[@]}"; do
		printf '| %s |' "$what"
		for unit in us instructions; do
			for key in {stock,new}.@.ratios_$unit; do
				printf ' %s |' "$(figure "${key/@/$what}")"
			done
		done
		echo
	done
} >"$OUT/table.md"

for what in "${costs[@]}"; do
	label=${what%%.*} label=${label^^} cells=
	[[ $what != *.wc ]] || label+=_WC
	for key in {stock,new}.@.{cold,warm}_us; do
		cells+=" $(figure "${key/@/$what}")"
	done
	echo "$label$cells"
done >"$OUT/times.txt"
make_cache_dir
"$LAB_TOP/lab/image/enter.sh" --out "$OUT" "/build/$(build_name)/bench-chart" \
	/out/times.png "4 KiB BOs under Xen, Linux $(figure kernel)" <"$OUT/times.txt" ||
	say "there is no picture: see the message above"

echo
awk -F'|' '
{ for (i = 1; i <= NF; i++) { cell[NR, i] = $i; if (length($i) > width[i]) width[i] = length($i) } }
END {
	for (n = 1; n <= NR; n++) {
		for (i = 1; i <= NF; i++)
			printf "  %-" width[i] "s", cell[n, i]
		print ""
	}
}' <(echo "what|stock|new|goal|met") "$OUT/table.txt"
echo
echo "  table:   $OUT/table.md"
[[ ! -s $OUT/times.png ]] || echo "  picture: $OUT/times.png"
echo "  logs:    $OUT/bare $OUT/xen $OUT/xen-instructions"

[[ ! -s $OUT/problems.txt ]] || cat "$OUT/problems.txt"
if ((${#broken[@]})); then
	for dir in "${broken[@]}"; do
		awk '$2 == "fail"' "$dir/results.txt" | sed 's/^/  failed: /' || true
		sed 's/^/  problem: /' "$dir/problems.txt" || true
	done
	die "a boot went wrong: its figures are not to be trusted; see ${broken[*]}"
fi
exit "$status"
