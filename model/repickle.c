/*
 * What is written where the file has ...
 *
 *   PROTO, STOP        the same; nothing inside pickles within the file
 *   FRAME              nothing: sizes change, and frames are optional
 *   memo put           the same index, spelled out: MEMOIZE counts, and pickles within the file
 *                      come to stand in between. They get indices of their own, behind all others
 *   wrapper class      NONE in its place (the texts of its name stay, for the memo's sake)
 *   NEWOBJ             the () taken off again: the NONE is the wrapper now
 *   BUILD, raw data    state and NONE taken off, the array made and put into the memo in the
 *                      wrapper's place
 */
#include "model/repickle.h"

#include "base/auto.h"
#include "model/file.h"
#include "model/joblib.h"

#define OUT_CHUNK ((size_t)1 << 20)

struct repickle {
	struct pd_str in;
	size_t copied; /* input is dealt with up to here */
	struct pd_file_out *out;
	struct pd_buf buf;
	const struct pd_pickle_trace *trace;
	uint32_t *bases; /* first memo index of each pickle */
};

static enum pd_code flush(struct repickle *p, size_t keep_below, struct pd_err *err)
{
	PD_TRY(pd_buf_check(&p->buf, "the pickle", err));
	if (p->buf.n <= keep_below)
		return PD_OK;
	PD_TRY(pd_file_out_write(p->out, p->buf.p, p->buf.n, err));
	pd_buf_clear(&p->buf);
	return PD_OK;
}

static enum pd_code put_bytes(struct repickle *p, struct pd_str s, struct pd_err *err)
{
	if (s.n < OUT_CHUNK / 4) {
		pd_buf_str(&p->buf, s);
		return flush(p, OUT_CHUNK / 2, err);
	}
	PD_TRY(flush(p, 0, err));
	return pd_file_out_write(p->out, s.p, s.n, err);
}

static void put_le(struct repickle *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pd_buf_char(&p->buf, (char)(v >> (8 * i)));
}

/* An opcode that has a form for one byte and one for four. */
static void put_index(struct repickle *p, char small, char large, uint32_t index)
{
	pd_buf_char(&p->buf, index < 256 ? small : large);
	put_le(p, index, index < 256 ? 1 : 4);
}

static void put_memo(struct repickle *p, uint32_t index)
{
	put_index(p, 'q', 'r', index);
}

static void put_get(struct repickle *p, uint32_t index)
{
	put_index(p, 'h', 'j', index);
}

static void put_int(struct repickle *p, int64_t v)
{
	pd_buf_char(&p->buf, '\x8a'); /* LONG1 */
	pd_buf_char(&p->buf, 8);
	put_le(p, (uint64_t)v, 8);
}

/* numpy.core is the name that every numpy still reads. */
static enum pd_code put_array(struct repickle *p, const struct pd_pickle_mark *m,
			      struct pd_err *err)
{
	const struct pd_array *a = m->array;
	struct pd_str data = pd_str_of((const char *)a->data, a->n_items * a->type->itemsize);
	pd_buf_z(&p->buf, "00"); /* state, wrapper */
	pd_buf_z(&p->buf, "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n");
	pd_buf_str(&p->buf, PD_STR("K\0\x85"
				   "C\1b\x87R(K\1(")); /* ((0,), b"b"), (1, ( */
	for (unsigned i = 0; i < a->n_dims; i++)
		put_int(p, a->shape[i]);
	pd_buf_char(&p->buf, 't');
	put_get(p, m->type_index);
	pd_buf_char(&p->buf, a->fortran ? '\x88' : '\x89');
	pd_buf_char(&p->buf, '\x8e'); /* BINBYTES8 */
	put_le(p, data.n, 8);
	PD_TRY(put_bytes(p, data, err));
	pd_buf_z(&p->buf, "tb");
	put_memo(p, m->index);
	return PD_OK;
}

/* GLOBAL pushes the class by itself, STACK_GLOBAL takes two texts for it. */
static void put_no_class(struct repickle *p, const struct pd_pickle_mark *m)
{
	pd_buf_z(&p->buf, p->in.p[m->at] == 'c' ? "N" : "00N");
}

static enum pd_code put_mark(struct repickle *p, const struct pd_pickle_mark *m, struct pd_err *err)
{
	struct pd_str same = pd_str_of(p->in.p + m->at, m->end - m->at);
	uint32_t index = p->bases[m->pickle] + m->index;
	switch (m->kind) {
	case PD_MARK_PROTO:
	case PD_MARK_STOP:
		return m->pickle ? PD_OK : put_bytes(p, same, err);
	case PD_MARK_FRAME:
		return PD_OK;
	case PD_MARK_PUT:
		put_memo(p, index);
		return PD_OK;
	case PD_MARK_GET:
		put_get(p, index);
		return PD_OK;
	case PD_MARK_WRAPPER:
		put_no_class(p, m);
		return PD_OK;
	case PD_MARK_NEW:
		pd_buf_char(&p->buf, '0');
		return PD_OK;
	case PD_MARK_NUMBERS:
		return put_array(p, m, err);
	case PD_MARK_OBJECTS:
		pd_buf_z(&p->buf, "00");
		return PD_OK;
	case PD_MARK_OBJECTS_END:
		put_memo(p, m->index);
		return PD_OK;
	}
	return PD_OK;
}

