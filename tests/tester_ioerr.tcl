# tester_ioerr.tcl: do_ioerr_test, which runs a script again and again, and lets
# its first I/O operation fail, then its second, and so on, until it comes to
# its end without one.
#
#     do_ioerr_test NAME ?OPTION VALUE ...?
#
#     -tclprep SCRIPT, -sqlprep SQL   prepare a new test.db, on which nothing
#                                     fails
#     -tclbody SCRIPT, -sqlbody SQL   what is tested
#     -start N, -end N      the first operation that is to fail, and the last
#     -count N              so many rounds at the most
#     -exclude LIST         operations that are left out
#     -persist BOOL         whether all that follow fail too (default: yes)
#     -cksum BOOL           whether the database must be as it was before the
#                           body, or after it, when it has failed
#     -erc BOOL             whether extended result codes are on
#     -ckrefcount BOOL      whether pages must have been given back; this can't
#                           be seen from outside, and counts as skipped
#     -restoreprng BOOL     whether SQLite's random numbers are the same in
#                           each round (default: yes)
#     -cleanup SCRIPT       runs after each round
#
# For the Nth operation there are these test cases:
#
#     NAME.N.1   the preparation succeeds
#     NAME.N.2   the error is set up
#     NAME.N.3   the body failed, if an operation has failed that matters, and
#                succeeded if none has
#     NAME.N.4   skipped: -ckrefcount
#     NAME.N.6   -cksum
#
# Through the asynchronous backend an operation may fail after the body has
# come to its end, in the writer, which works only then, so that N means the
# same operation every time.  The error must then be what the next request gets;
# or all that the body did is on disk nevertheless.

namespace eval ::tester {
    # Failures of the last round that mattered.
    variable ioerrHardHit 0
}

proc do_ioerr_test {name args} {
    fix_testname name
    if {!$::tester::hasDevice} {
        omit_test $name "the simulated devices are not in this build"
        return
    }
    array unset ::ioerropts
    array set ::ioerropts {-start 1 -end 0 -count 100000000 -persist 1
        -cksum 0 -erc 0 -ckrefcount 0 -restoreprng 1}
    foreach {option value} $args {
        if {$option ni {-tclprep -sqlprep -tclbody -sqlbody -start -end -count
            -exclude -persist -cksum -erc -ckrefcount -restoreprng -cleanup}} {
            error "do_ioerr_test: bad option \"$option\""
        }
        set ::ioerropts($option) $value
    }
    set ::ioerrorbody [::tester::Join ::ioerropts -tclbody -sqlbody]
    save_prng_state
    if {$::ioerropts(-cksum)} {
        ::tester::PrepareIoerr
        uplevel #0 $::ioerrorbody
        set ::goodcksum [cksum]
    }
    unset -nocomplain ::tester::ioerrGood
    if {$::tester::runs eq "async"} {
        if {$::ioerropts(-restoreprng)} restore_prng_state
        catch {
            ::tester::PrepareIoerr
            uplevel #0 $::ioerrorbody
            set ::tester::ioerrGood [::tester::State]
        }
    }
    set ::go 1
    set rounds 0
    for {set n $::ioerropts(-start)} {$::go} {incr n} {
        if {[incr rounds] > $::ioerropts(-count)} break
        if {$::ioerropts(-end) && $n > $::ioerropts(-end)} break
        if {[info exists ::ioerropts(-exclude)] &&
            $n in $::ioerropts(-exclude)} continue
        ::tester::IoerrRound $name $n
    }
    ::tester::ClearIoerr
    array unset ::ioerropts
    return
}

# One script of an option that is Tcl and one that is SQL.
proc ::tester::Join {array tcl sql} {
    upvar #0 $array options
    set script {}
    if {[info exists options($tcl)]} {append script $options($tcl) \n}
    if {[info exists options($sql)]} {
        append script [list db eval $options($sql)]
    }
    return $script
}

proc ::tester::ClearIoerr {} {
    set ::sqlite_io_error_pending 0
    set ::sqlite_io_error_persist 0
    set ::sqlite_io_error_hit 0
    set ::sqlite_io_error_hardhit 0
}

