"""Native predictors against the library that trained the model: every class, every way to store it."""

import pathlib
import pickle
import sys
import warnings

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "models"))
import zoo  # noqa: E402

STORED = {
    "pickle": lambda model, path: path.write_bytes(pickle.dumps(model, protocol=4)),
    "protocol0": lambda model, path: path.write_bytes(pickle.dumps(model, protocol=0)),
    "protocol1": lambda model, path: path.write_bytes(pickle.dumps(model, protocol=1)),
    "protocol2": lambda model, path: path.write_bytes(pickle.dumps(model, protocol=2)),
    "protocol3": lambda model, path: path.write_bytes(pickle.dumps(model, protocol=3)),
    "protocol5": lambda model, path: path.write_bytes(pickle.dumps(model, protocol=5)),
    "cloudpickle": lambda model, path: path.write_bytes(__import__("cloudpickle").dumps(model)),
    "joblib": lambda model, path: __import__("joblib").dump(model, path),
    "joblib_zlib": lambda model, path: __import__("joblib").dump(model, path, compress=3),
    "skops": lambda model, path: __import__("skops.io").io.dump(model, path),
}
# One of each kind of array and object in every format; all the others as pickle and skops.
EVERYWHERE = ("forest_of_dicts", "tree_classifier_text", "logistic_three_text", "tuple_vectorizer_line")


def wanted():
    for name in zoo.names():
        for how in STORED if name in EVERYWHERE else ("pickle", "skops"):
            yield pytest.param(name, how, id=f"{name}-{how}")


@pytest.fixture(scope="module")
def models():
    made = {}

    def get(name):
        if name not in made:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model, rows = zoo.CASES[name].make()
                answers = {m: zoo.library(model, rows, m) for m in zoo.CASES[name].methods}
            made[name] = model, rows, {m: v for m, v in answers.items() if v is not None}
        return made[name]

    return get


def ask(tool, path, method, rows):
    return tool("predict_file", path, method, input=zoo.rows_text(rows))


def values(done):
    return done.ok().json["values"]


@pytest.mark.parametrize("name, how", wanted())
def test_predictions_equal_the_librarys(tool, models, tmp_path, name, how):
    model, rows, answers = models(name)
    path = tmp_path / "model.bin"
    STORED[how](model, path)
    assert answers
    for method, want in answers.items():
        got = values(ask(tool, path, method, rows))
        limit = zoo.tolerance(zoo.CASES[name].exact, method, want)
        assert zoo.difference(want, got) <= limit, method


@pytest.mark.parametrize("name", ["forest_of_dicts", "forest_regressor_nan", "forest_classifier", "forest_regressor_two_outputs"])
def test_a_row_gets_the_same_answer_in_a_batch_of_any_size(tool, models, tmp_path, name):
    model, rows, answers = models(name)
    path = tmp_path / "model.pkl"
    STORED["pickle"](model, path)
    for n in (1, 2, 7, 8, 9, 16, 23):
        assert values(ask(tool, path, "predict", rows[:n])) == answers["predict"][:n]
    assert values(ask(tool, path, "predict", (rows * 40)[:1203])) == (answers["predict"] * 40)[:1203]


def test_float32_rows_give_float32_results(tool, models, tmp_path):
    model, rows, _ = models("dicts_of_float32")
    path = tmp_path / "model.pkl"
    STORED["pickle"](model, path)
    assert model.predict(rows).dtype == "float32"
    assert ask(tool, path, "predict", rows).ok().json["kind"] == "f32"


def test_a_signature_of_float32_gives_what_mlflow_gives(podium, tmp_path):
    import mlflow.pyfunc
    import mlflow.sklearn
    import numpy as np
    import pandas as pd
    from mlflow.models import infer_signature
    from sklearn.linear_model import LinearRegression, LogisticRegression

    x, y, rows = zoo.split(zoo.load_iris())
    frame = pd.DataFrame(x.astype(np.float32), columns=list("abcd"))
    test = pd.DataFrame(rows.astype(np.float32), columns=list("abcd"))
    target = y.astype(np.float32)
    for i, model in enumerate([
        LinearRegression().fit(frame, target),
        zoo.make_pipeline(zoo.StandardScaler(), LinearRegression()).fit(frame, target),
        zoo.make_pipeline(zoo.StandardScaler(), zoo.tree.DecisionTreeRegressor(random_state=0)).fit(frame, y),
        LogisticRegression(max_iter=900).fit(frame, y),
    ]):
        path = tmp_path / str(i)
        signature = infer_signature(frame, model.predict(frame))
        mlflow.sklearn.save_model(model, str(path), signature=signature, serialization_format="pickle")
        want = mlflow.pyfunc.load_model(str(path)).predict(test)
        body = {"dataframe_split": {"columns": list("abcd"), "data": rows.tolist()}}
        done = podium("predict", path, "--content-type", "json", input=zoo.rows_text(body))
        got = done.ok().json["predictions"]
        if want.dtype == np.float32:
            assert np.allclose(want, got, rtol=1e-5, atol=1e-6)
            assert np.array_equal(np.array(got, dtype=np.float32).astype(float), got)
        else:
            assert want.tolist() == got


