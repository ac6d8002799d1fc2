"""What a command line can get wrong: one clear line, the status of the table, the store as it was."""

import hashlib
import os
import sqlite3
import subprocess

import pytest


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def taxi(podium, trained, tmp_path):
    """A store with the registered model taxi, alias champion, from a logged model `model`."""
    done = podium("log", "-q", "-e", "taxi", "-m", "rmse=5", "--model", trained("line").pkl,
                  "--register", "taxi", "--alias", "champion")
    return done.ok().out.strip()


def test_another_programs_database_is_left_alone(podium, tmp_path):
    path = tmp_path / "other.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t (a)")
    db.commit()
    db.close()
    before = digest(path)
    for args in (["log", "-p", "a=1"], ["runs", "list"], ["models", "create", "x"]):
        podium("--tracking-uri", f"sqlite:///{path}", *args).fails(1, "but not MLflow's")
    assert digest(path) == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith("other")] == ["other.db"]


def test_an_empty_tracking_uri_is_said(podium):
    podium("--tracking-uri", "", "runs", "list").fails(2, "the tracking URI is empty")


def test_a_key_that_is_too_long_makes_no_run(podium, tmp_path):
    for option in ("-p", "-m", "-t"):
        podium("log", option, "k" * 251 + "=1").fails(2, "kkk...", "250 characters")
    assert not (tmp_path / "mlflow.db").exists()


def test_a_version_beyond_64_bits_is_repeated_as_it_was_typed(podium, taxi):
    podium("alias", "set", "taxi", "x", "9223372036854775808").fails(
        2, "out of range, got '9223372036854775808'")
    podium("models", "show", "taxi", "9" * 40).fails(2, "9" * 40)


def test_a_version_named_twice_is_deleted_once(podium, taxi):
    podium("models", "rm", "taxi", "-v", "1", "-v", "01").ok()
    assert podium("models", "versions", "taxi", "-q").out == ""


def test_a_version_is_printed_as_the_store_has_it(podium, taxi):
    assert podium("models", "show", "taxi", "01", "-q").ok().out == "1\n"


def test_the_history_of_a_run_that_is_not_there_is_not_found(podium, taxi):
    podium("runs", "history", "abc", "rmse").fails(3, "Run with id=abc not found")
    for more in ([], ["--json"], ["-q"]):
        podium("runs", "history", taxi, "rmsee", *more).fails(3, "no metric `rmsee`")


@pytest.mark.parametrize("args", [["inspect"], ["predict"], ["serve", "--port", "0"], ["fetch"],
                                  ["artifacts", "list"], ["artifacts", "get"]])
def test_a_run_without_that_model_tells_what_it_has(podium, taxi, args):
    podium(*args, f"runs:/{taxi}/modle").fails(
        3, f"run {taxi} has no `modle`; its models: `model`")


@pytest.mark.parametrize("args", [["inspect"], ["predict"], ["serve", "--port", "0"]])
def test_a_folder_that_is_no_model_is_named(podium, tmp_path, args):
    (tmp_path / "d").mkdir()
    podium(*args, "d").fails(3, "d: a folder without MLmodel")


def test_every_verb_answers_in_json(podium, taxi):
    for args in (["alias", "set", "taxi", "b", "1"], ["alias", "rm", "taxi", "b"],
                 ["experiments", "tag", "taxi", "a=b"], ["experiments", "rename", "taxi", "t2"],
                 ["experiments", "rm", "t2"], ["experiments", "restore", "t2"],
                 ["runs", "tag", taxi, "a=b"], ["runs", "rm", taxi], ["runs", "restore", taxi]):
        assert podium(*args, "--json").ok().json == {}, args
    assert podium("runs", "rename", taxi, "n", "--json").json["run_info"]["run_name"] == "n"
    model = podium("models", "describe", "taxi", "text", "--json").ok().json["registered_model"]
    assert model["description"] == "text"
    assert podium("models", "rm", "taxi", "--json").ok().json == {}
    assert podium("artifacts", "rm", podium.cwd / "mlruns", "-r", "--json").ok().json == {}
    assert podium("runs", "rename", "-h", "--json").ok().out.startswith("usage:")


def test_removing_what_is_not_there_is_not_found(podium, tmp_path):
    podium("artifacts", "rm", "-r", tmp_path / "nope").fails(3, "nope: nothing there")


def test_a_single_file_is_listed_by_its_name(podium, tmp_path):
    (tmp_path / "one.txt").write_text("1")
    assert podium("artifacts", "list", "one.txt", "-q").ok().out == "one.txt\n"


def test_names_that_are_not_utf8_are_called_so(podium, tmp_path):
    (tmp_path / "f").write_text("1")
    podium("log", "-a", os.fsdecode(b"f=\xff")).fails(2, "--artifact: the text is not UTF-8")
    podium("fetch", "f", "-o", os.fsdecode(b"\xff")).fails(2, "folder's name is not UTF-8")


@pytest.fixture
def read_only(tmp_path, clean_env):
    """A folder nobody can write to, root included. Mounted in a namespace of its own."""
    def run(program, *args):
        script = 'mount --bind . . && mount -o remount,ro,bind . && cd "$PWD" && exec "$@"'
        done = subprocess.run(["unshare", "-rm", "sh", "-c", script, "sh", program, *args],
                              cwd=tmp_path, env=clean_env, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=60)
        return done
    if subprocess.run(["unshare", "-rm", "sh", "-c", "mount --bind . . && mount -o remount,ro,bind ."],
                      cwd=tmp_path, capture_output=True).returncode != 0:
        pytest.skip("no user namespaces here")
    return run


def test_a_read_only_folder_is_read_and_not_written(podium, taxi, tmp_path, read_only):
    before = digest(tmp_path / "mlflow.db")
    assert not list(tmp_path.glob("mlflow.db-*"))
    got = read_only(podium.path, "alias", "list", "taxi", "-q")
    assert (got.returncode, got.stdout, got.stderr) == (0, "champion\n", "")
    for args in (["log", "-p", "a=1"], ["alias", "set", "taxi", "b", "1"], ["models", "rm", "taxi"]):
        got = read_only(podium.path, *args)
        assert got.returncode == 4 and got.stdout == "", got
        assert len(got.stderr.splitlines()) == 1 and "mlflow.db" in got.stderr, got
    assert digest(tmp_path / "mlflow.db") == before
