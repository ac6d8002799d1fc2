"""LightGBM's models, as text and inside pickles, give LightGBM's own numbers to the last bit."""

import json
import pickle

import pytest

lgb = pytest.importorskip("lightgbm")
np = pytest.importorskip("numpy")

COMMON = {"verbose": -1, "deterministic": True, "num_threads": 1, "num_leaves": 9, "min_data_in_leaf": 5, "seed": 3}


def data(n=400, width=6, seed=1):
    rng = np.random.RandomState(seed)
    x = rng.randn(n, width)
    x[rng.rand(n, width) < 0.08] = np.nan
    x[rng.rand(n, width) < 0.08] = 0
    x[:, 0] = rng.randint(0, 40, n)
    x[rng.rand(n) < 0.05, 0] = np.nan
    y = np.nan_to_num(x[:, 1] * 3 + (x[:, 0] % 3) * 2 + x[:, 2] ** 2) + rng.rand(n)
    return x, y - y.min() + 0.1


def odd_rows(x):
    extra = np.array([[-3, 1e-36, 0, -0.0, 1e308, -1e308], [41.7, np.inf, -np.inf, 0, 1e-35, 2e-35], [1e10, 1, 2, 3, 4, 5], [-0.5, 0, 0, 0, 0, 0]])
    return np.r_[x[:60], extra]



def predict(tool, path, rows, method="predict"):
    finite = np.where(np.isinf(rows), np.sign(rows) * 1.7e308, rows)
    done = tool("predict_file", path, method, input=json.dumps(finite.tolist()).replace("NaN", "null"))
    return finite, done.ok().json["values"]


CASES = {
    "regression": {},
    "regression of roots": {"reg_sqrt": True},
    "l1": {"objective": "regression_l1"},
    "huber": {"objective": "huber"},
    "fair": {"objective": "fair"},
    "quantile": {"objective": "quantile", "alpha": 0.8},
    "mape": {"objective": "mape"},
    "poisson": {"objective": "poisson"},
    "gamma": {"objective": "gamma"},
    "tweedie": {"objective": "tweedie"},
    "binary": {"objective": "binary", "sigmoid": 0.7, "target": 2},
    "multiclass": {"objective": "multiclass", "num_class": 3, "target": 3},
    "one against all": {"objective": "multiclassova", "num_class": 3, "target": 3},
    "cross entropy": {"objective": "cross_entropy", "target": 2},
    "cross entropy lambda": {"objective": "cross_entropy_lambda", "target": 2},
    "dart": {"boosting": "dart"},
    "random forest": {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.7},
    "categories": {"categorical_feature": [0], "cat_smooth": 1, "min_data_per_group": 2, "max_cat_to_onehot": 2},
    "zero is missing": {"zero_as_missing": True},
    "no missing": {"use_missing": False},
    "linear trees": {"linear_tree": True, "linear_lambda": 0.1},
    "large": {"num_leaves": 100, "min_data_in_leaf": 1, "rounds": 40},
    "one leaf": {"min_data_in_leaf": 10**6},
}


def train(options):
    x, y = data()
    options = dict(options)
    target, rounds = options.pop("target", None), options.pop("rounds", 12)
    if target:
        y = (y * 7).astype(int) % target
    return lgb.train({**COMMON, **options}, lgb.Dataset(x, y), num_boost_round=rounds), odd_rows(x)


@pytest.mark.parametrize("what", CASES)
def test_a_booster_gives_lightgbms_numbers(tool, tmp_path, what):
    booster, rows = train(CASES[what])
    text, pickled = tmp_path / "model.lgb", tmp_path / "model.pkl"
    booster.save_model(str(text))
    pickled.write_bytes(pickle.dumps(booster))
    for path in (text, pickled):
        rows, got = predict(tool, path, rows)
        want = booster.predict(rows).tolist()
        assert got == want


@pytest.mark.parametrize("labels", [[0, 1], ["no", "yes"], ["a", "b", "c"], [7, 9, 11, 13]])
def test_a_classifier_gives_its_labels_and_probabilities(tool, tmp_path, labels):
    x, y = data()
    model = lgb.LGBMClassifier(n_estimators=8, num_leaves=5, verbose=-1, n_jobs=1).fit(x, np.array(labels)[(y * 7).astype(int) % len(labels)])
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    rows, got = predict(tool, path, odd_rows(x))
    assert got == model.predict(rows).tolist()
    assert predict(tool, path, rows, "predict_proba")[1] == model.predict_proba(rows).tolist()


def test_early_stopping_counts_the_best_rounds_only(tool, tmp_path):
    x, y = data()
    model = lgb.LGBMRegressor(n_estimators=80, learning_rate=0.6, verbose=-1, n_jobs=1)
    model.fit(x[:250], y[:250], eval_set=[(x[250:], y[250:])], callbacks=[lgb.early_stopping(3, verbose=False)])
    assert 0 < model.best_iteration_ < 80
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(model))
    rows, got = predict(tool, path, odd_rows(x))
    assert got == model.predict(rows).tolist()


