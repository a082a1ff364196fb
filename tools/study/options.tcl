# options.tcl: the command line.

namespace eval ::study {
    variable defaultTransactions 200

    # Options with a value, with the value that they have to start with.
    variable valued [list modes [join $defaultModes ,] device $defaultDevice \
        transactions {} seconds {} rate {} seed 1 setup {} keep {} csv {} \
        from-csv {} plot {}]
    variable flags {progress list version help}
    # What has a meaning without a run.
    variable withoutRun {csv from-csv plot progress}
}

proc ::study::Help {} {
    variable valued
    variable defaultTransactions
    return [string map [list @MODES@ [dict get $valued modes] \
        @DEVICE@ [dict get $valued device] @COUNT@ $defaultTransactions] \
{usage: sqliteasync-study [OPTION...] [WORKLOAD]
       sqliteasync-study --from-csv FILE [--plot FILE]

Runs a workload on a simulated disk, on plain SQLite in several modes and
through sqliteasync, and shows how long its transactions take.

WORKLOAD is insert (this if none is named), update or bulk, which are built in;
FILE.sql, statements that are performed over and over, "-" if they come from
standard input; or FILE.tcl, a script with a proc transaction {db i}.

What is run:
  --device DEVICE       the disk: a preset, or figures, or a preset with other
                        figures: sdcard, sdcard,synctime=20000,jitter=0.3, or
                        writetime=500,synctime=9000; none: this machine's disk,
                        as it is (default: @DEVICE@)
  --modes MODE,...      (default: @MODES@)
  --transactions N      how many, in each mode (default: @COUNT@)
  --seconds S           for how long, in each mode, at most; without
                        --transactions there is no other end
  --rate R              the application begins R transactions per second, if it
                        can (default: one after the other)
  --setup FILE.sql      with FILE.sql: performed once, before
  --seed N              of all that is left to chance (default: 1)
  --keep DIR            keep the databases, as DIR/MODE.db

What comes out, beside the table:
  --plot FILE.svg       a picture, or FILE.png: latency over time, queue over
                        time, distribution
  --csv FILE            each transaction, as CSV; "-": standard output, and the
                        table goes to standard error
  --from-csv FILE       run nothing, show what such a file holds; "-": standard
                        input
  --progress            show how far it is, although standard error is no
                        terminal

  --list                show the presets, modes and workloads
  --version
  --help

Exit status: 0; 1 if a run, or a file, has failed; 2 if the command line is
wrong. Each database is compared with what it must hold in the end.
The manual: man sqliteasync-study}]
}

# --list: what may be chosen.
proc ::study::Choices {} {
    variable journals
    variable synchronous
    variable builtin
    LoadSqlite
    set lines {"Devices (microseconds; rates in bytes per second):"}
    foreach preset [sqlite3_device presets] {
        set figures {}
        foreach {name value} [sqlite3_device presets $preset] {
            lappend figures [string trimleft $name -]=$value
        }
        lappend lines [format "  %-16s%s" $preset [join [lrange $figures 0 3] ,]] \
            [format "  %-16s%s" {} [join [lrange $figures 4 end] ,]]
    }
    lappend lines [format "  %-16s%s" none "this machine's disk, as it is"] {} \
        "Modes:" \
        [format "  %-16s%s" async "through sqliteasync, transactions in groups"] \
        [format "  %-16s%s" async-ungrouped \
            "through sqliteasync, operation by operation"]
    foreach journal $journals {
        lappend lines [format "  %-16s%s" $journal \
            "plain SQLite, journal_mode=[string toupper $journal],\
             synchronous=FULL"]
    }
    foreach value $synchronous {
        lappend lines [format "  %-16s%s" ...-$value \
            "the same with synchronous=[string toupper $value]"]
    }
    lappend lines [format "  %-16s%s" sync-off "delete-off"] {} "Workloads:"
    foreach {name title rows count} $builtin {
        lappend lines [format "  %-16s%s" $name $title]
    }
    lappend lines [format "  %-16s%s" FILE.sql "statements, performed over and over"] \
        [format "  %-16s%s" FILE.tcl \
            "proc setup {db} {...}; proc transaction {db i} {...}"]
    return [join $lines \n]
}

