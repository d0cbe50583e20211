# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# All that one boot can hold: moves, waits, display, reload, and last the driver's
# own tests, after which the machine has to end.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run gtt-move --card "$card" $(above_4g "$card")
	run fence-wait --card "$card"
	run modeset --card "$card"
done
reload_radeon
unload_radeon
. /usr/lib/lab/scenarios/selftest.sh
