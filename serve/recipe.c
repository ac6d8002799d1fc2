/* Compiling a recipe; serve/events.c runs it. */
#include "serve/recipe.h"

#include "base/auto.h"
#include "base/json.h"
#include "serve/recipe_internal.h"

struct compiler {
	struct pd_recipe *recipe;
	struct pd_arena *arena;
	struct pd_err *err;
	bool reply;         /* compiling a reply */
	struct pd_buf json; /* of the reply, since the last hole */
	struct reply_op **tail;
	unsigned depth;
};

/* ---------------------------------------------------------------- paths */

static struct path_node *child_of(struct compiler *c, struct path_node *parent, struct pd_str key)
{
	for (struct path_node *n = parent->child; n; n = n->next)
		if (pd_str_eq(n->key, key))
			return n;
	struct path_node *n = PD_ARENA_NEW(c->arena, struct path_node);
	*n = (struct path_node){ .key = key, .slot = NO_SLOT, .next = parent->child };
	parent->child = n;
	return n;
}

static enum pd_code add_path(struct compiler *c, struct pd_str path, int *out_slot)
{
	struct path_node *node = &c->recipe->root;
	struct pd_str rest = path;
	for (unsigned depth = 0; rest.n || depth == 0; depth++) {
		struct pd_str key;
		bool more = pd_str_split(rest, '.', &key, &rest);
		if (!key.n || (more && !rest.n))
			return pd_fail(c->err, PD_INVALID, "{%.*s}: a part of the path is empty",
				       PD_STR_ARG(path));
		if (depth == PD_RECIPE_PATH_MAX)
			return pd_fail(c->err, PD_INVALID, "{%.*s}: the path has over %d parts",
				       PD_STR_ARG(path), PD_RECIPE_PATH_MAX);
		node = child_of(c, node, key);
	}
	if (node->slot == NO_SLOT) {
		node->slot = c->recipe->n_slots++;
		node->path = path;
	}
	*out_slot = node->slot;
	return PD_OK;
}

static void number_slots(struct compiler *c, struct path_node *node)
{
	for (; node; node = node->next) {
		if (node->slot != NO_SLOT)
			c->recipe->by_slot[node->slot] = node;
		number_slots(c, node->child);
	}
}

/* ---------------------------------------------------------------- texts */

static struct part *add_part(struct compiler *c, struct template *t, struct part ***tail)
{
	struct part *p = PD_ARENA_NEW(c->arena, struct part);
	**tail = p;
	*tail = &p->next;
	t->n_parts++;
	return p;
}

static bool is_own_name(struct pd_str name, enum part_kind *out)
{
	static const struct {
		const char *name;
		enum part_kind kind;
	} names[] = {
		{ "prediction", PART_PREDICTION }, { "run_id", PART_RUN_ID },
		{ "model_name", PART_MODEL_NAME }, { "model_version", PART_MODEL_VERSION },
		{ "model_id", PART_MODEL_ID },
	};
	for (size_t i = 0; i < PD_LEN(names); i++) {
		if (pd_str_eqz(name, names[i].name)) {
			*out = names[i].kind;
			return true;
		}
	}
	return false;
}

static enum pd_code compile_field(struct compiler *c, struct pd_str name, struct part *p)
{
	p->text = name;
	if (c->reply && is_own_name(name, &p->kind))
		return PD_OK;
	p->kind = PART_SLOT;
	if (c->reply && pd_str_starts(name, PD_STR("event.")))
		p->text = name = pd_str_skip(name, 6);
	return add_path(c, name, &p->slot);
}

/* The length of the literal at the front of `s`, up to a field, without brace escapes. */
static enum pd_code take_literal(struct compiler *c, struct pd_str whole, struct pd_str *s,
				 struct pd_buf *literal)
{
	while (s->n) {
		char brace = s->p[0];
		if (brace != '{' && brace != '}') {
			pd_buf_char(literal, brace);
			*s = pd_str_skip(*s, 1);
			continue;
		}
		bool doubled = s->n > 1 && s->p[1] == brace;
		if (!doubled && brace == '{')
			return PD_OK;
		if (!doubled)
			return pd_fail(c->err, PD_INVALID,
				       "\"%.*s\": a } without its {; a brace itself is written }}",
				       PD_STR_ARG(whole));
		pd_buf_char(literal, brace);
		*s = pd_str_skip(*s, 2);
	}
	return PD_OK;
}

