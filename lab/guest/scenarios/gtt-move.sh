# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# All of the GTT to VRAM and back, every word checked.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	move_whole_gtt "$card"
done
finish
