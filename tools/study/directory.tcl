# directory.tcl: where the databases are.
#
# A temporary directory is removed as soon as this process has ended, in whatever
# way, by a shell that reads from a pipe, whose other end is then closed.  Ctrl-C
# reaches it too, and is ignored, which Tcl itself can't do.  Where there is no
# shell, as on Windows, this process removes the directory, unless it is killed.

namespace eval ::study {
    # The directory, while there is a temporary one, and the pipe, if there is a
    # shell.
    variable temporary {}
    # What errors call the place of the databases: --keep, or TMPDIR.
    variable parent
    variable watcher {}
}

# What an error is to say in addition, if MESSAGE says that a disk is full.
proc ::study::WhereIfFull {message} {
    variable temporary
    variable parent
    if {![regexp {database or disk is full|SQLITE_FULL} $message]} {
        return {}
    }
    return "; the databases are in \"$parent\", and [expr {$temporary ne {} ?
        "TMPDIR or --keep" : "--keep"}] may name another place"
}

# KEEP: the directory that stays, or empty for one that doesn't.
proc ::study::OpenDirectory {keep modes} {
    variable parent $keep
    if {$keep eq {}} {
        return [OpenTemporary]
    }
    if {[catch {file mkdir [Path $keep]} message]} {
        Fail FAILED "--keep: $message"
    }
    foreach mode $modes {
        set file [file join $keep [dict get $mode name].db]
        if {[file exists [Path $file]]} {
            Fail FAILED "--keep: there is a \"$file\" already"
        }
        CheckWritable $file
    }
    return [file normalize [Path $keep]]
}

# Not another directory than TMPDIR: it may be on another disk.
proc ::study::OpenTemporary {} {
    variable temporary
    variable watcher
    variable parent
    if {[info exists ::env(TMPDIR)] && $::env(TMPDIR) ne {}} {
        set parent [Path $::env(TMPDIR)]
    } else {
        set parent [fileutil::tempdir]
    }
    if {![file isdirectory $parent] || ![file writable $parent] || [catch {
        fileutil::maketempdir -dir $parent -prefix sqliteasync-study-
    } temporary]} {
        set temporary {}
        Fail FAILED "there can be no temporary directory in \"$parent\"; TMPDIR may\
            name another place, and --keep a directory that stays"
    }
    set shell [auto_execok sh]
    if {[llength $shell]} {
        set watcher [open |[list {*}$shell -c \
            {trap '' INT HUP TERM; cat >/dev/null; exec rm -rf -- "$0"} $temporary] w]
    }
    return $temporary
}

# Returns when the temporary directory is gone.
proc ::study::CloseDirectory {} {
    variable temporary
    variable watcher
    if {$watcher ne {}} {
        close $watcher
        set watcher {}
    } elseif {$temporary ne {}} {
        file delete -force $temporary
    }
    set temporary {}
}
