# malloc_common.tcl: scripts source this for do_malloc_test and
# do_faultsim_test, which tester.tcl has already, and for the variable MEMDEBUG,
# which says whether SQLite's allocations can be made to fail.

if {![info exists ::tester::loaded]} {
    source [file join [file dirname [info script]] tester.tcl]
}
set ::MEMDEBUG [::tester::InstallMemoryFaults]
