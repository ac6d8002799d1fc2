/*
 * serve/recipe.h - from an event as a service gets it to the features a model wants, and from the
 * model's answer to the reply the service gives. It replaces the script around a model:
 *
 *   {"features": {"PU_DO": "{PULocationID}_{DOLocationID}", "trip_distance": "{trip_distance}"},
 *    "reply":    {"duration": "{prediction}", "model_version": "{run_id}"}}
 *
 * In a text, {path.to.field} is a field of the event; items of lists go by number ({stops.0.id}).
 * Alone in its text it keeps its JSON type. Inside a longer text it becomes text: texts as they
 * are, numbers as Python's str shows them (10, 1.5), true and false, lists and objects as JSON.
 * {{ and }} are braces. Values that are not texts are constants. A field that the event lacks is an
 * error that names it, and so is null inside a longer text; null alone is a feature without value.
 *
 * A reply may be any JSON value with such texts in it. It knows besides {prediction}, {run_id},
 * {model_name}, {model_version} and {model_id}; {event.path} is the event's field also where it has
 * one of these names. Alone and unknown they are null. Without "features" the event is the features; without "reply" the answer is
 * {"prediction": ...}.
 *
 * A recipe is compiled once and read by all threads.
 */
#ifndef PD_SERVE_RECIPE_H
#define PD_SERVE_RECIPE_H

#include "serve/scoring.h"

#define PD_RECIPE_FILE     "podium.json" /* beside MLmodel */
#define PD_RECIPE_SIZE_MAX ((size_t)1 << 20)
#define PD_RECIPE_PATH_MAX 32 /* fields inside one another */

struct pd_recipe;

/* What a reply may tell about the model. Empty where unknown. */
struct pd_model_facts {
	struct pd_str run_id;
	struct pd_str model_name;
	struct pd_str model_version;
	struct pd_str model_id;
};

/* *out lies in `arena`. PD_CORRUPT: not JSON.  PD_INVALID: which text is wrong and why. */
PD_MUST enum pd_code pd_recipe_parse(struct pd_str text, struct pd_arena *arena,
				     struct pd_recipe **out, struct pd_err *err);

/* Events that are being read: begin, one or more texts, end. Texts must stay until the reply. */
struct pd_events {
	const struct pd_recipe *recipe;
	struct pd_json_in in;
	struct pd_rows table; /* without "features" */
	size_t n;
	bool list; /* the last text was a list */
	struct pd_frame frame;
};

void pd_events_begin(struct pd_events *e, const struct pd_recipe *recipe, struct pd_arena *arena,
		     struct pd_scratch *scratch, struct pd_err *err);
/* An event, or a list of them. PD_BAD_REQUEST. */
PD_MUST enum pd_code pd_events_text(struct pd_events *e, struct pd_str text);
/* One event, nothing else. */
PD_MUST enum pd_code pd_events_one(struct pd_events *e, struct pd_str text);
/* Make e->frame of them, a row each. PD_BAD_REQUEST names the field (and the event, of several). */
PD_MUST enum pd_code pd_events_end(struct pd_events *e);

/* The reply to event `row`. PD_BAD_REQUEST: the event lacks a field. */
PD_MUST enum pd_code pd_recipe_reply(const struct pd_events *e, const struct pd_model_facts *facts,
				     const struct pd_result *r, size_t row, struct pd_buf *out);

#endif
