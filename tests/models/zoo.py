#!/usr/bin/env python3
"""Models of every class podium predicts with, and what scikit-learn answers for them.

    python zoo.py OUT [PATTERN...]      writes OUT/NAME.pkl, NAME.rows.json, NAME.expected.json

Tests import CASES instead. Needs scikit-learn and numpy alone, any version from 0.22 on: run it in
an old environment to see an old layout (old_versions.sh). A case a version cannot train is left out.

A case is a function that gives (model, rows). rows is {"columns", "data"}, a list of dicts, or a
list of lists; `exact` cases are equal to the last bit, others within rounding of a BLAS or libm.
"""

import fnmatch
import json
import math
import os
import pickle
import sys

import numpy as np
import sklearn
from sklearn import ensemble, linear_model, svm, tree
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.feature_extraction import DictVectorizer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import LabelEncoder, StandardScaler

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "transform")
CASES = {}


class Case:
    def __init__(self, name, make, exact, since, without):
        self.name, self.make, self.exact, self.since = name, make, exact, since
        self.methods = [m for m in METHODS if m not in without]


def case(name, exact=False, since=(0, 22), without=()):
    def add(make):
        assert name not in CASES
        CASES[name] = Case(name, make, exact, since, without)
        return make

    return add


# ---------------------------------------------------------------- data


def split(bunch, n_test=37, seed=3):
    order = np.random.RandomState(seed).permutation(len(bunch.target))
    x, y = bunch.data[order], bunch.target[order]
    return x[:-n_test], y[:-n_test], x[-n_test:]


def holes(x, seed, share=0.1):
    x = np.array(x)
    x[np.random.RandomState(seed).rand(*x.shape) < share] = np.nan
    return x


def trips(n, seed=11):
    """Rides between zones: one categorical feature with very many values, one number."""
    rng = np.random.RandomState(seed)
    place = np.random.RandomState(5).rand(60, 2) * 9
    rows, minutes = [], []
    for _ in range(n):
        a, b = rng.randint(60), rng.randint(60)
        far = float(np.abs(place[a] - place[b]).sum() * (1 + 0.2 * rng.rand()) + 0.3)
        rows.append({"PU_DO": "%d_%d" % (a, b), "trip_distance": round(far, 2)})
        minutes.append(2 + far * (2.5 + rng.rand()) + rng.gamma(2.0, 1.0))
    return rows, np.array(minutes)


def mixed(n, seed=13):
    """Dicts with text, numbers, booleans, lists of text, and keys that are not always there."""
    rng = np.random.RandomState(seed)
    rows, y = [], []
    for i in range(n):
        row = {
            "zeta": float(rng.randn()),
            "colour": ["red", "blue", "grün"][rng.randint(3)],
            "count": int(rng.randint(9)),
            "late": bool(rng.rand() < 0.5),
            "tags": [["x", "y"], ["y"], ["x", "z", "y"], []][rng.randint(4)],
            "alpha": float(rng.randn()) * 1e3,
        }
        for key in ("zeta", "tags", "late"):
            if rng.rand() < 0.2:
                del row[key]
        rows.append(row)
        y.append(row.get("zeta", 0) + row["alpha"] / 300 + row["count"] + rng.rand())
    return rows, np.array(y)


def on(make, data, labels=None, n_test=37):
    def go():
        x, y, rows = split(data(), n_test)
        return make().fit(x, y if labels is None else np.array(labels)[y]), rows.tolist()

    return go


def on_trips(make, n=1500, n_test=61):
    def go():
        rows, y = trips(n + n_test)
        test = rows[n:] + [{"PU_DO": "nowhere", "trip_distance": 1.5}, {"trip_distance": 2.0}, {"PU_DO": "1_2"}]
        return make().fit(rows[:n], y[:n]), test

    return go


# ---------------------------------------------------------------- trees


def seeded(cls, **options):
    return lambda: cls(random_state=0, **options)


