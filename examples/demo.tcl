#!/usr/bin/env tclsh
# What does an application gain if it never waits for a slow disk?
#
#     tclsh examples/demo.tcl ?DIRECTORY?       or      ./bootstrap demo
#
# One workload, many small transactions with reads in between, runs three times:
#
#   1. on plain SQLite, and the disk as it is;
#   2. on a slow disk, waiting for it after each commit, as plain SQLite must
#      (only a quarter of the workload, so that you needn't wait so long);
#   3. on the same slow disk through sqliteasync, which doesn't wait.
#
# The slow disk is simulated: a pause after each operation on a file. Plain
# SQLite has no such switch, so run 2 uses sqliteasync without its writer
# thread and carries out by hand, after each commit, what the commit has queued.
# Change the figures, or the workload, and see.

set transactions 1000   ;# how many, of one row each
set delay        1      ;# the slow disk's pause after each operation, in ms
set readEvery    4      ;# read one earlier row after every so many transactions

if {[catch {package require sqlite3; package require sqliteasync} message]} {
    puts stderr "demo: $message"
    puts stderr "demo: \"./bootstrap demo\", at the top of the source tree,\
            builds what is missing and runs this script."
    exit 1
}

# ---- The workload -----------------------------------------------------------

# The row number ID. It depends on nothing else, so that what is on disk in the
# end can be compared with what should be there.
proc row {id} {
    list $id [expr {$id * 7919 % 10007}] "order $id [string repeat . [expr {$id % 60}]]"
}

# Runs COUNT transactions on a new database FILE, through whatever VFS is the
# default. The command prefix AFTERCOMMIT runs after each commit, as part of what
# the application waits for. Returns two lists, of how long each transaction and
# how long each read took, in microseconds.
proc work {title file count {afterCommit {}}} {
    global readEvery
    set waits [list]
    set reads [list]
    sqlite3 db $file
    db eval {CREATE TABLE orders(id INTEGER PRIMARY KEY, amount INT, note TEXT)}
    {*}$afterCommit
    for {set i 1} {$i <= $count} {incr i} {
        lassign [row $i] id amount note
        set start [clock microseconds]
        db eval {INSERT INTO orders VALUES($id, $amount, $note)}    ;# commits
        {*}$afterCommit
        lappend waits [expr {[clock microseconds] - $start}]

        if {$i % $readEvery == 0} {
            set earlier [expr {1 + int(rand() * $i)}]
            set start [clock microseconds]
            set found [db eval {SELECT * FROM orders WHERE id = $earlier}]
            lappend reads [expr {[clock microseconds] - $start}]
            if {$found ne [row $earlier]} {
                error "row $earlier reads as \"$found\""
            }
        }
        progress "$title: $i of $count transactions"
    }
    db close
    return [list $waits $reads]
}

# ---- The three runs ---------------------------------------------------------

proc plain {file count} {
    set start [clock milliseconds]
    set waits [work "plain SQLite" $file $count]
    set done  [expr {[clock milliseconds] - $start}]
    report "plain SQLite" {*}$waits $done $done 0
    verify $file $count
}

proc slowAndWaiting {file count} {
    global performed
    set performed 0
    sqlite3async_enable yes     ;# no writer is started
    sqlite3async_control grouping off   ;# operation by operation, as plain SQLite
    set start [clock milliseconds]
    set waits [work "slow disk, waiting" $file $count performQueue]
    performQueue                ;# the close of the file
    set done  [expr {[clock milliseconds] - $start}]
    sqlite3async_enable no
    report "slow disk, waiting" {*}$waits $done $done 0
    verify $file $count
}

proc slowAndAsynchronous {file count} {
    global performed delay transactions
    # A guess, for the progress line, from the run before.
    set expected [expr {$performed * $count / max(1, $transactions / 4)}]
    set performed 0
    sqlite3async_enable yes
    sqlite3async_delay $delay
    sqlite3async_halt never
    sqlite3async_start
    set start [clock milliseconds]
    set waits [work "slow disk, sqliteasync" $file $count]
    set done  [expr {[clock milliseconds] - $start}]

    # The application is done, but most of its changes are not on disk yet. Any
    # other program would now say
    #     sqlite3async_halt idle; sqlite3async_wait
    # and the writer would work through the queue. To count what is left, this
    # one sends the writer home and goes on in its place, at the same pace.
    sqlite3async_halt now
    sqlite3async_wait
    performQueue "slow disk, sqliteasync: done; wrote %d of about $expected operations"
    set onDisk [expr {[clock milliseconds] - $start}]
    sqlite3async_enable no
    report "slow disk, sqliteasync" {*}$waits $done $onDisk $performed
    verify $file $count
}

