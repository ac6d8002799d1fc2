"""podium log and register, read back by the real MLflow."""

import json
import math
import os
import pickle

import numpy as np
import pytest


def tags_of(run):
    return {t["key"]: t["value"] for t in run["data"]["tags"]}


def test_a_new_run_holds_everything_and_ends_finished(podium, mlflow_client, tmp_path):
    (tmp_path / "plots" / "deep").mkdir(parents=True)
    (tmp_path / "plots" / "a.txt").write_text("a")
    (tmp_path / "plots" / "deep" / "b.txt").write_text("b")
    (tmp_path / "note=1.txt").write_text("n")
    r = podium("log", "-e", "taxi", "-n", "first", "-p", "depth=20", "-p", "query=a=b",
               "-m", "rmse=5.9", "-m", "loss=0.3@7", "-m", "loss=-1e-3@-8", "-m", "bad=NaN",
               "-m", "big=inf", "-m", "small=-Infinity", "-t", "team=rides", "-a", "plots",
               "-a", "plots=figures/all", "-a", "plots/a.txt=x", "-a", "note=1.txt",
               "--json").ok().json
    run = mlflow_client.get_run(r["run_id"])
    assert run.info.status == "FINISHED" and run.info.run_name == r["run_name"] == "first"
    assert mlflow_client.get_experiment(run.info.experiment_id).name == "taxi"
    assert run.data.params == {"depth": "20", "query": "a=b"}
    assert run.data.metrics["rmse"] == 5.9 and run.data.metrics["loss"] == 0.3
    assert math.isnan(run.data.metrics["bad"])
    assert run.data.metrics["big"] > 1e308 and run.data.metrics["small"] < -1e308
    steps = {m.step: m.value for m in mlflow_client.get_metric_history(r["run_id"], "loss")}
    assert steps == {7: 0.3, -8: -1e-3}
    assert run.data.tags["team"] == "rides"
    assert run.data.tags["mlflow.user"] == "tester"
    assert run.data.tags["mlflow.source.name"] == "podium"
    files = set()
    folders = [None]
    while folders:
        for f in mlflow_client.list_artifacts(r["run_id"], folders.pop()):
            if f.is_dir:
                folders.append(f.path)
            else:
                files.add(f.path)
    assert files == {"a.txt", "deep/b.txt", "figures/all/a.txt", "figures/all/deep/b.txt",
                     "x/a.txt", "note=1.txt"}


def test_a_given_run_keeps_its_status(podium, mlflow_client):
    mine = mlflow_client.create_run("0")
    podium("log", "--run", mine.info.run_id, "-m", "a=1", "-n", "renamed").ok()
    run = mlflow_client.get_run(mine.info.run_id)
    assert run.info.status == "RUNNING" and run.data.metrics == {"a": 1}
    assert run.info.run_name == "renamed"
    mlflow_client.set_terminated(mine.info.run_id, "FAILED")
    podium("log", "-m", "a=2@1", env={"MLFLOW_RUN_ID": mine.info.run_id}).ok()
    run = mlflow_client.get_run(mine.info.run_id)
    assert run.info.status == "FAILED" and run.data.metrics == {"a": 2}


def test_quiet_prints_the_run_id(podium):
    assert podium("log", "-q", "-m", "a=1").ok().out.strip().isalnum()


def test_a_run_of_another_experiment_is_refused(podium, mlflow_client):
    mine = mlflow_client.create_run("0")
    podium("experiments", "create", "taxi").ok()
    podium("log", "-e", "taxi", "--run", mine.info.run_id, "-m", "a=1").fails(5, "taxi")


def test_deleted_things_are_refused_with_the_way_back(podium, mlflow_client):
    mine = mlflow_client.create_run("0")
    mlflow_client.delete_run(mine.info.run_id)
    podium("log", "--run", mine.info.run_id, "-m", "a=1").fails(5, "podium runs restore")
    podium("experiments", "create", "old").ok()
    podium("experiments", "rm", "old").ok()
    podium("log", "-e", "old", "-m", "a=1").fails(5, "podium experiments restore")


