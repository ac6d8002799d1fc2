"""podium run: a run around a command."""

import contextlib
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time

import pytest


def run_of(podium, run_id):
    return podium("runs", "show", run_id, "--json").ok().json["run"]


def tags_of(run):
    return {t["key"]: t["value"] for t in run["data"]["tags"]}


def only_run(podium):
    """The one run in the database."""
    with contextlib.closing(sqlite3.connect(podium.cwd / "mlflow.db")) as db:
        [(run_id,)] = db.execute("SELECT run_uuid FROM runs").fetchall()
    return run_of(podium, run_id)




def test_the_child_finds_run_experiment_and_store(podium, tmp_path):
    r = podium("run", "-e", "taxi", "-n", "first", "-p", "depth=20", "-t", "team=rides", "--",
               sys.executable, "-c",
               "import os; print(*(os.environ[k] for k in ('MLFLOW_RUN_ID', "
               "'MLFLOW_EXPERIMENT_ID', 'MLFLOW_TRACKING_URI')))").ok()
    run_id, experiment_id, uri = r.out.split()
    assert uri == f"sqlite:///{tmp_path}/mlflow.db"
    assert f"podium: run {run_id} (first)" in r.err
    run = run_of(podium, run_id)
    assert run["info"]["experiment_id"] == experiment_id == "1"
    assert run["info"]["status"] == "FINISHED"
    assert run["info"]["end_time"] >= run["info"]["start_time"]
    assert run["data"]["params"] == [{"key": "depth", "value": "20"}]
    tags = tags_of(run)
    assert tags["mlflow.user"] == "tester"
    assert tags["mlflow.source.name"] == sys.executable
    assert tags["mlflow.source.type"] == "LOCAL"
    assert tags["mlflow.project.entryPoint"].startswith(f"{sys.executable} -c 'import os;")
    assert tags["mlflow.runName"] == "first"
    assert tags["team"] == "rides"
    assert tags["podium.exit_status"] == "0"
    assert "mlflow.parentRunId" not in tags


def test_the_child_has_our_standard_streams(podium):
    r = podium("run", "-q", "--", "sh", "-c", "cat; echo diag >&2", input="abc").ok()
    assert r.out == "abc"
    assert r.err == "diag\n"


@pytest.mark.parametrize("code, status", [(0, "FINISHED"), (1, "FAILED"), (77, "FAILED")])
def test_the_exit_status_is_the_childs(podium, code, status):
    assert podium("run", "--", "sh", "-c", f"exit {code}").rc == code
    run = only_run(podium)
    assert run["info"]["status"] == status
    assert tags_of(run)["podium.exit_status"] == str(code)


def test_a_signal_that_ends_the_child_ends_the_run_killed(podium):
    assert podium("run", "--", "sh", "-c", "kill -KILL $$").rc == 137
    assert only_run(podium)["info"]["status"] == "KILLED"


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT])
def test_signals_pass_through(podium, tmp_path, sig):
    p = subprocess.Popen([podium.path, "run", "-q", "--", "sh", "-c", "echo up; exec sleep 60"],
                         stdout=subprocess.PIPE, env=podium.env, cwd=tmp_path)
    assert p.stdout.readline() == b"up\n"
    p.send_signal(sig)
    assert p.wait(30) == 128 + sig
    assert only_run(podium)["info"]["status"] == "KILLED"


def test_a_child_that_cleans_up_after_a_signal_was_killed_too(podium, tmp_path):
    script = "trap 'echo cleaned; exit 143' TERM; echo up; while :; do sleep 0.05; done"
    p = subprocess.Popen([podium.path, "run", "-q", "--", "sh", "-c", script],
                         stdout=subprocess.PIPE, env=podium.env, cwd=tmp_path)
    assert p.stdout.readline() == b"up\n"
    p.send_signal(signal.SIGTERM)
    assert p.wait(30) == 143
    assert p.stdout.read() == b"cleaned\n"
    assert only_run(podium)["info"]["status"] == "KILLED"


