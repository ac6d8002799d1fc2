#include "store/db.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/env.h"
#include "base/file.h"
#include "base/mem.h"

#define WAL_TRIES 20

struct pd_db_stmt {
	const char *sql;
	sqlite3_stmt *stmt;
};

static enum pd_code code_of(int rc)
{
	switch (rc) {
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_ROWID:
		return PD_EXISTS;
	case SQLITE_IOERR_NOMEM:
		return PD_NO_MEMORY;
	}
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return PD_BUSY;
	case SQLITE_CONSTRAINT:
		return PD_CONFLICT;
	case SQLITE_FULL:
		return PD_NO_SPACE;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return PD_CORRUPT;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
		return PD_DENIED;
	case SQLITE_NOMEM:
		return PD_NO_MEMORY;
	case SQLITE_ERROR:
	case SQLITE_MISUSE:
	case SQLITE_RANGE:
		return PD_INTERNAL;
	default:
		return PD_IO;
	}
}

static enum pd_code fail(struct pd_db *db, struct pd_err *err)
{
	enum pd_code code = code_of(sqlite3_extended_errcode(db->conn));
	int errnum = sqlite3_system_errno(db->conn);
	if (code == PD_IO && (errnum == ENOSPC || errnum == EDQUOT))
		code = PD_NO_SPACE;
	if (code == PD_BUSY)
		return pd_fail(err, code, "%s: other processes kept it busy for %d s", db->path,
			       PD_DB_BUSY_MS / 1000);
	if (code == PD_NO_SPACE)
		return pd_fail(err, code, "%s: no space left on the disk; nothing was changed",
			       db->path);
	return pd_fail(err, code, "%s: %s", db->path, sqlite3_errmsg(db->conn));
}

/* Wait in short random steps: fair enough among hundreds of writers, and none gives up early. */
static int wait_busy(void *arg, int n_calls)
{
	(void)arg;
	static _Thread_local int64_t since_ms;
	int64_t now_ms = pd_tick_ms();
	if (n_calls == 0)
		since_ms = now_ms;
	if (now_ms - since_ms > PD_DB_BUSY_MS)
		return 0;
	unsigned cap_us = n_calls < 5 ? 2000 : 20000;
	usleep(200 + (unsigned)random() % cap_us);
	return 1;
}

static enum pd_code check_file(const char *path, enum pd_db_mode mode, struct pd_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		if (errno == ENOENT && mode == PD_DB_CREATE)
			return PD_OK;
		return pd_fail_errno(err, errno, "%s", path);
	}
	if (!S_ISREG(st.st_mode))
		return pd_fail(err, PD_INVALID, "%s: not a database file", path);
	return PD_OK;
}

/*
 * Turning a database to WAL needs it for a moment to oneself, and SQLite asks no busy handler
 * then. While somebody else is at work, or on a medium that cannot be written, the journal mode
 * that is there does as well; a later open tries again.
 */
enum pd_code pd_db_use_wal(struct pd_db *db, struct pd_err *err)
{
	for (int i = 0; i < WAL_TRIES; i++) {
		int rc = sqlite3_exec(db->conn, "PRAGMA journal_mode=WAL", NULL, NULL, NULL);
		if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_READONLY)
			return PD_OK;
		if ((rc & 0xff) != SQLITE_BUSY && (rc & 0xff) != SQLITE_LOCKED)
			return fail(db, err);
		usleep(1000 + (unsigned)random() % 10000);
	}
	return PD_OK;
}

/* In a folder nobody can write to, and without a WAL beside it, nobody is at work: SQLite may then
 * leave out the shared memory that a database in WAL mode would want there. */
static bool is_immutable(const char *path)
{
	size_t size = strlen(path) + 8;
	PD_AUTO_FREE char *wal = pd_xmalloc(size);
	snprintf(wal, size, "%s-wal", path);
	PD_AUTO_FREE char *folder = pd_path_absolute(path);
	char *slash = strrchr(folder, '/');
	struct stat st;
	if (slash)
		slash[slash == folder] = '\0';
	return access(folder, W_OK) != 0 && (stat(wal, &st) != 0 || st.st_size == 0);
}

