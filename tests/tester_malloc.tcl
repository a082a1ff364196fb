# tester_malloc.tcl: do_malloc_test, which runs a script again and again, and
# lets an allocation of memory fail, the second, the third and so on, until none
# does.
#
#     do_malloc_test NAME ?OPTION VALUE ...?
#
#     -tclprep SCRIPT, -sqlprep SQL   prepare a new test.db; nothing fails
#     -tclbody SCRIPT, -sqlbody SQL   what is tested
#     -testdb FILE          a database to start with, instead of an empty one
#     -start N, -end N      the first allocation that is to fail, and the last
#     -cleanup SCRIPT       runs after each round
#     -faults ...           ignored
#
# First with one failure (NAME.transient.N), then with all allocations failing
# from the Nth on (NAME.persistent.N).  NAME, if it is a number, gets "malloc-"
# in front.  A round passes if the body failed for lack of memory, or if it
# succeeded and no failure was one that matters.

namespace eval ::tester {
    # Why SQLite's allocations can't be made to fail.
    variable noMemoryFaults "the memory faults are not in this build"
}

# 1 if SQLite's allocations can be made to fail.  For this SQLite is started
# anew, with all handles closed; db is opened again if it was open.
proc ::tester::InstallMemoryFaults {} {
    variable memoryFaults
    variable noMemoryFaults
    if {[info exists memoryFaults]} {return $memoryFaults}
    set memoryFaults 0
    if {![llength [info commands ::sqlite3_memdebug_fail]]} {return 0}
    set file {}
    if {[llength [info commands ::db]]} {
        catch {set file [lindex [db eval {PRAGMA database_list}] 2]}
    }
    ::tester::CloseAll
    ::tester::Settle
    if {[catch {install_malloc_faultsim 1} noMemoryFaults]} {
        set noMemoryFaults "SQLite's allocations can't be made to fail:\
            $noMemoryFaults"
    } else {
        set memoryFaults 1
        # Starting anew has forgotten them.
        autoinstall_test_functions
    }
    if {$file ne {}} {::tester::OpenDb $file}
    return $memoryFaults
}

# A script that lets allocations fail by itself does it with handles open, when
# it is too late to prepare for that.
proc ::tester::PrepareMemoryFaults {} {
    variable scriptPath
    if {[catch {open $scriptPath} channel]} return
    set text [read $channel]
    close $channel
    if {[string match *sqlite3_memdebug_fail* $text]} InstallMemoryFaults
}

proc do_malloc_test {name args} {
    if {[string is integer -strict $name]} {set name malloc-$name}
    fix_testname name
    if {![::tester::InstallMemoryFaults]} {
        omit_test $name $::tester::noMemoryFaults
        return
    }
    array unset ::mallocopts
    array set ::mallocopts {-start 1 -end 0}
    foreach {option value} $args {
        if {$option ni {-tclprep -sqlprep -tclbody -sqlbody -testdb -start -end
            -cleanup -faults -errorhook}} {
            error "do_malloc_test: bad option \"$option\""
        }
        set ::mallocopts($option) $value
    }
    set ::mallocbody [::tester::Join ::mallocopts -tclbody -sqlbody]
    foreach {kind ::iRepeat} {transient 0 persistent 10000000} {
        set ::go 1
        for {set ::n $::mallocopts(-start)} {$::go} {incr ::n} {
            if {$::mallocopts(-end) && $::n > $::mallocopts(-end)} break
            set case $name.$kind.$::n
            # Without the case there is no end.
            if {![::tester::Wanted $case] && $::n > 10000} break
            do_test $case ::tester::MallocRound ok
            if {[info exists ::mallocopts(-cleanup)]} {
                catch {uplevel #0 $::mallocopts(-cleanup)}
            }
        }
    }
    array unset ::mallocopts
    return
}

proc ::tester::PrepareMalloc {} {
    foreach handle {db db2} {catch {uplevel #0 [list $handle close]}}
    ::tester::Settle
    foreach file {test.db test2.db} {
        forcedelete $file $file-journal $file-wal $file-shm
    }
    if {[info exists ::mallocopts(-testdb)]} {
        forcecopy $::mallocopts(-testdb) test.db
    }
    ::tester::OpenDb test.db
    sqlite3_extended_result_codes db 1
    catch {sqlite3_db_config_lookaside db 0 0 0}
    if {[info exists ::mallocopts(-tclprep)]} {
        uplevel #0 $::mallocopts(-tclprep)
    }
    if {[info exists ::mallocopts(-sqlprep)]} {
        db eval $::mallocopts(-sqlprep)
    }
}

proc ::tester::MallocRound {} {
    ::tester::PrepareMalloc
    ::tester::PauseWriting
    sqlite3_memdebug_fail $::n -repeat $::iRepeat
    set failed [catch {uplevel #0 $::mallocbody} message]
    set failures [sqlite3_memdebug_fail -1 -benigncnt benign]
    ::tester::ResumeWriting
    if {$failures == 0} {
        # The script has fewer allocations.
        set ::go 0
        if {$failed} {return "the body fails without a failure: $message"}
        return ok
    }
    if {!$failed} {
        if {$failures <= $benign} {return ok}
        return "[expr {$failures - $benign}] of $failures failures were\
            ignored: the body succeeded with [list $message]"
    }
    if {[::tester::MeansNoMemory $message]} {return ok}
    return "the body failed with [list $message]"
}

proc ::tester::MeansNoMemory {message} {
    if {[string match "*out of memory*" $message]} {return 1}
    if {![llength [info commands ::db]]} {return 1}
    # SQLITE_NOMEM, and SQLITE_IOERR_NOMEM
    return [expr {([db errorcode] & 0xff) == 7 || [db errorcode] == 3082}]
}
