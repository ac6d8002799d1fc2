#include "registry/local.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"
#include "schema/tables.h"

/* ---------------------------------------------------------------- making a database */

static enum pd_code run_all(struct pd_db *db, const char *const *statements, struct pd_err *err)
{
	for (; *statements; statements++)
		PD_TRY(pd_db_script(db, *statements, err));
	return PD_OK;
}

/* What MLflow puts into a new store: its revision, the default workspace, experiment 0. */
static enum pd_code default_rows(struct pd_local *l, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	int64_t now_ms = pd_local_now_ms(l);
	PD_TRY(pd_db_script(&l->db,
			    "INSERT INTO alembic_version VALUES ('" PD_SCHEMA_HEAD "');"
			    "INSERT INTO workspaces (name, description) VALUES "
			    "('default', 'Default workspace for legacy resources')",
			    err));
	PD_TRY(pd_db_query(&l->db,
			   "INSERT INTO experiments (experiment_id, name, artifact_location, "
			   "lifecycle_stage, creation_time, last_update_time) "
			   "VALUES (0, 'Default', ?, 'active', ?, ?)",
			   &q, err));
	PD_AUTO_FREE char *location = pd_local_uri_join(l->artifact_root, PD_STR("0"));
	pd_bind_z(q, 1, location);
	sqlite3_bind_int64(q, 2, now_ms);
	sqlite3_bind_int64(q, 3, now_ms);
	return pd_db_exec(&l->db, q, err);
}

static enum pd_code make_tables(struct pd_local *l, struct pd_err *err)
{
	PD_AUTO(pd_tx) tx = { 0 };
	PD_TRY(pd_tx_begin(&tx, &l->db, err));
	PD_TRY(run_all(&l->db, pd_schema_tracking, err));
	PD_TRY(run_all(&l->db, pd_schema_traces, err));
	PD_TRY(run_all(&l->db, pd_schema_gateway, err));
	PD_TRY(default_rows(l, err));
	return pd_tx_commit(&tx, err);
}

/* A file that is ours alone and goes with its scope, with what SQLite puts beside it. */
struct pd_temp_db {
	char *path;
};

static void pd_temp_db_end(struct pd_temp_db *t)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	for (size_t i = 0; t->path && i < PD_LEN(suffixes); i++) {
		size_t size = strlen(t->path) + 8;
		PD_AUTO_FREE char *name = pd_xmalloc(size);
		snprintf(name, size, "%s%s", t->path, suffixes[i]);
		unlink(name);
	}
	free(t->path);
}

static enum pd_code temp_name(const char *path, struct pd_temp_db *t, struct pd_err *err)
{
	size_t size = strlen(path) + 16;
	char *name = pd_xmalloc(size);
	snprintf(name, size, "%s.XXXXXX.new", path);
	int fd = mkostemps(name, 4, O_CLOEXEC);
	if (fd < 0) {
		enum pd_code code = pd_fail_errno(err, errno, "%s: cannot make the database", path);
		free(name);
		return code;
	}
	/* mkostemp gives 0600; a database has what the umask leaves, as SQLite would make it */
	mode_t mask = umask(0);
	umask(mask);
	fchmod(fd, 0644 & ~mask);
	close(fd);
	t->path = name;
	return PD_OK;
}

static enum pd_code sync_file(const char *path, struct pd_err *err)
{
	PD_AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		return pd_fail_errno(err, errno, "%s", path);
	return PD_OK;
}

/* Nobody else sees the file yet, so there is nothing to roll back to. And without a WAL every page
 * is in the file when the commit returns: a full disk is told here, not when closing, where SQLite
 * tells nobody. */
static enum pd_code make_alone(struct pd_local *l, struct pd_err *err)
{
	PD_TRY(pd_db_script(&l->db, "PRAGMA journal_mode=OFF", err));
	PD_TRY(make_tables(l, err));
	return pd_db_script(&l->db, "PRAGMA journal_mode=WAL", err);
}

