# statements.tcl: a file of SQL, split into transactions.
#
# From BEGIN to COMMIT, END or ROLLBACK, or from a SAVEPOINT outside of these to
# its RELEASE, is one transaction; so is each other statement.

# The first words of a statement, in upper case, behind white space and comments.
proc ::study::FirstWords {sql} {
    set sql [regsub {^(?:\s+|--[^\n]*(?:\n|$)|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)+} $sql {}]
    return [lrange [regexp -all -inline {[^\s;]+} [string range $sql 0 200]] 0 2]
}

# The number of the line with the first character from OFFSET on that isn't
# white space.
proc ::study::LineOf {text offset} {
    regexp -indices -start $offset {\S} $text found
    return [expr {1 + [regexp -all {\n} [string range $text 0 [lindex $found 0]]]}]
}

# The statements of TEXT, as a list of line and SQL.  DB knows where one ends.
proc ::study::Statements {db text file} {
    set statements {}
    set start 0
    foreach found [regexp -all -inline -indices {;} $text] {
        set end [lindex $found 0]
        set sql [string range $text $start $end]
        if {[$db complete $sql]} {
            if {[llength [FirstWords $sql]]} {
                lappend statements [LineOf $text $start] $sql
            }
            set start [expr {$end + 1}]
        }
    }
    set rest [string range $text $start end]
    if {[llength [FirstWords $rest]]} {
        set line [LineOf $text $start]
        if {![$db complete "$rest\n;"]} {
            Fail FAILED "$file:$line: the statement that begins here has no end"
        }
        lappend statements $line $rest\n;
    }
    return $statements
}

# The transactions of TEXT, as a list of line and SQL.
proc ::study::Transactions {db text file} {
    set transactions {}
    # What ends the transaction that is open, and where it began.
    set ends {}
    set begun {}
    foreach {line sql} [Statements $db $text $file] {
        lassign [FirstWords $sql] first second third
        set first [string toupper $first]
        if {$begun eq {}} {
            set begun $line
            set whole {}
            switch -- $first {
                BEGIN {set ends {COMMIT END ROLLBACK}}
                SAVEPOINT {set ends [list RELEASE [string tolower $second]]}
                COMMIT - END - ROLLBACK - RELEASE {
                    Fail FAILED "$file:$line: $first, and no transaction was begun"
                }
            }
        }
        append whole $sql
        if {$first eq "RELEASE"} {
            set name [expr {[string toupper $second] eq "SAVEPOINT" ? $third : $second}]
            set over [expr {$ends eq [list RELEASE [string tolower $name]]}]
        } else {
            # ROLLBACK TO leaves the transaction open.
            set over [expr {$ends eq {} ||
                ($first in $ends &&
                 "TO" ni [string toupper [list $second $third]])}]
        }
        if {$over} {
            lappend transactions $begun $whole
            set ends {}
            set begun {}
        }
    }
    if {$begun ne {}} {
        Fail FAILED "$file:$begun: the transaction that begins here has no end"
    }
    if {![llength $transactions]} {
        Fail FAILED "$file: there is no statement in it"
    }
    return $transactions
}
