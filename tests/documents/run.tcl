# run.tcl: does what a document says, in a directory where the directories of the
# source tree that are named in documents, and "build", are found as at its top.
#
# A Tcl block runs in a tclsh of its own, after "package require sqlite3" and
# "package require sqliteasync" if it requires no package; one that has a
# finish_test is a script for tests/tester.tcl.  A C block is a whole program: it
# is compiled, linked with the static library, and run.  SQL goes to SQLite's
# shell with a database opened through the VFS and the extension loaded into its
# connection too, unless it has a .load of its own.  A shell block runs in bash -e, but for the commands
# that commands.tcl checks.  All of them end with status 0, write nothing on
# stderr, and print what the document shows.

namespace eval ::documents {
    # Between the output of blocks that are one program.
    variable mark \u0002
}

# Why blocks of that language can't be run here, or "".  A shell block that
# compiles something needs what C needs; one that makes a study, what that needs.
proc ::documents::Missing {language {text {}}} {
    if {$language eq "sh" && [regexp -line {^cc\s} $text]} {
        set missing [Missing c]
        if {$missing ne {}} {return $missing}
    }
    if {$language eq "sh" && [string match *sqliteasync-study* $text]} {
        foreach package {cmdline csv} {
            if {[catch {package require $package}]} {return "there is no $package of tcllib"}
        }
        foreach program {gnuplot sqlite3} {
            if {[auto_execok $program] eq {}} {return "there is no $program"}
        }
    }
    switch -- $language {
        c {
            if {[info exists ::env(SANITIZER)] && $::env(SANITIZER) in {address thread}} {
                return "the static library is built with a sanitizer"
            }
            if {[auto_execok [lindex [Setting CC] 0]] eq {}} {return "there is no C compiler"}
        }
        sh {if {[auto_execok bash] eq {}} {return "there is no bash"}}
        sql {if {[auto_execok sqlite3] eq {}} {return "there is no sqlite3, SQLite's shell"}}
        python {
            if {[Python] eq {}} {return "there is no python3 whose sqlite3 can load extensions"}
        }
    }
    return {}
}

# A python3 that can load extensions into SQLite: not every build of it can.
proc ::documents::Python {} {
    variable python
    if {![info exists python]} {
        set python {}
        foreach candidate {python3 /usr/bin/python3} {
            set try {import sqlite3; sqlite3.connect(":memory:").enable_load_extension(True)}
            if {![catch {exec $candidate -c $try}]} {
                set python $candidate
                break
            }
        }
    }
    return $python
}

# Runs a chain of blocks.  Returns what is wrong, a list that is empty if all is
# well.  FILES: name and text of what earlier blocks are kept under.
proc ::documents::RunChain {chain files} {
    set faults {}
    set directory [FreshDirectory $files]
    set here [pwd]
    cd $directory
    set program [Program $chain faults]
    if {![llength $faults]} {
        set faults [Compare $chain {*}[Execute $program]]
    }
    cd $here
    if {![llength $faults]} {file delete -force -- $directory}
    return $faults
}

proc ::documents::FreshDirectory {files} {
    variable top
    variable build
    set directory [file normalize block[incr ::documents::directories]]
    file mkdir $directory
    # Not all that is there: a database that someone has left there is not ours.
    foreach entry {bench doc examples generic tests tools} {
        file link -symbolic [file join $directory $entry] [file join $top $entry]
    }
    file link -symbolic [file join $directory build] $build
    foreach {name text} $files {Store [file join $directory $name] $text}
    return $directory
}

proc ::documents::Store {name text} {
    set channel [open $name w]
    fconfigure $channel -encoding utf-8
    puts $channel $text
    close $channel
    return $name
}

