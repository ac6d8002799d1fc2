/*
 * The forms of a request's body, each to a frame:
 *   {"dataframe_split": {"columns": [..], "index": [..], "data": [[..], ..]}}
 *   {"dataframe_records": [{..}, ..]}
 *   {"instances": [..]}   rows: values, lists of any depth, or objects; or an object of columns
 *   {"inputs": ..}        the same, or one value or object of values: one row
 */
#include "serve/scoring.h"

#include "base/auto.h"

#define DIMS_MAX 32

#define FORMATS  "{'dataframe_split', 'dataframe_records', 'instances', 'inputs'}"
#define REQUIRED "The input must be a JSON dictionary with exactly one of the input fields " FORMATS
#define PROTOCOL_CHANGE                                                                            \
	"IMPORTANT: The MLflow Model scoring protocol has changed in MLflow version 2.0. If you "  \
	"are seeing this error, you are likely using an outdated scoring request format. To "      \
	"resolve the error, either update your request format or adjust your MLflow Model's "      \
	"requirements file to specify an older version of MLflow (for example, change the "        \
	"'mlflow' requirement specifier to 'mlflow==1.30.0')."

enum format { SPLIT, RECORDS, INSTANCES, INPUTS, N_FORMATS };

static const char *const format_names[N_FORMATS] = { "dataframe_split", "dataframe_records",
						     "instances", "inputs" };

struct reader {
	struct pd_json_in in;
	const struct pd_read_opts *opts;
	struct pd_rows table;
	struct pd_frame *out;
	bool seen[N_FORMATS];
	bool others; /* keys beside those and `params` */
};

static enum pd_code invalid(struct reader *r, const char *fmt, const char *what)
{
	struct pd_err text = { 0 };
	(void)pd_fail(&text, PD_BAD_REQUEST, "Invalid input. %s", fmt);
	return pd_fail(r->in.err, PD_BAD_REQUEST, "%s%s", text.text, what);
}

/* "dictionary", "type <class 'int'>", ...: as MLflow's texts call what comes next. */
static const char *type_of_next(struct reader *r, bool list_is_short)
{
	switch (pd_json_peek(&r->in)) {
	case '{':
		return "dictionary";
	case '[':
		return list_is_short ? "list" : "type <class 'list'>";
	case '"':
		return "type <class 'str'>";
	case 't':
	case 'f':
		return "type <class 'bool'>";
	case 'n':
		return "type <class 'NoneType'>";
	default:
		return "type <class 'int'>";
	}
}

static enum pd_code uneven(struct reader *r)
{
	return pd_fail(r->in.err, PD_BAD_REQUEST,
		       "Invalid input. The length of values for each input/column name are not the "
		       "same");
}

/* MLflow finds out later, when it makes a DataFrame of them. */
static enum pd_code uneven_inputs(struct reader *r)
{
	return pd_fail(
		r->in.err, PD_INVALID,
		"This model contains a column-based signature, which suggests a DataFrame "
		"input. There was an error casting the input data to a DataFrame: All arrays "
		"must be of the same length");
}

/* ---------------------------------------------------------------- tables */

static enum pd_code read_rows(struct reader *r)
{
	struct pd_json_in *in = &r->in;
	pd_rows_begin(&r->table, in);
	if (pd_json_peek(in) != '[')
		return invalid(r,
			       "Provided dataframe_split field is not a valid dataframe "
			       "representation in 'split' format. Error: ",
			       "'data' is not a list of rows");
	PD_TRY(pd_json_open(in, '['));
	for (bool more = pd_json_first(in, ']'); more;) {
		PD_TRY(pd_json_peek(in) == '[' ? pd_rows_list(&r->table)
					       : pd_rows_value(&r->table));
		PD_TRY(pd_json_more(in, ']', &more));
	}
	return PD_OK;
}

/* Column labels: *out_named is false when some are not texts (numbers name nothing). */
static bool labels_are_texts(const struct pd_cell *labels)
{
	for (size_t i = 0; i < labels->n_items; i++)
		if (labels->items[i].kind != PD_CELL_STR)
			return false;
	return labels->n_items > 0;
}

