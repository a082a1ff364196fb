# tester_faultsim.tcl: do_faultsim_test, which runs a script again and again with
# a fault of some kind in its first step, then in its second, and so on, until
# it comes to its end without one.
#
#     do_faultsim_test NAME ?OPTION VALUE ...?
#
#     -faults LIST         kinds, or patterns of kinds; all of them by default
#     -prep SCRIPT         runs before each round, without faults
#     -body SCRIPT         what is tested
#     -test SCRIPT         says whether a round was good, mostly by
#                          faultsim_test_result; an error says that it wasn't.
#                          testrc, testresult and testnfail are what the body
#                          returned, and how many faults it had
#     -install SCRIPT, -uninstall SCRIPT   before and after all rounds of a kind
#     -start N, -end N     the first step that fails, and the last (0: no end)
#
#     faultsim_test_result RESULT ?RESULT ...?   the first is what is right without
#         a fault; any of them, or what the kind's error looks like, with one
#     faultsim_save   faultsim_save_and_close   faultsim_restore
#     faultsim_restore_and_reopen ?FILE?   faultsim_delete_and_reopen ?FILE?
#     faultsim_integrity_check ?DB?
#
# The kinds are in the array FAULTSIM, to which scripts may add: each is the list
# of options of do_one_faultsim_test that make the fault.  A kind that can't be
# had is counted as skipped.

# Steps are allocations of memory.
proc oom_injectstart {repeat step} {
    sqlite3_memdebug_fail [expr {$step - 1}] -repeat $repeat
}
proc oom_injectstop {} {
    return [sqlite3_memdebug_fail -1]
}

# Steps are I/O operations.
proc ioerr_injectstart {persist step} {
    set ::sqlite_io_error_persist $persist
    set ::sqlite_io_error_pending $step
}
proc ioerr_injectstop {} {
    set hits $::sqlite_io_error_hit
    ::tester::ClearIoerr
    return $hits
}

# Steps are operations of certain sorts, on a device of their own.  It stays, and
# does nothing, if a script has left files open on it.
namespace eval ::tester {
    variable faultDevices 0
}
proc ::tester::FaultDevice {} {
    variable faultDevices
    return tester_faults$faultDevices
}
proc ::tester::DeviceInstall {operations code} {
    incr ::tester::faultDevices
    sqlite3_device create [FaultDevice] faults -default 1 -variables 0 \
        -operations $operations -code $code
    # Scripts know a VFS of this name there, and may watch it.
    testvfs shmfault -default 1 -fullshm [expr {$operations eq "shm"}]
}
proc ::tester::DeviceUninstall {} {
    ::tester::CloseAll
    ::tester::Settle
    catch {shmfault delete}
    catch {sqlite3_device delete [FaultDevice]}
}
proc ::tester::DeviceStart {persist step} {
    set ::tester::faultsBefore [sqlite3_device counters [FaultDevice] failures]
    sqlite3_device configure [FaultDevice] -persist $persist -fail $step
}
proc ::tester::DeviceStop {} {
    sqlite3_device configure [FaultDevice] -fail 0 -persist 0
    return [expr {[sqlite3_device counters [FaultDevice] failures] -
        $::tester::faultsBefore}]
}

# Steps are those of the virtual machine, on the handle db.
proc interrupt_injectstart {step} {
    set ::tester::interruptAfter $step
    set ::tester::interrupts 0
    if {[llength [info commands ::db]]} {
        db progress 1 ::tester::CountToInterrupt
    }
}
proc ::tester::CountToInterrupt {} {
    variable interruptAfter
    variable interrupts
    if {[incr interruptAfter -1] != 0} {return 0}
    incr interrupts
    return 1
}
proc interrupt_injectstop {} {
    if {[llength [info commands ::db]]} {db progress 0 {}}
    return $::tester::interrupts
}

namespace eval ::tester {
    # What a kind needs: "memory", "device", or nothing.
    array set faultNeeds {}
}

