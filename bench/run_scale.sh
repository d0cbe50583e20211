#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The chunk allocator with much memory and many CPUs, on a simulated machine (make bench-scale). All
# figures are counts, the same on each machine.
#
#   run_scale.sh            all sizes; leaves scale-4k.txt, scale-64k.txt and scale.png in
#                           out/bench-scale
#   run_scale.sh DIR        the row of "make check": the smallest sizes, results in DIR/results.txt
#
# Ends with 0 if each target is met that bench/scale/missed.list does not list, 1 if not, 2 if the
# program could not be built or has failed.
LAB_TAG=bench-scale LAB_DIE_STATUS=2
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
# shellcheck source=../lab/test/results.sh
. "$LAB_TOP/lab/test/results.sh"

dir=${1:-$LAB_TOP/out/bench-scale}
sizes=full
[[ -z ${1:-} ]] || sizes=short
missed=$LAB_TOP/bench/scale/missed.list
mkdir -p "$dir"
status=0

in_lab() {
	sub "$LAB_TOP/lab/image/enter.sh" --out "$dir" "$@"
}

# build: compile the allocator's own files with stubs of the kernel's headers.
build() {
	in_lab bash -euc '
		ttm=/src/drivers/gpu/drm/ttm
		rm -rf /out/include
		for header in $(sed -n "s/^#include <\(.*\)>.*/\1/p" \
			$ttm/ttm_chunk*.[ch] $ttm/ttm_dma_pool.[ch] | sort -u); do
			mkdir -p "/out/include/$(dirname "$header")"
			echo "#include \"kernel_stubs.h\"" >"/out/include/$header"
		done
		for shift in 12 16; do
			gcc -O2 -g -std=gnu11 -Wall -Wextra -Werror -Wno-unused-parameter \
				-Wno-sign-compare \
				-fno-strict-aliasing -DPAGE_SHIFT=$shift -I/src/bench/scale \
				-I/out/include -I$ttm \
				/src/bench/scale/{scale,simulation,stock_pool}.c \
				$ttm/ttm_chunk*.c $ttm/ttm_dma_pool.c -o /out/scale-$shift
		done'
}

# judge SHIFT KIB: run the program of this page size, and report each row.
judge() {
	local name stock ours target outcome text row log=$dir/scale-${2}k.txt

	in_lab "/out/scale-$1" "$sizes" >"$dir/rows-$2" ||
		die "the program for pages of $2 KiB has failed: see $dir"
	{
		printf 'row\tstock\tours\ttarget\tverdict\twhat, pages of %s KiB\n' "$2"
		cat "$dir/rows-$2"
	} | column -t -s $'\t' >"$log"
	[[ $sizes == short ]] || cat "$log"
	while IFS=$'\t' read -r name stock ours target outcome text; do
		row=${2}k-$name
		case $outcome-$(grep -qxF "$row" "$missed" && echo listed) in
		met- | missed-listed)
			result "$row" pass "$ours, target $target, stock $stock: $outcome" ;;
		met-listed)
			result "$row" fail "$ours meets its target $target: not in missed.list" ;;
		missed-)
			result "$row" fail "$ours, target $target, stock $stock: $text" ;;
		esac
	done <"$dir/rows-$2" >"$dir/judged"
	[[ $sizes == short ]] && cat "$dir/judged" || grep ' fail  ' "$dir/judged" || true
}

rm -f "$dir/results.txt"
say "compiling the allocator for pages of 4 and 64 KiB"
build || die "the allocator's files could not be compiled in user space"
judge 12 4
judge 16 64
(($(count_results fail) == 0)) || status=1
if [[ $sizes == full ]]; then
	# GiB, stock, ours
	awk -F'\t' '$1 ~ /^visits\./ { sub(/.*\./, "", $1); sub(/g/, "", $1); sub(/>/, "", $3)
		print $1, $2, $3 }' "$dir/rows-4" >"$dir/visits.txt"
	in_lab gnuplot -c /src/bench/scale.gnuplot /out/visits.txt /out/scale.png \
		2>"$dir/gnuplot.log" ||
		say "gnuplot could not draw $dir/visits.txt: see $dir/gnuplot.log"
	say "$(count_results pass) rows as expected, $(count_results fail) not: tables in $dir"
fi
exit "$status"
