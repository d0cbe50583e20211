# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Stock and new driver, one after the other in this boot: BOs that two GPUs share, for the
# table of "make prime". Who looks at them is igt's test radeon_prime, which says a line of each BO.
#
# Rows: POOL.EXPORTER.IMPORTER.SIZE.USE WRONG PAGES ERRNO COPIES SLOTS. What the driver cannot say
# (copies, on stock) is "-".
#
# limit: 900
# silence: 420
# args: swiotlb=track_hiwater
# needs: igt
#
# What the stock driver cannot map it refuses, and says so:
#
# allow: swiotlb buffer is full
# allow: \*ERROR\* Failed to parse relocation
# allow: \[IGT\] add ignored dmesg regex

. /usr/lib/lab/lib.sh

test=/usr/local/libexec/igt-gpu-tools/radeon/radeon_prime

# measure: both directions; which GPU is the tested one does not matter.
measure() {
	LAB_KMSG_LEVEL=6 IGT_FORCE_DRIVER=radeon IGT_DEVICE="drm:/dev/dri/card$(minor rv370)" \
		enter-igt timeout -k 5 400 $test \
		--run-subtest '*reads*-cached,*writes*-cached' >/tmp/out 2>/tmp/errors
	status=$?
	case $status in
	0 | 98) ;; # of subtests; it is for the table to say what is wrong
	*) result fail "prime.$LAB_POOL" "radeon_prime ended with status $status: $(grep -m 1 CRITICAL /tmp/errors) $(tail -n 1 /tmp/out)" ;;
	esac
	sed -n 's/.*share \([0-9a-f]*\) \([0-9a-f]*\) \([0-9]*\) cached \([a-z]*\): wrong \([0-9]*\) of \([0-9]*\) error \([0-9]*\) copies \([-0-9]*\) swiotlb \([-0-9]*\)$/\1.\2.\3.\4 \5 \6 \7 \8 \9/p' /tmp/out |
		sed 's/5b60/rv370/; s/5159/rv100/' >/tmp/shared
	if [ -s /tmp/shared ]; then
		result pass "prime.$LAB_POOL" "$(wc -l </tmp/shared) BOs shared"
	else
		result fail "prime.$LAB_POOL" "radeon_prime has shared nothing (status $status): $(grep -m 1 CRITICAL /tmp/errors) $(tail -n 1 /tmp/out)"
	fi
	while read -r what figures; do
		row "$LAB_POOL.$what" "$figures"
	done </tmp/shared
}

check_cards
enter-igt true
for pool in stock new; do
	LAB_POOL=$pool
	load_radeon
	measure
	unload_radeon
done
row kernel "$(uname -r)"
row machine "$(machine)"
finish
