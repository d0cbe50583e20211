# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Everything that needs no boot of its own: moves, waits, display, reload.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run gtt-move --card "$card" $(above_4g "$card")
	run fence-wait --card "$card"
	run modeset --card "$card"
done
reload_radeon
finish
