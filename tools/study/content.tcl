# content.tcl: what the database must hold in the end.
#
# The same transactions are performed once more in memory, and the contents are
# compared. It is done before the first run too, to find a workload's mistakes
# while nobody has waited.

namespace eval ::study {
    # Of the database in memory: how many transactions it has seen, and the state
    # of chance after them; -1: it isn't open.
    variable performed -1
    variable performedState
    # The file that it would have attached, or made with VACUUM INTO: SQLite's
    # authorizer is told the same.
    variable attached {}
}

# A digest of all tables, in which the order of rows doesn't matter.  What a
# virtual table holds is in its own, ordinary ones.
proc ::study::Digest {db} {
    set digest [zlib crc32 {}]
    $db eval {SELECT type, name, sql FROM sqlite_schema ORDER BY type, name} row {
        set digest [zlib crc32 [encoding convertto utf-8 \
            "$row(type) $row(name) $row(sql)\n"] $digest]
        if {$row(type) ne "table" ||
            [string match -nocase "create virtual table*" $row(sql)]} continue
        set columns [$db eval {SELECT 'quote("' || replace(name, '"', '""') || '")'
            FROM pragma_table_info($row(name))}]
        set name [string map {\" \"\"} $row(name)]
        $db eval "SELECT [join $columns {||','||}] AS line FROM \"$name\"
                  ORDER BY line" {
            set digest [zlib crc32 [encoding convertto utf-8 $line\n] $digest]
        }
    }
    return [format %08x $digest]
}

proc ::study::CloseExpected {} {
    variable performed
    if {$performed >= 0} {
        # Unless the workload has done that.
        catch {::study::expected close}
        set performed -1
    }
}

# The authorizer of the database in memory. Another file would be written by this
# trial, too, and not be new in each mode.
proc ::study::Authorize {action what args} {
    variable attached
    if {$action eq "SQLITE_ATTACH" && $what ni {{} :memory:}} {
        set attached $what
        return SQLITE_DENY
    }
    return SQLITE_OK
}

# Performs with the database in memory what belongs to the WORKLOAD, of which
# errors say that it was WHEN.
proc ::study::OnExpected {workload when args} {
    variable attached
    set attached {}
    try {
        {*}$args
    } finally {
        if {$attached ne {}} {
            Fail FAILED "[dict get $workload title]: $when: it attaches \"$attached\",\
                or makes it with VACUUM INTO,\
                and a study has one database; \":memory:\" can be attached"
        }
    }
    if {[namespace which ::study::expected] eq {}} {
        Fail FAILED "[dict get $workload title]: $when: it closes the database"
    }
    if {[catch {::study::expected eval {BEGIN; COMMIT}}]} {
        Fail FAILED "[dict get $workload title]: $when: it leaves a transaction\
            open; COMMIT is missing"
    }
}

# Performs the first COUNT transactions in memory.
proc ::study::PerformExpected {plan count} {
    variable performed
    variable performedState
    set workload [dict get $plan workload]
    if {$performed < 0 || $count < $performed} {
        CloseExpected
        sqlite3 ::study::expected :memory:
        set performed 0
        ::study::expected authorizer ::study::Authorize
        AddFunctions ::study::expected
        set performedState [FirstState [dict get $plan seed]]
        OnExpected $workload "in setup" {*}[dict get $workload setup] ::study::expected
    }
    while {$performed < $count} {
        set performedState [NextState $performedState]
        incr performed
        OnExpected $workload "in transaction $performed" \
            {*}[dict get $workload transaction] ::study::expected $performed
    }
}

# Each transaction once, to find the workload's mistakes.
proc ::study::TryWorkload {plan} {
    set cycle [dict get $plan workload cycle]
    set count [dict get $plan transactions]
    PerformExpected $plan [expr {$count eq {} ? $cycle : min($cycle, $count)}]
}

# Reads FILE with plain SQLite.  Returns the digest, or fails.
proc ::study::CheckContent {plan file count} {
    sqlite3 ::study::db $file -readonly 1
    try {
        set integrity [::study::db eval {PRAGMA integrity_check}]
        if {$integrity ne "ok"} {
            Fail FAILED "the database is damaged: [lindex $integrity 0]"
        }
        set found [Digest ::study::db]
    } finally {
        ::study::db close
    }
    PerformExpected $plan $count
    set expected [Digest ::study::expected]
    if {$found ne $expected} {
        Fail FAILED "the database isn't what $count transactions make of it: its\
            digest is $found, it should be $expected (a workload that isn't the\
            same each time, because of the clock for instance, has this effect,\
            too)"
    }
    return $found
}