COUNT_INTERRUPTS = textwrap.dedent("""
    import os, signal, time
    n = 0
    def count(*_):
        global n
        n += 1
    signal.signal(signal.SIGINT, count)
    print("up", flush=True)
    while n == 0:
        time.sleep(0.01)
    time.sleep(0.3)
    print("interrupts", n, flush=True)
""")


def test_ctrl_c_at_the_terminal_reaches_the_child_once(podium, tmp_path):
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(podium.path,
                  [podium.path, "run", "-q", "--", sys.executable, "-c", COUNT_INTERRUPTS],
                  podium.env)
    out = b""
    while b"up" not in out:
        out += os.read(master, 1000)
    os.write(master, b"\x03")
    try:
        while part := os.read(master, 1000):
            out += part
    except OSError:
        pass
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert b"interrupts 1" in out
    assert only_run(podium)["info"]["status"] == "FINISHED"


def test_ctrl_z_stops_both_and_fg_goes_on(podium, tmp_path):
    """An interactive shell runs it as one job."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve("/bin/bash", ["bash", "--norc", "--noprofile", "-i"],
                  {**podium.env, "PS1": "$ "})

    def until(text):
        seen = b""
        end = time.monotonic() + 30
        while text not in seen:
            assert time.monotonic() < end, seen
            seen += os.read(master, 1000)

    until(b"$ ")
    os.write(master, f"{podium.path} run -q -- sh -c 'echo u''p; read x; echo got-$x'\n".encode())
    until(b"up")
    os.write(master, b"\x1a")
    until(b"Stopped")
    os.write(master, b"fg\n")
    until(b"run -q")
    os.write(master, b"word\n")
    until(b"got-word")
    os.write(master, b"exit\n")
    os.waitpid(pid, 0)
    os.close(master)
    assert only_run(podium)["info"]["status"] == "FINISHED"


def test_a_command_that_is_not_there_makes_no_run(podium, tmp_path):
    podium("run", "--", "no-such-program-here", "x").fails(127, "command not found")
    podium("run", "--", "./nothing").fails(127, "No such file")
    (tmp_path / "data").write_text("x")
    podium("run", "--", "./data").fails(126, "Permission denied")
    podium("run", "--", str(tmp_path)).fails(126, "not a program")
    assert not (tmp_path / "mlflow.db").exists()


def test_a_script_whose_interpreter_is_missing_is_a_failed_run(podium, tmp_path):
    script = tmp_path / "x.sh"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    podium("run", "-q", "--", "./x.sh").fails(127, "x.sh")
    assert only_run(podium)["info"]["status"] == "FAILED"


def test_a_run_inside_a_run_is_nested(podium):
    r = podium("run", "-q", "-e", "taxi", "--", "sh", "-c",
               f'echo $MLFLOW_RUN_ID; "{podium.path}" run -q -- sh -c "echo \\$MLFLOW_RUN_ID"')
    outer, inner = r.ok().out.split()
    assert outer != inner
    run = run_of(podium, inner)
    assert tags_of(run)["mlflow.parentRunId"] == outer
    assert run["info"]["experiment_id"] == run_of(podium, outer)["info"]["experiment_id"] == "1"


def test_a_surrounding_run_that_is_not_there_is_refused(podium):
    podium("experiments", "create", "x").ok()
    podium("run", "--", "true", env={"MLFLOW_RUN_ID": "0" * 32}).fails(3, "MLFLOW_RUN_ID")


def test_log_inside_a_run_goes_into_it_and_leaves_it_running(podium):
    r = podium("run", "-q", "--", "sh", "-c",
               f'"{podium.path}" log -q -m rmse=5.5 && "{podium.path}" runs show $MLFLOW_RUN_ID')
    assert "status      RUNNING" in r.ok().out
    run = only_run(podium)
    assert run["info"]["run_id"] in r.out
    assert [m["value"] for m in run["data"]["metrics"]] == [5.5]


def test_a_name_in_the_environment_does_not_contradict_the_id(podium):
    r = podium("run", "-q", "-e", "taxi", "--", "sh", "-c",
               "echo ${MLFLOW_EXPERIMENT_NAME-unset}", env={"MLFLOW_EXPERIMENT_NAME": "bus"})
    assert r.ok().out == "unset\n"
    podium("run", "-q", "--", "true", env={"MLFLOW_EXPERIMENT_NAME": "bus"}).ok()
    assert podium("experiments", "show", "bus", "-q").ok().out == "2\n"


def test_sigpipe_is_the_childs_own_again(podium):
    r = podium("run", "-q", "--", "sh", "-c", "yes | head -n 1")
    assert r.ok().out == "y\n" and r.err == ""


def test_the_commit_is_read_from_git(podium, tmp_path):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q", "-b", "topic"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*git, "remote", "add", "origin", "https://me:secret@example.org/x.git"],
                   check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True,
                            text=True).stdout.strip()
    podium("run", "-q", "--", "true").ok()
    tags = tags_of(only_run(podium))
    assert tags["mlflow.source.git.commit"] == commit
    assert tags["mlflow.source.git.branch"] == "topic"
    assert tags["mlflow.source.git.repoURL"] == "https://example.org/x.git"


def test_a_python_script_resumes_the_run(podium, mlflow_client, tmp_path):
    script = tmp_path / "train.py"
    script.write_text(
        "import mlflow\n"
        "with mlflow.start_run() as run:\n"
        "    mlflow.log_metric('rmse', 1.5)\n"
        "    print(run.info.run_id)\n")
    r = podium("run", "-e", "taxi", "-q", "--", sys.executable, "train.py", timeout=120).ok()
    run = mlflow_client.get_run(r.out.strip())
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"rmse": 1.5}
    assert run.data.tags["mlflow.source.name"] == "train.py"
    assert mlflow_client.get_experiment(run.info.experiment_id).name == "taxi"


# ------------------------------------------------------------------------------- a signal for us


def catches(pid, sig):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("SigCgt:"):
            return int(line.split()[1], 16) >> (sig - 1) & 1
    return False


def stop_while_locked(podium, db, sig, *args):
    """Start it while another program holds the database, send `sig`, let the database go."""
    lock = sqlite3.connect(db, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    p = subprocess.Popen([podium.path, *args], cwd=podium.cwd, env=podium.env, text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not catches(p.pid, sig):
        assert p.poll() is None, p.communicate()
        time.sleep(0.01)
    p.send_signal(sig)
    time.sleep(0.05)
    lock.execute("COMMIT")
    lock.close()
    out, err = p.communicate(timeout=60)
    return p.returncode, out, err


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_log_that_is_stopped_leaves_its_run_killed(podium, tmp_path, sig):
    podium("experiments", "create", "x").ok()
    (tmp_path / "a.txt").write_text("a")
    rc, out, err = stop_while_locked(podium, tmp_path / "mlflow.db", sig,
                                     "log", "-p", "a=1", "-a", "a.txt")
    run = only_run(podium)
    assert rc == -sig and out == ""
    assert err.count("\n") == 1 and f"stopped by signal {int(sig)}" in err
    assert run["info"]["status"] == "KILLED" and run["info"]["end_time"]
    assert not run["data"].get("params") and not list(tmp_path.glob("mlruns/**/a.txt"))


def test_a_log_that_is_stopped_leaves_a_given_run_as_it_is(podium, tmp_path):
    run_id = podium("log", "-q").ok().out.strip()
    podium("api", "runs/update", f"run_id={run_id}", "status=RUNNING").ok()
    rc, _, err = stop_while_locked(podium, tmp_path / "mlflow.db", signal.SIGTERM,
                                   "log", "-r", run_id, "-p", "a=1", "-n", "other")
    assert rc == -signal.SIGTERM and run_id in err
    assert only_run(podium)["info"]["status"] == "RUNNING"


def test_a_run_that_is_stopped_before_its_command_ends_killed(podium, tmp_path):
    podium("experiments", "create", "x").ok()
    rc, _, _ = stop_while_locked(podium, tmp_path / "mlflow.db", signal.SIGTERM,
                                 "run", "-e", "x", "--", "touch", "ran")
    assert rc == 128 + signal.SIGTERM
    assert only_run(podium)["info"]["status"] == "KILLED"
    assert not (tmp_path / "ran").exists()