# Defines a kind, unless a script did.
proc ::tester::FaultKind {kind needs errors args} {
    variable faultNeeds
    set faultNeeds($kind) $needs
    set ::FAULTSIM($kind) [list -injecterrlist $errors {*}$args]
}

foreach {kind persist repeat} {transient 0 0 persistent 1 1000000} {
    ::tester::FaultKind oom-$kind memory {{1 {out of memory}}} \
        -injectstart [list oom_injectstart $repeat] \
        -injectstop oom_injectstop
    ::tester::FaultKind ioerr-$kind device {{1 {disk I/O error}}} \
        -injectstart [list ioerr_injectstart $persist] \
        -injectstop ioerr_injectstop
    foreach {name operations code error} {
        cantopen open CANTOPEN {unable to open database file}
        shmerr shm IOERR_SHMMAP {disk I/O error}
    } {
        ::tester::FaultKind $name-$kind device [list [list 1 $error]] \
            -injectinstall [list ::tester::DeviceInstall $operations $code] \
            -injectstart [list ::tester::DeviceStart $persist] \
            -injectstop ::tester::DeviceStop \
            -injectuninstall ::tester::DeviceUninstall
    }
}
::tester::FaultKind full device {{1 {database or disk is full}}} \
    -injectinstall {::tester::DeviceInstall {write truncate} FULL} \
    -injectstart {::tester::DeviceStart 1} \
    -injectstop ::tester::DeviceStop \
    -injectuninstall ::tester::DeviceUninstall
::tester::FaultKind interrupt {} {{1 interrupted} {1 interrupt}} \
    -injectstart interrupt_injectstart -injectstop interrupt_injectstop
unset kind persist repeat name operations code error

# Why faults of that kind can't be had; empty if they can.
proc ::tester::NoFaults {kind} {
    variable faultNeeds
    variable hasDevice
    variable noMemoryFaults
    if {![info exists faultNeeds($kind)]} {return {}}
    if {$faultNeeds($kind) eq "memory" && ![::tester::InstallMemoryFaults]} {
        return $noMemoryFaults
    }
    if {$faultNeeds($kind) eq "device" && !$hasDevice} {
        return "the simulated devices are not in this build"
    }
    if {[string match shmerr* $kind] && ![wal_is_capable]} {
        return "there is no shared memory"
    }
    return {}
}

proc do_faultsim_test {name args} {
    fix_testname name
    set kinds [lsort [array names ::FAULTSIM]]
    set rest {}
    foreach {option value} $args {
        if {$option eq "-faults"} {
            set kinds {}
            foreach pattern $value {
                set found [array names ::FAULTSIM $pattern]
                if {![llength $found]} {error "unknown fault: $pattern"}
                lappend kinds {*}$found
            }
        } else {
            lappend rest $option $value
        }
    }
    foreach kind [lsort -unique $kinds] {
        set why [::tester::NoFaults $kind]
        if {$why ne {}} {
            omit_test $name-$kind $why
            continue
        }
        uplevel 1 [list do_one_faultsim_test $name-$kind \
            {*}$::FAULTSIM($kind) {*}$rest]
    }
    return
}

