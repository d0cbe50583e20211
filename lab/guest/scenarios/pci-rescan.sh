# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Each card is removed from the PCI bus while its GPU moves BOs, and found again by a rescan. The
# other cards continue to work. Afterwards the card works.
#
# limit: 1200

. /usr/lib/lab/lib.sh

check_cards
load_radeon
consoles_off
for card in $(cards); do
	device=/sys/bus/pci/devices/$(pci_address "$card")
	start_moves --rounds 2 --seed 77 --limit-mib 32
	sleep 2
	if moves_running; then
		result pass "$card.busy" "it moves BOs"
	else
		result fail "$card.busy" "its moves have ended already"
	fi
	echo 1 >"$device/remove"
	[ ! -e "$device" ] || result fail "$card.removed" "$device is still there"
	wait_for_moves "$card"
	echo 1 >/sys/bus/pci/rescan
	. /usr/lib/lab/vram-window.sh
	if [ -n "$(minor "$card")" ]; then
		result pass "$card.found" "the driver is bound to it again"
		run gtt-move --card "$card" --rounds 1 --limit-mib 8
	else
		result fail "$card.found" "the driver is not bound to it after the rescan"
	fi
done
unload_radeon
finish
