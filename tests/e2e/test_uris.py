"""A model logged and registered by MLflow itself is found by podium under every kind of URI."""

import json
import pathlib
import shutil
import sqlite3
import subprocess

import pytest

NONE = "0" * 32


@pytest.fixture(scope="module")
def taxi_template(mlflow_template, tmp_path_factory):
    """A database and artifacts: model "taxi", version 1 staged and "champion", version 2 newest;
    one run with a file of its own beside the model."""
    import mlflow
    from conftest import flights, place_database
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline

    folder = tmp_path_factory.mktemp("taxi")
    uri = f"sqlite:///{place_database(mlflow_template, folder)}"
    rows, y = flights(80)
    model = make_pipeline(DictVectorizer(), LinearRegression()).fit(rows, y)
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = mlflow.MlflowClient(uri, uri)
    facts = {"folder": str(folder), "runs": [], "ids": []}
    for _ in range(2):
        with mlflow.start_run() as run:
            mlflow.log_text("hello", "notes/hello.txt")
            info = mlflow.sklearn.log_model(
                model, name="model", registered_model_name="taxi",
                skops_trusted_types=["sklearn.feature_extraction._dict_vectorizer.DictVectorizer"],
                pip_requirements=[])
        facts["runs"].append(run.info.run_id)
        facts["ids"].append(info.model_id)
    client.set_registered_model_alias("taxi", "champion", 1)
    client.transition_model_version_stage("taxi", 1, "Production")
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    return facts


@pytest.fixture
def taxi(taxi_template):
    """Only read by the tests that use it."""
    return taxi_template


def files_below(folder):
    folder = pathlib.Path(folder)
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def forms(taxi):
    run, model = taxi["runs"][0], taxi["ids"][0]
    return [
        "models:/taxi/1", "models:/taxi/01", "models:/taxi@champion", "models:/taxi/Production",
        "models:/taxi/production", f"models:/{model}", f"runs:/{run}/model", "models:///taxi/1",
        f"{taxi['folder']}/mlruns/0/models/{model}/artifacts",
        f"file://{taxi['folder']}/mlruns/0/models/{model}/artifacts",
    ]


def tracking(taxi):
    return ("--tracking-uri", f"sqlite:///{taxi['folder']}/mlflow.db")


def test_every_form_fetches_the_files_mlflow_logged(podium, taxi, tmp_path):
    logged = files_below(f"{taxi['folder']}/mlruns/0/models/{taxi['ids'][0]}/artifacts")
    assert "MLmodel" in logged
    for i, uri in enumerate(forms(taxi)):
        podium("fetch", uri, "-o", f"out{i}", *tracking(taxi)).ok()
        assert files_below(tmp_path / f"out{i}") == logged, uri


def test_latest_is_the_highest_version(podium, taxi, tmp_path):
    for uri in ("models:/taxi/latest", "models:/taxi/LATEST", "models:/taxi/None",
                "models:/taxi@latest"):
        answer = podium("fetch", uri, "-o", "out", "--json", *tracking(taxi)).ok().json
        assert answer["version"] == "2" and answer["model_id"] == taxi["ids"][1], uri
        assert answer["run_id"] == taxi["runs"][1]


def test_mlflow_loads_what_was_fetched(podium, taxi, tmp_path):
    import mlflow
    from conftest import flights

    podium("fetch", "models:/taxi@champion", "-o", "out", *tracking(taxi)).ok()
    rows = flights(5, seed=2)[0]
    assert len(mlflow.sklearn.load_model(str(tmp_path / "out")).predict(rows)) == 5


def test_a_path_below_a_model_or_run_is_one_file(podium, taxi, tmp_path):
    run, model = taxi["runs"][0], taxi["ids"][0]
    for uri in ("models:/taxi/1/MLmodel", "models:/taxi@champion/MLmodel",
                "models:/taxi/Production/MLmodel", f"models:/{model}/MLmodel",
                f"runs:/{run}/model/MLmodel"):
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        done = podium("fetch", uri, "-o", "out", "-q", *tracking(taxi)).ok()
        assert done.out == "out/MLmodel\n"
        assert list(files_below(tmp_path / "out")) == ["MLmodel"]
    podium("fetch", f"runs:/{run}/notes", *tracking(taxi)).ok()
    assert (tmp_path / "hello.txt").read_text() == "hello"


