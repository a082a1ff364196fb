# workload.tcl: what is performed.
#
# A workload is a dictionary: title, which the table and the picture show; cycle,
# after how many transactions it begins anew; setup and transaction, command
# prefixes for a handle, and for a handle and the number of a transaction, from 1.
#
# Chance: before each transaction Tcl's rand() gets a seed that follows from the
# run's seed and the transaction's number, and all that is left to chance comes
# from rand(): $random, SQLite's random() and randomblob(), and the built-in
# workloads.  So a transaction does the same in each mode.

# ---- Chance

namespace eval ::study {
    # Text and bytes to cut random ones from: to make them would cost more than to
    # store them.
    variable poolSize 65536
    variable letters
    variable bytes
}

# The state of a run's chance before its first transaction.
proc ::study::FirstState {seed} {
    variable letters
    variable bytes
    variable poolSize
    if {![info exists bytes]} {
        expr {srand(1)}
        set letters {}
        set numbers {}
        for {set i 0} {$i < $poolSize} {incr i} {
            append letters [format %c [expr {97 + int(rand() * 26)}]]
            lappend numbers [expr {int(rand() * 256)}]
        }
        set bytes [binary format c* $numbers]
    }
    return [NextState $seed]
}

# A linear congruential generator of 64 bits, whose high ones are good.
proc ::study::NextState {state} {
    set state [expr {($state * 6364136223846793005 + 1442695040888963407) &
                     0xffffffffffffffff}]
    expr {srand($state >> 33)}
    return $state
}

proc ::study::RandomInteger {} {
    return [expr {(int(rand() * 0x100000000) << 32 | int(rand() * 0x100000000)) -
                  0x8000000000000000}]
}

# Up to a pool's worth of bytes, and then over again.
proc ::study::RandomBlob {count} {
    variable bytes
    variable poolSize
    if {![string is integer -strict $count] || $count < 1} {
        set count 1
    }
    set from [expr {int(rand() * $poolSize)}]
    set blob [string range $bytes $from [expr {$from + $count - 1}]]
    while {[set missing [expr {$count - [string length $blob]}]] > 0} {
        append blob [string range $bytes 0 [expr {$missing - 1}]]
    }
    return $blob
}

# In place of SQLite's own functions, which have no seed.
proc ::study::AddFunctions {db} {
    $db function random -argcount 0 -returntype integer ::study::RandomInteger
    $db function randomblob -argcount 1 -returntype blob ::study::RandomBlob
}

# ---- Built in

namespace eval ::study {
    # Name, what it does, rows to begin with, rows of a transaction.
    variable builtin {
        insert {one-row inserts, one transaction each} 0 1
        update {updates of random rows of 1,000, one transaction each} 1000 1
        bulk {one-row inserts, 100 in a transaction} 0 100
    }
}

proc ::study::BuiltinInsert {db rows} {
    variable letters
    variable poolSize
    for {set n 0} {$n < $rows} {incr n} {
        set from [expr {int(rand() * ($poolSize - 200))}]
        set text [string range $letters $from [expr {$from + 199}]]
        set number [expr {int(rand() * 0x7fffffff)}]
        $db eval {INSERT INTO t(b, c) VALUES($text, $number)}
    }
}

proc ::study::BuiltinSetup {rows db} {
    $db eval {
        CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c INT);
        CREATE INDEX t_c ON t(c);
    }
    if {$rows} {
        $db transaction {BuiltinInsert $db $rows}
    }
}

proc ::study::BuiltinTransaction {name rows count db i} {
    variable letters
    variable poolSize
    if {$name eq "update"} {
        set from [expr {int(rand() * ($poolSize - 200))}]
        set text [string range $letters $from [expr {$from + 199}]]
        set row [expr {1 + int(rand() * $rows)}]
        $db eval {UPDATE t SET b = $text WHERE a = $row}
    } elseif {$count == 1} {
        BuiltinInsert $db 1
    } else {
        $db eval BEGIN
        BuiltinInsert $db $count
        $db eval COMMIT
    }
}

# ---- From files

namespace eval ::study {
    # Those of statements, which SqlTransaction has as variables.
    variable parameters {$i $random}
}

# The line of FILE, and what SQLite says.
proc ::study::SqlTransaction {file transactions db i} {
    set count [expr {[llength $transactions] / 2}]
    set at [expr {($i - 1) % $count * 2}]
    set random [expr {int(rand() * 0x7fffffff)}]
    if {[catch {$db eval [lindex $transactions $at+1]} message]} {
        Fail FAILED "$file:[lindex $transactions $at]: in transaction $i: $message"
    }
}

proc ::study::SqlSetup {file statements db} {
    foreach {line sql} $statements {
        if {[catch {$db eval $sql} message]} {
            Fail FAILED "$file:$line: $message"
        }
    }
}

proc ::study::NoSetup {db} {}

