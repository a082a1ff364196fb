# campaign_common.tcl: for the campaigns in which something fails, campaign-*.test.
#
# A workload of transactions runs through the backend again and again, each time
# with a fault at another place.  In each round:
#
#   - every command of the workload succeeds, or fails with an error that belongs
#     to the fault;
#   - whoever reads sees all transactions that were committed so far, and nothing
#     else, or gets such an error;
#   - if the writer met the fault, every request on that database fails until it
#     has been closed; if none fails, all that was committed is on disk;
#   - then plain SQLite finds the integrity check passed, and exactly what a
#     prefix of the committed transactions has made; a transaction of several
#     databases is in all of them or in none;
#   - the database can be opened through the backend again, and written to;
#   - another database, open all the time, works, and loses nothing.
#
# A script defines what its fault is, in the namespace campaign:
#
#     Arm N PERSIST    the Nth chance from now fails, all after it too if PERSIST
#     Disarm           nothing fails
#     Hits             how many failures there have been
#     Spare SCRIPT     evaluates it, which uses none of the workload's files, without
#                      the fault in this thread
#     SpareAll SCRIPT  the same, but it may use them; other threads may be spared too
#     IsClean CODE     does an error with this code belong to the fault?
#
# and calls Campaign for each case.  The test cases of a case are named after what
# is broken if they fail, see aspects below.

namespace eval ::campaign {
    variable aspects {
        unclean-error        {errors that do not belong to the fault}
        wrong-answer         {readers that saw what was never committed}
        error-forgotten      {failures of the writer that nobody was told of}
        half-committed       {databases that are no prefix of what was committed}
        dead-afterwards      {databases that could not be used again}
        others-affected      {other databases that have lost something}
        nothing-failed       {no operation was reached by the fault}
    }

    # Totals.
    variable injected 0
    variable rounds 0

    # By name: a dictionary of
    #   files         by schema: its file; the first schema is main
    #   pragmas       what every connection runs for each schema, %S
    #   setup         pragmas for a file that is made
    #   prepare       a command that makes the files, given the workload
    #   transactions  by number: a dictionary of members and sql
    variable workloads [dict create]

    # What was wrong in the case that ran last, by aspect.
    variable problems
    variable ran {}

    # What every database begins with.
    variable schema {
        CREATE TABLE hist(i INTEGER PRIMARY KEY);
        CREATE TABLE t(a INTEGER PRIMARY KEY, b, c);
        CREATE INDEX tb ON t(b);
        INSERT INTO t WITH RECURSIVE n(i) AS
            (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12)
            SELECT i, printf('b%d', i * 7 % 12), printf('%.*c', 300, 'c') FROM n;
    }

    # The number of the transaction that shows that a database works again.
    variable last 1000
}

# ---------------------------------------------------------------------------
# Workloads

proc ::campaign::Workload {name settings} {
    variable workloads
    dict set workloads $name [dict merge {
        files {main test.db} pragmas {} setup {} prepare campaign::PrepareFiles
    } $settings]
}

# Transaction I: SQL for each of MEMBERS, with %S for its schema and %I for I.  The
# COMMIT is not in it.  Without members it is SQL that changes nothing that can be seen.
proc ::campaign::Transaction {i members sql} {
    if {![llength $members]} {return [dict create members {} sql $sql]}
    set script BEGIN
    foreach member $members {
        append script ";\nINSERT INTO $member.hist VALUES($i);\n" \
            [string map [list %S $member %I $i] $sql]
    }
    return [dict create members $members sql $script]
}

# By number: transactions from the triples I MEMBERS SQL.
proc ::campaign::Transactions {triples} {
    set transactions {}
    foreach {i members sql} $triples {
        dict set transactions $i [Transaction $i $members $sql]
    }
    return $transactions
}

proc ::campaign::PrepareFiles {workload} {
    variable schema
    dict for {name file} [dict get $workload files] {
        plain_sql $file "PRAGMA page_size = 1024; PRAGMA synchronous = off;
            [dict get $workload setup]; BEGIN; $schema; COMMIT"
    }
}