def table(columns, *data):
    return {"columns": columns, "data": list(data)}


@pytest.fixture
def named(tmp_path):
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    path = tmp_path / "named.pkl"
    frame = pd.DataFrame({"a": [1.0, 2, 3], "b": [2.0, 1, 5]})
    path.write_bytes(pickle.dumps(LinearRegression().fit(frame, [1, 2, 3])))
    return path


BAD_INPUT = {
    "column order": (table(["b", "a"], [1, 2]), "same order"),
    "unseen name": (table(["a", "c"], [1, 2]), "'c'"),
    "missing name": (table(["a"], [1]), "missing: 'b'"),
    "too wide": ([[1, 2, 3]], "X has 3 features, but LinearRegression is expecting 2"),
    "null": (table(["a", "b"], [1, 2], [1, None]), "NaN (row 1, column 'b')"),
    "infinity": (table(["a", "b"], [1, 1e308 * 10]), None),
    "text": (table(["a", "b"], [1, "x"]), "could not convert string to float: 'x'"),
    "list": (table(["a", "b"], [1, [2]]), "a number is wanted"),
    "no rows": (table(["a", "b"]), "0 sample(s)"),
}


@pytest.mark.parametrize("what", [w for w, (_, text) in BAD_INPUT.items() if text])
def test_input_the_library_refuses_is_refused(tool, named, what):
    rows, text = BAD_INPUT[what]
    done = ask(tool, named, "predict", rows)
    assert done.rc == 1 and done.out == ""
    assert done.err.startswith("invalid: ") and text in done.err, done
    assert len(done.err.splitlines()) == 1


def test_values_beyond_float32_are_refused_by_trees(tool, models, tmp_path):
    model, rows, _ = models("forest_regressor")
    path = tmp_path / "model.pkl"
    STORED["pickle"](model, path)
    done = ask(tool, path, "predict", [[1e39] + rows[0][1:]])
    assert done.rc == 1 and "too large for dtype('float32')" in done.err, done


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: __import__("sklearn.svm").svm.SVC(), "sklearn.svm._classes.SVC has no native predictor yet"),
        (lambda: zoo.make_pipeline(zoo.StandardScaler(), __import__("sklearn.svm").svm.SVC()), 'step 2 "svc": sklearn.svm._classes.SVC'),
    ],
)
def test_a_class_without_a_predictor_is_named_with_its_place(tool, tmp_path, make, text):
    x, y, rows = zoo.split(zoo.load_iris())
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(make().fit(x, y)))
    done = ask(tool, path, "predict", rows.tolist())
    assert done.rc == 1 and done.err.startswith("unsupported: ") and text in done.err, done


def test_an_estimator_that_was_not_fitted_is_refused(tool, tmp_path):
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(zoo.ensemble.RandomForestRegressor()))
    done = ask(tool, path, "predict", [[1.0]])
    assert done.rc == 1 and "estimators_ is missing; was it fitted?" in done.err, done


def test_a_method_the_model_does_not_have_is_refused(tool, named):
    done = ask(tool, named, "predict_proba", [[1, 2]])
    assert done.rc == 1 and "LinearRegression has no predict_proba" in done.err, done


# ---------------------------------------------------------------- trees that lie


def forge(change):
    """A small forest whose first tree's state was changed before it was pickled."""
    import numpy as np

    x, y, _ = zoo.split(zoo.load_diabetes())
    forest = zoo.ensemble.RandomForestRegressor(2, max_depth=3, random_state=0).fit(x, y)

    class Forged:
        def __init__(self, tree):
            self.tree = tree

        def __reduce__(self):
            cls, args, state = self.tree.__reduce__()
            state["nodes"], state["values"] = np.array(state["nodes"]), np.array(state["values"])
            args = change(state, list(args)) or args
            return cls, tuple(args), state

    forest.estimators_[0].tree_ = Forged(forest.estimators_[0].tree_)
    return pickle.dumps(forest, protocol=4)


