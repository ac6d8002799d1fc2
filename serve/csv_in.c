#include "serve/csv_in.h"

#include "base/map.h"
#include "serve/scoring.h"

void pd_csv_in_init(struct pd_csv_in *in, struct pd_str text, struct pd_arena *arena,
		    struct pd_scratch *scratch, struct pd_err *err)
{
	*in = (struct pd_csv_in){ .at = text.p,
				  .end = text.p + text.n,
				  .arena = arena,
				  .scratch = scratch,
				  .err = err,
				  .line = 1 };
	if (pd_str_starts(text, PD_STR("\xef\xbb\xbf")))
		in->at += 3;
}

static enum pd_code fail(struct pd_csv_in *in, const char *what)
{
	return pd_fail(in->err, PD_BAD_REQUEST, "line %zu: %s", in->record_line, what);
}

static enum pd_code push_field(struct pd_csv_in *in, struct pd_str text)
{
	struct pd_scratch *s = in->scratch;
	if (s->n_cells >= PD_SCORE_CELLS_MAX)
		return pd_fail(in->err, PD_TOO_LARGE, "the table has more than %zu fields",
			       PD_SCORE_CELLS_MAX);
	if (s->n_cells == s->cap_cells) {
		s->cap_cells = s->cap_cells ? s->cap_cells * 2 : 256;
		s->cells = pd_xrealloc(s->cells, s->cap_cells * sizeof(*s->cells));
	}
	s->cells[s->n_cells++] = text.n ? (struct pd_cell){ .kind = PD_CELL_STR, .s = text }
					: (struct pd_cell){ .kind = PD_CELL_NULL };
	in->n_fields++;
	return PD_OK;
}

static const char *field_end(const char *p, const char *end)
{
	while (p < end && *p != ',' && *p != '\n' && *p != '\r')
		p++;
	return p;
}

/* The field begins with a quote. Where it is closed: at `"` that no `"` follows. NULL: nowhere. */
static const char *closing_quote(struct pd_csv_in *in, bool *out_doubled)
{
	for (const char *p = in->at + 1; p < in->end; p++) {
		in->line += *p == '\n';
		if (*p != '"')
			continue;
		if (p + 1 == in->end || p[1] != '"')
			return p;
		*out_doubled = true;
		p++;
	}
	return NULL;
}

/* What follows the closing quote belongs to the field as it is, as in pandas. */
static enum pd_code quoted_field(struct pd_csv_in *in, struct pd_str *out)
{
	bool doubled = false;
	const char *close = closing_quote(in, &doubled);
	if (!close)
		return fail(in, "a quote is opened and never closed");
	const char *from = in->at + 1;
	const char *end = field_end(close + 1, in->end);
	in->at = end;
	*out = pd_str_of(from, (size_t)(close - from));
	if (!doubled && end == close + 1)
		return PD_OK;
	char *copy = pd_arena_alloc(in->arena, (size_t)(end - from));
	size_t n = 0;
	for (const char *p = from; p < end; p++) {
		if (p == close)
			continue;
		copy[n++] = *p;
		p += p < close && *p == '"'; /* the second of two */
	}
	*out = pd_str_of(copy, n);
	return PD_OK;
}

static enum pd_code take_field(struct pd_csv_in *in)
{
	struct pd_str text = { 0 };
	if (in->at < in->end && *in->at == '"') {
		PD_TRY(quoted_field(in, &text));
	} else {
		const char *end = field_end(in->at, in->end);
		text = pd_str_of(in->at, (size_t)(end - in->at));
		in->at = end;
	}
	if (!pd_utf8_check(text))
		return fail(in, "the text is not UTF-8");
	if (in->n_fields >= PD_CSV_COLUMNS_MAX)
		return fail(in, "there are too many columns");
	return push_field(in, text);
}

/* CR, LF or CR LF. */
static void skip_line_end(struct pd_csv_in *in)
{
	if (in->at < in->end && *in->at == '\r')
		in->at++;
	if (in->at < in->end && *in->at == '\n')
		in->at++;
	in->line++;
}

enum pd_code pd_csv_next(struct pd_csv_in *in, bool *out_any)
{
	while (in->at < in->end && (*in->at == '\n' || *in->at == '\r'))
		skip_line_end(in);
	*out_any = in->at < in->end;
	if (!*out_any)
		return PD_OK;
	const char *from = in->at;
	in->record_line = in->line;
	in->n_fields = 0;
	for (;;) {
		PD_TRY(take_field(in));
		if (in->at == in->end || *in->at != ',')
			break;
		in->at++;
	}
	in->raw = pd_str_of(from, (size_t)(in->at - from));
	if (in->at < in->end)
		skip_line_end(in);
	return PD_OK;
}

