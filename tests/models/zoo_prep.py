"""Cases of the zoo: composition and preprocessing. add(zoo) enters them."""

import numpy as np
from sklearn import cluster, compose, decomposition, discriminant_analysis, dummy, feature_selection, impute, naive_bayes, pipeline, preprocessing, svm
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Perceptron, Ridge, RidgeClassifier, SGDClassifier
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
    z.case("function_identity", exact=True)(z.on(lambda: function(validate=True), load_iris))
    z.case("function_sqrt", exact=True)(z.on(lambda: function(np.sqrt), load_iris))
    z.case("function_log1p")(z.on(lambda: pipe(function(np.log1p, validate=True), LogisticRegression(max_iter=3000)), load_breast_cancer))

    add_numbers(z)
    add_classifiers(z)


def add_numbers(z):
    """Transformers of numbers, selection, projection, wrappers."""
    pre, select = preprocessing, feature_selection
    exact = {
        "min_max": pre.MinMaxScaler,
        "max_abs": pre.MaxAbsScaler,
        "robust": pre.RobustScaler,
        "robust_center_only": lambda: pre.RobustScaler(with_scaling=False),
        "robust_scale_only": lambda: pre.RobustScaler(with_centering=False, quantile_range=(10, 80)),
        "normalizer_l1": lambda: pre.Normalizer("l1"),
        "binarizer": lambda: pre.Binarizer(threshold=1.5),
        "variance_threshold": lambda: select.VarianceThreshold(0.3),
        "select_k_best": lambda: select.SelectKBest(k=2),
        "select_k_all": lambda: select.SelectKBest(k="all"),
        "select_percentile": lambda: select.SelectPercentile(percentile=40),
        "rfe": lambda: pipe(select.RFE(LogisticRegression(max_iter=900), n_features_to_select=2), DecisionTreeRegressor(max_depth=4, random_state=0)),
        "polynomial": pre.PolynomialFeatures,
        "polynomial_interaction": lambda: pre.PolynomialFeatures(3, interaction_only=True, include_bias=False),
        "polynomial_high": lambda: pre.PolynomialFeatures(4),
    }
    for name, make in exact.items():
        z.case(name, exact=True)(z.on(make, load_iris))
    if z.VERSION >= (1, 0):
        z.case("polynomial_range", exact=True, since=(1, 0))(z.on(lambda: pre.PolynomialFeatures((2, 3)), load_iris))
    if z.VERSION >= (0, 24):
        z.case("min_max_clipped", exact=True, since=(0, 24))(z.on(lambda: pre.MinMaxScaler((-1, 0.5), clip=True), load_iris, n_test=60))
        z.case("normalizer_max", exact=True, since=(0, 24))(z.on(lambda: pre.Normalizer("max"), load_iris))
    near = {
        "normalizer_l2": pre.Normalizer,
        "power_yeo_johnson": pre.PowerTransformer,
        "power_box_cox": lambda: pre.PowerTransformer("box-cox", standardize=False),
        "pca": lambda: pipe(decomposition.PCA(3, svd_solver="full"), LogisticRegression(max_iter=900)),
        "pca_whitened": lambda: pipe(decomposition.PCA(2, whiten=True, svd_solver="full"), LogisticRegression(max_iter=900)),
        "truncated_svd": lambda: pipe(decomposition.TruncatedSVD(2, random_state=0), LogisticRegression(max_iter=900)),
        "scaled_selected_projected": lambda: pipe(pre.MinMaxScaler(), select.SelectKBest(k=3), pre.PolynomialFeatures(2), decomposition.PCA(4, svd_solver="full"), LogisticRegression(max_iter=900)),
    }
    for name, make in near.items():
        z.case(name)(z.on(make, load_iris))

    target = compose.TransformedTargetRegressor
    z.case("target_of_logs")(z.on(lambda: target(Ridge(), func=np.log1p, inverse_func=np.expm1), load_diabetes))
    z.case("target_scaled")(z.on(lambda: target(pipe(pre.StandardScaler(), Ridge()), transformer=pre.StandardScaler()), load_diabetes))
    z.case("dummy_mean", exact=True)(z.on(lambda: dummy.DummyRegressor(), load_diabetes))
    z.case("dummy_quantile", exact=True)(z.on(lambda: dummy.DummyRegressor(strategy="quantile", quantile=0.3), load_diabetes))
    z.case("dummy_prior")(z.on(lambda: dummy.DummyClassifier(strategy="prior"), load_breast_cancer))
    z.case("dummy_most_frequent", exact=True)(z.on(lambda: dummy.DummyClassifier(strategy="most_frequent"), load_iris, z.FLOWERS))

    def of_dicts(make):
        def go():
            rows, y = z.mixed(260)
            return make().fit(rows[:200], y[:200]), rows[200:]

        return go

    vector = z.DictVectorizer
    z.case("sparse_scaled_selected", exact=True, since=(1, 0))(of_dicts(lambda: pipe(vector(), pre.MaxAbsScaler(), select.VarianceThreshold(0.001), DecisionTreeRegressor(max_depth=7, random_state=0))))
    z.case("sparse_polynomial", exact=True, since=(1, 0))(of_dicts(lambda: pipe(vector(), pre.Binarizer(), pre.PolynomialFeatures(2), DecisionTreeRegressor(max_depth=7, random_state=0))))

    if z.VERSION >= (1, 3):

        def on_city(labels):
            def go():
                frame, y = homes(400)
                if labels:
                    y = np.digitize(y, [100, 250])
                test = frame[["city", "kind"]][340:].copy()
                test.iloc[3, 0] = "Paris"
                return pre.TargetEncoder(random_state=0).fit(frame[["city", "kind"]][:340], y[:340]), table(test)

            return go

        z.case("target_encoder", exact=True, since=(1, 3))(on_city(False))
        z.case("target_encoder_three", exact=True, since=(1, 4))(on_city(True))


