#!/usr/bin/env python3
"""compare.py PREDICT_FILE FOLDER - podium's answers for the models zoo.py wrote into FOLDER."""

import glob
import json
import os
import subprocess
import sys

import zoo


def answer(tool, model, method, rows):
    done = subprocess.run([tool, model, method], stdin=open(rows), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        return None, done.stderr.decode().strip()
    return json.loads(done.stdout.decode())["values"], None


def main(tool, folder):
    equal = wrong = 0
    for expected in sorted(glob.glob(os.path.join(folder, "*.expected.json"))):
        base = expected[: -len(".expected.json")]
        with open(expected) as f:
            want = json.load(f)
        for method, values in want["answers"].items():
            got, error = answer(tool, base + ".pkl", method, base + ".rows.json")
            off = None if error else zoo.difference(values, got)
            if error or off > zoo.tolerance(want["exact"], method, values):
                wrong += 1
                print("%s %s: %s" % (os.path.basename(base), method, error or "differs by %g" % off))
            else:
                equal += 1
    print("%s: %d answers equal, %d not" % (folder, equal, wrong))
    return 1 if wrong or not equal else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
