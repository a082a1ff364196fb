# wal_common.tcl: scripts source this for wal_file_size and its kin, which
# tester.tcl has already.

if {![info exists ::tester::loaded]} {
    source [file join [file dirname [info script]] tester.tcl]
}
