# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The parameter "backing" of our TTM: unknown values are refused, and a known value overrides the
# pool's choice. backing=device makes chunks on the bare machine, too: the trace events of chunks
# must match the pool's counters.

. /usr/lib/lab/lib.sh

modules=/usr/lib/lab/modules/$(uname -r)/new
tracing=/sys/kernel/tracing

# traced CARD EVENT KEY: a result: the trace has as many of these events of the card as the counter
# KEY says.
traced() {
	local events counted fields

	fields='caching=[a-z]* pages=[1-9][0-9]* piece_order=[0-9]* node='
	events=$(grep -c " $2: device=$(pci_address "$1") $fields" $tracing/trace)
	counted=$(backing_value "$1" "$3" sum)
	if [ "$events" -gt 0 ] && [ "$events" = "$counted" ]; then
		result pass "$1.traced.$3" "$events events $2"
	else
		result fail "$1.traced.$3" "$events events $2, but $3 is '$counted'"
	fi
}

check_cards
while read -r module; do
	modprobe "$module"
done <"$modules/depends"

if insmod "$modules/rttm.ko" backing=coherent 2>/dev/null; then
	result fail backing.refused "backing=coherent was accepted"
elif dmesg | grep -q 'backing=coherent is unknown: choose auto, shared, device or hypervisor'; then
	result pass backing.refused "backing=coherent is refused, with the list of valid values"
else
	result fail backing.refused "backing=coherent is refused without a message"
fi

# On the bare machine, where the pool chooses no coherent pages.
insmod "$modules/rttm.ko" backing=device || result fail backing.device "it was refused"
expect_backing="device contiguous"
for event in ttm_chunk_alloc ttm_chunk_free; do
	echo 1 >"$(echo $tracing/events/*/$event)/enable" ||
		result fail backing.traced "there is no event $event"
done
load_radeon
for card in $(cards); do
	run gtt-move --card "$card" --rounds 1
	traced "$card" ttm_chunk_alloc chunk_allocs
	# All shrinkers free unused memory.
	echo 2 >/proc/sys/vm/drop_caches
	traced "$card" ttm_chunk_free chunk_frees
done
parameter=/sys/module/rttm/parameters/backing
if echo coherent 2>/dev/null >$parameter; then
	result fail backing.sysfs "$parameter accepts an unknown value"
elif [ "$(cat $parameter)" = device ]; then
	result pass backing.sysfs "$parameter refuses an unknown value, and is still device"
else
	result fail backing.sysfs "$parameter is $(cat $parameter) instead of device"
fi
unload_radeon

# The next load chooses again.
expect_backing=
load_radeon
unload_radeon
finish
