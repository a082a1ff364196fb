#!/bin/sh
# Tries the Debian packages as their users do. Each is installed with what it says that it needs, so it is run in a
# Debian that has nothing yet, as root.
#
# Usage: packages.sh DIRECTORY, which has the packages and examples/notes.c.

set -ex
packages=$(cd "$1" && pwd)
export DEBIAN_FRONTEND=noninteractive
install() { apt-get install -y --no-install-recommends "$@" >/dev/null; }
# Containers leave manual pages out.
rm -f /etc/dpkg/dpkg.cfg.d/docker
cd "$(mktemp -d)"

# The extension, in the programs of SQLite's users.
install "$packages"/libsqlite3-mod-sqliteasync_*.deb
install sqlite3 python3
sqlite3 :memory: '.load sqliteasync' '.open file:shell.db?vfs=sqlite3async' 'CREATE TABLE t(x)' 'INSERT INTO t VALUES(1)'
test "$(sqlite3 shell.db 'SELECT x FROM t')" = 1
cat >program.py <<'END'
import sqlite3
loader = sqlite3.connect(':memory:')
loader.enable_load_extension(True)
loader.load_extension('sqliteasync')
db = sqlite3.connect('file:python.db?vfs=sqlite3async', uri=True)
db.execute('CREATE TABLE t(x)')
with db:
    db.execute('INSERT INTO t VALUES(2)')
assert loader.execute('SELECT sqlite3async_barrier()').fetchone()
END
python3 program.py
test "$(sqlite3 python.db 'SELECT x FROM t')" = 2
test -e /usr/share/man/man3/sqliteasync_extension.3.gz

# The Tcl package, the harness and the study.
install "$packages"/tcl-sqliteasync_*.deb
tclsh8.6 <<'END'
  package require sqlite3
  package require sqliteasync
  sqlite3async_initialize {} 1
  sqlite3async_start
  sqlite3 db tcl.db
  db eval {CREATE TABLE t(x); INSERT INTO t VALUES(3)}
  db close
END
test "$(sqlite3 tcl.db 'SELECT x FROM t')" = 3
echo 'puts "tester [package require sqliteasync::tester]"' | tclsh8.6 | grep '^tester [0-9]'
sqliteasync-study --device none --transactions 20 --csv study.csv
test "$(grep -c '^async,' study.csv)" -ge 20
sqliteasync-study --device none --transactions 20 --plot study.svg && exit 1
install gnuplot-nox
sqliteasync-study --device none --transactions 20 --plot study.svg
grep -q '</svg>' study.svg
install man-db
for page in '3tcl sqliteasync' '3tcl sqliteasync_device' '3tcl sqliteasync_tester' '1 sqliteasync-study'; do
  # shellcheck disable=SC2086 # section and name
  man $page | grep -q '^NAME'
done

# The C library.
install "$packages"/libsqliteasync-dev_*.deb
install pkgconf
cc "$packages/notes.c" -o notes $(pkg-config --cflags --libs sqliteasync)
./notes
test "$(sqlite3 notes.db 'SELECT count(*) FROM note')" = 1000
for page in sqlite3async sqlite3device; do man 3 $page | grep -q '^NAME'; done

# And away with it.
dpkg --purge libsqliteasync-dev tcl-sqliteasync libsqlite3-mod-sqliteasync
test -z "$(find /usr -name '*sqliteasync*')"
sqlite3 :memory: '.load sqliteasync' && exit 1
echo 'puts [catch {package require sqliteasync}]' | tclsh8.6 | grep -x 1
