# harness_common.tcl: for the tests of the harness itself, harness-*.test.

# Runs BODY as a script of its own, in a process and a directory of its own, and
# returns how many of its test cases passed, failed and were skipped (without
# the one for what is left over), or "unfinished" if there is no summary.  What
# it printed is in the global variable output. 
proc script {body args} {
    global output
    set tail script.test
    set i 0
    while {[file exists [set directory sub[incr i]]]} continue
    file mkdir $directory
    set channel [open [file join $directory $tail] w]
    fconfigure $channel -encoding utf-8
    puts $channel "set testdir \[file dirname \$argv0\]"
    puts $channel "source \$testdir/tester.tcl"
    puts $channel $body
    if {![regexp {finish_test\s*$} $body]} {puts $channel finish_test}
    close $channel
    set here [pwd]
    cd $directory
    set rc [catch {
        exec [info nameofexecutable] \
            [file join $::tester::directory tester.tcl] \
            --run-script $tail {*}$args < /dev/null 2>@1
    } output options]
    cd $here
    set ::status 0
    if {$rc} {
        set ::status [lindex [dict get $options -errorcode] 2]
        regsub {\nchild process exited abnormally$} $output {} output
    }
    file delete -force -- $directory
    if {![regexp -line \
            {^(?:# )?script\.test: (\d+) passed, (\d+) failed, (\d+) skipped$} \
            $output -> passed failed skipped]} {
        return unfinished
    }
    # A process that is left in disorder is a failure like others.
    if {![regexp {script-leftover\.\.\. FAILED} $output] &&
        ![string match *--match* $args] && "--stop" ni $args} {
        incr passed -1
    }
    return [list $passed $failed $skipped]
}

# The same on plain SQLite and through the backend.
proc script_both {body args} {
    return [list [script $body {*}$args] \
        [script $body --backend async {*}$args]]
}

# The names of test cases that failed.
proc failures {} {
    set names {}
    foreach {- name} [regexp -all -inline -line {^(\S+)\.\.\. FAILED$} \
        $::output] {
        lappend names $name
    }
    return $names
}
