# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# BOs that the GPUs move.

# move_whole_gtt CARD: the GPU moves the whole GTT, lab.rounds= times (2). All memory of a small Xen
# dom0 is above 4 GiB. There a card of more than 32 bits must use such memory, which shows that the
# driver used machine addresses.
move_whole_gtt() {
	local above='' rounds=${LAB_ROUNDS:-2}

	if [ "$(machine)" = "Xen dom0" ] && ! is_narrow "$1" && [ "$(mib_total)" -le 2048 ]; then
		above=--expect-above-4g
	fi
	# shellcheck disable=SC2086 # empty: no word
	run gtt-move --card "$1" --rounds "$rounds" $above
}

# moves_from NAME CARD EXPECT: the GPU moves BOs whose pages have that backing and shape (see
# needed_backing). $moves_limit is the size in MiB (6). Sets moves_seed, which differs each time.
moves_from() {
	local moved found text

	moves_seed=$((${moves_seed:-0} + 1))
	gtt-move --card "$2" --rounds 1 --seed $moves_seed \
		--limit-mib "${moves_limit:-6}" >/tmp/moved
	moved=$?
	nest </tmp/moved
	found=$(backing_of "$2")
	text="$found, $(backing_value "$2" reason)"
	if [ $moved -ne 0 ]; then
		result fail "$1.$2" "wrong contents: $text"
	elif [ "$found" != "$3" ]; then
		result fail "$1.$2" "not $3: $text"
	else
		result pass "$1.$2" "$text"
	fi
}

# start_moves ARGUMENT...: all GPUs begin to move BOs. Sets jobs to CARD:PID for each.
start_moves() {
	local card

	jobs=
	for card in $(cards); do
		gtt-move --card "$card" "$@" >"/tmp/moved.$card" &
		jobs="$jobs $card:$!"
	done
}

# moves_running: do moves still run?
moves_running() {
	local job

	for job in $jobs; do
		! kill -0 "${job#*:}" 2>/dev/null || return 0
	done
	return 1
}

# wait_for_moves CARD: results of all moves: moves of this card, which is gone, must end with an
# error, and those of the other cards must succeed.
wait_for_moves() {
	local job status

	for job in $jobs; do
		wait "${job#*:}"
		status=$?
		if [ "${job%:*}" != "$1" ]; then
			nest <"/tmp/moved.${job%:*}"
			program_result $status gtt-move --card "${job%:*}"
		elif [ $status -ne 1 ]; then
			result fail "$1.moves" "status $status instead of an error: $(
				tail -n 1 "/tmp/moved.$1")"
		else
			result pass "$1.moves" "$(grep '^not ok' "/tmp/moved.$1" | head -n 1)"
		fi
	done
}

# moves_during NAME COMMAND...: the command is repeated while all GPUs move BOs.
moves_during() {
	local name=$1 jobs job card moved turns=0 failed_turns=0

	shift
	start_moves --rounds 2 --seed 77 --limit-mib 32
	while moves_running; do
		"$@" || failed_turns=$((failed_turns + 1))
		turns=$((turns + 1))
	done
	for job in $jobs; do
		card=${job%:*}
		wait "${job#*:}"
		moved=$?
		nest <"/tmp/moved.$card"
		if [ $moved -eq 0 ] && [ $turns -gt 0 ] && [ $failed_turns -eq 0 ]; then
			result pass "$name.$card" "contents are right after $turns turns"
		else
			result fail "$name.$card" \
				"status $moved; $failed_turns of $turns turns failed"
		fi
	done
}

# move_on_all: all GPUs move BOs at the same time.
move_on_all() {
	local jobs job status

	start_moves --rounds 1 --seed 7
	for job in $jobs; do
		wait "${job#*:}"
		status=$?
		nest <"/tmp/moved.${job%:*}"
		program_result $status gtt-move --card "${job%:*}"
	done
}
