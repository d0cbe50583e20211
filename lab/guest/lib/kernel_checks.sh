# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Functions for debug kernels: allocations that fail, and kmemleak.

# fail_ttm_allocations: only allocations with TTM in their call trace fail, for a task that asks
# for it (/proc/self/fail-nth), without a log line each. Other paths of the driver are not tested;
# one of them oopsed before a patch of ours.
fail_ttm_allocations() {
	local text first last attribute dir

	text=$(awk '$4 == "[ttm]" && $2 ~ /[tT]/ { print $1 }' /proc/kallsyms | sort)
	first=$(echo "$text" | head -n 1)
	last=$(echo "$text" | tail -n 1)
	for attribute in failslab fail_page_alloc; do
		dir=/sys/kernel/debug/$attribute
		echo Y >$dir/task-filter
		echo N >$dir/ignore-gfp-wait
		echo 0 >$dir/verbose
		echo 32 >$dir/stacktrace-depth
		echo "0x$first" >$dir/require-start
		# The end of the page in which the last function begins.
		echo "0x${last%???}fff" >$dir/require-end
	done
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

# leaks_from_here: forget the leaks so far, which are not the driver's, and stop automatic scans.
# Does nothing on a kernel without kmemleak.
leaks_from_here() {
	[ -e /sys/kernel/debug/kmemleak ] || return 0
	echo scan=off >/sys/kernel/debug/kmemleak
	echo clear >/sys/kernel/debug/kmemleak
}

# leaks NAME: a result: kmemleak finds no leak. It reports an object that is at least five seconds
# old and has not changed since the scan before.
leaks() {
	local count line

	[ -e /sys/kernel/debug/kmemleak ] || return 0
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	count=$(grep -c '^unreferenced object' /sys/kernel/debug/kmemleak)
	if [ "$count" -eq 0 ]; then
		result pass "leaks.$1" "kmemleak: no unreferenced object"
	else
		head -n 120 /sys/kernel/debug/kmemleak | while read -r line; do
			echo "<4>kmemleak report: $line" >/dev/kmsg
		done
		result fail "leaks.$1" "kmemleak: $count unreferenced objects, see the log"
	fi
}
