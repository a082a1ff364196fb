# directory.tcl: where the databases are.
#
# A temporary directory is removed by another process as soon as this one has
# ended, in whatever way: it reads from a pipe, whose other end is then closed.
# Ctrl-C reaches it too, and is ignored.

namespace eval ::study {
    # The pipe, while there is a temporary directory.
    variable watcher {}
}

# KEEP: the directory that stays, or empty for one that doesn't.
proc ::study::OpenDirectory {keep modes} {
    variable watcher
    if {$keep ne {}} {
        if {[catch {file mkdir $keep} message]} {
            Fail FAILED "--keep: $message"
        }
        foreach mode $modes {
            set file [file join $keep [dict get $mode name].db]
            if {[file exists $file]} {
                Fail FAILED "--keep: there is a \"$file\" already"
            }
        }
        return [file normalize $keep]
    }
    set directory [fileutil::maketempdir -prefix sqliteasync-study-]
    set watcher [open |[list sh -c \
        {trap '' INT HUP TERM; cat >/dev/null; exec rm -rf -- "$0"} $directory] w]
    return $directory
}

# Returns when the temporary directory is gone.
proc ::study::CloseDirectory {} {
    variable watcher
    if {$watcher ne {}} {
        close $watcher
        set watcher {}
    }
}