static enum pd_code compile_text(struct compiler *c, struct pd_str whole, struct template *t)
{
	struct pd_buf literal __attribute__((cleanup(pd_buf_end)));
	pd_buf_init(&literal, PD_RECIPE_SIZE_MAX);
	struct part **tail = &t->parts;
	struct pd_str s = pd_arena_str(c->arena, whole);
	while (s.n) {
		pd_buf_clear(&literal);
		PD_TRY(take_literal(c, whole, &s, &literal));
		if (literal.n)
			add_part(c, t, &tail)->text = pd_arena_str(c->arena, pd_buf_view(&literal));
		if (!s.n)
			break;
		struct pd_str field;
		if (!pd_str_split(pd_str_skip(s, 1), '}', &field, &s))
			return pd_fail(c->err, PD_INVALID,
				       "\"%.*s\": a { is never closed; a brace itself is written "
				       "{{",
				       PD_STR_ARG(whole));
		PD_TRY(compile_field(c, field, add_part(c, t, &tail)));
	}
	return PD_OK;
}

/* ---------------------------------------------------------------- features */

static struct pd_cell constant_of(struct compiler *c, const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		return (struct pd_cell){ .kind = PD_CELL_STR,
					 .s = pd_arena_str(c->arena, pd_json_str(value)) };
	case JSON_INTEGER:
		return (struct pd_cell){ .kind = PD_CELL_I64, .i = json_integer_value(value) };
	case JSON_REAL:
		return (struct pd_cell){ .kind = PD_CELL_F64, .f = json_real_value(value) };
	case JSON_TRUE:
	case JSON_FALSE:
		return (struct pd_cell){ .kind = PD_CELL_BOOL, .i = json_is_true(value) };
	default:
		return (struct pd_cell){ .kind = PD_CELL_NULL };
	}
}

static enum pd_code compile_feature(struct compiler *c, struct pd_str name, const json_t *value,
				    struct feature *f)
{
	f->name = pd_arena_str(c->arena, name);
	if (json_is_array(value) || json_is_object(value))
		return pd_fail(c->err, PD_INVALID,
			       "feature `%.*s` is a text, number, boolean or null, not a list or "
			       "object",
			       PD_STR_ARG(name));
	f->constant = true;
	if (json_is_string(value)) {
		PD_TRY(compile_text(c, pd_json_str(value), &f->template));
		f->constant = !f->template.n_parts;
	}
	f->value = constant_of(c, value);
	return PD_OK;
}

static enum pd_code compile_features(struct compiler *c, json_t *features)
{
	if (!json_is_object(features) || json_object_size(features) == 0)
		return pd_fail(c->err, PD_INVALID, "\"features\" is not an object with features");
	struct feature **tail = &c->recipe->features;
	const char *name;
	json_t *value;
	json_object_foreach(features, name, value)
	{
		struct feature *f = PD_ARENA_NEW(c->arena, struct feature);
		*tail = f;
		tail = &f->next;
		c->recipe->n_features++;
		PD_TRY(compile_feature(c, pd_str_from(name), value, f));
	}
	return PD_OK;
}

/* ---------------------------------------------------------------- the reply */

/* Close the JSON text that was gathered, with a hole behind it or not. */
static struct reply_op *end_json(struct compiler *c)
{
	struct reply_op *op = PD_ARENA_NEW(c->arena, struct reply_op);
	op->json = pd_arena_str(c->arena, pd_buf_view(&c->json));
	pd_buf_clear(&c->json);
	*c->tail = op;
	c->tail = &op->next;
	return op;
}

static enum pd_code compile_reply(struct compiler *c, json_t *value);

