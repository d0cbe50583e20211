#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Tests the runner in a separate checkout with a short list: refused input, verdicts, JUnit, and
# runs that are interrupted or killed.
#
#   test_runner.sh DIR    appends to DIR/results.txt, keeps the checkout in DIR
LAB_TAG=test
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=results.sh
. "$LAB_TOP/lab/test/results.sh"
# shellcheck source=refuse.sh
. "$LAB_TOP/lab/test/refuse.sh"

dir=$1
top=$dir/checkout
out=$top/out/test
# Variables of the run that this test is part of must not change the runs below.
unset TIER ONLY CHANGED MACHINE KERNEL KERNEL_SRC POOL
unset JOBS RESULTS LIMIT SILENCE GUEST_ARGS FUZZ_SECONDS

git_here() {
	git -c safe.directory='*' -c user.name=t -c user.email=t@example.invalid -C "$top" "$@"
}

# run VARIABLE=VALUE...: the runner of that checkout.
run() {
	env "$@" "$top/lab/test/runner.sh" </dev/null
}

# check NAME TEXT COMMAND...: one result: does the command succeed?
check() {
	local name=$1 text=$2

	shift 2
	if "$@"; then
		result "$name" pass "$text"
	else
		result "$name" fail "not so: $text; see $dir"
	fi
}

# has FILE REGEX...: does it have lines that match?
has() {
	local regex

	for regex in "${@:2}"; do
		grep -qE -e "$regex" "$1" || { echo "no '$regex' in $1"; return 1; }
	done
}

# start NAME COMMAND...: a run in the background; returns when its row "slow" runs. Sets
# session, its process and that of its session.
start() {
	local log=$dir/$1.log i

	rm -rf "$out"
	setsid "${@:2}" >"$log" 2>&1 </dev/null &
	session=$!
	for ((i = 0; i < 300; i++)); do
		[[ ! -e $out/slow/started ]] || return 0
		sleep 0.1
	done
	die "the run $1 has not started its row: see $log"
}

# left: processes of that session that have not ended within five seconds.
left() {
	local i

	for ((i = 0; i < 50; i++)); do
		pgrep -s "$session" -c . >"$dir/left" || break
		sleep 0.1
	done
	cat "$dir/left"
}

