# The application's rate under overload, over time: a panel for each mode.

load scripts . "/common.gnuplot"
data = columns . "/overload.dat"
set output to . "/overload.svg"

count = blocks(data)
set ylabel "MB/s"
set key at screen 0.97, 0.94 right top horizontal maxrows 1 width -3 Left reverse samplen 3 font ",12"
set multiplot layout count, 1 margins 0.1, 0.97, 0.15, 0.83 spacing 0.16 \
  title "What the application writes, on a device that takes less"
do for [i = 0:count - 1] {
  stats data index i using 4 skip 1 nooutput
  mean = STATS_mean
  mode = system(sprintf("grep '^\"' '%s' | sed -n %dp | tr -d '\"'", data, i + 1))
  set label 1 mode at graph 0, graph 1.07 left
  set yrange [0:4 * mean]
  if (i == count - 1) { set xlabel "seconds since the first transaction" }
  plot data index i skip 1 using 1:2 with steps linecolor rgb sky linewidth 0.8 \
         title "in 0.1 s (peaks are cut off)", \
       data index i skip 1 using 1:3 with lines linecolor rgb blue linewidth 2 \
         title "in the second from there on", \
       mean / 3 with lines linecolor rgb orange linewidth 1.5 dashtype 2 title "a third of the mean"
  # One key is enough for all.
  unset key
}
unset multiplot