# A transaction that was interrupted when some of its pages had been written.
proc ::campaign::PrepareHotJournal {workload} {
    PrepareFiles $workload
    sqlite_orig ::campaign::dying test.db -vfs [plain_vfs]
    dying eval {
        PRAGMA cache_size = 1;
        BEGIN;
        UPDATE t SET b = b || 'lost', c = c || c;
        INSERT INTO t SELECT a + 100, b, c || c FROM t;
        UPDATE t SET b = 'lost' || b;
    }
    foreach name {test.db test.db-journal} {forcecopy $name hot-$name}
    dying close
    foreach name {test.db test.db-journal} {
        forcecopy hot-$name $name
        forcedelete hot-$name
    }
    check {[file size test.db-journal] > 1024}
}

namespace eval ::campaign {
    # Inserts, updates and deletes, of table and index.
    variable changes {
        1 main {INSERT INTO %S.t SELECT a + 20, b || %I, c FROM %S.t WHERE a < 5}
        2 main {UPDATE %S.t SET b = b || %I, c = c || 'u' WHERE a % 3 = 0}
        3 main {DELETE FROM %S.t WHERE a % 4 = 1}
        4 main {
            INSERT INTO %S.t VALUES(50, 'b' || %I, printf('%.*c', 2500, 'o'));
            UPDATE %S.t SET b = 'x' || a WHERE a > 6
        }
    }
}
foreach mode {delete truncate persist} {
    campaign::Workload $mode [list pragmas "PRAGMA %S.journal_mode = $mode" \
        transactions [campaign::Transactions $campaign::changes]]
}
campaign::Workload savepoints [list pragmas {
    PRAGMA %S.cache_size = 2
} transactions [campaign::Transactions {
    1 main {
        SAVEPOINT one;
        INSERT INTO %S.t SELECT a + 20, b || %I, c || c FROM %S.t;
        SAVEPOINT two;
        DELETE FROM %S.t WHERE a % 2;
        UPDATE %S.t SET c = c || c;
        ROLLBACK TO two;
        UPDATE %S.t SET b = b || 'two' WHERE a % 5 = 0;
        RELEASE one
    }
    2 main {
        INSERT INTO %S.t VALUES(60, 'b', 'c');
        SAVEPOINT one;
        UPDATE %S.t SET b = b || %I, c = c || c;
        ROLLBACK TO one
    }
    3 main {DELETE FROM %S.t WHERE a > 20}
}]]
campaign::Workload several-files [list files {main test.db two test2.db} pragmas {
    PRAGMA %S.journal_mode = delete
} transactions [campaign::Transactions {
    1 {main two} {UPDATE %S.t SET b = b || %I WHERE a % 3 = 0}
    2 two {INSERT INTO %S.t VALUES(30, 'b' || %I, 'c')}
    3 {main two} {
        INSERT INTO %S.t SELECT a + 40, b || %I, c FROM %S.t WHERE a < 4
    }
    4 main {DELETE FROM %S.t WHERE a % 4 = 1}
}]]
campaign::Workload vacuum [list setup {PRAGMA auto_vacuum = full} \
    transactions [campaign::Transactions {
        1 main {DELETE FROM %S.t WHERE a BETWEEN 3 AND 10}
        2 {} {PRAGMA auto_vacuum = incremental; VACUUM}
        3 main {UPDATE %S.t SET b = b || %I}
        4 main {DELETE FROM %S.t WHERE a > 5; PRAGMA %S.incremental_vacuum}
    }]]
campaign::Workload hot-journal [list prepare campaign::PrepareHotJournal \
    transactions [campaign::Transactions [lrange $campaign::changes 0 5]]]

# ---------------------------------------------------------------------------
# What must be in a database

# What a connection sees in SCHEMA: the numbers of its transactions, and a digest
# of its rows, by the table and by the index.  All by one statement.
proc ::campaign::Content {db schema} {
    $db eval [string map [list %S $schema] {
        SELECT (SELECT group_concat(i, ' ') FROM
                    (SELECT i FROM %S.hist ORDER BY i)) AS history,
               (SELECT group_concat(a || quote(b) || quote(c)) FROM
                    (SELECT * FROM %S.t ORDER BY a)) AS rows,
               (SELECT group_concat(quote(b) || a) FROM
                    (SELECT a, b FROM %S.t INDEXED BY tb ORDER BY b, a)) AS ordered
    }] content {}
    return [list $content(history) \
        [zlib crc32 [encoding convertto utf-8 "$content(rows)\n$content(ordered)"]]]
}