static enum pd_code split_mismatch(struct reader *r, size_t n_labels)
{
	return pd_fail(r->in.err, PD_BAD_REQUEST,
		       "Invalid input. Provided dataframe_split field is not a valid dataframe "
		       "representation in 'split' format. Error: '%zu columns passed, passed data "
		       "had %zu columns'",
		       n_labels, r->table.n_cols);
}

/* Rows may be shorter than the labels, as in pandas, not longer. */
static enum pd_code end_split(struct reader *r, const struct pd_cell *labels,
			      const struct pd_cell *index)
{
	size_t n_rows = r->table.n_rows;
	if (index->kind == PD_CELL_LIST && index->n_items != n_rows)
		return pd_fail(r->in.err, PD_BAD_REQUEST,
			       "Invalid input. Provided dataframe_split field is not a valid "
			       "dataframe representation in 'split' format. Error: 'Shape of "
			       "passed values is (%zu, %zu), indices imply (%zu, %zu)'",
			       n_rows, r->table.n_cols, index->n_items, r->table.n_cols);
	PD_TRY(pd_rows_end(&r->table, false, r->out));
	if (labels->kind == PD_CELL_NULL)
		return PD_OK;
	if (labels->kind != PD_CELL_LIST)
		return invalid(r,
			       "Provided dataframe_split field is not a valid dataframe "
			       "representation in 'split' format. Error: ",
			       "'columns' is not a list");
	if (n_rows && labels->n_items != r->out->n_cols)
		return split_mismatch(r, labels->n_items);
	if (!n_rows) {
		r->out->n_cols = labels->n_items;
		r->out->cols = pd_arena_zalloc(r->in.arena,
					       labels->n_items * sizeof(struct pd_col));
	}
	r->out->named = labels_are_texts(labels);
	for (size_t i = 0; r->out->named && i < labels->n_items; i++)
		r->out->cols[i].name = labels->items[i].s;
	return PD_OK;
}

static enum pd_code bad_split_key(struct reader *r, struct pd_str key)
{
	return pd_fail(
		r->in.err, PD_BAD_REQUEST,
		"Invalid input. Dataframe split format must have 'data' field and optionally "
		"'columns' and 'index' fields. Got '%.*s'",
		PD_STR_ARG(pd_str_head(key, 100)));
}

static enum pd_code read_split(struct reader *r)
{
	struct pd_json_in *in = &r->in;
	struct pd_cell labels = { .kind = PD_CELL_NULL };
	struct pd_cell index = { .kind = PD_CELL_NULL };
	bool have_data = false;
	if (pd_json_peek(in) != '{')
		return invalid(r, "Dataframe split format must be a dictionary. Got ",
			       type_of_next(r, true));
	PD_TRY(pd_json_open(in, '{'));
	for (bool more = pd_json_first(in, '}'); more;) {
		struct pd_str key;
		PD_TRY(pd_json_key(in, &key));
		if (pd_str_eq(key, PD_STR("data"))) {
			have_data = true;
			PD_TRY(read_rows(r));
		} else if (pd_str_eq(key, PD_STR("columns"))) {
			PD_TRY(pd_json_value(in, &labels));
		} else if (pd_str_eq(key, PD_STR("index"))) {
			PD_TRY(pd_json_value(in, &index));
		} else {
			return bad_split_key(r, key);
		}
		PD_TRY(pd_json_more(in, '}', &more));
	}
	if (!have_data)
		return bad_split_key(r, PD_STR("no data"));
	return end_split(r, &labels, &index);
}

/* The rest of a list whose rows are objects. */
static enum pd_code read_objects(struct reader *r)
{
	struct pd_json_in *in = &r->in;
	pd_rows_begin(&r->table, in);
	PD_TRY(pd_json_open(in, '['));
	for (bool more = pd_json_first(in, ']'); more;) {
		if (pd_json_peek(in) != '{')
			return invalid(r, "Every row must be an object, as the first one is. Got ",
				       type_of_next(r, true));
		PD_TRY(pd_rows_object(&r->table));
		PD_TRY(pd_json_more(in, ']', &more));
	}
	return pd_rows_end(&r->table, true, r->out);
}

