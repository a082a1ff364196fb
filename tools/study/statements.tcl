# statements.tcl: a file of SQL, split into transactions.
#
# From BEGIN to COMMIT, END or ROLLBACK, or from a SAVEPOINT outside of these to
# its RELEASE, is one transaction; so is each other statement.

namespace eval ::study {
    # SQLite's tokens, as far as a parameter could be seen in one, or begin behind
    # it: comments, strings, quoted names, words, parameters; and line ends.  In
    # words there may be a "$", and all characters beyond ASCII.
    variable token [string map {
        ID {[^\x00-#%-/:-@\[-^`\x7b-\x7f]} BEGIN {[^\x00-/:-@\[-^`\x7b-\x7f]}
    } [join {
        {\n} {--[^\n]*} {/\*[^*]*\*+(?:[^/*][^*]*\*+)*/}
        {'[^']*'} {"[^"]*"} {`[^`]*`} {\[[^]]*\]}
        {BEGINID*} {[$:@](?:ID|::)+(?:\([^\s)]*\))?} {\?[0-9]*}
    } |]]
}

# The white space and comments that SQL begins with.
proc ::study::Blank {sql} {
    return [lindex [regexp -inline \
        {^(?:\s+|--[^\n]*(?:\n|$)|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*} $sql] 0]
}

# The first words of a statement, in upper case, behind white space and comments.
proc ::study::FirstWords {sql} {
    set from [string length [Blank $sql]]
    return [lrange [regexp -all -inline {[^\s;]+} \
        [string range $sql $from $from+200]] 0 2]
}

proc ::study::Newlines {text} {
    return [regexp -all {\n} $text]
}

# Fails if there is a parameter in TEXT that isn't one of KNOWN: SQLite's binding
# for Tcl takes any variable for one, and NULL if there is none.
proc ::study::CheckParameters {text file known} {
    variable token
    set line 1
    foreach word [regexp -all -inline $token $text] {
        if {[string index $word 0] in {? : @ $} && $word ni $known} {
            Fail FAILED "$file:$line: there is no $word; [expr {[llength $known] ?
                "there are [join $known { and }]" :
                "in --setup there are no parameters"}]"
        }
        incr line [Newlines $word]
    }
}

# The statements of TEXT, as a list of line and SQL.  DB knows where one ends.
proc ::study::Statements {db text file} {
    set statements {}
    # What has begun, and the line where that is.
    set sql {}
    set line 1
    set pieces [split $text \;]
    foreach piece [lrange $pieces 0 end-1] {
        append sql $piece \;
        if {[$db complete $sql]} {
            if {[llength [FirstWords $sql]]} {
                lappend statements [expr {$line + [Newlines [Blank $sql]]}] $sql
            }
            incr line [Newlines $sql]
            set sql {}
        }
    }
    append sql [lindex $pieces end]
    if {[llength [FirstWords $sql]]} {
        incr line [Newlines [Blank $sql]]
        append sql \n\;
        if {![$db complete $sql]} {
            Fail FAILED "$file:$line: the statement that begins here has no end"
        }
        lappend statements $line $sql
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
