#!/bin/bash
# usage: tests/lint/generated.sh PODIUM [--write]
# What is printed from the option and method tables and committed is what the program prints now.
set -u
cd "$(dirname "$0")/../.." || exit 2
podium=$1
write=${2:-}
passed=0
failed=0

held() { # FILE DUMP
    if [ -n "$write" ]; then
        mkdir -p "$(dirname "$1")" && "$podium" help --dump="$2" >"$1"
    elif diff -u "$1" <("$podium" help --dump="$2"); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "generated: $1 is out of date: make generate"
    fi
}

held completions/podium.bash bash
held completions/_podium zsh
held completions/podium.fish fish
if "$podium" help --dump=methods >/dev/null 2>&1; then
    held docs/methods.md methods
fi
[ -n "$write" ] && exit 0
echo "generated: $passed passed, $failed failed"
[ "$failed" = 0 ]
