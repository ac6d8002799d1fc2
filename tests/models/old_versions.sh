#!/bin/bash
# usage: tests/models/old_versions.sh [VERSION...]
# Train the models of zoo.py with older scikit-learn versions and compare podium's answers with
# theirs. Optional: needs pip, and for each version a Python it has wheels for (python3.8 for 0.22
# to 1.3, python3.11 for 1.1.3 and later); versions without one are left out and named.
set -u
cd "$(dirname "$0")/../.." || exit 2
tool=${PODIUM_TOOLS:-build/tools}/predict_file
[ -x "$tool" ] || { echo "old_versions: no $tool: make tools first" >&2; exit 2; }
[ $# -gt 0 ] || set -- 0.22.2 0.23.2 0.24.2 1.0.2 1.1.3 1.2.2 1.3.2 1.4.2 1.5.2 1.6.1 1.7.2
status=0

python_for() { # VERSION
    case $1 in
    0.* | 1.0.*) echo python3.8 python3.9 ;;
    *) echo python3.11 python3.10 python3.12 ;;
    esac
}

pins_for() { # VERSION: numpy and scipy of its time
    case $1 in
    0.*) echo 'numpy<1.20 scipy<1.8' ;;
    1.[0-3].*) echo 'numpy<1.24 scipy<1.11' ;;
    *) echo 'numpy<2.3 scipy<1.16' ;;
    esac
}

venv_for() { # VERSION: prints its python, or nothing
    local venv=build/old/$1 python pins
    read -r -a pins <<<"$(pins_for "$1")"
    if [ ! -e "$venv/.ready" ]; then
        for python in $(python_for "$1"); do
            "$python" -c '' 2>/dev/null || continue
            "$python" -m venv "$venv" >/dev/null 2>&1 &&
                "$venv/bin/python" -m pip install -q --disable-pip-version-check \
                    --only-binary :all: "scikit-learn==$1" "${pins[@]}" >/dev/null 2>&1 &&
                touch "$venv/.ready" && break
        done
    fi
    [ -e "$venv/.ready" ] && echo "$venv/bin/python"
}

for version; do
    python=$(venv_for "$version")
    if [ -z "$python" ]; then
        echo "scikit-learn $version: no Python here has wheels for it, left out"
        continue
    fi
    out=build/old/$version/models
    rm -rf "$out"
    OMP_NUM_THREADS=1 "$python" -W ignore tests/models/zoo.py "$out" || status=1
    "$python" tests/models/compare.py "$tool" "$out" || status=1
done
exit $status
