#!/usr/bin/env python3
"""usage: functions.py [--stats] FILE...

Fails for functions of more than 60 lines or more than 15 branches.

Lines are those between the braces of the body, blank ones and comments included. Branches are the
words if, for, while, case, and the operators &&, || and ?: in the body, with comments, texts and
preprocessor lines taken away first; case labels on one another's heels are one branch, and PD_TRY
is none, it is the straight way on. A body starts
at a `{` in the first column, as .clang-format writes it, and ends at the `}` there. Functions made
inside macros are not seen.
"""

import re
import sys

MAX_LINES = 60
MAX_BRANCHES = 15
TOKEN = re.compile(
    r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL
)
BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")
NAME = re.compile(r"(\w+)\s*\(")
LABELS = re.compile(r"(?:\bcase\b[^:;{}?]*:\s*)+")
PREPROCESSOR = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)


def blank(match):
    return "\n" * match.group().count("\n") or " "


def functions(text):
    """(name, first line, body lines, branches) of every function."""
    lines = PREPROCESSOR.sub(blank, TOKEN.sub(blank, text)).split("\n")
    head, start, name = [], None, ""
    for number, line in enumerate(lines, 1):
        if start is None and line.rstrip() == "{":
            found = NAME.findall(" ".join(head))
            calls = [n for n in found if not n.startswith("__attribute")]
            name, start = (calls[0] if calls else "?"), number
        elif start is not None and line.startswith("}"):
            body = lines[start : number - 1]
            branches = len(BRANCH.findall(LABELS.sub("case:", "\n".join(body))))
            yield name, start, len(body), branches
            head, start = [], None
        elif start is None:
            head = [] if line.rstrip().endswith((";", "}")) or not line.strip() else [*head, line]


def main(args):
    stats = "--stats" in args
    bad, all_lengths = 0, []
    for path in (a for a in args if not a.startswith("--")):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for name, line, length, branches in functions(text):
            all_lengths.append(length)
            if length > MAX_LINES:
                bad += 1
                print(f"{path}:{line}: {name} has {length} lines, {MAX_LINES} are allowed")
            if branches > MAX_BRANCHES:
                bad += 1
                print(f"{path}:{line}: {name} has {branches} branches, {MAX_BRANCHES} are allowed")
    if stats and all_lengths:
        s = sorted(all_lengths)
        print(f"{len(s)} functions; median {s[len(s) // 2]}, 90th {s[int(len(s) * 0.9)]}, longest {s[-1]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