proc ::tester::PrepareIoerr {} {
    ::tester::ClearIoerr
    foreach handle {db db2} {catch {uplevel #0 [list $handle close]}}
    foreach file {test.db test2.db} {
        forcedelete $file $file-journal $file-wal $file-shm
    }
    ::tester::OpenDb test.db
    sqlite3_extended_result_codes $::DB $::ioerropts(-erc)
    if {[info exists ::ioerropts(-tclprep)]} {
        uplevel #0 $::ioerropts(-tclprep)
    }
    if {[info exists ::ioerropts(-sqlprep)]} {
        db eval $::ioerropts(-sqlprep)
    }
    ::tester::Settle
    return 0
}

proc ::tester::IoerrRound {name n} {
    set ::TN $n
    if {$::ioerropts(-restoreprng)} restore_prng_state
    do_test $name.$n.1 ::tester::PrepareIoerr 0
    if {$::ioerropts(-cksum)} {set ::checksum [cksum]}
    do_test $name.$n.2 "
        set ::sqlite_io_error_persist $::ioerropts(-persist)
        set ::sqlite_io_error_pending $n
    " $n
    do_test $name.$n.3 ::tester::RunIoerrBody ok
    # Nothing ends this if --match leaves the body out.
    if {![::tester::Wanted $name.$n.3]} {
        if {$n > 2000} {set ::go 0}
    }
    set hit $::tester::ioerrHardHit
    ::tester::ClearIoerr
    if {$::go && $hit} {
        if {$::ioerropts(-ckrefcount)} {
            omit_test $name.$n.4 "how many pages are in use can't be seen\
                from outside of SQLite" 0
        }
        if {$::ioerropts(-cksum)} {
            do_test $name.$n.6 ::tester::CheckIoerrSum ok
        }
    }
    if {[info exists ::ioerropts(-cleanup)]} {
        catch {uplevel #0 $::ioerropts(-cleanup)}
    }
}

# Runs the body with the error pending; "ok", or what is wrong.
proc ::tester::RunIoerrBody {} {
    variable ioerrHardHit 0
    variable ioerrGood
    # Also if --match has left out the test case that sets it.
    ::tester::PauseWriting
    set ::sqlite_io_error_persist $::ioerropts(-persist)
    set ::sqlite_io_error_pending $::TN
    set ::sqlite_io_error_hit 0
    set ::sqlite_io_error_hardhit 0
    set failed [catch {uplevel #0 $::ioerrorbody} message]
    set ::errseen $failed
    set code {}
    if {[llength [info commands ::db]]} {set code [sqlite3_errcode db]}
    set hitInBody $::sqlite_io_error_hit
    ::tester::FinishWriting
    set hit $::sqlite_io_error_hit
    set ioerrHardHit $::sqlite_io_error_hardhit
    set pending $::sqlite_io_error_pending
    ::tester::ClearIoerr
    ::tester::ResumeWriting
    # It came to its end before the operation was reached: the last round.
    if {$pending > 0} {set ::go 0}

    if {!$::ioerropts(-erc) && [regexp {\+\d} $code]} {
        return "extended result code $code"
    }
    if {$hit && !$failed} {
        if {$hit > $ioerrHardHit} {return ok}
        if {!$hitInBody} {return [::tester::AfterWriterError]}
        # The backend asks a question of its own when a journal is opened, and
        # does without the answer.
        if {$hitInBody == 1 && [info exists ioerrGood] &&
            ([catch State state] || $state eq $ioerrGood)} {
            return [::tester::AfterWriterError]
        }
        return "an error was ignored: the body succeeded with [list $message]"
    }
    if {$failed && !$hit} {
        return "the body failed, though no operation did: $message"
    }
    return ok
}

# What the databases of all open handles contain.
proc ::tester::State {} {
    variable handles
    set state {}
    foreach handle $handles {
        if {![llength [info commands ::$handle]]} continue
        foreach {index schema file} [$handle eval {PRAGMA database_list}] {
            lappend state $handle $schema [dbhash $handle [Quote $schema]]
        }
    }
    return $state
}

# After an error that the writer met: "ok" if the next request on an open
# database gets it, or if all that the body did is on disk nevertheless.
proc ::tester::AfterWriterError {} {
    variable handles
    foreach handle $handles {
        if {![llength [info commands ::$handle]]} continue
        if {[catch {
            foreach {index schema file} [$handle eval {PRAGMA database_list}] {
                set hash [dbhash $handle [Quote $schema]]
                if {$file eq {}} continue
                sqlite_orig ::tester::other $file -vfs [plain_vfs]
                set onDisk [dbhash ::tester::other]
                ::tester::other close
                if {$onDisk ne $hash} {
                    return "the writer's error is lost, and what is on disk in\
                        $file differs"
                }
            }
        }]} {
            catch {::tester::other close}
            return ok
        }
    }
    return ok
}

proc ::tester::CheckIoerrSum {} {
    foreach handle {db db2} {catch {uplevel #0 [list $handle close]}}
    ::tester::OpenDb test.db
    set now [cksum]
    if {$now eq $::checksum || $now eq $::goodcksum} {return ok}
    return "before: $::checksum, after: $::goodcksum, now: $now"
}

# The name by which SQLite's harness has it.
proc run_ioerr_prep {} {
    return [::tester::PrepareIoerr]
}
