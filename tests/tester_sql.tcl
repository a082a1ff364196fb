# tester_sql.tcl: SQL in test cases.
#
#     execsql SQL ?DB?        catchsql SQL ?DB?     execsql2 SQL ?DB?
#     do_select_tests PREFIX ?OPTIONS? LIST   memdbsql SQL   expand_all_sql DB
#     speed_trial NAME N UNITS SQL   and its kin
#     execsql_timed SQL ?DB?  execsql_pp SQL ?DB?   stepsql POINTER SQL
#     do_execsql_test ?-db DB? NAME SQL ?RESULT?
#     do_timed_execsql_test NAME SQL ?RESULT?
#     do_catchsql_test ?-db DB? NAME SQL RESULT
#     do_realnum_test NAME SCRIPT EXPECTED   do_filepath_test, the same
#     do_eqp_test NAME SQL PLAN              query_plan_graph SQL
#     explain SQL ?DB?   explain_i SQL ?DB?  explain_no_trace SQL ?DB?
#     verify_ex_errcode NAME CODE ?DB?       drop_all_tables ?DB?
#     normalize_list LIST  number_name N     delete_all_data

proc execsql {sql {db db}} {
    if {[string match -nocase *lock_status* $sql]} {
        ::tester::Touch lock_status
    }
    uplevel 1 [list $db eval $sql]
}

proc catchsql {sql {db db}} {
    set rc [catch {uplevel 1 [list $db eval $sql]} result]
    return [list $rc $result]
}

# Names and values, one after the other.
proc execsql2 {sql {db db}} {
    set result {}
    $db eval $sql row {
        foreach column $row(*) {lappend result $column $row($column)}
    }
    return $result
}

# Prints how long it took.
proc execsql_timed {sql {db db}} {
    set micros [lindex [time {set result [uplevel 1 [list $db eval $sql]]} 1] 0]
    output1 " ([format %.3f [expr {$micros / 1000.0}]]ms)"
    return $result
}

# Prints the result as a table.
proc execsql_pp {sql {db db}} {
    set rows {}
    $db eval $sql row {
        if {![llength $rows]} {lappend rows $row(*)}
        set values {}
        foreach column $row(*) {lappend values $row($column)}
        lappend rows $values
    }
    set widths {}
    foreach values $rows {
        set i 0
        foreach value $values {
            set width [string length $value]
            if {$i >= [llength $widths]} {
                lappend widths $width
            } elseif {$width > [lindex $widths $i]} {
                lset widths $i $width
            }
            incr i
        }
    }
    foreach values $rows {
        set line {}
        foreach value $values width $widths {
            append line [format "%-*s  " $width $value]
        }
        output2 [string trimright $line]
    }
}

# Runs statements through the C interface.  Values in one list; an error is
# {1 MESSAGE}.
proc stepsql {pointer sql} {
    set result {}
    set sql [string trim $sql]
    while {$sql ne {}} {
        if {[catch {sqlite3_prepare $pointer $sql -1 tail} statement]} {
            return [list 1 $statement]
        }
        set sql [string trim $tail]
        if {$statement eq {}} continue
        while {[sqlite3_step $statement] eq "SQLITE_ROW"} {
            for {set i 0} {$i < [sqlite3_column_count $statement]} {incr i} {
                lappend result [sqlite3_column_text $statement $i]
            }
        }
        set code [sqlite3_finalize $statement]
        if {$code ne "SQLITE_OK"} {
            return [list 1 [sqlite3_errmsg $pointer]]
        }
    }
    return $result
}

# ---------------------------------------------------------------------------
# Test cases

proc ::tester::HandleOption {argsVar} {
    upvar 1 $argsVar arguments
    if {[lindex $arguments 0] eq "-db"} {
        set db [lindex $arguments 1]
        set arguments [lrange $arguments 2 end]
        return $db
    }
    return db
}

