"""podium inspect: what it says of models it can and cannot predict with."""

import pickle

import pytest


@pytest.fixture
def stored(tmp_path):
    def store(model, name="model.pkl"):
        path = tmp_path / name
        path.write_bytes(model if isinstance(model, bytes) else pickle.dumps(model))
        return path

    return store


def test_a_pipeline_is_shown_step_by_step(podium, trained):
    forest = trained("forest")
    said = podium("inspect", forest.pkl, "--json").ok().json
    assert said["native"] is True and said["why"] is None
    assert said["takes"] == "dicts" and said["method"] == "predict"
    assert said["format"] == "pickle" and said["bytes"] == forest.pkl.stat().st_size
    vectorizer, trees = said["steps"]
    assert vectorizer["name"] == "dictvectorizer"
    assert vectorizer["features_out"] == len(forest.model[0].vocabulary_)
    assert vectorizer["params"]["separator"] == "="
    estimators = forest.model[1].estimators_
    assert trees["class"] == "sklearn.ensemble._forest.RandomForestRegressor"
    assert trees["trees"] == len(estimators)
    assert trees["nodes"] == sum(e.tree_.node_count for e in estimators)
    assert trees["params"]["max_depth"] == 8
    assert said["runs_code"] == []


def test_a_classifier_shows_columns_and_classes(podium, trained):
    said = podium("inspect", trained("classifier").pkl, "--json").ok().json
    (step,) = said["steps"]
    assert said["features"] == 4 and said["takes"] == "columns"
    assert step["feature_names"] == ["a", "b", "c", "d"]
    assert step["classes"] == ["setosa", "versicolor", "virginica"]


def test_a_model_directory_shows_flavors_and_signature(podium, trained, tmp_path):
    import mlflow.sklearn
    from mlflow.models import infer_signature

    line = trained("line")
    signature = infer_signature(line.inputs, line.expected)
    mlflow.sklearn.save_model(line.model, str(tmp_path / "m"), signature=signature)
    said = podium("inspect", tmp_path / "m", "--json").ok().json
    assert set(said["flavors"]) == {"python_function", "sklearn"}
    assert [c["name"] for c in said["signature"]["inputs"]] == ["a", "b", "c", "d"]
    assert said["native"] is True
    assert podium("inspect", tmp_path / "m", "-q").ok().out == "native\n"
    text = podium("inspect", tmp_path / "m").ok().out
    assert "native      yes: predict of 4 columns\n" in text
    assert "a double, b double" in text


def test_a_class_without_a_predictor_says_why(podium, stored):
    from sklearn.datasets import load_iris
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    x, y = load_iris(return_X_y=True)
    path = stored(make_pipeline(StandardScaler(), SVC(C=2.5)).fit(x, y))
    said = podium("inspect", path, "--json").ok().json
    assert said["native"] is False
    assert 'step 2 "svc": sklearn.svm._classes.SVC has no native predictor yet' in said["why"]
    assert [s["native"] for s in said["steps"]] == [True, False]
    assert said["steps"][1]["params"]["C"] == 2.5
    assert podium("inspect", path, "-q").ok().out == "python\n"


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("echo this must never be seen; touch ran",)


def test_names_that_run_code_are_listed_and_not_run(podium, stored, tmp_path):
    path = stored(Evil())
    done = podium("inspect", path, "--json").ok()
    assert any(name.endswith(".system") for name in done.json["runs_code"])
    assert "would run code" in done.json["why"]
    assert not (tmp_path / "ran").exists()


def test_a_pickle_that_is_no_model_says_so(podium, stored):
    said = podium("inspect", stored([1, {"a": 2}]), "--json").ok().json
    assert said["native"] is False and "not an estimator" in said["why"]


@pytest.mark.parametrize(
    "content, text", [(b"", "empty"), (b"\x80\x04\x95", "offset"), (b"PK\x03\x04garbage", "model.pkl")]
)
def test_a_file_that_cannot_be_read_is_an_error(podium, stored, content, text):
    podium("inspect", stored(content)).fails(1, text)


def test_a_path_that_is_not_there_is_not_found(podium):
    podium("inspect", "nowhere/model").fails(3, "nowhere/model")


def test_a_folder_without_mlmodel_is_named(podium, tmp_path):
    (tmp_path / "folder").mkdir()
    podium("inspect", tmp_path / "folder").fails(3, "MLmodel")


def test_an_mlmodel_that_leads_out_of_its_folder_is_refused(podium, tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "MLmodel").write_text("flavors:\n  sklearn:\n    pickled_model: ../../etc/passwd\n")
    podium("inspect", tmp_path / "m").fails(1, "leads out of the model")
