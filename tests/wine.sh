#!/bin/sh
# Runs under wine what "make mingw-test" has built for Windows. Ends with "N passed, N failed"; the exit status is 1 if
# anything failed.
#
# Usage: wine.sh DIRECTORY PROGRAM..., in the build directory. DIRECTORY has sqliteasync.dll and tests/ with
# core_tests.exe and SQLite's shell; the programs pass by exiting with 0. WINE in the environment names wine.
# Databases, and what wine keeps, are in new directories that are removed at the end.

build=$(pwd)
directory=$build/$1
shift
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sqliteasync-wine.XXXXXX") || exit 2
WINEPREFIX=$scratch/prefix
WINEDEBUG=-all
# Wine would offer to install these two.
WINEDLLOVERRIDES=mscoree,mshtml=
export WINEPREFIX WINEDEBUG WINEDLLOVERRIDES
unset DISPLAY
wine=${WINE:-wine}
seconds=${SQLITEASYNC_TEST_TIMEOUT:-1200}
passed=0
failed=0

finish() {
  # Its server stays otherwise, and writes into the prefix.
  "$wine" wineboot --shutdown >/dev/null 2>&1
  rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 2' HUP INT TERM

# run NAME COMMAND...: in a fresh directory, with the output in NAME.log there.
run() {
  name=$1
  shift
  mkdir -p "$scratch/$name"
  (cd "$scratch/$name" && timeout -k 10 "$seconds" "$wine" "$@") >"$scratch/$name.log" 2>&1 </dev/null
}

# result NAME STATUS
result() {
  if [ "$2" -eq 0 ]; then
    passed=$((passed + 1))
    echo "ok: $1"
  else
    failed=$((failed + 1))
    echo "FAILED: $1, exit status $2"
    tail -n 40 "$scratch/$1.log"
  fi
}

timeout 300 "$wine" wineboot -i >"$scratch/wineboot.log" 2>&1 || {
  echo "wine does not start (Debian packages: wine, wine64)" >&2
  tail -n 10 "$scratch/wineboot.log" >&2
  exit 2
}

# They use one processor, so the other programs are run meanwhile.
{
  run core_tests "$directory/tests/core_tests.exe"
  echo $? >"$scratch/core_tests.status"
} &

for program; do
  name=$(basename "$program" .exe)
  run "$name" "$build/$program"
  result "$name" $?
done

wait
status=$(cat "$scratch/core_tests.status")
grep -E '^\[  (FAILED|SKIPPED) ' "$scratch/core_tests.log"
count=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) tests\{0,1\}\..*/\1/p' "$scratch/core_tests.log")
echo "core_tests.exe: ${count:-0} passed"
[ -n "$count" ] && [ "$count" -gt 0 ] || status=1
result core_tests "$status"

# The extension, as a user of SQLite's shell has it. The commits are queued when the shell exits; then they are on disk,
# and its exit has not been held up for good.
shell=$directory/tests/sqlite3.exe
mkdir -p "$scratch/extension"
(cd "$scratch/extension" && timeout -k 10 "$seconds" "$wine" "$shell" -bail) >"$scratch/extension.log" 2>&1 <<END
.load 'Z:$directory/sqliteasync.dll'
.open file:test.db?vfs=sqlite3async
CREATE TABLE t(a);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) INSERT INTO t SELECT i FROM n;
UPDATE t SET a = a + 1;
END
result extension $?
cp "$scratch/extension/test.db" "$scratch" 2>/dev/null
run drained "$shell" ../test.db 'SELECT count(*), sum(a) FROM t; PRAGMA integrity_check'
[ "$(tr -d '\r' <"$scratch/drained.log" | tr '\n' ' ')" = '1000|501500 ok ' ]
result drained $?

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
