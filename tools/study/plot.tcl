# plot.tcl: the picture.
#
# gnuplot reads columns from standard input, in "data blocks", each with a part for
# each mode: $latency, seconds and milliseconds; $queue, seconds and bytes, of the
# modes that have a queue; $distribution, 1 / (1 - share) and milliseconds.  Then it
# performs plot.gnuplot, and writes the picture to standard output.

namespace eval ::study {
    # So many steps of time are told apart, and so many points are drawn at most
    # in each: the picture stays small, and nothing that sticks out is left out.
    variable timeSteps 400
}

# The format of a picture, by its name; empty if there is none.
proc ::study::PictureFormat {file} {
    set format [string tolower [string range [file extension $file] 1 end]]
    return [expr {$format in {svg png} ? $format : {}}]
}

proc ::study::FindGnuplot {} {
    set found [auto_execok gnuplot]
    if {![llength $found]} {
        Fail FAILED "--plot needs gnuplot (Debian package: gnuplot-nox); without it,\
            --csv keeps what --from-csv and --plot can draw later"
    }
    return $found
}

# Before a run: whether FILE, if it is wanted, can be made.
proc ::study::CheckPlot {file} {
    if {$file ne {}} {
        FindGnuplot
        CheckWritable $file
    }
}

# From where to where the axis of time goes, seconds, and whether it is
# logarithmic: it is where the modes differ too much for one scale.
proc ::study::TimeAxis {measurements} {
    set ends {}
    set first {}
    dict for {name records} $measurements {
        set figures [Figures $records]
        lappend ends [dict get $figures application] [dict get $figures disk]
        # When the first transaction had returned: the first point.
        lappend first [lindex $records 2]
    }
    set ends [lmap end $ends {expr {max($end, 1) / 1e6}}]
    set last [tcl::mathfunc::max {*}$ends]
    if {$last < 20 * [tcl::mathfunc::min {*}$ends]} {
        return [list 0 $last 0]
    }
    set from [expr {max(1, [tcl::mathfunc::min {*}$first]) / 1e6}]
    return [list [expr {10 ** floor(log10($from))}] $last 1]
}

# The step of time that SECONDS are in.
proc ::study::Step {axis seconds} {
    variable timeSteps
    lassign $axis from to logarithmic
    if {$logarithmic} {
        return [expr {int($timeSteps * log(max($seconds, $from) / $from) / log($to / $from))}]
    }
    return [expr {int($timeSteps * $seconds / $to)}]
}

# Of POINTS, a list of x and y in the order of x, the lowest and the highest of
# each step, and the first.
proc ::study::Thin {axis points} {
    set thin {}
    set step {}
    foreach {x y} $points {
        set its [Step $axis $x]
        if {$its ne $step} {
            if {$step ne {}} {
                lappend thin {*}$low
                if {$high ne $low} {lappend thin {*}$high}
            }
            set step $its
            set low [list $x $y]
            set high $low
        } elseif {$y < [lindex $low 1]} {
            set low [list $x $y]
        } elseif {$y > [lindex $high 1]} {
            set high [list $x $y]
        }
    }
    lappend thin {*}$low
    if {$high ne $low} {lappend thin {*}$high}
    return $thin
}

# For gnuplot: the variable NAME with the points of each mode.
proc ::study::Columns {name modes} {
    set parts [lmap points $modes {
        join [lmap {x y} $points {string cat "$x $y\n"}] {}
    }]
    return "\$$name << END\n[join $parts \n\n]END\n"
}

# What the program GNUPLOT makes of COMMANDS and then of plot.gnuplot, without the
# user's own settings.
proc ::study::Gnuplot {gnuplot commands} {
    variable directory
    set pipe [open |[list {*}$gnuplot --default-settings \
        - [file join $directory plot.gnuplot]] r+]
    chan configure $pipe -translation binary
    # If it has ended already, it is when the pipe is closed that it says why.
    catch {
        puts $pipe [encoding convertto [encoding system] $commands]
        chan close $pipe write
    }
    set picture [read $pipe]
    try {
        close $pipe
    } trap NONE {} {
        # It has said something, and nothing is wrong.
    }
    return $picture
}

proc ::study::LatencyPoints {axis records} {
    set points {}
    foreach {i start latency - -} $records {
        if {$i eq {}} break
        lappend points [expr {($start + $latency) / 1e6}] \
            [expr {max($latency, 1) / 1e3}]
    }
    return [Thin $axis $points]
}

proc ::study::QueuePoints {axis records} {
    set points {}
    foreach {i start latency - bytes} $records {
        if {$i ne {}} {incr start $latency}
        lappend points [expr {$start / 1e6}] $bytes
    }
    set last [lrange $points end-1 end]
    return [concat [Thin $axis $points] $last]
}

# The share of the transactions that take no longer: of the n-th of N, n / N;
# the last but half a transaction short, so that it has a place.
proc ::study::DistributionPoints {records} {
    set latencies {}
    foreach {i - latency - -} $records {
        if {$i ne {}} {lappend latencies [expr {max($latency, 1)}]}
    }
    set latencies [lsort -integer $latencies]
    set count [llength $latencies]
    set points {}
    set step {}
    set n 0
    foreach latency $latencies {
        incr n
        set x [expr {double($count) / ($count - $n + 0.5)}]
        # Two hundred points for each factor of ten.
        if {int(200 * log10($x)) ne $step} {
            set step [expr {int(200 * log10($x))}]
            lappend points $x [expr {$latency / 1e3}]
        }
    }
    return $points
}

proc ::study::Plot {measurements title file} {
    set gnuplot [FindGnuplot]
    set axis [TimeAxis $measurements]
    set latency {}
    set queue {}
    set distribution {}
    # The places of the modes with a queue among all, for their colours.
    set places {}
    set place 0
    set bytes 0
    dict for {name records} $measurements {
        incr place
        lappend latency [LatencyPoints $axis $records]
        lappend distribution [DistributionPoints $records]
        set most [dict get [Figures $records] bytes]
        set bytes [expr {max($bytes, $most)}]
        if {$most > 0} {
            lappend queue [QueuePoints $axis $records]
            lappend places $place
        }
    }
    set commands {}
    foreach {name value} [list format [PictureFormat $file] heading $title \
            places $places modes [dict keys $measurements]] {
        append commands "$name = '[string map {' '' \n { }} $value]'\n"
    }
    lassign [Unit $bytes] unit size
    lassign $axis from to logarithmic
    append commands "unit = '$unit'; unitsize = $size\n" \
        "from = $from; to = $to; logarithmic = $logarithmic\n" \
        [Columns latency $latency] [Columns queue $queue] \
        [Columns distribution $distribution]
    if {[catch {Gnuplot $gnuplot $commands} picture]} {
        Fail FAILED "cannot draw \"$file\": gnuplot: $picture"
    }
    WriteFile $file $picture
}
