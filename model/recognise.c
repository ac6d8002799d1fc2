#include "model/recognise.h"
#include "model/recognise_table.h"

#define OLDEST_SKLEARN 22  /* 0.22: private modules got their underscore */
#define PIPELINES_MAX  20u /* one inside another */
#define ENSEMBLES_MAX  8u  /* one inside another */

/* Rows in alphabetical order; several classes share a form. */
static const struct {
	const char *cls;
	pd_recogniser make;
} table[] = {
	{ "AdaBoostClassifier", pd_make_ada_classifier },
	{ "AdaBoostRegressor", pd_make_ada_regressor },
	{ "BaggingClassifier", pd_make_bagging },
	{ "BaggingRegressor", pd_make_bagging },
	{ "BayesianRidge", pd_make_linear },
	{ "BernoulliNB", pd_make_bernoulli_nb },
	{ "Binarizer", pd_make_binarizer },
	{ "ColumnTransformer", pd_make_column_transformer },
	{ "ComplementNB", pd_make_complement_nb },
	{ "DecisionTreeClassifier", pd_make_tree },
	{ "DecisionTreeRegressor", pd_make_tree },
	{ "DictVectorizer", pd_make_dict_vectorizer },
	{ "DummyClassifier", pd_make_dummy_classifier },
	{ "DummyRegressor", pd_make_dummy_regressor },
	{ "ElasticNet", pd_make_linear },
	{ "ElasticNetCV", pd_make_linear },
	{ "ExtraTreeClassifier", pd_make_tree },
	{ "ExtraTreeRegressor", pd_make_tree },
	{ "ExtraTreesClassifier", pd_make_forest },
	{ "ExtraTreesRegressor", pd_make_forest },
	{ "FeatureUnion", pd_make_feature_union },
	{ "FunctionTransformer", pd_make_function_transformer },
	{ "GammaRegressor", pd_make_log_linear },
	{ "GaussianNB", pd_make_gaussian_nb },
	{ "GradientBoostingClassifier", pd_make_gradient_boosting },
	{ "GradientBoostingRegressor", pd_make_gradient_boosting },
	{ "HistGradientBoostingClassifier", pd_make_hist_boosting },
	{ "HistGradientBoostingRegressor", pd_make_hist_boosting },
	{ "HuberRegressor", pd_make_linear },
	{ "IsolationForest", pd_make_isolation_forest },
	{ "KMeans", pd_make_kmeans },
	{ "Lars", pd_make_linear },
	{ "LarsCV", pd_make_linear },
	{ "Lasso", pd_make_linear },
	{ "LassoCV", pd_make_linear },
	{ "LassoLars", pd_make_linear },
	{ "LassoLarsCV", pd_make_linear },
	{ "LinearDiscriminantAnalysis", pd_make_lda },
	{ "LinearRegression", pd_make_linear },
	{ "LinearSVC", pd_make_linear_classifier },
	{ "LinearSVR", pd_make_linear },
	{ "LogisticRegression", pd_make_logistic },
	{ "LogisticRegressionCV", pd_make_logistic },
	{ "MaxAbsScaler", pd_make_max_abs_scaler },
	{ "MinMaxScaler", pd_make_min_max_scaler },
	{ "MiniBatchKMeans", pd_make_kmeans },
	{ "MissingIndicator", pd_make_missing_indicator },
	{ "MultiTaskElasticNet", pd_make_linear },
	{ "MultiTaskLasso", pd_make_linear },
	{ "MultinomialNB", pd_make_multinomial_nb },
	{ "Normalizer", pd_make_normalizer },
	{ "OneHotEncoder", pd_make_one_hot_encoder },
	{ "OrdinalEncoder", pd_make_ordinal_encoder },
	{ "OrthogonalMatchingPursuit", pd_make_linear },
	{ "PCA", pd_make_pca },
	{ "PassiveAggressiveClassifier", pd_make_linear_classifier },
	{ "PassiveAggressiveRegressor", pd_make_linear },
	{ "Perceptron", pd_make_linear_classifier },
	{ "PoissonRegressor", pd_make_log_linear },
	{ "PolynomialFeatures", pd_make_polynomial_features },
	{ "PowerTransformer", pd_make_power_transformer },
	{ "QuantileRegressor", pd_make_linear },
	{ "RFE", pd_make_rfe },
	{ "RFECV", pd_make_rfe },
	{ "RandomForestClassifier", pd_make_forest },
	{ "RandomForestRegressor", pd_make_forest },
	{ "Ridge", pd_make_linear },
	{ "RidgeCV", pd_make_linear },
	{ "RidgeClassifier", pd_make_linear_classifier },
	{ "RidgeClassifierCV", pd_make_linear_classifier },
	{ "RobustScaler", pd_make_robust_scaler },
	{ "SGDClassifier", pd_make_sgd_classifier },
	{ "SGDRegressor", pd_make_linear },
	{ "SelectKBest", pd_make_select_k_best },
	{ "SelectPercentile", pd_make_select_percentile },
	{ "SimpleImputer", pd_make_simple_imputer },
	{ "StandardScaler", pd_make_standard_scaler },
	{ "TargetEncoder", pd_make_target_encoder },
	{ "TheilSenRegressor", pd_make_linear },
	{ "TransformedTargetRegressor", pd_make_transformed_target },
	{ "TruncatedSVD", pd_make_truncated_svd },
	{ "VarianceThreshold", pd_make_variance_threshold },
	{ "VotingClassifier", pd_make_voting },
	{ "VotingRegressor", pd_make_voting },
};