FLOWERS = ["setosa", "versicolor", "virginica, é"]
TREE_REG = dict(max_depth=6)
CASES_OF_TREES = {
    "tree_regressor": on(seeded(tree.DecisionTreeRegressor), load_diabetes),
    "tree_regressor_mae": on(seeded(tree.DecisionTreeRegressor, criterion="mae" if VERSION < (1, 0) else "absolute_error", **TREE_REG), load_diabetes),
    "tree_classifier": on(seeded(tree.DecisionTreeClassifier, max_depth=3), load_iris),
    "tree_classifier_text": on(seeded(tree.DecisionTreeClassifier, max_depth=2), load_iris, FLOWERS),
    "tree_classifier_bool": on(seeded(tree.DecisionTreeClassifier, max_depth=3), load_breast_cancer, [True, False]),
    "tree_classifier_float": on(seeded(tree.DecisionTreeClassifier, max_depth=3), load_iris, [-1.0, 0.0, 7.0]),
    "tree_classifier_weights": on(seeded(tree.DecisionTreeClassifier, max_depth=3, class_weight={0: 0.3, 1: 2.0, 2: 1.1}), load_iris),
    "extra_tree_regressor": on(seeded(tree.ExtraTreeRegressor, **TREE_REG), load_diabetes),
    "extra_tree_classifier": on(seeded(tree.ExtraTreeClassifier, max_depth=5), load_wine),
    "forest_regressor": on(seeded(ensemble.RandomForestRegressor, n_estimators=13, min_samples_leaf=2), load_diabetes),
    "forest_regressor_deep": on(seeded(ensemble.RandomForestRegressor, n_estimators=31, bootstrap=False, max_features=0.4), load_diabetes),
    "forest_classifier": on(seeded(ensemble.RandomForestClassifier, n_estimators=17, max_depth=4), load_iris),
    "forest_classifier_text": on(seeded(ensemble.RandomForestClassifier, n_estimators=9), load_wine, ["a", "b b", ""]),
    "forest_classifier_balanced": on(seeded(ensemble.RandomForestClassifier, n_estimators=9, class_weight="balanced_subsample", max_depth=3), load_breast_cancer),
    "extra_trees_regressor": on(seeded(ensemble.ExtraTreesRegressor, n_estimators=10, max_depth=7), load_diabetes),
    "extra_trees_classifier": on(seeded(ensemble.ExtraTreesClassifier, n_estimators=8, max_depth=4), load_breast_cancer, [False, True]),
    "forest_of_dicts": on_trips(lambda: make_pipeline(DictVectorizer(), ensemble.RandomForestRegressor(24, max_depth=20, min_samples_leaf=3, random_state=0))),
    "forest_of_dense_dicts": on_trips(lambda: make_pipeline(DictVectorizer(sparse=False), ensemble.RandomForestRegressor(8, max_depth=9, random_state=0)), n=300),
    "extra_trees_of_dicts": on_trips(lambda: make_pipeline(DictVectorizer(), ensemble.ExtraTreesRegressor(9, max_depth=12, random_state=0)), n=500),
}
for _name, _make in CASES_OF_TREES.items():
    case(_name, exact=True)(_make)


@case("tree_of_one_node", exact=True)
def _():
    return tree.DecisionTreeRegressor().fit([[1.0, 2.0], [3.0, 4.0]], [5.5, 5.5]), [[0.0, 0.0], [9.0, -1.0]]


@case("tree_regressor_two_outputs", exact=True)
def _():
    x, y, rows = split(load_diabetes())
    return tree.DecisionTreeRegressor(max_depth=5, random_state=0).fit(x, np.c_[y, -y, y % 7]), rows.tolist()


@case("tree_classifier_two_outputs", exact=True)
def _():
    x, y, rows = split(load_iris())
    two = np.c_[np.array(["p", "q", "r"])[y], np.array(["even", "odd"])[y % 2]].astype(object)
    return tree.DecisionTreeClassifier(max_depth=3, random_state=0).fit(x, two), rows.tolist()


@case("forest_regressor_two_outputs", exact=True)
def _():
    x, y, rows = split(load_diabetes())
    return ensemble.RandomForestRegressor(7, max_depth=5, random_state=0).fit(x, np.c_[y, y * y]), rows.tolist()


