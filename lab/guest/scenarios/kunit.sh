# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# TTM's KUnit tests, on a debug kernel (KERNEL=7.3-debug), without a card: no
# driver may use TTM meanwhile. A result for each case; those of its parameters that
# failed are named.
#
# A device without an offset manager is refused with a warning, and so is a ticket with
# no_wait:
#
# silence: 240
# allow: WARNING: .* ttm_device_init\+
# allow: WARNING: .* ttm_bo_reserve_no_wait_ticket\+
#
# The kernel's test of a deadlock is one, in the eyes of lockdep, which says so and
# switches itself off: its module is the last, lockdep has to be there until
# then, and what it said has to be of this test. The line itself does not tell:
#
# allow: WARNING: possible recursive locking detected

. /usr/lib/lab/lib.sh

# suite FILE: the results of one suite, in KTAP. What is one suite deep is a case, what is
# deeper is one of its parameters. A suite that broke off has fewer cases than planned.
suite() {
	awk -v suite="$(basename "$(dirname "$1")")" '
	function say(outcome, name, text) {
		print outcome, "kunit." suite "." name, text
		said++
	}
	/^    1\.\.[0-9]+/ { plan = substr($1, 4) + 0 }
	/^        *ok |^        *not ok / && !/^    (not )?ok / {
		inner++
		if (/^ *not ok /) {
			sub(/^ *not ok [0-9]+ */, "")
			bad = bad " \"" $0 "\""
		}
	}
	/^    (not )?ok / {
		outcome = /^    ok/ ? "pass" : "fail"
		if (/# SKIP/)
			outcome = "skip"
		line = $0
		sub(/^    (not )?ok [0-9]+ /, "", line)
		name = line
		sub(/ .*/, "", name)
		text = inner ? inner " parameters" : "one case"
		if (bad)
			text = text ", failed:" bad
		else if (why && outcome == "fail")
			text = why
		say(outcome, name, text)
		inner = 0
		bad = why = ""
	}
	/^ *# .*(EXPECTATION|ASSERTION) FAILED at/ {
		why = $0
		sub(/^ *# /, "", why)
	}
	END {
		if (!said || said != plan)
			say("fail", "all", said + 0 " of " plan + 0 " cases have run")
	}' "$1"
}

# locking: lockdep has had nothing to say so far.
locking() {
	if grep -q 'debug_locks: *1' /proc/lockdep_stats; then
		result pass "kunit.lockdep.$1" "it is still watching"
	else
		result fail "kunit.lockdep.$1" "it has reported something, see the log"
	fi
}

cd "/lib/modules/$(uname -r)" || finish
tests=$(find . -name 'ttm_*test*.ko' | sed 's|.*/||; s|\.ko$||' | sort |
	awk '$0 == "ttm_bo_test" { last = $0; next } { print } END { if (last) print last }')
for module in $tests; do
	[ "$module" != ttm_bo_test ] || locking before-deadlock
	if ! modprobe "$module"; then
		result fail "kunit.$module" "modprobe $module failed"
		continue
	fi
	# Its tests have run when it is loaded.
	files=$(grep -lE "^ *# module: $module\$" /sys/kernel/debug/kunit/*/results)
	if [ -z "$files" ]; then
		result fail "kunit.$module" "the module has no suite that ran"
	fi
	for file in $files; do
		suite "$file" >/tmp/suite
		while read -r outcome name text; do
			result "$outcome" "$name" "$text"
		done </tmp/suite
	done
done
acquired=$(dmesg | grep -A 4 'possible recursive locking' | grep -c 'kunit_try_catch.* is trying to acquire lock')
deadlock=$(dmesg | grep -A 1 'is trying to acquire lock' | grep -c ' at: ttm_bo_reserve_deadlock+')
if [ "$acquired" = "$deadlock" ]; then
	result pass kunit.lockdep.deadlock "$deadlock reports, in ttm_bo_reserve_deadlock"
else
	result fail kunit.lockdep.deadlock "$acquired reports, $deadlock of them in ttm_bo_reserve_deadlock"
fi
[ -n "$tests" ] || result fail kunit "this kernel has no test modules of TTM"
finish
