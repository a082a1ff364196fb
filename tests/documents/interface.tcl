# interface.tcl: what the package offers, and whether the manual pages have it.
# A function that a public header declares is in the NAME and in the SYNOPSIS of
# a page of section 3, so that man finds it by its own name, and shows how it is
# called; a command or variable of the Tcl package is named in a page of section n.

# The functions that a header declares.
proc ::documents::Functions {header} {
    regsub -all {/\*.*?\*/} $header {} header
    regsub -all -line {^#(?:.*\\\n)*.*$} $header {} header
    regsub -all {extern "C" \{|\}} $header {} header
    set functions {}
    foreach declaration [split $header \;] {
        if {[regexp {^\s*(?:\w+[\s*]+)+(\w+)\s*\(} $declaration -> name] && ![regexp {^\s*typedef\M} $declaration]} {
            lappend functions $name
        }
    }
    return $functions
}

# The commands and variables that "package require PACKAGE" makes, in an
# interpreter that has sqlite3.
proc ::documents::CommandsAndVariables {package} {
    Store interface.tcl [string map [list PACKAGE $package] {
        proc names {{namespace {}}} {
            set names [concat [info commands ${namespace}::*] [info vars ${namespace}::*]]
            foreach child [namespace children ${namespace}::] {lappend names {*}[names $child]}
            return $names
        }
        package require sqlite3
        set before {}
        set before [names]
        package require PACKAGE
        foreach name [lsort -unique [names]] {
            if {$name ni $before} {puts [string range $name 2 end]}
        }
    }]
    lassign [Execute [list [info nameofexecutable] interface.tcl]] status out err
    if {$status ne "0"} {error $err}
    return [split [string trim $out] \n]
}

# The sections of a manual page with these headings, or all of it, as one text.
proc ::documents::PageText {path {headings {}}} {
    set text {}
    set wanted [expr {$headings eq {}}]
    foreach line [split [Contents $path] \n] {
        if {[regexp {^\.SH "?([^"]*)} $line -> heading] && $headings ne {}} {
            set wanted [expr {$heading in $headings}]
        }
        if {$wanted && ![string match {.\\"*} $line]} {append text [Unescape $line] \n}
    }
    return $text
}

# Those of the names that aren't in the text.
proc ::documents::Unnamed {names text} {
    lmap name $names {
        if {[regexp "\\m$name\\M" $text]} continue
        set name
    }
}