/* Of other packages: they say no version of scikit-learn. */
static const struct {
	const char *package, *cls;
	pd_recogniser make;
} others[] = {
	{ "lightgbm.", "Booster", pd_make_lgbm_booster },
	{ "lightgbm.", "LGBMClassifier", pd_make_lgbm },
	{ "lightgbm.", "LGBMRanker", pd_make_lgbm },
	{ "lightgbm.", "LGBMRegressor", pd_make_lgbm },
	{ "xgboost.", "Booster", pd_make_xgb_booster },
	{ "xgboost.", "XGBClassifier", pd_make_xgb },
	{ "xgboost.", "XGBRFClassifier", pd_make_xgb },
	{ "xgboost.", "XGBRFRegressor", pd_make_xgb },
	{ "xgboost.", "XGBRanker", pd_make_xgb },
	{ "xgboost.", "XGBRegressor", pd_make_xgb },
};

static bool from_sklearn(const struct pd_node *object)
{
	return pd_str_starts(pd_node_module(object), PD_STR("sklearn."));
}

static bool is_class(const struct pd_node *object, const char *cls)
{
	return pd_node_is(object, PD_NODE_OBJECT) && from_sklearn(object) &&
	       pd_str_eqz(pd_node_class(object), cls);
}

static enum pd_code no_predictor(const struct pd_node *object, struct pd_err *err)
{
	char cls[256];
	if (!pd_node_is(object, PD_NODE_OBJECT) || !pd_node_class(object).n)
		return pd_fail(err, PD_UNSUPPORTED, "not an estimator");
	return pd_fail(err, PD_UNSUPPORTED, "%s has no native predictor yet",
		       pd_class_text(object, cls, sizeof(cls)));
}

static pd_recogniser find_recogniser(const struct pd_node *object)
{
	if (!pd_node_is(object, PD_NODE_OBJECT))
		return NULL;
	for (size_t i = 0; i < PD_LEN(others); i++)
		if (pd_str_eqz(pd_node_class(object), others[i].cls) &&
		    pd_str_starts(pd_node_module(object), pd_str_from(others[i].package)))
			return others[i].make;
	for (size_t i = 0; from_sklearn(object) && i < PD_LEN(table); i++)
		if (pd_str_eqz(pd_node_class(object), table[i].cls))
			return table[i].make;
	return NULL;
}

bool pd_is_pipeline(const struct pd_node *object)
{
	return is_class(object, "Pipeline");
}

/* The attribute that holds the estimator a wrapper stands for, or NULL. */
static const char *wrapped(const struct pd_node *object)
{
	static const struct {
		const char *cls, *attribute;
	} wrappers[] = {
		{ "FrozenEstimator", "estimator" },
		{ "GridSearchCV", "best_estimator_" },
		{ "HalvingGridSearchCV", "best_estimator_" },
		{ "HalvingRandomSearchCV", "best_estimator_" },
		{ "RandomizedSearchCV", "best_estimator_" },
	};
	for (size_t i = 0; i < PD_LEN(wrappers); i++)
		if (is_class(object, wrappers[i].cls))
			return wrappers[i].attribute;
	return NULL;
}