def node(field, index, value):
    def change(state, args):
        state["nodes"][field][index] = value

    return change


def put(key, value):
    def change(state, args):
        state[key] = value(state) if callable(value) else value

    return change


def width(state, args):
    return [3] + args[1:]


LIES = {
    "child beyond": (node("left_child", 0, 10**6), "node 0: children"),
    "child negative": (node("right_child", 0, -7), "node 0: children"),
    "child is itself": (node("left_child", 0, 0), "node 0: children"),
    "loop": (node("left_child", 2, 1), "node 2: children"),
    "two parents": (node("left_child", 0, 2), "two parents"),
    "both children one": (lambda s, a: node("left_child", 0, s["nodes"]["right_child"][0])(s, a), "node 0"),
    "feature beyond": (node("feature", 0, 10), "node 0: feature 10 of 10"),
    "feature negative": (node("feature", 0, -2), "node 0: feature -2"),
    "values short": (put("values", lambda s: s["values"][:-1]), "values has another shape"),
    "values wide": (put("values", lambda s: s["values"].repeat(3, axis=2)), "values has another shape"),
    "values flat": (put("values", lambda s: s["values"].ravel()), "values has another shape"),
    "values text": (put("values", "none"), "values is not an array of numbers"),
    "no nodes": (put("nodes", lambda s: s["nodes"][:0]), "node_count is not the number of nodes"),
    "count lies": (put("node_count", 3), "node_count is not the number of nodes"),
    "nodes of numbers": (put("nodes", lambda s: s["values"]), "nodes is not an array of nodes"),
    "another width": (width, "a tree of 3 features in a model of 10"),
}


@pytest.mark.parametrize("what", LIES)
def test_a_tree_that_lies_is_refused_with_its_place(tool, tmp_path, what):
    change, text = LIES[what]
    path = tmp_path / "model.pkl"
    path.write_bytes(forge(change))
    done = ask(tool, path, "predict", [[0.0] * 10])
    assert done.rc == 1 and done.err.startswith("corrupt: "), done
    assert "tree 0" in done.err and text in done.err, done


def test_a_forest_that_names_one_tree_twice_is_refused(tool, models, tmp_path):
    forest = pickle.loads(pickle.dumps(models("forest_regressor")[0]))
    forest.estimators_[3] = forest.estimators_[7]
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(forest))
    done = ask(tool, path, "predict", [[0.0] * 10])
    assert done.rc == 1 and "one object" in done.err, done


@pytest.mark.parametrize(
    "case, attribute, value, text",
    [
        ("linear_regression", "coef_", lambda m: m.coef_[:3], "n_features_in_"),
        ("linear_regression", "intercept_", lambda m: "x", "intercept_ is not a number"),
        ("linear_regression", "coef_", lambda m: m.coef_.astype(str), "coef_ is not an array of numbers"),
        ("logistic_three", "classes_", lambda m: m.classes_[:2], "coef_ has 3 rows for 2 classes"),
        ("logistic_three", "classes_", lambda m: m.classes_[:0], "classes_ has 0 labels"),
        ("forest_classifier", "classes_", lambda m: m.classes_[:2], "values has another shape"),
        ("forest_regressor", "n_outputs_", lambda m: 10**9, "n_outputs_ is 1000000000"),
        ("forest_regressor", "n_outputs_", lambda m: -1, "n_outputs_ is -1"),
        ("forest_regressor", "estimators_", lambda m: [], "estimators_ is not a list of trees"),
        ("forest_regressor", "estimators_", lambda m: [3], "tree"),
        ("forest_regressor", "n_features_in_", lambda m: 9, "a tree of 10 features in a model of 9"),
        ("scaler_alone", "scale_", lambda m: m.scale_[:2], "n_features_in_"),
        ("scaler_alone", "mean_", lambda m: None, "mean_ is not an array of numbers"),
        ("dict_vectorizer_alone", "vocabulary_", lambda m: {"a": 1}, "no column below 1"),
        ("dict_vectorizer_alone", "vocabulary_", lambda m: {}, "vocabulary_ is not a dict of features"),
        ("dict_vectorizer_alone", "vocabulary_", lambda m: {"a": "b"}, "no column"),
        ("dict_vectorizer_alone", "dtype", lambda m: __import__("numpy").int8, "dtype='int8'"),
    ],
)
def test_attributes_that_do_not_fit_are_refused(tool, models, tmp_path, case, attribute, value, text):
    model = pickle.loads(pickle.dumps(models(case)[0]))
    setattr(model, attribute, value(model))
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    done = ask(tool, path, "-", [[0.0] * 10])
    assert done.rc == 1 and done.out == "", done
    assert done.err.split(":")[0] in ("corrupt", "unsupported", "too_large"), done
    assert text in done.err and len(done.err.splitlines()) == 1, done


