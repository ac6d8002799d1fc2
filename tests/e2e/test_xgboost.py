"""XGBoost's models, as UBJSON, JSON and inside pickles, give XGBoost's own numbers to the last bit."""

import json
import pickle
import warnings

import pytest

xgb = pytest.importorskip("xgboost")
np = pytest.importorskip("numpy")

COMMON = {"max_depth": 5, "nthread": 1, "seed": 3, "verbosity": 0}


def data(n=400, width=6, seed=1):
    rng = np.random.RandomState(seed)
    x = rng.randn(n, width)
    x[rng.rand(n, width) < 0.08] = np.nan
    x[:, 0] = rng.randint(0, 40, n)
    y = np.nan_to_num(x[:, 1] * 3 + (x[:, 0] % 3) * 2 + x[:, 2] ** 2) + rng.rand(n)
    return x, y - y.min() + 0.1


def odd_rows(x):
    extra = np.array([[-3, 1e-36, 0, -0.0, 1e30, -1e30], [41.7, 1e38, -1e38, 0, 1e-46, -2e-46], [1e10, 1, 2, 3, 4, 5], [-0.5, 0, 0, 0, 0, 0], [17e6, 0, 0, 0, 0, 0]])
    return np.r_[x[:60], extra]


def predict(tool, path, rows, method="predict"):
    return tool("predict_file", path, method, input=json.dumps(np.asarray(rows).tolist()).replace("NaN", "null")).ok().json["values"]


CASES = {
    "squared error": {},
    "logistic": {"objective": "reg:logistic", "target": 2},
    "binary": {"objective": "binary:logistic", "target": 2},
    "binary, raw": {"objective": "binary:logitraw", "target": 2},
    "hinge": {"objective": "binary:hinge", "target": 2},
    "poisson": {"objective": "count:poisson"},
    "gamma": {"objective": "reg:gamma"},
    "tweedie": {"objective": "reg:tweedie"},
    "absolute error": {"objective": "reg:absoluteerror"},
    "huber": {"objective": "reg:pseudohubererror"},
    "squared log error": {"objective": "reg:squaredlogerror"},
    "cox": {"objective": "survival:cox"},
    "quantiles": {"objective": "reg:quantileerror", "quantile_alpha": np.array([0.2, 0.8])},
    "classes": {"objective": "multi:softprob", "num_class": 3, "target": 3},
    "the class": {"objective": "multi:softmax", "num_class": 3, "target": 3},
    "dart": {"booster": "dart", "rate_drop": 0.4},
    "dart of classes": {"booster": "dart", "rate_drop": 0.4, "objective": "multi:softprob", "num_class": 3, "target": 3},
    "line": {"booster": "gblinear"},
    "line of classes": {"booster": "gblinear", "objective": "multi:softprob", "num_class": 3, "target": 3},
    "forest": {"num_parallel_tree": 4, "subsample": 0.6},
    "leaves first": {"grow_policy": "lossguide", "max_leaves": 40, "max_depth": 0},
    "start": {"base_score": 7.3},
    "one leaf": {"min_child_weight": 1e9},
    "categories": {"categories": True, "max_cat_to_onehot": 2},
    "one category each": {"categories": True, "max_cat_to_onehot": 100},
}


def train(options, rounds=12):
    x, y = data()
    options = dict(options)
    target, categories = options.pop("target", None), options.pop("categories", False)
    if target:
        y = (y * 7).astype(int) % target
    types = ["c"] + ["float"] * 5 if categories else None
    matrix = xgb.DMatrix(x, y, feature_types=types, enable_categorical=categories)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        booster = xgb.train({**COMMON, **options}, matrix, num_boost_round=rounds)
    rows = odd_rows(x)
    if categories:
        rows = rows[(rows[:, 0] >= 0) & (rows[:, 0] < 16e6)]
    return booster, rows, xgb.DMatrix(rows, feature_types=types, enable_categorical=categories)


@pytest.mark.parametrize("what", CASES)
def test_a_booster_gives_xgboosts_numbers(tool, tmp_path, what):
    booster, rows, matrix = train(CASES[what])
    paths = [tmp_path / name for name in ("model.ubj", "model.json", "model.pkl")]
    for path in paths[:2]:
        booster.save_model(str(path))
    paths[2].write_bytes(pickle.dumps(booster))
    want = booster.predict(matrix).astype(float).tolist()
    for path in paths:
        assert predict(tool, path, rows) == want, path


