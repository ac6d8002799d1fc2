#!/bin/bash
# Does the program start, and does a day's work go through? A few seconds, no Python.
# usage: PODIUM=build/gcc/podium tests/smoke.sh
set -u
podium=$(realpath "${PODIUM:?}")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 2
while IFS= read -r name; do unset "$name"; done < <(compgen -e | grep '^MLFLOW')
passed=0
failed=0
say=

# expect RC TEXT ARG...: the exit status, and a text on stdout or stderr.
expect() {
    local rc=$1 text=$2 got
    shift 2
    say=$("$podium" "$@" 2>&1)
    got=$?
    if [ $got = "$rc" ] && [[ $say == *"$text"* ]]; then
        passed=$((passed + 1))
        return
    fi
    failed=$((failed + 1))
    printf 'smoke: podium %s: exit %s (not %s), or no "%s" in:\n%s\n' "$*" $got "$rc" "$text" "$say"
}

expect 0 "podium" version
expect 0 "fetch" help
expect 2 "podium: " no-such-command
expect 3 "podium: " experiments list
[ -e mlflow.db ] && failed=$((failed + 1)) && echo "smoke: a database out of nothing"
expect 0 "" log -e smoke -p depth=3 -m rmse=6.3 -m rmse=6.1@1 -t stage=test
expect 0 "smoke" experiments list
expect 0 "6.1" runs list -e smoke --json
expect 0 "run" api runs/search 'experiment_ids:=["1"]'
expect 3 "no-such" alias list no-such

echo "smoke: $passed passed, $failed failed"
[ "$failed" = 0 ]