def hist_nodes(field, value):
    def change(m):
        p = m._predictors[0][0]
        p.nodes = p.nodes.copy()
        p.nodes[field][0] = value
        return m._predictors

    return change


@pytest.mark.parametrize(
    "case, attribute, value, text",
    [
        ("gb_regressor", "estimators_", lambda m: m.estimators_[:, 0], "estimators_ is not a table of trees"),
        ("gb_classifier_three", "estimators_", lambda m: m.estimators_[:, :2], "estimators_ has 2 trees a round, not 3"),
        ("gb_regressor", "learning_rate", lambda m: "x", "learning_rate is not a number"),
        ("gb_regressor", "loss", lambda m: "absurd", "loss='absurd' has no native predictor yet"),
        ("gb_regressor", "init_", lambda m: None, "init_"),
        ("gb_regressor", "init_", lambda m: m, "two parts of an ensemble are one object"),
        ("gb_classifier", "classes_", lambda m: m.classes_[:1], "classes_ has one class only"),
        ("hist_regressor", "_predictors", lambda m: m._predictors[0], "_predictors has no 1 trees in round 0"),
        ("hist_regressor", "_predictors", lambda m: m._predictors * 2, "two parts of an ensemble are one object"),
        ("hist_regressor", "_predictors", hist_nodes("feature_idx", 10), "tree 0: node 0: feature 10 of 10"),
        ("hist_regressor", "_predictors", hist_nodes("left", 10**6), "tree 0, node 0: children 1000000"),
        ("hist_regressor", "_predictors", hist_nodes("right", 0), "tree 0, node 0: children"),
        ("hist_regressor", "_predictors", hist_nodes("is_categorical", 1), "tree 0: node 0: set 0 of 0"),
        ("hist_regressor", "_baseline_prediction", lambda m: m.bin_mapper_ if hasattr(m, "bin_mapper_") else "x", "_baseline_prediction is not"),
        ("bagging_regressor_columns", "estimators_features_", lambda m: [f + 9 for f in m.estimators_features_], "of 10"),
        ("bagging_regressor_columns", "estimators_features_", lambda m: m.estimators_features_[:2], "is not a list of 7"),
        ("bagging_regressor_columns", "estimators_", lambda m: m.estimators_[:1] * 7, "two parts of an ensemble are one object"),
        ("bagging_classifier", "classes_", lambda m: m.classes_[:2], "classes_ has class 2 of 2"),
        ("ada_regressor", "estimator_weights_", lambda m: m.estimator_weights_[:2], "estimator_weights_ has 2 weights"),
        ("ada_regressor", "estimators_", lambda m: [m], "estimator 0"),
        ("voting_regressor_weights", "weights", lambda m: [1], "weights do not fit 3 estimators"),
        ("voting_hard", "voting", lambda m: "loud", "voting='loud'"),
        ("isolation_forest", "estimators_features_", lambda m: [f[:3] for f in m.estimators_features_], "a tree of 13 features in a model of 3"),
        ("isolation_forest", "offset_", lambda m: None, "offset_ is not a number"),
    ],
)
def test_ensembles_that_do_not_fit_are_refused(tool, models, tmp_path, case, attribute, value, text):
    test_attributes_that_do_not_fit_are_refused(tool, models, tmp_path, case, attribute, value, text)


def test_pipelines_nested_without_end_are_refused_quickly(tool, tmp_path):
    inner = zoo.Pipeline([("nothing", "passthrough")])
    inner.__dict__["_sklearn_version"] = "1.9.1"
    for _ in range(12):
        inner = zoo.Pipeline([(str(i), inner) for i in range(10)])
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(inner))
    done = ask(tool, path, "-", [[0.0]])
    assert done.rc == 1 and "more than 1000 steps" in done.err, done


