#include "model/mlmodel.h"

#include <yaml.h>

#define DEPTH_MAX   8      /* nested keys that are flattened */
#define KEYS_MAX    100000 /* scalars in one flavor, alias expansion included */
#define FLAVORS_MAX 1000

static void parser_end(yaml_parser_t *p)
{
	yaml_parser_delete(p);
}

static void document_end(yaml_document_t *d)
{
	yaml_document_delete(d);
}

struct reading {
	yaml_document_t *doc;
	struct pd_arena *arena;
	struct pd_err *err;
};

static struct pd_str scalar(struct reading *r, const yaml_node_t *n)
{
	if (!n || n->type != YAML_SCALAR_NODE)
		return (struct pd_str){ 0 };
	struct pd_str s = pd_str_of((const char *)n->data.scalar.value, n->data.scalar.length);
	if (n->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	    (pd_str_eqz(s, "null") || pd_str_eqz(s, "~") || !s.n))
		return (struct pd_str){ 0 };
	return pd_arena_str(r->arena, s);
}

static yaml_node_t *value_of(struct reading *r, yaml_node_t *map, const char *key)
{
	if (!map || map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *k = yaml_document_get_node(r->doc, p->key);
		if (k && k->type == YAML_SCALAR_NODE &&
		    pd_str_eqz(pd_str_of((const char *)k->data.scalar.value, k->data.scalar.length),
			       key))
			return yaml_document_get_node(r->doc, p->value);
	}
	return NULL;
}

static struct pd_str text_of(struct reading *r, yaml_node_t *map, const char *key)
{
	return scalar(r, value_of(r, map, key));
}

/* One level of a flavor: scalars are stored, mappings descended into, lists left out. Called once
 * to count (f->keys NULL) and once to fill. */
static enum pd_code flatten(struct reading *r, struct pd_mlmodel_flavor *f, yaml_node_t *map,
			    struct pd_str prefix, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return pd_fail(r->err, PD_TOO_LARGE, "flavor %.*s: nested deeper than %d",
			       PD_STR_ARG(f->name), DEPTH_MAX);
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		struct pd_str key = scalar(r, yaml_document_get_node(r->doc, p->key));
		yaml_node_t *value = yaml_document_get_node(r->doc, p->value);
		struct pd_str path = prefix.n ? pd_str_from(pd_arena_printf(r->arena, "%.*s.%.*s",
									    PD_STR_ARG(prefix),
									    PD_STR_ARG(key)))
					      : key;
		if (value && value->type == YAML_MAPPING_NODE) {
			PD_TRY(flatten(r, f, value, path, depth + 1));
			continue;
		}
		if (!value || value->type != YAML_SCALAR_NODE)
			continue;
		if (f->n >= KEYS_MAX)
			return pd_fail(r->err, PD_TOO_LARGE, "flavor %.*s: more than %d keys",
				       PD_STR_ARG(f->name), KEYS_MAX);
		if (f->keys) {
			f->keys[f->n] = path;
			f->values[f->n] = scalar(r, value);
		}
		f->n++;
	}
	return PD_OK;
}

static enum pd_code read_flavor(struct reading *r, yaml_node_pair_t *pair,
				struct pd_mlmodel_flavor *out)
{
	yaml_node_t *body = yaml_document_get_node(r->doc, pair->value);
	*out = (struct pd_mlmodel_flavor){
		.name = scalar(r, yaml_document_get_node(r->doc, pair->key)),
	};
	if (!body || body->type != YAML_MAPPING_NODE)
		return PD_OK;
	PD_TRY(flatten(r, out, body, PD_STR(""), 0));
	out->keys = PD_ARENA_ARRAY(r->arena, struct pd_str, out->n);
	out->values = PD_ARENA_ARRAY(r->arena, struct pd_str, out->n);
	out->n = 0;
	return flatten(r, out, body, PD_STR(""), 0);
}

