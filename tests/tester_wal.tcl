# tester_wal.tcl: write-ahead logs, and what their files look like.
#
#     wal_is_wal_mode   wal_set_journal_mode ?DB?   wal_check_journal_mode NAME ?DB?
#     wal_file_size FRAMES PAGE-SIZE     wal_frame_count FILE PAGE-SIZE
#     wal_cksum ENDIAN VAR1 VAR2 BYTES   wal_cksum_intlist VAR1 VAR2 INTEGERS
#     log_file_size, as wal_file_size
#     log_checksum_verify FILE FRAME ENDIAN
#     log_checksum_write FILE FRAME ENDIAN
#     log_checksum_writemagic FILE ENDIAN
#
# A log is a header of 32 bytes and, for each frame, another of 24 and a page.
# Two checksums of 32 bits run through it: over the first 24 bytes of the
# header, which the last 8 of it store, and from there over the first 8 bytes of
# each frame's header and its page, stored in the last 8 of the frame's header.
# They are stored with the highest byte first; ENDIAN says how the checksummed
# words are read, and is "big" or "little".  FRAME 1 is the first.

# Is this the way of running in which every database has a log?
proc wal_is_wal_mode {} {
    return [expr {[permutation] eq "wal"}]
}
proc wal_set_journal_mode {{db db}} {
    if {[wal_is_wal_mode]} {$db eval {PRAGMA journal_mode = WAL}}
}
proc wal_check_journal_mode {name {db db}} {
    if {[wal_is_wal_mode]} {
        $db eval {SELECT * FROM sqlite_master}
        do_test $name [list $db eval {PRAGMA main.journal_mode}] wal
    }
}

proc wal_file_size {frames pageSize} {
    return [expr {32 + ($pageSize + 24) * $frames}]
}
proc log_file_size {frames pageSize} {
    return [wal_file_size $frames $pageSize]
}
proc wal_frame_count {file pageSize} {
    if {![file exists $file]} {return 0}
    set size [file size $file]
    if {$size < 32} {return 0}
    return [expr {($size - 32) / ($pageSize + 24)}]
}

# Carries the two checksums in the caller's variables on, over pairs of words.
proc wal_cksum_intlist {var1 var2 integers} {
    upvar 1 $var1 first $var2 second
    foreach {one two} $integers {
        set first [expr {($first + $one + $second) & 0xffffffff}]
        set second [expr {($second + $two + $first) & 0xffffffff}]
    }
}
proc wal_cksum {endian var1 var2 bytes} {
    upvar 1 $var1 first $var2 second
    if {$endian ni {big little}} {
        error "bad endianness \"$endian\": must be big or little"
    }
    binary scan $bytes [expr {$endian eq "big" ? "Iu*" : "iu*"}] words
    wal_cksum_intlist first second $words
}

proc ::tester::LogHeader {channel} {
    seek $channel 0
    binary scan [read $channel 32] a24Iu2 header stored
    return [list $header {*}$stored]
}

# What the frame's checksums should be, and where they are.
proc ::tester::FrameChecksum {channel frame endian} {
    seek $channel 8
    binary scan [read $channel 4] Iu pageSize
    if {$pageSize == 1} {set pageSize 65536}
    if {$frame == 1} {
        set before 24
    } else {
        set before [expr {[wal_file_size [expr {$frame - 2}] $pageSize] + 16}]
    }
    seek $channel $before
    binary scan [read $channel 8] IuIu first second
    set offset [wal_file_size [expr {$frame - 1}] $pageSize]
    seek $channel $offset
    set header [read $channel 24]
    wal_cksum $endian first second [string range $header 0 7]
    wal_cksum $endian first second [read $channel $pageSize]
    return [list [expr {$offset + 16}] $first $second]
}

proc log_checksum_verify {file frame endian} {
    set channel [open $file rb]
    lassign [::tester::FrameChecksum $channel $frame $endian] offset first second
    seek $channel $offset
    binary scan [read $channel 8] IuIu stored1 stored2
    close $channel
    return [expr {$stored1 == $first && $stored2 == $second}]
}
proc log_checksum_write {file frame endian} {
    set channel [open $file r+b]
    lassign [::tester::FrameChecksum $channel $frame $endian] offset first second
    seek $channel $offset
    puts -nonewline $channel [binary format II $first $second]
    close $channel
}

# Makes the header say that the log's checksums are of that endianness.
proc log_checksum_writemagic {file endian} {
    set channel [open $file r+b]
    set header [read $channel 24]
    set magic [expr {$endian eq "big" ? 0x377f0683 : 0x377f0682}]
    set header [binary format I $magic][string range $header 4 end]
    set first 0
    set second 0
    wal_cksum $endian first second $header
    seek $channel 0
    puts -nonewline $channel $header[binary format II $first $second]
    close $channel
}
