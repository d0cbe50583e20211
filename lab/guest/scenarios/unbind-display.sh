# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Each card is taken away from Xorg or weston, on which a client draws: three times the driver is
# unbound, three times the card is removed from the PCI bus. The other card's server continues. The
# server of this card ends, at the latest when it gets a signal. Then the card comes back, and the
# other server starts on it.
#
#   lab.ways=WAY,...    of unbind and remove, these alone
#   lab.rounds=N        N times each way (3)
#
# needs: disk=screen
# limit: 2400
# silence: 400

. /usr/lib/lab/lib.sh

# take_away CARD unbind|remove ADDRESS
take_away() {
	case $2 in
	unbind) echo "$3" >/sys/bus/pci/drivers/radeon/unbind ;;
	remove) echo 1 >"/sys/bus/pci/devices/$3/remove" ;;
	esac
	if [ -z "$(minor "$1")" ]; then
		result pass "$1.$2" "the card is gone"
	else
		result fail "$1.$2" "the driver is still bound to $3"
	fi
}

# bring_back CARD unbind|remove ADDRESS: ends the scenario if that fails.
bring_back() {
	case $2 in
	unbind) bind_radeon "$3" ;;
	remove)
		echo 1 >/sys/bus/pci/rescan
		. /usr/lib/lab/vram-window.sh ;;
	esac
	if [ -n "$(minor "$1")" ]; then
		result pass "$1.back" "the driver is bound to it again"
	else
		result fail "$1.back" "the driver is not bound to $3 again"
		finish
	fi
}

# servers_draw NUMBER SERVER...: a server for each card shows a picture, and then what a client
# draws.
servers_draw() {
	local number=$1 card

	shift
	for card in $(cards); do
		make_picture "$card" "$number"
		start_server "$1" "$card" || finish
		shift
	done
	for card in $(cards); do
		shows "$card" --number "$number"
		start_client "$card"
		shows "$card" --changes
	done
}

# all_away WAY: the cards are taken away one after the other, and each comes back.
all_away() {
	local way=$1 card other address others

	others=$(cards)
	for card in $(cards); do
		address=$(pci_address "$card")
		take_away "$card" "$way" "$address"
		# The cards whose server still runs.
		others=$(echo " $others " | sed "s/ $card / /")
		for other in $others; do
			shows "$other" --changes
		done
		end_server "$card"
		bring_back "$card" "$way" "$address"
	done
}

check_cards
leaks_from_here
load_radeon
consoles_off
start_seat
number=0
servers="xorg weston"
for way in unbind remove; do
	case ,${LAB_WAYS:-$way}, in *,$way,*) ;; *) continue ;; esac
	for _ in $(seq "${LAB_ROUNDS:-3}"); do
		number=$((number + 1))
		# shellcheck disable=SC2086 # words
		servers_draw $number $servers
		all_away $way
		servers="${servers#* } ${servers%% *}"
	done
done
for card in $(cards); do
	run gtt-move --card "$card" --limit-mib 8
done
unload_radeon
leaks unload
finish
