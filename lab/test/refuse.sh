# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Commands that have to fail with one clear line. Sourced after results.sh.
# shellcheck disable=SC2154

# refuse NAME PATTERN COMMAND...: it fails, its last line is an error that matches, and no script
# of ours broke. One result; the log is DIR/NAME.log.
refuse() {
	local name=$1 pattern=$2 log=$dir/$1.log status=0 last what=

	shift 2
	"$@" >"$log" 2>&1 </dev/null || status=$?
	last=$(grep -vE '^make(\[[0-9]+\])?: ' "$log" | tail -n 1)
	if ((status == 0)); then
		what="it succeeded"
	elif ! grep -qE "(error|radeon-model): .*$pattern" <<<"$last"; then
		what="the last line is: $last"
	elif grep -qE 'unbound variable|command not found|syntax error' "$log"; then
		what="a script broke: $(grep -m1 -E 'unbound|not found|syntax' "$log")"
	fi
	if [[ -z $what ]]; then
		result "$name" pass "$(sed 's/.*error: //' <<<"$last" | cut -c1-100)"
	else
		result "$name" fail "$what; see $log"
	fi
}