bool pd_is_recognised(const struct pd_node *object)
{
	return find_recogniser(object) || pd_is_pipeline(object) || wrapped(object) ||
	       is_class(object, "LabelEncoder");
}

static enum pd_code read_names(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			       struct pd_err *err)
{
	const struct pd_node *n = pd_attr_opt(object, "feature_names_in_");
	struct pd_labels names = { 0 };
	if (!n)
		return PD_OK;
	PD_TRY(pd_attr_labels(b, object, "feature_names_in_", &names, err));
	if (names.kind != PD_RESULT_STR)
		return pd_attr_fail(object, "feature_names_in_", err, "is not text");
	if (s->n_in && s->n_in != names.n)
		return pd_attr_fail(object, "feature_names_in_", err, "has %zu names, not %zu",
				    names.n, s->n_in);
	s->names = names.s;
	s->n_names = names.n;
	return PD_OK;
}

/* What every estimator has. */
static enum pd_code read_common(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				struct pd_err *err)
{
	char cls[256];
	unsigned version = pd_sklearn_version(object);
	const struct pd_node *text = pd_attr_opt(object, "_sklearn_version");
	if (!object->obj->state)
		return pd_fail(err, PD_CORRUPT, "%s has no state; was it fitted?",
			       pd_class_text(object, cls, sizeof(cls)));
	s->module = pd_arena_str(b->arena, pd_node_module(object));
	s->cls = pd_arena_str(b->arena, pd_node_class(object));
	if (!from_sklearn(object))
		return PD_OK;
	if (version < OLDEST_SKLEARN)
		return pd_fail(err, PD_UNSUPPORTED, "%s of scikit-learn %.*s: 0.22 is the oldest",
			       pd_class_text(object, cls, sizeof(cls)),
			       PD_STR_ARG(pd_node_is(text, PD_NODE_TEXT)
						  ? pd_str_head(text->s, 40)
						  : PD_STR("without a version")));
	s->version = pd_arena_str(b->arena, text->s);
	if (pd_attr_opt(object, "n_features_in_"))
		PD_TRY(pd_attr_size(object, "n_features_in_", 1, PD_FEATURES_MAX, &s->n_in, err));
	return read_names(b, object, s, err);
}

enum pd_code pd_build_once(struct pd_build *b, const struct pd_node *n, struct pd_err *err)
{
	if (!b->built)
		b->built = PD_ARENA_NEW(b->scratch, struct pd_built);
	struct pd_built *seen = b->built;
	size_t at = n->id / 8;
	unsigned char bit = (unsigned char)(1u << n->id % 8);
	if (at >= seen->n) {
		unsigned char *bigger = NULL;
		PD_TRY(pd_arena_try(b->scratch, 2 * at + 64, 1, &bigger, err));
		if (seen->n)
			memcpy(bigger, seen->bits, seen->n);
		*seen = (struct pd_built){ bigger, 2 * at + 64 };
	}
	if (seen->bits[at] & bit)
		return pd_fail(err, PD_CORRUPT, "two parts of an ensemble are one object");
	seen->bits[at] |= bit;
	return PD_OK;
}

enum pd_code pd_build_step(struct pd_build *b, const struct pd_node *object, struct pd_str name,
			   struct pd_step **out, struct pd_err *err)
{
	pd_recogniser make = find_recogniser(object);
	if (!make)
		return no_predictor(object, err);
	if (b->nesting)
		PD_TRY(pd_build_once(b, object, err));
	struct pd_step *s = PD_ARENA_NEW(b->arena, struct pd_step);
	s->name = pd_arena_str(b->arena, name);
	PD_TRY(read_common(b, object, s, err));
	PD_TRY(make(b, object, s, err));
	*out = s;
	return PD_OK;
}

static enum pd_code add_step(struct pd_build *b, struct pd_step *s, struct pd_err *err)
{
	if (b->n_steps == PD_STEPS_MAX)
		return pd_fail(err, PD_TOO_LARGE, "more than %d steps", PD_STEPS_MAX);
	if (b->n_steps == b->cap_steps) {
		size_t cap = b->cap_steps ? b->cap_steps * 2 : 8;
		struct pd_step **bigger = PD_ARENA_ARRAY(b->arena, struct pd_step *, cap);
		if (b->n_steps)
			memcpy(bigger, b->steps, b->n_steps * sizeof(*bigger));
		b->steps = bigger;
		b->cap_steps = cap;
	}
	b->steps[b->n_steps++] = s;
	return PD_OK;
}

