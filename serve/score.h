/*
 * serve/score.h - one scoring request from bytes to bytes: read, check against the signature,
 * predict, write. What HTTP, batch and later streams and Lambda have in common.
 */
#ifndef PD_SERVE_SCORE_H
#define PD_SERVE_SCORE_H

#include "serve/recipe.h"

/* A model that is ready to answer. Immutable while it is shared. */
struct pd_scored {
	struct pd_model *model;   /* owned */
	struct pd_recipe *recipe; /* of the arena; NULL: none */
	struct pd_arena arena;
	const struct pd_signature *signature; /* of the model; NULL: none */
	struct pd_model_facts facts;          /* of the arena */
	bool dict_rows;
};

struct pd_scored_opts {
	const char *method;      /* NULL: the model's own */
	const char *recipe_path; /* NULL: podium.json beside MLmodel, where there is one */
	struct pd_model_facts
		facts; /* borrowed; run_id and model_id come from MLmodel when empty */
};

/* *out is given; release with pd_scored_free. Errors as pd_model_load and pd_recipe_parse. */
PD_MUST enum pd_code pd_scored_load(const char *path, const struct pd_scored_opts *opts,
				    struct pd_scored **out, struct pd_err *err);
void pd_scored_free(struct pd_scored *s); /* NULL is allowed */

/* What a thread brings to each request. A zeroed struct is valid. */
struct pd_scorer {
	struct pd_arena arena;
	struct pd_scratch scratch;
};

void pd_scorer_end(struct pd_scorer *s);
/* Ready for the next request: everything of the last one is gone. */
void pd_scorer_reset(struct pd_scorer *s);

/* The frame as the model wants it, and its answer. in: changed. */
PD_MUST enum pd_code pd_score_frame(const struct pd_scored *s, struct pd_scorer *scorer,
				    struct pd_frame *in, struct pd_result *out, struct pd_err *err);

/* The answer of the protocol: status and Content-Type beside the bytes in `out`. */
struct pd_score_reply {
	int status;
	const char *type;
	size_t n_rows; /* predicted */
};

/* POST /invocations. Failures are answers too. */
void pd_score_invocations(const struct pd_scored *s, struct pd_scorer *scorer,
			  struct pd_str content_type, struct pd_str body, struct pd_buf *out,
			  struct pd_score_reply *reply);

/* Events through the recipe: an object or a list of them in, the reply or a list out. */
PD_MUST enum pd_code pd_score_text(const struct pd_scored *s, struct pd_scorer *scorer,
				   struct pd_str events, struct pd_buf *out, size_t *out_rows,
				   struct pd_err *err);

/* POST /predict with the model's recipe: an event or a list of them. */
void pd_score_events(const struct pd_scored *s, struct pd_scorer *scorer, struct pd_str body,
		     struct pd_buf *out, struct pd_score_reply *reply);

#endif
