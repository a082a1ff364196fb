# all.tcl: runs .test scripts, several at a time, each in a process and an empty
# directory of its own.

set usage {usage: tclsh tester.tcl ?options? FILE ...
       tclsh all.tcl ?options? ?NAME ...?

Runs .test scripts: files, wherever they are, or scripts of the directory tests
by name (with or without ".test"; glob patterns are allowed).  all.tcl without a
name runs every tests/*.test.  The last line is "N passed, N failed", and the
exit status is 1 if anything failed.

  --jobs N           that many scripts at a time (default: the number of cores)
  --verbose          print every test case, not only failures
  --quiet            print neither skipped test cases nor scripts that passed
  --match PATTERN    run only the test cases whose names match
  --stop             stop at the first failure
  --seed N           seed of the random tests (default: 1)
  --backend BACKEND  "async": run the scripts through the asynchronous backend;
                     "plain": on plain SQLite, unless they say otherwise
                     (default)
  --tap              print TAP, the Test Anything Protocol
  --timeout S        end a script after S seconds (default: 600)
  --keep             keep the directories of scripts that passed, too
  --list             print the names of the scripts, run nothing
  --help             print this

A value may also follow an equals sign.

Environment: SQLITEASYNC_BUILD, the directory where the package was built
(default: ../build, if that is one), is put in front of TCLLIBPATH.
SQLITEASYNC_TEST_SCALE, a percentage, scales the number of rounds of the random
tests (default: 100).  TMPDIR says where the directories are made.}

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

array set option [list jobs [core_count] verbose 0 quiet 0 match {} stop 0 \
    seed {} backend plain tap 0 timeout 600 keep 0 list 0]
set names {}
for {set i 0} {$i < [llength $argv]} {incr i} {
    set word [lindex $argv $i]
    set given [regexp {^(--[^=]*)=(.*)$} $word -> word value]
    set name [string range $word 2 end]
    switch -glob -- $word {
        --help {puts $usage; exit 0}
        --verbose - --quiet - --stop - --tap - --keep - --list {
            if {$given} {fail_usage "$word takes no value"}
            set option($name) 1
        }
        --jobs - --match - --seed - --backend - --timeout {
            if {!$given} {
                if {[incr i] >= [llength $argv]} {
                    fail_usage "$word needs a value"
                }
                set value [lindex $argv $i]
            }
            set option($name) $value
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
if {$option(backend) ni {plain async}} {
    fail_usage "--backend: \"$option(backend)\" should be plain or async"
}

set testdir [file dirname [file normalize [info script]]]
set scripts {}
if {![llength $names]} {
    if {[file tail $argv0] ne "all.tcl" && !$option(list)} {
        fail_usage "which script is to be run?"
    }
    set scripts [glob -nocomplain -directory $testdir *.test]
}
foreach name $names {
    # A file is what it is named, also if there is a script of that name here; what
    # isn't one, with or without ".test", is the name of a script from here.
    set tail [file rootname [file tail $name]].test
    set found {}
    if {![file isfile $name] || ![string match *.test $name]} {
        set found [glob -nocomplain -directory $testdir -- $tail]
    }
    if {![llength $found] && [file isfile $name]} {
        set found [list $name]
    }
    if {![llength $found]} {fail_usage "no test script \"$name\""}
    lappend scripts {*}[lmap script $found {file normalize $script}]
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
set first {equivalence crash crash-multi campaign-ioerr campaign-memory}
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

# A line for people.
proc say {text} {
    global option
    if {$option(tap)} {set text "# [string map {\n "\n# "} $text]"}
    puts $text
    flush stdout
}

# Scripts of one name from several directories need names that differ.
proc name_for {script} {
    global root
    set name [file tail $script]
    for {set i 2} {[file exists [file join $root [file rootname $name]]]} {
        incr i
    } {
        set name [file rootname [file tail $script]]-$i.test
    }
    return $name
}

proc start_next {} {
    global waiting running option root testdir
    while {[llength $waiting] && [array size running] < $option(jobs)} {
        set waiting [lassign $waiting script]
        set name [name_for $script]
        set directory [file join $root [file rootname $name]]
        file mkdir $directory
        set command [list [info nameofexecutable] \
            [file join $testdir tester.tcl] --run-script $script]
        foreach flag {verbose quiet tap} {
            if {$option($flag)} {lappend command --$flag}
        }
        if {$option(match) ne {}} {lappend command --match $option(match)}
        if {$option(seed) ne {}} {lappend command --seed $option(seed)}
        if {$option(backend) ne "plain"} {
            lappend command --backend $option(backend)
        }
        if {$option(stop)} {lappend command --stop}
        set here [pwd]
        cd $directory
        set channel [open |[list {*}$command < /dev/null 2>@1] r]
        cd $here
        fconfigure $channel -blocking 0 -encoding utf-8
        set running($name) [dict create channel $channel \
            pid [pid $channel] output {} start [clock milliseconds] \
            directory $directory timedout 0 script [file tail $script] \
            timer [after [expr {$option(timeout) * 1000}] [list expire $name]]]
        fileevent $channel readable [list receive $name]
    }
}

proc receive {name} {
    global running option
    set channel [dict get $running($name) channel]
    set text [read $channel]
    dict append running($name) output $text
    if {$option(verbose) && !$option(tap) && $text ne {}} {
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
    set own [string map {. \\. + \\+ ( \\( ) \\)} [dict get $state script]]
    if {[regexp -line "^(?:# )?$own: (\\d+) passed,\
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
        incr failed [regexp -all -line {\.\.\. FAILED$|^not ok } $output]
        if {[dict get $state timedout]} {
            lappend trouble "no end after $option(timeout) s"
        } else {
            lappend trouble "did not reach finish_test: $message"
        }
    }

    if {$option(tap)} {print_tap $name $output $counts $trouble}
    if {[llength $trouble]} {
        lappend troubled $name
        file mkdir $directory
        set channel [open [file join $directory output.txt] w]
        fconfigure $channel -encoding utf-8
        puts $channel $output
        close $channel
        say "\[$finished/$total\] $name: FAILED\
            ([join $trouble {; }]), $seconds s"
        if {!$option(verbose) && !$option(tap)} {
            set lines [split [string trimright $output] \n]
            if {[llength $lines] > 60} {
                set more "... ([expr {[llength $lines] - 60}] more lines,\
                    see output.txt) ..."
                set lines [concat [lrange $lines 0 49] [list $more] \
                    [lrange $lines end-9 end]]
            }
            foreach line $lines {puts "    $line"}
        }
        say "    its files: $directory"
    } else {
        if {!$option(quiet)} {
            say "\[$finished/$total\] $name: $counts, $seconds s"
        }
        if {!$option(verbose) && !$option(tap) && !$option(quiet)} {
            foreach line [regexp -all -inline -line \
                {^.*\.\.\. skipped: .*$} $output] {puts "    $line"}
        }
        if {!$option(keep)} {catch {file delete -force -- $directory}}
    }
    flush stdout
    if {$option(stop) && [llength $trouble]} {
        stop_all
        set done 1
        return
    }
    start_next
    if {$finished == $total} {set done 1}
}

# The test cases of a script, numbered on; one more for what is wrong beside
# them.
set tapCount 0
proc print_tap {name output counts trouble} {
    global tapCount
    foreach line [split [string trimright $output \n] \n] {
        if {[regexp {^(not ok|ok) \d+ - (.*)$} $line -> verdict rest]} {
            puts "$verdict [incr tapCount] - $name: $rest"
        } elseif {[regexp {^\d+\.\.\d+$} $line]} {
            continue
        } elseif {[string match "#*" $line]} {
            puts $line
        } else {
            puts "# $line"
        }
    }
    if {[llength $trouble] && ![regexp {, [1-9]\d* failed,} $counts]} {
        puts "not ok [incr tapCount] - $name: [join $trouble {; }]"
    }
}

proc stop_all {} {
    global running waiting troubled
    set left [concat [lsort [array names running]] \
        [lmap script $waiting {file tail $script}]]
    foreach name [array names running] {
        expire $name
        fileevent [dict get $running($name) channel] readable {}
        after cancel [dict get $running($name) timer]
        unset running($name)
    }
    set waiting {}
    if {[llength $left]} {say "stopped; not run: [join $left {, }]"}
}

# An error in one of the procedures above would leave the event loop waiting.
proc give_up {message options} {
    # Whoever read the output may be gone: "| head".
    catch {puts stderr [dict get $options -errorinfo]}
    catch {puts "0 passed, 1 failed"}
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
        say "... running: [join $lines {, }]"
    }
    after 20000 report_running
}

if {$option(tap)} {puts "TAP version 13"}
if {$total} {
    after 20000 report_running
    start_next
    vwait done
}
catch {file delete -- $root}
if {$option(tap)} {puts "1..$tapCount"}
if {$skipped} {say "$skipped skipped"}
if {[llength $troubled]} {say "with failures: [join $troubled {, }]"}
say "$passed passed, $failed failed"
exit [expr {$failed > 0}]