# ---------------------------------------------------------------- preprocessing that lies, or gets what it cannot take


def change_in_columns(part, attribute, value):
    """One attribute of a transformer inside a ColumnTransformer that is a pipeline's first step."""

    def change(model):
        inner = model[0].named_transformers_[part]
        setattr(inner, attribute, value(inner))

    return change


def change_columns(value):
    def change(model):
        model[0].transformers_ = [(name, what, value) for name, what, _ in model[0].transformers_]

    return change


def arrays_of(*values):
    import numpy as np

    return lambda e: [np.array(v, dtype=object) for v in values]


LYING_COLUMNS = {
    "categories short": (change_in_columns("cat", "categories_", lambda e: e.categories_[:1]), "n_features_in_ is 2"),
    "categories none": (change_in_columns("cat", "categories_", lambda e: None), "categories_ is not a list"),
    "categories empty": (change_in_columns("cat", "categories_", arrays_of([], ["a"])), "has 0 categories"),
    "categories odd": (change_in_columns("cat", "categories_", arrays_of([{}], ["a"])), "something else than text and numbers"),
    "more categories": (change_in_columns("cat", "categories_", arrays_of(["a"], list("abcdefgh"))), "features"),
    "drop beyond": (change_in_columns("cat", "_drop_idx_after_grouping", lambda e: __import__("numpy").array([0, 99])), "holds 99 of 3"),
    "drop text": (change_in_columns("cat", "_drop_idx_after_grouping", lambda e: "x"), "_drop_idx_after_grouping"),
    "unknown option": (change_in_columns("cat", "handle_unknown", lambda e: "guess"), "handle_unknown='guess'"),
    "grouping missing": (change_in_columns("cat", "_infrequent_enabled", lambda e: True), "_default_to_infrequent_mappings"),
    "column beyond": (change_columns([1, 5]), "beyond the 5 there are"),
    "column before": (change_columns([0, -6]), "beyond the 5 there are"),
    "column name": (change_columns(["city", "town"]), "'town'"),
    "column real": (change_columns([0.5]), "neither name nor number"),
    "column mask short": (change_columns([True, False]), "mask of 2 columns"),
    "column slice back": (change_columns(slice(3, 0, -1)), "a slice that goes back"),
    "column set": (change_columns({"city"}), "columns of unknown form"),
    "columns too many": (change_columns([0, 1, 2, 3, 4, 0]), "too many columns"),
    "columns too few": (change_columns([0]), "takes 1 columns, but was fitted with 2"),
    "parts of two": (lambda m: setattr(m[0], "transformers_", [("a", "drop")]), "(name, transformer, columns)"),
    "parts none": (lambda m: setattr(m[0], "transformers_", None), "transformers_ is not a list"),
    "weights text": (lambda m: setattr(m[0], "transformer_weights", {"cat": "x"}), "transformer_weights holds no number"),
    "itself": (lambda m: setattr(m[0], "transformers_", [("again", m[0], [0, 1, 2, 3, 4])]), "nested more than"),
}


@pytest.mark.parametrize("what", LYING_COLUMNS)
def test_columns_that_lie_are_refused_with_their_place(tool, models, tmp_path, what):
    change, text = LYING_COLUMNS[what]
    model = pickle.loads(pickle.dumps(models("columns_one_hot")[0]))
    change(model)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    done = ask(tool, path, "-", models("columns_one_hot")[1])
    assert done.rc == 1 and done.out == "", done
    assert done.err.split(":")[0] in ("corrupt", "unsupported", "too_large"), done
    assert text in done.err and len(done.err.splitlines()) == 1, done


HOMES = ["city", "kind", "area", "age", "new"]
BAD_HOMES = {
    "unknown category": (table(HOMES, ["Paris", "a", 1.0, 2, True]), "Found unknown category 'Paris' in column 0"),
    "null category": (table(HOMES, [None, "a", 1.0, 2, True]), "Found unknown category null in column 0"),
    "missing column": (table(["city", "area", "age", "new"], ["Oslo", 1.0, 2, True]), "columns are missing: 'kind'"),
    "text as number": (table(HOMES, ["Oslo", "a", "x", 2, True]), "could not convert string to float: 'x'"),
    "list as category": (table(HOMES, [["Oslo"], "a", 1.0, 2, True]), "is no category"),
    "no names, too narrow": ([["Oslo", "a", 1.0]], "X has 3 features, but ColumnTransformer is expecting 5"),
    "no rows": (table(HOMES), "0 sample(s)"),
}