mkdir -p "$top"
(cd "$LAB_TOP" && tar -c Makefile lab/common.sh lab/cards.* lab/image lab/test/*.sh lab/test/*.awk \
	lab/guest/scenarios) | tar -x -C "$top"
cat >"$top/lab/test/tests.list" <<'END'
test quick: passes
touches quick: lab/test/row_kinds.sh
test odd: has results of every kind
touches odd: lab/image
test broken: says nothing
touches broken: lab/image
test unbuilt: needs what cannot be built
touches unbuilt: lab/image
test slow: takes a minute
touches slow: lab/image
quick   check - - - quick
odd     test  - - - odd
broken  test  - - - broken
unbuilt test  - - - unbuilt
slow    full  - - - slow
last    full  - - - quick after=slow
END
cat >"$top/lab/test/row_kinds.sh" <<'END'
row_quick() { verdict pass "as it should be"; }
row_odd() {
	result one pass 'a < b && "c"'
	result two skip "not here $(printf '\357\277\277%09000d' 0)"
	result three fail $'\e[31m\001red\xff & <blue>'
	verdict_of_results
}
row_broken() { exit 3; }
needs_unbuilt() { echo nonsense; }
row_unbuilt() { verdict pass; }
row_slow() {
	touch "$dir/started"
	# A subshell that waits for its command, too.
	read -r _ < <(sub sleep 60; echo)
	verdict pass
}
END
git_here init -q
echo out >"$top/.gitignore"
git_here add .
git_here commit -qm all

run TIER=test >"$dir/run.log" 2>&1 && status=0 || status=$?
check status "a failed row makes the status 1" [ "$status" = 1 ]
check last-line "the last line counts rows and results" \
	[ "$(tail -n 1 "$dir/run.log")" = "2 passed, 4 failed" ]
check verdicts "each result and each row has a verdict" has "$out/verdicts" \
	'^odd/one pass a < b' '^odd/two skip not here' '^odd/three fail ' \
	'^odd fail 1 of 3 failed' \
	'^quick pass as it should be; [0-9]+ s, [0-9]+ s of CPU time$' \
	'^broken fail it broke off with status 3' \
	'^unbuilt fail not run: the build of nonsense failed'
cp "$out/junit.xml" "$dir/junit.xml"
xpath='concat(/testsuites/@tests, " ", count(//testcase), " ", count(//failure), " ",
	count(//skipped), " ", //testcase[@name="three"]/failure)'
counts=$("$LAB_TOP/lab/image/enter.sh" --out "$dir" xmllint --xpath "$xpath" /out/junit.xml || true)
check junit "xmllint reads junit.xml, which counts the same" \
	[ "$counts" = "7 7 4 1 [31mred & <blue>" ]

# A run that is refused leaves the results of the last run as they are.
sum() { find "$out" -type f -exec sha256sum {} + | sort | sha256sum; }
before=$(sum)
refuse unknown-row 'no row matches ONLY=nothing' run ONLY=nothing
refuse other-tier 'no row of TIER=check matches ONLY=\^slow\$: 1 of TIER=full do' \
	run TIER=check 'ONLY=^slow$'
refuse regex 'ONLY=\[ is no regular expression' run 'ONLY=['
refuse tier 'TIER=soon is unknown: choose check\|test\|full' run TIER=soon
refuse revision 'CHANGED=nowhere is no commit of this checkout' run CHANGED=nowhere
refuse nothing-changed 'nothing has changed since CHANGED=HEAD' run CHANGED=HEAD
refuse machine 'MACHINE=vax is unknown: choose bare\|xen' run MACHINE=vax
refuse kernel 'no row matches ONLY=\., KERNEL=7.3' run KERNEL=7.3
refuse pool 'POOL=stock means nothing without KERNEL_SRC' run POOL=stock
refuse source 'no row matches ONLY=., KERNEL_SRC with POOL=fixes' run KERNEL_SRC=/ POOL=fixes
refuse source-directory 'KERNEL_SRC=/nowhere is not a directory' run KERNEL_SRC=/nowhere
refuse regex-repeat 'ONLY=\* is no regular expression' run 'ONLY=*'
refuse tree 'CHANGED=HEAD\^{tree} is no commit of this checkout' run 'CHANGED=HEAD^{tree}'
refuse limit 'LIMIT=long is not a number of seconds' run LIMIT=long
refuse silence 'SILENCE=0 is not a number of seconds' run SILENCE=0
refuse jobs 'JOBS=none is not a number from 1 to 99' run JOBS=none
refuse results 'RESULTS=some is unknown: choose failed\|all' run RESULTS=some
rm "$top/out/test.lock"
mkdir "$top/out/test.lock"
refuse lock 'cannot write to .*test.lock: remove it' run TIER=check
rmdir "$top/out/test.lock"
check results-stay "refused runs leave the last results alone" [ "$(sum)" = "$before" ]

echo "# changed" >>"$top/lab/test/row_kinds.sh"
run TIER=test CHANGED=HEAD >"$dir/changed.log" 2>&1 || true
check changed "CHANGED=REV runs the one row that touches the change" \
	[ "$(cut -d' ' -f1 "$out/verdicts")" = quick ]
git_here checkout -q lab/test/row_kinds.sh
# A name that is also a file's, a path that git quotes, a hook's environment.
git_here branch lab
touch "$top/lab/image/ä b.c"
run TIER=test CHANGED=lab ONLY='^odd' GIT_DIR="$LAB_TOP/.git" CDPATH="$LAB_TOP:." \
	>"$dir/odd-path.log" 2>&1 || true
check odd-path "CHANGED=REV takes a branch of a folder's name, and finds a file of an odd name" \
	[ "$(tail -n 1 "$dir/odd-path.log")" = "1 passed, 2 failed" ]
rm "$top/lab/image/ä b.c"

start terminated env TIER=full 'ONLY=slow|last' "$top/lab/test/runner.sh"
before=$(sum)
refuse second-run "process $session runs tests in this checkout" run TIER=check
check second-run-waits "a second run changes nothing" [ "$(sum)" = "$before" ]
begin=$SECONDS
kill -TERM "$session"
wait "$session" && status=0 || status=$?
check terminated "TERM ends a run within 5 s with status 143" \
	[ "$status $((SECONDS - begin <= 5))" = "143 1" ]
check terminated-left "and leaves no process" [ "$(left)" = 0 ]
check terminated-verdicts "and says in its results that it was interrupted" has "$out/verdicts" \
	'^slow fail interrupted after' '^last skip not run: the run was interrupted'
check terminated-junit "and in junit.xml" \
	has "$out/junit.xml" 'interrupted after' 'not run: the run'

start made make -s -C "$top" test-full 'ONLY=^slow$$'
kill -TERM "$session"
wait "$session" || true
check made-left "TERM of make ends the run as well" [ "$(left)" = 0 ]

start killed env TIER=full 'ONLY=^slow$' "$top/lab/test/runner.sh"
kill -KILL "$session"
wait "$session" 2>/dev/null || true
check killed-left "a killed run leaves no process" [ "$(left)" = 0 ]
run TIER=check >"$dir/after-kill.log" 2>&1 && status=0 || status=$?
check killed-lock "nor a lock" [ "$status" = 0 ]
[[ $(count_results fail) != 0 ]] || rm -rf "$top"
