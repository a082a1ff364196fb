# modes.tcl: the names of the modes, and what they stand for.
#
# A mode of plain SQLite is called JOURNAL, or JOURNAL-SYNCHRONOUS, after the
# values of the two pragmas.

namespace eval ::study {
    variable journals {delete truncate persist memory off wal}
    variable synchronous {extra full normal off}
    # Other names.
    variable aliases {sync-off delete-off}
    variable defaultModes {delete wal-full wal-normal async}
}

# A dictionary: name, journal, synchronous, and grouping, which is that of
# sqliteasync, or empty on plain SQLite.
proc ::study::Mode {name} {
    variable journals
    variable synchronous
    variable aliases
    set mode [dict create name $name journal delete synchronous full grouping {}]
    switch -- $name {
        async {return [dict replace $mode grouping auto]}
        async-ungrouped {return [dict replace $mode grouping off]}
    }
    set words [split [expr {[dict exists $aliases $name] ?
        [dict get $aliases $name] : $name}] -]
    if {[lindex $words 0] ni $journals || [llength $words] > 2 ||
        ([llength $words] == 2 && [lindex $words 1] ni $synchronous)} {
        Fail USAGE "there is no mode \"$name\"; there are async, async-ungrouped,\
            sync-off, and any of [join $journals {, }], alone or followed by\
            one of -[join $synchronous {, -}]"
    }
    dict set mode journal [lindex $words 0]
    if {[llength $words] == 2} {
        dict set mode synchronous [lindex $words 1]
    }
    return $mode
}

# Whether the database is used through sqliteasync.
proc ::study::IsAsync {mode} {
    return [expr {[dict get $mode grouping] ne {}}]
}

# Modes from the text of --modes.
proc ::study::Modes {text} {
    set modes {}
    set names {}
    foreach name [split $text ,] {
        set name [string trim $name]
        if {$name in $names} {
            Fail USAGE "--modes: \"$name\" is there twice"
        }
        lappend names $name
        lappend modes [Mode $name]
    }
    if {![llength $modes]} {
        Fail USAGE "--modes: no mode is named"
    }
    return $modes
}
