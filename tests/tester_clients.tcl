# tester_clients.tcl: several connections to one database, once all of them in
# this process and once each in its own.
#
#     do_multiclient_test VARIABLE SCRIPT
#
# runs SCRIPT with VARIABLE set to 1, when the second and third connection are
# in other processes, and to 2, when they are in this one.  For it there are:
# code1, code2, code3 SCRIPT, which run a script where the connection is; sql1,
# sql2, sql3 SQL, which run SQL on it; csql1, csql2, csql3, which catch errors
# as catchsql does.  The connections are called db, db2 and db3, and test.db
# is new.

proc do_multiclient_test {varname script} {
    foreach number {1 2} {
        # A way of running in which files are locked for good.
        if {$number == 1 && [permutation] eq "unix-excl"} continue
        faultsim_delete_and_reopen
        ::tester::OpenClients $number
        uplevel 1 [list set $varname $number]
        set rc [catch {uplevel 1 $script} result options]
        ::tester::CloseClients
        # TCL_BREAK and TCL_CONTINUE end this round only, errors everything.
        if {$rc == 1 || $rc == 2} {
            dict incr options -level
            return -options $options $result
        }
        if {$rc == 3} break
    }
    return
}

proc ::tester::OpenClients {number} {
    proc ::code1 {tcl} {uplevel #0 $tcl}
    foreach client {2 3} {
        if {$number == 1} {
            set ::code${client}_chan [launch_testfixture]
            proc ::code$client {tcl} "testfixture \$::code${client}_chan \$tcl"
        } else {
            proc ::code$client {tcl} {uplevel #0 $tcl}
        }
        code$client "sqlite3 db$client test.db"
    }
    proc ::sql1 {sql} {execsql $sql}
    proc ::sql2 {sql} {code2 [list execsql $sql db2]}
    proc ::sql3 {sql} {code3 [list execsql $sql db3]}
    foreach client {1 2 3} {
        proc ::csql$client {sql} \
            "list \[catch {sql$client \$sql} message\] \$message"
    }
}

proc ::tester::CloseClients {} {
    foreach client {2 3} {
        catch {code$client "db$client close"}
        if {[info exists ::code${client}_chan]} {
            catch {close [set ::code${client}_chan]}
            unset ::code${client}_chan
        }
    }
    catch {db close}
}
