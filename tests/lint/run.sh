#!/bin/bash
# usage: tests/lint/run.sh [CHECK...]
# The checks below, or those named, over all files git knows. Prints failures, then one line.
# clang-tidy's notes (how it got there) are left out; V=1 shows them.
# LINT_SINCE=REV looks at files changed since REV only, for the slow analysers.
set -u
cd "$(dirname "$0")/../.." || exit 2
jobs=${NPROC:-$(nproc)}
log=$(mktemp)
trap 'rm -f "$log"' EXIT

files() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r f; do
    [ -f "$f" ] && echo "$f"; done; }
changed() { if [ -n "${LINT_SINCE:-}" ]; then
    git diff --name-only --diff-filter=d "$LINT_SINCE" -- "$@"; else files "$@"; fi; }

mapfile -t flags < <(pkg-config --cflags sqlite3 jansson libcrypto libmicrohttpd yaml-0.1 zlib \
    libarchive libcurl | tr ' ' '\n' | grep .)
flags+=(-std=c17 -D_GNU_SOURCE -I. -include base/banned.h)

# What these tools accept changes from release to release: the tree is held to those of Debian 12.
# With another release the check is left out, and the last lines say so.
declare -A releases=([format]=clang-format:14. [tidy]=clang-tidy:14. [cppcheck]=cppcheck:2.10)
fits() { # CHECK
    local want=${releases[$1]:-}
    [ -z "$want" ] || "${want%%:*}" --version | grep -q "[ n]${want##*:}"
}

check_format() {
    files '*.c' '*.h' | xargs -r clang-format --dry-run --Werror 2>&1 |
        grep -E 'error:|warning:' | sed 's/ \[-Wclang-format-violations\]//' | sort -u -t: -k1,2
    [ "${PIPESTATUS[1]}" = 0 ]
}

check_functions() { files '*.c' '*.h' | xargs -r python3 tests/lint/functions.py; }

check_includes() { files '*.c' '*.h' | xargs -r python3 tests/lint/includes.py; }

# Files split near 600 lines; twice that is past every excuse. Tables may be long.
check_length() {
    files '*.c' '*.h' | grep -v '^schema/' | xargs -r wc -l |
        awk '$2 != "total" && $1 > 1000 { print $2 ": " $1 " lines, split it"; bad = 1 }
             END { exit bad }'
}

# The compiler refuses banned libc calls (base/banned.h); these are the words it cannot see.
check_words() {
    local bad=0
    git grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' -- . ':!tests/lint/run.sh' ':!*corpus*' && bad=1
    git grep -nE '\bgoto\b' -- '*.c' | while IFS=: read -r f n rest; do
        grep -q 'PD_AUTO' "$f" && echo "$f:$n: goto in a file with PD_AUTO: $rest"; done | grep . && bad=1
    git grep -nIE '[[:space:]]+$' -- '*.c' '*.h' '*.py' '*.sh' '*.md' Makefile && bad=1
    return $bad
}

check_shell() {
    files '*.sh' .ci/run 'tests/*/*.sh' | sort -u | xargs -r shellcheck -x
}

# The units are left to the compilers. Where the functions stand that analyzer.h redefines, it is left away.
# A tenth of the analyser's usual effort a function finds what it finds in a tenth of the time.
tidy_of() { # FLAG...: the files on stdin
    # shellcheck disable=SC2016 # the inner shell expands
    FLAGS="${flags[*]} -Xclang -analyzer-config -Xclang max-nodes=20000 $*" xargs -r -P "$jobs" -n 4 \
        sh -c 'clang-tidy --quiet "$@" -- $FLAGS 2>/dev/null' tidy
}
check_tidy() {
    local plain with="-include tests/lint/analyzer.h"
    plain=$(git grep -lE '^enum pd_code pd_(\w*_fail|fail\w*)\(' -- '*.c')
    { changed '*.c' ':!tests/unit' | grep -vxF "$plain" | grep '^model/' | tidy_of "-DPD_LINT_MODEL $with"
        changed '*.c' ':!tests/unit' | grep -vxF "$plain" | grep -v '^model/' | tidy_of "$with"
        changed '*.c' ':!tests/unit' | grep -xF "$plain" | tidy_of; } |
        if [ -n "${V:-}" ]; then cat; else grep -E ': (error|warning):'; fi >"$log"
    sort -u "$log"
    [ ! -s "$log" ]
}

check_cppcheck() {
    changed '*.c' | grep -v '^tests/' >"$log"
    [ -s "$log" ] || return 0
    cppcheck --quiet --std=c11 --language=c -j "$jobs" --error-exitcode=1 --inline-suppr \
        --enable=warning,performance,portability --suppressions-list=tests/lint/cppcheck.txt \
        -D_GNU_SOURCE -D__GNUC__=12 -I. --file-list="$log" 2>&1
}

for needed in git python3 clang-format clang-tidy cppcheck shellcheck pkg-config; do
    command -v $needed >/dev/null || { echo "lint: no $needed here: make deps" >&2; exit 1; }
done

checks=(format functions includes length words shell tidy cppcheck)
[ $# = 0 ] || checks=("$@")
passed=0
failed=0
for check in "${checks[@]}"; do
    if ! fits "$check"; then
        echo "lint: $check left out: it is for ${releases[$check]/:/ }, here is another release"
        continue
    fi
    if out=$("check_$check"); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'lint: %s\n%s\n' "$check" "$out"
    fi
done
echo "lint: $passed passed, $failed failed"
[ "$failed" = 0 ]
