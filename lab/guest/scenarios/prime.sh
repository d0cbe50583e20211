# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Stock and new driver, one after the other in one boot: BOs that two GPUs share, for the table of
# "make prime". The igt test radeon_prime checks them and prints a line for each BO;
# radeon_pool@copies-* prints the copies of BOs of each size.
#
# Rows: POOL.EXPORTER.IMPORTER.SIZE.USE WRONG PAGES ERRNO COPIES SLOTS. A number that the driver
# does not provide (copies, on stock) is "-".
#
# silence: 420
# args: swiotlb=track_hiwater
# needs: igt
#
# The stock driver's messages about BOs that it cannot map:
#
# allow: swiotlb buffer is full
# allow: \*ERROR\* Failed to parse relocation
# allow: \[IGT\] add ignored dmesg regex

. /usr/lib/lab/lib.sh

# card_names: replaces PCI device IDs by the names of cards.
card_names() {
	local card pci script=

	for card in $(cards); do
		pci=$(card_field "$card" pci)
		script="$script;s/${pci#*:}/$card/"
	done
	sed "$script"
}

# test_output: what the test said last, for a failed result.
test_output() {
	echo "$(grep -m 1 CRITICAL /tmp/errors) $(tail -n 1 /tmp/out)"
}

# run_test PROGRAM SUBTESTS: an igt test, with its output in /tmp/out.
run_test() {
	local status

	LAB_KMSG_LEVEL=6 IGT_FORCE_DRIVER=radeon IGT_DEVICE="drm:/dev/dri/card$(minor "$wide")" \
		enter-igt timeout -k 5 400 "/usr/local/libexec/igt-gpu-tools/radeon/$1" \
		--run-subtest "$2" >/tmp/out 2>/tmp/errors
	status=$?
	case $status in
	0 | 77 | 98) ;; # skipped and failed subtests are for the table
	*) result fail "prime.$LAB_POOL" "$1 ended with status $status: $(test_output)" ;;
	esac
}

# measure: both directions; either GPU may be the tested one.
measure() {
	local what figures hex='\([0-9a-f]*\)' number='\([0-9]*\)' slots='\([-0-9]*\)' bo wrong

	run_test radeon_pool 'copies-*'
	sed -n "s/.*copies $hex $hex $number cached: $number\$/\\1.\\2.\\3 \\4/p" \
		/tmp/out >/tmp/copies
	run_test radeon_prime '*reads*-cached,*writes*-cached'
	bo="share $hex $hex $number cached \\([a-z]*\\)"
	wrong="wrong $number of $number error $number swiotlb $slots"
	sed -n "s/.*$bo: $wrong\$/\\1.\\2.\\3 \\4 \\5 \\6 \\7 \\8/p" /tmp/out | awk '
		FILENAME == "/tmp/copies" { copies[$1] = $2; next }
		{ print $1 "." $2, $3, $4, $5, ($1 in copies ? copies[$1] : "-"), $6 }
		' /tmp/copies - | card_names >/tmp/shared
	if [ -s /tmp/shared ]; then
		result pass "prime.$LAB_POOL" "$(wc -l </tmp/shared) BOs shared"
	else
		result fail "prime.$LAB_POOL" "radeon_prime has shared no BO: $(test_output)"
	fi
	while read -r what figures; do
		row "$LAB_POOL.$what" "$figures"
	done </tmp/shared
}

check_cards
needs_card_kinds
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
