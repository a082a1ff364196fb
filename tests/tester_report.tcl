# tester_report.tcl: test cases; which of them passed, and what is printed.
#
#     do_test NAME SCRIPT EXPECTED
#     omit_test NAME REASON ?APPEND?     check EXPR ?MESSAGE?
#     fail_test NAME                     incr_ntest
#     set_test_counter COUNTER ?VALUE?   fix_testname VARIABLE
#     finish_test
#
# EXPECTED is compared as a string, unless it has one of these forms:
#
#     /REGEXP/    must match; # stands for a number
#     ~/REGEXP/   must not match
#     #/LIST/     element by element, numbers with a tolerance of 1
#     /*GLOB*/, ~/*GLOB*/, *GLOB*, ~*GLOB*   glob patterns
#
# If the variable testprefix is set, it is put in front of a test name that
# begins with a digit.

namespace eval ::tester {
    # The number of test cases that passed, failed, were skipped; and the
    # names of those that failed and were skipped.
    variable passed 0
    variable failed 0
    variable skipped 0
    variable failList {}
    variable omitList {}

    # What the command line says.
    variable verbose 0
    variable quiet 0
    variable match *
    variable seed 1
    variable stop 0
    variable tap 0
    variable backend plain

    # Variables of a special build that were read since the last test case.
    variable touched {}

    # incr_ntest has counted a test case that fail_test may still take back.
    variable open 0
}

proc fix_testname {variable} {
    upvar 1 $variable name
    if {[info exists ::testprefix] && [string match {[0-9]*} $name]} {
        set name $::testprefix-$name
    }
    return
}

proc ::tester::FullName {name} {
    fix_testname name
    return $name
}

