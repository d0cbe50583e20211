# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The parameter "backing" of our TTM: values that it does not know are refused, and one
# that it knows is stronger than what the pool would choose. With it chunks are made on the bare
# machine, too: its trace events tell of as many as the pool counts.

. /usr/lib/lab/lib.sh

modules=/usr/lib/lab/modules/$(uname -r)/new

tracing=/sys/kernel/tracing

# traced CARD EVENT KEY: the trace has had that event for the card as often as KEY says.
traced() {
	address=$(basename "$(readlink -f "/sys/class/drm/card$(minor "$1")/device")")
	told=$(grep -c " $2: device=$address caching=[a-z]* pages=[1-9][0-9]* piece_order=[0-9]* node=" $tracing/trace)
	counted=$(backing_value "$1" "$3" sum)
	if [ "$told" -gt 0 ] && [ "$told" = "$counted" ]; then
		result pass "$1.traced.$3" "$told events $2"
	else
		result fail "$1.traced.$3" "$told events $2, but $3 is '$counted'"
	fi
}

check_cards
while read -r module; do
	modprobe "$module"
done <"$modules/depends"

if insmod "$modules/rttm.ko" backing=coherent 2>/dev/null; then
	result fail backing.refused "backing=coherent was taken"
elif dmesg | grep -q 'backing=coherent is unknown: choose auto, shared, device or hypervisor'; then
	result pass backing.refused "backing=coherent is refused, with the list of good values"
else
	result fail backing.refused "backing=coherent is refused without a word"
fi

# On the bare machine, where nothing else leads to coherent pages.
insmod "$modules/rttm.ko" backing=device || result fail backing.device "it is not taken"
expect_backing="device contiguous"
for event in ttm_chunk_alloc ttm_chunk_free; do
	echo 1 >"$(echo $tracing/events/*/$event)/enable" ||
		result fail backing.traced "there is no event $event"
done
load_radeon
for card in $(cards); do
	run gtt-move --card "$card" --rounds 1
	traced "$card" ttm_chunk_alloc chunk_allocs
	# All shrinkers: what is free goes back to the system.
	echo 2 >/proc/sys/vm/drop_caches
	traced "$card" ttm_chunk_free chunk_frees
done
parameter=/sys/module/rttm/parameters/backing
if echo coherent 2>/dev/null >$parameter; then
	result fail backing.sysfs "$parameter takes anything"
elif [ "$(cat $parameter)" = device ]; then
	result pass backing.sysfs "$parameter refuses nonsense, and is still device"
else
	result fail backing.sysfs "$parameter is $(cat $parameter) instead of device"
fi
unload_radeon

# And back: the next load chooses for itself.
expect_backing=
load_radeon
unload_radeon
finish
