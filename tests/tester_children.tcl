# tester_children.tcl: other processes.
#
#     run_child ?OPTIONS? SCRIPT   runs SCRIPT in a process of its own
#     kill_self
#     launch_testfixture ?PROGRAM? a process that waits for scripts
#     testfixture CHANNEL SCRIPT ?CALLBACK?
#     testfixture_nb VARIABLE CHANNEL SCRIPT
#     crashsql ?OPTIONS? SQL       SQL in a process whose power fails

namespace eval ::tester {
    # The program that runs this.
    variable tclsh [info nameofexecutable]

    # Makes file names for children's scripts and output unique.
    variable childCount 0
}

# The beginning of a child's script that makes these procedures known to it.
proc ::tester::ChildHead {backend} {
    variable directory
    variable grouping
    set lines [list [list set ::tester_child 1] \
        [list set ::tester_backend $backend]]
    if {$grouping eq "off"} {lappend lines [list set ::tester_ungrouped 1]}
    lappend lines [list source [file join $directory tester.tcl]]
    return [join $lines \n]
}

proc ::tester::ChildScript {body bare} {
    variable childCount
    variable runs
    set name child[incr childCount]-[pid].tcl
    set channel [open $name w]
    fconfigure $channel -encoding utf-8
    if {!$bare} {puts $channel [ChildHead $runs]}
    puts $channel $body
    close $channel
    return $name
}

# Runs SCRIPT to its end in another tclsh, where the procedures of this harness
# are there and no handle is open.  Returns a dictionary with "status" (the
# exit code, or the name of the signal that killed it), "out" and "err".
# Options: -bare (nothing loaded; package require is the script's), -wrap WORDS
# (put before the command), -env {NAME VALUE ...}, -arguments WORDS.
proc run_child {args} {
    set body [lindex $args end]
    set bare 0
    set wrap {}
    set environment {}
    set arguments {}
    for {set i 0} {$i < [llength $args] - 1} {incr i} {
        switch -- [lindex $args $i] {
            -bare {set bare 1}
            -wrap {set wrap [lindex $args [incr i]]}
            -env {set environment [lindex $args [incr i]]}
            -arguments {set arguments [lindex $args [incr i]]}
            default {error "run_child: bad option \"[lindex $args $i]\""}
        }
    }
    set name [::tester::ChildScript $body $bare]
    set saved {}
    foreach {variable value} $environment {
        if {[info exists ::env($variable)]} {
            lappend saved $variable $::env($variable)
        }
        set ::env($variable) $value
    }
    set command [list {*}$wrap $::tester::tclsh -encoding utf-8 \
        $name {*}$arguments]
    set failed [catch {
        exec {*}$command < [::tester::NullDevice] > $name.out 2> $name.err
    } message options]
    foreach {variable value} $environment {unset ::env($variable)}
    foreach {variable value} $saved {set ::env($variable) $value}
    set status 0
    if {$failed} {
        set code [dict get $options -errorcode]
        switch -- [lindex $code 0] {
            CHILDSTATUS - CHILDKILLED {set status [lindex $code 2]}
            default {error $message}
        }
    }
    foreach stream {out err} {
        set channel [open $name.$stream r]
        fconfigure $channel -encoding utf-8
        set $stream [string trimright [read $channel] \n]
        close $channel
    }
    forcedelete $name $name.out $name.err
    return [dict create status $status out $out err $err]
}

proc ::tester::NullDevice {} {
    expr {$::tcl_platform(platform) eq "windows" ? "NUL" : "/dev/null"}
}

# To scripts, "info nameofexecutable" is a program in which their own children
# find what they find here, where a script can be one.
proc ::tester::BeTestfixture {} {
    variable directory
    variable runs
    variable tclsh
    set program [file join $directory tester_fixture.tcl]
    if {![file executable $program]} return
    set ::env(TESTER_TCLSH) $tclsh
    set ::env(TESTER_BACKEND) $runs
    proc ::tester::NameOfExecutable {} [list return $program]
    set map [namespace ensemble configure ::info -map]
    dict set map nameofexecutable ::tester::NameOfExecutable
    namespace ensemble configure ::info -map $map
}

