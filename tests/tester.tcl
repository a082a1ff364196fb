# tester.tcl: the harness that the .test scripts of this directory are run by.
#
# The conventions are those of SQLite's own test scripts, so that whoever
# knows them can read and write these.  A script begins with
#
#     set testdir [file dirname $argv0]
#     source $testdir/tester.tcl
#
# and ends with finish_test.  In between, the handle "db" is open on test.db in
# the current directory, through the default VFS; all.tcl gives each script
# a process and an empty directory of its own.
#
# As in SQLite:
#
#     do_test NAME SCRIPT EXPECTED
#     do_execsql_test ?-db DB? NAME SQL ?RESULT?
#     do_catchsql_test ?-db DB? NAME SQL RESULT
#     execsql SQL ?DB?              catchsql SQL ?DB?
#     ifcapable EXPR SCRIPT ?else SCRIPT?
#     integrity_check NAME ?DB?     omit_test NAME REASON
#     reset_db                      forcedelete FILE...
#     launch_testfixture            testfixture CHANNEL SCRIPT
#     set_test_counter COUNTER ?VALUE?
#     finish_test
#
# EXPECTED is compared as a string, unless it is /REGEXP/ or ~/REGEXP/ (which
# must not match).  In a REGEXP, # stands for a number; a REGEXP that begins
# with * is a glob pattern.  If the variable testprefix is set, it is put in
# front of a test name that begins with a digit.
#
# Ours:
#
#     async_reset         the backend as it was before anything used it
#     async_drain         performs everything queued; no writer may be running
#     plain_vfs           name of the platform's own VFS
#     plain_sql FILE SQL  runs SQL on FILE through that VFS
#     dbhash DB           digest of a database's schema and rows
#     run_child SCRIPT    runs SCRIPT in a process of its own, see there
#     scaled N ?MIN?      N, scaled by SQLITEASYNC_TEST_SCALE percent
#     seed_random NAME    seeds [random N] for one test, returns the seed
#
# Options of a script: --verbose, --match PATTERN, --seed N.  The last line
# that it prints is "SCRIPT: P passed, F failed, S skipped".

package require Tcl 8.6
package require sqlite3
package require sqliteasync

namespace eval ::tester {
    # The number of test cases that passed, failed, were skipped; and the
    # names of those that failed and were skipped.
    variable passed 0
    variable failed 0
    variable skipped 0
    variable failList {}
    variable omitList {}

    # What the command line says.
    variable verbose 0
    variable match *
    variable seed 1

    # Conditions of the ifcapable scripts that are being evaluated.
    variable capabilityStack {}

    variable directory [file dirname [file normalize [info script]]]
    variable script [file tail $::argv0]

    # Makes file names for children's scripts and output unique.
    variable childCount 0

    # Handles that scripts use by convention.
    variable handles {db db1 db2 db3 db4 db5 db6 db7 db8 db9}
}

# ---------------------------------------------------------------------------
# Test cases

proc ::tester::FullName {name} {
    if {[info exists ::testprefix] && [string match {[0-9]*} $name]} {
        return $::testprefix-$name
    }
    return $name
}

proc ::tester::Note {text} {
    puts stdout $text
    flush stdout
}

