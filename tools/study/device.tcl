# device.tcl: the simulated disk, one of the slow devices of
# sqliteasync_device(n), under the name of the variable `device`.

namespace eval ::study {
    variable device sqliteasync-study
    variable defaultDevice sdcard
}

proc ::study::LoadSqlite {} {
    Need sqlite3 libsqlite3-tcl
    # Not Need: it is the package that this program is part of.
    if {[catch {uplevel #0 {package require sqliteasync}} message]} {
        Fail FAILED $message
    }
}

# From the text of --device, the kind of the device and its options.
proc ::study::ParseDevice {text} {
    set words [split $text ,]
    set options {}
    set first [lindex $words 0]
    if {$first eq "none"} {
        if {[llength $words] > 1} {
            Fail USAGE "--device: \"none\" is the disk as it is, and takes no figures"
        }
        return plain
    }
    if {![string match *=* $first]} {
        lappend options -preset $first
        set words [lrange $words 1 end]
    }
    foreach word $words {
        if {![regexp {^([a-z]+)=(.+)$} $word -> name value]} {
            Fail USAGE "--device: \"$word\" should be NAME=VALUE, such as synctime=5000"
        }
        if {[dict exists $options -$name]} {
            Fail USAGE "--device: \"$name\" is there twice"
        }
        lappend options -$name $value
    }
    return [list slow {*}$options]
}

# A device in the state in which it is delivered.  SEED is that of its jitter.
proc ::study::CreateDevice {parsed seed} {
    variable device
    set options [lassign $parsed kind]
    if {$kind eq "slow"} {
        set options [linsert $options 0 -seed $seed]
    }
    sqlite3_device create $device $kind {*}$options
}

proc ::study::CheckDevice {parsed seed} {
    variable device
    # What a run sets by itself is no figure.
    CreateDevice slow $seed
    set figures [lmap {option -} [sqlite3_device configure $device] {
        if {$option in {-preset -seed}} continue
        string range $option 1 end
    }]
    sqlite3_device delete $device
    foreach {option value} [lrange $parsed 1 end] {
        set name [string range $option 1 end]
        if {$option ne "-preset" && $name ni $figures} {
            Fail USAGE "--device: there is no figure \"$name\"; there are\
                [join $figures {, }]"
        }
    }
    if {[catch {CreateDevice $parsed $seed} message]} {
        Fail USAGE "--device: [string map {{ for -} { for }} $message]"
    }
    sqlite3_device delete $device
}

# So that what a run that has failed leaves in the queue takes no time.
proc ::study::MakeDeviceFast {} {
    variable device
    if {[dict get [sqlite3_device info $device] kind] eq "slow"} {
        foreach figure {readtime writetime othertime synctime readrate writerate
                seektime} {
            sqlite3_device configure $device -$figure 0
        }
    }
}
