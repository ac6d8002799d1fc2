/*
 * Answers as json.dump writes them: ", " and ": " between, ASCII only, floats as repr shows them,
 * NaN and Infinity as words.
 */
#include "base/num.h"
#include "schema/errors.h"
#include "serve/scoring.h"

static void put_u16(struct pd_buf *out, unsigned v)
{
	static const char digits[] = "0123456789abcdef";
	char text[6] = {
		'\\', 'u', digits[v >> 12], digits[v >> 8 & 15], digits[v >> 4 & 15], digits[v & 15]
	};
	pd_buf_put(out, text, sizeof(text));
}

/* Length of the sequence at the front of s (1 to 4), its code point in *out; a stray byte is
 * U+FFFD. */
static size_t decode(struct pd_str s, uint32_t *out)
{
	unsigned char lead = (unsigned char)s.p[0];
	size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	*out = 0xfffd;
	if (lead < 0xc2 || n > s.n)
		return 1;
	uint32_t c = lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)s.p[i] & 0x3f);
	*out = c;
	return n;
}

static void put_code_point(struct pd_buf *out, uint32_t c)
{
	if (c < 0x10000) {
		put_u16(out, c);
		return;
	}
	put_u16(out, 0xd800 + ((c - 0x10000) >> 10));
	put_u16(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
}

void pd_write_text(struct pd_buf *out, struct pd_str s)
{
	size_t ascii = 0;
	while (ascii < s.n && (unsigned char)s.p[ascii] < 0x7f)
		ascii++;
	if (ascii == s.n) {
		pd_buf_json_str(out, s);
		return;
	}
	pd_buf_char(out, '"');
	for (size_t i = 0; i < s.n;) {
		unsigned char c = (unsigned char)s.p[i];
		uint32_t point = c;
		if (c >= 0x80) {
			i += decode(pd_str_skip(s, i), &point);
			put_code_point(out, point);
			continue;
		}
		if (c == '"' || c == '\\') {
			pd_buf_char(out, '\\');
			pd_buf_char(out, (char)c);
		} else if (c >= 0x20) {
			pd_buf_char(out, (char)c);
		} else {
			static const char *const names[] = { ['\b'] = "\\b",
							     ['\t'] = "\\t",
							     ['\n'] = "\\n",
							     ['\f'] = "\\f",
							     ['\r'] = "\\r" };
			if (c < PD_LEN(names) && names[c])
				pd_buf_z(out, names[c]);
			else
				put_u16(out, c);
		}
		i++;
	}
	pd_buf_char(out, '"');
}

static void put_i64(struct pd_buf *out, int64_t v)
{
	char *at = pd_buf_room(out, PD_NUM_I64_MAX);
	if (at)
		pd_buf_wrote(out, pd_i64_format(v, at));
}

static void put_value(struct pd_buf *out, const struct pd_result *r, size_t at)
{
	switch (r->kind) {
	case PD_RESULT_F64:
	case PD_RESULT_F32:
		pd_buf_f64_json(out, r->f[at]);
		break;
	case PD_RESULT_I64:
		put_i64(out, r->i[at]);
		break;
	case PD_RESULT_BOOL:
		pd_buf_z(out, r->b[at] ? "true" : "false");
		break;
	case PD_RESULT_STR:
		pd_write_text(out, r->s[at]);
		break;
	}
}

static void put_record(struct pd_buf *out, const struct pd_result *r, size_t row)
{
	pd_buf_char(out, '{');
	for (size_t c = 0; c < r->n_cols; c++) {
		if (c)
			pd_buf_z(out, ", ");
		pd_write_text(out, r->names[c]);
		pd_buf_z(out, ": ");
		put_value(out, r, row * r->n_cols + c);
	}
	pd_buf_char(out, '}');
}

void pd_write_prediction(struct pd_buf *out, const struct pd_result *r, size_t row)
{
	if (r->names) {
		put_record(out, r, row);
		return;
	}
	if (r->flat) {
		put_value(out, r, row);
		return;
	}
	pd_buf_char(out, '[');
	for (size_t c = 0; c < r->n_cols; c++) {
		if (c)
			pd_buf_put(out, ", ", 2);
		put_value(out, r, row * r->n_cols + c);
	}
	pd_buf_char(out, ']');
}

void pd_write_predictions(struct pd_buf *out, const struct pd_result *r)
{
	pd_buf_str(out, PD_STR("{\"predictions\": ["));
	for (size_t row = 0; row < r->n_rows; row++) {
		if (row)
			pd_buf_put(out, ", ", 2);
		pd_write_prediction(out, r, row);
	}
	pd_buf_put(out, "]}", 2);
}

static void put_list(struct pd_buf *out, const struct pd_cell *cell)
{
	pd_buf_char(out, '[');
	for (size_t i = 0; i < cell->n_items; i++) {
		if (i)
			pd_buf_put(out, ", ", 2);
		pd_write_cell(out, &cell->items[i]);
	}
	pd_buf_char(out, ']');
}

static void put_map(struct pd_buf *out, const struct pd_cell *cell)
{
	pd_buf_char(out, '{');
	for (size_t i = 0; i + 1 < cell->n_items; i += 2) {
		if (i)
			pd_buf_put(out, ", ", 2);
		pd_write_text(out, cell->items[i].s);
		pd_buf_put(out, ": ", 2);
		pd_write_cell(out, &cell->items[i + 1]);
	}
	pd_buf_char(out, '}');
}

void pd_write_cell(struct pd_buf *out, const struct pd_cell *cell)
{
	switch (cell->kind) {
	case PD_CELL_NULL:
		pd_buf_z(out, "null");
		break;
	case PD_CELL_BOOL:
		pd_buf_z(out, cell->i ? "true" : "false");
		break;
	case PD_CELL_I64:
		put_i64(out, cell->i);
		break;
	case PD_CELL_F64:
		pd_buf_f64_json(out, cell->f);
		break;
	case PD_CELL_STR:
		pd_write_text(out, cell->s);
		break;
	case PD_CELL_LIST:
		put_list(out, cell);
		break;
	case PD_CELL_MAP:
		put_map(out, cell);
		break;
	}
}

void pd_write_error(struct pd_buf *out, const struct pd_err *err)
{
	pd_buf_str(out, PD_STR("{\"error_code\": \""));
	pd_buf_z(out, pd_error_name(err->code));
	pd_buf_str(out, PD_STR("\", \"message\": "));
	pd_write_text(out, pd_str_from(err->text));
	pd_buf_char(out, '}');
}
