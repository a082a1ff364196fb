# progress.tcl: what is shown during a run, and how long it will take.
#
# On a terminal one line, on standard error, which is rewritten; elsewhere
# nothing, or if --progress was given a line for each step, and every two seconds.

namespace eval ::study {
    # Whether and how: none, terminal, lines.
    variable progress none
    variable progressPlan
    variable modeCount
    # The modes after the one in hand; the microseconds that those before it took,
    # without such as failed, and the sum of their weights.
    variable modesToCome
    variable modesTook
    variable weightEnded
    # The mode in hand, and when it began; the line that is due next.
    variable modeInHand
    variable modeBegan
    variable nextShow
    # How long the line on the terminal is.
    variable shown 0
}

proc ::study::StartProgress {plan modes wanted} {
    variable progress
    variable progressPlan $plan
    variable modeCount [llength $modes]
    variable modesToCome $modes
    variable modesTook 0
    variable weightEnded 0
    # Only a terminal has a mode.
    if {![catch {chan configure stderr -mode}]} {
        set progress terminal
    } elseif {$wanted} {
        set progress lines
    }
}

proc ::study::StartProgressOf {mode} {
    variable modesToCome
    variable modeInHand $mode
    variable modeBegan [clock microseconds]
    set modesToCome [lrange $modesToCome 1 end]
    Show "setting up" {}
}

# The mode in hand has succeeded.
proc ::study::EndProgressOf {} {
    variable modesTook
    variable weightEnded
    variable modeInHand
    variable modeBegan
    set modesTook [expr {$modesTook + [clock microseconds] - $modeBegan}]
    set weightEnded [expr {$weightEnded + [Weight $modeInHand]}]
    ClearProgress
}

# I transactions have taken so many MICROSECONDS.
proc ::study::ShowTransactions {i microseconds} {
    variable progress
    variable nextShow
    variable progressPlan
    if {$progress eq "none" || [clock microseconds] < $nextShow} return
    set count [dict get $progressPlan transactions]
    set seconds [dict get $progressPlan seconds]
    set left Inf
    if {$count ne {}} {
        set left [expr {double($microseconds) / $i * ($count - $i)}]
    }
    if {$seconds ne {}} {
        set left [expr {max(0, min($left, $seconds * 1e6 - $microseconds))}]
    }
    Show "$i [expr {$count ne {} ? "of $count " : {}}]transactions" $left
}

# After MICROSECONDS, BYTES of FIRST are left in the queue.
proc ::study::ShowQueue {microseconds first operations bytes} {
    variable progress
    variable nextShow
    if {$progress eq "none" || [clock microseconds] < $nextShow} return
    set left 0
    if {$bytes < $first} {
        set left [expr {double($microseconds) * $bytes / ($first - $bytes)}]
    }
    Show "all returned, [Bytes $bytes] to be written" $left
}

# ---- How long it will take

# On a slow disk a transaction takes about as long as its syncs, of which there are
# about so many: enough to guess from one mode how long another will take.  Where
# there are none, it takes a little nevertheless.
proc ::study::Weight {mode} {
    dict with mode {
        if {$grouping eq "auto" || $synchronous eq "off" ||
            ($journal eq "wal" && $synchronous eq "normal")} {
            return 0.1
        }
        return [expr {$journal in {memory off wal} ? 1 : 4}]
    }
}

# How long MODE takes, if it is UNIT for each sync.
proc ::study::Guess {mode unit} {
    variable progressPlan
    dict with progressPlan {
        if {$transactions eq {}} {
            return [expr {$seconds * 1e6}]
        }
        set guess [expr {$unit * [Weight $mode]}]
        if {$rate ne {}} {
            set guess [expr {max($guess, $transactions * 1e6 / $rate)}]
        }
        if {$seconds ne {}} {
            set guess [expr {min($guess, $seconds * 1e6)}]
        }
        return $guess
    }
}

# Microseconds until all modes have ended; empty if nothing is known.  LEFT is that
# of the mode in hand, in the same way.
proc ::study::AllLeft {left} {
    variable modesToCome
    variable modesTook
    variable weightEnded
    variable modeInHand
    variable modeBegan
    set ran [expr {[clock microseconds] - $modeBegan}]
    if {$left eq {}} {
        if {$weightEnded == 0} {
            return {}
        }
        set guess [Guess $modeInHand [expr {$modesTook / $weightEnded}]]
        set left [expr {max(0, $guess - $ran)}]
    }
    set unit [expr {($modesTook + $ran + $left) / ($weightEnded + [Weight $modeInHand])}]
    foreach mode $modesToCome {
        set left [expr {$left + [Guess $mode $unit]}]
    }
    return $left
}

proc ::study::Duration {microseconds} {
    set seconds [expr {round(ceil($microseconds / 1e6))}]
    if {$seconds < 120} {
        return "$seconds s"
    }
    return "[expr {$seconds / 60}] min"
}

# ---- The line

# LEFT: microseconds until this mode has ended; empty if nothing is known.
proc ::study::Show {text left} {
    variable progress
    variable nextShow
    variable modeCount
    variable modesToCome
    variable modeInHand
    variable shown
    if {$progress eq "none"} return
    set nextShow [expr {[clock microseconds] + ($progress eq "terminal" ? 100000 : 2000000)}]
    set line "\[[expr {$modeCount - [llength $modesToCome]}]/$modeCount\]\
        [dict get $modeInHand name]: $text"
    set left [AllLeft $left]
    if {$left ne {}} {
        append line ", about [Duration $left] left"
    }
    if {$progress eq "lines"} {
        puts stderr $line
        return
    }
    # Blanks where the line before was longer.
    puts -nonewline stderr [format "\r%-*s" $shown $line]
    flush stderr
    set shown [string length $line]
}

# Before anything else is written.
proc ::study::ClearProgress {} {
    variable shown
    if {$shown} {
        puts -nonewline stderr [format "\r%*s\r" $shown {}]
        flush stderr
        set shown 0
    }
}
