# tester_checksum.tcl: checks and digests of whole databases.
#
#     integrity_check NAME ?DB?
#     cksum ?DB?            of the schema and rows of the main database
#     allcksum ?DB?         of all databases of a connection, with sizes
#     dbcksum DB SCHEMA     of one of them
#     dbhash DB ?SCHEMA?    as cksum; the order of rows does not matter
#
# What they return is good for comparison only.

proc integrity_check {name {db db}} {
    ifcapable integrityck {
        do_test $name [list execsql {PRAGMA integrity_check} $db] ok
    }
}

# Short, and hardly ever the same for two texts.
proc ::tester::Digest {text} {
    set bytes [encoding convertto utf-8 $text]
    return "[string length $bytes]-[format %08x%08x \
        [zlib crc32 $bytes] [zlib adler32 $bytes]]"
}

proc cksum {{db db}} {
    set text [$db eval {SELECT name, type, sql FROM sqlite_master
        ORDER BY name}]\n
    foreach table [$db eval {SELECT name FROM sqlite_master
        WHERE type = 'table' ORDER BY name}] {
        append text [$db eval "SELECT * FROM [::tester::Quote $table]"]\n
    }
    foreach pragma {default_cache_size} {
        append text $pragma-[$db eval "PRAGMA $pragma"]\n
    }
    return [::tester::Digest $text]
}

proc ::tester::Quote {name} {
    return \"[string map {\" \"\"} $name]\"
}

proc allcksum {{db db}} {
    set text {}
    set schemas {{} temp}
    foreach {index name file} [$db eval {PRAGMA database_list}] {
        if {$name ni {main temp}} {lappend schemas $name}
    }
    foreach schema $schemas {
        append text $schema\n[dbcksum $db \
            [expr {$schema eq {} ? "main" : $schema}]]\n
    }
    return [::tester::Digest $text]
}

proc dbcksum {db schema} {
    if {$schema eq "temp"} {
        set master sqlite_temp_master
    } else {
        set master [::tester::Quote $schema].sqlite_master
    }
    set text [$db eval "SELECT * FROM $master"]\n
    foreach table [$db eval "SELECT name FROM $master WHERE type = 'table'"] {
        append text [$db eval "SELECT * FROM\
            [::tester::Quote $schema].[::tester::Quote $table]"]\n
    }
    return [::tester::Digest $text]
}

# A number that depends on everything in the database that SQL can see: the
# schema, the rows of all tables, and the types of their values.
proc dbhash {db {schema main}} {
    set text [$db eval "SELECT type, name, tbl_name, sql FROM
        $schema.sqlite_master ORDER BY name, type"]
    foreach table [$db eval "SELECT name FROM $schema.sqlite_master
        WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'
        ORDER BY name"] {
        set quoted [::tester::Quote $table]
        set columns {}
        $db eval "PRAGMA $schema.table_info($quoted)" column {
            lappend columns "quote([::tester::Quote $column(name)])"
        }
        append text \n [$db eval "SELECT [join $columns {, }]
            FROM $schema.$quoted ORDER BY [join $columns {, }]"]
    }
    return [zlib crc32 [encoding convertto utf-8 $text]]
}
