# progress.tcl: what is shown during a run, and how long it will take.
#
# On a terminal one line, on standard error, which is rewritten; elsewhere
# nothing, or if --progress was given a line every two seconds.  The estimate
# takes it that the modes to come last as long as those until now, on the mean.

namespace eval ::study {
    # Whether and how: none, terminal, lines.
    variable progress none
    variable progressPlan
    # How many modes there are, how many have ended, and microseconds they took.
    variable modeCount
    variable modesEnded
    variable modesTook
    # The mode in hand: its name, and when it began; the line that is due next.
    variable modeName
    variable modeBegan
    variable nextShow
    variable shown 0
}

proc ::study::StartProgress {plan count wanted} {
    variable progress
    variable progressPlan $plan
    variable modeCount $count
    variable modesEnded 0
    variable modesTook 0
    # Only a terminal has a mode.
    if {![catch {chan configure stderr -mode}]} {
        set progress terminal
    } elseif {$wanted} {
        set progress lines
    }
}

proc ::study::StartProgressOf {name} {
    variable modeName $name
    variable modeBegan [clock microseconds]
    variable nextShow 0
    variable modesEnded
    Show "setting up" [expr {$modesEnded ? 0 : {}}]
}

proc ::study::EndProgressOf {} {
    variable modesEnded
    variable modesTook
    variable modeBegan
    incr modesEnded
    incr modesTook [expr {[clock microseconds] - $modeBegan}]
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
        set left [expr {min($left, $seconds * 1e6 - $microseconds)}]
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

# LEFT: microseconds until this mode has ended; empty if nothing is known.
proc ::study::Show {text left} {
    variable progress
    variable nextShow
    variable modeName
    variable modeCount
    variable modesEnded
    variable modesTook
    variable modeBegan
    variable shown
    if {$progress eq "none"} return
    set now [clock microseconds]
    set nextShow [expr {$now + ($progress eq "terminal" ? 100000 : 2000000)}]
    set line "\[[expr {$modesEnded + 1}]/$modeCount\] $modeName: $text"
    if {$left ne {}} {
        set mean [expr {($modesTook + $now - $modeBegan + $left) / ($modesEnded + 1)}]
        set left [expr {$left + $mean * ($modeCount - $modesEnded - 1)}]
        append line ", about [Duration $left] left"
    }
    puts -nonewline stderr [expr {$progress eq "terminal" ? "\r$line\x1b\[K" : "$line\n"}]
    flush stderr
    set shown 1
}

proc ::study::Duration {microseconds} {
    set seconds [expr {round(ceil($microseconds / 1e6))}]
    if {$seconds < 120} {
        return "$seconds s"
    }
    return "[expr {$seconds / 60}] min"
}

# Before anything else is written.
proc ::study::ClearProgress {} {
    variable progress
    variable shown
    if {$shown && $progress eq "terminal"} {
        puts -nonewline stderr "\r\x1b\[K"
        flush stderr
    }
    set shown 0
}
