# run.tcl: one workload in one mode, measured.
#
# A plan is a dictionary: workload, device, seed, transactions, seconds and rate
# as in the options (empty: no limit).
#
# What is measured is a list of records, five values each: the number of a
# transaction, when it began, how long it took, and the queue when it was done, or
# up to 100 microseconds before: operations and bytes.  Records without a number
# are of the time after the last transaction; the last of all says when everything
# was on disk.  Times are microseconds, since the first transaction began.

namespace eval ::study {
    # What sqliteasync has to start with, as options and values of
    # sqlite3async_control: a workload may change them.
    variable settings {}
}

proc ::study::ReadSettings {} {
    variable settings
    foreach option {delay lockfiles lockhold queuelimit grouping} {
        dict set settings $option [sqlite3async_control $option]
    }
}

# Operations and bytes in the queue.
proc ::study::QueueDepth {} {
    set status [sqlite3async_status]
    return [list [dict get $status operations] [dict get $status bytes]]
}

# What the writer could not write, nobody else has been told.
proc ::study::CheckWriter {} {
    set failures [sqlite3async_errors]
    if {[llength $failures]} {
        set first [lindex $failures 0]
        Fail FAILED "the writer has failed: [dict get $first code]\
            ([dict get $first operation] of \"[dict get $first file]\")"
    }
}

proc ::study::StartMode {mode plan file} {
    variable device
    variable settings
    CreateDevice [dict get $plan device] [dict get $plan seed]
    set vfs $device
    if {[IsAsync $mode]} {
        dict for {option value} $settings {
            sqlite3async_control $option $value
        }
        sqlite3async_errors -clear
        sqlite3async_initialize $device 0
        sqlite3async_control grouping [dict get $mode grouping]
        sqlite3async_control halt never
        sqlite3async_start
        set vfs sqlite3async
    }
    sqlite3 ::study::db $file -vfs $vfs
    ::study::db cache size 100
    AddFunctions ::study::db
}

# Sets the pragmas after the setup, which may have set them too.
proc ::study::SetPragmas {mode} {
    set journal [dict get $mode journal]
    set got [::study::db eval "PRAGMA journal_mode=$journal"]
    if {$got ne $journal} {
        Fail FAILED "SQLite stays in journal_mode=[string toupper $got]; on this\
            device, [string toupper $journal] is not possible"
    }
    ::study::db eval "PRAGMA synchronous=[dict get $mode synchronous]"
}

# The transactions must not have changed what the mode is called after.
proc ::study::CheckPragmas {mode} {
    set journal [::study::db onecolumn {PRAGMA journal_mode}]
    set synchronous [lindex {off normal full extra} \
        [::study::db onecolumn {PRAGMA synchronous}]]
    foreach {pragma name found} [list journal_mode journal $journal \
            synchronous synchronous $synchronous] {
        if {$found ne [dict get $mode $name]} {
            Fail FAILED "the transactions have set $pragma=[string toupper $found],\
                so this would be another mode: --modes sets it, and names it"
        }
    }
}

# Without syncs nothing is known to be on disk: one transaction with them makes
# it so.  It changes nothing.
proc ::study::SyncAtLast {mode} {
    if {[dict get $mode synchronous] eq "off"} {
        ::study::db eval {PRAGMA synchronous=FULL}
        set version [::study::db onecolumn {PRAGMA user_version}]
        ::study::db eval "PRAGMA user_version=$version"
    }
}

# Whatever has come before, there is neither file nor writer nor device after,
# unless the workload holds on to them.
proc ::study::EndMode {mode} {
    variable device
    catch {::study::db close}
    if {[catch {
        if {[sqlite3async_enable]} {
            # Nothing is queued, unless the run has failed.
            MakeDeviceFast
            sqlite3async_control halt idle
            sqlite3async_wait
            sqlite3async_shutdown
            sqlite3async_control halt never
        }
        if {$device in [sqlite3_device list]} {
            sqlite3_device delete $device
        }
    } message]} {
        Fail FAILED "a workload has to close what it opens: $message"
    }
}

proc ::study::WaitUntil {due} {
    set left [expr {$due - [clock microseconds]}]
    if {$left > 0} {
        after [expr {$left / 1000}]
        while {[clock microseconds] < $due} {}
    }
}

