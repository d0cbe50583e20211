# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The CRTC of a pending page flip gets another picture, is turned off, or loses its client.
#
# args: lab.gartsize=-1

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run flip-pending --card "$card"
done
unload_radeon
finish