@case("forest_classifier_two_outputs", exact=True)
def _():
    x, y, rows = split(load_iris())
    return ensemble.RandomForestClassifier(7, max_depth=3, random_state=0).fit(x, np.c_[y, y % 2]), rows.tolist()


@case("forest_classifier_many_classes", exact=True)
def _():
    rng = np.random.RandomState(2)
    x, y = rng.rand(600, 3), rng.randint(0, 140, 600)
    weight = rng.rand(600)
    model = ensemble.RandomForestClassifier(6, max_depth=7, random_state=0)
    return model.fit(x, y, sample_weight=weight), rng.rand(29, 3).tolist()


@case("tree_limits_between_floats", exact=True)
def _():
    """Values one float32 apart: a threshold that is rounded goes the wrong way."""
    base = np.float32(0.1)
    steps = [base]
    for _ in range(40):
        steps.append(np.nextafter(steps[-1], np.float32(1)))
    x = np.array(steps, dtype=np.float64).reshape(-1, 1)
    model = tree.DecisionTreeRegressor(random_state=0).fit(x, np.arange(len(x)))
    return model, np.r_[x, x + 1e-10, x - 1e-10, -x].tolist()


@case("tree_regressor_nan", exact=True, since=(1, 3))
def _():
    x, y, rows = split(load_diabetes())
    model = tree.DecisionTreeRegressor(max_depth=6, random_state=0).fit(holes(x, 1), y)
    return model, holes(rows, 2).tolist()


@case("tree_classifier_nan", exact=True, since=(1, 3))
def _():
    x, y, rows = split(load_iris())
    return tree.DecisionTreeClassifier(max_depth=5, random_state=0).fit(holes(x, 1), y), holes(rows, 2).tolist()


@case("forest_regressor_nan", exact=True, since=(1, 4))
def _():
    x, y, rows = split(load_diabetes())
    model = ensemble.RandomForestRegressor(12, max_depth=6, random_state=0).fit(holes(x, 1), y)
    return model, holes(rows, 2, 0.03).tolist()


@case("extra_trees_nan", exact=True, since=(1, 6))
def _():
    x, y, rows = split(load_diabetes())
    model = ensemble.ExtraTreesRegressor(9, max_depth=6, random_state=0).fit(holes(x, 1), y)
    return model, holes(rows, 2, 0.03).tolist()


# ---------------------------------------------------------------- linear models

LINEAR = {
    "linear_regression": linear_model.LinearRegression,
    "linear_regression_no_intercept": lambda: linear_model.LinearRegression(fit_intercept=False),
    "ridge": lambda: linear_model.Ridge(alpha=0.4),
    "ridge_cv": linear_model.RidgeCV,
    "lasso": lambda: linear_model.Lasso(alpha=0.1),
    "elastic_net": lambda: linear_model.ElasticNet(alpha=0.01),
    "bayesian_ridge": linear_model.BayesianRidge,
    "huber": lambda: linear_model.HuberRegressor(max_iter=500),
    "sgd_regressor": lambda: make_pipeline(StandardScaler(), linear_model.SGDRegressor(random_state=0)),
    "linear_svr": lambda: make_pipeline(StandardScaler(), svm.LinearSVR(random_state=0, max_iter=20000)),
    "scaler_without_mean": lambda: make_pipeline(StandardScaler(with_mean=False), linear_model.Ridge()),
    "scaler_without_std": lambda: make_pipeline(StandardScaler(with_std=False), linear_model.Ridge()),
    "scaler_that_does_nothing": lambda: make_pipeline(StandardScaler(with_mean=False, with_std=False), linear_model.Ridge()),
}
for _name, _make in LINEAR.items():
    case(_name)(on(_make, load_diabetes))

case("scaler_alone", exact=True)(on(StandardScaler, load_diabetes))
case("linear_of_dicts", exact=True)(on_trips(lambda: make_pipeline(DictVectorizer(), linear_model.Ridge(solver="sparse_cg"))))


@case("poisson", since=(0, 23))
def _():
    return on(lambda: make_pipeline(StandardScaler(), linear_model.PoissonRegressor()), load_diabetes)()