# For the end of a child's script: the process is gone at once, as if the
# machine's operator had killed it.
proc kill_self {} {
    # The shell's own kill: not every system has the program.
    exec sh -c {kill -9 "$0"} [pid]
    after 100000
}

# ---------------------------------------------------------------------------
# A process that waits for scripts

# An interpreter in another process, at the other end of the channel that is
# returned; its procedures are those of this harness.  It ends with the channel.
proc launch_testfixture {{executable ""}} {
    if {$executable eq ""} {set executable $::tester::tclsh}
    set name [::tester::ChildScript {
        fconfigure stdin -encoding utf-8
        fconfigure stdout -encoding utf-8 -buffering full
        while {[gets stdin ::tester::line] >= 0} {
            set ::tester::rc [catch {
                uplevel #0 [::tester::Unescape $::tester::line]
            } ::tester::result]
            ::tester::Settle
            puts [::tester::Escape [list $::tester::rc $::tester::result]]
            flush stdout
        }
        exit
    } 0]
    set channel [open |[list $executable -encoding utf-8 $name 2>@stderr] r+]
    fconfigure $channel -encoding utf-8 -buffering full
    set answer [testfixture $channel {}]
    forcedelete $name
    if {$answer ne {}} {error $answer}
    if {[info exists ::sqlite_pending_byte]} {
        testfixture $channel \
            "sqlite3_test_control_pending_byte $::sqlite_pending_byte"
    }
    return $channel
}

# A script or its result is one line on its way.
proc ::tester::Escape {text} {
    return [string map {\\ \\\\ \n \\n \r \\r} $text]
}
proc ::tester::Unescape {line} {
    return [string map {\\\\ \\ \\n \n \\r \r} $line]
}

# The result of SCRIPT over there, or its error.  If the process is gone, a text
# that says so, and no error, as in SQLite's harness.  With a CALLBACK the
# answer is not waited for: CALLBACK is called with it appended.
proc testfixture {channel script args} {
    if {[llength $args]} {
        ::tester::Ask $channel $script
        fileevent $channel readable \
            [list ::tester::AnswerToCallback $channel [lindex $args 0]]
        return {}
    }
    if {[catch {::tester::Ask $channel $script}]} {
        return "ERROR: Child process hung up"
    }
    fconfigure $channel -blocking 1
    if {[gets $channel line] < 0} {return "ERROR: Child process hung up"}
    lassign [::tester::Unescape $line] rc result
    if {$rc == 1} {return -code error $result}
    return $result
}

# Sets VARIABLE, which a script may wait for with vwait, to the result of SCRIPT
# when it is there.
proc testfixture_nb {variable channel script} {
    ::tester::Ask $channel $script
    fileevent $channel readable \
        [list ::tester::AnswerToVariable $channel $variable]
    return {}
}

proc ::tester::Ask {channel script} {
    ::tester::Settle
    puts $channel [Escape $script]
    flush $channel
}

proc ::tester::Answer {channel} {
    fileevent $channel readable {}
    if {[gets $channel line] < 0} {return {1 {ERROR: Child process hung up}}}
    return [Unescape $line]
}
proc ::tester::AnswerToVariable {channel variable} {
    set ::$variable [lindex [Answer $channel] 1]
}
proc ::tester::AnswerToCallback {channel callback} {
    uplevel #0 [list {*}$callback [lindex [Answer $channel] 1]]
}

# ---------------------------------------------------------------------------
# A process whose power fails

