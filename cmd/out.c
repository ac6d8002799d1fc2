#include "cmd/out.h"

#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "cmd/rest.h"

#define LINE_MAX_BYTES ((size_t)64 << 20)

void pd_table_init(struct pd_table *t, struct pd_ctx *ctx, size_t n_cols, const char *const heads[])
{
	*t = (struct pd_table){ .ctx = ctx, .n_cols = n_cols };
	struct pd_str cells[PD_TABLE_COLS_MAX];
	for (size_t i = 0; i < n_cols; i++)
		cells[i] = pd_str_from(heads[i]);
	pd_table_add(t, cells);
}

void pd_table_add(struct pd_table *t, const struct pd_str cells[])
{
	size_t row_bytes = t->n_cols * sizeof(*cells);
	if (t->n_rows == t->cap_rows) {
		size_t cap = t->cap_rows ? t->cap_rows * 2 : 16;
		struct pd_str *grown = pd_arena_alloc(t->ctx->arena, cap * row_bytes);
		if (t->n_rows)
			memcpy(grown, t->cells, t->n_rows * row_bytes);
		t->cells = grown;
		t->cap_rows = cap;
	}
	memcpy(t->cells + t->n_rows * t->n_cols, cells, row_bytes);
	t->n_rows++;
}

static void print_row(const struct pd_table *t, const struct pd_str *row, const size_t *widths)
{
	size_t last = t->n_cols;
	while (last > 0 && !row[last - 1].n)
		last--;
	for (size_t c = 0; c < last; c++) {
		pd_out_clean(t->ctx, row[c]);
		if (c + 1 < last)
			fprintf(t->ctx->env->out, "%*s",
				(int)(widths[c] - pd_text_width(row[c]) + 2), "");
	}
}

void pd_table_print(const struct pd_table *t)
{
	size_t widths[PD_TABLE_COLS_MAX] = { 0 };
	for (size_t r = 0; r < t->n_rows; r++)
		for (size_t c = 0; c < t->n_cols; c++) {
			size_t w = pd_text_width(t->cells[r * t->n_cols + c]);
			if (w > widths[c])
				widths[c] = w;
		}
	FILE *out = t->ctx->env->out;
	bool colour = pd_out_has_colour(t->ctx->env, out);
	for (size_t r = 0; r < t->n_rows; r++) {
		if (r == 0 && colour)
			fputs("\033[1m", out);
		print_row(t, t->cells + r * t->n_cols, widths);
		fputs(r == 0 && colour ? "\033[0m\n" : "\n", out);
	}
}

void pd_out_json(struct pd_ctx *ctx, const json_t *j)
{
	struct pd_buf b;
	pd_buf_init(&b, LINE_MAX_BYTES * 16);
	pd_json_write_pretty(&b, j);
	pd_buf_char(&b, '\n');
	fwrite(b.p, 1, b.n, ctx->env->out);
	pd_buf_end(&b);
	ctx->said_json = true;
}

void pd_out_line(struct pd_ctx *ctx, struct pd_str text)
{
	pd_out_clean(ctx, text);
	fputc('\n', ctx->env->out);
}

void pd_out_clean(struct pd_ctx *ctx, struct pd_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		/* C1 controls, which some terminals obey, are C2 80 to C2 9F in UTF-8 */
		bool c1 = c == 0xc2 && i + 1 < text.n && (unsigned char)text.p[i + 1] < 0xa0;
		i += c1;
		fputc(c1 || c < 0x20 || c == 0x7f ? '?' : c, ctx->env->out);
	}
}

#define FIELD_COLUMN 12

void pd_out_ids(struct pd_ctx *ctx, const json_t *objects, const char *key)
{
	size_t i;
	const json_t *o;
	json_array_foreach(objects, i, o) pd_out_line(ctx, pd_rest_str(ctx, o, key));
}

void pd_out_field(struct pd_ctx *ctx, const char *head, struct pd_str value)
{
	if (!value.n)
		return;
	fprintf(ctx->env->out, "%-*s", FIELD_COLUMN, head);
	pd_out_line(ctx, value);
}

void pd_out_pairs(struct pd_ctx *ctx, const char *head, const json_t *pairs)
{
	size_t i;
	const json_t *pair;
	json_array_foreach(pairs, i, pair)
	{
		const json_t *value = json_object_get(pair, "value");
		fprintf(ctx->env->out, "%-*s", FIELD_COLUMN, head);
		pd_out_clean(ctx, pd_rest_str(ctx, pair, "key"));
		fputc('=', ctx->env->out);
		pd_out_line(ctx, pd_rest_number(ctx, value));
	}
}

void pd_out_note(struct pd_ctx *ctx, const char *fmt, ...)
{
	if (ctx->common.quiet)
		return;
	va_list ap;
	va_start(ap, fmt);
	vfprintf(ctx->env->diag, fmt, ap);
	va_end(ap);
	fputc('\n', ctx->env->diag);
}

/* ---------------------------------------------------------------- width */

struct range {
	uint32_t from;
	uint32_t to;
};

/* source: Unicode 15, EastAsianWidth.txt (W, F) and emoji presentation, in whole blocks */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },
	{ 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xa960, 0xa97f },
	{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

/* combining marks, zero-width characters, variation selectors */
static const struct range zero[] = {
	{ 0x0300, 0x036f },   { 0x0483, 0x0489 },   { 0x0591, 0x05bd }, { 0x0610, 0x061a },
	{ 0x064b, 0x065f },   { 0x1ab0, 0x1aff },   { 0x1dc0, 0x1dff }, { 0x200b, 0x200f },
	{ 0x20d0, 0x20ff },   { 0xfe00, 0xfe0f },   { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
	{ 0x1f3fb, 0x1f3ff }, { 0xe0100, 0xe01ef },
};

static bool within(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].from && c <= r[i].to)
			return true;
	return false;
}

size_t pd_text_width(struct pd_str s)
{
	size_t width = 0;
	for (size_t i = 0; i < s.n;) {
		unsigned char lead = (unsigned char)s.p[i++];
		uint32_t c = lead < 0xc0   ? lead
			     : lead < 0xe0 ? lead & 0x1f
			     : lead < 0xf0 ? lead & 0xf
					   : lead & 7;
		while (i < s.n && lead >= 0xc0 && ((unsigned char)s.p[i] & 0xc0) == 0x80)
			c = c << 6 | ((unsigned char)s.p[i++] & 0x3f);
		if (within(c, zero, PD_LEN(zero)))
			continue;
		width += within(c, wide, PD_LEN(wide)) ? 2 : 1;
	}
	return width;
}

struct pd_str pd_out_time(struct pd_ctx *ctx, int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	char text[64];
	if (ms <= 0 || !localtime_r(&s, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm))
		return (struct pd_str){ 0 };
	return pd_arena_str(ctx->arena, pd_str_from(text));
}

bool pd_out_is_terminal(FILE *f)
{
	int fd = fileno(f);
	return fd >= 0 && isatty(fd);
}

bool pd_out_has_colour(const struct pd_env *env, FILE *f)
{
	const char *term = pd_env_var(env, "TERM");
	return pd_out_is_terminal(f) && !pd_env_var(env, "NO_COLOR") && term &&
	       strcmp(term, "dumb") != 0;
}