# A line for people.
proc ::tester::Note {text} {
    variable tap
    if {$tap} {set text "# [string map {\n "\n# "} $text]"}
    puts stdout $text
    flush stdout
}

# A line of TAP for the test case that has just been counted.
proc ::tester::TapLine {verdict name {directive {}}} {
    variable passed
    variable failed
    variable skipped
    set number [expr {$passed + $failed + $skipped}]
    set name [string map {\n { } # {\#}} $name]
    puts stdout "$verdict $number - $name$directive"
    flush stdout
}

# True if RESULT is what EXPECTED describes.
proc ::tester::Matches {result expected} {
    if {[regexp {^#/(.*)/$} $expected -> list]} {
        return [::tester::MatchesNumbers $result $list]
    }
    if {[regexp {^(~?)/(.*)/$} $expected -> negate pattern]} {
        if {[string index $pattern 0] eq "*"} {
            set found [string match $pattern $result]
        } else {
            set found [regexp [string map {# {[-0-9.]+}} $pattern] $result]
        }
    } elseif {[regexp {^(~?)(\*.*\*)$} $expected -> negate pattern]} {
        set found [string match $pattern $result]
    } else {
        return [string equal $result $expected]
    }
    return [expr {$negate eq "~" ? !$found : $found}]
}

proc ::tester::MatchesNumbers {result expected} {
    if {[llength $result] != [llength $expected]} {return 0}
    foreach seen $result wanted $expected {
        if {[regexp {^-?\d+(\.\d+)?$} $wanted] &&
            [string is double -strict $seen]} {
            if {abs($seen - $wanted) > 1} {return 0}
        } elseif {$seen ne $wanted} {
            return 0
        }
    }
    return 1
}

proc ::tester::Pass {name} {
    variable passed
    variable verbose
    variable tap
    incr passed
    if {$tap} {
        TapLine ok $name
    } elseif {$verbose} {
        Note "$name... Ok"
    }
}

# ARGS: lines about it.
proc ::tester::Fail {name args} {
    variable failed
    variable failList
    variable tap
    variable stop
    incr failed
    lappend failList $name
    if {$tap} {
        TapLine "not ok" $name
    } else {
        Note "$name... FAILED"
    }
    foreach line $args {Note "! $name $line"}
    if {$stop} {
        Note "stopped at the first failure"
        ::tester::Finish
    }
    if {$failed >= $::cmdlinearg(maxerror)} {
        Note "giving up after $failed failures"
        ::tester::Finish
    }
}

proc ::tester::Skip {name reason {list 1}} {
    variable skipped
    variable omitList
    variable tap
    variable quiet
    incr skipped
    if {$list} {lappend omitList [list $name $reason]}
    if {$tap} {
        TapLine ok $name " # SKIP [string map {\n { }} $reason]"
    } elseif {!$quiet} {
        Note "$name... skipped: $reason"
    }
}

proc ::tester::Wanted {name} {
    variable match
    return [string match $match $name]
}

# The command that runs this script again with the same random numbers; of a
# test case that draws its own, alone.
proc ::tester::Repeat {{name {}}} {
    variable seed
    variable backend
    variable directory
    variable script
    variable scriptPath
    if {[file dirname $scriptPath] eq $directory} {
        set command {tclsh tests/tester.tcl}
        set path $script
    } else {
        set command [list tclsh [file join $directory tester.tcl]]
        set path $scriptPath
    }
    append command " --seed $seed"
    if {$backend ne "plain"} {append command " --backend $backend"}
    if {$name ne {}} {append command " --match [list $name]"}
    return "$command [list $path]"
}

proc do_test {name cmd expected} {
    fix_testname name
    if {![::tester::Wanted $name]} return
    unset -nocomplain ::tester::testSeed
    if {[string match *lock_status* $cmd]} {::tester::Touch lock_status}
    set failed [catch {uplevel #0 "$cmd;\n"} result options]
    set touched [lsort -unique $::tester::touched]
    set ::tester::touched {}
    set ::tester::open 0
    if {$failed} {
        if {[regexp {^invalid command name "(.*)"$} $result -> missing] &&
            ![string match {db[0-9]*} $missing] && $missing ne "db"} {
            set reason [::tester::WhySpecial $missing]
            if {$reason ne {}} {
                ::tester::Skip $name $reason
                return
            }
            ::tester::Fail $name "missing:  $missing"
            return
        }
        set seen [list "error:    \[$result\]" \
                       [dict get $options -errorinfo]]
    } elseif {[llength $touched]} {
        ::tester::Skip $name [::tester::WhyUnknowable $touched]
        return
    } elseif {[::tester::Matches $result $expected]} {
        ::tester::Pass $name
        return
    } else {
        set seen [list "expected: \[$expected\]" "got:      \[$result\]"]
    }
    if {[info exists ::tester::testSeed]} {
        lappend seen "seed:     $::tester::testSeed" \
                     "repeat:   [::tester::Repeat $name]"
    }
    ::tester::Fail $name {*}$seen
}

# A test case that can't be run here: counted, with the reason, and not among
# those that passed.
proc omit_test {name reason {append 1}} {
    fix_testname name
    if {![::tester::Wanted $name]} return
    ::tester::Skip $name $reason $append
}

# For scripts that check by themselves: counts a test case, and says that it
# failed.
proc incr_ntest {} {
    incr ::tester::passed
    set ::tester::open 1
    if {$::tester::tap} {
        incr ::tester::passed -1
        set ::tester::open 0
        ::tester::Pass unnamed
    }
    return
}
proc fail_test {name} {
    if {$::tester::open} {
        incr ::tester::passed -1
        set ::tester::open 0
    }
    ::tester::Fail [::tester::FullName $name] "fail_test"
    return
}

# For what is not worth a name of its own, inside a test: an error if the
# expression is false.
proc check {condition {message {}}} {
    if {![uplevel 1 [list expr $condition]]} {
        if {$message eq {}} {set message "not true: $condition"}
        error $message
    }
}

proc output1 {args} {puts {*}$args}
proc output2 {args} {puts {*}$args}
proc output2_if_no_verbose {args} {puts {*}$args}

proc set_test_counter {counter args} {
    array set variables {count passed errors failed fail_list failList
        omit_list omitList skip_list omitList skipped skipped}
    if {![info exists variables($counter)]} {
        error "set_test_counter: no counter \"$counter\""
    }
    if {$counter eq "count"} {
        set others [expr {$::tester::failed + $::tester::skipped}]
        if {[llength $args]} {
            set ::tester::passed [expr {[lindex $args 0] - $others}]
        }
        return [expr {$::tester::passed + $others}]
    }
    if {[llength $args]} {
        set ::tester::$variables($counter) [lindex $args 0]
    }
    return [set ::tester::$variables($counter)]
}

# ---------------------------------------------------------------------------
# The end

proc finish_test {} {
    if {[info exists ::tester::inner]} {return}
    if {[llength $::tester::capabilityStack]} {
        omit_test $::tester::script-rest \
            "the script ends where ifcapable\
             [lindex $::tester::capabilityStack end] holds"
    } elseif {[set_test_counter count] == 0 && $::tester::match eq "*"} {
        omit_test $::tester::script-all \
            "the script ends itself before its first test case"
    }
    ::tester::CloseAll
    ::tester::End
    if {[file dirname $::tester::scriptPath] ne $::tester::directory} {
        # Scripts from elsewhere may leave settings as they like, but no files.
        ::tester::ForgetSettings
    }
    do_test [file rootname $::tester::script]-leftover {
        ::tester::LeftOver
    } {}
    ::tester::Finish
}

# Some scripts call it by this name.
proc finalize_testing {} {finish_test}

# The summary, and the end of the process.
proc ::tester::Finish {} {
    variable passed
    variable failed
    variable skipped
    variable failList
    variable script
    variable tap
    if {$tap} {puts stdout "1..[expr {$passed + $failed + $skipped}]"}
    if {$failed} {
        set names $failList
        if {[llength $names] > 20} {
            set names [concat [lrange $names 0 19] ...]
        }
        Note "Failures on these tests: $names"
        Note "To repeat the script: [Repeat]"
    }
    Note "$script: $passed passed, $failed failed, $skipped skipped"
    exit [expr {$failed > 0}]
}

proc ::tester::Usage {} {
    return {options of a script:
  --match PATTERN      run only the test cases whose names match
  --verbose, --quiet   print every test case; not even those skipped
  --stop               stop at the first failure
  --seed N             seed of random numbers (default: 1)
  --backend BACKEND    run through the asynchronous backend ("async"), or
                       on plain SQLite unless the script says otherwise
                       ("plain", the default)
  --tap                print TAP, the Test Anything Protocol
  --help               print this
A value may also follow an equals sign.}
}

# What isn't an option stays in ::argv.
proc ::tester::ParseOptions {} {
    variable verbose
    variable seed
    variable backend
    set rest {}
    set arguments $::argv
    while {[llength $arguments]} {
        set arguments [lassign $arguments option]
        if {![string match -* $option]} {
            lappend rest $option
            continue
        }
        set given [regexp {^(-[^=]*)=(.*)$} $option -> option value]
        set name [string trimleft $option -]
        switch -- $name {
            verbose - quiet - stop - tap {
                set ::tester::$name [expr {$given ? bool($value) : 1}]
            }
            match - seed - backend {
                if {!$given} {
                    if {![llength $arguments]} {
                        BadOption "$option needs a value"
                    }
                    set arguments [lassign $arguments value]
                }
                set ::tester::$name $value
            }
            help {
                puts [Usage]
                exit 0
            }
            default {
                # Those of SQLite's harness are accepted, and come to nothing.
                if {$given && [info exists ::cmdlinearg($name)]} {
                    set ::cmdlinearg($name) $value
                } else {
                    BadOption "bad option \"$option\""
                }
            }
        }
    }
    if {![string is wideinteger -strict $seed]} {
        BadOption "--seed: expected integer but got \"$seed\""
    }
    if {$backend ni {plain async}} {
        BadOption "--backend: \"$backend\" should be plain or async"
    }
    set ::argv $rest
    set ::argc [llength $rest]
}

proc ::tester::BadOption {message} {
    puts stderr "$message\n[Usage]"
    exit 2
}
