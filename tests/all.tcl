# all.tcl: runs the .test scripts of this directory, several at a time, each
# in a process and an empty directory of its own.

set usage {usage: tclsh all.tcl ?options? ?NAME ...?

Runs every tests/*.test, or those that are named (with or without ".test";
glob patterns are allowed).  The last line is "N passed, N failed", and the exit
status is 1 if anything failed.

  --jobs N         that many scripts at a time (default: the number of cores)
  --verbose        print every test case, not only failures
  --match PATTERN  run only the test cases whose names match
  --seed N         seed of the random tests (default: 1)
  --timeout S      end a script after S seconds (default: 600)
  --keep           keep the directories of scripts that passed, too
  --list           print the names of the scripts, run nothing
  --help           print this

Environment: SQLITEASYNC_BUILD, the directory where the package was built
(default: ../build, if that is one), is put in front of TCLLIBPATH.  SQLITEASYNC_TEST_SCALE, a percentage, scales the
number of rounds of the random tests (default: 100).  TMPDIR says where the
directories are made.}

proc fail_usage {message} {
    puts stderr "$message\n$::usage"
    exit 2
}

proc core_count {} {
    foreach command {{getconf _NPROCESSORS_ONLN} nproc} {
        if {![catch {exec {*}$command} count] &&
            [string is integer -strict $count]} {return $count}
    }
    if {[info exists ::env(NUMBER_OF_PROCESSORS)]} {
        return $::env(NUMBER_OF_PROCESSORS)
    }
    return 2
}

array set option [list jobs [core_count] verbose 0 match {} seed {} \
    timeout 600 keep 0 list 0]
set names {}
for {set i 0} {$i < [llength $argv]} {incr i} {
    set word [lindex $argv $i]
    switch -glob -- $word {
        --help {puts $usage; exit 0}
        --verbose - --keep - --list {set option([string range $word 2 end]) 1}
        --jobs - --match - --seed - --timeout {
            if {[incr i] >= [llength $argv]} {fail_usage "$word needs a value"}
            set option([string range $word 2 end]) [lindex $argv $i]
        }
        -* {fail_usage "bad option \"$word\""}
        default {lappend names $word}
    }
}
foreach name {jobs timeout} {
    if {![string is integer -strict $option($name)] || $option($name) < 1} {
        fail_usage "--$name: expected a positive integer\
            but got \"$option($name)\""
    }
}
if {$option(seed) ne {} && ![string is wideinteger -strict $option(seed)]} {
    fail_usage "--seed: expected integer but got \"$option(seed)\""
}

set testdir [file dirname [file normalize [info script]]]
set scripts {}
if {![llength $names]} {
    set scripts [glob -nocomplain -directory $testdir *.test]
}
foreach name $names {
    set tail [file rootname [file tail $name]].test
    set found [glob -nocomplain -directory $testdir -- $tail]
    if {![llength $found]} {fail_usage "no test script \"$name\""}
    lappend scripts {*}$found
}
set scripts [lsort -unique $scripts]
if {$option(list)} {
    foreach script $scripts {puts [file tail $script]}
    exit 0
}

set build [file join [file dirname $testdir] build]
if {![info exists env(SQLITEASYNC_BUILD)] &&
    [file exists [file join $build pkgIndex.tcl]]} {
    set env(SQLITEASYNC_BUILD) $build
}
if {[info exists env(SQLITEASYNC_BUILD)]} {
    set path {}
    if {[info exists env(TCLLIBPATH)]} {set path $env(TCLLIBPATH)}
    set build [file normalize $env(SQLITEASYNC_BUILD)]
    if {$build ni $path} {set env(TCLLIBPATH) [linsert $path 0 $build]}
}

set temporary /tmp
foreach variable {TMPDIR TEMP TMP} {
    if {[info exists env($variable)] && [file isdirectory $env($variable)]} {
        set temporary $env($variable)
        break
    }
}
set root [file join [file normalize $temporary] sqliteasync-tests-[pid]]
file delete -force -- $root
file mkdir $root

# Scripts that take long are started first, so that none of them is left
# running alone at the end.
set first {equivalence crash crash-multi crash-random}
set waiting {}
foreach name $first {
    set script [file join $testdir $name.test]
    if {$script in $scripts} {lappend waiting $script}
}
foreach script $scripts {
    if {$script ni $waiting} {lappend waiting $script}
}

set total [llength $waiting]
set finished 0
set passed 0
set failed 0
set skipped 0
set troubled {}

# By script's name: "channel", "pid", "output", "start", "timer", "directory".
array set running {}

proc start_next {} {
    global waiting running option root
    while {[llength $waiting] && [array size running] < $option(jobs)} {
        set waiting [lassign $waiting script]
        set name [file tail $script]
        set directory [file join $root [file rootname $name]]
        file mkdir $directory
        set command [list [info nameofexecutable] $script]
        if {$option(verbose)} {lappend command --verbose}
        if {$option(match) ne {}} {lappend command --match $option(match)}
        if {$option(seed) ne {}} {lappend command --seed $option(seed)}
        set here [pwd]
        cd $directory
        set channel [open |[list {*}$command < /dev/null 2>@1] r]
        cd $here
        fconfigure $channel -blocking 0 -encoding utf-8
        set running($name) [dict create channel $channel \
            pid [pid $channel] output {} start [clock milliseconds] \
            directory $directory timedout 0 \
            timer [after [expr {$option(timeout) * 1000}] [list expire $name]]]
        fileevent $channel readable [list receive $name]
    }
}

proc receive {name} {
    global running option
    set channel [dict get $running($name) channel]
    set text [read $channel]
    dict append running($name) output $text
    if {$option(verbose) && $text ne {}} {
        puts -nonewline $text
        flush stdout
    }
    if {[eof $channel]} {finish $name}
}

# The processes that a process has started, and theirs, as far as the
# system tells.
proc descendants {pid} {
    set all {}
    foreach file [glob -nocomplain /proc/\[0-9\]*/stat] {
        if {[catch {
            set channel [open $file]
            set line [read $channel]
            close $channel
        }]} continue
        if {[regexp {^(\d+) \(.*\) \S (\d+)} $line -> child parent]} {
            lappend children($parent) $child
        }
    }
    set todo [list $pid]
    while {[llength $todo]} {
        set todo [lassign $todo next]
        if {[info exists children($next)]} {
            lappend all {*}$children($next)
            lappend todo {*}$children($next)
        }
    }
    return $all
}

