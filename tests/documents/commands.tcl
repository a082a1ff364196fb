# commands.tcl: shell commands that a document may show and that are too long for
# a test, or change the system.  These are not run but checked:
#
#     ./bootstrap WORD ...    the words and options are in its usage
#     make TARGET VAR=VALUE   the Makefile of the build has the target, and sets
#                             the variable (DESTDIR and the like included)
#     ./configure --OPTION    its --help names the option
#     autoconf                there is a configure.ac
#     man -l FILE, man NAME   there is the page
#
# Of a line that sets a variable SQLITEASYNC_..., something must read it.
#
# Everything else is run.  A line has commands of the one kind or of the other.

namespace eval ::documents {
    # By the last part of the command's name: how its words are checked.
    variable checkedOnly {bootstrap Bootstrap make Make configure Configure
        autoconf Autoconf man Manual}
}

# The text of a shell block without what is only checked.
proc ::documents::CheckCommands {block faultsVariable} {
    upvar 1 $faultsVariable faults
    set kept {}
    # A backslash at the end of a line joins it with the next.
    foreach line [split [string map {\\\n { }} [dict get $block text]] \n] {
        set verdicts [CheckLine $line]
        if {![llength $verdicts]} {
            lappend kept $line
        }
        foreach verdict $verdicts {
            if {$verdict ne {}} {lappend faults "[dict get $block place]: $verdict"}
        }
    }
    return [join $kept \n]
}

# Nothing if the line is to be run; else for each of its commands what is wrong
# with it, or "".
proc ::documents::CheckLine {line} {
    variable checkedOnly
    regsub {\s+#\s.*$} $line {} line
    set verdicts {}
    set others {}
    foreach {match variable} [regexp -all -inline {\m(SQLITEASYNC_\w+)=} $line] {
        if {![regexp "\\m$variable\\M" [Sources]]} {lappend verdicts "nothing reads $variable"}
    }
    foreach command [split [string map {&& \n} $line] "\n;"] {
        set words [Words $command]
        if {![llength $words]} continue
        set name [file tail [lindex $words 0]]
        if {[dict exists $checkedOnly $name]} {
            lappend verdicts [Check[dict get $checkedOnly $name] [lrange $words 1 end]]
        } else {
            lappend others $name
        }
    }
    if {[llength $verdicts] && [llength $others]} {
        return [list "\"$line\": $others can be run, the rest is only checked; two lines, please"]
    }
    return $verdicts
}

# The words of a simple command, without quotes and leading assignments.
proc ::documents::Words {command} {
    set words {}
    foreach {match word} [regexp -all -inline {((?:[^\s"']|"[^"]*"|'[^']*')+)} $command] {
        set word [string map {\" {} ' {}} $word]
        if {[llength $words] || ![regexp {^\w+=} $word]} {lappend words $word}
    }
    return $words
}

proc ::documents::CheckBootstrap {words} {
    variable top
    set usage [exec [file join $top bootstrap] --help]
    set known {}
    foreach {match word} [regexp -all -inline -line {^  (\w[\w-]*) } $usage] {lappend known $word}
    set word {}
    for {set i 0} {$i < [llength $words]} {incr i} {
        set argument [lindex $words $i]
        if {[regexp {^(--[\w-]+)} $argument -> option]} {
            if {![regexp -- "\[\\\[ \]$option\\M" $usage]} {return "bootstrap has no option $option"}
            if {![string match *=* $argument]} {incr i}
        } elseif {$word eq {}} {
            set word $argument
            if {$word ni $known} {return "bootstrap has no word \"$word\""}
        } elseif {![regexp -line "^  $word \\\[" $usage]} {
            return "bootstrap $word takes no \"$argument\""
        }
    }
    return {}
}

proc ::documents::CheckMake {words} {
    variable build
    set makefile [Contents [file join $build Makefile]]
    for {set i 0} {$i < [llength $words]} {incr i} {
        set word [lindex $words $i]
        if {$word eq "-C"} {
            incr i
        } elseif {[regexp {^-j\d*$} $word]} {
            continue
        } elseif {[regexp {^(\w+)=} $word -> variable]} {
            if {![regexp -line "^$variable *=" $makefile]} {return "the Makefile sets no $variable"}
        } elseif {![regexp -line "^(\\S+ )*[string map {. \\.} $word]( \\S+)*:" $makefile]} {
            return "the Makefile has no target \"$word\""
        }
    }
    return {}
}

proc ::documents::CheckConfigure {words} {
    variable top
    variable configureHelp
    if {![info exists configureHelp]} {
        set configureHelp [exec [file join $top configure] --help]
    }
    foreach word $words {
        if {[regexp {^(--[\w-]+)} $word -> option]} {
            if {![regexp -- "\\s$option\\M" $configureHelp]} {return "configure has no option $option"}
        } elseif {![regexp {^\w+=} $word]} {
            return "configure takes no \"$word\""
        }
    }
    return {}
}

proc ::documents::CheckAutoconf {words} {
    variable top
    if {[llength $words] || ![file exists [file join $top configure.ac]]} {return "autoconf $words"}
    return {}
}

proc ::documents::CheckManual {words} {
    variable top
    if {[lindex $words 0] eq "-l"} {
        foreach file [lrange $words 1 end] {
            if {![file exists [file join $top $file]]} {return "there is no $file"}
        }
        return {}
    }
    foreach name $words {
        if {![regexp {^\d|n$} $name] && ![llength [glob -nocomplain -directory $top/doc $name.*]]} {
            return "there is no manual page $name"
        }
    }
    return {}
}

# What the Makefile of the build sets a variable to.
proc ::documents::Setting {name} {
    variable build
    if {![regexp -line "^$name = *(.*)$" [Contents [file join $build Makefile]] -> value]} {
        error "the Makefile of $build sets no $name"
    }
    return $value
}
