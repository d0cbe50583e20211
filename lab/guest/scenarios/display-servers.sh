# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Xorg on the first card and weston on the second, then the other way round: a client draws a
# picture, and the card shows it.
#
# needs: disk=screen
# limit: 1200

. /usr/lib/lab/lib.sh

check_cards
load_radeon
consoles_off
start_seat
number=0
for servers in "xorg weston" "weston xorg"; do
	number=$((number + 1))
	for card in $(cards); do
		make_picture "$card" $number
		start_server "${servers%% *}" "$card"
		servers="${servers#* } ${servers%% *}"
	done
	for card in $(cards); do
		shows "$card" --number $number
	done
	for card in $(cards); do
		end_server "$card"
	done
done
unload_radeon
finish