# By schema: the contents after none, one, two... of the transactions COMMITTED.
proc ::campaign::Expected {name committed} {
    variable workloads
    variable schema
    variable expected
    if {[info exists expected($name,$committed)]} {
        return $expected($name,$committed)
    }
    set workload [dict get $workloads $name]
    set schemas [dict keys [dict get $workload files]]
    sqlite_orig ::campaign::model :memory:
    foreach member $schemas {
        if {$member ne "main"} {model eval "ATTACH ':memory:' AS $member"}
        model eval [string map [list "TABLE " "TABLE $member." "INDEX " \
            "INDEX $member." "INTO " "INTO $member."] $schema]
        dict set states $member [list [Content model $member]]
    }
    foreach i $committed {
        set transaction [TransactionOf $workload $i]
        if {![llength [dict get $transaction members]]} continue
        model eval "[dict get $transaction sql]; COMMIT"
        foreach member [dict get $transaction members] {
            dict lappend states $member [Content model $member]
        }
    }
    model close
    return [set expected($name,$committed) $states]
}

proc ::campaign::TransactionOf {workload i} {
    variable last
    if {$i == $last} {
        return [Transaction $i [dict keys [dict get $workload files]] \
            {INSERT INTO %S.t VALUES(900, 'again', printf('%.*c', 1500, 'a'))}]
    }
    return [dict get $workload transactions $i]
}

# The content of SCHEMA after all that was COMMITTED.
proc ::campaign::Current {name committed schema} {
    return [lindex [dict get [Expected $name $committed] $schema] end]
}

# ---------------------------------------------------------------------------
# A round

# ASPECT is not as it should be.
proc ::campaign::Problem {aspect message} {
    variable problems
    variable round
    if {[llength [dict get $problems $aspect]] < 3} {
        dict lappend problems $aspect "fault $round: $message"
    }
    return
}

# Evaluates SCRIPT, which is requests on DB.  1 if it succeeds, with the result in
# the variable; 0 if it fails, as it may because of the fault.
proc ::campaign::Try {db script {resultVariable result}} {
    upvar 1 $resultVariable result
    if {![catch {uplevel 1 $script} result]} {return 1}
    set code SQLITE_UNKNOWN
    if {[llength [info commands $db]]} {
        set code [Spare {sqlite3_extended_errcode $db}]
    } elseif {$result in {"unable to open database file" "disk I/O error"
        "database or disk is full" "out of memory"}} {
        # There is no handle to be asked.
        set code [dict get {"unable to open database file" SQLITE_CANTOPEN
            "disk I/O error" SQLITE_IOERR "database or disk is full" SQLITE_FULL
            "out of memory" SQLITE_NOMEM} $result]
    }
    if {![IsClean $code]} {
        Problem unclean-error "$code ($result) from [string trim $script]"
    }
    return 0
}

# Opens a handle on the workload's databases, and tells whether this succeeded.
proc ::campaign::Open {db workload} {
    set files [dict get $workload files]
    set opened [Try $db {
        sqlite_orig $db [dict get $files main] -vfs sqlite3async
        dict for {schema file} $files {
            if {$schema ne "main"} {$db eval "ATTACH '$file' AS $schema"}
            $db eval [string map [list %S $schema] [dict get $workload pragmas]]
        }
    }]
    if {!$opened} {Close $db}
    return $opened
}

proc ::campaign::Close {args} {
    foreach db $args {
        if {[llength [info commands $db]]} {$db close}
    }
}

# Runs transaction I.  1 if it was committed, 0 if not, -1 if this is in doubt: a
# COMMIT may fail that has come about, in plain SQLite too, which asks for the
# file's size and truncates it when the journal is gone.
proc ::campaign::Commit {db workload i} {
    set transaction [TransactionOf $workload $i]
    set result [Try $db {$db eval [dict get $transaction sql]}]
    if {$result && [llength [dict get $transaction members]]} {
        set result [Try $db {$db eval COMMIT}]
        if {!$result && [Spare {sqlite3_get_autocommit $db}]} {set result -1}
    }
    if {![Spare {sqlite3_get_autocommit $db}]} {
        # The rollback may fail as well; what it leaves, closing the handle ends.
        Try $db {$db eval ROLLBACK}
    }
    return $result
}

