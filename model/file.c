#include "model/file.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/reader.h"
#include "model/joblib.h"
#include "model/skops.h"

static void unmap(void *arg)
{
	pd_file_map_end(arg);
}

static enum pd_code map_file(const char *path, struct pd_arena *arena, struct pd_str *out,
			     struct pd_err *err)
{
	struct pd_file_map *map = PD_ARENA_NEW(arena, struct pd_file_map);
	PD_TRY(pd_file_map_open(map, path, PD_MODEL_FILE_MAX, err));
	pd_arena_defer(arena, unmap, map);
	*out = pd_str_of((const char *)map->p, map->n);
	return PD_OK;
}

static enum pd_code decode_pickle(struct pd_str bytes, bool audit, struct pd_tree *out,
				  struct pd_err *err)
{
	struct pd_pickle_opts opts = { .audit = audit };
	struct pd_reader r = pd_reader_of(bytes.p, bytes.n);
	out->format = "pickle";
	PD_TRY(pd_pickle_decode(&r, &opts, out, err));
	if (pd_reader_left(&r))
		return pd_fail(
			err, PD_CORRUPT,
			"offset %zu: %zu bytes behind the end of the pickle (one object in a "
			"file: put several into a tuple)",
			r.at, pd_reader_left(&r));
	return PD_OK;
}

/* A library's own file as the object that would hold it in a pickle. */
static enum pd_code decode_own(const char *format, struct pd_str module, const char *attribute,
			       enum pd_node_kind kind, struct pd_str bytes, struct pd_tree *out,
			       struct pd_err *err)
{
	struct pd_node *cls = NULL, *state = NULL, *pair[2] = { NULL, NULL };
	out->format = format;
	PD_TRY(pd_node_global(out, module, PD_STR("Booster"), 0, &cls, err));
	PD_TRY(pd_node_object(out, PD_MADE_NEWOBJ, cls, 0, &out->root, err));
	PD_TRY(pd_node_new(out, PD_NODE_DICT, 0, &state, err));
	PD_TRY(pd_node_text(out, pd_str_from(attribute), 0, &pair[0], err));
	PD_TRY(pd_node_new(out, kind, 0, &pair[1], err));
	pair[1]->s = bytes;
	PD_TRY(pd_node_append(out, state, pair, 2, err));
	out->root->obj->state = state;
	return PD_OK;
}

static enum pd_code decode(struct pd_str bytes, bool audit, struct pd_arena *arena,
			   struct pd_tree *out, struct pd_err *err)
{
	struct pd_inflate inflate;
	struct pd_skops_opts skops = { .audit = audit };
	pd_tree_init(out, arena, bytes.n);
	pd_inflate_init(&inflate, arena, bytes.n);
	if (!bytes.n)
		return pd_fail(err, PD_CORRUPT, "the file is empty");
	if (pd_str_starts(bytes, PD_STR("PK\x03\x04")))
		return pd_skops_decode(bytes, &skops, &inflate, out, err);
	if (pd_str_starts(bytes, PD_STR("tree\n")) || pd_str_starts(bytes, PD_STR("tree\r\n")))
		return decode_own("lightgbm", PD_STR("lightgbm.basic"), "handle", PD_NODE_TEXT,
				  bytes, out, err);
	/* UBJSON: a map whose first key has a length of 8 bytes; JSON; the oldest kind */
	if (pd_str_starts(bytes, PD_STR("{L\0\0")) || pd_str_starts(bytes, PD_STR("{\"")) ||
	    pd_str_starts(bytes, PD_STR("binf")))
		return decode_own("xgboost", PD_STR("xgboost.core"), "handle", PD_NODE_BYTES, bytes,
				  out, err);
	const char *compression = pd_joblib_compression(bytes);
	if (!compression)
		return decode_pickle(bytes, audit, out, err);
	PD_TRY(pd_joblib_expand(&inflate, bytes, &bytes, err));
	pd_tree_init(out, arena, bytes.n);
	if (decode_pickle(bytes, audit, out, err) != PD_OK)
		return pd_err_prefix(err, "%s, expanded", compression);
	out->format = "joblib"; /* nothing else compresses a pickle as a whole */
	return PD_OK;
}

static enum pd_code open_file(const char *path, bool audit, struct pd_arena *arena,
			      struct pd_tree *out, struct pd_err *err)
{
	struct pd_err own = { 0 };
	struct pd_str bytes = { 0 };
	PD_TRY(map_file(path, arena, &bytes, err));
	if (!err)
		err = &own;
	if (decode(bytes, audit, arena, out, err) == PD_OK)
		return PD_OK;
	return pd_err_prefix(err, "%s", path);
}

enum pd_code pd_model_file_open(const char *path, struct pd_arena *arena, struct pd_tree *out,
				struct pd_err *err)
{
	return open_file(path, false, arena, out, err);
}

enum pd_code pd_model_file_audit(const char *path, struct pd_arena *arena, struct pd_tree *out,
				 struct pd_err *err)
{
	return open_file(path, true, arena, out, err);
}
