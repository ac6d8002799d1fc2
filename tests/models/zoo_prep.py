"""Cases of the zoo: composition and preprocessing. add(zoo) enters them."""

import numpy as np
from sklearn import compose, impute, pipeline, preprocessing
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeRegressor

pipe = pipeline.make_pipeline
NAN = float("nan")


def homes(n, seed=17, gaps=0.0):
    """A table with text and numbers. Cities have very different frequencies."""
    import pandas as pd

    rng = np.random.RandomState(seed)
    city = rng.choice(["Oslo", "Zürich", "São Paulo", "Lagos", "Bern"], n, p=[0.45, 0.3, 0.15, 0.07, 0.03])
    frame = pd.DataFrame({
        "city": city.astype(object),
        "kind": rng.choice(["a", "b", "c"], n).astype(object),
        "area": np.round(rng.gamma(4.0, 30.0, n), 2),
        "age": rng.randint(0, 90, n),
        "new": rng.rand(n) < 0.3,
    })
    y = frame["area"] * 2 + 30 * (city == "Oslo") - frame["age"] + rng.randn(n)
    if gaps:
        for name in ("city", "area"):
            frame.loc[rng.rand(n) < gaps, name] = None if name == "city" else NAN
    return frame, y.to_numpy()


def table(frame):
    data = [[None if v is None or v != v else v for v in row] for row in frame.astype(object).values.tolist()]
    return {"columns": list(frame.columns), "data": data}


