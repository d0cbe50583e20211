# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The boot of "make run": the GPU moves the whole GTT; numbers for the table, and a picture of the
# card's screen.

. /usr/lib/lab/lib.sh

check_cards
load_radeon
for card in $(cards); do
	row card "$card"
	row machine "$(machine)"
	row kernel "$(uname -r)"
	move_whole_gtt "$card"
	if [ -f "$(backing_file "$card")" ]; then
		row backing "$(backing_value "$card" backing): $(backing_value "$card" reason)"
		row bo_pages "$(backing_value "$card" pages)"
		row free_pages "$(backing_value "$card" free sum)"
		row chunks "$(backing_value "$card" chunks sum), $(backing_value "$card" shape)"
		row chunk_allocs "$(backing_value "$card" chunk_allocs sum)"
	fi
	run modeset --card "$card" --picture "$card.png"
done
finish