/* Whole under a temporary name first; whoever links it into place first has made the database. */
static enum pd_code make_database(struct pd_local *l, const char *path, struct pd_err *err)
{
	PD_AUTO(pd_temp_db) temp = { 0 };
	PD_TRY(temp_name(path, &temp, err));
	enum pd_code code = pd_db_open(&l->db, temp.path, PD_DB_CREATE, err);
	if (code == PD_OK)
		code = make_alone(l, err);
	pd_db_end(&l->db);
	PD_TRY(code);
	PD_TRY(sync_file(temp.path, err));
	if (link(temp.path, path) == 0 || errno == EEXIST)
		return PD_OK;
	/* a file system without links: rename does it, last one wins before anyone wrote */
	if (rename(temp.path, path) != 0)
		return pd_fail_errno(err, errno, "%s: cannot make the database", path);
	return PD_OK;
}

/* ---------------------------------------------------------------- looking at one that is there */

static enum pd_code has_row(struct pd_local *l, const char *sql, bool *out, struct pd_err *err)
{
	PD_AUTO_STMT sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_prepare(&l->db, pd_str_from(sql), &q, err));
	return pd_db_step(&l->db, q, out, err);
}

static enum pd_code look_up(struct pd_local *l, struct pd_err *err)
{
	PD_TRY(has_row(l, "SELECT 1 FROM pragma_table_info('experiments') WHERE name='workspace'",
		       &l->has.workspaces, err));
	PD_TRY(has_row(l, "SELECT 1 FROM pragma_table_info('inputs') WHERE name='step'",
		       &l->has.inputs_step, err));
	PD_TRY(has_row(l,
		       "SELECT 1 FROM pragma_table_info('assessments') "
		       "WHERE name='assessment_metadata'",
		       &l->has.assessments, err));
	return has_row(l, "SELECT 1 FROM pragma_table_info('logged_models') WHERE name='model_id'",
		       &l->has.logged_models, err);
}

static enum pd_code check_revision(struct pd_local *l, struct pd_err *err)
{
	PD_AUTO_STMT sqlite3_stmt *q = NULL;
	bool row = false;
	PD_TRY(pd_db_prepare(&l->db, PD_STR("SELECT version_num FROM alembic_version"), &q, err));
	PD_TRY(pd_db_step(&l->db, q, &row, err));
	if (!row)
		return pd_fail(err, PD_CORRUPT, "%s: an MLflow database without a revision",
			       l->db.path);
	struct pd_str revision = pd_column_str(q, 0);
	if (!pd_schema_known(revision))
		return pd_fail(err, PD_CORRUPT,
			       "%s: its revision %.*s is not known here; podium reads MLflow 2.9 "
			       "to 3.17 (%s)",
			       l->db.path, PD_STR_ARG(revision), PD_SCHEMA_HEAD);
	return PD_OK;
}

static enum pd_code check_database(struct pd_local *l, bool create, struct pd_err *err)
{
	bool found = false;
	PD_TRY(has_row(l, "SELECT 1 FROM sqlite_schema WHERE name='alembic_version'", &found, err));
	if (found)
		return check_revision(l, err);
	PD_TRY(has_row(l, "SELECT 1 FROM sqlite_schema", &found, err));
	if (found || !create)
		return pd_fail(err, PD_CORRUPT, "%s: %s", l->db.path,
			       found ? "a SQLite database, but not MLflow's" : "an empty database");
	return make_tables(l, err);
}

enum pd_code pd_local_open(struct pd_local *l, const struct pd_env *env, const char *path,
			   const char *artifact_root, enum pd_db_mode mode, struct pd_err *err)
{
	bool create = mode == PD_DB_CREATE;
	*l = (struct pd_local){ .env = env, .artifact_root = pd_xstrdup(artifact_root) };
	enum pd_code code = PD_OK;
	if (!pd_path_exists(path))
		code = create ? make_database(l, path, err)
			      : pd_fail(err, PD_NOT_FOUND, "%s: no such database", path);
	if (code == PD_OK)
		code = pd_db_open(&l->db, path, create ? PD_DB_WRITE : mode, err);
	if (code == PD_OK)
		code = check_database(l, create, err);
	if (code == PD_OK)
		code = look_up(l, err);
	if (code == PD_OK)
		code = pd_db_use_wal(&l->db, err);
	if (code != PD_OK)
		pd_local_end(l);
	return code;
}

void pd_local_end(struct pd_local *l)
{
	pd_db_end(&l->db);
	free(l->artifact_root);
	free(l->artifacts_destination);
	*l = (struct pd_local){ 0 };
}
