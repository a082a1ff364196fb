#!/bin/sh
# Shows that the campaigns can fail: has each run on the backend as it is, which it must pass, and then on the
# deliberately broken variants that it is there to catch, which it must not. One line for each, and at the end
# "N passed, N failed".
#
# Usage: broken.sh SRCDIR, in a build directory configured with --enable-broken-variants; "make check-broken" does that.
# With CAMPAIGN VARIANT behind it, these alone; the variant none is the backend as it is.
# What the variants are: generic/core/broken.h. A campaign that takes longer than SQLITEASYNC_BROKEN_TIMEOUT seconds
# (180) has failed, too. SQLITEASYNC_JOBS of them run at once, by default as many as there are processors. The Makefile
# gives SQLITEASYNC_BUILD, TCLLIBPATH and TCLSH.

srcdir=$(cd "$1" && pwd) || exit 2
build=$(pwd)
logs=$build/brokenrun

# A variant that never lets go of a lock is caught by nobody getting any further.
limited() { timeout -k 5 "${SQLITEASYNC_BROKEN_TIMEOUT:-180}" "$@"; }

# campaign LOG NAME VARIANT: runs a program of testprogs/, or a script of tests/, in a directory of its own.
campaign() {
  directory=$(mktemp -d "${TMPDIR:-/tmp}/sqliteasync.XXXXXX") || exit 2
  (
    cd "$directory" || exit 2
    case $2:$3 in
      *.test:*) limited "$TCLSH" "$srcdir/tests/tester.tcl" "$2" ;;
      *:none) limited "$build/testprogs/$2" ;;
      # Some of what it is to catch needs a rare combination.
      */crash:* | */settings:*) SQLITEASYNC_TEST_SCALE=400 limited "$build/testprogs/$2" ;;
      *) limited "$build/testprogs/$2" ;;
    esac
  ) >"$logs/$1.log" 2>&1 </dev/null
  status=$?
  rm -rf "$directory"
  return $status
}

# passes CAMPAIGN
passes() {
  if campaign "none-$(basename "$1")" "$1" none; then
    echo "ok: $1 passes"
  else
    echo "FAILED: $1, on the backend as it is: $logs/none-$(basename "$1").log"
  fi
}

# catches CAMPAIGN VARIANT
catches() {
  SQLITEASYNC_BROKEN=$2 campaign "$2" "$1" "$2"
  status=$?
  # 2: there is no such variant; 126 and 127: no such program.
  if [ $status -ne 0 ] && [ $status -ne 2 ] && [ $status -ne 126 ] && [ $status -ne 127 ] && ! grep -q '^SQLITEASYNC_BROKEN is' "$logs/$2.log"; then
    echo "ok: $1 catches $2"
  else
    echo "FAILED: $1 does not catch $2 (exit status $status): $logs/$2.log"
  fi
}

if [ $# -eq 3 ]; then
  mkdir -p "$logs" || exit 2
  if [ "$3" = none ]; then said=$(passes "$2"); else said=$(catches "$2" "$3"); fi
  echo "$said"
  case $said in ok:*) exit 0 ;; *) exit 1 ;; esac
fi

rm -rf "$logs"
mkdir -p "$logs" || exit 2
# The one that takes as long as it may comes first.
xargs -n 2 -P "${SQLITEASYNC_JOBS:-$(nproc)}" sh "$0" "$srcdir" <<'END' | tee "$logs/results"
campaigns/processes lock-kept
campaigns/crash none
campaigns/settings none
campaigns/barriers none
campaigns/processes none
campaigns/threads none
campaign-ioerr.test none
campaign-memory.test none
campaigns/crash sync-skipped
campaigns/crash journal-deleted-early
campaigns/crash operations-swapped
campaigns/crash super-journal-skipped
campaigns/crash pre-image-too-late
campaigns/crash group-journal-not-synced
campaigns/crash page-before-journal
campaigns/crash cut-too-soon
campaigns/crash header-zeroed
campaigns/crash multi-file-folded
campaigns/crash open-page-in-group
campaigns/crash lock-page-record
campaigns/settings unfolded-journal-valid-first
campaigns/settings rolled-back-layer-kept
campaigns/settings journal-not-restarted
campaigns/barriers barrier-too-soon
campaigns/barriers barrier-not-synced
campaigns/processes unlock-too-soon
campaigns/threads read-unguarded
campaign-ioerr.test error-ignored
campaign-ioerr.test error-not-spread
campaign-ioerr.test clean-start-too-soon
campaign-memory.test write-dropped
END

passed=$(grep -c '^ok: ' "$logs/results")
failed=$(grep -c '^FAILED: ' "$logs/results")
[ $((passed + failed)) -eq 31 ] || failed=$((failed + 31 - passed - failed))
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
