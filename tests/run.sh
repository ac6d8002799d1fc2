#!/bin/bash
# What `make test` does, after the machine has what it needs. Every step is a make target that can
# be run alone; its output goes to build/test-logs/STEP.log and is shown when it fails. The last
# line sums up what all steps counted.
set -u
cd "$(dirname "$0")/.." || exit 2
: "${NPROC:=$(nproc)}" "${VENV:=build/venv}" "${PYTHON:=/usr/bin/python3}"
logs=build/test-logs
rm -rf "$logs"
mkdir -p "$logs"
unset MAKEFLAGS MFLAGS MAKELEVEL CC SAN FUZZER DEVELOPER
export NPROC
passed=0
failed=0
began=$SECONDS

make_() { make --no-print-directory -s VENV="$VENV" PYTHON="$PYTHON" "$@"; }

# The sums of every verdict in a log: "[  PASSED  ] 3 test(s)" of cmocka, "3 passed, 1 failed" of
# pytest and of our scripts ("lint: 8 passed, ..."); what pytest calls an error is a failure.
count() { # LOG passed|failed
    awk -v word="$2" '
        function add(what) { if (match($0, "[0-9]+ " what)) n += substr($0, RSTART) + 0 }
        /^\[  (PASSED|FAILED)  \] [0-9]+ test/ { if (tolower($0) ~ word) n += $4; next }
        /^([a-z-]+: )?[0-9]+ (passed|failed|skipped|errors?|xfailed|deselected)[, ]/ {
            add(word); if (word == "failed") add("error") }
        END { print n + 0 }' "$1"
}

step() { # NAME COMMAND...
    local name=$1 log=$logs/$1.log start=$SECONDS rc p f
    shift
    "$@" >"$log" 2>&1
    rc=$?
    p=$(count "$log" passed)
    f=$(count "$log" failed)
    # A step that fails without a failed test (a build that breaks, a crash) is one failure.
    [ $rc = 0 ] || [ "$f" -gt 0 ] || f=1
    passed=$((passed + p))
    failed=$((failed + f))
    printf '%-18s %5d passed %3d failed  %4d s\n' "$name" "$p" "$f" $((SECONDS - start))
    [ $rc = 0 ] && [ "$f" = 0 ] && return 0
    sed "s/^/    /" "$log" | tail -n 60
    return 1
}

pytest_() { # PROGRAM-FOLDER ARG...
    local folder=$PWD/$1
    shift
    PODIUM=$folder/podium PODIUM_TOOLS=$folder/tools ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=8 \
        "$VENV/bin/python" -m pytest -q -n "$NPROC" --dist loadfile "$@"
}

step lint tests/lint/run.sh
step build-gcc make_ -j"$NPROC" DEVELOPER=1 all tools
step units-gcc make_ -j"$NPROC" DEVELOPER=1 unit
step generated make_ check-generated
step smoke env PODIUM=build/gcc/podium tests/smoke.sh
step units-clang make_ -j"$NPROC" CC=clang DEVELOPER=1 unit
step units-asan make_ -j"$NPROC" SAN=address,undefined DEVELOPER=1 unit
step torture make_ -j"$NPROC" check-torture
step fuzz-corpora make_ -j"$NPROC" SAN=address,undefined fuzz-replay
step install env DESTDIR="$PWD/build/test-install" make --no-print-directory -s prefix=/usr install
step venv make_ venv
step end-to-end pytest_ build/gcc tests/e2e
step build-asan make_ -j"$NPROC" SAN=address,undefined all tools
# The files in which much comes from outside, once more with the sanitizers.
sanitized=()
for name in serve predict fetch inspect model_files cli_usage methods_differential hostile_requests \
    server_artifacts xgboost lightgbm; do
    [ -f "tests/e2e/test_$name.py" ] && sanitized+=("tests/e2e/test_$name.py")
done
step end-to-end-asan pytest_ build/gcc-address-undefined "${sanitized[@]}"
make_ all tools >/dev/null # build/podium is the plain one again

printf '%d min %02d s\n' $(((SECONDS - began) / 60)) $(((SECONDS - began) % 60))
printf '%s passed, %s failed\n' $passed $failed
[ $failed = 0 ]