@case("gamma", since=(0, 23))
def _():
    return on(lambda: make_pipeline(StandardScaler(), linear_model.GammaRegressor()), load_diabetes)()


@case("linear_two_outputs")
def _():
    x, y, rows = split(load_diabetes())
    return linear_model.LinearRegression().fit(x, np.c_[y, y * 3 - 2]), rows.tolist()


@case("ridge_trained_on_float32")
def _():
    x, y, rows = split(load_diabetes())
    return linear_model.Ridge().fit(x.astype(np.float32), y.astype(np.float32)), rows.tolist()


# ---------------------------------------------------------------- logistic

case("logistic")(on(lambda: make_pipeline(StandardScaler(), linear_model.LogisticRegression()), load_breast_cancer))
case("logistic_bool")(on(lambda: make_pipeline(StandardScaler(), linear_model.LogisticRegression()), load_breast_cancer, [True, False]))
case("logistic_three")(on(lambda: linear_model.LogisticRegression(max_iter=900), load_iris))
case("logistic_three_text")(on(lambda: linear_model.LogisticRegression(max_iter=900), load_iris, FLOWERS))
case("logistic_liblinear")(on(lambda: make_pipeline(StandardScaler(), linear_model.LogisticRegression(solver="liblinear")), load_breast_cancer))
case("logistic_cv")(on(lambda: make_pipeline(StandardScaler(), linear_model.LogisticRegressionCV(Cs=3, cv=3)), load_wine))

if VERSION < (1, 8):
    case("logistic_ovr")(on(lambda: linear_model.LogisticRegression(max_iter=900, multi_class="ovr"), load_iris))
    case("logistic_liblinear_three")(on(lambda: linear_model.LogisticRegression(solver="liblinear"), load_iris))
    case("logistic_multinomial_two")(on(lambda: make_pipeline(StandardScaler(), linear_model.LogisticRegression(multi_class="multinomial")), load_breast_cancer))
if (1, 2) <= VERSION < (1, 6):
    case("logistic_newton_three")(on(lambda: linear_model.LogisticRegression(solver="newton-cholesky"), load_iris))


@case("logistic_of_dicts")
def _():
    rows, y = trips(900)
    model = make_pipeline(DictVectorizer(), linear_model.LogisticRegression(max_iter=500))
    return model.fit(rows[:840], np.digitize(y[:840], [10, 20, 30])), rows[840:]


# ---------------------------------------------------------------- boosting, and models of models


def named(new, old, since):
    """An option's value under the name this version knows."""
    return new if VERSION >= since else old


HIST = VERSION >= (1, 0)  # HistGradientBoosting: no experiment any more
GB = dict(n_estimators=20, max_depth=3)
BOOSTED = {
    "gb_regressor": on(seeded(ensemble.GradientBoostingRegressor, **GB), load_diabetes),
    "gb_regressor_huber": on(seeded(ensemble.GradientBoostingRegressor, loss="huber", learning_rate=0.3, **GB), load_diabetes),
    "gb_regressor_quantile": on(seeded(ensemble.GradientBoostingRegressor, loss="quantile", alpha=0.8, **GB), load_diabetes),
    "gb_regressor_lad": on(seeded(ensemble.GradientBoostingRegressor, loss=named("absolute_error", "lad", (1, 0)), **GB), load_diabetes),
    "gb_regressor_zero": on(seeded(ensemble.GradientBoostingRegressor, init="zero", subsample=0.5, **GB), load_diabetes),
    "gb_regressor_of_tree": on(seeded(ensemble.GradientBoostingRegressor, init=tree.DecisionTreeRegressor(max_depth=2), **GB), load_diabetes),
    "ada_regressor": on(seeded(ensemble.AdaBoostRegressor, n_estimators=15), load_diabetes),
    "bagging_regressor": on(seeded(ensemble.BaggingRegressor, n_estimators=7), load_diabetes),
    "bagging_regressor_columns": on(seeded(ensemble.BaggingRegressor, n_estimators=7, max_features=0.5, bootstrap_features=True), load_diabetes),
    "bagging_classifier": on(seeded(ensemble.BaggingClassifier, n_estimators=7), load_iris, FLOWERS),
    "bagging_classifier_few_rows": on(seeded(ensemble.BaggingClassifier, n_estimators=12, max_samples=3), load_wine),
}
for _name, _make in BOOSTED.items():
    case(_name, exact=True)(_make)

