# measurements.tcl: what was measured, as CSV and in figures.
#
# Measurements are a dictionary from the names of modes to records: see run.tcl.
# In CSV each record is a line
#
#     mode,transaction,start_us,latency_us,queue_operations,queue_bytes
#
# in which transaction and latency_us are empty after the last transaction.
# The lines of a mode follow each other, and the last of them, without a
# transaction, says when all was on disk.

namespace eval ::study {
    variable csvHeader mode,transaction,start_us,latency_us,queue_operations,queue_bytes
    # All of a file that is replaced as a whole.
    variable csvText
}

# Returns a channel, or nothing if none is wanted, or FILE is one that WriteCsv
# replaces as a whole: it is what it was until there is something for it.
proc ::study::OpenCsv {file} {
    variable csvHeader
    variable csvText $csvHeader\n
    if {$file eq {}} {
        return {}
    }
    if {$file eq "-"} {
        set channel stdout
    } elseif {[IsOrdinary $file]} {
        CheckWritable $file
        return {}
    } else {
        WithFile write $file {set channel [open [Path $file] w]}
    }
    Print $channel $csvHeader $file
    return $channel
}

# CHANNEL is from OpenCsv.
proc ::study::WriteCsv {channel file name records} {
    variable csvText
    set lines [join [lmap {i start latency operations bytes} $records {
        csv::join [list $name $i $start $latency $operations $bytes]
    }] \n]
    if {$channel ne {}} {
        Print $channel $lines $file
    } else {
        append csvText $lines \n
        WriteFile $file $csvText
    }
}

proc ::study::ReadCsv {file} {
    variable csvHeader
    set where [Called $file]
    set lines [split [string trimright [ReadFile $file] \n] \n]
    if {[lindex $lines 0] ne $csvHeader} {
        Fail FAILED "$where:1: this is no CSV of sqliteasync-study, which begins\
            with \"$csvHeader\""
    }
    set measurements {}
    # Of the line before.
    set last {}
    set number 1
    foreach line [lrange $lines 1 end] {
        incr number
        set wrong [WrongInLine $line $last $measurements]
        if {$wrong ne {}} {
            Fail FAILED "$where:$number: $wrong"
        }
        set last [lassign [csv::split $line] name]
        dict lappend measurements $name {*}$last
        set last [linsert $last 0 $name]
    }
    if {$last eq {}} {
        Fail FAILED "$where: nothing was measured in it"
    }
    if {[lindex $last 1] ne {}} {
        Fail FAILED "$where:$number: the end is missing, a line without a\
            transaction that says when all was on disk"
    }
    return $measurements
}

# What is wrong with LINE behind the fields LAST; empty if nothing is.
proc ::study::WrongInLine {line last measurements} {
    if {![csv::iscomplete $line]} {
        return "a quote is not closed"
    }
    set fields [csv::split $line]
    if {[llength $fields] != 6} {
        return "[llength $fields] fields, where 6 should be"
    }
    lassign $fields name transaction start latency operations bytes
    if {![regexp {^[\w.-]+$} $name]} {
        return "\"$name\" is no name of a mode"
    }
    foreach {what value} [list start_us $start queue_operations $operations \
            queue_bytes $bytes transaction $transaction latency_us $latency] {
        if {$value eq {} && $what in {transaction latency_us}} continue
        # As it is written: no sign, spaces or other base.
        if {![regexp {^(?:0|[1-9]\d{0,17})$} $value]} {
            return "$what should be an integer of at least 0, not \"$value\""
        }
    }
    if {($transaction eq {}) != ($latency eq {})} {
        return "transaction and latency_us should both be there, or neither"
    }
    lassign $last lastName lastTransaction lastStart lastLatency
    if {$name ne $lastName} {
        if {[dict exists $measurements $name]} {
            return "the lines of mode \"$name\" should follow each other"
        }
        if {$lastName ne {} && $lastTransaction ne {}} {
            return "the line is missing that says when all of mode \"$lastName\"\
                was on disk"
        }
        if {$transaction != 1} {
            return "mode \"$name\" should begin with transaction 1"
        }
    } else {
        if {$transaction ne {} &&
            ($lastTransaction eq {} || $transaction != $lastTransaction + 1)} {
            return "transaction $transaction doesn't follow the line before"
        }
        if {$start < $lastStart} {
            return "start_us should not go back, from $lastStart to $start"
        }
        if {$lastLatency ne {} && $start < $lastStart + $lastLatency} {
            return "start_us is $start, and the transaction before took until\
                [expr {$lastStart + $lastLatency}]"
        }
    }
    return {}
}

proc ::study::TransactionCount {records} {
    set count 0
    foreach {i - - - -} $records {
        if {$i eq {}} break
        set count $i
    }
    return $count
}

# A dictionary of figures: count; median, p99, p999 and max, microseconds, empty
# where there are too few transactions to tell; application and disk, the
# microseconds until the last transaction had returned and until all was on disk;
# operations and bytes, the most that was in the queue.
proc ::study::Figures {records} {
    set latencies {}
    set operations 0
    set bytes 0
    set application 0
    foreach {i start latency queued size} $records {
        if {$i ne {}} {
            lappend latencies $latency
            set application [expr {$start + $latency}]
        }
        set operations [expr {max($operations, $queued)}]
        set bytes [expr {max($bytes, $size)}]
    }
    set count [llength $latencies]
    lassign [math::statistics::quantiles $latencies {0.5 0.99 0.999}] \
        median p99 p999
    if {$count < 100} {set p99 {}}
    if {$count < 1000} {set p999 {}}
    return [dict create count $count median $median p99 $p99 p999 $p999 \
        max [tcl::mathfunc::max {*}$latencies] application $application \
        disk $start operations $operations bytes $bytes]
}