static enum pd_code read_records(struct reader *r)
{
	if (pd_json_peek(&r->in) != '[')
		return invalid(r, "Dataframe records format must be a list of records. Got ",
			       type_of_next(r, false));
	const char *at = r->in.at;
	unsigned depth = r->in.depth;
	PD_TRY(pd_json_open(&r->in, '['));
	int first = pd_json_peek(&r->in);
	r->in.at = at;
	r->in.depth = depth;
	if (first == '{' || first == ']')
		return read_objects(r);
	/* pandas takes lists and values here too: columns without names */
	PD_TRY(read_rows(r));
	return pd_rows_end(&r->table, false, r->out);
}

/* ---------------------------------------------------------------- tensors */

struct tensor {
	struct pd_json_in *in;
	unsigned n_dims;
	int64_t shape[DIMS_MAX];
	bool known[DIMS_MAX]; /* of a dimension: a first list was read to its end */
};

static enum pd_code push_cell(struct pd_json_in *in, struct pd_cell cell)
{
	struct pd_scratch *s = in->scratch;
	if (s->n_cells == PD_SCORE_CELLS_MAX)
		return pd_fail(in->err, PD_TOO_LARGE, "the input has more than %zu values",
			       PD_SCORE_CELLS_MAX);
	if (s->n_cells == s->cap_cells) {
		s->cap_cells = s->cap_cells ? s->cap_cells * 2 : 256;
		s->cells = pd_xrealloc(s->cells, s->cap_cells * sizeof(*s->cells));
	}
	s->cells[s->n_cells++] = cell;
	return PD_OK;
}

/* numpy: np.array of lists of different lengths */
static enum pd_code inhomogeneous(struct tensor *t, unsigned depth)
{
	return pd_fail(t->in->err, PD_BAD_REQUEST,
		       "Invalid input. Ensure that the input is a valid JSON-formatted string. "
		       "Error: setting an array element with a sequence. The requested array has "
		       "an inhomogeneous shape after %u dimensions",
		       depth);
}

static enum pd_code read_tensor(struct tensor *t, unsigned depth)
{
	struct pd_json_in *in = t->in;
	if (pd_json_peek(in) != '[') {
		struct pd_cell cell;
		if (t->n_dims && depth != t->n_dims)
			return inhomogeneous(t, depth);
		t->n_dims = depth;
		PD_TRY(pd_json_value(in, &cell));
		return push_cell(in, cell);
	}
	if (depth == DIMS_MAX || (t->n_dims && depth >= t->n_dims))
		return inhomogeneous(t, depth);
	PD_TRY(pd_json_open(in, '['));
	int64_t n = 0;
	for (bool more = pd_json_first(in, ']'); more; n++) {
		PD_TRY(read_tensor(t, depth + 1));
		PD_TRY(pd_json_more(in, ']', &more));
	}
	if (t->known[depth] && t->shape[depth] != n)
		return inhomogeneous(t, depth + 1);
	t->known[depth] = true;
	t->shape[depth] = n;
	if (n == 0 && !t->n_dims)
		t->n_dims = depth + 1;
	return PD_OK;
}

/* numpy gives all values one type: a whole tensor of integers and floats is of floats. */
static void join_kinds(struct pd_frame *f, const struct pd_cell *cells, size_t n,
		       struct pd_arena *arena)
{
	struct pd_col all = { 0 };
	if (!n)
		return; /* columns without a value in any row */
	pd_col_from_cells(&all, cells, 1, n, arena);
	for (size_t c = 0; c < f->n_cols; c++) {
		pd_col_from_cells(&f->cols[c], cells + c, f->n_cols, f->n_rows, arena);
		struct pd_col *col = &f->cols[c];
		if (all.kind != PD_COL_F64 || col->kind != PD_COL_I64)
			continue;
		double *floats = pd_arena_alloc(arena, f->n_rows * sizeof(*floats));
		for (size_t i = 0; i < f->n_rows; i++)
			floats[i] = (double)col->i[i];
		col->kind = PD_COL_F64;
		col->f = floats;
	}
}

static enum pd_code end_tensor(struct reader *r, const struct tensor *t)
{
	struct pd_frame *f = r->out;
	struct pd_arena *arena = r->in.arena;
	int64_t *shape = pd_arena_alloc(arena, DIMS_MAX * sizeof(*shape));
	memcpy(shape, t->shape, sizeof(t->shape));
	size_t n_cells = r->in.scratch->n_cells;
	*f = (struct pd_frame){ .origin = PD_FROM_TENSOR, .n_dims = t->n_dims, .shape = shape };
	f->n_rows = t->n_dims ? (size_t)shape[0] : 1;
	f->n_cols = f->n_rows ? n_cells / f->n_rows : t->n_dims > 1 ? 0 : 1;
	f->cols = pd_arena_zalloc(arena, f->n_cols * sizeof(*f->cols));
	join_kinds(f, r->in.scratch->cells, n_cells, arena);
	return PD_OK;
}