@pytest.mark.parametrize("what", BAD_HOMES)
def test_rows_that_columns_cannot_take_are_refused(tool, models, tmp_path, what):
    rows, text = BAD_HOMES[what]
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(models("columns_one_hot")[0]))
    done = ask(tool, path, "-", rows)
    assert done.rc == 1 and done.err.startswith("invalid: ") and text in done.err, done


@pytest.mark.parametrize(
    "case, attribute, value, text",
    [
        ("imputer_mean", "statistics_", lambda m: m.statistics_[:3], "n_features_in_"),
        ("imputer_mean", "statistics_", lambda m: None, "statistics_ is not an array"),
        ("imputer_mean", "missing_values", lambda m: [1], "neither number, text nor None"),
        ("imputer_median_marked", "indicator_", lambda m: 3, "indicator_ is no MissingIndicator"),
        ("indicator", "features_", lambda m: m.features_ + 9, "of 10"),
        ("indicator", "features", lambda m: "most", "features='most'"),
        ("function_sqrt", "func", lambda m: print, "func='print'"),
        ("function_sqrt", "kw_args", lambda m: {"where": True}, "kw_args"),
        ("union_weights", "transformer_list", lambda m: [("a",)], "not (name, transformer)"),
        ("union_weights", "transformer_list", lambda m: [("a", m)], "nested more than"),
        ("min_max", "min_", lambda m: m.min_[:2], "min_ has 2 values, not 4"),
        ("min_max_clipped", "feature_range", lambda m: 3, "feature_range is not two numbers"),
        ("robust", "center_", lambda m: "x", "center_ is not an array of numbers"),
        ("normalizer_l1", "norm", lambda m: "l3", "norm='l3'"),
        ("binarizer", "threshold", lambda m: [], "threshold is not a number"),
        ("select_k_best", "k", lambda m: -1, "k is -1"),
        ("select_k_best", "k", lambda m: 0, "keeps no feature"),
        ("select_percentile", "percentile", lambda m: float("nan"), "percentile is not within"),
        ("polynomial", "degree", lambda m: 10**9, "degree is 0 to 1000000000"),
        ("polynomial", "degree", lambda m: 60, "too many products"),
        ("polynomial", "n_output_features_", lambda m: 3, "n_output_features_ is 3, not 15"),
        ("power_yeo_johnson", "_scaler", lambda m: m, "_scaler is no StandardScaler"),
        ("power_yeo_johnson", "method", lambda m: "root", "method='root'"),
        ("target_encoder", "encodings_", lambda m: m.encodings_[:1], "encodings_ is not a list of 2"),
        ("target_encoder", "encodings_", lambda m: [e[:1] for e in m.encodings_], "does not fit the"),
        ("target_encoder", "target_type_", lambda m: "odd", "target_type_='odd'"),
        ("target_of_logs", "regressor_", lambda m: "passthrough", "regressor_ cannot predict"),
        ("target_of_logs", "regressor_", lambda m: m, "nested more than"),
        ("dummy_most_frequent", "_strategy", lambda m: "uniform", "strategy='uniform'"),
        ("dummy_mean", "constant_", lambda m: m.constant_.repeat(3), "constant_ has 3 values"),
        ("ridge_classifier", "coef_", lambda m: m.coef_[:2], "intercept_ has 3 values, not 2"),
        ("gaussian_nb", "var_", lambda m: m.var_[:2], "var_ has 8 values"),
        ("gaussian_nb", "theta_", lambda m: m.theta_[:2], "theta_ is not a row a class"),
        ("bernoulli_nb", "feature_log_prob_", lambda m: m.feature_log_prob_[0], "is not a row a class"),
        ("grid_search", "best_estimator_", lambda m: m, "nested more than"),
        ("ordinal", "_missing_indices", lambda m: {0: 77}, "holds 77"),
        ("ordinal", "dtype", lambda m: __import__("numpy").int8, "dtype='int8'"),
    ],
)
def test_preprocessing_that_does_not_fit_is_refused(tool, models, tmp_path, case, attribute, value, text):
    test_attributes_that_do_not_fit_are_refused(tool, models, tmp_path, case, attribute, value, text)
