#!/bin/sh
# Runs what "make test" has built, one part after the other, and ends with the line "N passed, N failed" that sums all
# of it. Each GoogleTest test and each test of the .test scripts counts one, and so does each stand-alone program.
# The exit status is 1 if anything failed.
#
# Usage: run.sh SRCDIR, in the build directory; the Makefile gives the rest in the environment:
#   TESTS              names of .test scripts; if there are any, only they are run
#   CORE_TESTS CAPI_PROGRAMS CAMPAIGN_PROGRAMS EMBED_PROGRAMS    programs, relative to the build directory
#   SQLITEASYNC_BUILD TCLLIBPATH TCLSH                         for the programs and scripts themselves
#   SANITIZER SANITIZER_PRELOAD                                how all this was built: see configure.ac
# and the user may set
#   SQLITEASYNC_TEST_TIMEOUT    seconds that one program may take, 1200 by default; all.tcl may take thrice that

srcdir=$(cd "$1" && pwd) || exit 2
build=$(pwd)
logs=$build/testrun
timeout=${SQLITEASYNC_TEST_TIMEOUT:-1200}
passed=0
failed=0
preload=

rm -rf "$logs"
mkdir -p "$logs" || exit 2

# limited SECONDS COMMAND...: runs it, and ends it after that time, if this system has timeout(1).
if command -v timeout >/dev/null 2>&1; then
  limited() { timeout -k 10 "$@"; }
else
  limited() { shift; "$@"; }
fi

# run_in_fresh_directory NAME COMMAND...: output goes to the log.
# The directory is kept if the command fails.
run_in_fresh_directory() {
  name=$1
  shift
  mkdir -p "$(dirname "$logs/$name")"
  directory=$(mktemp -d "${TMPDIR:-/tmp}/sqliteasync.XXXXXX") || exit 2
  started=$(date +%s)
  (cd "$directory" && limited "$timeout" "$@") >"$logs/$name.log" 2>&1 </dev/null
  status=$?
  seconds=$(($(date +%s) - started))
  if [ $status -eq 0 ]; then
    chmod -R u+w "$directory"
    rm -rf "$directory"
  else
    echo "FAILED: $name, exit status $status; its files are in $directory, its output in $logs/$name.log"
    [ $status -ne 124 ] || echo "it was ended after $timeout seconds"
  fi
  return $status
}

# run_program PATH: a stand-alone program, which passes by exiting with 0.
run_program() {
  name=${1#testprogs/}
  if run_in_fresh_directory "$name" "$build/$1"; then
    passed=$((passed + 1))
    echo "ok: $name (${seconds}s)"
  else
    failed=$((failed + 1))
    tail -n 40 "$logs/$name.log"
  fi
}

# start_core_tests PATH: most of them use one processor, so the other programs are run meanwhile.
start_core_tests() {
  {
    run_in_fresh_directory core_tests "$build/$1" >"$logs/core_tests.said"
    echo "$? $seconds" >"$logs/core_tests.status"
  } &
}

# finish_core_tests: believes GoogleTest's summary; a program that ends without one has crashed in some test.
finish_core_tests() {
  wait
  cat "$logs/core_tests.said"
  read -r status seconds <"$logs/core_tests.status"
  log=$logs/core_tests.log
  core_passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) tests\{0,1\}\.$/\1/p' "$log" | tail -n 1)
  core_failed=$(sed -n 's/^\[  FAILED  \] \([0-9]*\) tests\{0,1\}, listed below:$/\1/p' "$log" | tail -n 1)
  if [ -z "$core_passed" ]; then
    core_passed=$(grep -c '^\[       OK \] ' "$log")
    core_failed=$(($(grep -c '^\[  FAILED  \] .* ([0-9]* ms)$' "$log") + 1))
  fi
  if [ "${core_failed:-0}" -eq 0 ] && { [ $status -ne 0 ] || [ "$core_passed" -eq 0 ]; }; then core_failed=1; fi
  [ "${core_failed:-0}" -eq 0 ] || { grep -B 20 '^\[  FAILED  \]' "$log" || tail -n 40 "$log"; }
  grep '^\[  SKIPPED \] .* ([0-9]* ms)$' "$log"
  echo "core_tests: $core_passed passed, ${core_failed:-0} failed (${seconds}s)"
  passed=$((passed + core_passed))
  failed=$((failed + ${core_failed:-0}))
}

# run_tcl_scripts NAME...: all.tcl makes its own directories, and its last line has its counts.
run_tcl_scripts() {
  log=$logs/all.log
  {
    limited $((timeout * 3)) env ${preload:+"LD_PRELOAD=$preload"} "$TCLSH" "$srcdir/tests/all.tcl" "$@" </dev/null 2>&1
    echo $? >"$logs/all.status"
  } | tee "$log" | sed 's/^\([0-9]* passed, [0-9]* failed\)$/Tcl scripts: \1/'
  status=$(cat "$logs/all.status")
  counts=$(tail -n 1 "$log" | sed -n 's/^\([0-9][0-9]*\) passed, \([0-9][0-9]*\) failed$/\1 \2/p')
  if [ -z "$counts" ]; then
    echo "FAILED: tests/all.tcl ended with status $status and without its last line"
    counts='0 1'
  fi
  tcl_passed=${counts% *}
  tcl_failed=${counts#* }
  if [ "$status" -ne 0 ] && [ "$tcl_failed" -eq 0 ]; then
    echo "FAILED: tests/all.tcl ended with status $status"
    tcl_failed=1
  fi
  passed=$((passed + tcl_passed))
  failed=$((failed + tcl_failed))
}

if [ -z "$TESTS" ]; then
  [ -z "$CORE_TESTS" ] || start_core_tests "$CORE_TESTS"
  for program in $CAPI_PROGRAMS $CAMPAIGN_PROGRAMS; do run_program "$program"; done
  [ -z "$CORE_TESTS" ] || finish_core_tests
fi

# From here on Tcl is in the process, which at exit frees next to nothing of its own: a search for leaks would report
# Tcl's and hide ours. The programs above are searched. tclsh was not built with the sanitizer, whose run-time library
# must be the first that is loaded: hence the preload, for tclsh and the children that it starts.
if [ "$SANITIZER" = address ]; then
  ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
  export ASAN_OPTIONS
  preload=$SANITIZER_PRELOAD
fi

if [ -z "$TESTS" ]; then
  for program in $EMBED_PROGRAMS; do run_program "$program"; done
fi

if [ "$SANITIZER" = thread ]; then
  # A race is only seen, and false ones are only avoided, in a process all of which was built with the sanitizer.
  # tclsh is not.
  echo 'not run under the thread sanitizer, for Tcl is not built with it: tests/embed, tests/*.test'
else
  run_tcl_scripts $TESTS
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
