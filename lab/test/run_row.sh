#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Runs one row of lab/test/tests.list. Everything that the row needs has to be built before.
#
#   run_row.sh ROW DIR
#
# DIR holds the row's files, and its output in DIR/log. Leaves there
#
#   verdict       pass|fail TEXT; if it is missing, the row's script has failed
#   results.txt   NAME pass|fail|skip TEXT, a line for each result
#   seconds       how long it took, and the CPU time of all its processes
LAB_TAG=test LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=test_list.sh
. "$LAB_TOP/lab/test/test_list.sh"
# shellcheck source=results.sh
. "$LAB_TOP/lab/test/results.sh"

row=$1 dir=$2
read_list
make_cache_dir
build=/build/$(build_name)
kernel=${row_kernel[$row]}

# boot: boots what the row's columns and words say, with results in $dir. Repeats the boot if the
# emulator has failed: with a thread for each CPU, QEMU sometimes executes a breakpoint that the
# kernel's text patching has already removed, and the kernel crashes before it starts init.
boot() {
	local variables=() guest_args=() word status=0

	for word in ${row_words[$row]}; do
		case $word in
		lab.*) guest_args+=("$word") ;;
		arg=*) guest_args+=("${word#arg=}") ;;
		fault=*) variables+=("MODEL_ARGS=--fault ${word#*=}") ;;
		model=sanitized) variables+=("MODEL=$build-sanitized/model/radeon-model") ;;
		[A-Z]*) variables+=("$word") ;;
		esac
	done
	# The user may set LIMIT, SILENCE, GUEST_ARGS and KERNEL_SRC; the row sets all else.
	unset POOL_DEVICE SECOND_DISPLAY EDU IGT MODEL MODEL_ARGS ALLOW CLOCK SMP MEMORY DOM0_MEMORY
	unset DOM0 IOMMU HOT_MEMORY SWAP_DISK DISK
	[[ -n ${KERNEL_SRC:-} ]] || variables+=(KERNEL="$kernel")
	variables+=(MACHINE="${row_machine[$row]}" CARD="${row_card[$row]}"
		RUN="${row_test[$row]}" OUT="$dir" BUILD=no
		${LIMIT:+LIMIT="$LIMIT"} ${SILENCE:+SILENCE="$SILENCE"}
		GUEST_ARGS="${guest_args[*]} ${GUEST_ARGS:-}")
	sub env "${variables[@]}" "$LAB_TOP/lab/boot/boot.sh" || status=$?
	if ((status)) && grep -q 'Oops: int3' "$dir/kernel.log" 2>/dev/null &&
		! grep -q 'Run /init' "$dir/kernel.log"; then
		say "again: the emulator has run a breakpoint that was gone; see $dir/kernel.log.int3"
		mv "$dir/kernel.log" "$dir/kernel.log.int3"
		status=0
		sub env "${variables[@]}" "$LAB_TOP/lab/boot/boot.sh" || status=$?
	fi
	return "$status"
}

# clean_boot: reports each result of the guest, and one result for the boot: its log, its end, the
# model.
clean_boot() {
	local status=0

	boot || status=$?
	if ((status < 2)) && [[ -e $dir/problems.txt && ! -s $dir/problems.txt ]] &&
		(($(count_results pass) > 0 && $(count_results fail) == 0)); then
		verdict pass "$(count_results pass) results"
	else
		verdict fail "$(cat "$dir/log" "$dir/problems.txt" 2>/dev/null | tail -n 1);" \
			"see $dir"
	fi
}

# fault_boot REGEX: the model has a fault: the first result of the guest that fails has to match.
# The guest's results are not reported.
fault_boot() {
	local first

	boot || true
	touch "$dir/results.txt"
	mv "$dir/results.txt" "$dir/results-with-fault.txt"
	first=$(awk '$2 == "fail" { print $1; exit }' "$dir/results-with-fault.txt")
	if [[ $first =~ ^${row_card[$row]}\.$1$ ]]; then
		verdict pass "found by $first"
	else
		verdict fail "not found by $1 but by '${first:-no result}'; see $dir"
	fi
}

if [[ ${row_machine[$row]} == - ]]; then
	"row_${row_test[$row]}"
elif [[ -n $(word_of "$row" fault) ]]; then
	fault_boot "$(word_of "$row" found-by)"
else
	clean_boot
fi
spent