static enum pd_code compile_reply_object(struct compiler *c, json_t *object)
{
	const char *key;
	json_t *value;
	bool first = true;
	pd_buf_char(&c->json, '{');
	json_object_foreach(object, key, value)
	{
		if (!first)
			pd_buf_z(&c->json, ", ");
		first = false;
		pd_write_text(&c->json, pd_str_from(key));
		pd_buf_z(&c->json, ": ");
		PD_TRY(compile_reply(c, value));
	}
	pd_buf_char(&c->json, '}');
	return PD_OK;
}

static enum pd_code compile_reply_list(struct compiler *c, json_t *list)
{
	pd_buf_char(&c->json, '[');
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i)
			pd_buf_z(&c->json, ", ");
		PD_TRY(compile_reply(c, json_array_get(list, i)));
	}
	pd_buf_char(&c->json, ']');
	return PD_OK;
}

static enum pd_code compile_reply_text(struct compiler *c, struct pd_str text)
{
	struct template t = { 0 };
	PD_TRY(compile_text(c, text, &t));
	if (!t.n_parts) {
		pd_buf_z(&c->json, "\"\"");
		return PD_OK;
	}
	struct reply_op *op = end_json(c);
	op->hole = true;
	op->template = t;
	return PD_OK;
}

static enum pd_code compile_reply(struct compiler *c, json_t *value)
{
	if (c->depth > PD_RECIPE_PATH_MAX)
		return pd_fail(c->err, PD_INVALID, "\"reply\" is nested too deeply");
	c->depth++;
	if (json_is_object(value))
		PD_TRY(compile_reply_object(c, value));
	else if (json_is_array(value))
		PD_TRY(compile_reply_list(c, value));
	else if (json_is_string(value))
		PD_TRY(compile_reply_text(c, pd_json_str(value)));
	else {
		struct pd_cell cell = constant_of(c, value);
		pd_write_cell(&c->json, &cell);
	}
	c->depth--;
	return PD_OK;
}

/* ---------------------------------------------------------------- the whole */

static enum pd_code compile(struct compiler *c, json_t *recipe)
{
	if (!json_is_object(recipe))
		return pd_fail(c->err, PD_INVALID,
			       "a recipe is an object with \"features\" and "
			       "\"reply\"");
	const char *key;
	json_t *value;
	json_object_foreach(recipe, key, value)
	{
		if (strcmp(key, "features") == 0) {
			PD_TRY(compile_features(c, value));
		} else if (strcmp(key, "reply") == 0) {
			c->reply = true;
			PD_TRY(compile_reply(c, value));
			end_json(c);
			c->reply = false;
		} else {
			return pd_fail(c->err, PD_INVALID,
				       "a recipe has \"features\" and \"reply\", not \"%s\"", key);
		}
	}
	c->recipe->by_slot = PD_ARENA_ARRAY(c->arena, struct path_node *,
					    (size_t)c->recipe->n_slots);
	number_slots(c, c->recipe->root.child);
	return pd_buf_check(&c->json, "the reply of the recipe", c->err);
}

enum pd_code pd_recipe_parse(struct pd_str text, struct pd_arena *arena, struct pd_recipe **out,
			     struct pd_err *err)
{
	PD_AUTO_JSON json_t *json = NULL;
	struct pd_buf buf __attribute__((cleanup(pd_buf_end)));
	pd_buf_init(&buf, 6 * PD_RECIPE_SIZE_MAX);
	if (text.n > PD_RECIPE_SIZE_MAX)
		return pd_fail(err, PD_TOO_LARGE, "a recipe has at most %zu bytes",
			       PD_RECIPE_SIZE_MAX);
	PD_TRY(pd_json_parse(text, &json, err));
	struct compiler c = { .arena = arena, .err = err };
	c.recipe = PD_ARENA_NEW(arena, struct pd_recipe);
	c.recipe->root.slot = NO_SLOT;
	c.tail = &c.recipe->reply;
	c.json = buf;
	enum pd_code code = compile(&c, json);
	buf = c.json;
	if (code == PD_OK)
		*out = c.recipe;
	return code;
}