static enum pd_code add_estimator(struct pd_build *b, const struct pd_node *n, struct pd_str name,
				  struct pd_err *err);

static bool passes_through(const struct pd_node *estimator)
{
	return pd_node_is(estimator, PD_NODE_NONE) ||
	       (pd_node_is(estimator, PD_NODE_TEXT) && pd_str_eqz(estimator->s, "passthrough"));
}

static enum pd_code add_pipeline(struct pd_build *b, const struct pd_node *pipeline,
				 struct pd_err *err)
{
	const struct pd_node *steps = NULL;
	PD_TRY(pd_attr(pipeline, "steps", &steps, err));
	if ((steps->kind != PD_NODE_LIST && steps->kind != PD_NODE_TUPLE) || !steps->n_items)
		return pd_attr_fail(pipeline, "steps", err, "is not a list of steps");
	for (size_t i = 0; i < steps->n_items; i++) {
		const struct pd_node *pair = steps->items[i];
		if (++b->n_walked > PD_STEPS_MAX)
			return pd_fail(err, PD_TOO_LARGE, "more than %d steps", PD_STEPS_MAX);
		if (!pair || (pair->kind != PD_NODE_TUPLE && pair->kind != PD_NODE_LIST) ||
		    pair->n_items != 2 || !pd_node_is(pair->items[0], PD_NODE_TEXT))
			return pd_attr_fail(pipeline, "steps", err, "%zu is not (name, estimator)",
					    i + 1);
		if (passes_through(pair->items[1]))
			continue;
		struct pd_str name = pair->items[0]->s;
		if (add_estimator(b, pair->items[1], name, err) != PD_OK)
			return pd_err_prefix(err, "step %zu \"%.*s\"", i + 1,
					     PD_STR_ARG(pd_str_head(name, 80)));
	}
	return PD_OK;
}

/* HistGradientBoosting* with categories, since 1.4: a ColumnTransformer that makes them numbers. */
static enum pd_code add_preprocessor(struct pd_build *b, const struct pd_node *n,
				     struct pd_err *err)
{
	if (!pd_node_is(n, PD_NODE_OBJECT) || !from_sklearn(n) ||
	    !pd_str_starts(pd_node_class(n), PD_STR("HistGradientBoosting")))
		return PD_OK;
	const struct pd_node *p = pd_attr_opt(n, "_preprocessor");
	if (!p)
		return PD_OK;
	if (!is_class(p, "ColumnTransformer"))
		return pd_attr_fail(n, "_preprocessor", err, "is no ColumnTransformer");
	return add_estimator(b, p, PD_STR(""), err);
}

static enum pd_code add_estimator(struct pd_build *b, const struct pd_node *n, struct pd_str name,
				  struct pd_err *err)
{
	struct pd_step *s = NULL;
	const char *attribute = wrapped(n);
	if (!pd_is_pipeline(n) && !attribute) {
		PD_TRY(add_preprocessor(b, n, err));
		PD_TRY(pd_build_step(b, n, name, &s, err));
		return add_step(b, s, err);
	}
	if (b->depth == PIPELINES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "pipelines nested more than %u deep",
			       PIPELINES_MAX);
	b->depth++;
	if (attribute) {
		const struct pd_node *inner = NULL;
		PD_TRY(pd_attr(n, attribute, &inner, err));
		PD_TRY(add_estimator(b, inner, name, err));
	} else {
		PD_TRY(add_pipeline(b, n, err));
	}
	b->depth--;
	return PD_OK;
}

/* (vectoriser, model), (model, vectoriser), (encoder, model), ...: what people pickle by hand. */
static enum pd_code add_tuple(struct pd_build *b, const struct pd_node *tuple, struct pd_err *err)
{
	for (size_t i = 0; i < 2; i++) {
		const struct pd_node *aid = tuple->items[i], *model = tuple->items[1 - i];
		if (is_class(aid, "LabelEncoder")) {
			b->code = PD_ARENA_NEW(b->arena, struct pd_labels);
			PD_TRY(pd_attr_labels(b, aid, "classes_", b->code, err));
			return add_estimator(b, model, PD_STR(""), err);
		}
		if (is_class(aid, "DictVectorizer")) {
			PD_TRY(add_estimator(b, aid, PD_STR(""), err));
			return add_estimator(b, model, PD_STR(""), err);
		}
	}
	return pd_fail(err, PD_UNSUPPORTED,
		       "a tuple is a model when it holds a DictVectorizer or a LabelEncoder and "
		       "one predictor");
}

