# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The module that makes the pool device in a Xen PV domain (drivers/xen/xen-ttm-pool.c), with a card
# of 32 bits and one of more: TTM uses it like any other pool device, it is unloaded and loaded
# while BOs exist, and it refuses to load elsewhere.

. /usr/lib/lab/lib.sh

# provider [PARAMETER=VALUE]...: load the module.
provider() {
	case $(uname -r) in
	*-debug | *-src) modprobe xen-ttm-pool "$@" ;;
	*) insmod "/usr/lib/lab/modules/$(uname -r)/new/xen-ttm-pool.ko" "$@" ;;
	esac
}

# refused NAME TEXT [PARAMETER=VALUE]...: a result: the module refuses to load, with that message.
refused() {
	local name=$1 text=$2 line

	shift 2
	if provider "$@" 2>/dev/null; then
		rmmod xen_ttm_pool
		result fail "refused.$name" "it was loaded"
		return
	fi
	line=$(dmesg | grep -F "xen_ttm_pool: not loaded: $text" | tail -n 1 | without_time)
	if [ -n "$line" ]; then
		result pass "refused.$name" "$line"
	else
		result fail "refused.$name" "no message '$text'"
	fi
}

check_cards
if [ "$(machine)" = bare ]; then
	refused bare "this is not a Xen PV domain"
	finish
fi
needs_card_kinds
refused zones "zones=2 is unknown: choose 1 (DMA32) or 3 (DMA32 and NORMAL)" zones=2

# Before the GPUs.
provider || result fail provider "it cannot be loaded"
expect_backing=hypervisor
load_radeon
moves_limit=32
for card in $(cards); do
	moves_from first "$card" "$(with_shape hypervisor "$card")"
done
moves_limit=6
move_on_all
row xen_provider_width "$(awk '$1 == "width" { print $2 }' /sys/kernel/debug/*ttm/pool_device)"

# While the GPUs work.
reload() {
	rmmod xen_ttm_pool && usleep 100000 && provider && usleep 200000
}
moves_during reload-busy reload

# Without it, and with a zone that a card of more than 32 bits does not need.
rmmod xen_ttm_pool
for card in $(cards); do
	moves_from gone "$card" "$(needed_backing "$card")"
done
provider zones=1
moves_from narrow "$wide" "shared -"
moves_from narrow "$narrow" "hypervisor contiguous"
unload_radeon
rmmod xen_ttm_pool || result fail provider "it cannot be unloaded"
if dmesg | grep -q 'Failed to add\|Failed to delete'; then
	result fail xen \
		"Xen was told of the device: $(dmesg | grep 'Failed to add\|Failed to delete' | head -n 1)"
else
	result pass xen "Xen was not told of the device"
fi
finish
