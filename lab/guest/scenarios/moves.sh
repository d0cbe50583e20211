# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Moves and waits on every card, on one after the other and on all at the same time.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	move_whole_gtt "$card"
	run fence-wait --card "$card"
done
move_on_all
finish