def test_a_booster_refuses_what_is_beyond_float32_as_xgboost_does(tool, small):
    done = tool("predict_file", small, "predict", input="[[0, 1e39, 0, 0, 0, 0]]")
    assert done.rc == 1 and "too large for dtype('float32')" in done.err, done


@pytest.mark.parametrize("n", [2, 3])
def test_a_classifier_gives_its_classes_and_probabilities(tool, tmp_path, n):
    x, y = data()
    model = xgb.XGBClassifier(n_estimators=8, max_depth=3, n_jobs=1).fit(x, (y * 7).astype(int) % n)
    path, rows = tmp_path / "model.pkl", np.r_[odd_rows(x), [[0, 1e39, -1e39, 0, 0, 0]]]
    path.write_bytes(pickle.dumps(model))
    assert predict(tool, path, rows) == model.predict(rows).tolist()
    assert predict(tool, path, rows, "predict_proba") == model.predict_proba(rows).astype(float).tolist()


def test_dart_rounds_as_the_wrapper_does(tool, tmp_path):
    x, y = data()
    model = xgb.XGBRegressor(n_estimators=12, booster="dart", rate_drop=0.4, n_jobs=1).fit(x, y)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    assert predict(tool, path, odd_rows(x)) == model.predict(odd_rows(x)).astype(float).tolist()


def test_early_stopping_and_a_missing_value_count_in_the_wrapper(tool, tmp_path):
    x, y = data()
    x[np.isnan(x)] = -9
    model = xgb.XGBRegressor(n_estimators=80, learning_rate=0.8, n_jobs=1, early_stopping_rounds=3, missing=-9)
    model.fit(x[:250], y[:250], eval_set=[(x[250:], y[250:])], verbose=False)
    assert model.best_iteration < 79
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    assert predict(tool, path, x[:50]) == model.predict(x[:50]).astype(float).tolist()


@pytest.mark.parametrize("form", ["ubj", "json"])
@pytest.mark.parametrize("kind", ["XGBRegressor", "XGBClassifier", "Booster"])
def test_mlflows_directory_predicts_as_its_class_says(podium, tmp_path, form, kind):
    import mlflow.pyfunc
    import mlflow.xgboost
    import pandas as pd

    x, y = data()
    frame = pd.DataFrame(x, columns=list("abcdef"))
    target = (y > y.mean()).astype(int)
    if kind == "Booster":
        model = xgb.train({**COMMON, "objective": "binary:logistic"}, xgb.DMatrix(frame, target), num_boost_round=5)
    else:
        model = getattr(xgb, kind)(n_estimators=5, n_jobs=1).fit(frame, target if kind == "XGBClassifier" else y)
    mlflow.xgboost.save_model(model, str(tmp_path / "model"), model_format=form)
    rows = json.dumps({"dataframe_split": {"columns": list("abcdef"), "data": x[:30].tolist()}}).replace("NaN", "null")
    want = mlflow.pyfunc.load_model(str(tmp_path / "model")).predict(frame[:30])
    done = podium("predict", tmp_path / "model", "--content-type", "json", input=rows)
    assert done.ok().json["predictions"] == np.asarray(want).astype(float if want.dtype.kind == "f" else int).tolist()
    assert podium("inspect", tmp_path / "model", "--json").ok().json["native"]


def tree(change):
    return lambda m: change(m["learner"]["gradient_booster"]["model"]["trees"][2])


def at(key, index, value):
    return tree(lambda t: t[key].__setitem__(index, value))


def learner(change):
    return lambda m: change(m["learner"])


