# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver binds a card while the first allocation that TTM makes for it fails; then once more
# while the second does; and so on, until there are no more. It may refuse the card, or do without,
# and each time it lets go of all it had. In the end it binds the card, which works.
#
# On a debug kernel: its checkers say what was wrong on the way. What the driver says of what it was
# denied, and the kernel of a device that is moved to no node, is expected:
#
# limit: 3600
# silence: 240
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

# bind_while ADDRESS N: with that allocation failing. Prints whether the card is bound, and whether
# there was such an allocation.
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

check_cards
if [ ! -e /proc/self/fail-nth ] || [ ! -e /sys/kernel/debug/failslab/require-start ]; then
	result fail bind-faults "no fault injection by stack trace: this is not a debug kernel"
	finish
fi
leaks_from_here
load_radeon
faults_in_ttm
for card in $(cards); do
	bdf=$(pci_address "$card")
	# Of a node's device the probe is a kernel thread's, which has no faults.
	[ "$(cat "/sys/bus/pci/devices/$bdf/numa_node")" -lt 0 ] ||
		echo -1 >"/sys/bus/pci/devices/$bdf/numa_node"
	n=0 refused=0 bound=0
	while :; do
		n=$((n + 1))
		consoles_off
		[ ! -d "/sys/bus/pci/drivers/radeon/$bdf" ] || echo "$bdf" >/sys/bus/pci/drivers/radeon/unbind
		set -- $(bind_while "$bdf" $n)
		lab "progress $card.bind-faults: allocation $n: $*"
		[ "$2" = failed ] || break
		case $1 in
		refused) refused=$((refused + 1)) ;;
		bound) bound=$((bound + 1)) ;;
		esac
	done
	if [ "$1" = bound ] && [ $refused -gt 0 ]; then
		result pass "$card.bind-faults" "$((n - 1)) allocations failed: $refused times the card was refused, $bound times not"
	else
		result fail "$card.bind-faults" "$1 without a fault, refused $refused times with one, of $((n - 1))"
	fi
	run gtt-move --card "$card" --limit-mib 8
done
leaks bind-faults
unload_radeon
leaks unload
finish