# The start, and the links of several classes, go through numpy's log and exp.
SOFT = {
    "gb_classifier": on(seeded(ensemble.GradientBoostingClassifier, **GB), load_breast_cancer),
    "gb_classifier_bool": on(seeded(ensemble.GradientBoostingClassifier, **GB), load_breast_cancer, [True, False]),
    "gb_classifier_three": on(seeded(ensemble.GradientBoostingClassifier, **GB), load_iris, FLOWERS),
    "gb_classifier_exponential": on(seeded(ensemble.GradientBoostingClassifier, loss="exponential", **GB), load_breast_cancer),
    "gb_classifier_zero": on(seeded(ensemble.GradientBoostingClassifier, init="zero", **GB), load_iris),
    "gb_classifier_of_tree": on(seeded(ensemble.GradientBoostingClassifier, init=tree.DecisionTreeClassifier(max_depth=2), **GB), load_breast_cancer),
    "ada_classifier": on(seeded(ensemble.AdaBoostClassifier, n_estimators=12), load_breast_cancer),
    "ada_classifier_text": on(seeded(ensemble.AdaBoostClassifier, n_estimators=12), load_iris, FLOWERS),
    "bagging_of_lines": on(lambda: ensemble.BaggingClassifier(make_pipeline(StandardScaler(), linear_model.LogisticRegression()), n_estimators=4, random_state=0), load_wine),
    "isolation_forest": on(seeded(ensemble.IsolationForest, n_estimators=20), load_wine),
    "isolation_forest_columns": on(seeded(ensemble.IsolationForest, n_estimators=20, max_features=0.4, contamination=0.1), load_wine),
}
for _name, _make in SOFT.items():
    case(_name)(_make)

if VERSION < (1, 8):
    case("ada_classifier_samme")(on(seeded(ensemble.AdaBoostClassifier, n_estimators=12, algorithm="SAMME"), load_iris))


def voters(kind, **options):
    models = [("tree", getattr(tree, "DecisionTree" + kind)(max_depth=3, random_state=0)), ("forest", getattr(ensemble, "RandomForest" + kind)(5, random_state=0)), ("gone", "drop"), ("extra", getattr(ensemble, "ExtraTrees" + kind)(6, random_state=1))]
    return lambda: getattr(ensemble, "Voting" + kind)(models, **options)


case("voting_regressor", exact=True)(on(voters("Regressor"), load_diabetes))
case("voting_regressor_weights", exact=True)(on(voters("Regressor", weights=[1, 2.5, 9, 0.3]), load_diabetes))
case("voting_soft", exact=True)(on(voters("Classifier", voting="soft"), load_iris, FLOWERS))
case("voting_soft_weights", exact=True)(on(voters("Classifier", voting="soft", weights=[3, 1, 5, 2]), load_iris))
case("voting_hard", exact=True, without=("transform",))(on(voters("Classifier"), load_iris, FLOWERS))
case("voting_hard_weights", exact=True, without=("transform",))(on(voters("Classifier", weights=[3, 1, 5, 1.5]), load_wine))


def hist(cls, name, data, labels=None, nan=False, exact=False, **options):
    @case(name, exact=exact, since=(1, 0))
    def _():
        x, y, rows = split(data())
        y = abs(y) + 1.0 if labels is None else np.array(labels)[y]
        model = getattr(ensemble, "HistGradientBoosting" + cls)(max_iter=18, random_state=0, early_stopping=False, **options)
        return model.fit(holes(x, 1) if nan else x, y), (holes(rows, 2) if nan else rows).tolist()


