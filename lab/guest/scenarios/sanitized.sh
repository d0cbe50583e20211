# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# A short run of every test program, for a model with sanitizers, which is slow.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run gtt-move --card "$card" --rounds 1
	run fence-wait --card "$card"
	run modeset --card "$card"
done
finish
