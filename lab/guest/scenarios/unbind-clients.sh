# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver is unbound from each card while programs use it, and bound again: while it shows a
# picture, with an open console, with threads in ioctls, and while another driver
# (lab.second_display=) shows its BOs.
#
# limit: 1500
# silence: 240

. /usr/lib/lab/lib.sh

# unbind_case CARD CASE [OPTION]...: the card is unbound as the case says, bound again, and moves
# BOs.
unbind_case() {
	local card=$1 bdf

	shift
	bdf=$(pci_address "$card")
	# Only the case "console" has it on.
	[ "$1" = console ] || consoles_off
	run unbind-clients --card "$card" --case "$@"
	bind_radeon "$bdf"
	run gtt-move --card "$card" --limit-mib 8
}

check_cards
importer=$LAB_SECOND_DISPLAY
[ -z "$importer" ] || modprobe "$importer"
load_radeon
for card in $(cards); do
	for case in console framebuffer ioctls; do
		unbind_case "$card" $case
	done
	for case in ${importer:+importer orphan}; do
		unbind_case "$card" "$case" --importer "$importer"
	done
done
unload_radeon
finish