# A list in its canonical form, or a pattern as it is.
proc ::tester::Result {expected} {
    if {[regexp {^[~#]?/.*/$} $expected]} {return $expected}
    return [list {*}$expected]
}

proc do_execsql_test {args} {
    set db [::tester::HandleOption args]
    if {[llength $args] < 2 || [llength $args] > 3} {
        error "wrong # args: should be\
            \"do_execsql_test ?-db DB? NAME SQL ?RESULT?\""
    }
    lassign $args name sql expected
    do_test $name [list execsql $sql $db] [::tester::Result $expected]
}

# Test cases PREFIX.NAME from a list of NAME, SQL and what is expected, for each:
#
#     -count                 the number of rows
#     -errorformat FORMAT    an error, whose message FORMAT makes of it
#     -query SQL, -tclquery SCRIPT   the SQL runs first, outside of the test
#                            case, and this has the result
#     -repair SCRIPT         runs before the first and after each
#
# Without any, the result of the SQL.
proc do_select_tests {prefix args} {
    set names {-count -errorformat -query -repair -tclquery}
    set cases [lindex $args end]
    set options [lrange $args 0 end-1]
    set repair {}
    while {[llength $options]} {
        set options [lassign $options option]
        set option [::tcl::prefix match -message switch $names $option]
        if {$option eq "-count"} {
            set given($option) 1
        } else {
            set options [lassign $options given($option)]
        }
    }
    if {[info exists given(-count)] && [info exists given(-errorformat)]} {
        error "do_select_tests: -count or -errorformat, not both"
    }
    if {![llength $cases] || [llength $cases] % 3} {
        error "do_select_tests: [llength $cases] words are no list of NAME, SQL\
            and result"
    }
    if {[info exists given(-repair)]} {set repair $given(-repair)}
    if {[info exists given(-query)]} {
        set given(-tclquery) [list execsql $given(-query)]
    }
    uplevel 1 $repair
    foreach {name sql expected} $cases {
        set name $prefix.$name
        if {[info exists given(-tclquery)]} {
            execsql $sql
            uplevel 1 [list do_test $name $given(-tclquery) [list {*}$expected]]
        } elseif {[info exists given(-count)]} {
            uplevel 1 [list do_test $name \
                [list ::tester::CountRows $sql] $expected]
        } elseif {[info exists given(-errorformat)]} {
            set message [format $given(-errorformat) {*}$expected]
            uplevel 1 [list do_catchsql_test $name $sql \
                [list 1 [string trim $message]]]
        } else {
            uplevel 1 [list do_execsql_test $name $sql [list {*}$expected]]
        }
        uplevel 1 $repair
    }
}
proc ::tester::CountRows {sql} {
    set count 0
    db eval $sql {incr count}
    return $count
}

proc do_timed_execsql_test {name sql {expected {}}} {
    do_test $name [list execsql_timed $sql] [::tester::Result $expected]
}

proc do_catchsql_test {args} {
    set db [::tester::HandleOption args]
    if {[llength $args] != 3} {
        error "wrong # args: should be\
            \"do_catchsql_test ?-db DB? NAME SQL RESULT\""
    }
    lassign $args name sql expected
    do_test $name [list catchsql $sql $db] $expected
}

# The C libraries of systems spell infinities in many ways, and exponents with
# two digits or three.
proc ::tester::NormalNumbers {text} {
    regsub -all -nocase {1\.#inf|infinity|inf} $text inf text
    regsub -all {(e[-+]?)0*(\d)} $text {\1\2} text
    return $text
}
proc do_realnum_test {name cmd expected} {
    set expected [::tester::NormalNumbers $expected]
    do_test $name "::tester::NormalNumbers \[\n$cmd\n\]" $expected
}
proc do_filepath_test {name cmd expected} {
    set separators [list \\ /]
    set expected [string map $separators $expected]
    do_test $name "string map [list $separators] \[\n$cmd\n\]" $expected
}

proc verify_ex_errcode {name expected {db db}} {
    do_test $name [list sqlite3_extended_errcode $db] $expected
}

# ---------------------------------------------------------------------------
# Query plans

proc ::tester::PlanBranches {indent parent} {
    upvar 1 details details children children
    set text {}
    if {![info exists children($parent)]} return
    set last [lindex $children($parent) end]
    foreach id $children($parent) {
        append text "$indent[expr {$id == $last ? {`--} : {|--}}]$details($id)\n"
        append text [::tester::PlanBranches \
            "$indent[expr {$id == $last ? {   } : {|  }}]" $id]
    }
    return $text
}

# The plan as SQLite's command line program draws it, with what differs from
# run to run made x's.
proc query_plan_graph {sql {db db}} {
    $db eval "EXPLAIN QUERY PLAN $sql" row {
        set details($row(id)) $row(detail)
        lappend children($row(parent)) $row(id)
    }
    set text "\n  QUERY PLAN\n[::tester::PlanBranches {  } 0]"
    regsub -all { 0x[A-F0-9]+\y} $text { xxxxxx} text
    regsub -all {(MATERIALIZE|CO-ROUTINE|SUBQUERY) \d+\y} $text {\1 xxxxxx} text
    regsub -all {\((join|subquery)-\d+\)} $text {(\1-xxxxxx)} text
    return $text
}

proc ::tester::OneLine {text} {
    return [join [regexp -all -inline {\S+} $text]]
}

# PLAN is such a drawing, in which white space doesn't matter, or a text or
# regular expression that is found in the rows of EXPLAIN QUERY PLAN.
proc do_eqp_test {name sql plan} {
    if {[regexp {^\s+QUERY PLAN\n} $plan]} {
        do_test $name "::tester::OneLine \[query_plan_graph [list $sql]\]" \
            [::tester::OneLine $plan]
    } else {
        if {[string index $plan 0] ne "/"} {set plan "/*$plan*/"}
        do_test $name [list execsql "EXPLAIN QUERY PLAN $sql"] $plan
    }
}

# ---------------------------------------------------------------------------
# Programs of the virtual machine, printed

proc explain {sql {db db}} {
    output2 {}
    output2 {addr  opcode         p1    p2    p3    p4               p5  comment}
    output2 {----  -------------  ----  ----  ----  ---------------  --  -------}
    $db eval "EXPLAIN $sql" {
        output2 [string trimright [format "%-4d  %-13s  %-4s  %-4s  %-4s  %-15s\
            %-2s  %s" $addr $opcode $p1 $p2 $p3 $p4 $p5 $comment]]
    }
}
proc explain_no_trace {sql {db db}} {
    set rows [$db eval "EXPLAIN $sql"]
    set kept {}
    foreach {addr opcode p1 p2 p3 p4 p5 comment} $rows {
        if {$opcode ne "Trace"} {
            lappend kept $addr $opcode $p1 $p2 $p3 $p4 $p5 $comment
        }
    }
    return $kept
}

# With loops indented.
proc explain_i {sql {db db}} {
    set addresses {}
    set targets {}
    $db eval "EXPLAIN $sql" row {
        lappend addresses $row(addr)
        set indent($row(addr)) 0
        foreach part {opcode p1 p2 p3 p4 p5 comment} {
            set program($row(addr),$part) $row($part)
        }
    }
    foreach address $addresses {
        set target $program($address,p2)
        # A jump backwards closes a loop.
        if {[string match Next* $program($address,opcode)] ||
            [string match Prev* $program($address,opcode)] ||
            $program($address,opcode) in {Goto VNext SorterNext}} {
            for {set i $target} {$i < $address} {incr i} {
                if {[info exists indent($i)]} {incr indent($i) 2}
            }
        }
    }
    output2 "addr  opcode                 p1    p2    p3    p4"
    foreach address $addresses {
        output2 [string trimright [format "%-4d  %-21s  %-4s  %-4s  %-4s  %s" \
            $address \
            [string repeat { } $indent($address)]$program($address,opcode) \
            $program($address,p1) $program($address,p2) \
            $program($address,p3) $program($address,p4)]]
    }
}

# ---------------------------------------------------------------------------
# And the rest

# On a database of its own, in memory.
proc memdbsql {sql} {
    sqlite3 memdb :memory:
    set rc [catch {memdb eval $sql} result]
    memdb close
    return -code $rc $result
}

# Has SQLite write out every statement of a connection, for what that finds.
proc expand_all_sql {db} {
    set statement {}
    while {[set statement [sqlite3_next_stmt $db $statement]] ne {}} {
        sqlite3_expanded_sql $statement
    }
}

# Times, printed with how many of UNITS that is in a second; and their sum.
proc speed_trial_init {name} {
    set ::total_time 0
    output2 "SQLite [memdbsql {SELECT sqlite_version()}]"
}
proc speed_trial {name count units sql} {
    ::tester::SpeedTrial $name $count $units [list sqlite3_exec_nr db $sql]
}
proc speed_trial_tcl {name count units script} {
    ::tester::SpeedTrial $name $count $units $script
}
proc ::tester::SpeedTrial {name count units script} {
    set micros [lindex [time {uplevel 2 $script}] 0]
    incr ::total_time $micros
    set rate many
    if {$micros > 0} {set rate [format %.5f [expr {1e6 * $count / $micros}]]}
    output2 [format {%-21.21s %12d uS %20s %s/s} $name $micros $rate $units]
}
proc speed_trial_summary {name} {
    output2 [format {%-21.21s %12d uS TOTAL} $name $::total_time]
}

proc drop_all_tables {{db db}} {
    set keys [$db one {PRAGMA foreign_keys}]
    $db eval {PRAGMA foreign_keys = OFF}
    foreach {index name file} [$db eval {PRAGMA database_list}] {
        set schema [expr {$index == 1 ? "sqlite_temp_master" :
                                        "\"$name\".sqlite_master"}]
        foreach {table type} [$db eval "SELECT name, type FROM $schema
            WHERE type IN ('table', 'view') AND name NOT LIKE 'sqliteX_%'
            ESCAPE 'X'"] {
            $db eval "DROP $type IF EXISTS \"$table\""
        }
    }
    $db eval "PRAGMA foreign_keys = $keys"
    return
}
proc drop_all_indexes {{db db}} {
    foreach name [$db eval {
        SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE 'create%'
    }] {
        $db eval "DROP INDEX \"$name\""
    }
    return
}
proc delete_all_data {{db db}} {
    foreach table [$db eval {
        SELECT tbl_name FROM sqlite_master WHERE type = 'table'
    }] {
        $db eval "DELETE FROM '[string map {' ''} $table]'"
    }
    return
}

# A list of keys and values in the order of the keys.
proc normalize_list {list} {
    set sorted {}
    foreach {key value} [lsort -stride 2 -index 0 $list] {
        lappend sorted $key $value
    }
    return $sorted
}

# A number in words, as test data.
proc number_name {n} {
    set ones {zero one two three four five six seven eight nine ten eleven
        twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen}
    set tens {{} ten twenty thirty forty fifty sixty seventy eighty ninety}
    set words {}
    if {$n >= 1000} {
        lappend words {*}[number_name [expr {$n / 1000}]] thousand
        set n [expr {$n % 1000}]
    }
    if {$n >= 100} {
        lappend words [lindex $ones [expr {$n / 100}]] hundred
        set n [expr {$n % 100}]
    }
    if {$n > 19} {
        lappend words [lindex $tens [expr {$n / 10}]]
        set n [expr {$n % 10}]
    }
    if {$n > 0 || ![llength $words]} {lappend words [lindex $ones $n]}
    return [join $words]
}
