#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make run: boots a Xen dom0 with the card, lets the GPU move every page of its GTT to
# VRAM and back, and shows the results: a table, and the card's screen as PNG.
# MACHINE, KERNEL and CARD choose another combination, as for "make boot".
LAB_TAG=run LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

OUT=$LAB_TOP/out/run
rm -rf "$OUT" 2>/dev/null && mkdir -p "$OUT" 2>/dev/null ||
	die "cannot write to $OUT: make the checkout writable"

status=0
RUN=run OUT=$OUT "$LAB_TOP/lab/boot/boot.sh" || status=$?
((status < 2)) || exit "$status"
[[ -s $OUT/rows.txt ]] ||
	die "the guest reported nothing: see $OUT/console.log"

# One column for each card; a card's rows begin with its name.
awk '
function cell(n, key) { return (n, key) in value ? value[n, key] : "-" }
function line(title, key,   n) {
	printf "  %-28s", title
	for (n = 1; n <= cards; n++)
		printf "  %-24s", cell(n, key)
	print ""
}
$1 == "card" { cards++ }
{ key = $1; sub(/^[^ ]+ /, ""); value[cards, key] = $0 }
END {
	print ""
	line("card", "card")
	line("machine", "machine")
	line("kernel", "kernel")
	line("BO pages", "backing")
	line("pages checked", "pages")
	line("pages wrong", "wrong")
	line("moved by the GPU, MiB", "mib_moved")
	line("seconds", "seconds")
	line("GART translations", "gart_translations")
	line("  of these above 4 GiB", "gart_above_4g")
	line("pages of BOs, at the end", "bo_pages")
	line("  free for others", "free_pages")
	line("chunks of coherent pages", "chunks")
	line("  made since the load", "chunk_allocs")
	print ""
}' "$OUT/rows.txt"
for png in "$OUT"/*.png; do
	[[ ! -s $png ]] || echo "  the card's screen: $png"
done
echo "  all logs:          $OUT"
exit "$status"