# Carries out all queued operations, with the slow disk's pause after each. If the
# disk of the machine is slow as well, it stops pausing after half a minute.
proc performQueue {{title ""}} {
    global performed delay hurried
    set end [expr {[clock milliseconds] + 30000}]
    while {[sqlite3async_step] > 0} {
        incr performed
        if {[clock milliseconds] < $end} {
            after $delay
        } else {
            set hurried 1
        }
        if {$title ne ""} {
            progress [format $title $performed]
        }
    }
}

# ---- The proof --------------------------------------------------------------

# Reads FILE with a new connection of plain SQLite, and compares.
proc verify {file count} {
    sqlite3 db $file
    set integrity [db eval {PRAGMA integrity_check}]
    set rows      [db eval {SELECT count(*) FROM orders}]
    set content   [db eval {SELECT id, amount, note FROM orders ORDER BY id}]
    db close
    set expected [list]
    for {set i 1} {$i <= $count} {incr i} {
        lappend expected {*}[row $i]
    }
    lappend ::proof [format "  %-12s%-6s%d of %d    %08x, expected %08x" \
            [file tail $file] $integrity $rows $count \
            [zlib crc32 [encoding convertto utf-8 $content]] \
            [zlib crc32 [encoding convertto utf-8 $expected]]]
    if {$integrity ne "ok" || $rows != $count || $content ne $expected} {
        error "[file tail $file] is not what was written:\n[join $::proof \n]"
    }
}

# ---- What is shown ----------------------------------------------------------

# On a terminal a line that is rewritten in place, elsewhere a line every 5 s.
set isTerminal [expr {![catch {chan configure stdout -mode}]}]
set shownAt [expr {$isTerminal ? 0 : [clock milliseconds]}]

proc progress {text} {
    global isTerminal shownAt started
    set now [clock milliseconds]
    if {$now - $shownAt < ($isTerminal ? 100 : 5000)} return
    set shownAt $now
    set text [format "%3d s  %s" [expr {($now - $started) / 1000}] $text]
    puts -nonewline [expr {$isTerminal ? "\r$text\x1b\[K" : "$text\n"}]
    flush stdout
}

proc progressEnd {} {
    puts -nonewline [expr {$::isTerminal ? "\r\x1b\[K" : "\n"}]
}

proc percentile {percent values} {
    if {$values eq ""} {
        return -
    }
    set index [expr {int(ceil([llength $values] * $percent / 100.0)) - 1}]
    set ms [expr {[lindex [lsort -integer $values] $index] / 1000.0}]
    format [expr {$ms < 10 ? "%.3f" : "%.1f"}] $ms
}

# Appends a line to the table.
proc report {title waits reads done onDisk queued} {
    lappend ::table [format "%-22s%7d%7s%7s%7s%6s%7.2f%9.2f%8d" $title [llength $waits] \
            [percentile 50 $waits] [percentile 99 $waits] [percentile 100 $waits] \
            [percentile 50 $reads] [expr {$done / 1000.0}] [expr {$onDisk / 1000.0}] $queued]
}

set table [list \
        [format "%-22s%7s%21s%6s%7s%9s%8s" "The application" \
                "trans-" "wait for each, ms" "read," "done," "on disk," "queue"] \
        [format "%-22s%7s%7s%7s%7s%6s%7s%9s%8s" "" \
                "actions" "median" "99%" "worst" "ms" "s" "s" "grew to"] \
        [string repeat - 80]]
set proof [list]

# ---- All of it --------------------------------------------------------------

set parent [expr {[info exists env(TMPDIR)] ? $env(TMPDIR) : "/tmp"}]
if {$argc > 0} {
    set parent [lindex $argv 0]
}
set directory [file normalize [file join $parent sqliteasync-demo-[pid]]]
set started [clock milliseconds]
try {
    file mkdir $directory
    puts "SQLite [sqlite3 -version], $transactions transactions of one row, a read after\
            every $readEvery of them,"
    puts "a slow disk that pauses $delay ms after each operation; files in $directory"
    puts ""
    plain               [file join $directory plain.db]   $transactions
    slowAndWaiting      [file join $directory waiting.db] [expr {max(1, $transactions / 4)}]
    slowAndAsynchronous [file join $directory async.db]   $transactions
    progressEnd
    puts [join $table \n]
    puts ""
    puts "done: when the application was; on disk: when all of its work was;"
    puts "queue: the operations that were in memory still when it was done"
    if {[info exists hurried]} {
        puts "(This machine's own disk is slow today: after 30 s the pauses were left out.)"
    }
    puts ""
    puts "Read with plain SQLite: integrity check, rows, checksum of the content"
    puts [join $proof \n]
} on error {message} {
    progressEnd
    puts stderr "demo: $message"
    set failed 1
} finally {
    file delete -force $directory
}
exit [info exists failed]
