"""MLflow's own Python client against `podium server`, artifacts through the server and beside it."""

import pytest


@pytest.fixture(params=["proxied", "direct"])
def tracked(request, podium_start, tmp_path, monkeypatch):
    """`mlflow`, tracking to a server of ours; artifacts go through it or straight to the disk."""
    import mlflow

    direct = ["--no-serve-artifacts"] if request.param == "direct" else []
    service = podium_start("server", "--port", 0, *direct)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", service.url)
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)
    mlflow.service = service
    yield mlflow
    while mlflow.active_run():
        mlflow.end_run()
    mlflow.set_tracking_uri(None)
    mlflow.set_registry_uri(None)


def no_failures(mlflow):
    bad = [line for line in mlflow.service.lines if line.split()[4:5] and line.split()[4] >= "500"]
    assert not bad, bad


def test_a_run_is_logged_and_read_back(tracked):
    import pandas as pd

    tracked.set_experiment("rides")
    with tracked.start_run(run_name="parent", tags={"team": "taxi"}) as run:
        tracked.log_params({"depth": 3, "name": "ü" * 100})
        tracked.log_metrics({"rmse": 1.5, "nan": float("nan"), "inf": float("inf")}, step=1)
        tracked.log_metric("rmse", 1.25, step=2)
        tracked.log_text("hello", "notes/a.txt")
        tracked.log_dict({"a": [1, 2]}, "d.json")
        tracked.log_table({"q": ["a", "b"]}, "t.json")
        tracked.log_table({"q": ["c"]}, "t.json")
        data = tracked.data.from_pandas(pd.DataFrame({"x": [1.0, 2.0]}), name="rows")
        tracked.log_input(data, context="training")
        with tracked.start_run(run_name="child", nested=True) as child:
            tracked.log_metric("loss", 1, synchronous=False)
            tracked.flush_async_logging()
    client = tracked.MlflowClient()
    got = client.get_run(run.info.run_id)
    assert got.info.status == "FINISHED" and got.data.params["depth"] == "3"
    assert got.data.metrics["rmse"] == 1.25 and got.data.metrics["nan"] != got.data.metrics["nan"]
    assert got.inputs.dataset_inputs[0].dataset.name == "rows"
    assert [m.value for m in client.get_metric_history(run.info.run_id, "rmse")] == [1.5, 1.25]
    assert {f.path for f in client.list_artifacts(run.info.run_id)} == {"notes", "d.json", "t.json"}
    assert tracked.artifacts.load_text(run.info.artifact_uri + "/notes/a.txt") == "hello"
    assert list(tracked.load_table("t.json", run_ids=[run.info.run_id])["q"]) == ["a", "b", "c"]
    found = tracked.search_runs(experiment_names=["rides"],
                                filter_string=f"tags.mlflow.parentRunId = '{run.info.run_id}'")
    assert list(found["run_id"]) == [child.info.run_id]
    client.delete_run(child.info.run_id)
    assert client.get_run(child.info.run_id).info.lifecycle_stage == "deleted"
    no_failures(tracked)


def test_a_model_is_logged_registered_and_loaded(tracked):
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    x = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [2.0, 1.0, 0.0]})
    tracked.set_experiment("models")
    model = LinearRegression().fit(x, [1.0, 2.0, 4.0])
    with tracked.start_run():
        info = tracked.sklearn.log_model(
            model, name="model", signature=tracked.models.infer_signature(x, model.predict(x)),
            registered_model_name="rides",
        )
    assert list(tracked.sklearn.load_model(info.model_uri).predict(x)) == list(model.predict(x))
    client = tracked.MlflowClient()
    client.set_registered_model_alias("rides", "champion", 1)
    loaded = tracked.pyfunc.load_model("models:/rides@champion")
    assert list(loaded.predict(x)) == list(model.predict(x))
    version = tracked.register_model(info.model_uri, "rides", tags={"k": "v"})
    assert (version.version, version.tags) == ("2", {"k": "v"}) or version.version == 2
    assert len(client.search_model_versions("name = 'rides'")) == 2
    assert [m.name for m in tracked.search_logged_models(output_format="list")] == ["model"]
    client.delete_model_version("rides", "1")
    client.delete_registered_model("rides")
    no_failures(tracked)


def test_a_batch_of_a_thousand_metrics_is_taken_whole(tracked):
    from mlflow.entities import Metric, Param, RunTag

    client = tracked.MlflowClient()
    run_id = client.create_run("0").info.run_id
    client.log_batch(run_id, [Metric(f"m{i}", float(i), 1, i) for i in range(900)],
                     [Param(f"p{i}", str(i)) for i in range(50)],
                     [RunTag(f"t{i}", str(i)) for i in range(50)])
    data = client.get_run(run_id).data
    assert len(data.metrics) == 900 and len(data.params) == 50 and data.metrics["m899"] == 899.0
    client.log_batch(run_id, [Metric("h", float(i), i, i) for i in range(1000)])
    assert len(client.get_metric_history(run_id, "h")) == 1000


def test_errors_reach_the_client_in_mlflows_words(tracked):
    from mlflow.exceptions import RestException

    client = tracked.MlflowClient()
    with pytest.raises(RestException) as e:
        client.get_run("0" * 32)
    assert e.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    client.create_experiment("one")
    with pytest.raises(RestException) as e:
        client.create_experiment("one")
    assert e.value.error_code == "RESOURCE_ALREADY_EXISTS"
