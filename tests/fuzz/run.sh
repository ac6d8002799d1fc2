#!/bin/bash
# usage: tests/fuzz/run.sh DIR SECONDS NAME...
# libFuzzer on every target for SECONDS. What it finds is kept in build/fuzz/NAME: reduce it, fix
# it, commit it to tests/fuzz/corpus/NAME.
set -u
here=$(dirname "$0")
bins=$1
seconds=$2
shift 2
failed=0
for name; do
    found=build/fuzz/$name
    mkdir -p "$found/new" "$here/corpus/$name"
    dict=()
    [ -f "$here/$name.dict" ] && dict=("-dict=$here/$name.dict")
    if "$bins/$name" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -print_final_stats=0 \
        -verbosity=0 -artifact_prefix="$found/" "${dict[@]}" \
        "$found/new" "$here/corpus/$name" >"$found/log" 2>&1; then
        echo "fuzz: $name ok"
    else
        failed=1
        echo "fuzz: $name FAILED"
        tail -40 "$found/log"
    fi
    rmdir "$here/corpus/$name" 2>/dev/null
done
exit $failed
