# thread_common.tcl: scripts source this to run SQLite in several threads of one
# interpreter each, by the command sqlthread of SQLite's test program, which is
# not here.

if {![info exists ::tester::loaded]} {
    source [file join [file dirname [info script]] tester.tcl]
}

# Whether such tests can be run.  The script ends itself if not.
proc run_thread_tests {{printWarning 0}} {
    omit_test $::tester::script-threads \
        "the command sqlthread of SQLite's test program is not here"
    return 0
}