LIES = {
    "objective": (learner(lambda a: a["objective"].update(name="absurd")), "objective 'absurd' has no native predictor yet"),
    "booster": (learner(lambda a: a["gradient_booster"].update(name="absurd")), "booster 'absurd' has no native predictor yet"),
    "no learner": (lambda m: m.pop("learner"), "learner is missing"),
    "no features": (learner(lambda a: a["learner_model_param"].update(num_feature="0")), "num_feature"),
    "many features": (learner(lambda a: a["learner_model_param"].update(num_feature="99999999999")), "num_feature"),
    "many classes": (learner(lambda a: a["learner_model_param"].update(num_class="-3")), "num_class"),
    "start": (learner(lambda a: a["learner_model_param"].update(base_score="x")), "base_score"),
    "starts": (learner(lambda a: a["learner_model_param"].update(base_score="[1,2,3]")), "base_score"),
    "child beyond": (at("left_children", 0, 10**6), "tree 2: node 0"),
    "child negative": (at("right_children", 0, -7), "tree 2: node 0"),
    "root as child": (at("left_children", 1, 0), "tree 2: node 1"),
    "loop": (at("left_children", 3, 1), "tree 2, node 3"),
    "feature beyond": (at("split_indices", 0, 6), "tree 2: node 0"),
    "half a child": (at("left_children", 0, "x"), "tree 2: node 0"),
    "short": (tree(lambda t: t["split_conditions"].pop()), "tree 2: arrays of several lengths"),
    "nothing": (tree(lambda t: t["left_children"].clear()), "tree 2: arrays"),
    "vector": (tree(lambda t: t["tree_param"].update(size_leaf_vector="3")), "tree 2: leaves of 3 values"),
    "group": (lambda m: m["learner"]["gradient_booster"]["model"]["tree_info"].__setitem__(1, 4), "tree 1: group beyond 1"),
    "groups": (lambda m: m["learner"]["gradient_booster"]["model"]["tree_info"].pop(), "tree_info is not of 12 trees"),
    "set of nobody": (tree(lambda t: t.update(categories=[1], categories_nodes=[0], categories_segments=[0], categories_sizes=[1])), "tree 2: set 0 of categories"),
    "set beyond": (tree(lambda t: t.update(split_type=[1] * len(t["split_type"]), categories=[1], categories_nodes=[0], categories_segments=[0], categories_sizes=[9])), "tree 2: set 0 of categories"),
    "huge category": (tree(lambda t: t.update(split_type=[1] * len(t["split_type"]), categories=[10**9], categories_nodes=[0], categories_segments=[0], categories_sizes=[1])), "tree 2: categories do not fit"),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("xgb") / "model.json"
    train({})[0].save_model(str(path))
    return path


@pytest.mark.parametrize("what", LIES)
def test_a_model_that_lies_is_refused_with_its_place(tool, tmp_path, small, what):
    change, words = LIES[what]
    model = json.loads(small.read_text())
    change(model)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(model))
    done = tool("predict_file", path, "predict", input="[[0, 0, 0, 0, 0, 0]]")
    assert done.rc == 1 and done.err.split(":")[0] in ("corrupt", "unsupported", "too_large"), done
    assert words in done.err and len(done.err.splitlines()) == 1, done


def test_ubjson_cut_or_bent_anywhere_is_refused(tool, tmp_path, small):
    booster = xgb.Booster(model_file=str(small))
    whole = bytes(booster.save_raw("ubj"))
    path = tmp_path / "model.ubj"
    for n in range(1, len(whole), len(whole) // 40):
        path.write_bytes(whole[:n])
        done = tool("predict_file", path, "predict", input="[[0, 0, 0, 0, 0, 0]]")
        assert done.rc == 1 and len(done.err.splitlines()) == 1, (n, done)


@pytest.mark.parametrize(
    "bytes_, words",
    [
        (b"{L\0\0\0\0\0\0\0\1a[$Z#L\x7f\xff\xff\xff\xff\xff\xff\xff}", "a packed array of no numbers"),
        (b"{L\0\0\0\0\0\0\0\1a[$d#L\x7f\xff\xff\xff\xff\xff\xff\xff}", "beyond the end"),
        (b"{L\0\0\0\0\0\0\0\1a[#L\x7f\xff\xff\xff\xff\xff\xff\xff}", "beyond the end"),
        (b"{L\0\0\0\0\0\0\0\1aSL\xff\xff\xff\xff\xff\xff\xff\xff}", "beyond the end"),
        (b"{L\0\0\0\0\0\0\0\1a" + b"[" * 100000, "nested more than 64 deep"),
        (b"binf" + b"\0" * 100, "the binary format of XGBoost before 1.0"),
    ],
)
def test_ubjson_that_lies_is_refused(tool, tmp_path, bytes_, words):
    path = tmp_path / "model.ubj"
    path.write_bytes(bytes_)
    done = tool("predict_file", path, "predict", input="[[0]]")
    assert done.rc == 1 and words in done.err and len(done.err.splitlines()) == 1, done
