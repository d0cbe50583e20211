#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The files of the model use each other in one direction: there is no circle of calls.
#
#   test_layers.sh LIBRARY
set -euo pipefail

# uses: reads what nm -A -P prints; prints a line "USER USED" for each file that uses another one.
uses() {
	awk '
		{
			file = $1
			gsub(/^.*\[|\]:$/, "", file)
		}
		$3 ~ /^[Uw]$/ { used[file, $2] = 1; next }
		{ defined[$2] = file }
		END {
			for (pair in used) {
				split(pair, part, SUBSEP)
				if (part[2] in defined && defined[part[2]] != part[1])
					print part[1], defined[part[2]]
			}
		}'
}

# circles: prints the files that are in a circle.
circles() {
	{ uses | tsort 2>&1 >/dev/null || true; } |
		sed -nE 's|^tsort: (.*/)?([^/]*\.o)$|\2|p' | sort -u
}

# A circle of three files is found, and a file that uses itself and another one is none.
made=$(printf 'l[%s]: %s %s\n' a.o f T a.o g U b.o g T b.o h U c.o h T c.o f U | circles)
none=$(printf 'l[%s]: %s %s\n' a.o f T a.o f U a.o g U b.o g T | circles)
if [[ $made != $'a.o\nb.o\nc.o' || -n $none ]]; then
	printf 'the test itself is wrong: it found\n%s\nand\n%s\n' "$made" "$none"
	exit 1
fi

count=$(nm -A -P "$1" | uses | wc -l)
((count > 50)) || { echo "only $count uses found in $1"; exit 1; }
found=$(nm -A -P "$1" | circles)
[[ -z $found ]] || { echo "files that use each other in a circle:"; echo "$found"; exit 1; }
echo "$count uses, no circle"
