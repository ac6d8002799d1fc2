#include "serve/score.h"

#include "base/auto.h"
#include "base/file.h"
#include "schema/errors.h"

#define KEEP_BYTES ((size_t)4 << 20) /* of an arena, from one request to the next */

#define TYPE_JSON "application/json"
#define TYPE_TEXT "text/plain; charset=utf-8"

/* ---------------------------------------------------------------- loading */

static enum pd_code load_recipe(struct pd_scored *s, const char *path, struct pd_err *err)
{
	struct pd_buf text __attribute__((cleanup(pd_buf_end)));
	pd_buf_init(&text, PD_RECIPE_SIZE_MAX);
	PD_TRY(pd_file_read(&text, path, err));
	PD_TRY(pd_buf_check(&text, path, err));
	if (pd_recipe_parse(pd_buf_view(&text), &s->arena, &s->recipe, err) != PD_OK)
		return pd_err_prefix(err, "%s", path);
	return PD_OK;
}

static void keep_facts(struct pd_scored *s, const struct pd_model_facts *given)
{
	const struct pd_mlmodel *meta = pd_model_meta(s->model);
	struct pd_model_facts f = *given;
	if (meta && !f.run_id.n)
		f.run_id = meta->run_id;
	if (meta && !f.model_id.n)
		f.model_id = meta->model_id;
	s->facts = (struct pd_model_facts){
		.run_id = pd_arena_str(&s->arena, f.run_id),
		.model_name = pd_arena_str(&s->arena, f.model_name),
		.model_version = pd_arena_str(&s->arena, f.model_version),
		.model_id = pd_arena_str(&s->arena, f.model_id),
	};
	s->signature = meta ? meta->signature : NULL;
	s->dict_rows = pd_model_takes_dicts(s->model);
}

static enum pd_code load(struct pd_scored *s, const char *path, const struct pd_scored_opts *opts,
			 struct pd_err *err)
{
	struct pd_model_opts model_opts = { .method = opts->method };
	PD_TRY(pd_model_load(path, &model_opts, &s->model, err));
	keep_facts(s, &opts->facts);
	if (opts->recipe_path)
		return load_recipe(s, opts->recipe_path, err);
	PD_AUTO_FREE char *beside = pd_path_join(path, PD_RECIPE_FILE);
	if (pd_path_is_dir(path) && pd_path_exists(beside))
		return load_recipe(s, beside, err);
	return PD_OK;
}

enum pd_code pd_scored_load(const char *path, const struct pd_scored_opts *opts,
			    struct pd_scored **out, struct pd_err *err)
{
	struct pd_scored *s = pd_xcalloc(1, sizeof(*s));
	enum pd_code code = load(s, path, opts, err);
	if (code != PD_OK) {
		pd_scored_free(s);
		return code;
	}
	*out = s;
	return PD_OK;
}

void pd_scored_free(struct pd_scored *s)
{
	if (!s)
		return;
	pd_model_free(s->model);
	pd_arena_end(&s->arena);
	free(s);
}

void pd_scorer_end(struct pd_scorer *s)
{
	pd_arena_end(&s->arena);
	pd_scratch_end(&s->scratch);
}

void pd_scorer_reset(struct pd_scorer *s)
{
	if (s->arena.used > KEEP_BYTES)
		pd_arena_end(&s->arena);
	else
		pd_arena_reset(&s->arena);
	pd_scratch_trim(&s->scratch);
}

/* ---------------------------------------------------------------- predicting */

enum pd_code pd_score_frame(const struct pd_scored *s, struct pd_scorer *scorer,
			    struct pd_frame *in, struct pd_result *out, struct pd_err *err)
{
	bool checked = s->signature && s->signature->inputs;
	if (checked)
		PD_TRY(pd_signature_enforce(s->signature, in, &scorer->arena, err));
	else if (in->origin == PD_FROM_CSV)
		pd_frame_infer(in, &scorer->arena);
	enum pd_code code = pd_model_predict(s->model, in, &scorer->arena, out, err);
	if (code != PD_INVALID)
		return code;
	/* MLflow: an exception of the model itself */
	err->code = PD_BAD_REQUEST;
	return pd_err_prefix(err, "Encountered an unexpected error while evaluating the model. "
				  "Verify that the serialized input Dataframe is compatible with "
				  "the model for inference");
}

static void reply_error(struct pd_buf *out, struct pd_score_reply *reply, const struct pd_err *err)
{
	pd_buf_clear(out);
	pd_write_error(out, err);
	*reply = (struct pd_score_reply){ .status = pd_error_http(err->code), .type = TYPE_JSON };
}

/* ---------------------------------------------------------------- /invocations */

static void reply_415(struct pd_buf *out, struct pd_score_reply *reply)
{
	*reply = (struct pd_score_reply){ .status = 415, .type = TYPE_TEXT };
	(void)out;
}