# The scripts share the variables of this procedure, and see those that are
# called as in SQLite's harness.
proc do_one_faultsim_test {testname args} {
    array set O {-injectstart expr -injectstop {expr 0} -injecterrlist {}
        -injectinstall {} -injectuninstall {}
        -prep {} -body {} -test {} -install {} -uninstall {} -start 1 -end 0}
    fix_testname testname
    foreach {option value} $args {
        if {![info exists O($option)]} {error "unknown option: $option"}
        set O($option) $value
    }
    proc faultsim_test_proc {testrc testresult testnfail} $O(-test)
    proc faultsim_test_result {args} "
        uplevel 1 \[list ::tester::FaultsimResult \$args\
            [list $O(-injecterrlist)]\]"
    eval $O(-injectinstall)
    eval $O(-install)
    for {set iFail $O(-start)} {$O(-end) == 0 || $iFail <= $O(-end)} \
        {incr iFail} {
        if {![::tester::Wanted $testname.$iFail] && $iFail > 10000} break
        eval $O(-prep)
        ::tester::PauseWriting
        eval $O(-injectstart) $iFail
        set rc [catch $O(-body) res]
        ::tester::FinishWriting
        set nfail [eval $O(-injectstop)]
        ::tester::ResumeWriting
        if {$nfail} {
            lassign [::tester::WriterError $rc $res] rc res
        }
        set rc [catch {faultsim_test_proc $rc $res $nfail} res]
        if {$rc == 0} {set res ok}
        do_test $testname.$iFail [list list $rc $res] {0 ok}
        if {$rc || $nfail == 0} break
    }
    eval $O(-uninstall)
    eval $O(-injectuninstall)
    return
}

# Through the asynchronous backend a fault may be one of the writer's, and the
# error what the next request gets.  Then it counts as the body's, and all
# handles are opened again, since the backend starts clean only after that.
proc ::tester::WriterError {rc result} {
    variable runs
    variable handles
    if {$runs ne "async"} {return [list $rc $result]}
    set open {}
    set failed 0
    foreach handle $handles {
        if {![llength [info commands ::$handle]]} continue
        set file {}
        catch {set file [lindex [$handle eval {PRAGMA database_list}] 2]}
        lappend open $handle $file
        set failing [catch {
            $handle eval {SELECT count(*) FROM sqlite_master}
        } found]
        if {($failing && ![string match *locked* $found]) ||
            [::tester::FailsToOpen $file found]} {
            set failed 1
            set message $found
        }
    }
    if {$failed} {
        ::tester::CloseAll
        foreach {handle file} $open {
            # It can't be opened yet if the script has left a statement.
            catch {uplevel #0 [list sqlite3 $handle $file]}
        }
        if {$rc == 0} {return [list 1 $message]}
    }
    return [list $rc $result]
}

# A handle that has all it needs in memory doesn't notice: does a new one on the
# file?  Locks are no failure.
proc ::tester::FailsToOpen {file variable} {
    upvar 1 $variable message
    if {$file eq {}} {return 0}
    set failed [catch {
        sqlite_orig ::tester::other $file
        ::tester::other eval {SELECT count(*) FROM sqlite_master}
    } message]
    catch {::tester::other close}
    return [expr {$failed && ![string match *locked* $message]}]
}

# An error unless the body's result is right, called by faultsim_test_result in
# the -test script.
proc ::tester::FaultsimResult {allowed errors} {
    upvar 1 testrc rc testresult result testnfail failures
    set seen [list $rc $result]
    if {$failures == 0} {
        if {$seen eq [lindex $allowed 0]} return
    } elseif {$seen in $allowed || $seen in $errors} {
        return
    } elseif {$::tester::runs eq "async" && [lindex $allowed 0] eq $seen} {
        return
    }
    error "nfail=$failures rc=$rc result=$result list=[concat $allowed $errors]"
}

proc faultsim_save {args} {
    db_save {*}$args
}
proc faultsim_save_and_close {args} {
    db_save_and_close {*}$args
}
proc faultsim_restore {args} {
    db_restore {*}$args
}
proc faultsim_restore_and_reopen {{file test.db}} {
    db_restore_and_reopen $file
    sqlite3_extended_result_codes db 1
    catch {sqlite3_db_config_lookaside db 0 0 0}
    return
}
proc faultsim_delete_and_reopen {{file test.db}} {
    db_delete_and_reopen $file
}
proc faultsim_integrity_check {{db db}} {
    set result [$db eval {PRAGMA integrity_check}]
    if {$result ne "ok"} {error "Integrity check: $result"}
}
