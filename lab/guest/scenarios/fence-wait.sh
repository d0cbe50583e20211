# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Waits for the GPU, each of which an interrupt has to end.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run fence-wait --card "$card"
done
finish
