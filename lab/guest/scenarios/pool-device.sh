# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The hypervisor's pool device (POOL_DEVICE=default), with a card of 32 bits and one of more. The
# pool follows a valid capability. An invalid one is refused with one line in the log and changes
# nothing. The device and the cards are bound and unbound in any order, while BOs exist. After each
# change the GPUs move BOs.
#
# needs: pool-device
# limit: 1200
#
# A refusal is an error in the kernel's log:
#
# allow: pool device refused:

. /usr/lib/lab/lib.sh

driver=/sys/bus/pci/drivers/ttm-pool

# pool_device: its PCI address; nothing if it is not there.
pool_device() {
	local device

	for device in /sys/bus/pci/devices/*; do
		if [ "$(cat "$device/vendor"):$(cat "$device/device")" = 0x1af4:0x10f0 ]; then
			echo "${device##*/}"
			return
		fi
	done
}

# set_capability FIELDS: the device has this capability from now on, and is bound again.
set_capability() {
	local reply

	[ ! -e "$driver/$address" ] || echo "$address" >$driver/unbind
	reply=$(lab-probe pool set "$1")
	case $reply in
	ok*) ;;
	*) result fail "capability.$1" "the model refuses it: $reply" ;;
	esac
	echo "<5>@lab pool device: $1" >/dev/kmsg
	echo "$address" >$driver/bind 2>/dev/null
}

# log_since: the kernel's log about the pool device since set_capability.
log_since() {
	dmesg | awk '
		/@lab pool device: / { text = ""; next }
		/@lab / { next }
		/ ttm-pool | pool device/ { text = text $0 "\n" }
		END { printf "%s", text }'
}

# pool_value KEY: the sum of a row in all tables of the pool's file.
pool_value() {
	awk -v key="$1" '$1 == key { sum += $2 + $3 + $4 } END { print sum + 0 }' \
		"/sys/kernel/debug/$(ttm)/pool_device"
}

# expected CARD CASE: print the backing and shape that a card must have in that case; empty if they
# are those without a pool device.
expected() {
	local kind=wide

	! is_narrow "$1" || kind=narrow
	case $2-$kind-$(machine) in
	absent-*) ;;
	default-wide-* | normal-wide-*) echo "hypervisor scattered" ;;
	default-narrow-* | dma32-narrow-*) echo "hypervisor contiguous" ;;
	# No card reaches all of it.
	wide-* | contiguous-*) echo "hypervisor contiguous" ;;
	# The card reaches all of the bus, so it uses pages as they are.
	dma32-wide-* | none-wide-*) echo "shared -" ;;
	# Pages may be out of its reach: the capability is ignored.
	normal-narrow-* | none-narrow-*) echo "device contiguous" ;;
	own-wide-Xen*) echo "device scattered" ;;
	own-*) echo "device contiguous" ;;
	plain-*-bare) echo "shared -" ;;
	plain-narrow-*) echo "device contiguous" ;;
	plain-wide-*) echo "shared -" ;;
	esac
}

# works NAME CASE: each GPU moves BOs, whose pages have the expected backing.
works() {
	local card expect

	for card in $(cards); do
		expect=$(expected "$card" "$2")
		[ -n "$expect" ] || expect=$(needed_backing "$card")
		moves_from "$1" "$card" "$expect"
	done
}

# accepts NAME CASE FIELDS: a valid capability: the device is bound, and the pool follows
# it.
accepts() {
	set_capability "$3"
	if [ ! -e "$driver/$address" ]; then
		result fail "$1.bound" "it is not bound: $(log_since)"
	elif [ "$(log_since | wc -l)" -ne 1 ]; then
		result fail "$1.bound" "more than one line: $(log_since)"
	else
		result pass "$1.bound" "$(log_since | without_time)"
	fi
	works "$1" "$2"
}

# refuses NAME FIELDS TEXT: an invalid capability: the device is refused with one line that says
# why, and the pool works as if it were absent.
refuses() {
	local lines

	set_capability "$2"
	lines=$(log_since)
	if [ -e "$driver/$address" ]; then
		result fail "$1.refused" "it is bound: $lines"
	elif [ "$(echo "$lines" | wc -l)" -ne 1 ]; then
		result fail "$1.refused" "more than one line: $lines"
	elif echo "$lines" | grep -qF "pool device refused: $3"; then
		result pass "$1.refused" "$(echo "$lines" | without_time)"
	else
		result fail "$1.refused" "not '$3': $lines"
	fi
	works "$1" absent
}

# tool NAME PATTERN...: a result: ttm-pool-info prints these lines.
tool() {
	local name=$1 status pattern

	shift
	ttm-pool-info >/tmp/info 2>&1
	status=$?
	for pattern; do
		if ! grep -qE "$pattern" /tmp/info; then
			cat /tmp/info
			result fail "tool.$name" \
				"ttm-pool-info (status $status) does not print '$pattern'"
			return
		fi
	done
	result pass "tool.$name" "$(grep -cv '^$' /tmp/info) lines, with all that were expected"
}

# only_used NAME: a result: the only chunks left have pages in use. The BOs that use them are the
# cards' rings, which were created while the device was there.
only_used() {
	local chunks in_use text

	chunks=$(pool_value chunks) in_use=$(pool_value in_use)
	text="$chunks chunks are left, with $in_use pages in use and $(pool_value free) free"
	if [ "$chunks" -gt 0 ] && [ "$chunks" -le "$in_use" ]; then
		result pass "$1" "$text"
	else
		result fail "$1" "$text"
	fi
}

# rebind: unbind and bind the pool device.
rebind() {
	echo "$address" >$driver/unbind && usleep 100000 && echo "$address" >$driver/bind &&
		usleep 200000 && [ -e "$driver/$address" ]
}

