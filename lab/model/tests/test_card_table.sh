#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The table of cards: each error is one line, and the header has every card.
#
#   test_card_table.sh AWK_PROGRAM TABLE
set -euo pipefail

program=$1 table=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
line='x1 1002:5b60 1002:0302 pcie msi 40 64 r300 A card'
failed=0

# check NAME GOT EXPECTED: sets failed.
check() {
	[[ $2 != "$3" ]] || return 0
	printf '%s: got\n%s\ninstead of\n%s\n' "$1" "$2" "$3"
	failed=1
}

# with LINE...: a table of those cards; its header, or the errors without the file's name.
with() {
	{
		grep -m1 '^name' "$table"
		printf '%s\n' "$@"
	} >"$work/table"
	awk -f "$program" "$work/table" 2>&1 | sed "s|^$work/table:||"
}

# refuse ERROR COLUMN VALUE: the card with that value in a column is refused with that error alone.
refuse() {
	local changed

	changed=$(awk -v n="$2" -v value="$3" '{ $n = value; print }' <<<"$line")
	check "$2=$3" "$(with "$changed")" "2: $1"
}

awk -f "$program" "$table" >"$work/header" || failed=1
check "cards in the header" "$(grep -c 'CARD("' "$work/header")" \
	"$(grep -cvE '^(#|name|$)' "$table")"
check "a card" "$(with "$line" | tail -n 1)" \
	$'\tCARD("x1", 0x1002, 0x5b60, 0x1002, 0x0302, PCIE, MSI, 40, 64, R300, "A card")'
refuse "name 'X1' is reserved, or is not of at most 15 lower-case letters and digits" 1 X1
refuse "name 'both' is reserved, or is not of at most 15 lower-case letters and digits" 1 both
refuse "pci '5b60' is not VENDOR:DEVICE in lower-case hexadecimal, like 1002:5b60" 2 5b60
refuse "subsystem '1002:A' is not VENDOR:DEVICE in lower-case hexadecimal, like 1002:5b60" 3 1002:A
refuse "bus 'agp' is unknown: choose pcie pci" 4 agp
refuse "family 'r300' needs bus 'pcie': its GART is that of PCI Express" 4 pci
refuse "irq 'no' is unknown: choose msi intx" 5 no
refuse "dma '31' is not a number of bits from 32 to 64" 6 31
refuse "dma '4x' is not a number of bits from 32 to 64" 6 4x
refuse "vram '512' is not a number of MiB from 2 to 256" 7 512
refuse "vram '48' is not a power of two" 7 48
refuse "family 'r9' is unknown: choose r100 r300" 8 r9
refuse "product '\"A card' has a quote or backslash, or is longer than 63 characters" 9 '"A'
check "too few columns" "$(with 'x1 1002:5b60')" \
	"2: a card has 9 columns, from name to product, not 2"
check "a name twice" "$(with "$line" "${line/5b60/5b61}")" "3: name 'x1' is taken by line 2"
check "an ID twice" "$(with "$line" "${line/x1/x2}")" "3: pci '1002:5b60' is taken by line 2"
check "no card" "$(with)" "2: there is no card"
check "no columns" "$(awk -f "$program" - 2>&1 <<<"$line" | head -n 1 | sed 's/^.*:1: //')" \
	"column 1 is 'x1', not 'name'"
exit "$failed"
