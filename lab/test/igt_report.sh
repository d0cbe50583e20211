#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Tests what radeon-igt-report says of made-up results, and what radeon-igt refuses.
#
#   igt_report.sh DIR    appends to DIR/results.txt
LAB_TAG=test
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=results.sh
. "$LAB_TOP/lab/test/results.sh"
# A check that fails is one failed result; the checks after it still run.
set +e

dir=$1
enter=$LAB_TOP/lab/image/enter.sh
mkdir -p "$dir/expect" "$dir/igt"

# check NAME: a result: the command before it has succeeded. The log has the actual output.
check() {
	local status=$? outcome=pass text

	((status == 0)) || outcome=fail
	text=$(grep -v '^  report:' "$dir/said.log" | tail -n 1)
	result "$1" "$outcome" "$text"
}

warnings='<4> [1.0] WARNING: at y'
# results NAME RESULT...: igt's results.json with these, all with the warnings.
results() {
	echo '{ "tests": {'
	while (($#)); do
		printf '"igt@%s": { "result": "%s", %s, %s, "dmesg-warnings": "%s", %s }' \
			"$1" "$2" \
			'"out": "Starting subtest\nthe reason\nSubtest x: END\n"' \
			'"err": "[1.0] (x:1) CRITICAL: Failed assertion: a == b\n"' "$warnings" \
			'"time": { "start": 1.0, "end": 2.5 }'
		shift 2
		(($# == 0)) || echo ,
	done
	echo '} }'
}

# report NAME RESULT...: make a report of these results; verdicts.txt is left in $dir. Sets status.
report() {
	results "$@" >"$dir/igt/results.json"
	printf '%s\n' 'gpu rv0' 'driver radeon' 'card 0000:01:00.0 0x1002:0x0' 'kernel 0' \
		>"$dir/machine.txt"
	status=0
	"$enter" --out "$dir" /src/igt-tests/radeon-igt-report /out /out/expect \
		>"$dir/said.log" 2>&1 || status=$?
}

# is STATUS LINE...: the report ended with that status, and has these lines.
is() {
	((status == $1)) || return 1
	shift
	diff <(printf '%s\n' "$@") "$dir/verdicts.txt" >"$dir/diff"
}

printf '%s\n' '# a comment' 'a@known,Fail' 'a@mended,Fail' 'a@warns,Warn' \
	'a@warns,Pass' \
	>"$dir/expect/radeon-rv0-fails.txt"
printf 'a@flaky.*\n' >"$dir/expect/radeon-rv0-flakes.txt"

report a@one pass a@two skip
is 0 'a@one Pass ok 1.5 ' 'a@two Skip ok 1.5 the reason'
check fine
report a@one fail
is 1 'a@one Fail worse 1.5 Failed assertion: a == b'
check failed
report a@one pass a@known fail a@flaky-1 crash a@warns dmesg-warn
is 0 'a@one Pass ok 1.5 ' 'a@known Fail known 1.5 Failed assertion: a == b' \
	'a@flaky-1 Crash flake 1.5 Failed assertion: a == b' \
	'a@warns Warn known 1.5 <4> [1.0] WARNING: at y'
check expected
report a@known crash a@one dmesg-warn
is 1 'a@known Crash worse 1.5 Failed assertion: a == b' \
	'a@one Warn worse 1.5 <4> [1.0] WARNING: at y'
check otherwise
busy='<4> [1.0] hrtimer: interrupt took 86425098 ns'
warnings="$busy\\n<4> [2.0] hrtimer: interrupt took 90000000 ns"
report a@one dmesg-warn a@two dmesg-fail
is 1 'a@one Pass ok 1.5 ' 'a@two Fail worse 1.5 Failed assertion: a == b'
check busy-machine
warnings='<4> [1.0] hrtimer: interrupt took 86425098 ns\n<4> [1.0] WARNING: at y'
report a@one dmesg-warn
is 1 'a@one Warn worse 1.5 <4> [1.0] hrtimer: interrupt took 86425098 ns'
check busy-and-wrong
warnings='<4> [1.0] WARNING: at y'
report a@mended pass
is 1 'a@mended Pass better 1.5 '
check better
report a@warns pass
is 0 'a@warns Pass ok 1.5 '
check both-expected
report a@one incomplete a@two timeout a@three notrun
is 1 'a@one Crash worse 1.5 Failed assertion: a == b' \
	'a@two Timeout worse 1.5 Failed assertion: a == b' \
	'a@three NotRun ok 1.5 '
check broken
report a@one pass 'a@odd name' fail a@two 'not known'
is 1 'a@one Pass ok 1.5 ' 'a@odd_name Fail worse 1.5 Failed assertion: a == b' \
	'a@two not_known worse 1.5 Failed assertion: a == b'
check spaces
report
is 1 'nothing Crash worse 0 no test of the list was run'
check empty
report a@one skip a@two skip
is 1 'a@one Skip ok 1.5 the reason' 'a@two Skip ok 1.5 the reason' \
	'nothing Fail worse 0 no test of the list has passed'
check all-skipped
report a@known fail a@one skip
is 1 'a@known Fail known 1.5 Failed assertion: a == b' 'a@one Skip ok 1.5 the reason' \
	'nothing Fail worse 0 no test of the list has passed'
check nothing-passed

# The files of a further driver are read in addition to those of radeon.
printf 'a@more,Fail\n' >"$dir/expect/radeon-more-rv0-fails.txt"
results a@known fail a@more fail a@one pass >"$dir/igt/results.json"
sed -i 's/^driver .*/driver radeon-more/' "$dir/machine.txt"
status=0
"$enter" --out "$dir" /src/igt-tests/radeon-igt-report /out /out/expect >"$dir/said.log" 2>&1 ||
	status=$?
is 0 'a@known Fail known 1.5 Failed assertion: a == b' \
	'a@more Fail known 1.5 Failed assertion: a == b' 'a@one Pass ok 1.5 '
check further-driver

printf '%s 1.0 \n' 'a Pass ok' 'b Fail worse' 'c Skip ok' 'd Pass ok' 'e Pass ok' >"$dir/before"
printf '%s 1.0 \n' 'a Fail worse' 'b Fail worse' 'c Crash worse' 'd Fail flake' \
	'e Pass ok' 'f Fail worse' >"$dir/after"
status=0
awk -f "$LAB_TOP/lab/test/igt_worse.awk" "$dir/before" "$dir/after" >"$dir/said.log" || status=$?
((status == 1)) &&
	diff <(printf '%s\n' 'a: Fail, was Pass' 'c: Crash, was Skip') \
		"$dir/said.log" >"$dir/diff"
check worse
awk -f "$LAB_TOP/lab/test/igt_worse.awk" "$dir/before" "$dir/before" >"$dir/said.log" &&
	[[ ! -s $dir/said.log ]]
check none-worse

# junit XPATH TEXT: junit.xml of the last report is valid, and the XPath expression has that value.
junit() {
	local found

	found=$("$enter" --out "$dir" xmllint --xpath "$1" /out/junit.xml 2>"$dir/said.log") &&
		"$enter" --out "$dir" xmllint --noout /out/junit.xml 2>>"$dir/said.log" &&
		[[ $found == "$2" ]] && return
	echo "junit.xml: $1 is '$found', expected '$2'" >>"$dir/said.log"
	return 1
}

report a@one pass a@two skip a@three fail a@known fail a@mended pass
junit 'concat(/testsuites/@tests, " ", //testsuite/@failures, " ", //testsuite/@skipped)' '5 2 2'
check junit-counts
junit 'string(//testcase[@classname="a" and @name="two"]/skipped/@message)' 'the reason'
check junit-skip
junit 'string(//testcase[@name="three"]/failure/@message)' 'Failed assertion: a == b'
check junit-failure
junit 'string(//testcase[@name="known"]/skipped/@message)' 'known Fail: Failed assertion: a == b'
check junit-known
junit 'string(//testcase[@name="mended"]/failure/@message)' 'passes, but is expected to fail'
check junit-better
junit 'concat(//testcase[@name="one"]/@time, " ", //property[@name="gpu"]/@value)' '1.5 rv0'
check junit-values

# Names and messages with each kind of character that XML does not allow in text.
hostile='\u0000\u0001\u0007\u001b[0m <a b=\"c\"> & ]]> '"'"'d'"'"' \ufffe\uffff \u00e4 '$'\xff'
printf '{ "tests": { "igt@r/a<&>\\"b@x %s": { "result": "fail",
	"err": "(x:1) CRITICAL: %s\\nnext\\u0002\\n" },
	"igt@s": { "result": "skip", "out": "%s\\n" }, "igt@t": { "result": "pass" } } }' \
	"$hostile" "$hostile" "$hostile" >"$dir/igt/results.json"
"$enter" --out "$dir" /src/igt-tests/radeon-igt-report /out /out/expect >"$dir/said.log" 2>&1
junit 'string-length(//failure/@message) > 20 and contains(//failure, "next") and
	contains(//skipped/@message, "<a b=") and count(//testcase) = 3' true
check junit-hostile

# refuses_results NAME TEXT PATTERN: results.json with that text is refused by that line.
refuses_results() {
	local status=0

	printf '%s' "$2" >"$dir/igt/results.json"
	"$enter" --out "$dir" /src/igt-tests/radeon-igt-report /out /out/expect \
		>"$dir/said.log" 2>&1 || status=$?
	((status == 2)) && [[ $(wc -l <"$dir/said.log") == 1 && ! -e $dir/junit.xml ]] &&
		grep -qE "$3" "$dir/said.log"
	check "$1"
}

refuses_results results-cut-off '{ "tests": { "igt@a": { "result": "pass"' \
	'is not complete'
refuses_results results-of-another-kind '[1, 2]' 'is not complete'
refuses_results results-twice '{ "tests": {} } { "tests": {} }' 'is not complete'
refuses_results no-result '{ "tests": { "igt@a": {} } }' 'has a test whose result is not as'
printf '%s\n' 'a@flaky.*' 'a@(' >"$dir/expect/radeon-rv0-flakes.txt"
refuses_results flake-regex '{ "tests": {} }' \
	"radeon-rv0-flakes.txt: 'a@\(' is no regular expression"

enter_as=()
# refuses NAME PATTERN ARGUMENT...: radeon-igt says so in one line, and ends with 2.
refuses() {
	local name=$1 pattern=$2 status=0

	shift 2
	"$enter" --out "$dir" "${enter_as[@]}" /src/igt-tests/radeon-igt "$@" \
		>"$dir/said.log" 2>&1 || status=$?
	((status == 2)) && [[ $(wc -l <"$dir/said.log") == 1 ]] &&
		grep -qE -e "$pattern" "$dir/said.log"
	check "$name"
}

status=0
"$enter" /src/igt-tests/radeon-igt-report /out >"$dir/said.log" 2>&1 || status=$?
((status == 2)) && grep -q "^radeon-igt-report: call it as " "$dir/said.log"
check report-arguments

list=/src/igt-tests/lists/short.txt
refuses no-card 'has no card in this machine' --tests /src/igt-tests/tests --list $list
refuses no-list 'there is no list .*/none.txt: choose short, full, two-gpus or generic' --list none
refuses no-tests "there are no tests in /none/radeon: run 'make igt-install'" --tests /none \
	--list $list
refuses no-seconds "--timeout 0 is not a number of seconds" --timeout 0
refuses no-option "unknown argument '--fast'" --fast
enter_as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
refuses no-rights 'run it as root: tests read debugfs and take the display' --list $list \
	--tests /src/igt-tests/tests

# Copy commands need no GPU to be encoded.
"$enter" --out "$dir" bash -c '
cd /src/igt-tests
gcc -std=gnu11 -D_GNU_SOURCE -Iabi -Ilib -Wall -Werror -o /out/copies lib/igt_radeon_copy.c \
	lib/tests/igt_radeon_copies.c -l:libigt.so.0 && /out/copies' >"$dir/said.log" 2>&1
check copies

# The job files cannot run here; check that they can be parsed.
"$enter" python3 -c '
import sys, yaml
for path in sys.argv[1:]:
    assert yaml.safe_load(open(path)), path' /src/igt-tests/ci/{lava-radeon.yaml,gitlab-ci.yml} \
	>"$dir/said.log" 2>&1
check job-files
