/*
 * tests/tools/tree_dump.c - print the inert tree of a model file, one JSON object a line: first
 * {"root": ID, "format": F}, then each node that can be reached, once, by its id. A flat list
 * keeps sharing and cycles as they are. `tree_dump --names FILE` prints the audit's names instead,
 * `--check` nothing, `--repickle OUT FILE` writes the plain pickle of a joblib file.
 * Exit status 1 and the error's code and text on stderr when the file is refused.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/auto.h"
#include "base/buf.h"
#include "model/file.h"
#include "model/repickle.h"

struct dump {
	struct pd_buf out;
	const struct pd_node **todo;
	size_t n_todo;
	size_t cap_todo;
	bool *seen;
};

static void later(struct dump *d, const struct pd_node *n)
{
	if (d->seen[n->id])
		return;
	d->seen[n->id] = true;
	if (d->n_todo == d->cap_todo) {
		d->cap_todo = d->cap_todo ? d->cap_todo * 2 : 1024;
		d->todo = pd_xrealloc(d->todo, d->cap_todo * sizeof(*d->todo));
	}
	d->todo[d->n_todo++] = n;
}

static void put_text(struct dump *d, const char *key, struct pd_str s)
{
	pd_buf_printf(&d->out, ", \"%s\": ", key);
	pd_buf_json_str(&d->out, s);
}

static void put_hex(struct dump *d, const char *key, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	pd_buf_printf(&d->out, ", \"%s\": \"", key);
	for (size_t i = 0; i < n; i++)
		pd_buf_printf(&d->out, "%02x", p[i]);
	pd_buf_char(&d->out, '"');
}

static void put_ids(struct dump *d, const char *key, struct pd_node *const *items, size_t n)
{
	pd_buf_printf(&d->out, ", \"%s\": [", key);
	for (size_t i = 0; i < n; i++) {
		pd_buf_printf(&d->out, "%s%u", i ? ", " : "", items[i]->id);
		later(d, items[i]);
	}
	pd_buf_char(&d->out, ']');
}

static void put_id(struct dump *d, const char *key, const struct pd_node *n)
{
	if (!n)
		return;
	pd_buf_printf(&d->out, ", \"%s\": %u", key, n->id);
	later(d, n);
}

static void put_dtype(struct dump *d, const struct pd_dtype *t)
{
	pd_buf_printf(&d->out, "[\"%c%zu\", %s, [", t->kind, t->itemsize,
		      t->big_endian ? "true" : "false");
	for (size_t i = 0; i < t->n_fields; i++) {
		pd_buf_z(&d->out, i ? ", [" : "[");
		pd_buf_json_str(&d->out, t->fields[i].name);
		pd_buf_printf(&d->out, ", %zu, ", t->fields[i].offset);
		put_dtype(d, t->fields[i].type);
		pd_buf_char(&d->out, ']');
	}
	pd_buf_z(&d->out, "]]");
}

static void put_array(struct dump *d, const struct pd_array *a)
{
	pd_buf_z(&d->out, ", \"dtype\": ");
	put_dtype(d, a->type);
	pd_buf_printf(&d->out, ", \"fortran\": %s, \"shape\": [", a->fortran ? "true" : "false");
	for (unsigned i = 0; i < a->n_dims; i++)
		pd_buf_printf(&d->out, "%s%" PRId64, i ? ", " : "", a->shape[i]);
	pd_buf_char(&d->out, ']');
	if (a->objects)
		put_ids(d, "objects", a->objects, a->n_items);
	else if (a->type->kind != PD_DT_OBJECT)
		put_hex(d, "data", a->data, a->n_items * a->type->itemsize);
}

static void put_object(struct dump *d, const struct pd_object *o)
{
	static const char *const made[] = { "reduce", "newobj", "inst", "skops" };
	pd_buf_printf(&d->out, ", \"made\": \"%s\"", made[o->made]);
	put_id(d, "cls", o->cls);
	put_id(d, "args", o->args);
	put_id(d, "kwargs", o->kwargs);
	put_id(d, "state", o->state);
	put_id(d, "list", o->items);
	put_id(d, "pairs", o->pairs);
}

static void put_value(struct dump *d, const struct pd_node *n)
{
	switch (n->kind) {
	case PD_NODE_NONE:
		break;
	case PD_NODE_BOOL:
	case PD_NODE_INT:
		pd_buf_printf(&d->out, ", \"v\": %" PRId64, n->i);
		break;
	case PD_NODE_FLOAT:
		pd_buf_printf(&d->out, ", \"v\": \"%a\"", n->f);
		break;
	case PD_NODE_TEXT:
	case PD_NODE_BYTES:
	case PD_NODE_BIGINT:
		put_hex(d, "v", n->s.p, n->s.n);
		break;
	case PD_NODE_GLOBAL:
		put_text(d, "module", n->s);
		put_text(d, "name", n->t);
		break;
	case PD_NODE_OBJECT:
		put_object(d, n->obj);
		break;
	case PD_NODE_ARRAY:
	case PD_NODE_SCALAR:
		put_array(d, n->arr);
		break;
	case PD_NODE_DTYPE:
		pd_buf_z(&d->out, ", \"dtype\": ");
		put_dtype(d, n->dtype);
		break;
	case PD_NODE_LIST:
	case PD_NODE_TUPLE:
	case PD_NODE_SET:
	case PD_NODE_DICT:
		put_ids(d, "items", n->items, n->n_items);
		break;
	}
}

static void put_node(struct dump *d, const struct pd_node *n)
{
	static const char *const kinds[] = {
		[PD_NODE_NONE] = "none",     [PD_NODE_BOOL] = "bool",   [PD_NODE_INT] = "int",
		[PD_NODE_BIGINT] = "bigint", [PD_NODE_FLOAT] = "float", [PD_NODE_TEXT] = "text",
		[PD_NODE_BYTES] = "bytes",   [PD_NODE_LIST] = "list",   [PD_NODE_TUPLE] = "tuple",
		[PD_NODE_SET] = "set",       [PD_NODE_DICT] = "dict",   [PD_NODE_GLOBAL] = "global",
		[PD_NODE_OBJECT] = "object", [PD_NODE_ARRAY] = "array", [PD_NODE_SCALAR] = "scalar",
		[PD_NODE_DTYPE] = "dtype",
	};
	pd_buf_printf(&d->out, "{\"id\": %u, \"kind\": \"%s\"", n->id, kinds[n->kind]);
	put_value(d, n);
	pd_buf_z(&d->out, "}\n");
}

static void dump_names(const struct pd_tree *t)
{
	for (const struct pd_tree_name *n = t->names; n; n = n->next)
		printf("%zu %.*s.%.*s%s%s\n", n->global->offset, PD_STR_ARG(n->global->s),
		       PD_STR_ARG(n->global->t), n->global->called ? " called" : "",
		       n->global->code ? " code" : "");
}

static void dump_tree(const struct pd_tree *t)
{
	struct dump d = { .seen = pd_xcalloc(t->n_nodes, sizeof(bool)) };
	pd_buf_init(&d.out, SIZE_MAX / 2);
	pd_buf_printf(&d.out, "{\"root\": %u, \"format\": \"%s\"}\n", t->root->id, t->format);
	later(&d, t->root);
	while (d.n_todo) {
		put_node(&d, d.todo[--d.n_todo]);
		if (d.out.n > (size_t)1 << 20) {
			fwrite(d.out.p, 1, d.out.n, stdout);
			pd_buf_clear(&d.out);
		}
	}
	fwrite(d.out.p, 1, d.out.n, stdout);
	pd_buf_end(&d.out);
	free(d.todo);
	free(d.seen);
}

static enum pd_code repickle(const char *path, const char *to, struct pd_err *err)
{
	PD_AUTO(pd_file_out) out = { 0 };
	PD_TRY(pd_file_out_begin(&out, to, 0666, err));
	PD_TRY(pd_repickle(path, &out, err));
	return pd_file_out_commit(&out, err);
}

static int fail(enum pd_code code, const struct pd_err *err)
{
	fprintf(stderr, "%s: %s\n", pd_code_name(code), err->text);
	return 1;
}

int main(int argc, char **argv)
{
	bool names = argc > 2 && strcmp(argv[1], "--names") == 0;
	bool check = argc > 2 && strcmp(argv[1], "--check") == 0;
	struct pd_err err = { 0 };
	PD_AUTO(pd_arena) arena = { 0 };
	struct pd_tree tree;
	if (argc < 2) {
		fputs("usage: tree_dump [--names | --check | --repickle OUT] FILE\n", stderr);
		return 2;
	}
	if (argc > 3 && strcmp(argv[1], "--repickle") == 0) {
		enum pd_code done = repickle(argv[3], argv[2], &err);
		return done == PD_OK ? 0 : fail(done, &err);
	}
	enum pd_code code = names ? pd_model_file_audit(argv[2], &arena, &tree, &err)
				  : pd_model_file_open(argv[argc - 1], &arena, &tree, &err);
	if (code != PD_OK)
		return fail(code, &err);
	if (names)
		dump_names(&tree);
	else if (!check)
		dump_tree(&tree);
	return 0;
}
