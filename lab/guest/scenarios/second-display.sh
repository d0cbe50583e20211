# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# A display that QEMU emulates (lab.second_display=), with Debian's driver and TTM, and radeon on
# our TTM: both draw at the same time, and each is unloaded while the other works.

. /usr/lib/lab/lib.sh

driver=$LAB_SECOND_DISPLAY

# uses_ttm: does the other driver use Debian's TTM? bochs uses it through a library.
uses_ttm() {
	[ -e "/sys/module/ttm/holders/$driver" ] ||
		{ [ -e /sys/module/ttm/holders/drm_vram_helper ] &&
		  [ -e "/sys/module/drm_vram_helper/holders/$driver" ]; }
}

load_display() {
	if modprobe "$driver" && uses_ttm; then
		result pass "$driver.load" "$driver uses ttm"
	else
		result fail "$driver.load" "$driver does not load, or does not use ttm"
		finish
	fi
}

# unload_display: unload the driver and its TTM, which has no other user.
unload_display() {
	local module

	consoles_off
	for module in "$driver" drm_vram_helper drm_ttm_helper ttm; do
		[ -d "/sys/module/$module" ] || continue
		rmmod "$module" || break
	done
	if [ ! -d "/sys/module/$driver" ] && [ ! -d /sys/module/ttm ]; then
		result pass "$driver.unload" "$driver and ttm are unloaded"
	else
		result fail "$driver.unload" "$module cannot be unloaded"
		finish
	fi
}

# own_ttms: radeon and the other driver share no TTM.
own_ttms() {
	if [ "$LAB_POOL" != new ]; then
		result skip own-ttms "with Debian's radeon.ko both use ttm"
	elif [ -e /sys/module/rttm/holders/radeon ] && [ ! -e /sys/module/ttm/holders/radeon ] &&
	     [ ! -e "/sys/module/rttm/holders/$driver" ]; then
		result pass own-ttms "radeon uses rttm, $driver uses ttm"
	else
		result fail own-ttms "radeon does not use rttm, or $driver does"
	fi
}

check_cards
if [ -z "$driver" ]; then
	result fail second-display "there is no second display: boot with SECOND_DISPLAY=qxl|bochs"
	finish
fi
load_display
load_radeon
own_ttms
for card in $(cards); do
	run display-draw --driver "$driver" gtt-move --card "$card" --rounds 1
done
unload_radeon
run display-draw --driver "$driver"

load_radeon
for card in $(cards); do
	run display-draw --driver "$driver" gtt-move --card "$card" --rounds 1 --seed 2
done
# qxl does not free its interrupt (6.12 and 7.3): after an unload a read of /proc/interrupts
# crashes.
if [ "$driver" = qxl ]; then
	result skip qxl.unload "Debian's qxl cannot be unloaded without a crash"
else
	unload_display
	for card in $(cards); do
		run gtt-move --card "$card" --rounds 1 --seed 3
	done
fi
unload_radeon
finish
