# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Functions by which scripts on the host read the table of cards, lab/cards.list. Sourced after
# common.sh.

# card_names: all cards, in the table's order, a line each.
card_names() {
	awk '!/^#/ && NF && ++line > 1 { print $1 }' "$LAB_TOP/lab/cards.list"
}

# card_field CARD COLUMN: a column of a card's line.
card_field() {
	awk -v card="$1" -v column="$2" '
		/^#/ || !NF { next }
		!columns { while (++columns <= NF) number[$columns] = columns; next }
		$1 == card { print $number[column] }' "$LAB_TOP/lab/cards.list"
}

# choose_cards [CARD]: what CARD= means: a card (without one: the table's first), several with
# commas, both (the first two) or none. Sets CARD and the array cards; refuses other values.
choose_cards() {
	local known card chosen choices

	mapfile -t known < <(card_names)
	CARD=${1:-${known[0]}}
	cards=()
	case $CARD in
	none) return ;;
	both) cards=("${known[@]:0:2}"); return ;;
	esac
	IFS=, read -ra chosen <<<"$CARD"
	for card in "${chosen[@]:-}"; do
		if [[ -z $card || " ${known[*]} " != *" $card "* ||
			" ${cards[*]} " == *" $card "* ]]; then
			choices=$(IFS='|'; echo "${known[*]}|both|none")
			die "CARD=$CARD is unknown: choose $choices, or different cards with commas"
		fi
		cards+=("$card")
	done
}

# first_card COLUMN VALUE: the first card that has this value.
first_card() {
	local card

	for card in $(card_names); do
		[[ $(card_field "$card" "$1") != "$2" ]] || { echo "$card"; return; }
	done
	die "no card of lab/cards.list has $1 $2: this needs one"
}
