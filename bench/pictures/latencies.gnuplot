# How long the transactions of workload 1's stream take, all modes.

load scripts . "/common.gnuplot"
data = columns . "/latencies.dat"
set output to . "/latencies.svg"

set title "One-row inserts, one transaction each, without a pause"
set xlabel "share of the transactions that are done by then" offset 0, 0.4
set ylabel "time from BEGIN to COMMIT's return"
set logscale xy
set xrange [1:1e6]
set yrange [1:*]
set xtics ("0" 1, "50%%" 2, "90%%" 10, "99%%" 100, "99.9%%" 1e3, "99.99%%" 1e4, "99.999%%" 1e5, "99.9999%%" 1e6)
set ytics ("1 µs" 1, "10 µs" 10, "100 µs" 100, "1 ms" 1e3, "10 ms" 1e4, "100 ms" 1e5, "1 s" 1e6, "10 s" 1e7)
set key bmargin center maxrows 4 Left reverse spacing 1.2 samplen 2 font ",12"

array colours[8] = [grey, sky, yellow, orange, purple, black, green, blue]
array widths[8] = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 2.5, 2.5]
plot for [i = 0:blocks(data) - 1] data index i using 1:2 with lines \
  linecolor rgb colours[i % 8 + 1] linewidth widths[i % 8 + 1] title columnheader(1)
