# For commands*.test: the commands, an open test.db, and procedures for results
# and for UTF-16.

source $testdir/tester.tcl
source $testdir/tester_commands.tcl
reset_db

# What a script comes to: whether it failed, and its result or error.
proc outcome {script} {
    set rc [catch {uplevel 1 $script} result]
    return [list $rc $result]
}

# UTF-16 as SQLite has it here, with its terminator.
proc utf16 {text} {
    return [encoding convertto unicode $text]\0\0
}
proc from16 {bytes} {
    return [encoding convertfrom unicode $bytes]
}
