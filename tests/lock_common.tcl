# lock_common.tcl: scripts source this for do_multiclient_test and testfixture,
# which tester.tcl has already.

if {![info exists ::tester::loaded]} {
    source [file join [file dirname [info script]] tester.tcl]
}
