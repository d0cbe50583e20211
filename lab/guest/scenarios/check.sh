# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The standard tests of a card in one boot: moves, waits, display, reload, and last the driver's own
# tests. After these no other test can run.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	move_whole_gtt "$card"
	run fence-wait --card "$card"
	run modeset --card "$card"
done
reload_radeon
unload_radeon
driver_selftest
finish
