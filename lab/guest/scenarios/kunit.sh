# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# TTM's and radeon's KUnit tests, on a debug kernel (KERNEL=7.3-debug) without a card: no driver may
# use TTM meanwhile. KUnit's own KTAP is passed on; the host reads it.
#
# A device without an offset manager is refused with a warning, and so is a ticket with
# no_wait:
#
# allow: WARNING: .* ttm_device_init\+
# allow: WARNING: .* ttm_bo_reserve_no_wait_ticket\+
#
# This one has a mapping fail:
#
# allow: ttm_pool_alloc_map_fails\..* KiB cannot be mapped
#
# The kernel's test of a deadlock makes lockdep report one and switch itself off. So that test's
# module is the last, lockdep must be on until then, and its report must be about this test, which
# the report's first line does not name:
#
# allow: WARNING: possible recursive locking detected

. /usr/lib/lab/lib.sh

# lockdep_on NAME: a result: lockdep has reported nothing so far.
lockdep_on() {
	if [ ! -e /proc/lockdep_stats ]; then
		result skip "lockdep.$1" "this kernel has no lockdep"
	elif grep -q 'debug_locks: *1' /proc/lockdep_stats; then
		result pass "lockdep.$1" "lockdep is on"
	else
		result fail "lockdep.$1" "lockdep has reported something, see the log"
	fi
}

# lockdep_deadlock: a result: all that lockdep has reported is the kernel's test of a deadlock.
lockdep_deadlock() {
	local acquired deadlock

	if [ ! -e /proc/lockdep_stats ]; then
		result skip lockdep.deadlock "this kernel has no lockdep"
		return
	fi
	acquired=$(dmesg | grep -A 4 'possible recursive locking' |
		grep -c 'kunit_try_catch.* is trying to acquire lock')
	deadlock=$(dmesg | grep -A 1 'is trying to acquire lock' |
		grep -c ' at: ttm_bo_reserve_deadlock+')
	if [ "$acquired" = "$deadlock" ]; then
		result pass lockdep.deadlock "$deadlock reports, in ttm_bo_reserve_deadlock"
	else
		result fail lockdep.deadlock \
			"$acquired reports, $deadlock of them in ttm_bo_reserve_deadlock"
	fi
}

# suites_of MODULE: the result files of its suites.
suites_of() {
	grep -lE "^ *# module: $1\$" /sys/kernel/debug/kunit/*/results
}

# suite FILE: the results of one suite, as subtests. Does it say that all have passed?
suite() {
	local name outcome=fail

	name=$(basename "$(dirname "$1")")
	cat "$1" >/tmp/suite
	nest </tmp/suite
	! grep -q '^ok ' /tmp/suite || outcome=pass
	result $outcome "$name"
}

# Without it TTM backs up no page, and the tests of that are skipped.
swap_on 64 || result fail swap-space "this kernel has no swap space"
cd "/lib/modules/$(uname -r)" || finish
tests=$(find . -name 'ttm_*test*.ko' -o -name '*_cs_test.ko' | sed 's|.*/||; s|\.ko$||' | sort |
	awk '$0 == "ttm_bo_test" { last = $0; next } { print } END { if (last) print last }')
for module in $tests; do
	[ "$module" != ttm_bo_test ] || lockdep_on before-deadlock
	if ! modprobe "$module"; then
		result fail "$module" "modprobe $module failed"
		continue
	fi
	# The tests have run when the module is loaded.
	files=$(suites_of "$module")
	# ttm_bo_validate_move_fence_not_signaled() moves a BO, and must be faster than a thread
	# that signals a fence after 20 ms. A busy host can be slower, so it gets two more tries.
	for try in 2 3; do
		[ "$module" = ttm_bo_validate_test ] &&
			grep -qs 'not ok .* Tries to lock straight away' \
				/sys/kernel/debug/kunit/ttm_bo_validate/results || break
		echo "ttm_bo_validate_move_fence_not_signaled was late, try $try"
		rmmod "$module" && modprobe "$module"
	done
	[ -n "$files" ] || result fail "$module" "no suite of the module has run"
	for file in $files; do
		suite "$file"
	done
done
lockdep_deadlock
[ -n "$tests" ] || result fail kunit "this kernel has no test modules of TTM"
finish
