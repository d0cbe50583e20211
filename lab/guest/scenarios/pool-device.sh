# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The hypervisor's pool device (POOL_DEVICE=default), with both cards: what it says is what
# the pool does; whatever is wrong with it is refused by one line and changes nothing; and
# it comes and goes, as the cards do, in any order, while BOs live. After each change the
# GPUs move BOs through their new mappings.
#
# A refusal is an error in the kernel's log:
#
# needs: pool-device
# limit: 1200
# silence: 240
# allow: pool device refused: 

. /usr/lib/lab/lib.sh

driver=/sys/bus/pci/drivers/ttm-pool

# Where the pool device is on the bus; nothing when it is not.
pool_device() {
	for device in /sys/bus/pci/devices/*; do
		if [ "$(cat "$device/vendor"):$(cat "$device/device")" = 0x1af4:0x10f0 ]; then
			echo "${device##*/}"
			return
		fi
	done
}

# say FIELDS: the device says this from now on; the driver looks again.
say() {
	[ ! -e "$driver/$address" ] || echo "$address" >$driver/unbind
	reply=$(lab-probe pool set "$1")
	case $reply in
	ok*) ;;
	*) result fail "say.$1" "the device does not say so: $reply" ;;
	esac
	echo "<5>@lab pool device: $1" >/dev/kmsg
	echo "$address" >$driver/bind 2>/dev/null
}

# since_say: what the kernel has said of the pool device since.
since_say() {
	dmesg | awk '/@lab pool device: / { text = ""; next } / ttm-pool | pool device/ { text = text $0 "\n" } END { printf "%s", text }'
}

# pool_value KEY [DEVICE]: from the pool's own file, of the table of a DMA width or of all.
pool_value() {
	awk -v key="$1" -v device="${2:-}" '
		$1 == "device" { now = $2 }
		$1 == key && (device == "" || now == device) { sum += $2 + $3 + $4 }
		END { print sum + 0 }' "/sys/kernel/debug/$ttm/pool_device"
}

# expected CARD CASE: the backing and shape that a card has to have then.
expected() {
	case $2-$1-$(machine) in
	absent-*) ;;
	default-rv370-* | normal-rv370-*) echo "hypervisor scattered" ;;
	default-rv100-* | dma32-rv100-*) echo "hypervisor contiguous" ;;
	# No card reaches all of it.
	wide-* | contiguous-*) echo "hypervisor contiguous" ;;
	# It reaches all of the bus: pages as they are, one by one.
	dma32-rv370-* | none-rv370-*) echo "shared -" ;;
	# Pages may be out of its reach: the device is not believed.
	normal-rv100-* | none-rv100-*) echo "device contiguous" ;;
	own-rv370-Xen*) echo "device scattered" ;;
	own-*) echo "device contiguous" ;;
	plain-*-bare) echo "shared -" ;;
	plain-rv100-*) echo "device contiguous" ;;
	plain-rv370-*) echo "shared -" ;;
	esac
}

# works NAME CASE: each GPU moves BOs, whose pages come from where they should.
works() {
	for card in $(cards); do
		expect=$(expected "$card" "$2")
		[ -n "$expect" ] || expect=$(needed_backing "$card")
		moves_from "$1" "$card" "$expect"
	done
}

# accepts NAME CASE FIELDS: the device is bound, and the cards do as it says.
accepts() {
	say "$3"
	if [ ! -e "$driver/$address" ]; then
		result fail "$1.bound" "it is not bound: $(since_say)"
	elif [ "$(since_say | wc -l)" -ne 1 ]; then
		result fail "$1.bound" "more than one line: $(since_say)"
	else
		result pass "$1.bound" "$(since_say | sed 's/^\[[^]]*\] *//')"
	fi
	works "$1" "$2"
}

# refuses NAME FIELDS TEXT: the device is refused by one line that says why, and all goes on
# as without it.
refuses() {
	say "$2"
	lines=$(since_say)
	if [ -e "$driver/$address" ]; then
		result fail "$1.refused" "it is bound: $lines"
	elif [ "$(echo "$lines" | wc -l)" -ne 1 ]; then
		result fail "$1.refused" "more than one line: $lines"
	elif echo "$lines" | grep -qF "pool device refused: $3"; then
		result pass "$1.refused" "$(echo "$lines" | sed 's/^\[[^]]*\] *//')"
	else
		result fail "$1.refused" "not '$3': $lines"
	fi
	works "$1" absent
}

# tool NAME PATTERN...: ttm-pool-info says so.
tool() {
	name=$1
	shift
	ttm-pool-info >/tmp/info 2>&1
	status=$?
	for pattern; do
		if ! grep -qE "$pattern" /tmp/info; then
			cat /tmp/info
			result fail "tool.$name" "ttm-pool-info (status $status) does not say '$pattern'"
			return
		fi
	done
	result pass "tool.$name" "$(grep -cv '^$' /tmp/info) lines, among them what was looked for"
}