def test_mlflows_model_of_words_takes_words(podium, tmp_path):
    import mlflow.lightgbm
    import pandas as pd

    rng = np.random.RandomState(0)
    frame = pd.DataFrame({"town": rng.choice(["Oslo", "Zürich", "東京"], 200), "size": rng.rand(200)})
    frame["town"] = frame["town"].astype("category")
    y = frame["town"].cat.codes * 3 + frame["size"]
    booster = lgb.train({**COMMON, "min_data_per_group": 1, "cat_smooth": 1}, lgb.Dataset(frame, y), num_boost_round=6)
    mlflow.lightgbm.save_model(booster, str(tmp_path / "model"))
    rows = [["Oslo", 0.5], ["東京", 0.25], ["Atlantis", 0.1], [None, 0.9]]
    done = podium("predict", tmp_path / "model", "--content-type", "json", input=json.dumps({"dataframe_split": {"columns": ["town", "size"], "data": rows}}))
    asked = pd.DataFrame(rows, columns=["town", "size"])
    asked["town"] = asked["town"].astype(frame["town"].dtype)
    assert done.ok().json["predictions"] == booster.predict(asked).tolist()


def swap(old, new):
    return lambda text: text.replace(old, new, 1)


def field(tree, key, change):
    def go(text):
        head, mark, rest = text.partition("Tree=%d\n" % tree)
        lines = rest.split("\n")
        at = next(i for i, line in enumerate(lines) if line.startswith(key + "="))
        lines[at] = key + "=" + change(lines[at].split("=", 1)[1])
        return head + mark + "\n".join(lines)

    return go


def first(value):
    return lambda line: " ".join([value] + line.split(" ")[1:])


LIES = {
    "no version": (swap("version=v4", "version=v9"), "version=v9 of LightGBM's text"),
    "objective": (swap("objective=regression", "objective=absurd"), "objective=absurd has no native predictor yet"),
    "width": (swap("max_feature_idx=5", "max_feature_idx=-1"), "max_feature_idx=-1"),
    "huge width": (swap("max_feature_idx=5", "max_feature_idx=99999999999"), "max_feature_idx=99999999999"),
    "no classes": (swap("num_tree_per_iteration=1", "num_tree_per_iteration=0"), "num_tree_per_iteration=0"),
    "uneven rounds": (swap("num_tree_per_iteration=1", "num_tree_per_iteration=5"), "12 trees, 5 a round"),
    "many leaves": (field(0, "num_leaves", lambda v: "1000000000"), "tree 0: num_leaves=1000000000"),
    "no leaf": (field(0, "num_leaves", lambda v: "0"), "tree 0: num_leaves=0"),
    "child beyond": (field(3, "left_child", first("8")), "tree 3: left_child"),
    "leaf beyond": (field(3, "left_child", first("-11")), "tree 3: left_child"),
    "loop": (field(3, "left_child", first("0")), "tree 3: node 0: the root as a child"),
    "two parents": (field(3, "left_child", lambda v: v.split()[1] + " " + v.split(" ", 1)[1]), "tree 3"),
    "feature": (field(3, "split_feature", first("6")), "tree 3: split_feature"),
    "threshold": (field(3, "threshold", first("0x10")), "tree 3: threshold"),
    "too few": (field(3, "leaf_value", first("")), "tree 3: leaf_value"),
    "set": (field(3, "decision_type", first("9")), "tree 3: node 0: set"),
    "kind": (field(3, "decision_type", first("12")), "tree 3: node 0: decision_type 12"),
    "linear": (field(3, "is_linear", lambda v: "1"), "tree 3: leaf_const"),
    "categories": (lambda t: t.replace("pandas_categorical:null", "pandas_categorical:[3]").replace("pandas_categorical:[]", "pandas_categorical:[3") , "JSON"),
}


@pytest.mark.parametrize("what", LIES)
def test_a_text_that_lies_is_refused_with_its_place(tool, tmp_path, what):
    change, words = LIES[what]
    booster, rows = train({})
    path = tmp_path / "model.lgb"
    booster.save_model(str(path))
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))
    done = tool("predict_file", path, "predict", input="[[0, 0, 0, 0, 0, 0]]")
    if what == "categories" and done.rc == 0:
        return  # a list that stands for no column plays no part
    assert done.rc == 1 and done.err.split(":")[0] in ("corrupt", "unsupported", "too_large"), done
    assert words in done.err and len(done.err.splitlines()) == 1, done


def test_a_text_cut_anywhere_is_refused_or_has_whole_rounds(tool, tmp_path):
    booster, _ = train({})
    path = tmp_path / "model.lgb"
    booster.save_model(str(path))
    text = path.read_text()
    for n in range(5, text.index("end of trees"), 397):
        path.write_text(text[:n])
        done = tool("predict_file", path, "predict", input="[[0, 0, 0, 0, 0, 0]]")
        assert done.rc in (0, 1) and len(done.err.splitlines()) <= 1, done