# Transaction I is in doubt: a new handle decides.  If it can't read, the database
# has failed, and I is the last that can be there.
proc ::campaign::Decide {name i committedVariable} {
    upvar 1 $committedVariable committed
    variable workloads
    variable doubtful
    set with [concat $committed $i]
    set workload [dict get $workloads $name]
    foreach schema [dict get [TransactionOf $workload $i] members] {
        set failed [SpareAll {
            catch {
                sqlite_orig ::campaign::new [dict get $workload files $schema] \
                    -vfs sqlite3async
                Content ::campaign::new main
            } content
        }]
        Close ::campaign::new
        if {$failed} continue
        if {$content eq [Current $name $with $schema]} {set committed $with}
        return
    }
    set doubtful $i
}

proc ::campaign::Writer {how} {
    switch -- $how {
        step {async_drain}
        thread {async_write_all}
    }
    return
}

# One round: the fault is at its ROUNDth chance.  MODE is
#
#     halted    the writer stands still while the workload runs; what it queued is
#               performed afterwards, on this thread or by a writer
#     closed    the same, but when all handles have been closed
#     running   a writer is running
#
# PHASES, when the fault is there: "script", "writer", or both; with a writer that
# is running it is both.
proc ::campaign::Round {name mode phases persist} {
    variable workloads
    variable round
    variable saved
    variable confined
    variable doubtful {}
    set workload [dict get $workloads $name]
    set files [dict get $workload files]
    set how [lindex {step thread} [random 2]]
    foreach file [dict values $files] {
        forcedelete $file-journal {*}[glob -nocomplain $file-mj*]
    }
    foreach file $saved {forcecopy saved/$file $file}
    set committed {}
    set handles {::campaign::db ::campaign::reader}

    set before [Hits]
    if {$mode eq "running"} {sqlite3async_control halt never; sqlite3async_start}
    if {"script" in $phases || $mode eq "running"} {Arm $round $persist}
    foreach db $handles {
        # The fault that failed the first attempt may have been the only one.
        if {![Open $db $workload]} {Open $db $workload}
    }
    foreach i [dict keys [dict get $workload transactions]] {
        if {[llength [info commands ::campaign::db]]} {
            switch [Commit ::campaign::db $workload $i] {
                1 {lappend committed $i}
                -1 {Decide $name $i committed}
            }
        }
        Spare OtherCommit
        CompareAll $name $committed ::campaign::reader
    }
    set inScript [expr {[Hits] - $before}]
    set lost [expr {[dict size [dict get $workload transactions]] -
        [llength $committed]}]
    if {!$persist && $mode ne "running" && $lost > 1} {
        Problem dead-afterwards "one operation failed, and $lost transactions"
    }

    # What was queued is performed.
    if {$mode eq "running"} {
        sqlite3async_control halt idle
        sqlite3async_wait
        sqlite3async_control halt never
    } else {
        if {$mode eq "closed"} {Close {*}$handles}
        if {"script" ni $phases} {
            Arm $round $persist
        } elseif {"writer" ni $phases} {
            Disarm
        }
        Writer $how
    }
    set inWriter [expr {[Hits] - $before - $inScript}]
    # Closing is not to depend on whether the fault is still there.
    set closesFirst [expr {$mode ne "closed" && $round % 3 == 0}]
    if {$closesFirst} {
        Close {*}$handles
    }
    Disarm

    # Who has got the error, and keeps it?
    set failed {}
    if {$mode ne "closed" && !$closesFirst} {
        set failed [FailedSchemas $name $committed $handles]
        # An allocation may fail without harm.
        if {$mode eq "halted" && $confined && $inWriter && ![llength $failed]} {
            Problem error-forgotten "the writer failed, and requests succeed"
        }
        if {$mode eq "halted" && !$inWriter && [llength $failed]} {
            Problem dead-afterwards "the writer did not fail, and requests do"
        }
        foreach schema [dict keys $files] {
            if {$schema ni $failed} {lappend complete $schema}
        }
        Close {*}$handles
    } elseif {$mode ne "running" && !$inWriter} {
        set complete [dict keys $files]
    }
    if {![info exists complete]} {set complete {}}

    set total [expr {[Hits] - $before}]
    if {$round % 2} {
        Writer $how
        set seen [OnDisk $name $committed $complete]
        set seen [Again $name $seen $how]
    } else {
        # At once: what closed the handles is still queued.
        set seen [Again $name $committed $how $complete]
    }
    OnDisk $name $seen [dict keys $files]
    OtherCheck
    return $total
}

