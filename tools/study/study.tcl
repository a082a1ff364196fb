# study.tcl: the package sqliteasync::study, what the program sqliteasync-study
# consists of.  The manual page is sqliteasync-study(1).
#
# The parts, which lie beside this file:
#
#     options.tcl      the command line: what may be asked for, --help
#     files.tcl        the files that the user has named, and errors about them
#     modes.tcl        the names of the modes, and what they stand for
#     workload.tcl     what is performed: built in, SQL, Tcl; chance
#     statements.tcl   a file of SQL, split into transactions
#     device.tcl       the simulated disk
#     run.tcl          one workload in one mode, measured
#     content.tcl      what the database must hold in the end
#     progress.tcl     what is shown meanwhile, and how long it will take
#     directory.tcl    where the databases are
#     measurements.tcl what was measured: CSV, figures
#     table.tcl        the table
#     plot.tcl         the picture, drawn by plot.gnuplot
#
# Invariants: nothing is done that needs SQLite, sqliteasync or gnuplot until
# it is known that this run needs it.

package require Tcl 8.6-

namespace eval ::study {
    # Where this file is, also if it was sourced through a symbolic link.
    variable directory [file dirname [file dirname \
        [file normalize [file join [info script] file]]]]
}

# An error of the user's: KIND is USAGE if the command line is wrong, and
# FAILED if the run is.
proc ::study::Fail {kind message} {
    return -code error -errorcode [list STUDY $kind] $message
}

# Loads a Tcl package, or says what it is called in Debian.
proc ::study::Need {package debian} {
    if {[catch {uplevel #0 [list package require $package]} message]} {
        Fail FAILED "$message (Debian package: $debian)"
    }
}

proc ::study::Complain {message} {
    puts stderr "sqliteasync-study: $message"
}

# Performs SCRIPT for the caller. Returns 1 if it fails, which is said, and is no
# reason to lose what is already known.
proc ::study::Fails {script {prefix {}}} {
    try {
        uplevel 1 $script
    } trap {POSIX EPIPE} {message options} {
        return -options $options $message
    } on error {message} {
        ClearProgress
        Complain $prefix$message
        return 1
    }
    return 0
}

# All of the program; returns its exit code.
proc ::study::Main {arguments} {
    StartHere
    try {
        # Here, so that a missing one has a line of its own.
        foreach package {cmdline csv math::statistics fileutil} {
            Need $package tcllib
        }
        return [Perform [ParseOptions $arguments]]
    } trap {STUDY USAGE} message {
        Complain "$message\ntry: sqliteasync-study --help"
        return 2
    } trap {STUDY FAILED} message {
        Complain $message
    } trap {POSIX EPIPE} {} {
        # Who reads our output has had enough.
    } on error {message} {
        Complain $message
    } finally {
        AllowExit
    }
    return 1
}

# Does what the options say.  Returns the exit code.
proc ::study::Perform {options} {
    switch -- [dict get $options action] {
        help {Print stdout [Help]; return 0}
        version {
            Print stdout "sqliteasync-study [package provide sqliteasync::study]"
            return 0
        }
        list {Print stdout [Choices]; return 0}
    }
    if {[dict get $options from-csv] ne {}} {
        set title [file tail [dict get $options from-csv]]
        set measurements [ReadCsv [dict get $options from-csv]]
        set failed 0
    } else {
        CheckPlot [dict get $options plot]
        lassign [RunAll $options] measurements failed title
    }
    if {![dict size $measurements]} {
        return 1
    }
    # Standard output is one thing: the table, or CSV.
    set channel [expr {[dict get $options csv] eq "-" ? "stderr" : "stdout"}]
    if {[dict get $options from-csv] eq {}} {
        Print $channel "$title, seed [dict get $options seed],\
            SQLite [sqlite3 -version]"
    }
    Print $channel [Table $measurements]
    if {[dict get $options plot] ne {}} {
        Plot $measurements $title [dict get $options plot]
    }
    return $failed
}

# The options last: what they have to start with is defined in the others.
foreach ::study::part {files modes workload statements device run content progress
        directory measurements table plot options} {
    source -encoding utf-8 [file join $::study::directory $::study::part.tcl]
}
