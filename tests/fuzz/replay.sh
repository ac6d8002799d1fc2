#!/bin/bash
# usage: tests/fuzz/replay.sh DIR NAME...
# Every file of tests/fuzz/corpus/NAME through DIR/NAME. Each target is one test.
set -u
here=$(dirname "$0")
bins=$1
shift
passed=0
failed=0
for name; do
    corpus=$here/corpus/$name
    [ -d "$corpus" ] || corpus=
    # shellcheck disable=SC2086 # no corpus is no argument
    if out=$("$bins/$name" $corpus 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'fuzz-replay: %s\n%s\n' "$name" "$out"
    fi
done
echo "fuzz-replay: $passed passed, $failed failed"
[ "$failed" = 0 ]
