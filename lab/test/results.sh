# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# How a row's tests report results: as boots do, in results.txt of the row's directory, $dir.
# Sourced.
# shellcheck disable=SC2154

# result NAME pass|fail|skip TEXT: one result.
result() {
	local name=$1 outcome=$2
	shift 2

	echo "$name $outcome $*" >>"$dir/results.txt"
	say "$outcome  $name: $*"
}

# verdict pass|fail TEXT: report the row's own verdict, once, after its results.
verdict() {
	local outcome=$1
	shift

	echo "$outcome $*" >"$dir/verdict"
}

# count_results OUTCOME
count_results() {
	grep -cE "^[^ ]+ $1( |\$)" "$dir/results.txt" 2>/dev/null || true
}

# verdict_of_results: the row has passed if a result has, and none has failed.
verdict_of_results() {
	local failed

	failed=$(count_results fail)
	if ((failed)); then
		verdict fail "$failed of $(wc -l <"$dir/results.txt") failed; see $dir/log"
	elif (($(count_results pass))); then
		verdict pass "$(count_results pass) results"
	else
		verdict fail "no result; see $dir/log"
	fi
}

# last_error: the last line of the log that has an error, or the last line.
last_error() {
	grep -iE 'error|FAIL' "$dir/log" | tail -n 1 | grep . || tail -n 1 "$dir/log"
}

# spent: write to the file "seconds" how long this script took, and the CPU time of its children.
spent() {
	times >"$dir/times"
	awk -F'[ms ]' -v seconds="$SECONDS" '
		NR == 2 { print seconds, int($1 * 60 + $2 + $4 * 60 + $5) }' \
		"$dir/times" >"$dir/seconds"
	rm "$dir/times"
}
