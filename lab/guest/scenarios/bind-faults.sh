# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver is bound to a card while the first allocation that TTM makes for it fails; then again
# while the second fails; and so on, until there are no more. The driver may refuse the card or work
# without that memory, and must free all that it has allocated. At the end it is bound, and the card
# works.
#
# Runs on a debug kernel, whose checkers report errors.
#
# limit: 3600
#
# Messages of the driver about allocations that fail, and of the kernel about a device that is moved
# to no NUMA node:
#
# allow: Firmware Bug.*Overriding NUMA node
# allow: Fatal error during GPU init
# allow: \*ERROR\* failed initializing buffer object driver\(-12\)
# allow: \*ERROR\* Failed initializing (GTT|VRAM) heap
# allow: \(-12\) ring (create|map) failed
# allow: IB initialization failed \(-12\)
# allow: Disabling GPU acceleration
# allow: failed to create fbcon object -12
# allow: kmemleak: Cannot allocate a scan area
# allow: fbdev: Failed to setup emulation \(ret=-12\)

. /usr/lib/lab/lib.sh

# bind_while ADDRESS N: binds the card while allocation N fails. Prints whether it is bound, and
# whether there was such an allocation.
bind_while() {
	(
		echo "$2" >/proc/self/fail-nth
		echo "$1" >/sys/bus/pci/drivers/radeon/bind 2>/dev/null
		read -r left </proc/self/fail-nth
		echo 0 >/proc/self/fail-nth
		bound=refused
		[ ! -d "/sys/bus/pci/drivers/radeon/$1" ] || bound=bound
		[ "$left" -gt 0 ] && echo "$bound over" || echo "$bound failed"
	)
}

# bind_faults CARD ADDRESS: bind the card once for each allocation that fails.
bind_faults() {
	local n=0 refused=0 bound=0 driver=/sys/bus/pci/drivers/radeon

	while :; do
		n=$((n + 1))
		consoles_off
		[ ! -d "$driver/$2" ] || echo "$2" >$driver/unbind
		# shellcheck disable=SC2046 # two words
		set -- "$1" "$2" $(bind_while "$2" $n)
		host "progress $1.bind-faults: allocation $n: $3 $4"
		[ "$4" = failed ] || break
		case $3 in
		refused) refused=$((refused + 1)) ;;
		bound) bound=$((bound + 1)) ;;
		esac
	done
	if [ "$3" = bound ] && [ $refused -gt 0 ]; then
		result pass "$1.bind-faults" \
			"$((n - 1)) allocations failed: the card was refused $refused times and bound $bound times"
	else
		result fail "$1.bind-faults" \
			"$3 without a failed allocation, refused $refused times of $((n - 1)) with one"
	fi
}

check_cards
if [ ! -e /proc/self/fail-nth ] || [ ! -e /sys/kernel/debug/failslab/require-start ]; then
	result fail bind-faults "no fault injection by stack trace: this is not a debug kernel"
	finish
fi
leaks_from_here
load_radeon
fail_ttm_allocations
for card in $(cards); do
	bdf=$(pci_address "$card")
	# A device on a NUMA node is probed by a kernel thread, whose allocations do not fail.
	[ "$(cat "/sys/bus/pci/devices/$bdf/numa_node")" -lt 0 ] ||
		echo -1 >"/sys/bus/pci/devices/$bdf/numa_node"
	bind_faults "$card" "$bdf"
	run gtt-move --card "$card" --limit-mib 8
done
leaks bind-faults
unload_radeon
leaks unload
finish