static enum pd_code open_conn(struct pd_db *db, const char *path, int flags, struct pd_err *err)
{
	if (sqlite3_open_v2(path, &db->conn, flags, NULL) != SQLITE_OK)
		return fail(db, err);
	sqlite3_busy_handler(db->conn, wait_busy, NULL);
	return pd_db_script(db, "SELECT 1 FROM sqlite_schema LIMIT 1", err);
}

static enum pd_code open_immutable(struct pd_db *db, struct pd_err *err)
{
	PD_AUTO(pd_buf) uri = { 0 };
	pd_buf_init(&uri, (size_t)64 << 10);
	pd_buf_z(&uri, "file:");
	for (const char *c = db->path; *c; c++)
		pd_buf_printf(&uri, strchr("%?#", *c) ? "%%%02x" : "%c", (unsigned char)*c);
	pd_buf_z(&uri, "?immutable=1");
	pd_buf_char(&uri, '\0');
	PD_TRY(pd_buf_check(&uri, db->path, err));
	sqlite3_close(db->conn);
	return open_conn(db, uri.p,
			 SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READONLY |
				 SQLITE_OPEN_URI,
			 err);
}

enum pd_code pd_db_open(struct pd_db *db, const char *path, enum pd_db_mode mode,
			struct pd_err *err)
{
	PD_TRY(check_file(path, mode, err));
	*db = (struct pd_db){ .path = pd_xstrdup(path) };
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	flags |= mode == PD_DB_READ     ? SQLITE_OPEN_READONLY
		 : mode == PD_DB_CREATE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
					: SQLITE_OPEN_READWRITE;
	enum pd_code code = open_conn(db, path, flags, err);
	if ((sqlite3_errcode(db->conn) & 0xff) == SQLITE_CANTOPEN && is_immutable(path))
		code = open_immutable(db, err);
	/* LIKE tells cases apart, as MLflow sets it on its connections */
	if (code == PD_OK)
		code = pd_db_script(db,
				    "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL; "
				    "PRAGMA case_sensitive_like=ON",
				    err);
	if (code == PD_OK && mode == PD_DB_QUERY)
		code = pd_db_script(db, "PRAGMA query_only=ON", err);
	if (code != PD_OK)
		pd_db_end(db);
	return code;
}

void pd_db_end(struct pd_db *db)
{
	for (size_t i = 0; i < db->n_stmts; i++)
		sqlite3_finalize(db->stmts[i].stmt);
	free(db->stmts);
	sqlite3_close(db->conn);
	free(db->path);
	*db = (struct pd_db){ 0 };
}

enum pd_code pd_db_prepare(struct pd_db *db, struct pd_str sql, sqlite3_stmt **out,
			   struct pd_err *err)
{
	*out = NULL;
	if (sqlite3_prepare_v2(db->conn, sql.p, (int)sql.n, out, NULL) != SQLITE_OK)
		return fail(db, err);
	return PD_OK;
}

enum pd_code pd_db_query(struct pd_db *db, const char *sql, sqlite3_stmt **out, struct pd_err *err)
{
	for (size_t i = 0; i < db->n_stmts; i++)
		if (db->stmts[i].sql == sql) {
			*out = db->stmts[i].stmt;
			sqlite3_reset(*out);
			sqlite3_clear_bindings(*out);
			return PD_OK;
		}
	if (sqlite3_prepare_v3(db->conn, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL) !=
	    SQLITE_OK)
		return fail(db, err);
	if (db->n_stmts == db->cap_stmts) {
		db->cap_stmts = db->cap_stmts ? db->cap_stmts * 2 : 16;
		db->stmts = pd_xrealloc(db->stmts, db->cap_stmts * sizeof(*db->stmts));
	}
	db->stmts[db->n_stmts++] = (struct pd_db_stmt){ sql, *out };
	return PD_OK;
}

