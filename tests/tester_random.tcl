# tester_random.tcl: random numbers that can be had again.
#
#     scaled N ?MIN?      N, scaled by SQLITEASYNC_TEST_SCALE percent
#     seed_random NAME    seeds [random N] for one test, returns the seed
#     random N            0 to N - 1
#     random_of LIST      one of the elements

# N as SQLITEASYNC_TEST_SCALE says (a percentage), and at least MIN.
proc scaled {n {min 1}} {
    set scale 100
    if {[info exists ::env(SQLITEASYNC_TEST_SCALE)]} {
        set scale $::env(SQLITEASYNC_TEST_SCALE)
    }
    return [expr {max($min, round($n * $scale / 100.0))}]
}

# Seeds [random] for the test case NAME, so that it draws the same numbers
# whether it is run alone or among others, and has the seed printed if the
# test case fails.
proc seed_random {name} {
    set ::tester::testSeed $::tester::seed
    set derived [zlib crc32 [encoding convertto utf-8 \
        "$name $::tester::seed"]]
    expr {srand($derived % 2147483647 + 1)}
    for {set i 0} {$i < 8} {incr i} {expr {rand()}}
    return $derived
}

proc random {n} {
    expr {int(rand() * $n)}
}

proc random_of {list} {
    lindex $list [random [llength $list]]
}
