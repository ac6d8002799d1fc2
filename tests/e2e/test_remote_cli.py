"""The commands against a tracking server: the real MLflow's, and podium's own where it has one.

One server is started for the session, with artifacts served from a folder. What a command wrote
is looked at through MLflow's own client.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import pytest

from conftest import FOREIGN, binary_path, place_database


class Server:
    def __init__(self, url, proc, log, folder):
        self.url, self.proc, self.log, self.folder = url, proc, log, folder


def start_mlflow(template, folder, port):
    db = place_database(template, folder)
    env = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    env.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", HOME=str(folder))
    log = open(folder / "server.log", "wb")
    return subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{db}",
         "--artifacts-destination", str(folder / "dest"), "--serve-artifacts",
         "--host", "127.0.0.1", "--port", str(port), "--workers", "1"],
        env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True,
    )


def free():
    import socket

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_healthy(url, proc, log, timeout=180):
    end = time.monotonic() + timeout
    while time.monotonic() < end and proc.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5) as r:
                if r.status == 200:
                    return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"no server at {url}:\n{log.read_text(errors='replace')[-3000:]}")


def start_podium(template, folder, port):
    db = place_database(template, folder)
    env = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
    log = open(folder / "server.log", "wb")
    return subprocess.Popen(
        [binary_path(), "server", "--backend-store-uri", f"sqlite:///{db}",
         "--artifacts-destination", folder / "dest", "--host", "127.0.0.1", "--port", str(port)],
        env=env, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True,
    )


@pytest.fixture(scope="session", params=["mlflow", "podium"])
def server(request, mlflow_template, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"{request.param}-server")
    port = free()
    url = f"http://127.0.0.1:{port}"
    start = start_mlflow if request.param == "mlflow" else start_podium
    proc = start(mlflow_template, folder, port)
    try:
        wait_healthy(url, proc, folder / "server.log")
        yield Server(url, proc, folder / "server.log", folder)
    finally:
        os.killpg(proc.pid, signal.SIGTERM)
        try:
            proc.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(proc.pid, signal.SIGKILL)


@pytest.fixture
def remote(podium, server, request):
    """podium, with MLFLOW_TRACKING_URI; `name` is of this test alone."""
    podium.env["MLFLOW_TRACKING_URI"] = server.url
    podium.env["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "1"
    podium.name = request.node.name.replace("[", "_").replace("]", "")
    return podium


@pytest.fixture
def client(server, monkeypatch):
    import mlflow

    mlflow.set_tracking_uri(server.url)
    mlflow.set_registry_uri(server.url)
    yield mlflow.MlflowClient(server.url, server.url)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def log_model(remote, trained, kind, *more):
    model = trained(kind)
    done = remote("log", "-e", remote.name, "--model", model.pkl, "--register", remote.name,
                  "--alias", "champion", "--json", *more).ok()
    return model, done.json


# ------------------------------------------------------------------------- what is recorded


def test_experiments_are_made_shown_renamed_tagged_removed_and_restored(remote, client):
    name = remote.name
    eid = remote("experiments", "create", name, "-q").ok().out.strip()
    assert client.get_experiment(eid).name == name
    remote("experiments", "tag", name, "team=a b").ok()
    assert client.get_experiment(eid).tags["team"] == "a b"
    assert remote("experiments", "show", name, "--json").ok().json["experiment"]["experiment_id"] == eid
    remote("experiments", "rename", name, name + "2").ok()
    remote("experiments", "rm", name + "2").ok()
    assert client.get_experiment(eid).lifecycle_stage == "deleted"
    remote("experiments", "restore", eid).ok()
    assert eid in remote("experiments", "list", "-q").ok().out.split()


def test_log_writes_what_mlflow_reads(remote, client):
    run_id = remote("log", "-e", remote.name, "-p", "depth=20", "-p", "text=å b", "-m", "rmse=5.9",
                    "-m", "loss=0.25@7", "-m", "bad=nan", "-m", "far=-inf", "-t", "k=v",
                    "-n", "named", "-q").ok().out.strip()
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED" and run.info.run_name == "named"
    assert run.data.params == {"depth": "20", "text": "å b"}
    assert run.data.metrics["rmse"] == 5.9 and run.data.metrics["bad"] != run.data.metrics["bad"]
    assert run.data.metrics["far"] == -sys.float_info.max  # MLflow keeps no infinities
    assert client.get_metric_history(run_id, "loss")[0].step == 7
    assert run.data.tags["k"] == "v" and run.data.tags["mlflow.user"]


def test_runs_are_found_shown_and_removed(remote, client):
    run_id = remote("log", "-e", remote.name, "-m", "rmse=5.9", "-q").ok().out.strip()
    assert run_id in remote("runs", "list", "-e", remote.name, "-q").ok().out
    assert remote("runs", "show", run_id, "--json").ok().json["run"]["info"]["run_id"] == run_id
    remote("runs", "rm", run_id).ok()
    assert client.get_run(run_id).info.lifecycle_stage == "deleted"
    remote("runs", "restore", run_id).ok()


def test_api_answers_what_the_server_answers(remote, client):
    run_id = remote("log", "-e", remote.name, "-m", "m=1.5@2", "-q").ok().out.strip()
    eid = client.get_run(run_id).info.experiment_id
    got = remote("api", "runs/get", f"run_id={run_id}").ok().json
    assert got["run"]["data"]["metrics"][0]["value"] == 1.5
    found = remote("api", "runs/search", f"experiment_ids={eid}",
                   "filter=metrics.m > 1 and attributes.status = 'FINISHED'").ok().json
    assert [r["info"]["run_id"] for r in found["runs"]] == [run_id]
    values = remote("api", "metrics/get-history", f"run_id={run_id}", "metric_key=m").ok().json
    assert values["metrics"][0]["step"] == 2


def test_the_servers_errors_keep_their_words_and_exit_status(remote):
    remote("api", "runs/get", "run_id=" + "0" * 32).fails(3, "Run with id=" + "0" * 32)
    remote("runs", "show", "0" * 32).fails(3)
    remote("api", "experiments/create", "name=Default").fails(5, "already exists")
    remote("api", "runs/search", "experiment_ids=0", "filter=nonsense").fails(2)
    remote("alias", "list", "no-such-model").fails(3, "no-such-model")
    remote("fetch", "models:/no-such-model@champion").fails(3, "no-such-model")


def test_run_hands_the_server_to_its_child_and_ends_as_it_did(remote, client):
    done = remote("run", "-e", remote.name, "-p", "a=1", "--", "sh", "-c",
                  f"{remote.path} log -m inner=3 -q && exit 3")
    assert done.rc == 3, done
    run_id = done.out.strip()
    run = client.get_run(run_id)
    assert run.info.status == "FAILED" and run.data.metrics == {"inner": 3.0}
    assert run.data.params == {"a": "1"}


def test_a_batch_of_calls_goes_over_one_connection(remote):
    calls = [{"method": "experiments/get", "request": {"experiment_id": "0"}}] * 3
    done = remote("api", "--batch", input="".join(json.dumps(c) + "\n" for c in calls)).ok()
    assert all('"Default"' in line for line in done.out.splitlines()), done


def test_many_metrics_are_logged(remote, client):
    args = [x for i in range(1200) for x in ("-m", f"m{i}={i}")]
    run_id = remote("log", "-e", remote.name, *args, "-q").ok().out.strip()
    assert len(client.get_run(run_id).data.metrics) == 1200


# ------------------------------------------------------------------------- models


def test_a_logged_model_is_loaded_by_mlflow_and_predicted_here(remote, client, trained, tmp_path):
    import mlflow

    model, out = log_model(remote, trained, "forest")
    loaded = mlflow.sklearn.load_model(f"models:/{remote.name}@champion")
    assert list(loaded.predict(model.inputs)) == list(model.expected)
    version = client.get_model_version_by_alias(remote.name, "champion")
    assert version.run_id == out["run_id"] and version.source == out["model_uri"]
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(r) + "\n" for r in model.inputs))
    for uri in (f"models:/{remote.name}@champion", f"models:/{remote.name}/1", out["model_uri"],
                f"runs:/{out['run_id']}/model"):
        done = remote("predict", uri, "-i", rows).ok()
        got = [json.loads(line)["prediction"] for line in done.out.splitlines()]
        assert got == list(model.expected), uri
    assert remote("inspect", out["model_uri"], "-q").ok().out.strip() == "native"


def test_nothing_is_left_of_a_model_that_was_read(remote, trained, tmp_path):
    log_model(remote, trained, "line")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    env = {"TMPDIR": str(scratch)}
    remote("inspect", f"models:/{remote.name}@champion", env=env).ok()
    remote("predict", f"models:/{remote.name}@champion", input="{", env=env)
    assert list(scratch.iterdir()) == []


def test_mlflows_own_model_is_fetched_byte_for_byte(remote, client, server, trained, tmp_path):
    import mlflow

    model = trained("line")
    with mlflow.start_run(experiment_id=client.create_experiment(remote.name)):
        info = mlflow.sklearn.log_model(model.model, name="model",
                                        registered_model_name=remote.name)
    remote("fetch", f"models:/{remote.name}/1", "-o", tmp_path / "got").ok()
    [there] = (server.folder / "dest").rglob(f"{info.model_id}/artifacts")
    want = {p.relative_to(there): p.read_bytes() for p in there.rglob("*") if p.is_file()}
    got = {p.relative_to(tmp_path / "got"): p.read_bytes()
           for p in (tmp_path / "got").rglob("*") if p.is_file()}
    assert got == want and got
    again = remote("fetch", f"models:/{remote.name}/1", "-o", tmp_path / "got").ok()
    assert not list((tmp_path / "got").glob(".podium*")), again


def test_register_takes_a_run_and_a_model_on_the_server(remote, client, trained):
    _, out = log_model(remote, trained, "line")
    remote("register", f"runs:/{out['run_id']}/model", remote.name + "-b", "--alias", "a1").ok()
    remote("register", f"models:/{remote.name}/1", remote.name + "-c").ok()
    assert client.get_model_version_by_alias(remote.name + "-b", "a1").run_id == out["run_id"]
    assert client.get_model_version(remote.name + "-c", "1").version in (1, "1")


def test_aliases_move_and_go(remote, client, trained):
    log_model(remote, trained, "line")
    remote("register", f"models:/{remote.name}/1", remote.name).ok()
    remote("alias", "set", remote.name, "champion", "2").ok()
    assert int(client.get_model_version_by_alias(remote.name, "champion").version) == 2
    assert "champion" in remote("alias", "list", remote.name).ok().out
    remote("fetch", f"models:/{remote.name}@champoin").fails(3, "champion")
    remote("alias", "rm", remote.name, "champion").ok()
    assert client.get_registered_model(remote.name).aliases == {}


def test_serve_follows_an_alias_on_the_server(remote, podium_start, trained, client):
    import requests

    model, _ = log_model(remote, trained, "forest")
    service = podium_start("serve", f"models:/{remote.name}@champion", "--port", "0",
                           env={"MLFLOW_TRACKING_URI": remote.env["MLFLOW_TRACKING_URI"]})
    body = {"inputs": model.inputs[:3]}
    got = requests.post(f"{service.url}/invocations", json=body, timeout=30).json()
    assert got["predictions"] == list(model.expected[:3])
    remote("log", "-e", remote.name, "--model", trained("tuple").pkl, "--register", remote.name,
           "--alias", "champion").ok()
    service.wait_for("is now version 2")
    got = requests.post(f"{service.url}/invocations", json=body, timeout=30).json()
    assert got["predictions"] == pytest.approx(
        list(trained("tuple").expected[:3]), rel=1e-12)
    assert service.stop() == 0


# ------------------------------------------------------------------------- artifacts


def some_files(folder):
    files = {"top.txt": b"top", "sub/a b.bin": bytes(range(256)) * 300, "sub/deep/å+&=.txt": b"x",
             "empty": b""}
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return files


def test_artifacts_go_up_are_listed_come_down_and_go(remote, client, tmp_path):
    files = some_files(tmp_path / "src")
    run_id = remote("log", "-e", remote.name, "-a", f"{tmp_path / 'src'}=data", "-q").ok().out.strip()
    assert client.get_run(run_id).info.artifact_uri.startswith("mlflow-artifacts:/")
    listed = remote("artifacts", "list", "-r", f"runs:/{run_id}", "--json").ok().json["files"]
    sizes = {f["path"]: f["file_size"] for f in listed if not f["is_dir"]}
    assert sizes == {f"data/{n}": len(d) for n, d in files.items()}
    assert {f.path for f in client.list_artifacts(run_id, "data")} == {
        "data/top.txt", "data/sub", "data/empty"}
    remote("artifacts", "get", f"runs:/{run_id}/data", "-o", tmp_path / "got").ok()
    assert {n: (tmp_path / "got" / n).read_bytes() for n in files} == files
    remote("artifacts", "get", f"runs:/{run_id}/data/sub/a b.bin", "-o", tmp_path / "one").ok()
    assert (tmp_path / "one" / "a b.bin").read_bytes() == files["sub/a b.bin"]
    remote("artifacts", "put", tmp_path / "src/top.txt", f"runs:/{run_id}/data/sub/").ok()
    remote("artifacts", "rm", f"runs:/{run_id}/data/top.txt").ok()
    remote("artifacts", "rm", f"runs:/{run_id}/data/sub").fails(2, "-r")
    names = remote("artifacts", "list", f"runs:/{run_id}/data/sub", "-q").ok().out.split("\n")
    assert "data/sub/top.txt" in names
    remote("artifacts", "rm", "-r", f"runs:/{run_id}/data/sub").ok()
    left = remote("artifacts", "list", "-r", f"runs:/{run_id}", "-q").ok().out.split()
    assert left == ["data", "data/empty"]


def test_a_run_without_artifacts_has_an_empty_list(remote):
    run_id = remote("log", "-e", remote.name, "-m", "a=1", "-q").ok().out.strip()
    assert remote("artifacts", "list", f"runs:/{run_id}", "-q").ok().out == ""
    remote("artifacts", "get", f"runs:/{run_id}/nothing").fails(3, "nothing")
    remote("artifacts", "rm", f"runs:/{run_id}/nothing").fails(3, "nothing")


@pytest.mark.parametrize("name", ["a%20b", "a#b"])
def test_a_name_that_the_server_would_change_is_refused(remote, tmp_path, name):
    run_id = remote("log", "-e", remote.name, "-m", "a=1", "-q").ok().out.strip()
    (tmp_path / name).write_text("x")
    remote("artifacts", "put", tmp_path / name, f"runs:/{run_id}/").fails(2, name)


def test_an_experiment_with_a_local_folder_is_written_in_place(remote, client, trained, tmp_path):
    root = tmp_path / "root"
    client.create_experiment(remote.name, artifact_location=str(root))
    _, out = log_model(remote, trained, "line")
    assert list(root.rglob("MLmodel"))
    remote("fetch", f"models:/{remote.name}@champion", "-o", tmp_path / "got").ok()
    assert (tmp_path / "got" / "MLmodel").exists()


def test_the_spelled_out_address_of_an_artifact_works(remote, client, server, tmp_path):
    (tmp_path / "f.txt").write_text("hello")
    run_id = remote("log", "-e", remote.name, "-a", tmp_path / "f.txt", "-q").ok().out.strip()
    below = client.get_run(run_id).info.artifact_uri.removeprefix("mlflow-artifacts:/")
    port = server.url.rsplit(":", 1)[1]
    for uri in (f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{below}/f.txt",
                f"mlflow-artifacts:/{below}/f.txt", f"mlflow-artifacts://127.0.0.1:{port}/{below}/f.txt"):
        remote("fetch", uri, "-o", tmp_path / "got").ok()
        assert (tmp_path / "got" / "f.txt").read_text() == "hello", uri
        (tmp_path / "got" / "f.txt").unlink()


def test_artifacts_of_a_server_need_its_address(podium):
    podium("artifacts", "list", "mlflow-artifacts:/0/x").fails(2, "MLFLOW_TRACKING_URI")


def test_the_option_counts_before_the_environment(podium, server, tmp_path):
    (tmp_path / "f.txt").write_text("hello")
    run_id = podium("log", "--tracking-uri", server.url, "-a", tmp_path / "f.txt", "-q",
                    env={"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"}).ok().out.strip()
    done = podium("artifacts", "list", f"runs:/{run_id}", "-q", "--tracking-uri", server.url).ok()
    assert done.out == "f.txt\n"


def test_runs_and_models_may_live_in_different_places(remote, client, trained, tmp_path):
    env = {"MLFLOW_REGISTRY_URI": f"sqlite:///{tmp_path}/models.db"}
    _, out = log_model(remote, trained, "line")
    where = client.get_logged_model(out["model_uri"].removeprefix("models:/")).artifact_location
    remote("api", "registered-models/create", "name=elsewhere", env=env).ok()
    remote("api", "model-versions/create", "name=elsewhere", f"source={where}", env=env).ok()
    assert "elsewhere" in remote("models", "list", "-q", env=env).ok().out.split()
    assert "elsewhere" not in remote("models", "list", "-q").ok().out.split()
    remote("inspect", "models:/elsewhere/1", env=env).ok()
