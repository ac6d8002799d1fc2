#!/usr/bin/env python3
"""usage: includes.py FILE...

Includes point down the rooms: cmd, serve, registry and model, store, schema, base. A NAME_internal.h
stays in its room. Headers have a guard named after their path, and a .c file that has a header of
its own includes it first, or the NAME_internal.h that stands on it.
"""

import os
import re
import sys

RANK = {"cmd": 6, "serve": 5, "registry": 4, "model": 4, "store": 3, "schema": 2, "base": 1}
# registry and model stand side by side and do not know each other, but for what is named here.
ACROSS = set()
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def room(path):
    return path.split("/", 1)[0]


def check_file(path, text):
    mine = room(path)
    ours = INCLUDE.findall(text)
    for inc in ours:
        theirs = room(inc)
        if theirs not in RANK and mine in RANK:
            yield f"{path}: includes {inc}, which is in no room"
            continue
        if mine not in RANK:
            continue
        up = RANK[theirs] > RANK[mine]
        aside = RANK[theirs] == RANK[mine] and theirs != mine and (mine, inc) not in ACROSS
        if up or aside:
            yield f"{path}: includes {inc}: {mine}/ must not know {theirs}/"
        if inc.endswith("_internal.h") and theirs != mine:
            yield f"{path}: includes {inc}, which belongs to {theirs}/ alone"
    if path.endswith(".h"):
        guard = "PD_" + re.sub(r"\W", "_", path).upper()
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield f"{path}: no include guard {guard}"
    elif mine in RANK:
        own = path[:-2] + ".h"
        if os.path.exists(own) and (not ours or ours[0] not in (own, path[:-2] + "_internal.h")):
            yield f"{path}: does not include its own header first"


def main(paths):
    bad = 0
    for path in paths:
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for line in check_file(path, text):
            print(line)
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
