# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The chart of "make bench-scale": list entries looked at for a BO of 2 MiB.
#
#   gnuplot -c scale.gnuplot TABLE PNG
#
# TABLE has a line for each size of the pool: GIB STOCK OURS.
set terminal pngcairo size 800,500 font "DejaVu Sans,12"
set output ARG2
set title "A BO of 2 MiB, the pool full of BOs of 16 KiB of which a tenth was freed"
set xlabel "size of the pool [GiB]"
set ylabel "list entries looked at"
set logscale xy
set yrange [0.5:*]
set grid
set key left top
plot ARG1 using 1:($2 + 1) with linespoints title "stock, + 1", \
	"" using 1:($3 + 1) with linespoints title "new, + 1", \
	1024 with lines dashtype 2 title "target"
