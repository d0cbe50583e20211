# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Another driver that uses TTM (lab.second_display=), Debian's with Debian's TTM, beside ours with
# ours: both draw at the same time, and each goes while the other works, in either order.

. /usr/lib/lab/lib.sh

# uses_ttm: bochs does through a library.
uses_ttm() {
	[ -e "/sys/module/ttm/holders/$LAB_SECOND_DISPLAY" ] ||
		{ [ -e /sys/module/ttm/holders/drm_vram_helper ] &&
		  [ -e "/sys/module/drm_vram_helper/holders/$LAB_SECOND_DISPLAY" ]; }
}

load_second() {
	if modprobe "$LAB_SECOND_DISPLAY" && uses_ttm; then
		result pass "$LAB_SECOND_DISPLAY.load" "$LAB_SECOND_DISPLAY uses ttm"
	else
		result fail "$LAB_SECOND_DISPLAY.load" "$LAB_SECOND_DISPLAY does not load, or does not use ttm"
		finish
	fi
}

# unload_second: with its TTM, which no one else uses.
unload_second() {
	consoles_off
	for module in "$LAB_SECOND_DISPLAY" drm_vram_helper drm_ttm_helper ttm; do
		[ -d "/sys/module/$module" ] || continue
		rmmod "$module" || break
	done
	if [ ! -d "/sys/module/$LAB_SECOND_DISPLAY" ] && [ ! -d /sys/module/ttm ]; then
		result pass "$LAB_SECOND_DISPLAY.unload" "$LAB_SECOND_DISPLAY and ttm are gone"
	else
		result fail "$LAB_SECOND_DISPLAY.unload" "$module cannot be unloaded"
		finish
	fi
}

# own_ttms: radeon and the other driver have nothing of TTM in common.
own_ttms() {
	if [ "$LAB_POOL" != new ]; then
		result skip own-ttms "with Debian's radeon.ko both use ttm"
	elif [ -e /sys/module/rttm/holders/radeon ] && [ ! -e /sys/module/ttm/holders/radeon ] &&
	     [ ! -e "/sys/module/rttm/holders/$LAB_SECOND_DISPLAY" ]; then
		result pass own-ttms "radeon uses rttm, $LAB_SECOND_DISPLAY uses ttm"
	else
		result fail own-ttms "radeon does not use rttm, or $LAB_SECOND_DISPLAY does"
	fi
}

check_cards
if [ -z "$LAB_SECOND_DISPLAY" ]; then
	result fail second-display "this machine has no other display: boot with SECOND_DISPLAY=qxl|bochs"
	finish
fi
load_second
load_radeon
own_ttms
for card in $(cards); do
	run display-draw --driver "$LAB_SECOND_DISPLAY" gtt-move --card "$card" --rounds 1
done
unload_radeon
run display-draw --driver "$LAB_SECOND_DISPLAY"

load_radeon
for card in $(cards); do
	run display-draw --driver "$LAB_SECOND_DISPLAY" gtt-move --card "$card" --rounds 1 --seed 2
done
# qxl never gives its interrupt back (6.12 and 7.3): whoever reads /proc/interrupts after
# it has gone crashes.
if [ "$LAB_SECOND_DISPLAY" = qxl ]; then
	result skip qxl.unload "Debian's qxl cannot be unloaded without a crash"
else
	unload_second
	for card in $(cards); do
		run gtt-move --card "$card" --rounds 1 --seed 3
	done
fi
unload_radeon
finish
