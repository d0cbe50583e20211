# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The module that makes the pool device in a Xen PV domain (drivers/xen/xen-ttm-pool.c), with both
# cards: TTM takes it for any other, it comes and goes while BOs live, and it refuses to load
# where it has no business.

. /usr/lib/lab/lib.sh

# provider [PARAMETER=VALUE]...: load it.
provider() {
	case $(uname -r) in
	*-debug) modprobe xen-ttm-pool "$@" ;;
	*) insmod "/usr/lib/lab/modules/$(uname -r)/new/xen-ttm-pool.ko" "$@" ;;
	esac
}

# refused NAME TEXT [PARAMETER=VALUE]...: it does not load, and says why.
refused() {
	name=$1 text=$2
	shift 2
	if provider "$@" 2>/dev/null; then
		rmmod xen_ttm_pool
		result fail "refused.$name" "it was loaded"
	elif dmesg | grep -qF "xen_ttm_pool: not loaded: $text"; then
		result pass "refused.$name" "$(dmesg | grep -F "xen_ttm_pool: not loaded: $text" | tail -n 1 | sed 's/^\[[^]]*\] *//')"
	else
		result fail "refused.$name" "it did not say '$text'"
	fi
}

check_cards
if [ "$(machine)" = bare ]; then
	refused bare "this is not a Xen PV domain"
	finish
fi
refused zones "zones=2 is unknown: choose 1 (DMA32) or 3 (DMA32 and NORMAL)" zones=2

# Before the GPUs.
provider || result fail provider "it cannot be loaded"
expect_backing_rv370="hypervisor scattered"
expect_backing_rv100="hypervisor contiguous"
load_radeon
moves_limit=32
for card in $(cards); do
	eval "moves_from first $card \"\$expect_backing_$card\""
done
moves_limit=6
move_on_all
row xen_provider_width "$(awk '$1 == "width" { print $2 }' /sys/kernel/debug/*ttm/pool_device)"

# While the GPUs work.
reload() {
	rmmod xen_ttm_pool && usleep 100000 && provider && usleep 200000
}
moves_during reload-busy reload

# And without it, and with what a card of many bits does not need.
rmmod xen_ttm_pool
for card in $(cards); do
	moves_from gone "$card" "$(needed_backing "$card")"
done
provider zones=1
moves_from narrow rv370 "shared -"
moves_from narrow rv100 "hypervisor contiguous"
unload_radeon
rmmod xen_ttm_pool || result fail provider "it cannot be unloaded"
if dmesg | grep -q 'Failed to add\|Failed to delete'; then
	result fail xen "Xen was told of it: $(dmesg | grep 'Failed to add\|Failed to delete' | head -n 1)"
else
	result pass xen "Xen was not told of it"
fi
finish
