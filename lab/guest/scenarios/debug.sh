# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# All tests of the cards on a debug kernel: each card alone and all at once, many unloads and loads
# (lab.reloads=), allocations that fail, and the driver's own tests last. The kernel's checkers
# report errors in the log, which fail the boot. At the end the checkers must still be on.
#
# limit: 7200
# silence: 300
#
# Messages of the driver about allocations that fail:
#
# allow: \*ERROR\* Failed to allocate GEM object .*-12\)
# allow: \*ERROR\* Failed to get ib !
# allow: \*ERROR\* Failed to schedule IB !

. /usr/lib/lab/lib.sh

debugfs=/sys/kernel/debug

# equals NAME FILE VALUE: a result: the file contains that value.
equals() {
	local value

	value=$(cat "$2" 2>&1)
	if [ "$value" = "$3" ]; then
		result pass "$1" "$2 is $value"
	else
		result fail "$1" "$2 is '$value' instead of '$3'"
	fi
}

# checkers: a result for each: it is still on. Most checkers switch themselves off at their first
# report, some without a report when their memory is full.
checkers() {
	local locks

	locks=$(awk '/debug_locks:/ { print $2 }' /proc/lockdep_stats)
	if [ "$locks" = 1 ]; then
		result pass checkers.lockdep "debug_locks is 1"
	else
		result fail checkers.lockdep \
			"lockdep has switched itself off: $(dmesg | grep 'BUG: MAX_' | tail -n 1)"
	fi
	equals checkers.dma-api $debugfs/dma-api/disabled N
	equals checkers.dma-api-errors $debugfs/dma-api/error_count 0
	row dma_debug_entries "$(cat $debugfs/dma-api/nr_total_entries), at least $(cat $debugfs/dma-api/min_free_entries) free"
	if echo scan >$debugfs/kmemleak; then
		result pass checkers.kmemleak "it scans"
	else
		result fail checkers.kmemleak "kmemleak has switched itself off"
	fi
}

check_cards
for file in kmemleak dma-api/error_count failslab/task-filter; do
	if [ ! -e "$debugfs/$file" ]; then
		result fail debug "no $debugfs/$file: this is not a debug kernel"
		finish
	fi
done
leaks_from_here

load_radeon
for card in $(cards); do
	move_whole_gtt "$card"
	run fence-wait --card "$card"
	run modeset --card "$card"
done
move_on_all
leaks loads
fail_ttm_allocations
for card in $(cards); do
	run fail-nth --card "$card"
done
leaks failed-allocations
reload_radeon "${LAB_RELOADS:-50}"
leaks reloads
unload_radeon
leaks unload
checkers
driver_selftest
finish
