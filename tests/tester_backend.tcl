# tester_backend.tcl: the asynchronous backend and the simulated devices, as a
# script finds them.
#
#     async_reset         the backend as it was before anything used it
#     async_drain         performs everything queued; no writer may be running
#     async_write_all     has a writer perform everything queued, and end
#     async_settle        as one of these two, whether a writer runs or not, and
#                         leaves it running if it ran
#     async_ungrouped     from here on each change is queued by itself
#     plain_vfs           name of the platform's own VFS
#     plain_sql FILE SQL  runs SQL on FILE through that VFS
#
# The default VFS is a simulated device, "tester", on which operations fail when
# the variables sqlite_io_error_pending and the like say so; it is below
# everything that is registered later, and counts for sqlite_open_file_count and
# its kin.
#
# With --backend async the backend is registered over that, as the default VFS,
# and its writer runs.  So that scripts which look at files from outside of
# SQLite find what they expect, the commands file, open, glob, exec, cd and
# hexio_read first wait for what is queued, and so does who reads one of the
# variables of the device.

namespace eval ::tester {
    # The VFS that scripts' handles are opened with to start with.
    variable device tester

    # Is the simulated device there?
    variable hasDevice 0

    # The backend of this process: plain or async.
    variable runs plain

    # Does the writer stand still?
    variable paused 0

    # The control option "grouping" as this script, and the processes that it
    # starts, have it; empty: as the process began.
    variable grouping {}

    variable deviceVariables {
        sqlite_io_error_pending sqlite_io_error_persist sqlite_io_error_hit
        sqlite_io_error_hardhit sqlite_io_error_benign sqlite_diskfull_pending
        sqlite_diskfull sqlite_sync_count sqlite_fullsync_count
        sqlite_open_file_count sqlite_opentemp_count
    }
}

proc plain_vfs {} {
    expr {$::tcl_platform(platform) eq "windows" ? "win32" : "unix"}
}

proc plain_sql {file sql} {
    sqlite_orig ::tester::plain $file -vfs [plain_vfs]
    set rc [catch {::tester::plain eval $sql} result]
    ::tester::plain close
    return -code $rc $result
}

# Performs everything that is queued, on this thread, and returns how many
# operations that were.
proc async_drain {} {
    set count 0
    while {[set performed [sqlite3async_step 1000]] > 0} {
        incr count $performed
    }
    return $count
}

# Lets a writer perform everything that is queued, and end: works whether one
# is running or not.
proc async_write_all {} {
    set halt [sqlite3async_control halt]
    sqlite3async_control halt idle
    sqlite3async_start
    sqlite3async_wait
    sqlite3async_control halt $halt
    return
}

proc async_settle {} {
    if {![catch {async_drain}]} return
    set halt [sqlite3async_control halt]
    sqlite3async_control halt idle
    sqlite3async_wait
    sqlite3async_control halt $halt
    sqlite3async_start
    return
}

# Everything closed, written, unregistered, and every setting as it was when
# the process began.  The writer that may be running ends.
proc async_reset {} {
    ::tester::CloseAll
    set ::sqlite3async_trace 0
    sqlite3async_control delay 0
    sqlite3async_control halt idle
    sqlite3async_wait
    async_drain
    sqlite3async_shutdown
    sqlite3async_control halt never
    sqlite3async_control lockfiles 1
    sqlite3async_control queuelimit $::tester::initial(queuelimit)
    sqlite3async_control grouping [::tester::Grouping]
    return
}

# For scripts that look at single operations: what is queued, what lies on the
# disk between two of them, the pace of the writer.  Without this a transaction
# queues nothing but the group that it joins.  Holds for async_reset, too, and
# in processes that are started from here on.
proc async_ungrouped {} {
    set ::tester::grouping off
    sqlite3async_control grouping off
    return
}

proc ::tester::Grouping {} {
    variable grouping
    variable initial
    expr {$grouping eq {} ? $initial(grouping) : $grouping}
}

# ---------------------------------------------------------------------------
# The beginning and the end of a script

# Makes everything ready for handles to be opened.
proc ::tester::Begin {backend} {
    variable initial
    variable runs
    foreach option {halt delay lockfiles queuelimit grouping lockhold} {
        set initial($option) [sqlite3async_control $option]
    }
    if {[info exists ::tester_ungrouped]} async_ungrouped
    ::tester::InstallDevice
    if {$backend eq "async"} {
        set runs async
        ::tester::StartBackend
        ::tester::WaitBeforeLooking
        # There is no shared memory above the backend.
        set ::sqlite_options(wal) 0
    }
}

proc ::tester::StartBackend {{parent {}}} {
    sqlite3async_initialize $parent 1
    sqlite3async_control halt never
    sqlite3async_start
}

proc ::tester::End {} {
    variable runs
    if {$runs ne "async"} return
    sqlite3async_control halt idle
    sqlite3async_wait
    # SQLite's scripts leave these where they are, here above the backend.
    catch {unregister_devsim}
    catch {sqlite3_crash_enable 0}
    # Files that are open still are reported as left over.
    catch {sqlite3async_shutdown}
    sqlite3async_control halt never
}