proc ::study::SqlWorkload {file setupFile} {
    variable parameters
    set called [Called $file]
    set setup ::study::NoSetup
    sqlite3 ::study::scratch :memory:
    try {
        set text [ReadFile $file]
        set transactions [Transactions ::study::scratch $text $called]
        CheckParameters $text $called $parameters
        if {$setupFile ne {}} {
            set calledSetup [Called $setupFile]
            set text [ReadFile $setupFile]
            set setup [list ::study::SqlSetup $calledSetup \
                [Statements ::study::scratch $text $calledSetup]]
            CheckParameters $text $calledSetup {}
        }
    } finally {
        ::study::scratch close
    }
    set count [expr {[llength $transactions] / 2}]
    return [dict create setup $setup cycle $count \
        title "[file tail $called] ($count transaction[expr {$count > 1 ? "s" : {}}])" \
        transaction [list ::study::SqlTransaction $called $transactions]]
}

# A workload that ended the program would take with it what was measured.
proc ::study::ForbidExit {} {
    rename ::exit ::study::RealExit
    proc ::exit {{status 0}} {
        error "exit would end the whole study; return ends a transaction"
    }
}

proc ::study::AllowExit {} {
    if {[info commands ::study::RealExit] ne {}} {
        # Unless the workload has done that.
        catch {rename ::exit {}}
        rename ::study::RealExit ::exit
    }
}

# The innermost place in the script FILE that the error came from, as FILE:LINE;
# FILE alone if it isn't known.
proc ::study::PlaceInScript {file options} {
    if {[catch {ReadFile $file} text]} {
        return $file
    }
    foreach {- kind name line} [regexp -all -inline {\((procedure|file) "([^"]*)" line (\d+)\)} \
            [dict get $options -errorinfo]] {
        if {$kind eq "file"} {
            return $name:$line
        }
        # Lines of a procedure begin with that of its body, if the file has it, and
        # only once.
        if {![catch {namespace eval ::workload [list info body $name]} body]} {
            set at [string first $body $text]
            if {$at >= 0 && $at == [string last $body $text]} {
                return $file:[expr {$line +
                    [regexp -all {\n} [string range $text 0 $at-1]]}]
            }
        }
    }
    return $file
}

# The script FILE has ended with CODE, which isn't 0, while doing WHAT.
proc ::study::FailInScript {file what code message options} {
    if {$code == 1} {
        Fail FAILED "[PlaceInScript $file $options]: $what$message"
    }
    set names {2 return 3 break 4 continue}
    Fail FAILED "$file: ${what}it ends with \"return -code\
        [expr {[dict exists $names $code] ? [dict get $names $code] : $code}]\",\
        which has no meaning here"
}

proc ::study::TclSetup {file db} {
    set code [catch {uplevel #0 [list ::workload::setup $db]} message options]
    if {$code} {
        FailInScript $file "in setup: " $code $message $options
    }
}

proc ::study::TclTransaction {file db i} {
    set code [catch {uplevel #0 [list ::workload::transaction $db $i]} message options]
    if {$code} {
        FailInScript $file "in transaction $i: " $code $message $options
    }
}

proc ::study::TclWorkload {file} {
    # For the error of a file that can't be read.
    ReadFile $file
    ForbidExit
    set code [catch {
        namespace eval ::workload [list source -encoding utf-8 $file]
    } message options]
    if {$code} {
        FailInScript $file {} $code $message $options
    }
    foreach {name arguments needed} {transaction {db i} 1 setup db 0} {
        if {[namespace which ::workload::$name] eq {}} {
            if {$needed} {
                Fail FAILED "$file: it has to define: proc $name {$arguments} {...}"
            }
            proc ::workload::$name $arguments {}
        }
    }
    return [dict create title [file tail $file] cycle 1 \
        setup [list ::study::TclSetup $file] \
        transaction [list ::study::TclTransaction $file]]
}

# NAME is built in, or a file; so is SETUPFILE, or nothing.
proc ::study::Workload {name setupFile} {
    variable builtin
    set sql [expr {$name eq "-" || [string tolower [file extension $name]] eq ".sql"}]
    if {$setupFile ne {} && !$sql} {
        Fail USAGE "--setup belongs to a workload in SQL, which \"$name\" isn't"
    }
    if {$sql} {
        return [SqlWorkload $name $setupFile]
    }
    if {[string tolower [file extension $name]] eq ".tcl"} {
        return [TclWorkload $name]
    }
    foreach {known title rows count} $builtin {
        if {$name eq $known} {
            return [dict create title "$name ($title)" cycle 1 \
                setup [list ::study::BuiltinSetup $rows] \
                transaction [list ::study::BuiltinTransaction $name $rows $count]]
        }
        lappend names $known
    }
    Fail USAGE "there is no workload \"$name\"; there are [join $names {, }], and\
        files whose names end in .sql or .tcl"
}