# Returns the records.
proc ::study::RunMode {mode plan file} {
    StartMode $mode $plan $file
    set state [FirstState [dict get $plan seed]]
    {*}[dict get $plan workload setup] ::study::db
    SetPragmas $mode
    if {[IsAsync $mode]} {
        sqlite3async_barrier
    }
    set began [clock microseconds]
    set records [PerformTransactions $mode $plan $state $began]
    CheckPragmas $mode
    SyncAtLast $mode
    ::study::db close
    if {[IsAsync $mode]} {
        lappend records {*}[WatchQueue $began]
    }
    lappend records {} [expr {[clock microseconds] - $began}] {} 0 0
    return $records
}

proc ::study::PerformTransactions {mode plan state began} {
    set transaction [dict get $plan workload transaction]
    set async [IsAsync $mode]
    set count [dict get $plan transactions]
    set rate [dict get $plan rate]
    set until {}
    if {[dict get $plan seconds] ne {}} {
        set until [expr {$began + round([dict get $plan seconds] * 1e6)}]
    }
    set records {}
    set depth {0 0}
    set ask 0
    set i 0
    while {$count eq {} || $i < $count} {
        if {$rate ne {}} {
            WaitUntil [expr {$began + round($i * 1e6 / $rate)}]
        }
        set state [NextState $state]
        set start [clock microseconds]
        # One at least: of none there is nothing to say.
        if {$i > 0 && $until ne {} && $start >= $until} break
        incr i
        {*}$transaction ::study::db $i
        set end [clock microseconds]
        # To ask takes as long as a transaction, so that each can't be followed by
        # a question.
        if {$async && $end >= $ask} {
            set depth [QueueDepth]
            set ask [expr {$end + 100}]
        }
        lappend records $i [expr {$start - $began}] [expr {$end - $start}] {*}$depth
        ShowTransactions $i [expr {$end - $began}]
    }
    return $records
}

# Until the queue is empty, records of it, closer to each other in the beginning.
proc ::study::WatchQueue {began} {
    set from [clock microseconds]
    set records {}
    sqlite3async_control halt idle
    lassign [QueueDepth] operations first
    set bytes $first
    while {$operations > 0} {
        set now [clock microseconds]
        lappend records {} [expr {$now - $began}] {} $operations $bytes
        ShowQueue [expr {$now - $from}] $first $operations $bytes
        after [expr {1 + min(100, ($now - $from) / 100000)}]
        lassign [QueueDepth] operations bytes
    }
    sqlite3async_wait
    CheckWriter
    return $records
}

# All modes.  Returns the measurements, 1 if anything failed, and a title.
proc ::study::RunAll {options} {
    LoadSqlite
    set modes [dict get $options modes]
    CheckDevice [dict get $options device] [dict get $options seed]
    ReadSettings
    set plan [dict filter $options key device seed transactions seconds rate]
    dict set plan workload [Workload [dict get $options workload] \
        [dict get $options setup]]
    set directory [OpenDirectory [dict get $options keep] $modes]
    set measurements {}
    set failed 0
    try {
        TryWorkload $plan
        set csvFile [dict get $options csv]
        set csv [OpenCsv $csvFile]
        StartProgress $plan $modes [dict get $options progress]
        foreach mode $modes {
            set name [dict get $mode name]
            incr failed [Fails {
                StartProgressOf $mode
                set file [file join $directory $name.db]
                try {
                    set records [RunMode $mode $plan $file]
                    dict set measurements $name $records
                } on error {message how} {
                    return -options $how $message[WhereIfFull $message]
                } finally {
                    EndMode $mode
                }
                Show "checking what it holds" 0
                CheckContent $plan $file [TransactionCount $records]
                EndProgressOf
            } "$name: "]
            if {$csvFile ne {} && [dict exists $measurements $name]} {
                if {[Fails {WriteCsv $csv $csvFile $name [dict get $measurements $name]}]} {
                    incr failed
                    set csvFile {}
                    set csv {}
                }
            }
        }
        if {$csv ni {{} stdout}} {
            incr failed [Fails {WithFile write $csvFile {close $csv}}]
        }
    } finally {
        ClearProgress
        CloseExpected
        CloseDirectory
    }
    return [list $measurements [expr {$failed > 0}] \
        "[dict get $plan workload title], on [dict get $options device-title]"]
}