# What DB sees in each schema must be all that was COMMITTED.
proc ::campaign::CompareAll {name committed db} {
    variable workloads
    if {![llength [info commands $db]]} return
    foreach schema [dict keys [dict get $workloads $name files]] {
        if {![Try $db {Content $db $schema} content]} continue
        if {$content ne [Current $name $committed $schema]} {
            Problem wrong-answer "after the transactions \[$committed\]\
                a reader sees those of [lindex $content 0] in $schema,\
                and not as they were made"
        }
    }
}

# The schemas on which requests fail, with everything written and no fault left.
# On those all requests must fail, by every handle, old or new, until all have
# been closed.
proc ::campaign::FailedSchemas {name committed handles} {
    variable workloads
    set workload [dict get $workloads $name]
    set files [dict get $workload files]
    set failed {}
    dict for {schema file} $files {
        # A handle for this file alone, as ATTACH can't be had of one that fails.
        set single [dict create files [list main $file] pragmas {}]
        set answers {}
        set open {}
        foreach db $handles {
            if {![llength [info commands $db]]} continue
            lappend open $db
            lappend answers [Try $db {Content $db $schema} content]
            if {[lindex $answers end] &&
                $content ne [Current $name $committed $schema]} {
                Problem wrong-answer "everything is written, and [namespace tail $db]\
                    sees in $schema [lindex $content 0] instead of \[$committed\]"
            }
        }
        if {![llength $open]} continue
        lappend answers [expr {[Open ::campaign::new $single] &&
            [Try ::campaign::new {Content ::campaign::new main}]}]
        Close ::campaign::new
        if {[llength [lsort -unique $answers]] > 1} {
            Problem error-forgotten "requests on $schema fail by some handles,\
                and succeed by others: $answers"
        }
        if {1 in $answers} continue
        lappend failed $schema
        if {[Try [lindex $open 0] {
            [lindex $open 0] eval "BEGIN IMMEDIATE; DELETE FROM $schema.t; COMMIT"
        }]} {
            Problem error-forgotten "reads of $schema fail, and a write succeeds"
        }
    }
    # One handle closed is not all of them.
    if {[llength $failed] && [llength [info commands [lindex $handles 1]]]} {
        set rest [lassign $handles first]
        Close $first
        foreach schema $failed {
            if {[Try [lindex $rest 0] {Content [lindex $rest 0] $schema}]} {
                Problem error-forgotten "requests on $schema succeed,\
                    though one handle of two was never closed"
            }
        }
    }
    return $failed
}

# What plain SQLite finds: the COMMITTED transactions of which a prefix is in each
# file, all of them in the schemas that are COMPLETE.  Returns the transactions
# that are there.
proc ::campaign::OnDisk {name committed complete} {
    variable workloads
    variable round
    set files [dict get $workloads $name files]
    # Each recovers by itself, in an order that changes.
    set schemas [dict keys $files]
    if {$round % 4 > 1} {set schemas [lreverse $schemas]}
    set seen {}
    foreach schema $schemas {
        sqlite_orig ::campaign::plain [dict get $files $schema] -vfs [plain_vfs]
        set rc [catch {
            plain eval {PRAGMA synchronous = off}
            set content [Content plain main]
            set integrity [plain eval {PRAGMA integrity_check}]
        } message]
        plain close
        if {$rc} {
            Problem half-committed "plain SQLite can't read $schema: $message"
            dict set seen $schema [Current $name $committed $schema]
            continue
        }
        if {$integrity ne "ok"} {Problem half-committed "$schema: $integrity"}
        dict set seen $schema $content
    }
    return [Prefix $name $committed $complete $seen half-committed "on disk"]
}

