"""Many writers on one database: nothing is lost and nobody is told that it is locked."""

import contextlib
import json
import os
import pathlib
import sqlite3
import subprocess
import threading

import pytest

from differential import ROOT, Batch

N_PROCESSES = 200
N_METRICS = 5


def test_two_hundred_processes_lose_nothing(tmp_path, clean_env):
    uri = f"sqlite:///{tmp_path}/podium.db"
    first = Batch(uri, tmp_path / "mlruns", tmp_path, clean_env)
    status, body = first("POST", "runs/create", {"experiment_id": "0", "run_name": "shared"})
    shared = body["run"]["info"]["run_id"]
    tools = pathlib.Path(os.environ.get("PODIUM_TOOLS") or ROOT / "build" / "tools")
    argv = [str(tools / "api_batch"), uri, str(tmp_path / "mlruns")]
    running = []
    for i in range(N_PROCESSES):
        lines = [{"method": "runs/create", "request": {"experiment_id": "0", "run_name": f"r{i}"}}]
        lines += [{"method": "runs/log-metric", "request": {
            "run_id": shared, "key": "m", "value": i + k / 10, "timestamp": i, "step": k,
        }} for k in range(N_METRICS)]
        lines.append({"method": "runs/log-batch", "request": {
            "run_id": shared, "params": [{"key": f"p{i}", "value": str(i)}],
            "tags": [{"key": "last", "value": str(i)}, {"key": f"t{i}", "value": "x"}],
            "metrics": [{"key": "max", "value": i, "timestamp": 1, "step": i}],
        }})
        p = subprocess.Popen(argv, cwd=tmp_path, env=clean_env, stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        p.stdin.write("\n".join(json.dumps(x) for x in lines).encode() + b"\n")
        p.stdin.flush()
        running.append(p)
    for p in running:
        p.stdin.close()
    for p in running:
        answers = [json.loads(x) for x in p.stdout.read().splitlines()]
        assert p.wait(120) == 0
        assert [a["status"] for a in answers] == [200] * (2 + N_METRICS), answers
        p.stdout.close()
    _, body = first("GET", "runs/get", {"run_id": shared})
    data = body["run"]["data"]
    latest = {m["key"]: m for m in data["metrics"]}
    assert latest["max"]["value"] == N_PROCESSES - 1
    assert latest["m"] == {"key": "m", "value": N_PROCESSES - 1 + (N_METRICS - 1) / 10,
                           "timestamp": N_PROCESSES - 1, "step": N_METRICS - 1}
    assert {p["key"]: p["value"] for p in data["params"]} == {f"p{i}": str(i) for i in range(N_PROCESSES)}
    assert {t["key"] for t in data["tags"]} == {f"t{i}" for i in range(N_PROCESSES)} | {"last", "mlflow.runName"}
    _, body = first("GET", "metrics/get-history", {"run_id": shared, "metric_key": "m"})
    assert len(body["metrics"]) == N_PROCESSES * N_METRICS
    first.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "podium.db")) as db:
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (N_PROCESSES + 1,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_podium_and_mlflow_write_to_one_file_in_turn(mlflow_client, mlflow_db, tmp_path, clean_env):
    podium = Batch(f"sqlite:///{mlflow_db}", tmp_path / "mlruns", tmp_path, clean_env)
    exp = mlflow_client.create_experiment("both")
    for i in range(10):
        run = mlflow_client.create_run(exp, run_name=f"r{i}").info.run_id
        status, body = podium("POST", "runs/log-metric", {
            "run_id": run, "key": "m", "value": i, "timestamp": 5, "step": 1})
        assert status == 200, body
        mlflow_client.log_metric(run, "m", i + 0.5, timestamp=6, step=1)
        status, body = podium("POST", "runs/log-batch", {
            "run_id": run, "params": [{"key": "p", "value": str(i)}],
            "metrics": [{"key": "m", "value": 99, "timestamp": 4, "step": 1}],
            "tags": [{"key": "by", "value": "podium"}]})
        assert status == 200, body
        mlflow_client.set_tag(run, "by", "mlflow")
        assert podium("POST", "runs/update", {"run_id": run, "status": "FINISHED", "end_time": 7})[0] == 200
        seen = mlflow_client.get_run(run)
        assert seen.data.metrics == {"m": i + 0.5}
        assert seen.data.params == {"p": str(i)}
        assert seen.data.tags["by"] == "mlflow"
        assert (seen.info.status, seen.info.end_time) == ("FINISHED", 7)
        history = mlflow_client.get_metric_history(run, "m")
        assert [(m.value, m.timestamp) for m in history] == [(99, 4), (i, 5), (i + 0.5, 6)]
        _, body = podium("GET", "runs/get", {"run_id": run})
        assert body["run"]["data"]["metrics"] == [{"key": "m", "value": i + 0.5, "timestamp": 6, "step": 1}]
    _, body = podium("POST", "runs/create", {"experiment_id": exp, "run_name": "from podium"})
    run = body["run"]["info"]["run_id"]
    assert mlflow_client.get_run(run).info.run_name == "from podium"
    podium.close()


def test_podium_and_mlflow_write_to_one_file_at_once(mlflow_client, mlflow_db, tmp_path, clean_env):
    run = mlflow_client.create_run("0").info.run_id
    failures = []

    def ours(name):
        podium = Batch(f"sqlite:///{mlflow_db}", tmp_path / "mlruns", tmp_path, clean_env)
        for i in range(40):
            status, body = podium("POST", "runs/log-metric", {
                "run_id": run, "key": name, "value": i, "timestamp": i, "step": i})
            if status != 200:
                failures.append(body)
        podium.close()

    def theirs(name):
        try:
            for i in range(15):
                mlflow_client.log_metric(run, name, i, timestamp=i, step=i)
        except Exception as e:
            failures.append(e)

    threads = [threading.Thread(target=ours, args=(f"o{i}",)) for i in range(4)]
    threads += [threading.Thread(target=theirs, args=(f"t{i}",)) for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == []
    for i in range(4):
        assert len(mlflow_client.get_metric_history(run, f"o{i}")) == 40
    for i in range(2):
        assert len(mlflow_client.get_metric_history(run, f"t{i}")) == 15
    assert mlflow_client.get_run(run).data.metrics["o0"] == 39


@pytest.mark.slow
def test_a_killed_writer_leaves_whole_batches(tmp_path, clean_env):
    uri = f"sqlite:///{tmp_path}/podium.db"
    first = Batch(uri, tmp_path / "mlruns", tmp_path, clean_env)
    _, body = first("POST", "runs/create", {"experiment_id": "0", "run_name": "r"})
    run = body["run"]["info"]["run_id"]
    done = []
    for round_ in range(8):
        victim = Batch(uri, tmp_path / "mlruns", tmp_path, clean_env)
        timer = threading.Timer(0.05 + 0.02 * round_, victim.proc.kill)
        timer.start()
        i = 0
        try:
            while True:
                i += 1
                key = f"k{round_}.{i}"
                status, _ = victim("POST", "runs/log-batch", {"run_id": run, "params": [
                    {"key": f"{key}.a", "value": "1"}, {"key": f"{key}.b", "value": "1"}]})
                assert status == 200
                done.append(key)
                if i == 90:
                    run = first("POST", "runs/create", {"experiment_id": "0"})[1]["run"]["info"]["run_id"]
        except (AssertionError, BrokenPipeError):
            pass
        timer.join()
        victim.proc.wait()
    first.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "podium.db")) as db:
        keys = {k for (k,) in db.execute("SELECT key FROM params")}
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    for key in done:
        assert {f"{key}.a", f"{key}.b"} <= keys
    assert {k[:-2] for k in keys if k.endswith(".a")} == {k[:-2] for k in keys if k.endswith(".b")}
