"""What holds for every command: help, wrong usage, output that cannot be written, colour."""

import os
import pty
import re
import subprocess

import pytest


def names(podium):
    return podium("help", "--dump=names").ok().out.split()


def test_the_overview_lists_every_command_in_groups(podium):
    out = podium().ok().out
    for head in ("Daily verbs", "Nouns", "The rest"):
        assert head in out
    for name in names(podium):
        assert re.search(rf"^  {name} ", out, re.M), name
    assert podium("--help").out == out == podium("help").out


def test_every_command_explains_itself_with_an_example(podium):
    for name in names(podium):
        out = podium(name, "-h").ok().out
        assert out.startswith(f"usage: podium {name}"), name
        assert re.search(rf"\nexamples:\n  .*podium {name}", out), name
        assert out == podium("help", name).ok().out
        if "\nverbs:\n" not in out:
            continue
        for verb in re.findall(r"^  (\S+)", out.split("\nverbs:\n")[1].split("\n\n")[0], re.M):
            text = podium(name, verb, "--help").ok().out
            assert text.startswith(f"usage: podium {name} {verb}")
            assert f"podium {name} {verb}" in text.split("\nexamples:\n")[1]


def test_defaults_are_printed_in_help(podium):
    assert re.search(r"--view active\|deleted\|all\n? +which lifecycle stage \[active\]",
                     podium("runs", "list", "-h").out)


def test_version_is_one_line_or_json(podium):
    assert re.fullmatch(r"podium \d+\.\d+\.\d+\n", podium("version").ok().out)
    assert podium("--version").out == podium("version").out
    assert podium("version", "--json").json["mlflow"] == "3.17.2"


@pytest.mark.parametrize(
    "args, texts",
    [
        (["vresion"], ["unknown command `vresion`; did you mean `version`?"]),
        (["zzz"], ["unknown command `zzz`"]),
        (["experiments"], ["experiments: a verb is missing", "create, list"]),
        (["experiments", "crate", "x"], ["unknown verb `crate`; did you mean `create`?"]),
        (["experiments", "create"], ["experiments create: NAME is missing"]),
        (["experiments", "create", "a", "b"], ["`b` is one argument too many"]),
        (["experiments", "list", "--veiw", "all"], ["`--veiw`; did you mean `--view`?"]),
        (["experiments", "list", "--vie", "all"], ["`--vie`; did you mean `--view`?"]),
        (["experiments", "list", "--view", "some"], ["`some` is none of active|deleted|all"]),
        (["experiments", "list", "-n", "-1"], ["--limit: -1 is not between 0 and"]),
        (["experiments", "list", "-n", "1e3"], ["`1e3` is not a whole number"]),
        (["experiments", "list", "--limit"], ["--limit needs a value"]),
        (["experiments", "list", "--json=yes"], ["--json takes no value"]),
        (["experiments", "create", "x", "-t", "novalue"], ["`novalue` is not KEY=VALUE"]),
        (["experiments", "tag", "x"], ["nothing to do"]),
        (["runs", "list", "-z"], ["unknown option `-z`"]),
        (["log", "-m", "loss=high"], ["`high` is not a number"]),
        (["log", "-m", "loss=1@last"], ["step `last` is not a whole number"]),
        (["log", "-p", "a=1", "-p", "a=2"], ["--param a=2: given before as a=1"]),
        (["log", "--alias", "x"], ["--alias needs --register"]),
        (["log", "--register", "x"], ["--register needs --model"]),
        (["run"], ["COMMAND is missing"]),
        (["api"], ["METHOD is missing"]),
        (["api", "runs/gte"], ["no method `runs/gte`; did you mean `runs/get`?"]),
        (["api", "runs/get", "runid=x"], ["no field `runid`; did you mean `run_id`?"]),
        (["api", "runs/get", "run_id"], ["`run_id` is none of FIELD=TEXT"]),
        (["api", "runs/get", "run_id:={"], ["run_id: JSON:"]),
        (["api", "experiments/create", "@/dev/null"], ["/dev/null: JSON"]),
        (["help", "nothing"], ["unknown command `nothing`"]),
        (["help", "--dump=csh"], ["`csh` is none of bash"]),
        (["completion", "csh"], ["`csh` is none of bash|zsh|fish"]),
    ],
)
def test_wrong_usage_is_one_line_status_2_and_no_database(podium, tmp_path, args, texts):
    podium(*args).fails(2, *texts)
    assert not (tmp_path / "mlflow.db").exists()
    assert not (tmp_path / "mlruns").exists()


