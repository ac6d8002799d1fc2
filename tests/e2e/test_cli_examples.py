"""Every example of every command's help does what it says, in a folder that has what it names."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess

import pytest

RUN = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
OTHER = "0123456789abcdef0123456789abcdef"

# what has to happen first, in the prepared folder
BEFORE = {
    "podium experiments create taxi": "rm mlflow.db",
    "podium experiments create taxi -t team=rides": "rm mlflow.db",
    'podium models create taxi --description "ride duration"': "rm mlflow.db",
    "podium experiments restore taxi": "podium experiments rm taxi",
    f"podium runs restore {RUN}": f"podium runs rm {RUN}",
}


def examples_of(podium):
    def lines(*words):
        out = podium(*words, "-h").ok().out
        found = re.findall(r"^  (.*)", out.split("\nexamples:\n")[1], re.M)
        verbs = out.split("\nverbs:\n")[1].split("\n\n")[0] if "\nverbs:\n" in out else ""
        for verb in re.findall(r"^  (\S+)", verbs, re.M):
            found += lines(*words, verb)
        return found

    names = podium("help", "--dump=names").ok().out.split()
    return list(dict.fromkeys(line for name in names for line in lines(name)))


def rename_run(db, old, new):
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        for column in db.execute(f"PRAGMA table_info({table})").fetchall():
            db.execute(f"UPDATE {table} SET {column[1]} = ? WHERE {column[1]} = ?", (new, old))


def script(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


@pytest.fixture
def shell(podium, trained, tmp_path):
    """shell(LINE): bash runs it in a folder that is made anew each time."""
    work = tmp_path / "work"
    work.mkdir()
    line = trained("line")
    names = list(line.inputs.columns)
    line.inputs.head(3).to_csv(work / "rows.csv", index=False)
    row = json.dumps(dict(line.inputs.iloc[0]))
    (work / "recipe.json").write_text(json.dumps(
        {"features": {n: "{%s}" % n for n in names}, "reply": {"value": "{prediction}"}}))
    (work / "metrics.json").write_text(
        json.dumps([{"key": "rmse", "value": 1.5, "timestamp": 1, "step": 0}]))
    (work / "plots").mkdir()
    (work / "roc.png").write_bytes(b"png")
    (work / "plots" / "roc.png").write_bytes(b"png")
    (work / "train.py").write_text("print('trained')\n")
    (work / "Makefile").write_text("features:\n\t@echo features\n")
    script(work / "train", "echo trained\n")
    script(work / "bin" / "kafkacat", f"echo '{row}'\n")
    (work / "bin" / "podium").symlink_to(podium.path)
    shutil.copy(line.pkl, work / "model.pkl")

    def log(*args):
        return podium("log", "-q", "-e", "taxi", *args, cwd=work).ok().out.strip()

    ours = log("-m", "rmse=5.5", "-t", "draft=yes", "--model", "model.pkl", "--register", "taxi")
    other = log("-a", "plots=plots")
    for name, aliases in (("taxi", ["challenger"]), ("taxi", ["champion"]), ("churn", ["champion"])):
        log("--model", "model.pkl", "--register", name, *[w for a in aliases for w in ("--alias", a)])
    podium("experiments", "tag", "taxi", "draft=yes", cwd=work).ok()
    podium("fetch", "models:/taxi@champion", "-o", "model", cwd=work).ok()
    with sqlite3.connect(work / "mlflow.db") as db:
        rename_run(db, ours, RUN)
        rename_run(db, other, OTHER)
    db.close()
    kept = tmp_path / "kept"
    shutil.copytree(work, kept, symlinks=True)

    def run(text):
        shutil.rmtree(work)
        shutil.copytree(kept, work, symlinks=True)
        env = {**podium.env, "PATH": f"{work / 'bin'}:{os.environ['PATH']}", "RUN": RUN}
        text = f"{BEFORE[text]} && {text}" if text in BEFORE else text
        if "podium serve" in text:  # until it is ready
            text = text.replace(" -p 8080", " -p 0")
            p = subprocess.Popen(["bash", "-c", "exec " + text], cwd=work, env=env, text=True,
                                 stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
            ready = p.stderr.readline()
            p.send_signal(signal.SIGTERM)
            rest = p.communicate(timeout=60)[1]
            return p.returncode if "ready: http" in ready else 99, ready + rest
        r = subprocess.run(["bash", "-ec", text], cwd=work, env=env, text=True, timeout=60,
                           capture_output=True, stdin=subprocess.DEVNULL)
        return r.returncode, r.stderr

    return run


def test_every_example_works(podium, shell, tmp_path):
    examples = examples_of(podium)
    assert len(examples) > 50
    (tmp_path / ".home" / ".config" / "fish" / "completions").mkdir(parents=True)
    assert shell("podium runs show nope")[0] == 3
    failed = []
    for line in examples:
        if "fpath" in line:  # zsh's own array
            continue
        rc, err = shell(line)
        if rc != 0:
            failed.append((line, rc, err))
    assert not failed, "\n".join(map(str, failed))