/* Widths must fit: what a step gives is what the next one was fitted with. */
static enum pd_code check_chain(const struct pd_build *b, struct pd_err *err)
{
	for (size_t i = 0; i < b->n_steps; i++) {
		const struct pd_step *s = b->steps[i];
		if (i + 1 < b->n_steps && !(s->can & PD_CAN(PD_METHOD_TRANSFORM)))
			return pd_fail(err, PD_UNSUPPORTED,
				       "step %zu: %.*s is no transformer, but is not the last step",
				       i + 1, PD_STR_ARG(s->cls));
		if (i && s->ops->read)
			return pd_fail(err, PD_UNSUPPORTED,
				       "step %zu: %.*s takes dicts, but is not the first step",
				       i + 1, PD_STR_ARG(s->cls));
		if (i && s->n_in && b->steps[i - 1]->n_out && s->n_in != b->steps[i - 1]->n_out)
			return pd_fail(err, PD_CORRUPT,
				       "step %zu: %.*s takes %zu features, the step before gives "
				       "%zu",
				       i + 1, PD_STR_ARG(s->cls), s->n_in, b->steps[i - 1]->n_out);
	}
	return PD_OK;
}

enum pd_code pd_build_chain(struct pd_build *b, const struct pd_node *n, struct pd_str name,
			    struct pd_chain *out, struct pd_err *err)
{
	struct pd_build inner = { .arena = b->arena,
				  .scratch = b->scratch,
				  .depth = b->depth + 1,
				  .n_walked = b->n_walked + 1,
				  .nesting = b->nesting,
				  .built = b->built };
	if (b->depth == PIPELINES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "estimators nested more than %u deep",
			       PIPELINES_MAX);
	if (inner.n_walked > PD_STEPS_MAX)
		return pd_fail(err, PD_TOO_LARGE, "more than %d steps", PD_STEPS_MAX);
	if (!passes_through(n))
		PD_TRY(add_estimator(&inner, n, name, err));
	PD_TRY(check_chain(&inner, err));
	b->n_walked = inner.n_walked;
	*out = (struct pd_chain){ .steps = inner.steps, .n_steps = inner.n_steps };
	return PD_OK;
}

enum pd_code pd_build_model(struct pd_build *b, const struct pd_node *root, struct pd_err *err)
{
	if (pd_node_is(root, PD_NODE_TUPLE) && root->n_items == 2)
		PD_TRY(add_tuple(b, root, err));
	else
		PD_TRY(add_estimator(b, root, PD_STR(""), err));
	if (!b->n_steps)
		return pd_fail(err, PD_UNSUPPORTED, "a pipeline without steps");
	return check_chain(b, err);
}

enum pd_code pd_build_nested(struct pd_build *b, const struct pd_node *object, size_t n_in,
			     struct pd_chain *out, struct pd_err *err)
{
	if (b->nesting == ENSEMBLES_MAX)
		return pd_fail(err, PD_TOO_LARGE, "ensembles nested more than %u deep",
			       ENSEMBLES_MAX);
	if (!b->built)
		b->built = PD_ARENA_NEW(b->scratch, struct pd_built);
	struct pd_build inner = { .arena = b->arena,
				  .scratch = b->scratch,
				  .depth = b->depth,
				  .nesting = b->nesting + 1,
				  .built = b->built };
	PD_TRY(add_estimator(&inner, object, PD_STR(""), err));
	PD_TRY(check_chain(&inner, err));
	*out = (struct pd_chain){ .steps = inner.steps, .n_steps = inner.n_steps };
	if (!pd_chain_can(out, PD_METHOD_PREDICT))
		return pd_fail(err, PD_UNSUPPORTED, "a member of an ensemble predicts nothing");
	size_t width = pd_chain_n_in(out);
	if (n_in && width && width != n_in)
		return pd_fail(err, PD_CORRUPT, "%.*s takes %zu features, the ensemble has %zu",
			       PD_STR_ARG(out->steps[0]->cls), width, n_in);
	return PD_OK;
}