def add_classifiers(z):
    scaled = lambda make: lambda: pipe(preprocessing.StandardScaler(), make())  # noqa: E731
    log = "log_loss" if z.VERSION >= (1, 1) else "log"
    sgd = lambda loss: scaled(lambda: SGDClassifier(loss=loss, random_state=0))  # noqa: E731
    made = {
        "linear_svc": scaled(lambda: svm.LinearSVC(random_state=0)),
        "ridge_classifier": RidgeClassifier,
        "perceptron": scaled(lambda: Perceptron(random_state=0)),
        "sgd_hinge": sgd("hinge"),
        "sgd_log": sgd(log),
        "sgd_modified_huber": sgd("modified_huber"),
        "lda": discriminant_analysis.LinearDiscriminantAnalysis,
    }
    for name, make in made.items():
        z.case(name)(z.on(make, load_iris))
        z.case(name + "_two")(z.on(make, load_breast_cancer, ["bad", "good"]))
    bayes = {
        "gaussian_nb": naive_bayes.GaussianNB,
        "multinomial_nb": naive_bayes.MultinomialNB,
        "complement_nb": naive_bayes.ComplementNB,
        "bernoulli_nb": lambda: naive_bayes.BernoulliNB(binarize=2.0),
    }
    for name, make in bayes.items():
        z.case(name)(z.on(make, load_iris, z.FLOWERS))
    z.case("kmeans")(z.on(lambda: pipe(preprocessing.StandardScaler(), cluster.KMeans(4, n_init=2, random_state=0)), load_iris))

    def searched():
        from sklearn.model_selection import GridSearchCV

        x, y, rows = z.split(load_iris())
        steps = pipe(preprocessing.StandardScaler(), LogisticRegression(max_iter=900))
        return GridSearchCV(steps, {"logisticregression__C": [0.1, 1]}, cv=2).fit(x, y), rows.tolist()

    z.case("grid_search")(searched)