static enum pd_code write_all(struct repickle *p, struct pd_err *err)
{
	for (size_t i = 0; i < p->trace->n; i++) {
		const struct pd_pickle_mark *m = &p->trace->marks[i];
		PD_TRY(put_bytes(p, pd_str_of(p->in.p + p->copied, m->at - p->copied), err));
		PD_TRY(put_mark(p, m, err));
		p->copied = m->end;
	}
	return flush(p, 0, err);
}

/* Each pickle's indices follow those of the one before it; the file's own stay as they are. */
static enum pd_code lay_memos(struct repickle *p, struct pd_arena *arena, struct pd_err *err)
{
	const struct pd_pickle_trace *t = p->trace;
	uint32_t n_pickles = 1;
	for (size_t i = 0; i < t->n; i++)
		if (t->marks[i].pickle >= n_pickles)
			n_pickles = t->marks[i].pickle + 1;
	PD_TRY(pd_arena_try(arena, (size_t)n_pickles + 1, sizeof(*p->bases), &p->bases, err));
	for (size_t i = 0; i < t->n; i++) {
		uint32_t *size = &p->bases[t->marks[i].pickle + 1];
		if (t->marks[i].kind == PD_MARK_PUT && t->marks[i].index >= *size)
			*size = t->marks[i].index + 1;
	}
	for (uint32_t i = 0; i < n_pickles; i++)
		if (__builtin_add_overflow(p->bases[i], p->bases[i + 1], &p->bases[i + 1]))
			return pd_fail(err, PD_TOO_LARGE, "more objects than a memo counts");
	return PD_OK;
}

/* Wrappers of protocols 0 and 1 are made by a call, which is not taken apart here. */
static enum pd_code check_wrappers(const struct pd_pickle_trace *t, struct pd_err *err)
{
	size_t n_new = 0;
	size_t n_built = 0;
	for (size_t i = 0; i < t->n; i++) {
		n_new += t->marks[i].kind == PD_MARK_NEW;
		n_built += t->marks[i].kind == PD_MARK_NUMBERS ||
			   t->marks[i].kind == PD_MARK_OBJECTS;
	}
	if (n_new == n_built)
		return PD_OK;
	return pd_fail(
		err, PD_UNSUPPORTED,
		"a joblib file of protocol 0 or 1 is not re-encoded: dump it with a newer one");
}

static enum pd_code repickle(struct pd_str bytes, struct pd_arena *arena, struct pd_file_out *out,
			     struct pd_err *err)
{
	PD_AUTO(pd_pickle_trace) trace = { 0 };
	struct pd_pickle_opts opts = { .trace = &trace };
	struct pd_reader r = pd_reader_of(bytes.p, bytes.n);
	struct pd_tree tree;
	pd_tree_init(&tree, arena, bytes.n);
	PD_TRY(pd_pickle_decode(&r, &opts, &tree, err));
	PD_TRY(check_wrappers(&trace, err));
	struct repickle p = { .in = bytes, .out = out, .trace = &trace };
	pd_buf_init(&p.buf, 2 * OUT_CHUNK);
	PD_TRY(lay_memos(&p, arena, err));
	enum pd_code code = write_all(&p, err);
	pd_buf_end(&p.buf);
	return code;
}

enum pd_code pd_repickle(const char *path, struct pd_file_out *out, struct pd_err *err)
{
	PD_AUTO(pd_arena) arena = { 0 };
	PD_AUTO(pd_file_map) map = { 0 };
	struct pd_inflate inflate;
	struct pd_err own;
	if (!err)
		err = &own; /* texts are built in steps */
	PD_TRY(pd_file_map_open(&map, path, PD_MODEL_FILE_MAX, err));
	struct pd_str bytes = pd_str_of((const char *)map.p, map.n);
	pd_inflate_init(&inflate, &arena, bytes.n);
	if (pd_str_starts(bytes, PD_STR("PK\x03\x04")))
		return pd_fail(err, PD_UNSUPPORTED, "%s: is an archive, not a pickle", path);
	if (pd_joblib_compression(bytes) && pd_joblib_expand(&inflate, bytes, &bytes, err) != PD_OK)
		return pd_err_prefix(err, "%s", path);
	if (repickle(bytes, &arena, out, err) != PD_OK)
		return pd_err_prefix(err, "%s", path);
	return PD_OK;
}