# In decimal; Tcl would take 010 for 8.
proc ::study::Integer {option value least} {
    if {![regexp {^\d{1,18}$} $value] || [scan $value %lld] < $least} {
        Fail USAGE "--$option: expected an integer from $least up, of at most 18\
            digits, but got \"$value\""
    }
    return [scan $value %lld]
}

# Neither infinity nor NaN is below anything.
proc ::study::CheckNumber {option value what} {
    if {![string is double -strict $value] || !($value >= 0.001 && $value <= 1e9)} {
        Fail USAGE "--$option: expected $what, from 0.001 to 1e9, but got \"$value\""
    }
}

# A dictionary: the options by their names; workload; and action, which is help,
# version, list or study.
proc ::study::ParseOptions {arguments} {
    variable valued
    variable flags
    variable withoutRun
    variable defaultTransactions
    set options $valued
    set known [concat [lmap {name -} $valued {string cat $name .arg}] $flags h]
    set given {}
    set workloads {}
    while {[llength $arguments]} {
        if {[lindex $arguments 0] eq "--"} {
            lappend workloads {*}[lrange $arguments 1 end]
            break
        }
        if {[lindex $arguments 0] eq "-" || ![string match -* [lindex $arguments 0]]} {
            set arguments [lassign $arguments workload]
            lappend workloads $workload
            continue
        }
        set word [lindex $arguments 0]
        switch -- [cmdline::getKnownOpt arguments $known name value] {
            1 {
                if {$name in [list h {*}$flags] && [string match *=* $word]} {
                    Fail USAGE "--$name takes no value"
                }
                lappend given $name
                dict set options $name $value
            }
            -2 {Fail USAGE "$word needs a value"}
            default {Fail USAGE "there is no option \"$word\""}
        }
    }
    dict set options action study
    dict set options progress [expr {"progress" in $given}]
    foreach {name action} {h help help help version version list list} {
        if {$name in $given} {
            return [dict replace $options action $action]
        }
    }
    if {[llength $workloads] > 1} {
        Fail USAGE "one workload at a time: [join $workloads {, }]"
    }
    dict set options workload [expr {[llength $workloads] ? [lindex $workloads 0] : "insert"}]
    dict set options given $given
    CheckOptions options $workloads
    return $options
}

proc ::study::CheckOptions {optionsVariable workloads} {
    variable withoutRun
    variable defaultTransactions
    upvar 1 $optionsVariable options
    dict with options {
        foreach option [lsort -unique $given] {
            if {$option ni {progress h} && [dict get $options $option] eq {}} {
                Fail USAGE "--$option needs a value"
            }
        }
        if {$plot ne {} && [PictureFormat $plot] eq {}} {
            Fail USAGE "--plot: \"$plot\" should end in .svg or .png"
        }
        if {${from-csv} ne {}} {
            foreach option $given {
                if {$option ni $withoutRun} {
                    Fail USAGE "--from-csv runs nothing, so --$option has no meaning"
                }
            }
            if {[llength $workloads]} {
                Fail USAGE "--from-csv runs nothing, so \"[lindex $workloads 0]\"\
                    has no meaning"
            }
            if {$csv ne {}} {
                Fail USAGE "--from-csv and --csv: there is nothing new to write"
            }
        }
        if {$workload eq "-" && $setup eq "-"} {
            Fail USAGE "standard input can't be both the workload and --setup"
        }
        foreach {output input} {csv workload csv setup csv plot plot from-csv} {
            set file [dict get $options $output]
            if {$file ni {{} -} && [dict get $options $input] ne {} &&
                [file normalize $file] eq [file normalize [dict get $options $input]]} {
                Fail USAGE "--$output: \"$file\" is what\
                    [expr {$input eq "workload" ? "the workload" : "--$input"}] names, too"
            }
        }
        if {"transactions" in $given} {
            set transactions [Integer transactions $transactions 1]
        }
        if {"seconds" in $given} {
            CheckNumber seconds $seconds "a number of seconds"
        }
        if {"rate" in $given} {
            CheckNumber rate $rate "a number of transactions per second"
        }
        set seed [Integer seed $seed 0]
        if {$transactions eq {} && $seconds eq {}} {
            set transactions $defaultTransactions
        }
        set modes [Modes $modes]
        dict set options device-title [expr {$device eq "none" ?
            "this machine's disk" : $device}]
        set device [ParseDevice $device]
    }
}