def add(z):
    one_hot = preprocessing.OneHotEncoder
    ordinal = preprocessing.OrdinalEncoder
    dense = {"sparse_output": False} if z.VERSION >= (1, 2) else {"sparse": False}
    function = preprocessing.FunctionTransformer
    columns = compose.ColumnTransformer

    def on_homes(make, unseen=False, shuffle=False, only=None, gaps=0.0):
        def go():
            frame, y = homes(400, gaps=gaps)
            if only:
                frame = frame[only]
            test = frame[340:].copy()
            if unseen:
                test.iloc[3, 0], test.iloc[8, 0] = "Paris", "Oslo "
            model = make().fit(frame[:340], y[:340])
            if shuffle:
                test = test[list(test.columns)[::-1]]
                test.insert(2, "extra", "x")
            return model, table(test)

        return go

    def blocks(encoder, **options):
        return lambda: pipe(columns([("cat", encoder, ["city", "kind"]), ("num", preprocessing.StandardScaler(), ["area", "age"])], **options), DecisionTreeRegressor(max_depth=9, random_state=0))

    homes_cases = {
        "columns_one_hot": (blocks(one_hot()), dict(), (1, 0)),
        "columns_ignore_unknown": (blocks(one_hot(handle_unknown="ignore")), dict(unseen=True), (1, 0)),
        "columns_in_any_order": (blocks(one_hot(handle_unknown="ignore")), dict(unseen=True, shuffle=True), (1, 0)),
        "columns_remainder": (blocks(one_hot(), remainder="passthrough"), dict(), (1, 0)),
        "columns_remainder_scaled": (blocks(one_hot(), remainder=preprocessing.StandardScaler()), dict(), (1, 0)),
        "columns_weights": (blocks(one_hot(), transformer_weights={"cat": 0.5, "num": 3.0}), dict(), (1, 0)),
        "columns_sparse": (blocks(one_hot(), sparse_threshold=1.0), dict(), (1, 0)),
        "columns_ordinal": (blocks(ordinal(handle_unknown="use_encoded_value", unknown_value=-1)), dict(unseen=True), (1, 0)),
        "columns_numbers": (lambda: columns([("a", preprocessing.StandardScaler(), [3, -3]), ("s", "passthrough", slice(2, 4)), ("d", "drop", [0])]), dict(), (1, 0)),
        "columns_masks": (lambda: columns([("a", preprocessing.StandardScaler(), [False, False, True, True, False]), ("m", "passthrough", np.array([False] * 4 + [True]))]), dict(), (1, 0)),
        "columns_slice_of_names": (lambda: columns([("a", preprocessing.StandardScaler(), slice("area", "age")), ("b", one_hot(), slice(None, "kind"))]), dict(), (1, 0)),
        "columns_in_columns": (lambda: columns([("x", columns([("c", one_hot(), ["city"]), ("r", "passthrough", ["age"])]), ["city", "age"]), ("y", "passthrough", ["area"])]), dict(), (1, 0)),
        "columns_passthrough_text": (lambda: pipe(columns([("i", impute.SimpleImputer(strategy="most_frequent"), ["city"]), ("p", "passthrough", ["kind", "age"])]), one_hot(handle_unknown="ignore")), dict(unseen=True), (1, 0)),
        "columns_imputed": (lambda: columns([("c", pipe(impute.SimpleImputer(strategy="constant", fill_value="?"), one_hot(handle_unknown="ignore")), ["city"]), ("n", pipe(impute.SimpleImputer(strategy="median", add_indicator=True), preprocessing.StandardScaler()), ["area", "age"])]), dict(gaps=0.1, unseen=True), (1, 0)),
        "one_hot_dense": (lambda: one_hot(**dense), dict(only=["city", "kind"]), (1, 0)),
        "one_hot_drop_first": (lambda: one_hot(drop="first", **dense), dict(only=["city", "kind"]), (1, 0)),
        "one_hot_drop_some": (lambda: one_hot(drop=["Oslo", "c"], **dense), dict(only=["city", "kind"]), (1, 0)),
        "one_hot_drop_binary": (lambda: one_hot(drop="if_binary", **dense), dict(only=["kind", "new"]), (1, 0)),
        "one_hot_drop_ignore": (lambda: one_hot(drop="first", handle_unknown="ignore", **dense), dict(only=["city", "kind"], unseen=True), (1, 0)),
        "one_hot_numbers": (lambda: one_hot(handle_unknown="ignore"), dict(only=["age", "new"]), (1, 0)),
        "one_hot_missing": (lambda: one_hot(handle_unknown="ignore"), dict(only=["city", "area"], gaps=0.2), (1, 0)),
        "ordinal": (ordinal, dict(only=["city", "kind", "new"]), (1, 0)),
        "ordinal_unknown": (lambda: ordinal(handle_unknown="use_encoded_value", unknown_value=NAN), dict(only=["city", "kind"], unseen=True), (1, 0)),
    }
    if z.VERSION >= (1, 1):
        homes_cases.update({
            "one_hot_rare": (lambda: one_hot(min_frequency=30, handle_unknown="infrequent_if_exist"), dict(only=["city", "kind"], unseen=True), (1, 1)),
            "one_hot_rare_ignored": (lambda: one_hot(max_categories=3, handle_unknown="ignore"), dict(only=["city", "kind"], unseen=True), (1, 1)),
            "one_hot_rare_dropped": (lambda: one_hot(max_categories=3, drop="first", handle_unknown="infrequent_if_exist"), dict(only=["city", "kind"], unseen=True), (1, 1)),
            "ordinal_missing": (lambda: ordinal(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2), dict(only=["area"], gaps=0.2), (1, 1)),
        })
    if z.VERSION >= (1, 3):
        homes_cases["ordinal_rare"] = (lambda: ordinal(min_frequency=30, handle_unknown="use_encoded_value", unknown_value=-1), dict(only=["city", "kind"], unseen=True), (1, 3))
    for name, (make, options, since) in homes_cases.items():
        z.case(name, exact=True, since=since)(on_homes(make, **options))

    def with_holes(make, data=load_diabetes, all_missing=False, zeros=False, n_test=37):
        def go():
            x, y, rows = z.split(data(), n_test)
            x, rows = z.holes(x, 1), z.holes(rows, 2)
            if all_missing:
                x[:, 2] = NAN
            if zeros:
                x, rows = np.nan_to_num(x), np.nan_to_num(rows)
            return make().fit(x, y), rows.tolist()

        return go

    imputer = impute.SimpleImputer
    union = pipeline.make_union
    z.case("imputer_mean", exact=True)(with_holes(imputer))
    z.case("imputer_median_marked", exact=True)(with_holes(lambda: imputer(strategy="median", add_indicator=True)))
    z.case("imputer_most_frequent", exact=True)(with_holes(lambda: imputer(strategy="most_frequent")))
    z.case("imputer_constant", exact=True)(with_holes(lambda: imputer(strategy="constant", fill_value=-7.5)))
    z.case("imputer_zeros", exact=True)(with_holes(lambda: imputer(missing_values=0.0), zeros=True))
    z.case("imputer_column_never_seen", exact=True)(with_holes(imputer, all_missing=True))
    z.case("imputer_keeps_empty", exact=True, since=(1, 2))(with_holes(lambda: imputer(keep_empty_features=True), all_missing=True))
    z.case("indicator", exact=True)(with_holes(impute.MissingIndicator))
    z.case("indicator_all", exact=True)(with_holes(lambda: impute.MissingIndicator(features="all")))
    z.case("union_imputed_marked", exact=True)(with_holes(lambda: pipe(union(imputer(), impute.MissingIndicator()), DecisionTreeRegressor(max_depth=6, random_state=0))))
    z.case("union_weights", exact=True)(z.on(lambda: pipeline.FeatureUnion([("a", preprocessing.StandardScaler()), ("b", "drop"), ("c", pipe(function(), preprocessing.StandardScaler(with_mean=False)))], transformer_weights={"a": 0.25}), load_iris))
    z.case("function_identity", exact=True)(z.on(function, load_iris))
    z.case("function_sqrt", exact=True)(z.on(lambda: function(np.sqrt), load_iris))
    z.case("function_log1p")(z.on(lambda: pipe(function(np.log1p, validate=True), LogisticRegression(max_iter=3000)), load_breast_cancer))
