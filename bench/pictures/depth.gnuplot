# What reads and commits cost with operations in the queue.

load scripts . "/common.gnuplot"
data = columns . "/depth.dat"
set output to . "/depth.svg"

set title "Reads by a second connection, and transactions, with operations queued (grouping off)"
set xlabel "operations in the queue" offset 0, 0.4
set ylabel "time, median"
set logscale y
set yrange [1:1e5]
set ytics ("1 µs" 1, "10 µs" 10, "100 µs" 100, "1 ms" 1e3, "10 ms" 1e4, "100 ms" 1e5)
# Nothing, too, has a place on a logarithmic axis: a decade below the first.
place(depth) = depth > 0 ? log10(depth) : 2
set xrange [1.7:6.3]
set xtics ("0" 2, "1,000" 3, "10,000" 4, "100,000" 5, "1,000,000" 6)
set key bmargin center maxrows 2 Left reverse spacing 1.2 samplen 4 font ",12"

array colours[3] = [green, blue, orange]
plot for [i = 0:blocks(data) - 1] data index i using (place($1)):2 with linespoints \
  linecolor rgb colours[i / 2 % 3 + 1] dashtype 1 + i % 2 linewidth 2 \
  pointtype 7 - i % 2 pointsize 0.6 title columnheader(1)
