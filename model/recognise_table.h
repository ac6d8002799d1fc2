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

#endif
