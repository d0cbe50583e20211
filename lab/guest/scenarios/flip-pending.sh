# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The CRTC of a pending page flip gets another picture, is turned off, or loses its client. Then
# a CRTC is given framebuffers that it cannot show.
#
# args: lab.gartsize=-1
# allow: Failed to find memory space for buffer
# allow: \[CRTC:[0-9]+:crtc-[01]\] failed to set mode

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	run flip-pending --card "$card"
	run modeset --card "$card" --refused
done
unload_radeon
finish