# What the backend was set to, and where it is registered, is as it should be.
proc ::tester::ForgetSettings {} {
    set ::sqlite3async_trace 0
    set ::tester::grouping {}
    catch {async_reset}
    foreach option [array names ::tester::initial] {
        catch {sqlite3async_control $option $::tester::initial($option)}
    }
}

# What differs from the state that a process begins with, as a list.
proc ::tester::LeftOver {} {
    variable initial
    variable hasDevice
    set found {}
    if {$::sqlite3async_trace} {lappend found "sqlite3async_trace is set"}
    foreach option [lsort [array names initial]] {
        set value [sqlite3async_control $option]
        set expected $initial($option)
        if {$option eq "grouping"} {set expected [Grouping]}
        if {$value ne $expected} {
            lappend found "$option is $value, not $expected"
        }
    }
    if {[sqlite3async_enable]} {lappend found "the VFS is registered"}
    if {![catch {sqlite3async_step 1} performed]} {
        if {$performed} {lappend found "operations are queued"}
    } elseif {[sqlite3async_enable]} {
        lappend found "a writer is running"
    }
    if {$hasDevice && $::sqlite_open_file_count} {
        lappend found "$::sqlite_open_file_count files are open"
    }
    return $found
}

# ---------------------------------------------------------------------------
# The device

proc ::tester::InstallDevice {} {
    variable device
    variable hasDevice
    variable deviceVariables
    variable unknowable
    if {[llength [info commands ::sqlite3_device]]} {
        # It may be there, if this is not the first interpreter.
        if {$device ni [sqlite3_device list]} {
            # Nothing that the tests simulate depends on what the disk did with
            # a sync, for which SQLite would wait most of the time.
            sqlite3_device create $device faults -default 1 -syncs 0
        }
        set hasDevice 1
        return
    }
    foreach name $deviceVariables {
        set ::$name 0
        set unknowable($name) "the simulated devices, which are not in this build"
        trace add variable ::$name read [list ::tester::Touch $name]
    }
}

# ---------------------------------------------------------------------------
# Looking at files from outside

proc ::tester::WaitBeforeLooking {} {
    variable deviceVariables
    foreach command {file open glob exec cd} {
        rename ::$command ::tester::Plain_$command
        proc ::$command {args} \
            "::tester::Settle
             tailcall ::tester::Plain_$command {*}\$args"
    }
    # Asked for all the time, and not about contents.
    proc ::file {args} {
        if {[lindex $args 0] ni {join tail dirname normalize rootname extension
            nativename pathtype split isdirectory}} {
            ::tester::Settle
        }
        tailcall ::tester::Plain_file {*}$args
    }
    foreach name $deviceVariables {
        trace add variable ::$name {read write} ::tester::SettleForVariable
    }
}

# Does nothing unless the harness itself has put the backend there.
proc ::tester::Settle {args} {
    variable runs
    if {$runs eq "async" && [sqlite3async_enable]} {async_settle}
}

proc ::tester::SettleForVariable {args} {
    variable paused
    if {!$paused} Settle
}

# While faults are simulated the writer stands still: then they meet the same
# operation every time, and those that a script meets itself can be told from
# those that the writer will meet, in FinishWriting.
proc ::tester::PauseWriting {} {
    variable runs
    variable paused
    if {$runs ne "async"} return
    sqlite3async_control halt idle
    sqlite3async_wait
    sqlite3async_control halt never
    set paused 1
}
proc ::tester::FinishWriting {} {
    variable runs
    if {$runs eq "async" && [sqlite3async_enable]} {async_drain}
}
proc ::tester::ResumeWriting {} {
    variable paused
    if {!$paused} return
    set paused 0
    if {[sqlite3async_enable]} {catch {sqlite3async_start}}
}

# ---------------------------------------------------------------------------
# The command sqlite3

# Options for every handle, what is to be run on it, and how many statements it
# may keep, as in SQLite's harness.
rename ::sqlite3 ::sqlite_orig
proc ::sqlite3 {args} {
    if {[llength $args] < 2 || [string match -* [lindex $args 0]]} {
        return [uplevel 1 [list ::sqlite_orig {*}$args]]
    }
    if {[info exists ::G(perm:sqlite3_args)]} {
        lappend args {*}$::G(perm:sqlite3_args)
    }
    if {[info exists ::tester::vfsNames]} {
        set args [::tester::ReplaceVfs $args]
    }
    # Whoever goes past the backend must find what it has queued.
    if {"-vfs" in $args} {::tester::Settle}
    set result [uplevel 1 [list ::sqlite_orig {*}$args]]
    set handle [lindex $args 0]
    if {[info exists ::G(perm:presql)]} {
        uplevel 1 [list $handle eval $::G(perm:presql)]
    }
    if {[info exists ::G(perm:dbconfig)]} {
        set ::dbhandle $handle
        uplevel #0 $::G(perm:dbconfig)
    }
    return $result
}

# Handles for the VFSes that vfsNames has are opened with those that it has for
# them.
proc ::tester::ReplaceVfs {arguments} {
    variable vfsNames
    set i [lsearch -exact $arguments -vfs]
    if {$i > 0 && [dict exists $vfsNames [lindex $arguments $i+1]]} {
        lset arguments $i+1 [dict get $vfsNames [lindex $arguments $i+1]]
    }
    return $arguments
}
