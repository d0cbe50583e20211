# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# A GPU hangs, and its driver lets go of it. Then it comes back and works.
#
# limit: 1500
# silence: 240
# allow: ring [0-9]+ stalled for more than
# allow: GPU lockup
# allow: Wait for CP idle timeout
# allow: Buffer eviction failed

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	bdf=$(pci_address "$card")
	consoles_off
	run unbind-hung --card "$card"
	if dmesg | grep -q "$bdf: GPU lockup"; then
		result pass "$card.lockup" "the GPU did hang"
	else
		result fail "$card.lockup" "the driver has not seen that the GPU hangs"
	fi
	# RV370 has memory of the process, too.
	in_use=1
	[ "$card" = rv100 ] || in_use=2
	bos_left "$card" "$bdf" $in_use 0
	bind_radeon "$bdf"
	run gtt-move --card "$card" --limit-mib 8
done
unload_radeon
finish
