# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The parameter "backing" of our TTM: values that it does not know are refused, and one
# that it knows is stronger than what the pool would choose.

. /usr/lib/lab/lib.sh

modules=/usr/lib/lab/modules/$(uname -r)/new

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
load_radeon
for card in $(cards); do
	run gtt-move --card "$card" --rounds 1
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