hist("Regressor", "hist_regressor", load_diabetes, exact=True)
hist("Regressor", "hist_regressor_nan", load_diabetes, nan=True, exact=True)
hist("Regressor", "hist_regressor_poisson", load_diabetes, loss="poisson")
hist("Regressor", "hist_regressor_lad", load_diabetes, loss=named("absolute_error", "least_absolute_deviation", (1, 0)), exact=True)
hist("Classifier", "hist_classifier", load_breast_cancer, labels=[0, 1], exact=True)
hist("Classifier", "hist_classifier_three", load_iris, labels=FLOWERS, nan=True)


@case("hist_regressor_categories", exact=True, since=(1, 0))
def _():
    """Codes that were seen, never seen, missing and below zero."""
    rng = np.random.RandomState(4)
    x = np.c_[rng.randn(500), rng.randint(0, 30, 500), rng.randint(0, 4, 500)].astype(float)
    y = (x[:, 1] % 5) * 2 + x[:, 0] + x[:, 2]
    x[::17, 1] = np.nan
    x[x[:, 1] == 7, 1] = 8
    model = ensemble.HistGradientBoostingRegressor(max_iter=15, random_state=0, categorical_features=[1, 2], min_samples_leaf=5)
    return model.fit(x, y), np.r_[x[:40], [[0.1, 7, 1], [0.2, np.nan, 2], [-1, 29, np.nan], [0.5, 200, 9]]].tolist()


@case("hist_regressor_beyond_float32", exact=True, since=(1, 0))
def _():
    x, y, rows = split(load_diabetes())
    model = ensemble.HistGradientBoostingRegressor(max_iter=9, random_state=0)
    return model.fit(x, y), (rows * 1e300).tolist()


# ---------------------------------------------------------------- dicts, tuples, pipelines


LISTS = (0, 24)  # texts in a list as a feature's value
DENSE_LISTS = (1, 0)  # ... which a dense vectorizer choked on before


def on_mixed(make):
    def go():
        rows, y = mixed(260)
        return make().fit(rows[:200], y[:200]), rows[200:] + [{"unknown": 3, "colour": "mauve"}, {"colour": "red", "tags": ["y", "new"]}]

    return go


case("dicts_of_all_kinds", exact=True, since=LISTS)(on_mixed(lambda: make_pipeline(DictVectorizer(), linear_model.Ridge(solver="sparse_cg"))))
case("dicts_unsorted_dense", since=DENSE_LISTS)(on_mixed(lambda: make_pipeline(DictVectorizer(sparse=False, sort=False), linear_model.Ridge())))
case("dicts_separator", exact=True, since=LISTS)(on_mixed(lambda: make_pipeline(DictVectorizer(separator="::", sort=False), ensemble.RandomForestRegressor(5, random_state=0))))
case("dicts_scaled", exact=True, since=LISTS)(on_mixed(lambda: make_pipeline(DictVectorizer(), StandardScaler(with_mean=False), linear_model.Ridge(solver="sparse_cg"))))
case("dicts_of_float32", exact=True, since=LISTS)(on_mixed(lambda: make_pipeline(DictVectorizer(dtype=np.float32), linear_model.Ridge(solver="sparse_cg"))))
case("dict_vectorizer_alone", exact=True, since=DENSE_LISTS)(on_mixed(lambda: DictVectorizer(sparse=False)))


@case("pipeline_in_pipeline")
def _():
    x, y, rows = split(load_diabetes())
    inner = Pipeline([("scale", StandardScaler()), ("nothing", "passthrough")])
    return Pipeline([("first", inner), ("model", linear_model.Ridge())]).fit(x, y), rows.tolist()


@case("pipeline_with_none", exact=True)
def _():
    x, y, rows = split(load_iris())
    steps = [("scale", None), ("model", tree.DecisionTreeClassifier(max_depth=3, random_state=0))]
    return Pipeline(steps if VERSION < (1, 6) else [("scale", "passthrough"), steps[1]]).fit(x, y), rows.tolist()


@case("tuple_vectorizer_line", exact=True)
def _():
    rows, y = trips(900)
    dv = DictVectorizer()
    return (dv, linear_model.Ridge(solver="sparse_cg").fit(dv.fit_transform(rows[:850]), y[:850])), rows[850:]


