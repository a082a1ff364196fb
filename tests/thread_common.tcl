# thread_common.tcl: scripts source this to run SQLite in several threads, with an
# interpreter each.
#
#     run_thread_tests              whether that can be done; the script ends
#                                   itself if not
#     thread_spawn VARIABLE SCRIPT ...   runs the scripts, one after the other, in
#                                   a new thread, and sets VARIABLE to the result
#     sqlthread spawn VARIABLE SCRIPT
#     sqlthread parent SCRIPT       in a thread: has the one that spawned it run
#                                   SCRIPT
#     sqlthread open FILE           a connection's pointer
#     sqlthread id                  clock_seconds
#
# The variable thread_procs has a script for the beginning of a thread's: the
# procedures execsql, for the connection $DB, and do_test.  Needs Tcl's package
# Thread.

if {![info exists ::tester::loaded]} {
    source [file join [file dirname [info script]] tester.tcl]
}

namespace eval ::tester {
    # The thread that spawned this one.
    variable parentThread {}
}

set ::thread_procs {
    # Until no lock is in the way.
    proc execsql {sql} {
        while 1 {
            enter_db_mutex $::DB
            set rc [catch {::tester::StepAll $::DB $sql} result]
            set message [sqlite3_errmsg $::DB]
            leave_db_mutex $::DB
            if {!$rc} {return $result}
            if {$result ni {SQLITE_BUSY SQLITE_LOCKED SQLITE_SCHEMA} &&
                ![string match *locked* $message]} {
                error "$result - $message"
            }
            after 50
        }
    }
    proc do_test {name script expected} {
        set result [uplevel #0 $script]
        if {$result ne $expected} {
            error "$name: expected \"$expected\" got \"$result\""
        }
    }
}

# The first column of a statement's rows; the code's name is the error.
proc ::tester::StepAll {pointer sql} {
    set values {}
    if {[catch {sqlite3_prepare_v2 $pointer $sql -1 tail} statement]} {
        error [sqlite3_errcode $pointer]
    }
    while {[sqlite3_step $statement] eq "SQLITE_ROW"} {
        lappend values [sqlite3_column_text $statement 0]
    }
    set code [sqlite3_finalize $statement]
    if {$code ne "SQLITE_OK"} {error $code}
    return $values
}

proc run_thread_tests {{printWarning 0}} {
    if {[capable threadsafe&&threads]} {return 1}
    omit_test $::tester::script-threads \
        "needs a SQLite that is safe for threads and Tcl's package Thread"
    return 0
}

proc thread_spawn {variable args} {
    sqlthread spawn $variable [join $args \n]
}

proc clock_seconds {} {
    return [clock seconds]
}

proc sqlthread {option args} {
    switch -- $option {
        spawn {return [::tester::Spawn {*}$args]}
        parent {
            thread::send -async $::tester::parentThread [lindex $args 0]
            return
        }
        open {return [sqlite3_open [lindex $args 0] {}]}
        id {return [thread::id]}
        default {error "sqlthread: bad option \"$option\""}
    }
}

proc ::tester::Spawn {variable script} {
    variable directory
    set thread [thread::create]
    thread::send $thread [list set ::auto_path $::auto_path]
    thread::send $thread [list set ::argv0 $::argv0]
    thread::send $thread [list set ::tester_child 1]
    foreach file {tester.tcl thread_common.tcl} {
        thread::send $thread [list source [file join $directory $file]]
    }
    thread::send $thread [list set ::tester::parentThread [thread::id]]
    thread::send -async $thread [list ::tester::RunThread $variable $script]
    return
}

# In the thread.
proc ::tester::RunThread {variable script} {
    variable parentThread
    set rc [catch {uplevel #0 $script} result options]
    thread::send -async $parentThread \
        [list ::tester::ThreadEnded $variable $rc $result]
    thread::release
}

# In the one that spawned it.
proc ::tester::ThreadEnded {variable rc result} {
    if {$rc == 1} {Note "a thread failed: $result"}
    set ::$variable $result
}