# True if RESULT is what EXPECTED describes.
proc ::tester::Matches {result expected} {
    if {![regexp {^(~?)/(.*)/$} $expected -> negate pattern]} {
        return [string equal $result $expected]
    }
    if {[string index $pattern 0] eq "*"} {
        set found [string match $pattern $result]
    } else {
        set found [regexp [string map {# {[-0-9.]+}} $pattern] $result]
    }
    return [expr {$negate eq "~" ? !$found : $found}]
}

proc ::tester::Pass {name} {
    variable passed
    variable verbose
    incr passed
    if {$verbose} {Note "$name... Ok"}
}

proc ::tester::Fail {name args} {
    variable failed
    variable failList
    incr failed
    lappend failList $name
    Note "$name... FAILED"
    foreach line $args {Note "! $name $line"}
}

# How to run one test case alone, for the output of a test that draws random
# numbers.
proc ::tester::Repeat {name} {
    variable seed
    variable script
    return "tclsh tests/all.tcl --seed $seed --match [list $name] $script"
}

proc ::tester::Wanted {name} {
    variable match
    return [string match $match $name]
}

proc do_test {name cmd expected} {
    set name [::tester::FullName $name]
    if {![::tester::Wanted $name]} return
    unset -nocomplain ::tester::testSeed
    if {[catch {uplevel #0 "$cmd;\n"} result options]} {
        set seen [list "error:    \[$result\]" \
                       [dict get $options -errorinfo]]
    } elseif {[::tester::Matches $result $expected]} {
        ::tester::Pass $name
        return
    } else {
        set seen [list "expected: \[$expected\]" "got:      \[$result\]"]
    }
    if {[info exists ::tester::testSeed]} {
        lappend seen "seed:     $::tester::testSeed" \
                     "repeat:   [::tester::Repeat $name]"
    }
    ::tester::Fail $name {*}$seen
}

# A test case that can't be run here: counted, with the reason, and not among
# those that passed.
proc omit_test {name reason {append 1}} {
    set name [::tester::FullName $name]
    if {![::tester::Wanted $name]} return
    incr ::tester::skipped
    if {$append} {lappend ::tester::omitList [list $name $reason]}
    ::tester::Note "$name... skipped: $reason"
}

# For what is not worth a name of its own, inside a test: an error if the
# expression is false.
proc check {condition {message {}}} {
    if {![uplevel 1 [list expr $condition]]} {
        if {$message eq {}} {set message "not true: $condition"}
        error $message
    }
}

# ---------------------------------------------------------------------------
# SQL

proc execsql {sql {db db}} {
    uplevel 1 [list $db eval $sql]
}

proc catchsql {sql {db db}} {
    set rc [catch {uplevel 1 [list $db eval $sql]} result]
    return [list $rc $result]
}

proc ::tester::HandleOption {argsVar} {
    upvar 1 $argsVar arguments
    if {[lindex $arguments 0] eq "-db"} {
        set db [lindex $arguments 1]
        set arguments [lrange $arguments 2 end]
        return $db
    }
    return db
}

proc do_execsql_test {args} {
    set db [::tester::HandleOption args]
    if {[llength $args] < 2 || [llength $args] > 3} {
        error "wrong # args: should be\
            \"do_execsql_test ?-db DB? NAME SQL ?RESULT?\""
    }
    lassign $args name sql expected
    if {![regexp {^~?/.*/$} $expected]} {set expected [list {*}$expected]}
    do_test $name [list execsql $sql $db] $expected
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

proc integrity_check {name {db db}} {
    ifcapable integrityck {
        do_test $name [list execsql {PRAGMA integrity_check} $db] ok
    }
}

# ---------------------------------------------------------------------------
# Capabilities

# Fills the global array sqlite_options from what the library says that it was
# compiled with.
proc ::tester::ReadOptions {} {
    global sqlite_options
    # On unless the library was built with OMIT_..., and the name of that.
    array set omittable {
        altertable ALTERTABLE   analyze ANALYZE       attach ATTACH
        auth AUTHORIZATION      autoinc AUTOINCREMENT autoindex AUTOMATIC_INDEX
        autoreset AUTORESET     autovacuum AUTOVACUUM
        between_opt BETWEEN_OPTIMIZATION  bloblit BLOB_LITERAL
        cast CAST               check CHECK           complete COMPLETE
        compound COMPOUND_SELECT cte CTE              datetime DATETIME_FUNCS
        decltype DECLTYPE       deserialize DESERIALIZE explain EXPLAIN
        floatingpoint FLOATING_POINT foreignkey FOREIGN_KEY
        gencol GENERATED_COLUMNS incrblob INCRBLOB
        integrityck INTEGRITY_CHECK json JSON         like_opt LIKE_OPTIMIZATION
        load_ext LOAD_EXTENSION localtime LOCALTIME   memorydb MEMORYDB
        or_opt OR_OPTIMIZATION  pager_pragmas PAGER_PRAGMAS
        pragma PRAGMA           progress PROGRESS_CALLBACK reindex REINDEX
        schema_pragmas SCHEMA_PRAGMAS schema_version SCHEMA_VERSION_PRAGMAS
        shared_cache SHARED_CACHE subquery SUBQUERY   tclvar TCL_VARIABLE
        tempdb TEMPDB           trace TRACE           trigger TRIGGER
        truncate_opt TRUNCATE_OPTIMIZATION utf16 UTF16 vacuum VACUUM
        view VIEW               vtab VIRTUALTABLE     wal WAL
        windowfunc WINDOWFUNC   wsd WSD               xfer_opt XFER_OPT
    }
    # Off unless the library was built with ENABLE_..., and the name of that.
    array set enablable {
        8_3_names 8_3_NAMES     atomicwrite ATOMIC_WRITE
        batch_atomic_write BATCH_ATOMIC_WRITE
        bytecode_vtab BYTECODE_VTAB columnmetadata COLUMN_METADATA
        cursorhints CURSOR_HINTS dbpage_vtab DBPAGE_VTAB dbstat_vtab DBSTAT_VTAB
        fts3 FTS3 fts3_tokenizer FTS3_TOKENIZER fts4 FTS4 fts5 FTS5
        geopoly GEOPOLY icu ICU lock_proxy_pragmas LOCKING_STYLE
        mathlib MATH_FUNCTIONS  memorymanage MEMORY_MANAGEMENT
        normalize NORMALIZE     null_trim NULL_TRIM
        offset_sql_func OFFSET_SQL_FUNC oversize_cell_check OVERSIZE_CELL_CHECK
        preupdate PREUPDATE_HOOK rtree RTREE scanstatus STMT_SCANSTATUS
        session SESSION         setlk_timeout SETLK_TIMEOUT snapshot SNAPSHOT
        stat4 STAT4             stmtvtab STMTVTAB     unlock_notify UNLOCK_NOTIFY
        update_delete_limit UPDATE_DELETE_LIMIT
    }
    sqlite3 ::tester::options :memory:
    set compiled [::tester::options eval {PRAGMA compile_options}]
    ::tester::options close
    foreach option [array names omittable] {
        set sqlite_options($option) \
            [expr {"OMIT_$omittable($option)" ni $compiled}]
    }
    foreach option [array names enablable] {
        set sqlite_options($option) \
            [expr {[lsearch -glob $compiled ENABLE_$enablable($option)*] >= 0}]
    }
    set sqlite_options(fts3) \
        [expr {$sqlite_options(fts3) || $sqlite_options(fts4)}]
    set threadsafe 1
    regexp {THREADSAFE=(\d)} $compiled -> threadsafe
    set sqlite_options(threadsafe) [expr {$threadsafe > 0}]
    set sqlite_options(threadsafe1) [expr {$threadsafe == 1}]
    set sqlite_options(threadsafe2) [expr {$threadsafe == 2}]
    set sqlite_options(mutex) $sqlite_options(threadsafe)
    set sqlite_options(compileoption_diags) [expr {[llength $compiled] > 0}]
    set sqlite_options(secure_delete) \
        [expr {[lsearch -glob $compiled SECURE_DELETE*] >= 0}]
    set sqlite_options(default_autovacuum) 0
    regexp {DEFAULT_AUTOVACUUM=(\d)} $compiled -> \
        sqlite_options(default_autovacuum)
    # What only SQLite's special test build has.
    foreach option {api_armor crashtest debug memdebug hiddencolumns} {
        set sqlite_options($option) 0
    }
    set sqlite_options(threads) \
        [expr {![catch {package require Thread}]}]
    set sqlite_options(long_double) 1
    set sqlite_options(lfs) 1
}

proc ::tester::Capable {expression} {
    set words [lsort -unique [regexp -all -inline {[a-z0-9_]+} $expression]]
    foreach word $words {
        if {![info exists ::sqlite_options($word)]} {
            error "ifcapable: unknown capability \"$word\""
        }
    }
    regsub -all {[a-z0-9_]+} $expression {$::sqlite_options(&)} expression
    return [expr $expression]
}

proc ifcapable {expression code {else ""} {elsecode ""}} {
    if {$else ni {"" else}} {
        error "ifcapable: \"$else\" where \"else\" should be"
    }
    set truth [::tester::Capable $expression]
    if {!$truth} {
        # The names of the test cases that are not run, as far as they
        # can be read off the script.
        foreach {- name} [regexp -all -inline -line \
            {^\s*(?:do_\w*test|integrity_check)\s+(?:-db\s+\S+\s+)?(\S+)} \
            $code] {
            if {[catch {uplevel 1 [list subst -nocommands $name]} real]} {
                set real $name
            }
            omit_test $real "needs the capability $expression"
        }
    }
    lappend ::tester::capabilityStack \
        [expr {$truth ? $expression : "!($expression)"}]
    set rc [catch {uplevel 1 [expr {$truth ? $code : $elsecode}]} \
                result options]
    set ::tester::capabilityStack [lrange $::tester::capabilityStack 0 end-1]
    dict incr options -level
    return -options $options $result
}

# ---------------------------------------------------------------------------
# Files and handles

proc forcedelete {args} {
    foreach name $args {file delete -force -- $name}
}

proc ::tester::CloseAll {} {
    variable handles
    foreach handle $handles {catch {uplevel #0 [list $handle close]}}
}

# A new, empty test.db, open as "db" through the default VFS.
proc reset_db {} {
    catch {uplevel #0 {db close}}
    forcedelete test.db test.db-journal test.db-wal test.db-shm
    uplevel #0 {sqlite3 db ./test.db}
    return
}

proc plain_vfs {} {
    expr {$::tcl_platform(platform) eq "windows" ? "win32" : "unix"}
}

proc plain_sql {file sql} {
    sqlite3 ::tester::plain $file -vfs [plain_vfs]
    set rc [catch {::tester::plain eval $sql} result]
    ::tester::plain close
    return -code $rc $result
}

proc file_bytes {file} {
    set channel [open $file rb]
    set bytes [read $channel]
    close $channel
    return $bytes
}

# A number that depends on everything in the database that SQL can see: the
# schema, the rows of all tables, and the types of their values.
proc dbhash {db {schema main}} {
    set text [$db eval "SELECT type, name, tbl_name, sql FROM
        $schema.sqlite_master ORDER BY name, type"]
    foreach table [$db eval "SELECT name FROM $schema.sqlite_master
        WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'
        ORDER BY name"] {
        set quoted \"[string map {\" \"\"} $table]\"
        set columns {}
        $db eval "PRAGMA $schema.table_info($quoted)" column {
            lappend columns "quote(\"[string map {\" \"\"} $column(name)]\")"
        }
        append text \n [$db eval "SELECT [join $columns {, }]
            FROM $schema.$quoted ORDER BY [join $columns {, }]"]
    }
    return [zlib crc32 [encoding convertto utf-8 $text]]
}

# ---------------------------------------------------------------------------
# The asynchronous backend

# Performs everything that is queued, on this thread, and returns how many
# operations that were.
proc async_drain {} {
    set count 0
    while {[set performed [sqlite3async_step 1000]] > 0} {
        incr count $performed
    }
    return $count
}

# Lets a writer perform everything that is queued, and end: works whether one
# is running or not.
proc async_write_all {} {
    set halt [sqlite3async_control halt]
    sqlite3async_control halt idle
    sqlite3async_start
    sqlite3async_wait
    sqlite3async_control halt $halt
    return
}

# Everything closed, written, unregistered, and every setting as it was when
# the process began.  The writer that may be running ends.
proc async_reset {} {
    ::tester::CloseAll
    set ::sqlite3async_trace 0
    sqlite3async_control delay 0
    sqlite3async_control halt idle
    sqlite3async_wait
    async_drain
    sqlite3async_shutdown
    sqlite3async_control halt never
    sqlite3async_control lockfiles 1
    sqlite3async_control queuelimit $::tester::initial(queuelimit)
    return
}

# What differs from the state that a process begins with, as a list.
proc ::tester::LeftOver {} {
    variable initial
    set found {}
    if {$::sqlite3async_trace} {lappend found "sqlite3async_trace is set"}
    foreach option [lsort [array names initial]] {
        set value [sqlite3async_control $option]
        if {$value ne $initial($option)} {
            lappend found "$option is $value, not $initial($option)"
        }
    }
    if {[sqlite3async_enable]} {lappend found "the VFS is registered"}
    if {![catch {sqlite3async_step 1} performed]} {
        if {$performed} {lappend found "operations are queued"}
    } elseif {[sqlite3async_enable]} {
        lappend found "a writer is running"
    }
    return $found
}

# ---------------------------------------------------------------------------
# Other processes

proc ::tester::ChildScript {body bare} {
    variable directory
    variable childCount
    set name child[incr childCount]-[pid].tcl
    set channel [open $name w]
    fconfigure $channel -encoding utf-8
    if {!$bare} {
        puts $channel [list set ::tester_child 1]
        puts $channel [list source [file join $directory tester.tcl]]
    }
    puts $channel $body
    close $channel
    return $name
}

# Runs SCRIPT to its end in another tclsh, where the procedures of this file
# are there and no handle is open.  Returns a dictionary with "status" (the
# exit code, or the name of the signal that killed it), "out" and "err".
# Options: -bare (nothing loaded; package require is the script's), -wrap WORDS
# (put before the command), -env {NAME VALUE ...}, -arguments WORDS.
proc run_child {args} {
    set body [lindex $args end]
    set bare 0
    set wrap {}
    set environment {}
    set arguments {}
    for {set i 0} {$i < [llength $args] - 1} {incr i} {
        switch -- [lindex $args $i] {
            -bare {set bare 1}
            -wrap {set wrap [lindex $args [incr i]]}
            -env {set environment [lindex $args [incr i]]}
            -arguments {set arguments [lindex $args [incr i]]}
            default {error "run_child: bad option \"[lindex $args $i]\""}
        }
    }
    set name [::tester::ChildScript $body $bare]
    set saved {}
    foreach {variable value} $environment {
        if {[info exists ::env($variable)]} {
            lappend saved $variable $::env($variable)
        }
        set ::env($variable) $value
    }
    set command [list {*}$wrap [info nameofexecutable] -encoding utf-8 \
        $name {*}$arguments]
    set failed [catch {
        exec {*}$command < [::tester::NullDevice] > $name.out 2> $name.err
    } message options]
    foreach {variable value} $environment {unset ::env($variable)}
    foreach {variable value} $saved {set ::env($variable) $value}
    set status 0
    if {$failed} {
        set code [dict get $options -errorcode]
        switch -- [lindex $code 0] {
            CHILDSTATUS - CHILDKILLED {set status [lindex $code 2]}
            default {error $message}
        }
    }
    foreach stream {out err} {
        set channel [open $name.$stream r]
        fconfigure $channel -encoding utf-8
        set $stream [string trimright [read $channel] \n]
        close $channel
    }
    forcedelete $name $name.out $name.err
    return [dict create status $status out $out err $err]
}

proc ::tester::NullDevice {} {
    expr {$::tcl_platform(platform) eq "windows" ? "NUL" : "/dev/null"}
}

# For the end of a child's script: the process is gone at once, as if the
# machine's operator had killed it.
proc kill_self {} {
    # The shell's own kill: not every system has the program.
    exec sh -c {kill -9 "$0"} [pid]
    after 100000
}

# An interpreter in another process, at the other end of the channel that is
# returned; its procedures are those of this file.  It ends with the channel.
proc launch_testfixture {{executable ""}} {
    if {$executable eq ""} {set executable [info nameofexecutable]}
    set name [::tester::ChildScript {
        fconfigure stdin -encoding utf-8
        fconfigure stdout -encoding utf-8 -buffering full
        set ::tester::line {}
        while {[gets stdin ::tester::line] >= 0} {
            set ::tester::rc [catch {
                uplevel #0 [subst -novariables -nocommands $::tester::line]
            } ::tester::result]
            puts [string map {\\ \\\\ \n \\n} \
                [list $::tester::rc $::tester::result]]
            flush stdout
        }
        exit
    } 0]
    set channel [open |[list $executable -encoding utf-8 $name 2>@stderr] r+]
    fconfigure $channel -encoding utf-8 -buffering full
    testfixture $channel {}
    forcedelete $name
    return $channel
}

proc testfixture {channel script} {
    puts $channel [string map {\\ \\\\ \n \\n} $script]
    flush $channel
    if {[gets $channel answer] < 0} {
        catch {close $channel} message
        error "ERROR: child process hung up: $message"
    }
    lassign [subst -novariables -nocommands $answer] rc result
    if {$rc} {return -code error $result}
    return $result
}

# ---------------------------------------------------------------------------
# Random numbers

# N as SQLITEASYNC_TEST_SCALE says (a percentage), and at least MIN.
proc scaled {n {min 1}} {
    set scale 100
    if {[info exists ::env(SQLITEASYNC_TEST_SCALE)]} {
        set scale $::env(SQLITEASYNC_TEST_SCALE)
    }
    return [expr {max($min, round($n * $scale / 100.0))}]
}

# Seeds [random] for the test case NAME, so that it draws the same numbers
# whether it is run alone or among others, and has the seed printed if the
# test case fails.
proc seed_random {name} {
    set ::tester::testSeed $::tester::seed
    set derived [zlib crc32 [encoding convertto utf-8 \
        "$name $::tester::seed"]]
    expr {srand($derived % 2147483647 + 1)}
    for {set i 0} {$i < 8} {incr i} {expr {rand()}}
    return $derived
}

proc random {n} {
    expr {int(rand() * $n)}
}

proc random_of {list} {
    lindex $list [random [llength $list]]
}

# ---------------------------------------------------------------------------
# The end

proc set_test_counter {counter args} {
    array set variables {count passed errors failed fail_list failList
        omit_list omitList skipped skipped}
    if {![info exists variables($counter)]} {
        error "set_test_counter: no counter \"$counter\""
    }
    if {$counter eq "count"} {
        return [expr {$::tester::passed + $::tester::failed}]
    }
    if {[llength $args]} {
        set ::tester::$variables($counter) [lindex $args 0]
    }
    return [set ::tester::$variables($counter)]
}

proc finish_test {} {
    if {[llength $::tester::capabilityStack]} {
        omit_test $::tester::script-rest \
            "the script ends where ifcapable\
             [lindex $::tester::capabilityStack end] holds"
    }
    ::tester::CloseAll
    do_test [file rootname $::tester::script]-leftover {
        ::tester::LeftOver
    } {}
    if {$::tester::failed} {
        set names $::tester::failList
        if {[llength $names] > 20} {
            set names [concat [lrange $names 0 19] ...]
        }
        ::tester::Note "Failures on these tests: $names"
    }
    ::tester::Note "$::tester::script: $::tester::passed passed,\
        $::tester::failed failed, $::tester::skipped skipped"
    exit [expr {$::tester::failed > 0}]
}

proc ::tester::ParseOptions {arguments} {
    variable verbose
    variable match
    variable seed
    while {[llength $arguments]} {
        set arguments [lassign $arguments option]
        switch -- $option {
            --verbose {set verbose 1}
            --match {set arguments [lassign $arguments match]}
            --seed {set arguments [lassign $arguments seed]}
            default {
                puts stderr "bad option \"$option\": must be --verbose,\
                    --match PATTERN, or --seed N"
                exit 2
            }
        }
    }
    if {![string is wideinteger -strict $seed]} {
        puts stderr "expected integer but got \"$seed\""
        exit 2
    }
}

::tester::ReadOptions
if {![info exists ::tester_child]} {
    ::tester::ParseOptions $::argv
    foreach option {halt delay lockfiles queuelimit} {
        set ::tester::initial($option) [sqlite3async_control $option]
    }
    unset option
    reset_db
} else {
    set ::tester::initial(queuelimit) [sqlite3async_control queuelimit]
}
