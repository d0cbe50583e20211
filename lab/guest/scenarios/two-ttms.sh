# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Debian's TTM and ours loaded in one kernel, first with the stock driver, then with ours.

. /usr/lib/lab/lib.sh

# both_loaded POOL USED OTHER: the driver of that pool uses one TTM while the other is loaded. Sets
# LAB_POOL.
both_loaded() {
	local card

	LAB_POOL=$1
	load_radeon
	modprobe "$3" 2>/dev/null || insmod "/usr/lib/lab/modules/$(uname -r)/new/$3.ko"
	if [ -e "/sys/module/$2/holders/radeon" ] && [ -d "/sys/module/$3" ] &&
	   [ ! -e "/sys/module/$3/holders/radeon" ]; then
		result pass "two-ttms.$1" "radeon uses $2, and $3 is loaded"
	else
		result fail "two-ttms.$1" "radeon does not use $2, or $3 is not loaded"
	fi
	for card in $(cards); do
		run gtt-move --card "$card" --rounds 1
	done
	unload_radeon
}

check_cards
both_loaded stock ttm rttm
both_loaded new rttm ttm
finish