/* ---------------------------------------------------------------- columns */

/* One column of an object of columns: its cells go to the scratch, one after the other. */
static enum pd_code read_column(struct reader *r, size_t *out_n, bool *out_list)
{
	struct pd_json_in *in = &r->in;
	size_t before = in->scratch->n_cells;
	struct pd_cell cell;
	*out_list = pd_json_peek(in) == '[';
	if (!*out_list) {
		PD_TRY(pd_json_value(in, &cell));
		PD_TRY(push_cell(in, cell));
	} else {
		PD_TRY(pd_json_open(in, '['));
		for (bool more = pd_json_first(in, ']'); more;) {
			PD_TRY(pd_json_value(in, &cell));
			PD_TRY(push_cell(in, cell));
			PD_TRY(pd_json_more(in, ']', &more));
		}
	}
	*out_n = in->scratch->n_cells - before;
	return PD_OK;
}

struct columns {
	size_t n;
	size_t cap;
	struct pd_col *cols; /* arena */
	size_t n_rows;
	bool lists;
};

/* Of equal names the last one stays. */
static struct pd_col *column_slot(struct columns *c, struct pd_str name, struct pd_arena *arena)
{
	for (size_t i = 0; i < c->n && c->n <= 64; i++)
		if (pd_str_eq(c->cols[i].name, name))
			return &c->cols[i];
	if (c->n == c->cap) {
		size_t cap = c->cap ? c->cap * 2 : 16;
		struct pd_col *bigger = pd_arena_zalloc(arena, cap * sizeof(*bigger));
		if (c->n)
			memcpy(bigger, c->cols, c->n * sizeof(*bigger));
		c->cols = bigger;
		c->cap = cap;
	}
	return &c->cols[c->n++];
}

static enum pd_code add_column(struct reader *r, struct columns *c)
{
	struct pd_json_in *in = &r->in;
	struct pd_str name;
	size_t n = 0;
	bool list = false;
	PD_TRY(pd_json_key(in, &name));
	in->scratch->n_cells = 0;
	PD_TRY(read_column(r, &n, &list));
	if (c->n && (n != c->n_rows || list != c->lists))
		return r->seen[INSTANCES] ? uneven(r) : uneven_inputs(r);
	c->n_rows = n;
	c->lists = list;
	struct pd_col *col = column_slot(c, name, in->arena);
	*col = (struct pd_col){ .name = name };
	pd_col_from_cells(col, in->scratch->cells, 1, n, in->arena);
	return PD_OK;
}

static enum pd_code read_columns(struct reader *r)
{
	struct pd_json_in *in = &r->in;
	struct columns c = { 0 };
	PD_TRY(pd_json_open(in, '{'));
	for (bool more = pd_json_first(in, '}'); more;) {
		PD_TRY(add_column(r, &c));
		PD_TRY(pd_json_more(in, '}', &more));
	}
	int64_t *shape = pd_arena_alloc(in->arena, 2 * sizeof(*shape));
	shape[0] = (int64_t)c.n_rows;
	shape[1] = (int64_t)c.n;
	*r->out = (struct pd_frame){ .origin = PD_FROM_TENSOR,
				     .n_rows = c.n_rows,
				     .n_cols = c.n,
				     .named = true,
				     .cols = c.cols,
				     .n_dims = 2,
				     .shape = shape };
	return PD_OK;
}

/* instances and inputs */
static enum pd_code read_tf(struct reader *r, enum format format)
{
	struct pd_json_in *in = &r->in;
	if (pd_json_peek(in) == '{')
		return read_columns(r);
	if (pd_json_peek(in) == '[') {
		const char *at = in->at++;
		int first = pd_json_peek(in);
		in->at = at;
		if (first == '{') {
			PD_TRY(read_objects(r));
			r->out->origin = PD_FROM_TENSOR;
			if (r->table.ragged && format == INSTANCES && !r->opts->dict_rows)
				return uneven(r);
			return PD_OK;
		}
	}
	struct tensor t = { .in = in };
	in->scratch->n_cells = 0;
	PD_TRY(read_tensor(&t, 0));
	return end_tensor(r, &t);
}

