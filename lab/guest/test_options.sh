#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Unit test of the command lines of the guest's programs: help, and one line of error for bad input.
#
#   test_options.sh DIR PROGRAM...     the programs are in DIR
set -euo pipefail

dir=$1
shift
failed=0

# check WHAT STATUS PATTERN PROGRAM [ARGUMENT]...: the program ends with that status, and its output
# begins with the pattern; an error is one line. Sets failed.
check() {
	local what=$1 want=$2 pattern=$3 status=0 output

	shift 3
	output=$("$dir/$1" "${@:2}" 2>&1 </dev/null) || status=$?
	if ((status != want)) || [[ ! $output =~ ^$pattern ]] ||
		{ ((want == 2)) && [[ $output == *$'\n'* ]]; }; then
		echo "FAIL $what: '$*' ended with status $status: $output"
		failed=1
	fi
}

for program; do
	check help 0 "usage: $program \[OPTION\]\.\.\." "$program" --help
	check unknown 2 "$program: error: there is no option --nonsense" "$program" --nonsense
	check empty 2 "$program: error: there is no option --" "$program" --
	check prefix 2 "$program: error: there is no option --h" "$program" --h
done
for value in 0 256 -1 1x '' 99999999999999999999; do
	check "number '$value'" 2 \
		"gtt-move: error: --rounds ${value}: give a number from 1 to 255" \
		gtt-move --rounds "$value"
done
check equals 2 'gtt-move: error: --rounds 0x100: give a number from 1 to 255' \
	gtt-move --rounds=0x100
check missing 2 'gtt-move: error: --rounds needs a value' gtt-move --rounds
check flag 2 'gtt-move: error: --expect-above-4g takes no value' gtt-move --expect-above-4g=yes
check argument 2 "gtt-move: error: 'rv370' is not an option" gtt-move rv370
check choice 2 'bo-cost: error: --caching wb is unknown: choose cached|wc|uc' bo-cost --caching wb
check multiple 2 'bo-cost: error: --size 6: give a multiple of 4' bo-cost --size 6
check depends 2 'churn: error: --pool-size needs --pressure' churn --pool-size 4
check needed 2 'display-draw: error: name the driver with --driver' display-draw
exit "$failed"
