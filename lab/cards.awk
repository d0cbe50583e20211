# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Checks the table of cards and prints it as a C header, for the model and the guest's programs:
#
#   awk -f cards.awk cards.list
#
# CARD_TABLE(CARD) is CARD(name, vendor, device, subsystem vendor, subsystem device, bus, irq, dma
# bits, VRAM in MiB, family, product) for each card; words like the bus are in capitals, for
# pasting. Each error is one line FILE:LINE: TEXT on standard error, and the status is then 1.

BEGIN {
	column_count = split("name pci subsystem bus irq dma vram family product", column, " ")
	hex = "[0-9a-f][0-9a-f][0-9a-f][0-9a-f]"
}

function refuse(text)
{
	printf "%s:%d: %s\n", FILENAME, FNR, text >"/dev/stderr"
	failed = 1
}

# choose(): the value of a column is one of these words.
function choose(name, value, words)
{
	if (index(" " words " ", " " value " ") == 0)
		refuse(name " '" value "' is unknown: choose " words)
}

# number(): the value of a column is a number from low to high.
function number(name, value, low, high, unit)
{
	if (value !~ /^[1-9][0-9]*$/ || value + 0 < low || value + 0 > high) {
		refuse(name " '" value "' is not a number of " unit " from " low " to " high)
		return 0
	}
	return 1
}

# pci_id(): vendor and device as arguments of the macro.
function pci_id(name, value)
{
	if (value !~ "^" hex ":" hex "$")
		refuse(name " '" value "' is not VENDOR:DEVICE in lower-case hexadecimal, " \
		       "like 1002:5b60")
	return "0x" substr(value, 1, 4) ", 0x" substr(value, 6)
}

/^#/ || NF == 0 { next }

!columns_seen {
	columns_seen = 1
	for (i = 1; i <= column_count; i++)
		if ($i != column[i])
			refuse("column " i " is '" $i "', not '" column[i] "'")
	if (failed)
		exit
	next
}

NF < column_count {
	refuse("a card has " column_count " columns, from name to product, not " NF)
	next
}

{
	if ($1 !~ /^[a-z][a-z0-9]*$/ || length($1) > 15 || $1 == "both" || $1 == "none")
		refuse("name '" $1 "' is reserved, or is not of at most 15 lower-case " \
		       "letters and digits")
	if ($1 in line_of)
		refuse("name '" $1 "' is taken by line " line_of[$1])
	if ($2 in line_of)
		refuse("pci '" $2 "' is taken by line " line_of[$2])
	line_of[$1] = line_of[$2] = FNR
	id = pci_id("pci", $2) ", " pci_id("subsystem", $3)
	choose("bus", $4, "pcie pci")
	choose("irq", $5, "msi intx")
	number("dma", $6, 32, 64, "bits")
	# The BIOS has one byte for the size, in units of 2 MiB.
	if (number("vram", $7, 2, 256, "MiB") && index(" 2 4 8 16 32 64 128 256 ", " " $7 " ") == 0)
		refuse("vram '" $7 "' is not a power of two")
	choose("family", $8, "r100 r300")
	if ($8 == "r300" && $4 == "pci")
		refuse("family 'r300' needs bus 'pcie': its GART is that of PCI Express")
	product = $9
	for (i = 10; i <= NF; i++)
		product = product " " $i
	if (product ~ /["\\]/ || length(product) > 63)
		refuse("product '" product "' has a quote or backslash, or is longer than 63 " \
		       "characters")
	cards = cards sprintf(" \\\n\tCARD(\"%s\", %s, %s, %s, %d, %d, %s, \"%s\")", $1, id,
		toupper($4), toupper($5), $6, $7, toupper($8), product)
}

END {
	if (!failed && cards == "")
		refuse("there is no card")
	if (failed)
		exit 1
	print "/* SPDX-License-Identifier: GPL-2.0 OR MIT */"
	print "/* Made from cards.list by cards.awk. */"
	print "#define CARD_TABLE(CARD)" cards
}