@case("tuple_vectorizer_forest", exact=True)
def _():
    rows, y = trips(900)
    dv = DictVectorizer()
    forest = ensemble.RandomForestRegressor(6, max_depth=9, random_state=0)
    return (dv, forest.fit(dv.fit_transform(rows[:850]), y[:850])), rows[850:]


@case("tuple_line_vectorizer", exact=True)
def _():
    rows, y = trips(500)
    dv = DictVectorizer()
    return (linear_model.Ridge(solver="sparse_cg").fit(dv.fit_transform(rows[:450]), y[:450]), dv), rows[450:]


@case("tuple_encoder_tree", exact=True)
def _():
    x, y, rows = split(load_iris())
    encoder = LabelEncoder()
    codes = encoder.fit_transform(np.array(FLOWERS)[y])
    return (encoder, tree.DecisionTreeClassifier(max_depth=3, random_state=0).fit(x, codes)), rows.tolist()


# ---------------------------------------------------------------- what the library answers


def plain(values):
    if hasattr(values, "toarray"):
        values = values.toarray()
    return np.asarray(values).tolist()


def library(model, rows, method):
    """The library's answer as JSON values, or None where it has none that is a table."""
    decode = None
    if isinstance(model, tuple):
        aid = [m for m in model if isinstance(m, (DictVectorizer, LabelEncoder))][0]
        model = [m for m in model if m is not aid][0]
        if isinstance(aid, LabelEncoder):
            decode = aid.inverse_transform
        else:
            rows = aid.transform(rows)
    if not hasattr(model, method):
        return None
    if method == "transform" and type(model).__name__ == "LinearDiscriminantAnalysis":
        return None  # not native
    if isinstance(rows, dict):
        import pandas as pd

        rows = pd.DataFrame(rows["data"], columns=rows["columns"])
    values = getattr(model, method)(rows)
    if isinstance(values, list):
        return None  # probabilities of several outputs
    return plain(decode(values) if decode and method == "predict" else values)


def rows_text(rows):
    """Rows as JSON; NaN is null there."""
    return json.dumps(rows, allow_nan=True).replace("NaN", "null")


def difference(want, got):
    """The worst relative difference of two JSON values; infinity when their shape or type differ."""
    if isinstance(want, list) or isinstance(got, list):
        if not (isinstance(want, list) and isinstance(got, list)) or len(want) != len(got):
            return math.inf
        return max([difference(a, b) for a, b in zip(want, got)] or [0])
    if isinstance(want, (str, bool)) or type(want) is not type(got):
        return 0 if want == got and type(want) is type(got) else math.inf
    if want == got or (want != want and got != got):
        return 0
    return abs(want - got) / max(abs(want), 1e-300)


def tolerance(exact, method, values):
    """Of `difference`. numpy's log and exp differ from libm in the last place."""
    return 0 if exact and method != "predict_log_proba" else 1e-11 if method == "predict_log_proba" else 1e-12


def names(patterns=()):
    return [n for n, c in CASES.items() if VERSION >= c.since and (not patterns or any(fnmatch.fnmatch(n, p) for p in patterns))]


def main(out, *patterns):
    os.makedirs(out, exist_ok=True)
    for name in names(patterns):
        model, rows = CASES[name].make()
        with open(os.path.join(out, name + ".pkl"), "wb") as f:
            pickle.dump(model, f, protocol=4)
        with open(os.path.join(out, name + ".rows.json"), "w") as f:
            f.write(rows_text(rows))
        answers = {m: library(model, rows, m) for m in CASES[name].methods}
        with open(os.path.join(out, name + ".expected.json"), "w") as f:
            json.dump({"exact": CASES[name].exact, "answers": {m: v for m, v in answers.items() if v is not None}}, f)
    print("scikit-learn %s: %d models" % (sklearn.__version__, len(names(patterns))))


import zoo_prep  # noqa: E402

zoo_prep.add(sys.modules[__name__])

if __name__ == "__main__":
    import warnings

    warnings.filterwarnings("ignore")
    main(*sys.argv[1:])