/* ---------------------------------------------------------------- the whole */

/* The top-level keys once more, as Python prints a list of them; `params` is taken out before. */
static void list_fields(struct reader *r, struct pd_buf *out)
{
	struct pd_err ignored = { 0 };
	struct pd_json_in in;
	struct pd_str key;
	bool more = false;
	pd_json_in_init(&in, pd_str_of(r->in.begin, (size_t)(r->in.end - r->in.begin)), r->in.arena,
			r->in.scratch, &ignored);
	if (pd_json_open(&in, '{') == PD_OK)
		more = pd_json_first(&in, '}');
	while (more && pd_json_key(&in, &key) == PD_OK) {
		if (!pd_str_eqz(key, "params"))
			pd_buf_printf(out, "%s'%.*s'", out->n ? ", " : "", PD_STR_ARG(key));
		if (pd_json_skip(&in) != PD_OK || pd_json_more(&in, '}', &more) != PD_OK)
			return;
	}
}

static enum pd_code wrong_fields(struct reader *r, const char *before, const char *after)
{
	PD_AUTO(pd_buf) names = { 0 };
	pd_buf_init(&names, PD_ERR_MAX); /* a longer list is cut */
	list_fields(r, &names);
	return pd_fail(r->in.err, PD_BAD_REQUEST, "%s[%s]%s", before, names.p, after);
}

/* MLflow takes any other key beside a table, none beside instances or inputs. */
static enum pd_code check_fields(struct reader *r)
{
	int n_seen = 0;
	for (int i = 0; i < N_FORMATS; i++)
		n_seen += r->seen[i];
	if (n_seen != 1)
		return wrong_fields(r, REQUIRED ". Received dictionary with input fields: ",
				    ". " PROTOCOL_CHANGE);
	if (r->others && (r->seen[INSTANCES] || r->seen[INPUTS]))
		return wrong_fields(r,
				    "Invalid input. One of \"instances\" and \"inputs\" must be "
				    "specified (not both or any other keys).Received: ",
				    "");
	return PD_OK;
}

static enum pd_code read_field(struct reader *r)
{
	struct pd_str key;
	PD_TRY(pd_json_key(&r->in, &key));
	for (int i = 0; i < N_FORMATS; i++) {
		if (!pd_str_eqz(key, format_names[i]))
			continue;
		r->seen[i] = true;
		if (i == SPLIT)
			return read_split(r);
		return i == RECORDS ? read_records(r) : read_tf(r, (enum format)i);
	}
	r->others = r->others || !pd_str_eqz(key, "params");
	return pd_json_skip(&r->in);
}

static enum pd_code read_body(struct reader *r)
{
	int first = pd_json_peek(&r->in);
	if (first != '{') {
		const char *what = type_of_next(r, true);
		PD_TRY(pd_json_skip(&r->in));
		PD_TRY(pd_json_finish(&r->in));
		if (first == '[')
			return invalid(r, REQUIRED, ". Received a list.");
		return pd_fail(r->in.err, PD_BAD_REQUEST,
			       "Invalid input. " REQUIRED ". Received unexpected input %s.", what);
	}
	PD_TRY(pd_json_open(&r->in, '{'));
	for (bool more = pd_json_first(&r->in, '}'); more;) {
		PD_TRY(read_field(r));
		PD_TRY(pd_json_more(&r->in, '}', &more));
	}
	PD_TRY(pd_json_finish(&r->in));
	return check_fields(r);
}

enum pd_code pd_read_json(struct pd_str body, const struct pd_read_opts *opts,
			  struct pd_arena *arena, struct pd_scratch *scratch, struct pd_frame *out,
			  struct pd_err *err)
{
	struct reader r = { .opts = opts, .out = out };
	*out = (struct pd_frame){ 0 };
	pd_json_in_init(&r.in, body, arena, scratch, err);
	enum pd_code code = read_body(&r);
	if (code != PD_OK && r.in.malformed)
		return pd_err_prefix(err, "Invalid input. Ensure that input is a valid JSON "
					  "formatted string. Error");
	return code;
}
