# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The firmware is missing, as in a distribution without non-free packages. Then there is no
# acceleration, and all else works: modes, page flips, vertical blanks, BOs in VRAM and in the GTT,
# a suspend, an unbind and a bind.
#
# args: lab.gartsize=-1
# limit: 1200
# allow: radeon_cp: Failed to load firmware
# allow: ERROR\* Failed to load firmware
# allow: Disabling GPU acceleration

. /usr/lib/lab/lib.sh

# displays NAME: a result for each card: modes, flips, and BOs without the GPU.
displays() {
	local card

	for card in $(cards); do
		run modeset --card "$card"
		run keep-bos --card "$card" --cpu </dev/null
	done
}

check_cards
# The kernel looks for firmware in the other directory.
mv /usr/lib/firmware /usr/lib/no-firmware
if ! load-radeon gartsize="$LAB_GARTSIZE"; then
	result fail load "the driver cannot be loaded without firmware"
	finish
fi
for card in $(cards); do
	log_has accel "$card" "Disabling GPU acceleration"
done
displays
suspend_result suspend freeze devices
displays
for card in $(cards); do
	bdf=$(pci_address "$card")
	consoles_off
	echo "$bdf" >/sys/bus/pci/drivers/radeon/unbind
	bind_radeon "$bdf"
done
displays
unload_radeon
finish
