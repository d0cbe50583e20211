# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Results for the host, in KTAP; see lab_console.h for the console protocol. Without a supervisor
# (LAB_RUN is empty) everything goes to standard output.

# Results so far, and whether one has failed.
lab_count=0 lab_failed=0

# host TEXT: a line of the console protocol; a comment without a supervisor.
host() {
	if [ -n "$LAB_RUN" ]; then
		printf '<1>@lab %.900s\n' "$*" >/dev/kmsg
	else
		printf '# %s\n' "$*"
	fi
}

# ktap LINE: a line of this scenario's KTAP.
ktap() {
	if [ -n "$LAB_RUN" ]; then
		printf '<1>@lab ktap %.900s\n' "$*" >/dev/kmsg
	else
		printf '%s\n' "$*"
	fi
}

# row KEY VALUE...: a number or text for the host's tables.
row() {
	host "row $*"
}

# result pass|fail|skip NAME [TEXT...]: Sets lab_count and lab_failed.
result() {
	local outcome=$1 name=$2 text

	shift 2
	text=$*
	case $text in
	*"
"*) text=$(echo "$text" | tr '\n' ' ') ;;
	esac
	lab_count=$((lab_count + 1))
	case $outcome in
	pass) ktap "ok $lab_count $name${text:+ # $text}" ;;
	skip) ktap "ok $lab_count $name # SKIP $text" ;;
	*)
		lab_failed=1
		ktap "not ok $lab_count $name${text:+ # $text}" ;;
	esac
}

# nest: KTAP on standard input becomes subtests of the next result. Ends with 100 if there is no
# result in it.
nest() {
	local line status=100

	while IFS= read -r line || [ -n "$line" ]; do
		case $line in
		"ok "* | "not ok "*) status=0 ;;
		esac
		ktap "  $line"
	done
	return $status
}

# program_result STATUS COMMAND...: the result of a program whose results were nested. These say
# what failed, unless the program crashed.
program_result() {
	local status=$1

	shift
	case $status in
	0) result pass "${1##*/}" ;;
	1) result fail "${1##*/}" ;;
	100) result fail "${1##*/}" "ended without a result: $*" ;;
	*) result fail "${1##*/}" "ended with status $status: $*" ;;
	esac
}

# run COMMAND...: run a test program, with its results as subtests.
run() {
	local status

	(
		set -o pipefail
		"$@" | nest
	)
	status=$?
	program_result $status "$@"
	return $status
}

# finish: print the plan and end the scenario.
finish() {
	ktap "1..$lab_count"
	exit $lab_failed
}

ktap "KTAP version 1"