/* Behind the media type, "; charset=utf-8" and nothing else. False: answered. */
static bool check_parameters(struct pd_str rest, struct pd_buf *out, struct pd_score_reply *reply)
{
	while (rest.n) {
		struct pd_str pair;
		struct pd_str key;
		struct pd_str value;
		(void)pd_str_split(rest, ';', &pair, &rest);
		(void)pd_str_split(pd_str_trim(pair), '=', &key, &value);
		if (!pd_str_eq(key, PD_STR("charset"))) {
			pd_buf_z(out, "Unrecognized content type parameters: ");
			pd_buf_str(out, key);
			pd_buf_char(out, '.');
			reply_415(out, reply);
			return false;
		}
		if (!pd_str_eq_nocase(value, PD_STR("utf-8"))) {
			pd_buf_z(out, "The scoring server only supports UTF-8");
			reply_415(out, reply);
			return false;
		}
	}
	return true;
}

enum form { FORM_JSON, FORM_CSV };

static bool take_type(struct pd_str content_type, enum form *out_form, struct pd_buf *out,
		      struct pd_score_reply *reply)
{
	struct pd_str mime;
	struct pd_str rest;
	(void)pd_str_split(content_type, ';', &mime, &rest);
	if (!check_parameters(rest, out, reply))
		return false;
	mime = pd_str_trim(mime);
	*out_form = FORM_JSON;
	if (pd_str_eq(mime, PD_STR(TYPE_JSON)))
		return true;
	*out_form = FORM_CSV;
	if (pd_str_eq(mime, PD_STR("text/csv")))
		return true;
	pd_buf_z(out, "This predictor only supports the following content types: Types: "
		      "['text/csv', 'application/json']. Got '");
	pd_buf_str(out, content_type);
	pd_buf_z(out, "'.");
	reply_415(out, reply);
	return false;
}

static enum pd_code invocations(const struct pd_scored *s, struct pd_scorer *scorer, enum form form,
				struct pd_str body, struct pd_result *result, struct pd_err *err)
{
	struct pd_frame frame = { 0 };
	struct pd_read_opts opts = { .dict_rows = s->dict_rows };
	if (form == FORM_CSV && pd_read_csv(body, &scorer->arena, &scorer->scratch, &frame, err))
		return pd_err_prefix(err, "Failed to parse input as a Pandas DataFrame. Ensure "
					  "that the input is a valid CSV-formatted Pandas "
					  "DataFrame produced using the "
					  "`pandas.DataFrame.to_csv()` method. Error");
	if (form == FORM_JSON)
		PD_TRY(pd_read_json(body, &opts, &scorer->arena, &scorer->scratch, &frame, err));
	return pd_score_frame(s, scorer, &frame, result, err);
}

void pd_score_invocations(const struct pd_scored *s, struct pd_scorer *scorer,
			  struct pd_str content_type, struct pd_str body, struct pd_buf *out,
			  struct pd_score_reply *reply)
{
	struct pd_err err = { .code = PD_OK };
	struct pd_result result;
	enum form form = FORM_JSON;
	if (!take_type(content_type, &form, out, reply))
		return;
	if (invocations(s, scorer, form, body, &result, &err) != PD_OK) {
		reply_error(out, reply, &err);
		return;
	}
	pd_write_predictions(out, &result);
	*reply = (struct pd_score_reply){ 200, TYPE_JSON, result.n_rows };
}

/* ---------------------------------------------------------------- /predict */

enum pd_code pd_score_text(const struct pd_scored *s, struct pd_scorer *scorer,
			   struct pd_str events, struct pd_buf *out, size_t *out_rows,
			   struct pd_err *err)
{
	struct pd_events e;
	struct pd_result result = { 0 };
	pd_events_begin(&e, s->recipe, &scorer->arena, &scorer->scratch, err);
	PD_TRY(pd_events_text(&e, events));
	PD_TRY(pd_events_end(&e));
	if (e.n)
		PD_TRY(pd_score_frame(s, scorer, &e.frame, &result, err));
	if (e.list)
		pd_buf_char(out, '[');
	for (size_t row = 0; row < e.n; row++) {
		if (row)
			pd_buf_z(out, ", ");
		PD_TRY(pd_recipe_reply(&e, &s->facts, &result, row, out));
	}
	if (e.list)
		pd_buf_char(out, ']');
	*out_rows = e.n;
	return PD_OK;
}

void pd_score_events(const struct pd_scored *s, struct pd_scorer *scorer, struct pd_str body,
		     struct pd_buf *out, struct pd_score_reply *reply)
{
	struct pd_err err = { .code = PD_OK };
	size_t n_rows = 0;
	if (pd_score_text(s, scorer, body, out, &n_rows, &err) != PD_OK) {
		reply_error(out, reply, &err);
		return;
	}
	*reply = (struct pd_score_reply){ 200, TYPE_JSON, n_rows };
}