# only_used NAME: the chunks that are left are those that BOs have pages of: the rings of the
# cards, which were made when the device was there.
only_used() {
	chunks=$(pool_value chunks) in_use=$(pool_value in_use)
	text="$chunks chunks are left, with $in_use pages in use and $(pool_value free) free"
	if [ "$chunks" -gt 0 ] && [ "$chunks" -le "$in_use" ]; then
		result pass "$1" "$text"
	else
		result fail "$1" "$text"
	fi
}

check_cards
address=$(pool_device)
if [ -z "$address" ]; then
	result fail pool-device "this machine has no pool device: boot it with POOL_DEVICE=default"
	finish
fi
ttm=rttm
case $(uname -r) in
*-debug) ttm=ttm ;;
esac
# The device was there first, then TTM, then the GPUs.
expect_backing_rv370="hypervisor scattered"
expect_backing_rv100="hypervisor contiguous"
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

# What it may say.
accepts dma32 dma32 zones=1
accepts normal normal zones=2
accepts none none zones=0
accepts plain plain zones=0,flags=1
accepts own own flags=2
accepts contiguous contiguous flags=1
accepts wide wide width=64,hypervisor=KVMKVMKVM
accepts unprintable default 'hypervisor=\xff\x1b[31mred'
if since_say | grep -qF 'pool device of "..[31mred"'; then
	result pass unprintable.text "the log has no byte that is not printable"
else
	result fail unprintable.text "$(since_say)"
fi
accepts default default version=1

# What it may not.
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

# It goes and comes while BOs live and move.
accepts again default version=1
rebind() {
	echo "$address" >$driver/unbind && usleep 100000 && echo "$address" >$driver/bind &&
		usleep 200000 && [ -e "$driver/$address" ]
}
moves_during rebind-busy rebind

# One card goes; the other stays on the chunks that both had.
bdf=$(basename "$(readlink -f "/sys/class/drm/card$(minor rv100)/device")")
gtt-move --card rv370 --rounds 2 --seed 78 --limit-mib 32 >/tmp/moved 2>&1 &
job=$!
consoles_off
echo "$bdf" >/sys/bus/pci/drivers/radeon/unbind
if wait $job; then
	result pass unbind-one.rv370 "its BOs are right while rv100 went"
else
	cat /tmp/moved
	result fail unbind-one.rv370 "wrong contents when rv100 went"
fi
echo "$bdf" >/sys/bus/pci/drivers/radeon/bind
works rebound default

# The device is pulled out, and comes back after the GPUs.
echo 1 >"/sys/bus/pci/devices/$address/remove"
works removed absent
unload_radeon
expect_backing_rv370=
expect_backing_rv100=
load_radeon
works alone absent
echo 1 >/sys/bus/pci/rescan
if [ -e "$driver/$address" ]; then
	result pass late.bound "$address came back, and is bound"
else
	result fail late.bound "$address came back as '$(pool_device)' and is not bound"
fi
works late default

# All of it again, from the start.
unload_radeon
expect_backing_rv370="hypervisor scattered"
expect_backing_rv100="hypervisor contiguous"
load_radeon
unload_radeon

# Any bytes: what the kernel takes is what conforms, by another reading of the format.
load-radeon gartsize=64
turns=0 taken=0 wrong=0
while [ $turns -lt "${LAB_FUZZ:-30}" ]; do
	# Mostly right, with a few bytes that are not: else nothing would ever be taken.
	raw=$(awk -v seed="$turns" 'BEGIN {
		srand(seed + 1)
		split("09 00 20 01 54 54 4d 50 03 00 00 00 03 00 00 00 28 00 00 00 58 65 6e 56 4d 4d 58 65 6e 56 4d 4d", b, " ")
		for (n = int(rand() * 4); n > 0; n--)
			b[3 + int(rand() * 30)] = sprintf("%02x", int(rand() * (rand() < 0.5 ? 4 : 256)))
		for (i = 1; i <= 32; i++)
			printf "%s", b[i]
	}')
	say "raw=$raw"
	bound=no
	[ ! -e "$driver/$address" ] || bound=yes
	conforms=yes
	! ttm-pool-info 2>/dev/null | sed -n '/^pool device/,/^[^ ]*$/p' | grep -q 'NOT VALID' || conforms=no
	if [ $bound != $conforms ]; then
		wrong=$((wrong + 1))
		echo "raw=$raw: conforms: $conforms, bound: $bound"
	fi
	[ $bound = no ] || taken=$((taken + 1))
	turns=$((turns + 1))
done
if [ $wrong -eq 0 ] && [ $taken -gt 0 ] && [ $taken -lt $turns ]; then
	result pass fuzz "$turns capabilities, $taken of them taken, all that conform"
else
	result fail fuzz "$turns capabilities, $taken taken, $wrong of them wrongly or wrongly not"
fi
accepts after-fuzz default version=1
unload_radeon
finish