/* pandas: a second "a" becomes "a.1", a name that is empty "Unnamed: 2". */
static enum pd_code name_column(struct pd_csv_in *in, struct pd_map *taken, struct pd_str *name,
				size_t at)
{
	uint32_t n = 0;
	if (!name->n)
		*name = pd_str_from(pd_arena_printf(in->arena, "Unnamed: %zu", at));
	struct pd_str base = *name;
	if (pd_map_find(taken, base, &n)) {
		do
			*name = pd_str_from(
				pd_arena_printf(in->arena, "%.*s.%u", PD_STR_ARG(base), ++n));
		while (pd_map_find(taken, *name, &(uint32_t){ 0 }));
		PD_TRY(pd_map_put(taken, base, n, in->err));
	}
	return pd_map_put(taken, *name, 0, in->err);
}

enum pd_code pd_csv_header(struct pd_csv_in *in, struct pd_str **out_names, size_t *out_n)
{
	bool any = false;
	size_t from = in->scratch->n_cells;
	PD_TRY(pd_csv_next(in, &any));
	if (!any)
		return pd_fail(in->err, PD_BAD_REQUEST, "No columns to parse from file");
	struct pd_str *names = pd_arena_zalloc(in->arena, in->n_fields * sizeof(*names));
	struct pd_map taken;
	pd_map_init(&taken, in->arena);
	for (size_t i = 0; i < in->n_fields; i++) {
		const struct pd_cell *cell = &in->scratch->cells[from + i];
		if (cell->kind == PD_CELL_STR)
			names[i] = cell->s;
		PD_TRY(name_column(in, &taken, &names[i], i));
	}
	in->scratch->n_cells = from;
	*out_names = names;
	*out_n = in->n_fields;
	return PD_OK;
}

enum pd_code pd_csv_pad(struct pd_csv_in *in, size_t n_names)
{
	if (in->n_fields > n_names)
		return pd_fail(in->err, PD_BAD_REQUEST,
			       "Error tokenizing data. C error: Expected %zu fields in line %zu, "
			       "saw %zu",
			       n_names, in->record_line, in->n_fields);
	while (in->n_fields < n_names)
		PD_TRY(push_field(in, (struct pd_str){ 0 }));
	return PD_OK;
}

void pd_csv_frame(const struct pd_csv_in *in, const struct pd_str *names, size_t n_names,
		  size_t from, size_t n_rows, struct pd_frame *out)
{
	*out = (struct pd_frame){ .origin = PD_FROM_CSV,
				  .n_rows = n_rows,
				  .n_cols = n_names,
				  .named = true,
				  .n_dims = 2 };
	out->cols = pd_arena_zalloc(in->arena, n_names * sizeof(*out->cols));
	int64_t *shape = pd_arena_alloc(in->arena, 2 * sizeof(*shape));
	shape[0] = (int64_t)n_rows;
	shape[1] = (int64_t)n_names;
	out->shape = shape;
	for (size_t i = 0; i < n_names; i++) {
		out->cols[i].name = names[i];
		if (n_rows)
			pd_col_from_cells(&out->cols[i], in->scratch->cells + from + i, n_names,
					  n_rows, in->arena);
	}
}

size_t pd_csv_whole(struct pd_str text)
{
	enum { START, PLAIN, QUOTED, CLOSED } state = START; /* of a field */
	size_t whole = 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];
		if (state == QUOTED) {
			state = c == '"' ? CLOSED : QUOTED;
		} else if (c == '"' && state != PLAIN) {
			state = QUOTED; /* opened, or the second of two */
		} else {
			state = c == ',' || c == '\n' || c == '\r' ? START : PLAIN;
			if (c == '\n')
				whole = i + 1;
		}
	}
	return whole;
}

enum pd_code pd_read_csv(struct pd_str body, struct pd_arena *arena, struct pd_scratch *scratch,
			 struct pd_frame *out, struct pd_err *err)
{
	struct pd_csv_in in;
	struct pd_str *names = NULL;
	size_t n_names = 0;
	size_t n_rows = 0;
	scratch->n_cells = 0;
	pd_csv_in_init(&in, body, arena, scratch, err);
	PD_TRY(pd_csv_header(&in, &names, &n_names));
	for (bool any = true; any;) {
		PD_TRY(pd_csv_next(&in, &any));
		if (!any)
			break;
		PD_TRY(pd_csv_pad(&in, n_names));
		n_rows++;
	}
	pd_csv_frame(&in, names, n_names, 0, n_rows, out);
	return PD_OK;
}
