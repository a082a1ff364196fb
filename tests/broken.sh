#!/bin/sh
# Shows that the campaigns can fail: has each run on the backend as it is, which it must pass, and then on the
# deliberately broken variants that it is there to catch, which it must not. One line for each, and at the end
# "N passed, N failed".
#
# Usage: broken.sh SRCDIR, in a build directory configured with --enable-broken-variants; "make check-broken" does that.
# What the variants are: generic/core/broken.h. A campaign that takes longer than SQLITEASYNC_BROKEN_TIMEOUT seconds
# (120) has failed, too. The Makefile gives SQLITEASYNC_BUILD, TCLLIBPATH and TCLSH.

srcdir=$(cd "$1" && pwd) || exit 2
build=$(pwd)
logs=$build/brokenrun
passed=0
failed=0
rm -rf "$logs"
mkdir -p "$logs" || exit 2

# A variant that never lets go of a lock is caught by nobody getting any further.
limited() { timeout -k 5 "${SQLITEASYNC_BROKEN_TIMEOUT:-120}" "$@"; }

# campaign LOG NAME: runs a program of testprogs/, or a script of tests/, in a directory of its own.
campaign() {
  directory=$(mktemp -d "${TMPDIR:-/tmp}/sqliteasync.XXXXXX") || exit 2
  (
    cd "$directory" || exit 2
    case $2 in
      *.test) limited "$TCLSH" "$srcdir/tests/tester.tcl" "$2" ;;
      # Some of what it is to catch needs a rare combination.
      */crash | */settings) SQLITEASYNC_TEST_SCALE=400 limited "$build/testprogs/$2" ;;
      *) limited "$build/testprogs/$2" ;;
    esac
  ) >"$logs/$1.log" 2>&1 </dev/null
  status=$?
  rm -rf "$directory"
  return $status
}

# passes CAMPAIGN
passes() {
  if campaign "none-$(basename "$1")" "$1"; then
    passed=$((passed + 1))
    echo "ok: $1 passes"
  else
    failed=$((failed + 1))
    echo "FAILED: $1, on the backend as it is: $logs/none-$(basename "$1").log"
  fi
}

# catches CAMPAIGN VARIANT
catches() {
  SQLITEASYNC_BROKEN=$2 campaign "$2" "$1"
  status=$?
  # 2: there is no such variant.
  if [ $status -ne 0 ] && [ $status -ne 2 ] && ! grep -q '^SQLITEASYNC_BROKEN is' "$logs/$2.log"; then
    passed=$((passed + 1))
    echo "ok: $1 catches $2"
  else
    failed=$((failed + 1))
    echo "FAILED: $1 does not catch $2 (exit status $status): $logs/$2.log"
  fi
}

for name in campaigns/crash campaigns/settings campaigns/barriers campaigns/processes campaigns/threads campaign-ioerr.test campaign-memory.test; do
  passes $name
done
catches campaigns/crash sync-skipped
catches campaigns/crash journal-deleted-early
catches campaigns/crash operations-swapped
catches campaigns/crash super-journal-skipped
catches campaigns/crash pre-image-too-late
catches campaigns/crash group-journal-not-synced
catches campaigns/crash page-before-journal
catches campaigns/crash cut-too-soon
catches campaigns/crash header-zeroed
catches campaigns/crash multi-file-folded
catches campaigns/crash open-page-in-group
catches campaigns/crash lock-page-record
catches campaigns/settings unfolded-journal-valid-first
catches campaigns/settings rolled-back-layer-kept
catches campaigns/settings journal-not-restarted
catches campaigns/barriers barrier-too-soon
catches campaigns/barriers barrier-not-synced
catches campaigns/processes unlock-too-soon
catches campaigns/processes lock-kept
catches campaigns/threads read-unguarded
catches campaign-ioerr.test error-ignored
catches campaign-ioerr.test error-not-spread
catches campaign-ioerr.test clean-start-too-soon
catches campaign-memory.test write-dropped

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
