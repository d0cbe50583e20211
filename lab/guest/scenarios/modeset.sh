# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Modes, pixel formats, cursor and page flips, compared with what the card shows.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run modeset --card "$card"
done
finish
