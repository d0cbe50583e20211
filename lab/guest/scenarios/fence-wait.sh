# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# An interrupt has to end each wait for the GPU.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run fence-wait --card "$card"
done
finish