# The transactions of COMMITTED that have made what was SEEN, by schema; a PROBLEM
# if there are none.
proc ::campaign::Prefix {name committed complete seen problem where} {
    variable workloads
    variable doubtful
    set states [Expected $name $committed]
    if {$doubtful ne {} && $doubtful ni $committed} {
        foreach schema [dict keys $seen] {
            if {[dict get $seen $schema] ni [dict get $states $schema] &&
                [dict get $seen $schema] eq
                [Current $name [concat $committed $doubtful] $schema]} {
                lappend committed $doubtful
                set states [Expected $name $committed]
            }
        }
    }
    dict for {schema content} $seen {
        if {$content ni [dict get $states $schema]} {
            Problem $problem "$where $schema has [lindex $content 0],\
                which is no prefix of \[$committed\], or not its result"
        } elseif {$schema in $complete && $content ne [Current $name $committed $schema]} {
            Problem error-forgotten "no request on $schema has failed, and\
                $where are only [lindex $content 0] of \[$committed\]"
        }
    }
    set there {}
    foreach i $committed {
        set members [dict get [TransactionOf [dict get $workloads $name] $i] members]
        set within {}
        foreach schema $members {
            lappend within [expr {$i in [lindex [dict get $seen $schema] 0]}]
        }
        if {[llength [lsort -unique $within]] > 1} {
            Problem $problem "$where transaction $i of $members is in some of\
                them only: $seen"
        }
        if {1 in $within} {lappend there $i}
    }
    return $there
}

# The files are opened through the backend again, and written to.  COMMITTED, of
# which a prefix is there, and which are COMPLETE, as for OnDisk; returns the
# transactions that are there in the end.
proc ::campaign::Again {name committed how {complete {}}} {
    variable workloads
    variable last
    set workload [dict get $workloads $name]
    set seen {}
    if {[catch {
        sqlite_orig ::campaign::db test.db -vfs sqlite3async
        dict for {schema file} [dict get $workload files] {
            if {$schema ne "main"} {db eval "ATTACH '$file' AS $schema"}
            dict set seen $schema [Content ::campaign::db $schema]
        }
        set there [Prefix $name $committed $complete $seen wrong-answer \
            "through the backend"]
        db eval "[dict get [TransactionOf $workload $last] sql]; COMMIT"
        lappend there $last
    } message]} {
        Problem dead-afterwards "opened again: $message"
        set there $committed
    }
    Close ::campaign::db
    Writer $how
    return $there
}

# ---------------------------------------------------------------------------
# The other database, which stays open for a whole case

proc ::campaign::OtherOpen {} {
    variable otherCommitted {}
    forcedelete other.db other.db-journal
    plain_sql other.db {PRAGMA synchronous = off; CREATE TABLE t(i INTEGER PRIMARY KEY, x)}
    sqlite_orig ::campaign::other other.db -vfs sqlite3async
    sqlite_orig ::campaign::plainOther other.db -vfs [plain_vfs]
}

# One more transaction there.
proc ::campaign::OtherCommit {} {
    variable otherCommitted
    set i [expr {[llength $otherCommitted] + 1}]
    if {[OtherTry {
        other eval {INSERT INTO t VALUES($i, zeroblob(100))}
        other eval {SELECT count(*), max(i) FROM t}
    } counts]} {
        lappend otherCommitted $i
        if {$counts ne [list $i $i]} {
            Problem others-affected "of $i transactions a reader sees $counts"
        }
    }
}

proc ::campaign::OtherTry {script resultVariable} {
    variable confined
    upvar 1 $resultVariable result
    if {!$confined} {
        return [uplevel 1 [list ::campaign::Try ::campaign::other $script $resultVariable]]
    }
    if {![catch {uplevel 1 $script} result]} {return 1}
    Problem others-affected "$result from [string trim $script]"
    return 0
}

