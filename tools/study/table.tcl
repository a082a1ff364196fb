# table.tcl: the table.

# Milliseconds, with as many digits as say something.
proc ::study::Milliseconds {microseconds} {
    if {$microseconds eq {}} {
        return -
    }
    set ms [expr {$microseconds / 1000.0}]
    return [format [expr {$ms < 10 ? "%.3f" : $ms < 1000 ? "%.1f" : "%.0f"}] $ms]
}

proc ::study::Seconds {microseconds} {
    set s [expr {$microseconds / 1e6}]
    return [format [expr {$s < 10 ? "%.2f" : $s < 1000 ? "%.1f" : "%.0f"}] $s]
}

proc ::study::PerSecond {count microseconds} {
    set rate [expr {$count * 1e6 / max(1, $microseconds)}]
    return [Thousands [format [expr {$rate < 10 ? "%.1f" : "%.0f"}] $rate]]
}

proc ::study::Thousands {number} {
    while {[regsub {^(\d+)(\d{3})} $number {\1,\2} number]} {}
    return $number
}

# The unit for an amount of bytes, and its size.
proc ::study::Unit {bytes} {
    foreach {unit size} {GB 1e9 MB 1e6 kB 1e3} {
        if {$bytes >= $size} {
            return [list $unit $size]
        }
    }
    return {B 1}
}

proc ::study::Bytes {bytes} {
    lassign [Unit $bytes] unit size
    set amount [expr {$bytes / $size}]
    return [format [expr {$amount < 10 && $size > 1 ? "%.1f" : "%.0f"}] $amount]\ $unit
}

proc ::study::Table {measurements} {
    set format "%-15s %8s %7s %7s %7s %7s %8s %7s %6s"
    set lines [list \
        [format "%-15s %8s %-31s %16s %6s" {} trans- "  each takes, ms" \
            "trans. per second" "all on"] \
        [format $format mode actions median 99% 99.9% max returned "on disk" "disk,s"]]
    set queues {}
    set few 0
    dict for {name records} $measurements {
        set figures [Figures $records]
        dict with figures {
            lappend lines [format $format $name [Thousands $count] \
                [Milliseconds $median] [Milliseconds $p99] [Milliseconds $p999] \
                [Milliseconds $max] [PerSecond $count $application] \
                [PerSecond $count $disk] [Seconds $disk]]
            if {$operations > 0} {
                lappend queues "Queue of $name: up to [Thousands $operations]\
                    operation[expr {$operations > 1 ? "s" : {}}], [Bytes $bytes]"
            }
            if {$p99 eq {} || $p999 eq {}} {set few 1}
        }
    }
    if {$few} {
        lappend lines "-: it takes 100 transactions for 99%, 1,000 for 99.9%"
    }
    return [join [concat $lines $queues] \n]
}
