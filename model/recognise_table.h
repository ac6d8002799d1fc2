/* model/recognise_table.h - the recognisers, one a file under model/sklearn/. */
#ifndef PD_MODEL_RECOGNISE_TABLE_H
#define PD_MODEL_RECOGNISE_TABLE_H

#include "model/recognise.h"

enum pd_code pd_make_dict_vectorizer(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_standard_scaler(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_linear(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			    struct pd_err *err);
enum pd_code pd_make_log_linear(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				struct pd_err *err);
enum pd_code pd_make_logistic(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			      struct pd_err *err);
enum pd_code pd_make_tree(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			  struct pd_err *err);
enum pd_code pd_make_forest(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			    struct pd_err *err);
enum pd_code pd_make_column_transformer(struct pd_build *b, const struct pd_node *object,
					struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_feature_union(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_function_transformer(struct pd_build *b, const struct pd_node *object,
					  struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_one_hot_encoder(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_ordinal_encoder(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_simple_imputer(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_missing_indicator(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_ada_classifier(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_ada_regressor(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_bagging(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			     struct pd_err *err);
enum pd_code pd_make_gradient_boosting(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_hist_boosting(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_isolation_forest(struct pd_build *b, const struct pd_node *object,
				      struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_voting(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			    struct pd_err *err);
enum pd_code pd_make_min_max_scaler(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_max_abs_scaler(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_robust_scaler(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_normalizer(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
				struct pd_err *err);
enum pd_code pd_make_binarizer(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			       struct pd_err *err);
enum pd_code pd_make_variance_threshold(struct pd_build *b, const struct pd_node *object,
					struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_select_k_best(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_select_percentile(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_rfe(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 struct pd_err *err);
enum pd_code pd_make_pca(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 struct pd_err *err);
enum pd_code pd_make_truncated_svd(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_linear_classifier(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_sgd_classifier(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_lda(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 struct pd_err *err);
enum pd_code pd_make_gaussian_nb(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_multinomial_nb(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_complement_nb(struct pd_build *b, const struct pd_node *object,
				   struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_bernoulli_nb(struct pd_build *b, const struct pd_node *object,
				  struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_kmeans(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			    struct pd_err *err);
enum pd_code pd_make_polynomial_features(struct pd_build *b, const struct pd_node *object,
					 struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_power_transformer(struct pd_build *b, const struct pd_node *object,
				       struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_target_encoder(struct pd_build *b, const struct pd_node *object,
				    struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_transformed_target(struct pd_build *b, const struct pd_node *object,
					struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_dummy_regressor(struct pd_build *b, const struct pd_node *object,
				     struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_dummy_classifier(struct pd_build *b, const struct pd_node *object,
				      struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_lgbm(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			  struct pd_err *err);
enum pd_code pd_make_lgbm_booster(struct pd_build *b, const struct pd_node *object,
				  struct pd_step *s, struct pd_err *err);
enum pd_code pd_make_xgb(struct pd_build *b, const struct pd_node *object, struct pd_step *s,
			 struct pd_err *err);
enum pd_code pd_make_xgb_booster(struct pd_build *b, const struct pd_node *object,
				 struct pd_step *s, struct pd_err *err);

#endif