# Runs SQL in a process whose power fails at the Nth sync of a file, and returns
# {1 {child process exited abnormally}}, or {0 {}} if it came to its end first.
# Options, which may be abbreviated:
#
#     -delay N              at which sync, 1 by default
#     -file NAME            of this file; a pattern; must be given
#     -seed N               what becomes of writes that were not synced
#     -blocksize N          the size of a sector
#     -characteristics LIST of the device
#     -opendb SCRIPT        opens db, "sqlite3 db test.db -vfs crash" by default
#     -tclbody SCRIPT       runs before the SQL
#     -dfltvfs BOOL         makes the device the default VFS
#
# With --backend async the backend stands between db and the device.
proc crashsql {args} {
    if {![llength [info commands ::sqlite3_crash_enable]]} {
        error "crashsql: the simulated devices are not in this build"
    }
    array set option {-delay 1 -file {} -seed 0 -blocksize {}
        -characteristics {} -opendb {sqlite3 db test.db -vfs crash}
        -tclbody {} -dfltvfs 0}
    set names [lsort [array names option]]
    if {[llength $args] % 2 == 0} {
        error "wrong # args: should be \"crashsql ?-option value ...? sql\""
    }
    foreach {name value} [lrange $args 0 end-1] {
        set option([::tcl::prefix match -message option $names $name]) $value
    }
    if {$option(-file) eq {}} {error "Compulsory option -file missing"}
    ::tester::CheckCrash [array get option]
    set script [::tester::CrashScript [array get option] [lindex $args end]]
    set channel [open crash.tcl w]
    fconfigure $channel -encoding utf-8
    puts $channel $script
    close $channel
    set rc [catch {
        exec $::tester::tclsh -encoding utf-8 crash.tcl \
            < [::tester::NullDevice] >@stdout 2>@stdout
    } message]
    if {$rc && [string match {*abnormal*} $message]} {
        set message {child process exited abnormally}
    }
    return [list $rc $message]
}

# What is wrong with the options is an error here; in the child it would look like
# the crash.
proc ::tester::CheckCrash {options} {
    array set option $options
    foreach name {-delay -seed} {
        if {![string is wideinteger -strict $option($name)]} {
            error "bad value \"$option($name)\" for $name: should be an integer"
        }
    }
    if {![string is boolean -strict $option(-dfltvfs)]} {
        error "bad value \"$option(-dfltvfs)\" for -dfltvfs: should be a boolean"
    }
    set device crashsql-[incr ::tester::childCount]
    set settings [list -characteristics [string tolower $option(-characteristics)]]
    if {$option(-blocksize) ni {{} 0}} {
        lappend settings -sectorsize $option(-blocksize)
    }
    sqlite3_device create $device power {*}$settings
    sqlite3_device delete $device
}

proc ::tester::CrashScript {options sql} {
    variable runs
    array set option $options
    set parameters {}
    if {$option(-blocksize) ne {}} {
        lappend parameters -sectorsize $option(-blocksize)
    }
    if {$option(-characteristics) ne {}} {
        lappend parameters -characteristics $option(-characteristics)
    }
    # Without a directory, the file of that name in any.
    set file $option(-file)
    if {[file tail $file] ne $file} {set file [file normalize $file]}
    lappend parameters $option(-delay) $file
    set lines [list [ChildHead plain] \
        [list ::tester::BeginCrash $runs $option(-dfltvfs) $option(-seed) \
            $parameters]]
    if {[info exists ::sqlite_pending_byte]} {
        lappend lines \
            "sqlite3_test_control_pending_byte $::sqlite_pending_byte"
    }
    if {[string trim $option(-opendb)] ne {}} {
        lappend lines $option(-opendb) \
            {db eval {SELECT * FROM sqlite_master}} \
            {db eval {PRAGMA cache_size = 10}}
    }
    lappend lines $option(-tclbody)
    if {[string trim $sql] ne {}} {lappend lines [list db eval $sql]}
    lappend lines {::tester::EndCrash}
    return [join $lines \n]
}

# In the child.
proc ::tester::BeginCrash {backend isDefault seed parameters} {
    variable runs
    variable vfsNames
    sqlite3_crash_enable 1 $isDefault
    sqlite3_crashparams {*}$parameters
    sqlite3_device configure crash -seed $seed
    if {$backend eq "async"} {
        set runs async
        # The default VFS as well only if the device was to be that.
        sqlite3async_initialize crash $isDefault
        sqlite3async_control halt never
        sqlite3async_start
        set vfsNames {crash sqlite3async}
    }
}
proc ::tester::EndCrash {} {
    ::tester::Settle
    exit 0
}
