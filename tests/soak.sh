#!/bin/sh
# The campaigns in full: 100,000 crashes, 300,000 with settings that change all the time, and the others at many times their length in "make test". Takes hours; each
# goes on until it fails. What they print is shown as they run.
#
# Usage: soak.sh SRCDIR, in the build directory; "make soak" does that. The Makefile gives CAMPAIGN_PROGRAMS,
# SQLITEASYNC_BUILD, TCLLIBPATH and TCLSH. The user may set SQLITEASYNC_TEST_SEED, and SQLITEASYNC_SOAK_SCALE, a
# percentage of all this.

srcdir=$(cd "$1" && pwd) || exit 2
build=$(pwd)
share=${SQLITEASYNC_SOAK_SCALE:-100}
passed=0
failed=0

# soak SCALE NAME COMMAND...: with SQLITEASYNC_TEST_SCALE so, in a directory of its own, which is kept if it fails.
soak() {
  SQLITEASYNC_TEST_SCALE=$(($1 * share / 100))
  export SQLITEASYNC_TEST_SCALE
  name=$2
  shift 2
  echo "== $name, at $SQLITEASYNC_TEST_SCALE per cent"
  directory=$(mktemp -d "${TMPDIR:-/tmp}/sqliteasync.XXXXXX") || exit 2
  started=$(date +%s)
  if (cd "$directory" && "$@" </dev/null); then
    passed=$((passed + 1))
    rm -rf "$directory"
    echo "ok: $name ($(($(date +%s) - started))s)"
  else
    failed=$((failed + 1))
    echo "FAILED: $name; its files are in $directory"
  fi
}

for program in $CAMPAIGN_PROGRAMS; do
  case $program in
    */crash) soak 4200 "$program" "$build/$program" ;;  # of 2,400 crashes
    */settings) soak 50000 "$program" "$build/$program" ;;  # of 600 crashes
    *) soak 2000 "$program" "$build/$program" ;;
  esac
done
for script in "$srcdir"/tests/campaign-*.test; do
  [ -e "$script" ] || continue
  soak 1000 "$(basename "$script")" "$TCLSH" "$srcdir/tests/tester.tcl" --timeout 86400 "$script"
done

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
