#include "schema/methods.h"

#include <stdio.h>

#include "base/json.h"

static bool verbs_have(const char *verbs, struct pd_str verb)
{
	struct pd_str rest = pd_str_from(verbs);
	struct pd_str one;
	do {
		pd_str_split(rest, ' ', &one, &rest);
		if (pd_str_eq(one, verb))
			return true;
	} while (rest.n > 0);
	return false;
}

bool pd_method_has_verb(const struct pd_method *m, const char *verb)
{
	return verbs_have(m->verbs, pd_str_from(verb));
}

const struct pd_method *pd_method_find(const char *verb, const char *name)
{
	for (const struct pd_method *m = pd_methods; m->name; m++) {
		if (strcmp(m->name, name) != 0 && strcmp(m->path, name) != 0)
			continue;
		if (!verb || pd_method_has_verb(m, verb))
			return m;
	}
	return NULL;
}

/* Part by part; "{x}" takes any part that is not empty. request NULL: only look. */
static bool path_matches(struct pd_str pattern, struct pd_str path, json_t *request)
{
	bool more = true;
	while (more) {
		struct pd_str want, have;
		more = pd_str_split(pattern, '/', &want, &pattern);
		if (pd_str_split(path, '/', &have, &path) != more)
			return false;
		if (want.n > 2 && want.p[0] == '{') {
			if (have.n == 0)
				return false;
			if (request)
				json_object_setn_new(request, want.p + 1, want.n - 2,
						     pd_json_from(have));
		} else if (!pd_str_eq(want, have)) {
			return false;
		}
	}
	return true;
}

enum pd_code pd_method_route(const char *verb, struct pd_str path, json_t *request,
			     const struct pd_method **out, struct pd_err *err)
{
	const struct pd_method *found = NULL;
	bool other_verb = false;
	for (const struct pd_method *m = pd_methods; m->name; m++) {
		if (!path_matches(pd_str_from(m->path), path, NULL))
			continue;
		if (!pd_method_has_verb(m, verb)) {
			other_verb = true;
			continue;
		}
		/* logged-models/search is a path of its own, not a model's id */
		if (!found || !strchr(m->path, '{'))
			found = m;
	}
	if (!found)
		return pd_fail(err, PD_NO_ENDPOINT, "%s: no method %s%.*s", verb,
			       other_verb ? "with this verb for " : "", PD_STR_ARG(path));
	path_matches(pd_str_from(found->path), path, request);
	*out = found;
	return PD_OK;
}

const char *pd_method_verbs_at(struct pd_str path)
{
	static _Thread_local char verbs[128];
	size_t n = 0;
	verbs[0] = '\0';
	for (const struct pd_method *m = pd_methods; m->name; m++)
		if (path_matches(pd_str_from(m->path), path, NULL) && n < sizeof(verbs)) {
			snprintf(verbs + n, sizeof(verbs) - n, n ? " %s" : "%s", m->verbs);
			n += strlen(verbs + n);
		}
	return verbs;
}

bool pd_method_only_reads(const struct pd_method *m)
{
	const char *last = strrchr(m->name, '/');
	return pd_method_has_verb(m, "GET") || strncmp(last + 1, "search", 6) == 0;
}