@pytest.mark.parametrize(
    "args, rc, text",
    [
        (["-a", "missing.txt"], 3, "missing.txt"),
        (["-a", "here.txt=../../out"], 2, "leads out"),
        (["-a", "here.txt=/etc"], 2, "leads out"),
        (["-p", "bad|key=1"], 2, "bad|key"),
        (["-p", "k=" + "x" * 6001], 2, "6000"),
        (["-t", "k=" + "x" * 8001], 2, "8000"),
        (["-m", "=1"], 2, "KEY=VALUE"),
        (["--model", "missing.pkl"], 3, "missing.pkl"),
        (["--model", "."], 2, "without MLmodel"),
        (["--model", "here.txt"], 1, "here.txt"),
        (["--model", "empty.pkl"], 1, "empty.pkl"),
        (["--model", "evil.pkl"], 4, "evil.pkl"),
        (["--model", "here.txt", "--register", "a/b"], 2, "a/b"),
        (["--model", "here.txt", "--register", "ok", "--alias", "v3"], 2, "v3"),
        (["--model", "here.txt", "--register", "ok", "--alias", "Latest"], 2, "Latest"),
        (["--model", "here.txt", "--name", "a/b"], 2, "a/b"),
    ],
)
def test_what_is_wrong_is_found_before_there_is_a_run(podium, tmp_path, args, rc, text):
    class Evil:
        def __reduce__(self):
            return os.system, ("touch pwned",)

    (tmp_path / "here.txt").write_text("no model")
    (tmp_path / "empty.pkl").write_bytes(b"")
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil()))
    podium("log", *args).fails(rc, text)
    assert not (tmp_path / "mlflow.db").exists()
    assert not (tmp_path / "pwned").exists()


def test_more_than_one_batch_fits(podium, mlflow_client):
    args = [a for i in range(250) for a in ("-p", f"p{i}={i}")]
    args += [a for i in range(1200) for a in ("-m", f"m{i}={i}")]
    r = podium("log", "-q", *args).ok()
    run = mlflow_client.get_run(r.out.strip())
    assert len(run.data.params) == 250 and len(run.data.metrics) == 1200


# ------------------------------------------------------------------------------- models


def write(kind, model, tmp_path):
    path = tmp_path / f"thing.{kind}"
    if kind == "pkl":
        path.write_bytes(pickle.dumps(model))
    elif kind == "joblib":
        import joblib

        joblib.dump(model, path, compress=3)
    else:
        import skops.io

        skops.io.dump(model, path)
    return path


@pytest.mark.parametrize("kind", ["pkl", "joblib", "skops"])
def test_a_bare_file_becomes_a_model_that_mlflow_loads_by_every_uri(
    podium, mlflow_client, trained, tmp_path, kind
):
    import mlflow

    line = trained("line")
    r = podium("log", "-e", "taxi", "-p", "depth=3", "-m", "rmse=1.5", "-m", "rmse=1.2@4",
               "--model", write(kind, line.model, tmp_path), "--register", "taxi",
               "--alias", "champion", "--alias", "best", "--json").ok().json
    assert r["model_uri"] == f"models:/{r['model_id']}"
    assert r["model_version"] == "1"
    version = mlflow_client.get_model_version_by_alias("taxi", "champion")
    assert int(version.version) == 1 and version.run_id == r["run_id"]
    assert mlflow_client.get_model_version_by_alias("taxi", "best").version == version.version
    logged = mlflow_client.get_logged_model(r["model_id"])
    assert str(logged.status) == "READY" and logged.source_run_id == r["run_id"]
    assert logged.name == "model" and logged.params == {"depth": "3"}
    assert json.loads(logged.tags["mlflow.modelVersions"]) == [{"name": "taxi", "version": 1}]
    assert [(m.key, m.value) for m in logged.metrics] == [("rmse", 1.5)]
    run = mlflow_client.get_run(r["run_id"])
    assert [o.model_id for o in run.outputs.model_outputs] == [r["model_id"]]
    for uri in (r["model_uri"], f"runs:/{r['run_id']}/model", "models:/taxi/1",
                "models:/taxi@champion", "models:/taxi/latest"):
        model = mlflow.pyfunc.load_model(uri)
        assert np.array_equal(model.predict(line.inputs), line.expected), uri
        assert model.metadata.run_id == r["run_id"]
        assert model.metadata.model_id == r["model_id"]
    assert np.array_equal(mlflow.sklearn.load_model("models:/taxi/1").predict(line.inputs),
                          line.expected)