def test_files_of_a_run_and_its_model_under_one_name_are_both_there(podium, taxi, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(taxi["folder"], folder)
    with sqlite3.connect(folder / "mlflow.db") as db:
        for table, column in (("runs", "artifact_uri"), ("logged_models", "artifact_location"),
                              ("model_versions", "storage_location")):
            db.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)",
                       (taxi["folder"], str(folder)))
    run = taxi["runs"][0]
    beside = folder / "mlruns/0" / run / "artifacts/model"
    beside.mkdir(parents=True)
    (beside / "own.txt").write_text("own")
    (beside / "MLmodel").write_text("hidden")
    at = ("--tracking-uri", f"sqlite:///{folder}/mlflow.db")
    podium("fetch", f"runs:/{run}/model/own.txt", *at).ok()
    assert (tmp_path / "own.txt").read_text() == "own"
    podium("fetch", f"runs:/{run}/model/MLmodel", *at).ok()
    assert (tmp_path / "MLmodel").read_text() != "hidden"


@pytest.mark.parametrize("uri, rc, text", [
    ("models:/taxii/1", 3, "no registered model `taxii`; near: `taxi`"),
    ("models:/taxii@champion", 3, "no registered model `taxii`; near: `taxi`"),
    ("models:/taxii/latest", 3, "no registered model `taxii`; near: `taxi`"),
    ("models:/quite other/1", 3, "no registered model `quite other`"),
    ("models:/taxi@champoin", 3, "no alias `champoin`; has `champion`"),
    ("models:/taxi@zzz", 3, "no alias `zzz`; has `champion`"),
    ("models:/taxi/9", 3, "no version 9 of model `taxi`; the latest is 2"),
    ("models:/taxi/0", 3, "no version 0 of model `taxi`"),
    ("models:/taxi/99999999999999999999", 2, "out of range, got '99999999999999999999'"),
    ("models:/taxi/Staging", 3, "no version of model `taxi` in stage Staging"),
    ("models:/taxi/Stagging", 2, "Invalid Model Version stage: Stagging"),
    ("models:/taxi", 2, "the latest is models:/taxi/2"),
    ("models:/none", 3, "no registered model `none`"),
    ("models:/taxi@a b", 3, "no alias `a b`"),
    (f"models:/m-{NONE}", 3, f"no logged model `m-{NONE}`"),
    ("models:/m-7", 3, "m-7"),
    (f"runs:/{NONE}/model", 3, f"no run `{NONE}`"),
    ("runs:/7/model", 3, "a run's id is 32 hexadecimal digits"),
    ("runs:/a b/model", 2, "is not a run id"),
    ("models:/taxi/1/nothing", 3, "no artifact \"nothing\""),
    ("models:/taxi/1/../x", 2, "may not climb"),
    ("models://taxi/1", 2, "it is models:/taxi/1"),
    ("models:/", 2, "not a proper models:/ URI"),
    ("s3://bucket/key", 1, "s3"),
    ("modles:/taxi/1", 1, "modles"),
    ("C:\\models", 2, "Windows"),
    ("file://host/x", 2, "not of host \"host\""),
    ("nothing/here", 3, "nothing there"),
    ("", 2, "a URI or a path is wanted"),
])
def test_what_does_not_resolve_is_named(podium, taxi, tmp_path, uri, rc, text):
    podium("fetch", uri, "-o", "out", *tracking(taxi)).fails(rc, text)
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_there_but_not_the_path(podium, taxi):
    podium("fetch", f"runs:/{taxi['runs'][0]}/nothing", *tracking(taxi)).fails(
        3, "has no `nothing`; its models: `")


def test_text_that_is_not_utf8_is_refused(podium, podium_bin, clean_env, tmp_path):
    done = subprocess.run([podium_bin, "fetch", b"models:/\xff/1"], cwd=tmp_path, env=clean_env,
                          capture_output=True)
    assert done.returncode == 2 and b"UTF-8" in done.stderr


def test_resolving_makes_no_database(podium, tmp_path):
    podium("fetch", "models:/taxi/1").fails(3)
    assert not (tmp_path / "mlflow.db").exists()


def test_locations_that_point_at_one_another_end(podium, tmp_path):
    def call(method, *fields):
        return podium("api", method, *fields).ok()

    call("registered-models/create", "name=a")
    call("model-versions/create", "name=a", "source=s3://b/k")
    with sqlite3.connect(tmp_path / "mlflow.db") as db:
        db.execute("UPDATE model_versions SET storage_location = 'models:/a/1'")
    podium("fetch", "models:/a/1").fails(2, "point at one another")


def test_a_version_of_a_version_is_followed(podium, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m/MLmodel").write_text("x")

    def call(method, *fields):
        return podium("api", method, *fields).ok().json

    call("registered-models/create", "name=a")
    call("registered-models/create", "name=b")
    call("model-versions/create", "name=a", "source=m")
    call("registered-models/alias", "name=a", "alias=best", "version=1")
    made = call("model-versions/create", "name=b", "source=models:/a@best")
    assert made["model_version"]["source"] == "models:/a/1"
    where = json.loads(podium("fetch", "models:/b/1", "-o", "o", "--json").ok().out)
    assert where["artifact_uri"] == str(tmp_path / "m")
