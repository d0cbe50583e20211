# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# A GPU hangs, and the driver is unbound from it, twice: a client waits for a copy, and for a page
# flip. After it is bound again the card works.
#
# limit: 1500
# allow: ring [0-9]+ stalled for more than
# allow: GPU lockup
# allow: Wait for CP idle timeout
# allow: the GPU has not completed its commands
# allow: failed to wait on page flip fence \(-19\)

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	bdf=$(pci_address "$card")
	consoles_off
	run unbind-hung --card "$card"
	if dmesg | grep -q "$bdf: GPU lockup"; then
		result pass "$card.lockup" "the driver has detected the lockup"
	else
		result fail "$card.lockup" "the driver has not detected the lockup"
	fi
	coherent_left "$card" "$bdf" 0
	bind_radeon "$bdf"
	consoles_off
	run unbind-clients --card "$card" --case flip
	bind_radeon "$bdf"
	run gtt-move --card "$card" --limit-mib 8
done
unload_radeon
finish
