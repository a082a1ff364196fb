# tester_capabilities.tcl: what this SQLite can do, and what nobody can know.
#
#     ifcapable EXPR SCRIPT ?else SCRIPT?    capable EXPR
#     permutation      presql      isquick      do_not_use_codec
#     wal_is_capable   slave_test_script SCRIPT  slave_test_file FILE
#
# The array sqlite_options says what the library was compiled with.

namespace eval ::tester {
    # Conditions of the ifcapable scripts that are being evaluated.
    variable capabilityStack {}
}

proc ::tester::Capable {expression} {
    set words [lsort -unique [regexp -all -inline {[a-z0-9_]+} $expression]]
    foreach word $words {
        if {![info exists ::sqlite_options($word)]} {
            error "ifcapable: unknown capability \"$word\""
        }
    }
    regsub -all {[a-z0-9_]+} $expression {$::sqlite_options(&)} expression
    return [expr $expression]
}

# What other names scripts read these by.
array set ::sqlite_options [list malloc_usable_size 0 configslower 1.0 \
    casesensitivelike $::sqlite_options(case_sensitive_like)]

proc capable {expression} {
    return [::tester::Capable $expression]
}

proc ifcapable {expression code {else ""} {elsecode ""}} {
    if {$else ni {"" else}} {
        error "ifcapable: \"$else\" where \"else\" should be"
    }
    set truth [::tester::Capable $expression]
    if {!$truth} {
        # The names of the test cases that are not run, as far as they
        # can be read off the script.
        foreach {- name} [regexp -all -inline -line \
            {^\s*(?:do_\w*test|integrity_check)\s+(?:-db\s+\S+\s+)?(\S+)} \
            $code] {
            if {[catch {uplevel 1 [list subst -nocommands $name]} real]} {
                set real $name
            }
            omit_test $real "needs the capability $expression"
        }
    }
    lappend ::tester::capabilityStack \
        [expr {$truth ? $expression : "!($expression)"}]
    set rc [catch {uplevel 1 [expr {$truth ? $code : $elsecode}]} \
                result options]
    set ::tester::capabilityStack [lrange $::tester::capabilityStack 0 end-1]
    dict incr options -level
    return -options $options $result
}

# ---------------------------------------------------------------------------
# Variables that only a special build of SQLite counts in

set ::sqlite_options(threads) [expr {![catch {package require Thread}]}]

# They exist, as 0, so that scripts run; who reads one makes the result of the
# test case in hand, or of the next one, unknown.
proc ::tester::WatchUnknowables {} {
    variable unknowable
    variable unknowable_variables
    array set unknowable $unknowable_variables
    foreach name [array names unknowable] {
        if {![info exists ::$name]} {set ::$name 0}
        trace add variable ::$name read [list ::tester::Touch $name]
    }
}

proc ::tester::Touch {name args} {
    variable touched
    if {$name ni $touched} {lappend touched $name}
}

# Why nobody can have the command here; empty if it is only missing.
proc ::tester::WhySpecial {command} {
    variable special_commands
    foreach {pattern what} $special_commands {
        if {[string match $pattern [string trimleft $command :]]} {
            return "only a special build of SQLite has $command ($what)"
        }
    }
    return {}
}

proc ::tester::WhyUnknowable {names} {
    variable unknowable
    set name [lindex $names 0]
    return "only a special build of SQLite can know $name\
        ($unknowable($name))"
}

# ---------------------------------------------------------------------------
# Ways of running a script

# The name of the way in which all scripts are run a second time; none.
proc permutation {} {
    if {[info exists ::G(perm:name)]} {return $::G(perm:name)}
    return {}
}
proc presql {} {
    if {[info exists ::G(perm:presql)]} {return $::G(perm:presql)}
    return {}
}
proc isquick {} {
    if {[info exists ::G(isquick)]} {return $::G(isquick)}
    return 0
}

# There is no codec.
proc do_not_use_codec {} {
    set ::do_not_use_codec 1
    reset_db
}

# The asynchronous backend has no shared memory.
proc wal_is_capable {} {
    return [expr {[capable wal] && [permutation] ne "journaltest"}]
}

# A script inside a script: what it counts is counted here.
proc slave_test_script {script} {
    set ::tester::inner 1
    set rc [catch {uplevel #0 $script} result options]
    unset ::tester::inner
    return -options $options $result
}
proc slave_test_file {file} {
    slave_test_script [list source $file]
}
