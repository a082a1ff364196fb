# prose.tcl: what a document says outside of its blocks, as far as it can be
# checked: that links lead somewhere, and that what is in `backquotes` and looks
# like a command, a file of the tree or a name of the interface is there.

# Returns what is wrong.
proc ::documents::CheckProse {path name} {
    set faults {}
    set number 0
    set fenced 0
    foreach line [split [Contents $path] \n] {
        incr number
        if {[string match ```* $line]} {set fenced [expr {!$fenced}]}
        if {$fenced} continue
        foreach {match target} [regexp -all -inline {\]\(([^)\s]+)\)} $line] {
            set fault [CheckLink $path $target]
            if {$fault ne {}} {lappend faults "$name:$number: $fault"}
        }
        foreach {match code} [regexp -all -inline {`([^`]+)`} $line] {
            set fault [CheckCode $code]
            if {$fault ne {}} {lappend faults "$name:$number: $fault"}
        }
    }
    return $faults
}

proc ::documents::CheckLink {path target} {
    if {[regexp {^[a-z]+:} $target]} {return {}}
    set anchor {}
    regexp {^([^#]*)#(.*)$} $target -> target anchor
    set file $path
    if {$target ne {}} {set file [file join [file dirname $path] $target]}
    if {![file exists $file]} {return "a link to $target, which isn't there"}
    if {$anchor ne {} && $anchor ni [Anchors $file]} {return "no heading #$anchor in [file tail $file]"}
    return {}
}

# The anchors of a document's headings, as the usual viewers make them.
proc ::documents::Anchors {path} {
    set anchors {}
    foreach {match heading} [regexp -all -inline -line {^#+ (.*)$} [Contents $path]] {
        regsub -all {[^\w\s-]} [string tolower $heading] {} heading
        lappend anchors [string map {{ } -} $heading]
    }
    return $anchors
}

proc ::documents::CheckCode {code} {
    variable top
    if {[regexp {^(\S*/)?(bootstrap|make|configure|man) \S} $code]} {
        set faults [lsearch -all -inline -not -exact [CheckLine $code] {}]
        return [expr {[llength $faults] ? "`$code`: [join $faults {, }]" : {}}]
    }
    # A word for whatever the reader has there.
    foreach path [regexp -all -inline {(?:^|[\s=])(?:bench|doc|examples|generic|tests|tools|unix|win)/[\w./*-]*} $code] {
        set path [string trimright [string trim $path " ="] .]
        if {![llength [glob -nocomplain -directory $top $path]]} {return "`$code`: there is no $path"}
    }
    foreach name [regexp -all -inline {\m[A-Za-z][A-Za-z0-9]*_\w*} $code] {
        if {![regexp "\\m$name\\M" [Sources]]} {return "`$code`: nothing in the sources is called $name"}
    }
    return {}
}

# All that the tree has beside its documents, as one text.
proc ::documents::Sources {} {
    variable sources
    variable top
    if {![info exists sources]} {
        set sources {}
        foreach pattern {generic/*.h generic/*/*.h generic/*/*.cc unix/*.cc tests/*.tcl tests/*.test tests/*.sh
            tests/*/*.cc tests/*/*.h bench/*.cc bench/*.h Makefile.in bootstrap configure.ac examples/*} {
            foreach file [glob -nocomplain -directory $top $pattern] {
                if {[file tail $file] ne "documents.test"} {append sources [Contents $file]}
            }
        }
    }
    return $sources
}
