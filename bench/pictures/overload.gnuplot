# The application's rate under overload, over time: a panel for each mode.

load scripts . "/common.gnuplot"
data = directory . "/overload.dat"
set output directory . "/overload.svg"

count = blocks(data)
set xlabel "seconds"
set ylabel "MB/s"
set key above right Left reverse maxrows 1 samplen 3
set multiplot layout count, 1 title "What the application writes, faster than the device"
do for [i = 0:count - 1] {
  stats data index i using 4 skip 1 nooutput
  mean = STATS_mean
  set title system(sprintf("grep '^\"' '%s' | sed -n %dp | tr -d '\"'", data, i + 1)) left
  set yrange [0:4 * mean]
  plot data index i skip 1 using 1:2 with steps linecolor rgb sky linewidth 0.8 \
         title "in 0.1 s (peaks are cut off)", \
       data index i skip 1 using 1:3 with lines linecolor rgb blue linewidth 2 \
         title "in the second from there on", \
       mean / 3 with lines linecolor rgb orange linewidth 1.5 dashtype 2 title "a third of the mean"
}
unset multiplot
