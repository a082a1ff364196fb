# The commands that scripts written for SQLite's own harness call: loads those
# that take C, defines those that don't, and lists what no harness can know of
# an unmodified SQLite.  Needs the package sqliteasync; tester.tcl reads this
# file.

# Tcl does not load a file for two packages, and compares the paths as text:
# hence the dot.
if {[info commands sqlite3_step] eq ""} {
    apply {{file} {
        load [file join [file dirname $file] . [file tail $file]] \
            Sqliteasynctester
    }} [lindex [lsearch -inline -exact -index 1 [info loaded {}] Sqliteasync] 0]
}

namespace eval ::tester {
    # Variables that a special build of SQLite counts in, each with what it
    # would count there.  An unmodified library has no such counters, so a test
    # whose result depends on one of them can't be run: it is to be counted as
    # skipped, never as passed.
    variable unknowable_variables {
        sqlite_search_count     {rows that cursors moved over}
        sqlite_found_count      {index look-ups that found their key}
        sqlite_sort_count       {sorts}
        sqlite_like_count       {calls of LIKE and GLOB}
        sqlite_interrupt_count  {virtual machine steps until an interrupt}
        sqlite_max_blobsize     {the longest value made}
        sqlite3_max_blobsize    {the longest value made}
        sqlite3_xferopt_count   {uses of the transfer optimization}
        sqlite3_pager_readdb_count  {pages read}
        sqlite3_pager_writedb_count {pages written}
        sqlite3_pager_writej_count  {journal pages written}
        sqlite_current_time     {the time that SQLite is made to see}
        sqlite_query_plan       {the plan of the last query}
        sqlite_hostid_num       {the host that proxy locks see}
        sqlite_last_needed_collation {the collation that was asked for last}
        unaligned_string_counter     {UTF-16 strings at odd addresses}
        sqlite_static_bind_value     {the value of static bindings}
        sqlite_static_bind_nbyte     {the length of static bindings}
        sqlite_addop_trace      {a trace of code generation}
        sqlite_where_trace      {a trace of the query planner}
        sqlite_os_trace         {a trace of the operating system layer}
        sqlite_wal_trace        {a trace of the write-ahead log}
        sqlite3_btree_trace     {a trace of the B-trees}
        lock_status             {PRAGMA lock_status, of a debug build}
    }
}