def test_a_tuple_of_two_objects_is_a_model(podium, mlflow_client, trained):
    import mlflow

    pair = trained("tuple")
    r = podium("log", "--model", pair.pkl, "--json").ok().json
    path = mlflow.artifacts.download_artifacts(r["model_uri"])
    with open(os.path.join(path, "model.pkl"), "rb") as f:
        dv, model = pickle.load(f)
    assert np.array_equal(model.predict(dv.transform(pair.inputs)), pair.expected)


def test_an_mlflow_folder_is_copied_and_names_its_new_home(
    podium, mlflow_client, trained, tmp_path
):
    import mlflow

    line = trained("line")
    mlflow.sklearn.save_model(line.model, tmp_path / "saved", serialization_format="cloudpickle")
    before = (tmp_path / "saved" / "MLmodel").read_text()
    r = podium("log", "--model", "saved", "--name", "line", "--json").ok().json
    assert (tmp_path / "saved" / "MLmodel").read_text() == before
    model = mlflow.pyfunc.load_model(f"runs:/{r['run_id']}/line")
    assert model.metadata.model_id == r["model_id"]
    assert model.metadata.run_id == r["run_id"]
    assert np.array_equal(model.predict(line.inputs), line.expected)


def test_versions_count_up(podium, trained):
    for n in (1, 2, 3):
        r = podium("log", "--model", trained("line").pkl, "--register", "taxi", "--json").ok()
        assert r.json["model_version"] == str(n)


# ------------------------------------------------------------------------------- register


@pytest.fixture
def logged(podium, trained, mlflow_client):
    return podium("log", "--model", trained("line").pkl, "--json").ok().json


def test_register_records_what_mlflow_records(podium, mlflow_client, logged):
    import mlflow

    run_uri = f"runs:/{logged['run_id']}/model"
    for n, uri in enumerate([run_uri, logged["model_uri"], "models:/ours/1"], 1):
        r = podium("register", uri, "ours", "-t", "k=v", "--description", "hello", "-a", "new",
                   "--json").ok().json
        theirs = mlflow.register_model(uri.replace("ours", "theirs"), "theirs")
        ours = mlflow_client.get_model_version("ours", str(n))
        assert r["model_version"] == str(n) and r["model_uri"] == f"models:/ours/{n}"
        assert ours.source == theirs.source.replace("theirs", "ours")
        assert ours.tags == {"k": "v"} and ours.description == "hello"
        if n < 3:
            assert ours.run_id == theirs.run_id
        assert int(mlflow_client.get_model_version_by_alias("ours", "new").version) == n
    tag = json.loads(mlflow_client.get_logged_model(logged["model_id"])
                     .tags["mlflow.modelVersions"])
    assert tag[0] == {"name": "ours", "version": 1} and len(tag) == 4


def test_register_follows_an_alias_to_its_version(podium, mlflow_client, logged):
    podium("register", logged["model_uri"], "taxi", "-a", "champion").ok()
    assert podium("register", "models:/taxi@champion", "prod", "-q").ok().out == "1\n"
    assert mlflow_client.get_model_version("prod", "1").source == "models:/taxi/1"


def test_register_says_which_part_is_wrong(podium, logged):
    podium("register", logged["model_uri"], "taxi", "-a", "champion").ok()
    podium("register", "models:/taxii/1", "x").fails(3, "taxii", "taxi")
    podium("register", "models:/taxi@champoin", "x").fails(3, "champoin", "champion")
    podium("register", f"runs:/{logged['run_id']}/modle", "x").fails(3, "modle")
    podium("register", "runs:/123/model", "x").fails(3, "123")
    podium("register", "models:/taxi/one", "x").fails(2, "one")
    podium("register", logged["model_uri"], "a/b").fails(2, "a/b")
    podium("register", logged["model_uri"], "y", "-a", "v7").fails(2, "v7")
    podium("models", "show", "y").fails(3)