static enum pd_code read_flavors(struct reading *r, yaml_node_t *flavors, struct pd_mlmodel *m)
{
	if (!flavors || flavors->type != YAML_MAPPING_NODE)
		return pd_fail(r->err, PD_CORRUPT, "no `flavors` in it: not an MLmodel file");
	yaml_node_pair_t *start = flavors->data.mapping.pairs.start;
	size_t n = (size_t)(flavors->data.mapping.pairs.top - start);
	if (n > FLAVORS_MAX)
		return pd_fail(r->err, PD_TOO_LARGE, "%zu flavors", n);
	m->flavors = PD_ARENA_ARRAY(r->arena, struct pd_mlmodel_flavor, n);
	for (size_t i = 0; i < n; i++)
		PD_TRY(read_flavor(r, &start[i], &m->flavors[i]));
	m->n_flavors = n;
	return PD_OK;
}

static enum pd_code read_document(struct reading *r, struct pd_mlmodel *m)
{
	yaml_node_t *root = yaml_document_get_root_node(r->doc);
	if (!root || root->type != YAML_MAPPING_NODE)
		return pd_fail(r->err, PD_CORRUPT, "not a YAML mapping");
	PD_TRY(read_flavors(r, value_of(r, root, "flavors"), m));
	m->run_id = text_of(r, root, "run_id");
	m->model_id = text_of(r, root, "model_id");
	m->model_uuid = text_of(r, root, "model_uuid");
	m->mlflow_version = text_of(r, root, "mlflow_version");
	m->artifact_path = text_of(r, root, "artifact_path");
	m->time_created = text_of(r, root, "utc_time_created");
	yaml_node_t *signature = value_of(r, root, "signature");
	if (!signature || signature->type != YAML_MAPPING_NODE)
		return PD_OK;
	if (pd_signature_parse(text_of(r, signature, "inputs"), text_of(r, signature, "outputs"),
			       text_of(r, signature, "params"), r->arena, &m->signature,
			       r->err) != PD_OK)
		return pd_err_prefix(r->err, "signature");
	return PD_OK;
}

enum pd_code pd_mlmodel_parse(struct pd_str text, struct pd_arena *arena, struct pd_mlmodel **out,
			      struct pd_err *err)
{
	if (text.n > PD_MLMODEL_SIZE_MAX)
		return pd_fail(err, PD_TOO_LARGE, "%zu bytes, more than the limit of %zu", text.n,
			       PD_MLMODEL_SIZE_MAX);
	if (!pd_utf8_check(text))
		return pd_fail(err, PD_CORRUPT, "not UTF-8");
	__attribute__((cleanup(parser_end))) yaml_parser_t parser;
	if (!yaml_parser_initialize(&parser))
		return pd_fail(err, PD_NO_MEMORY, "no memory for a YAML parser");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
	__attribute__((cleanup(document_end))) yaml_document_t doc = { 0 };
	if (!yaml_parser_load(&parser, &doc))
		return pd_fail(err, PD_CORRUPT, "YAML line %zu: %s", parser.problem_mark.line + 1,
			       parser.problem ? parser.problem : "cannot be read");
	struct pd_mlmodel *m = PD_ARENA_NEW(arena, struct pd_mlmodel);
	struct reading r = { &doc, arena, err };
	PD_TRY(read_document(&r, m));
	*out = m;
	return PD_OK;
}

const struct pd_mlmodel_flavor *pd_mlmodel_flavor(const struct pd_mlmodel *m, const char *name)
{
	for (size_t i = 0; i < m->n_flavors; i++)
		if (pd_str_eqz(m->flavors[i].name, name))
			return &m->flavors[i];
	return NULL;
}

struct pd_str pd_mlmodel_value(const struct pd_mlmodel_flavor *f, const char *key)
{
	for (size_t i = 0; f && i < f->n; i++)
		if (pd_str_eqz(f->keys[i], key))
			return f->values[i];
	return (struct pd_str){ 0 };
}