# Commands of SQLite's test program that look into SQLite itself, or that are
# compiled into it, each with what it would take.  A test case that calls one
# can't be run; if a script calls one outside of its test cases, the rest of it
# can't.
namespace eval ::tester {
    variable special_commands {
        btree_* {the B-trees' own functions}
        pager_* {the pager's own functions}
        sqlite3_pager_refcounts {the pager's own functions}
        page_* {the pager's own functions}
        db_enter {SQLite's own mutexes}
        db_leave {SQLite's own mutexes}
        enter_static_mutex {SQLite's own mutexes}
        leave_static_mutex {SQLite's own mutexes}
        alloc_dealloc_mutex {SQLite's own mutexes}
        *_mutex_counters {a mutex implementation that counts}
        init_wrapper_* {wrappers of SQLite's own parts}
        pcache_stats {the page cache's own counters}
        uses_stmt_journal {the prepared statement's own state}
        sqlite3_shared_cache_report {the shared caches' own list}
        sqlite3_multiplex_* {the multiplexing VFS}
        sqlite3_quota_* {the quota VFS}
        load_static_extension {extensions of the test program}
        register_dbstat_vtab {extensions of the test program}
        register_jt_vfs {the journal testing VFS}
        register_demovfs {the demonstration VFS}
        sqlite3_snapshot_* {a library with ENABLE_SNAPSHOT}
        sqlite3_stmt_scanstatus* {a library with ENABLE_STMT_SCANSTATUS}
        sqlite3_user_* {a library with USER_AUTHENTICATION}
        sqlite3_normalized_sql {a library with ENABLE_NORMALIZE}
        sqlite3_key {a library with encryption}
        sqlite3_rekey {a library with encryption}
        sqlite3_install_memsys3 {a library with ENABLE_MEMSYS3}
        sqlite3_fts3_may_be_corrupt {FTS3's own functions}
        fts3_* {FTS3's own functions}
        install_fts3_rank_function {FTS3's own functions}
        sorter_test_* {the sorter's own functions}
        translate_selftest {SQLite's own conversions of text}
        test_translate {SQLite's own conversions of text}
        file_control_lockproxy_test {proxy locks}
        vfs_initfail_test {SQLite's own beginning}
        vfs_shmlock {SQLite's own shared memory}
    }
}

# ---------------------------------------------------------------------------
# What answers a question about the build

# Nothing is encrypted, and no sanitizer takes part.
proc nonzero_reserved_bytes {} {return 0}
proc clang_sanitize_address {} {return 0}

# Reports of a memory debugger; there is none.
proc sqlite3_memdebug_dump {args} {}
proc sqlite3_memdebug_settitle {args} {}
proc sqlite3_memdebug_vfs_oom_test {args} {}
proc sqlite3_memdebug_malloc_count {} {return 0}
proc show_memstats {} {}

# ---------------------------------------------------------------------------
# Files as hexadecimal digits, past SQLite and its VFSes

# What isn't a digit may stand between the bytes.
proc ::tester::HexToBytes {hex} {
    return [binary format H* [regsub -all {[^0-9a-fA-F]} $hex {}]]
}

proc ::tester::OpenBinary {file mode what} {
    if {[catch {open $file $mode} channel]} {
        error "cannot open $what file $file"
    }
    return $channel
}

# AMT bytes of FILE from OFFSET on, or fewer if it ends before that.
proc hexio_read {file offset amt} {
    set channel [::tester::OpenBinary $file rb input]
    seek $channel $offset
    set bytes [read $channel $amt]
    close $channel
    return [string toupper [binary encode hex $bytes]]
}

# Writes over what FILE, which must exist, has at OFFSET.  Returns how many
# bytes that were.
proc hexio_write {file offset hexdata} {
    set bytes [::tester::HexToBytes $hexdata]
    set channel [::tester::OpenBinary $file r+b output]
    seek $channel $offset
    puts -nonewline $channel $bytes
    close $channel
    return [string length $bytes]
}

# The first four bytes as a big-endian integer with a sign.  If there are
# fewer, zeros are before them.
proc hexio_get_int {hexdata} {
    set bytes [string range [::tester::HexToBytes $hexdata] 0 3]
    set missing [string repeat \0 [expr {4 - [string length $bytes]}]]
    binary scan $missing$bytes I value
    return $value
}

proc hexio_render_int16 {integer} {
    return [format %04X [expr {$integer & 0xffff}]]
}

proc hexio_render_int32 {integer} {
    return [format %08X [expr {$integer & 0xffffffff}]]
}

# A database as bytes, from the text that SQLite's program dbtotxt makes of it:
# lines that say how large it is, where a page begins, and, in hexadecimal digits,
# what is there; what isn't said is zeros.
proc decode_hexdb {text} {
    set size 0
    set base 0
    set bytes {}
    foreach line [split $text \n] {
        if {[regexp {^\s*\|?\s*(\d+):((?:\s+[0-9a-fA-F]{2}\y)+)} $line \
                 -> offset digits]} {
            set part [::tester::HexToBytes $digits]
            set first [expr {$base + $offset}]
            set last [expr {$first + [string length $part] - 1}]
            if {$last >= [string length $bytes]} continue
            set bytes [string replace $bytes $first $last $part]
        } elseif {[regexp {page\s+\d+\s+offset\s+(\d+)} $line -> base]} {
        } elseif {[regexp {size\s+(\d+)\s+pagesize\s+\d+} $line -> size]} {
            set bytes [binary format x$size]
        }
    }
    return $bytes
}

# There is a decoder to test in SQLite's debug build only.
proc utf8_to_utf8 {hex} {
    error {[utf8_to_utf8] unavailable - SQLITE_DEBUG not defined}
}

# A file that is N megabytes long, with next to nothing in it.
proc fake_big_file {n file} {
    set channel [open $file {RDWR CREAT BINARY}]
    seek $channel [expr {$n * 1024 * 1024}]
    puts -nonewline $channel "Hello, World!\0"
    close $channel
}
