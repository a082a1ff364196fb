# tester_files.tcl: files, and databases that are put aside.
#
#     forcedelete FILE...     delete_file FILE...     file_bytes FILE
#     forcecopy FROM TO       copy_file FROM TO       copy_dir FROM TO
#     get_pwd   test_pwd ARG...   is_relative_file FILE
#     db_save   db_save_and_close   db_restore   db_restore_and_reopen ?FILE?
#     db_delete_and_reopen ?FILE?   reset_db
#     catchcmd DB ?COMMANDS?  catchcmdex DB ?COMMANDS?   the sqlite3 program

proc forcedelete {args} {
    foreach name $args {file delete -force -- $name}
}
proc delete_file {args} {
    foreach name $args {file delete -- $name}
}
proc forcecopy {from to} {
    file copy -force -- $from $to
}
proc copy_file {from to} {
    file copy -- $from $to
}
proc copy_dir {from to} {
    file copy -force -- $from $to
}

proc get_pwd {} {
    return [string map [list \\ /] [pwd]]
}
# The current directory with ARGs appended; nothing if that isn't wanted.
proc test_pwd {args} {
    return [get_pwd][join $args {}]
}
proc is_relative_file {file} {
    return [expr {[file pathtype $file] ne "absolute"}]
}

proc file_bytes {file} {
    set channel [open $file rb]
    set bytes [read $channel]
    close $channel
    return $bytes
}

# ---------------------------------------------------------------------------
# Handles

namespace eval ::tester {
    # Handles that scripts use by convention.
    variable handles {db db1 db2 db3 db4 db5 db6 db7 db8 db9}
}

proc ::tester::CloseAll {} {
    variable handles
    foreach handle $handles {catch {uplevel #0 [list $handle close]}}
}

# A new, empty test.db, open as "db" through the default VFS.
proc reset_db {} {
    catch {uplevel #0 {db close}}
    forcedelete test.db test.db-journal test.db-wal test.db-shm
    ::tester::OpenDb ./test.db
    if {[info exists ::SETUP_SQL]} {db eval $::SETUP_SQL}
    return
}

# Opens "db", and sets DB to its pointer.
proc ::tester::OpenDb {file} {
    uplevel #0 [list sqlite3 db $file]
    set ::DB [sqlite3_connection_pointer db]
}

proc ::tester::DatabaseFiles {prefix} {
    return [lsort [glob -nocomplain -- ${prefix}test.db*]]
}

# Every file whose name begins with test.db, as it is now, becomes sv_test.db...
proc db_save {} {
    forcedelete {*}[::tester::DatabaseFiles sv_]
    foreach file [::tester::DatabaseFiles {}] {forcecopy $file sv_$file}
    return
}
proc db_save_and_close {} {
    db_save
    catch {uplevel #0 {db close}}
    return
}
proc db_restore {} {
    forcedelete {*}[::tester::DatabaseFiles {}]
    foreach file [::tester::DatabaseFiles sv_] {
        forcecopy $file [string range $file 3 end]
    }
    return
}
proc db_restore_and_reopen {{file test.db}} {
    catch {uplevel #0 {db close}}
    db_restore
    ::tester::OpenDb $file
    return
}
proc db_delete_and_reopen {{file test.db}} {
    catch {uplevel #0 {db close}}
    forcedelete {*}[::tester::DatabaseFiles {}]
    ::tester::OpenDb $file
    return
}

# ---------------------------------------------------------------------------
# SQLite's command line program

proc test_find_cli {} {
    set found [auto_execok sqlite3]
    if {![llength $found]} {error "no sqlite3 program is installed"}
    return [lindex $found 0]
}

proc test_cli_invocation {} {
    return [list [test_find_cli]]
}
proc test_find_sqldiff {} {
    set found [auto_execok sqldiff]
    if {![llength $found]} {error "no sqldiff program is installed"}
    return [lindex $found 0]
}

proc ::tester::Shell {db commands keepNewline} {
    if {![info exists ::CLI]} {set ::CLI [test_find_cli]}
    set channel [open cmds.txt w]
    fconfigure $channel -encoding utf-8
    puts $channel $commands
    close $channel
    set options {}
    if {$keepNewline} {lappend options -keepnewline}
    # DB may be a list of arguments.
    set rc [catch {
        exec {*}$options {*}$::CLI {*}$db < cmds.txt 2>@1
    } message]
    return [list $rc $message]
}
proc catchcmd {db {commands {}}} {
    return [::tester::Shell $db $commands 0]
}
proc catchcmdex {db {commands {}}} {
    return [::tester::Shell $db $commands 1]
}