# Everything is written.  If the writer could meet the fault here as well, the
# database may have failed, and then it has a prefix.
proc ::campaign::OtherCheck {} {
    variable otherCommitted
    set count [llength $otherCommitted]
    if {![OtherTry {other eval {SELECT count(*) FROM t}} found]} {
        other close
        sqlite_orig ::campaign::other other.db -vfs sqlite3async
        set found [other eval {SELECT count(*) FROM t}]
        # If a journal was rolled back the real lock waits for that.
        async_drain
        set otherCommitted [lrange $otherCommitted 0 $found-1]
        set count [expr {min($count, $found)}]
    }
    lassign [plainOther eval {SELECT count(*), max(i) FROM t}] onDisk highest
    if {$onDisk != $count || $found != $count || ($count > 0 && $highest != $count)} {
        Problem others-affected "of $count transactions a reader sees $found,\
            and $onDisk are on disk"
    }
}

proc ::campaign::OtherClose {} {
    variable otherCommitted
    Close ::campaign::other
    async_drain
    set integrity [plainOther eval {PRAGMA integrity_check}]
    Close ::campaign::plainOther
    if {$integrity ne "ok"} {Problem others-affected $integrity}
}

# ---------------------------------------------------------------------------
# A case

# In the short form faults are STRIDE operations apart, in the mean; with
# SQLITEASYNC_TEST_SCALE above 100 every operation has its turn.
proc ::campaign::Stride {stride} {
    set scale [scaled 100 1]
    if {$scale > 100} {return 1}
    return [expr {max(1, round($stride * 100.0 / $scale))}]
}

# Runs a case, the rounds of one WORKLOAD with one fault, and tests each aspect.
# Settings, beside those of Round:
#
#     confined   the other database's operations can't meet the fault
#     stride     see above; 1 is every operation also in the short form
#     grouping   on or off
#
proc ::campaign::Campaign {case settings} {
    variable aspects
    foreach aspect [dict keys $aspects] {
        do_test $case.$aspect [list ::campaign::Verdict $case $settings $aspect] {}
    }
}

proc ::campaign::Verdict {case settings aspect} {
    variable problems
    variable ran
    seed_random $case
    if {$ran ne $case} {
        set ran $case
        RunCase $settings
    }
    set found [dict get $problems $aspect]
    if {![llength $found]} return
    variable aspects
    return "[dict get $aspects $aspect]:\n  [join $found "\n  "]"
}

proc ::campaign::RunCase {settings} {
    variable aspects
    variable problems
    variable workloads
    variable saved
    variable round
    variable rounds
    variable injected
    variable confined
    dict with settings {}
    dict for {aspect text} $aspects {dict set problems $aspect {}}
    file delete -force saved
    file mkdir saved
    forcedelete {*}[glob -nocomplain test*.db*]
    {*}[dict get $workloads $workload prepare] [dict get $workloads $workload]
    set saved [glob test*.db*]
    foreach file $saved {forcecopy $file saved/$file}
    sqlite3async_control grouping $grouping
    OtherOpen
    set most [expr {2 * [Stride $stride] - 1}]
    try {
        for {set round 1} 1 {incr round [expr {1 + [random $most]}]} {
            incr rounds
            set hits [Round $workload $mode $phases $persist]
            incr injected $hits
            if {!$hits} break
        }
        if {$round == 1} {Problem nothing-failed "the first operation did not fail"}
        OtherClose
    } on error {message options} {
        return -options $options -code error "fault $round: $message"
    } finally {
        Disarm
        Close ::campaign::db ::campaign::reader ::campaign::new \
            ::campaign::other ::campaign::plain ::campaign::plainOther
        sqlite3async_control halt idle
        sqlite3async_wait
        sqlite3async_control halt never
        sqlite3async_control grouping auto
        async_drain
    }
}

# A disk on which syncs cost nothing, and the backend over the VFS that stands on
# it: OVER is the name of that, to be made by SCRIPT.
proc ::campaign::Begin {{over medium} {script {}}} {
    sqlite3_device create medium power -over [plain_vfs] -realsync no
    eval $script
    sqlite3async_initialize $over 0
}

proc ::campaign::End {args} {
    variable injected
    variable rounds
    sqlite3async_shutdown
    sqlite3_device delete {*}$args medium
    ::tester::Note "$injected faults injected in $rounds rounds"
}