# The command that runs the chain, in the current directory; empty if there is
# nothing to be run.
proc ::documents::Program {chain faultsVariable} {
    upvar 1 $faultsVariable faults
    variable mark
    set texts [lmap block $chain {dict get $block text}]
    set all [join $texts \n]
    set tclsh [list [info nameofexecutable] -encoding utf-8]
    switch -- [dict get [lindex $chain 0] language] {
        tcl {
            if {[regexp {\mfinish_test\M} $all]} {
                Store block.test $all
                return [list {*}$tclsh tests/tester.tcl --jobs 1 block.test]
            }
            set head "fconfigure stdout -encoding utf-8"
            if {![string match "*package require*" $all]} {
                append head "\npackage require sqlite3\npackage require sqliteasync"
            }
            Store block.tcl [Joined [linsert $texts 0 $head] "puts $mark"]
            return [list {*}$tclsh block.tcl]
        }
        python {
            Store block.py [Joined [linsert $texts 0 ""] "print('$mark', flush=True)"]
            return [list [Python] block.py]
        }
        sql {
            set head {}
            if {![regexp -line {^\.load\M} $all]} {
                set head ".load build/sqliteasync\n.open file:example.db?vfs=sqlite3async\n.load build/sqliteasync"
            }
            Store block.sql [Joined [linsert $texts 0 ".bail on\n$head"] ".print $mark"]
            return [list sqlite3 -batch < block.sql]
        }
        sh {
            set checked {}
            foreach block $chain {
                lappend checked [CheckCommands $block faults]
            }
            Store block.sh [Joined [linsert $checked 0 "set -eu"] "printf '%s\\n' $mark"]
            return [list bash block.sh]
        }
        c {
            if {[llength $chain] > 1 || ![regexp {\mmain\(} $all]} {
                lappend faults "[dict get [lindex $chain 0] place]: no whole program"
                return
            }
            return [Compile $all faults [dict get [lindex $chain 0] place]]
        }
    }
}

proc ::documents::Joined {texts command} {join $texts \n$command\n}

proc ::documents::Compile {text faultsVariable place} {
    upvar 1 $faultsVariable faults
    variable top
    variable build
    Store block.c "$text\n"
    if {[catch {
        exec {*}[Setting CC] -std=c99 -D_GNU_SOURCE -Wall -Wextra -Werror -pthread \
            -I$top/generic -I$top/generic/sim {*}[Setting SQLITE_CPPFLAGS] -c -o block.o block.c 2>@1
        exec {*}[Setting CC] -pthread -o block block.o $build/libsqliteasync.a \
            {*}[Setting SQLITE_LIBS] -lstdc++ -lm 2>@1
    } message]} {
        lappend faults "$place: $message"
        return
    }
    return [list ./block]
}

# Status, standard output and standard error of a command.
proc ::documents::Execute {command} {
    variable top
    variable build
    set saved [array get ::env]
    set ::env(TCLLIBPATH) [list $build]
    # As if the library and its headers were installed.
    set ::env(PKG_CONFIG_PATH) $build
    set ::env(CPATH) $top/generic:$top/generic/sim
    set ::env(LIBRARY_PATH) $build
    unset -nocomplain ::env(MAKEFLAGS) ::env(MAKELEVEL)
    set input [expr {"<" in $command ? {} : [list < /dev/null]}]
    set status 0
    if {[catch {exec {*}$command {*}$input > block.out 2> block.err} message options]} {
        set code [dict get $options -errorcode]
        set status [expr {[lindex $code 0] in {CHILDSTATUS CHILDKILLED} ? [lindex $code 2] : $message}]
    }
    foreach name [array names ::env] {
        if {![dict exists $saved $name]} {unset ::env($name)}
    }
    array set ::env $saved
    return [list $status [Contents block.out] [Contents block.err]]
}

proc ::documents::Contents {name} {
    if {![file exists $name]} return
    set channel [open $name]
    fconfigure $channel -encoding utf-8
    set text [read $channel]
    close $channel
    return $text
}

proc ::documents::Compare {chain status out err} {
    variable mark
    set place [dict get [lindex $chain 0] place]
    set faults {}
    if {$status ne "0" || $err ne {}} {
        lappend faults "$place: status $status\nstdout: [string trimright $out]\nstderr: [string trimright $err]"
    }
    # A program that isn't put together from blocks prints no marks.
    set parts [split $out $mark]
    if {[llength $parts] > 1} {set parts [lrange $parts 1 end]}
    set number 0
    foreach block $chain {
        if {[dict get $block shown]} {
            set part [string trim [lindex $parts $number] \n]
            if {![Shows [dict get $block output] $part]} {
                lappend faults "[dict get $block place]: shown is\n[dict get $block output]\nprinted was\n$part"
            }
        }
        incr number
    }
    return $faults
}

# Is that what the document shows?
proc ::documents::Shows {shown printed} {
    set pattern {}
    foreach line [split [string trim $shown \n] \n] {
        if {[string trim $line] eq "..."} {
            append pattern {(?:[^\n]*\n)*}
        } else {
            regsub -all {[][\\.*+?(){}|^$]} [string trimright $line] {\\&} line
            append pattern [string map {{\.\.\.} {[^\n]*}} $line] {[ \t]*\n}
        }
    }
    return [regexp "^(?:$pattern)\$" $printed\n]
}
