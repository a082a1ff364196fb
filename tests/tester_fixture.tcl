#!/bin/sh
# tester_fixture.tcl ?SCRIPT ARG ...?: what scripts get to know as the program
# that runs them, in place of tclsh: an interpreter that has this harness's
# commands, and no handle open.  Without SCRIPT it reads one from its input. \
exec "${TESTER_TCLSH:-tclsh}" "$0" ${1+"$@"}

if {[lindex $argv 0] eq "-encoding"} {
    set argv [lrange $argv 2 end]
}
set tester_child 1
set tester_backend plain
if {[info exists env(TESTER_BACKEND)]} {
    set tester_backend $env(TESTER_BACKEND)
}
source [file join [file dirname [file normalize [info script]]] tester.tcl]
if {![llength $argv]} {
    eval [read stdin]
} else {
    set argv0 [lindex $argv 0]
    set argv [lrange $argv 1 end]
    set argc [llength $argv]
    source $argv0
}
::tester::Settle
exit