void pd_bind_str(sqlite3_stmt *q, int i, struct pd_str s)
{
	if (s.p)
		sqlite3_bind_text64(q, i, s.p, s.n, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_null(q, i);
}

void pd_bind_z(sqlite3_stmt *q, int i, const char *z)
{
	pd_bind_str(q, i, pd_str_from(z));
}

struct pd_str pd_column_str(sqlite3_stmt *q, int i)
{
	const char *p = (const char *)sqlite3_column_text(q, i);
	return pd_str_of(p, p ? (size_t)sqlite3_column_bytes(q, i) : 0);
}

enum pd_code pd_db_step(struct pd_db *db, sqlite3_stmt *q, bool *out_row, struct pd_err *err)
{
	int rc = sqlite3_step(q);
	*out_row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		return PD_OK;
	enum pd_code code = rc == SQLITE_DONE ? PD_OK : fail(db, err);
	sqlite3_reset(q); /* ends the read it held open */
	return code;
}

enum pd_code pd_db_exec(struct pd_db *db, sqlite3_stmt *q, struct pd_err *err)
{
	bool row = false;
	do
		PD_TRY(pd_db_step(db, q, &row, err));
	while (row);
	return PD_OK;
}

enum pd_code pd_db_script(struct pd_db *db, const char *sql, struct pd_err *err)
{
	if (sqlite3_exec(db->conn, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail(db, err);
	return PD_OK;
}

enum pd_code pd_tx_begin(struct pd_tx *tx, struct pd_db *db, struct pd_err *err)
{
	if (db->tx_depth == 0)
		PD_TRY(pd_db_script(db, "BEGIN IMMEDIATE", err));
	*tx = (struct pd_tx){ .db = db, .outer = db->tx_depth == 0 };
	db->tx_depth++;
	return PD_OK;
}

enum pd_code pd_tx_commit(struct pd_tx *tx, struct pd_err *err)
{
	if (tx->outer)
		PD_TRY(pd_db_script(tx->db, "COMMIT", err));
	tx->db->tx_depth--;
	tx->db = NULL;
	return PD_OK;
}

void pd_tx_end(struct pd_tx *tx)
{
	if (!tx->db)
		return;
	if (tx->outer && !sqlite3_get_autocommit(tx->db->conn))
		sqlite3_exec(tx->db->conn, "ROLLBACK", NULL, NULL, NULL);
	tx->db->tx_depth--;
	tx->db = NULL;
}

bool pd_tx_is_lost(const struct pd_tx *tx)
{
	return tx->db && sqlite3_get_autocommit(tx->db->conn);
}

static enum pd_code run(struct pd_db *db, const char *sql, struct pd_err *err)
{
	sqlite3_stmt *q = NULL;
	PD_TRY(pd_db_query(db, sql, &q, err));
	return pd_db_exec(db, q, err);
}

enum pd_code pd_savepoint_begin(struct pd_db *db, struct pd_err *err)
{
	return run(db, "SAVEPOINT part", err);
}

enum pd_code pd_savepoint_keep(struct pd_db *db, struct pd_err *err)
{
	return run(db, "RELEASE part", err);
}

void pd_savepoint_undo(struct pd_db *db)
{
	if (sqlite3_get_autocommit(db->conn))
		return; /* the whole transaction is gone already */
	if (run(db, "ROLLBACK TO part", NULL) == PD_OK && run(db, "RELEASE part", NULL) == PD_OK)
		return;
	sqlite3_exec(db->conn, "ROLLBACK", NULL, NULL, NULL);
}

enum pd_code pd_view_begin(struct pd_db *db, struct pd_err *err)
{
	return run(db, "BEGIN", err);
}

void pd_view_end(struct pd_db *db)
{
	if (!sqlite3_get_autocommit(db->conn) && run(db, "COMMIT", NULL) != PD_OK)
		sqlite3_exec(db->conn, "ROLLBACK", NULL, NULL, NULL);
}
