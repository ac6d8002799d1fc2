/*
 * Aliases: names that each point at one version of a registered model. Setting an alias again
 * moves it. Names compare by exact bytes.
 * Source: mlflow/store/model_registry/sqlalchemy_store.py, mlflow/utils/validation.py.
 */
#include "registry/local_models.h"

#include "base/auto.h"
#include "registry/check.h"
#include "schema/methods.h"

enum pd_code pd_model_check_alias(struct pd_str alias, struct pd_err *err)
{
	if (!alias.n)
		return pd_fail(err, PD_INVALID, "Registered model alias name cannot be empty.");
	if (!pd_is_word_or_dash(alias))
		return pd_fail(err, PD_INVALID,
			       "Invalid alias name: '%.*s'. Names may only contain alphanumerics, "
			       "underscores (_), and dashes (-).",
			       PD_STR_ARG(alias));
	return pd_check_length("Registered model alias name", PD_MAX_ALIAS_CHARS, alias, err);
}

/* "v3" is how people write a version, "latest" is one already. */
static enum pd_code check_reserved(struct pd_str alias, struct pd_err *err)
{
	if (pd_str_eq_nocase(alias, PD_STR("latest")))
		return pd_fail(err, PD_INVALID,
			       "'latest' alias name (case insensitive) is reserved.");
	bool is_version = alias.n > 1 && (alias.p[0] == 'v' || alias.p[0] == 'V');
	for (size_t i = 1; is_version && i < alias.n; i++)
		is_version = alias.p[i] >= '0' && alias.p[i] <= '9';
	if (is_version)
		return pd_fail(err, PD_INVALID, "Version alias name '%.*s' is reserved.",
			       PD_STR_ARG(alias));
	return PD_OK;
}

enum pd_code pd_alias_find(struct pd_local *l, struct pd_str name, struct pd_str alias,
			   bool *out_there, int64_t *out_version, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "SELECT version FROM registered_model_aliases WHERE ",
					   "name = ? AND alias = ?"),
			   &q, err));
	pd_bind_str(q, 1, name);
	pd_bind_str(q, 2, alias);
	PD_TRY(pd_db_step(&l->db, q, out_there, err));
	*out_version = *out_there ? sqlite3_column_int64(q, 0) : 0;
	sqlite3_reset(q);
	return PD_OK;
}

static enum pd_code alias_set(struct pd_local *l, const json_t *req, json_t **out,
			      struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	int64_t version = 0;
	struct pd_str name = pd_req_str(req, "name");
	struct pd_str alias = pd_req_str(req, "alias");
	PD_TRY(pd_model_check_name(name, err));
	PD_TRY(pd_model_check_alias(alias, err));
	PD_TRY(check_reserved(alias, err));
	PD_TRY(pd_version_parse(pd_req_str(req, "version"), &version, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_version_seek(l, name, version, &q, err));
	sqlite3_reset(q);
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO registered_model_aliases (name, alias, version) "
			   "VALUES (?, ?, ?) "
			   "ON CONFLICT DO UPDATE SET version = excluded.version",
			   &q, err));
	pd_bind_str(q, 1, name);
	pd_bind_str(q, 2, alias);
	sqlite3_bind_int64(q, 3, version);
	PD_TRY(pd_db_exec(&l->db, q, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code alias_delete(struct pd_local *l, const json_t *req, json_t **out,
				 struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	sqlite3_stmt *q = NULL;
	struct pd_str name = pd_req_str(req, "name");
	struct pd_str alias = pd_req_str(req, "alias");
	PD_TRY(pd_model_check_name(name, err));
	PD_TRY(pd_model_check_alias(alias, err));
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(pd_model_check_there(l, name, err));
	PD_TRY(pd_db_query(&l->db,
			   PD_BY_WORKSPACE(l, "DELETE FROM registered_model_aliases WHERE ",
					   "name = ? AND alias = ?"),
			   &q, err));
	pd_bind_str(q, 1, name);
	pd_bind_str(q, 2, alias);
	PD_TRY(pd_db_exec(&l->db, q, err));
	PD_TRY(pd_tx_commit(&tx, err));
	*out = json_object();
	return PD_OK;
}

static enum pd_code alias_get(struct pd_local *l, const json_t *req, json_t **out,
			      struct pd_err *err)
{
	bool there = false;
	int64_t version = 0;
	struct pd_str name = pd_req_str(req, "name");
	struct pd_str alias = pd_req_str(req, "alias");
	PD_TRY(pd_model_check_name(name, err));
	PD_TRY(pd_model_check_alias(alias, err));
	PD_TRY(pd_model_check_there(l, name, err));
	if (pd_str_eq_nocase(alias, PD_STR("latest"))) {
		PD_TRY(pd_version_latest(l, name, NULL, &version, err));
		if (!version)
			return pd_fail(err, PD_NOT_FOUND,
				       "Latest version not found for model %.*s.",
				       PD_STR_ARG(name));
		return pd_version_answer(l, name, version, out, err);
	}
	PD_TRY(pd_alias_find(l, name, alias, &there, &version, err));
	if (!there) /* MLflow answers 400 here, not 404 */
		return pd_fail(err, PD_INVALID, "Registered model alias %.*s not found.",
			       PD_STR_ARG(alias));
	return pd_version_answer(l, name, version, out, err);
}

const struct pd_local_method pd_local_aliases[] = {
	{ "POST", "registered-models/alias", alias_set },
	{ "DELETE", "registered-models/alias", alias_delete },
	{ "GET", "registered-models/alias", alias_get },
	{ NULL, NULL, NULL },
};