# random_capability SEED: 32 bytes in hexadecimal: a valid capability with up to three bytes
# changed.
random_capability() {
	awk -v seed="$1" 'BEGIN {
		srand(seed + 1)
		split("09 00 20 01 54 54 4d 50 03 00 00 00 03 00 00 00 " \
			"28 00 00 00 58 65 6e 56 4d 4d 58 65 6e 56 4d 4d", b, " ")
		for (n = int(rand() * 4); n > 0; n--) {
			limit = rand() < 0.5 ? 4 : 256
			b[3 + int(rand() * 30)] = sprintf("%02x", int(rand() * limit))
		}
		for (i = 1; i <= 32; i++)
			printf "%s", b[i]
	}'
}

# conforms: does ttm-pool-info, which reads the format on its own, find the capability valid?
conforms() {
	! ttm-pool-info 2>/dev/null | sed -n '/^pool device/,/^[^ ]*$/p' | grep -q 'NOT VALID'
}

# random_capabilities COUNT: a result: the kernel binds the device if and only if the capability is
# valid.
random_capabilities() {
	local turns=0 taken=0 wrong=0 raw bound valid

	while [ $turns -lt "$1" ]; do
		raw=$(random_capability $turns)
		set_capability "raw=$raw"
		bound=no valid=no
		[ ! -e "$driver/$address" ] || bound=yes
		! conforms || valid=yes
		if [ $bound != $valid ]; then
			wrong=$((wrong + 1))
			echo "raw=$raw: valid: $valid, bound: $bound"
		fi
		[ $bound = no ] || taken=$((taken + 1))
		turns=$((turns + 1))
	done
	if [ $wrong -eq 0 ] && [ $taken -gt 0 ] && [ $taken -lt $turns ]; then
		result pass fuzz "$turns capabilities, of which the $taken valid ones were accepted"
	else
		result fail fuzz \
			"$turns capabilities, $taken accepted, $wrong wrongly accepted or refused"
	fi
}

check_cards
needs_card_kinds
address=$(pool_device)
if [ -z "$address" ]; then
	result fail pool-device "this machine has no pool device: boot it with POOL_DEVICE=default"
	finish
fi
# The device is there first, then TTM, then the GPUs.
expect_backing=hypervisor
load_radeon
if [ -e "$driver/$address" ]; then
	result pass first.bound "$address is bound by ttm-pool"
else
	result fail first.bound "$address is not bound: $(dmesg | grep 'pool device')"
fi
moves_limit=64
works first default
moves_limit=6
for card in $(cards); do
	run fence-wait --card "$card"
done
tool default "^pool device +$address .1af4:10f0., ttm-pool" '^ +zones +DMA32 NORMAL$' \
	'^ +width +40 bits$' '^ +hypervisor +XenVMMXenVMM$' '^ +backing +hypervisor$' \
	'^ +DMA reach +(32|40) bits'

# Valid capabilities.
accepts dma32 dma32 zones=1
accepts normal normal zones=2
accepts none none zones=0
accepts plain plain zones=0,flags=1
accepts own own flags=2
accepts contiguous contiguous flags=1
accepts wide wide width=64,hypervisor=KVMKVMKVM
accepts unprintable default 'hypervisor=\xff\x1b[31mred'
if log_since | grep -qF 'pool device of "..[31mred"'; then
	result pass unprintable.text "unprintable bytes are replaced in the log"
else
	result fail unprintable.text "$(log_since)"
fi
accepts default default version=1

# Invalid capabilities.
refuses version version=2 "version 2 is unknown, this kernel knows 1"
only_used version.chunks
refuses signature signature=TTMQ "signature 54544d51 is not 54544d50 (TTMP)"
refuses short length=31 "length 31 is not 32"
refuses long length=255 "length 255 is not 32"
refuses zones zones=0x80000003 "zones 0x80000003 have reserved bits, 0x7 are defined"
refuses flags flags=4 "flags 0x4 have reserved bits, 0x3 are defined"
tool refused "^pool device +$address .*no driver" '^ +flags .*NOT VALID'
refuses reserved reserved=0x800000 "reserved bytes 17 to 19 are 000080, not zero"
refuses narrow width=31 "bus addresses of 31 bits are not within 32 to 64"
refuses vast width=255 "bus addresses of 255 bits are not within 32 to 64"

# The device is unbound and bound while BOs exist and move.
accepts again default version=1
moves_during rebind-busy rebind

# One card is unbound; the other continues to use its own pages.
bdf=$(pci_address "$narrow")
gtt-move --card "$wide" --rounds 2 --seed 78 --limit-mib 32 >/tmp/moved &
job=$!
consoles_off
echo "$bdf" >/sys/bus/pci/drivers/radeon/unbind
wait $job
status=$?
nest </tmp/moved
if [ $status -eq 0 ]; then
	result pass "unbind-one.$wide" "contents are right while $narrow is unbound"
else
	result fail "unbind-one.$wide" "wrong contents while $narrow is unbound"
fi
echo "$bdf" >/sys/bus/pci/drivers/radeon/bind
works rebound default

# The device is removed, and comes back after the GPUs.
echo 1 >"/sys/bus/pci/devices/$address/remove"
works removed absent
unload_radeon
expect_backing=
load_radeon
works alone absent
echo 1 >/sys/bus/pci/rescan
if [ -e "$driver/$address" ]; then
	result pass late.bound "$address came back, and is bound"
else
	result fail late.bound "$address came back as '$(pool_device)' and is not bound"
fi
works late default

# Unload and load with the device bound.
unload_radeon
expect_backing=hypervisor
load_radeon
unload_radeon

load-radeon gartsize=64
random_capabilities "${LAB_FUZZ:-30}"
accepts after-fuzz default version=1
unload_radeon
finish
