# tester_run.tcl: tester.tcl --run-script FILE ?OPTIONS?, which runs one script
# in this process, wherever the script is: what it sources from its own
# directory as tester.tcl, malloc_common.tcl and so on is read from here, also
# if there is a file of that name.

set ::argv0 [lindex $::argv 1]
set ::argv [lrange $::argv 2 end]
set ::argc [llength $::argv]
set ::tester::script [file tail $::argv0]
set ::tester::scriptPath [file normalize $::argv0]

rename ::source ::tester::Source
proc ::source {args} {
    set tail [file tail [lindex $args end]]
    if {$tail in $::tester::sourced} {
        lset args end [file join $::tester::directory $tail]
    }
    uplevel 1 [list ::tester::Source {*}$args]
}

# One line for what is missing; where it went wrong for everything else.
proc ::tester::RunScript {} {
    variable script
    if {![catch {uplevel #0 [list source $::argv0]} message options]} return
    set information [dict get $options -errorinfo]
    if {[regexp {^invalid command name "(.*)"$} $message -> name]} {
        set reason [::tester::WhySpecial $name]
        if {$reason ne {}} {
            omit_test $script-rest $reason
            set ::tester::capabilityStack {}
            finish_test
        }
        set line {}
        regexp {\(file "[^"]*" line (\d+)\)} $information -> line
        puts "$script: missing command \"$name\", line $line"
    } else {
        puts "$script: $information"
    }
    exit 1
}
::tester::RunScript
