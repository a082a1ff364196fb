# tester.tcl: the harness that .test scripts are run by.
#
# The conventions are those of SQLite's own test scripts: the procedures that
# scripts for its test program call are here under the same names, with the
# same arguments, results and effects, and run with an unmodified SQLite.
# The manual page is sqliteasync_tester(n).  A script begins with
#
#     set testdir [file dirname $argv0]
#     source $testdir/tester.tcl
#
# or, wherever it is, with "package require sqliteasync::tester", and ends with
# finish_test.  In between, the handle "db" is open on test.db in the current
# directory, through the default VFS.
#
#     tclsh tester.tcl ?OPTIONS? FILE.test ...
#
# runs scripts, each in a process and an empty directory of its own, see
# all.tcl.
#
# The parts, which lie beside this file:
#
#     tester_report.tcl        test cases: do_test, what passes, what it prints
#     tester_capabilities.tcl  ifcapable, what can't be known, permutations
#     tester_sql.tcl           execsql, do_execsql_test and their kin
#     tester_checksum.tcl      cksum, dbcksum, allcksum, integrity_check
#     tester_files.tcl         files and saved databases: forcedelete, db_save
#     tester_backend.tcl       the asynchronous backend and simulated devices
#     tester_children.tcl      other processes: testfixture, crashsql
#     tester_clients.tcl       do_multiclient_test
#     tester_ioerr.tcl         do_ioerr_test
#     tester_malloc.tcl        do_malloc_test
#     tester_faultsim.tcl      do_faultsim_test and its faults
#     tester_wal.tcl           write-ahead logs as files
#     tester_random.tcl        random numbers that can be had again
#     tester_commands.tcl      commands that SQLite's test program has in C

# Some scripts run others that source this file again.
if {[info exists ::tester::loaded]} {
    reset_db
    return
}

package require Tcl 8.6-

namespace eval ::tester {
    # Where this file is, also if it was sourced through a symbolic link.
    variable directory [file dirname [file dirname \
        [file normalize [file join [info script] file]]]]

    # The parts, in the order in which they are read.
    variable parts {report capabilities sql checksum files backend children
        clients ioerr malloc faultsim wal random commands}

    # Files that scripts source from the directory that they are in.
    variable sourced {tester.tcl malloc_common.tcl lock_common.tcl
        wal_common.tcl thread_common.tcl}

    # The script that is being run.
    variable script [file tail $::argv0]
    variable scriptPath [file normalize $::argv0]
}

# A copy of this file alone, beside somebody's scripts: the rest is where the
# package is.
if {![file exists [file join $::tester::directory tester_report.tcl]]} {
    if {[catch {package require sqliteasync::tester} ::tester::message]} {
        error "the other parts of tester.tcl are neither beside it nor where\
            Tcl finds packages: $::tester::message"
    }
    return
}

# As a program: runs scripts.
if {$::argv0 ne {} && ![info exists ::tester_child] &&
    [file normalize [file join $::argv0 file]] eq
        [file normalize [file join [info script] file]]} {
    if {[lindex $::argv 0] ne "--run-script"} {
        source [file join $::tester::directory all.tcl]
        return
    }
    source [file join $::tester::directory tester_run.tcl]
    return
}

# The package of a build that was not installed.
if {[info exists ::env(SQLITEASYNC_BUILD)]} {
    lappend ::auto_path $::env(SQLITEASYNC_BUILD)
} elseif {[file exists [file join $::tester::directory .. pkgIndex.tcl]]} {
    # Installed: this directory is inside of the package's.
    lappend ::auto_path [file dirname $::tester::directory]
} elseif {[file exists [file join $::tester::directory .. build pkgIndex.tcl]]} {
    lappend ::auto_path [file normalize \
        [file join $::tester::directory .. build]]
}

package require sqlite3
package require sqliteasync
package require sqliteasynctester

foreach ::tester::part $::tester::parts {
    source [file join $::tester::directory tester_$::tester::part.tcl]
}
set ::tester::loaded 1
source [file join $::tester::directory thread_common.tcl]
package provide sqliteasync::tester [package provide sqliteasync]

# As in SQLite's harness: few digits, and the page that holds the locks is
# early in the file, so that small databases have one.
set ::tcl_precision 15
sqlite3_test_control_pending_byte 0x10000
set ::AUTOVACUUM $::sqlite_options(default_autovacuum)
if {![info exists ::testdir]} {set ::testdir $::tester::directory}
array set ::G {isquick 0 issoak 0}
array set ::cmdlinearg {soak 0 start {} match {} verbose {} output {}
    file-retries 0 file-retry-delay 0 maxerror 1000 soft-heap-limit 0
    malloctrace 0 backtrace 10 binarylog 0 info 0}

::tester::WatchUnknowables
if {[info exists ::tester_child]} {
    ::tester::Begin [expr {[info exists ::tester_backend] ?
                           $::tester_backend : "plain"}]
} else {
    ::tester::ParseOptions
    expr {srand($::tester::seed)}
    ::tester::Begin $::tester::backend
    if {[file dirname $::tester::scriptPath] ne $::tester::directory} {
        ::tester::BeTestfixture
    }
    ::tester::PrepareMemoryFaults
    reset_db
}
