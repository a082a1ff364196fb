# The picture of sqliteasync-study. The caller, plot.tcl, says what the variables are: format (svg
# or png), heading, modes, their names, and places, which of them have a queue, unit of its bytes,
# and unitsize, from, to, logarithmic, and the columns $latency, $queue and $distribution.

set encoding utf8
# A point's size is another in each.
if (format eq "svg") {
  point = 0.3
  set terminal svg size 900, 1120 font "Helvetica, Arial, sans-serif, 14" linewidth 1.5 \
    background "white" noenhanced
} else {
  point = 0.5
  set terminal pngcairo size 1350, 1680 font "Sans, 15" fontscale 1.1 linewidth 2.2 \
    background "white" noenhanced
}
set border 3 linecolor rgb "#404040"
set tics nomirror out
set grid linetype 1 linecolor rgb "#dddddd" linewidth 0.5

# Colours that also the colour-blind tell apart; with more modes than these, shapes and dashes
# differ.
array colours[8] = [0xd55e00, 0x56b4e9, 0x009e73, 0x0072b2, 0xaa4499, 0xe0a800, 0x888888, 0x000000]
array shapes[5] = [7, 5, 9, 11, 13]
colour(place) = colours[(place - 1) % 8 + 1]
shape(place) = shapes[(place - 1) % 5 + 1]
dash(place) = 1 + (place - 1) / 8

# The key has four columns, and needs room above the first panel.
rows = (words(modes) + 3) / 4
set multiplot layout 3, 1 margins 0.11, 0.95, 0.06, 0.93 - 0.015 * rows spacing 0.095 \
  title heading font ",15"

if (logarithmic) {
  set logscale x
  set xtics ("1 µs" 1e-6, "10 µs" 1e-5, "100 µs" 1e-4, "1 ms" 1e-3, "10 ms" 1e-2, "100 ms" 0.1, \
             "1 s" 1, "10 s" 10, "100 s" 100, "1000 s" 1000, "10000 s" 1e4)
  set xlabel "time since the first transaction began (logarithmic)" offset 0, 0.4
} else {
  set xlabel "seconds since the first transaction began" offset 0, 0.4
}
set xrange [from:to]

set label 1 "How long each transaction takes" at graph 0, graph 1.06 left font ",14"
set logscale y
set ytics ("1 µs" 1e-3, "10 µs" 1e-2, "100 µs" 0.1, "1 ms" 1, "10 ms" 10, "100 ms" 100, "1 s" 1e3, \
           "10 s" 1e4, "100 s" 1e5)
set yrange [*:*]
# The key is for all three: its signs are larger than the points.
set key at screen 0.54, 0.955 center top horizontal maxcols 6 Left reverse samplen 1.5 font ",14"
plot for [i = 0:words(modes) - 1] $latency index i using 1:2 with points \
       linecolor rgb colour(i + 1) pointtype shape(i + 1) pointsize point notitle, \
     for [i = 1:words(modes)] NaN with linespoints linecolor rgb colour(i) linewidth 2 \
       dashtype dash(i) pointtype shape(i) pointsize 2.2 * point title word(modes, i)
unset key

set label 1 "What is queued"
unset logscale y
set ytics auto
set yrange [0:*]
set format y "%g " . unit
if (words(places)) {
  plot for [i = 0:words(places) - 1] $queue index i using 1:($2 / unitsize) with steps \
    linecolor rgb colour(word(places, i + 1) + 0) dashtype dash(word(places, i + 1) + 0) \
    linewidth 2 notitle
} else {
  set label 2 "nothing was queued" at graph 0.5, graph 0.5 center textcolor rgb "#404040"
  set yrange [0:1]
  unset ytics
  plot NaN notitle
  unset label 2
  set ytics nomirror out
}

set label 1 "Distribution"
set format y
set logscale xy
set xlabel "share of the transactions that are done by then" offset 0, 0.4
set xrange [1:*]
set yrange [*:*]
set xtics ("0" 1, "50%%" 2, "90%%" 10, "99%%" 100, "99.9%%" 1e3, "99.99%%" 1e4, "99.999%%" 1e5, \
           "99.9999%%" 1e6)
set ytics ("1 µs" 1e-3, "10 µs" 1e-2, "100 µs" 0.1, "1 ms" 1, "10 ms" 10, "100 ms" 100, "1 s" 1e3, \
           "10 s" 1e4, "100 s" 1e5)
plot for [i = 0:words(modes) - 1] $distribution index i using 1:2 with steps \
  linecolor rgb colour(i + 1) dashtype dash(i + 1) linewidth 2 notitle
unset multiplot
