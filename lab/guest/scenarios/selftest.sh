# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver's own tests: ring, indirect buffer, and its move of the whole GTT.
# With Debian's driver the move test leaves its buffers pinned: nothing can follow in this boot.

. /usr/lib/lab/lib.sh

check_cards
# VRAM is full of pinned buffers: there is no room for a console's frame buffer.
modprobe drm_kms_helper
for emulation in /sys/module/*/parameters/fbdev_emulation; do
	echo N >"$emulation"
done
load_radeon test=1
for card in $(cards); do
	log_lacks move-errors "$card" "Error while testing BO move|Incorrect .* copy|Failed .* copy"
	offsets=$(driver_log "$card" |
		sed -n 's/.*Tested GTT->VRAM and VRAM->GTT copy for GTT offset \(0x[0-9a-f]*\).*/\1/p' |
		sort -u | wc -l)
	# Of 64 MiB in pieces of 1 MiB, less what is pinned.
	if [ "$offsets" -gt 20 ]; then
		result pass "$card.move-test" "$offsets GTT offsets of 1 MiB to VRAM and back"
	else
		result fail "$card.move-test" "only $offsets GTT offsets tested"
	fi
done
finish
