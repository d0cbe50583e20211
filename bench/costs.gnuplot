# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The chart of "make bench": what a BO costs, cold and warm, stock and new.
#
#   gnuplot -c costs.gnuplot TABLE PNG TITLE
#
# TABLE has a line of column names, then a line for each group of bars: LABEL STOCK_COLD STOCK_WARM
# NEW_COLD NEW_WARM, in microseconds or "-"; text with spaces is in quotes.
table = ARG1
colors = "0xc04020 0xf0b0a0 0x2060b0 0xa8c8f0"
bar = 0.2	# of the distance between groups, which have four bars and a gap

# A column without a number does not change the variables.
set datafile missing "-"
top = groups = 0
do for [i = 2:5] {
	stats table skip 1 using i nooutput
	if (exists("STATS_max")) {
		top = STATS_max > top ? STATS_max : top
		groups = STATS_records > groups ? STATS_records : groups
	}
}

set terminal pngcairo size 960,540 font "DejaVu Sans,12"
set output ARG2
set title ARG3
set ylabel "CPU time per BO (create, map, write) [µs]"
set yrange [0:top * 1.08]
set xrange [-0.6:groups - 0.4]
set grid ytics
set border 3
set tics nomirror out
set key outside bottom center horizontal
set style data histograms
set style histogram clustered gap 1
set style fill solid
set boxwidth 0.9 relative

plot for [i = 2:5] table using i:xtic(1) title columnheader(i) \
		linecolor rgb int(word(colors, i - 1)), \
	for [i = 2:5] "" skip 1 using ($0 + (i - 3.5) * bar):i:(sprintf("%.0f", column(i))) \
		with labels offset 0, 0.6 notitle