@pytest.mark.parametrize(
    "args",
    [
        ["experiments", "list"],
        ["experiments", "show", "x"],
        ["experiments", "rm", "x"],
        ["runs", "list"],
        ["runs", "show", "0" * 32],
        ["models", "list"],
        ["models", "show", "x"],
        ["alias", "list", "x"],
        ["alias", "set", "x", "champion", "1"],
        ["log", "--run", "0" * 32, "-p", "a=b"],
        ["register", "models:/m-" + "0" * 32, "x"],
        ["api", "runs/get", "run_id=" + "0" * 32],
        ["api", "runs/search", "experiment_ids=0"],
    ],
)
def test_what_only_reads_or_changes_makes_no_database(podium, tmp_path, args):
    podium(*args).fails(3, "no such database")
    assert not (tmp_path / "mlflow.db").exists()


def test_text_that_is_not_utf8_is_refused(podium, tmp_path):
    podium("experiments", "create", os.fsdecode(b"caf\xe9")).fails(2, "not UTF-8")
    podium("log", "-p", "a=" + os.fsdecode(b"\xff")).fails(2, "not UTF-8")
    assert not (tmp_path / "mlflow.db").exists()


def test_a_full_disk_behind_stdout_is_a_failure(podium):
    with open("/dev/full", "w") as full:
        r = subprocess.run([podium.path, "version"], stdout=full, stderr=subprocess.PIPE,
                           text=True, env=podium.env, cwd=podium.cwd)
    assert r.returncode == 1
    assert r.stderr.count("\n") == 1 and "No space left on device" in r.stderr


def test_a_closed_pipe_is_a_failure_with_a_line(podium):
    reader, writer = os.pipe()
    os.close(reader)
    r = subprocess.run([podium.path, "api", "--list"], stdout=writer, stderr=subprocess.PIPE,
                       text=True, env=podium.env, cwd=podium.cwd)
    os.close(writer)
    assert r.returncode == 1
    assert r.stderr.count("\n") == 1 and "Broken pipe" in r.stderr


def test_a_closed_stdout_is_a_failure_and_harms_no_file(podium, tmp_path):
    podium("experiments", "create", "x").ok()
    before = podium("experiments", "show", "x", "--json").json
    r = subprocess.run(["sh", "-c", f'"{podium.path}" experiments show x >&-'],
                       stderr=subprocess.PIPE, env=podium.env, cwd=tmp_path)
    assert r.returncode == 1
    assert podium("experiments", "show", "x", "--json").json == before


def on_terminal(podium, *args, **env):
    """What a command prints on a terminal."""
    master, slave = pty.openpty()
    p = subprocess.Popen([podium.path, *args], stdin=slave, stdout=slave, stderr=slave,
                         env={**podium.env, "TERM": "xterm", **env}, cwd=podium.cwd)
    os.close(slave)
    out = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        out += part
    os.close(master)
    assert p.wait() == 0
    return out.decode()


def test_colour_is_for_terminals_and_no_color_is_honoured(podium):
    assert "\033[" in on_terminal(podium, "api", "--list")
    assert "\033[" not in on_terminal(podium, "api", "--list", NO_COLOR="1")
    assert "\033[" not in on_terminal(podium, "api", "--list", TERM="dumb")
    assert "\033[" not in podium("api", "--list", env={"TERM": "xterm"}).out


def test_names_cannot_move_the_cursor(podium):
    podium("experiments", "create", "evil\033[2J\r\n\u0085x").ok()
    out = podium("experiments", "show", "1").ok().out
    assert "\033" not in out and "\r" not in out and "\u0085" not in out


def test_common_options_stand_before_and_behind_the_command(podium, tmp_path):
    uri = f"sqlite:///{tmp_path}/other.db"
    podium("experiments", "create", "x", "--tracking-uri", uri).ok()
    assert podium("--tracking-uri", uri, "-q", "experiments", "show", "x").ok().out == "1\n"
    assert podium("experiments", f"--tracking-uri={uri}", "show", "x", "-q").ok().out == "1\n"
    assert podium("experiments", "show", "x", "-q",
                  env={"MLFLOW_TRACKING_URI": uri}).ok().out == "1\n"
    assert not (tmp_path / "mlflow.db").exists()
    podium("experiments", "show", "x", "--tracking-uri", "redis://x").fails(1, "redis")
