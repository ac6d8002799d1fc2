#!/bin/bash
# usage: tests/deps/install.sh LIST
# Installs the packages of LIST that are missing, as root or through sudo. Touches nothing, and
# asks no network, when all are there. @CLANG@ in a name stands for the major version of clang.
set -euo pipefail
list=$1

if ! command -v dpkg-query >/dev/null; then
    echo "deps: not a Debian system; please see to it that these are here:" >&2
    grep -v '^#' "$list" | tr '\n' ' ' >&2
    echo >&2
    exit 0
fi

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | head -c 9)" = installed ]
}

clang_major() {
    { dpkg-query -W -f='${Version}\n' clang 2>/dev/null | grep . ||
        apt-cache policy clang | sed -n 's/ *Candidate: //p'; } |
        sed -n '1s/^[0-9]*:\{0,1\}\([0-9][0-9]*\)\..*/\1/p'
}

missing() {
    local name
    grep -v '^#' "$list" | while read -r name; do
        name=${name//@CLANG@/$(clang_major)}
        installed "$name" || echo "$name"
    done
}

mapfile -t todo < <(missing)
[ ${#todo[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "deps: missing: ${todo[*]}; become root or install sudo" >&2
        exit 1
    fi
    as_root=(sudo)
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
quietly() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive "$@" >"$log" 2>&1 || {
        cat "$log" >&2
        echo "deps: $* failed" >&2
        exit 1
    }
}
quietly apt-get -q update
mapfile -t todo < <(missing)
echo "deps: installing ${todo[*]}"
quietly apt-get -q -y --no-install-recommends install "${todo[@]}"
