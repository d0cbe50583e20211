# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Something of everything, for a model that runs slowly because it checks itself.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run gtt-move --card "$card" --rounds 1
	run fence-wait --card "$card"
	run modeset --card "$card"
done
finish