proc expire {name} {
    global running
    set pid [dict get $running($name) pid]
    dict set running($name) timedout 1
    foreach process [list {*}[descendants $pid] $pid] {
        catch {exec sh -c {kill -9 "$0"} $process}
    }
}

proc finish {name} {
    global running option finished total passed failed skipped troubled root
    global done
    set state $running($name)
    unset running($name)
    after cancel [dict get $state timer]
    fconfigure [dict get $state channel] -blocking 1
    set crashed [catch {close [dict get $state channel]} message options]
    set output [dict get $state output]
    set directory [dict get $state directory]
    set seconds [format %.1f \
        [expr {([clock milliseconds] - [dict get $state start]) / 1000.0}]]
    incr finished

    set trouble {}
    set counts {}
    if {[regexp -line "^[string map {. \\.} $name]: (\\d+) passed,\
            (\\d+) failed, (\\d+) skipped\$" $output -> p f s]} {
        incr passed $p
        incr failed $f
        incr skipped $s
        set counts "$p passed, $f failed, $s skipped"
        if {$f} {
            lappend trouble "$f failed"
        } elseif {$crashed} {
            incr failed
            lappend trouble "ended badly after its last test: $message"
        } elseif {$p + $s == 0 && $option(match) eq {}} {
            incr failed
            lappend trouble "no test cases"
        }
    } else {
        incr failed
        # The test cases that it had failed until then were not summed up.
        incr failed [regexp -all -line {\.\.\. FAILED$} $output]
        if {[dict get $state timedout]} {
            lappend trouble "no end after $option(timeout) s"
        } else {
            lappend trouble "did not reach finish_test: $message"
        }
    }

    if {[llength $trouble]} {
        lappend troubled $name
        file mkdir $directory
        set channel [open [file join $directory output.txt] w]
        fconfigure $channel -encoding utf-8
        puts $channel $output
        close $channel
        puts "\[$finished/$total\] $name: FAILED\
            ([join $trouble {; }]), $seconds s"
        if {!$option(verbose)} {
            set lines [split [string trimright $output] \n]
            if {[llength $lines] > 60} {
                set more "... ([expr {[llength $lines] - 60}] more lines,\
                    see output.txt) ..."
                set lines [concat [lrange $lines 0 49] [list $more] \
                    [lrange $lines end-9 end]]
            }
            foreach line $lines {puts "    $line"}
        }
        puts "    its files: $directory"
    } else {
        puts "\[$finished/$total\] $name: $counts, $seconds s"
        if {!$option(verbose)} {
            foreach line [regexp -all -inline -line \
                {^.*\.\.\. skipped: .*$} $output] {puts "    $line"}
        }
        if {!$option(keep)} {catch {file delete -force -- $directory}}
    }
    flush stdout
    start_next
    if {$finished == $total} {set done 1}
}

# An error in one of the procedures above would leave the event loop waiting.
proc give_up {message options} {
    puts stderr [dict get $options -errorinfo]
    puts "0 passed, 1 failed"
    exit 2
}
interp bgerror {} give_up

# So that whoever watches sees that it is alive.
proc report_running {} {
    global running
    set now [clock milliseconds]
    set lines {}
    foreach name [lsort [array names running]] {
        set seconds [expr {($now - [dict get $running($name) start]) / 1000}]
        if {$seconds >= 20} {lappend lines "$name ($seconds s)"}
    }
    if {[llength $lines]} {
        puts "... running: [join $lines {, }]"
        flush stdout
    }
    after 20000 report_running
}

if {$total} {
    after 20000 report_running
    start_next
    vwait done
}
catch {file delete -- $root}
if {$skipped} {puts "$skipped skipped"}
if {[llength $troubled]} {puts "with failures: [join $troubled {, }]"}
puts "$passed passed, $failed failed"
exit [expr {$failed > 0}]
