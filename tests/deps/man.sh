#!/bin/bash
# usage: tests/deps/man.sh PODIUM DIR
# Writes podium.1 and podium-NAME.1 into DIR.
set -eu
podium=$1
dir=$2
mkdir -p "$dir"
for name in $("$podium" help --dump=names); do
    "$podium" help --dump="man:$name" >"$dir/podium-$name.1"
done
"$podium" help --dump=man >"$dir/podium.1"
