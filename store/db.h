/*
 * store/db.h - a SQLite file with our habits: WAL, synchronous=FULL, foreign keys, a busy handler
 * that waits, prepared statements that are made once, and a transaction that rolls back unless
 * committed. What the tables mean is registry/'s business; their shape is schema/'s.
 * Threads: a struct pd_db belongs to one thread at a time.
 */
#ifndef PD_STORE_DB_H
#define PD_STORE_DB_H

#include <sqlite3.h>

#include "base/err.h"
#include "base/str.h"

#define PD_DB_BUSY_MS 60000 /* how long a write waits for other processes before PD_BUSY */

struct pd_db {
	sqlite3 *conn;
	char *path;
	unsigned tx_depth;
	struct pd_db_stmt *stmts; /* prepared, by the address of their SQL literal */
	size_t n_stmts;
	size_t cap_stmts;
};

enum pd_db_mode {
	PD_DB_READ,   /* must exist, never written */
	PD_DB_WRITE,  /* must exist */
	PD_DB_QUERY,  /* must exist; opened like WRITE, and every write is refused */
	PD_DB_CREATE, /* made when it is not there; never by wrong usage */
};

/* PD_NOT_FOUND: no file (READ, WRITE).  PD_CORRUPT: not a database.  PD_DENIED, PD_IO. */
PD_MUST enum pd_code pd_db_open(struct pd_db *db, const char *path, enum pd_db_mode mode,
				struct pd_err *err);
void pd_db_end(struct pd_db *db); /* accepts a zeroed object */

/* From now on it has a write-ahead log. For a database that is known to be ours: it changes it. */
PD_MUST enum pd_code pd_db_use_wal(struct pd_db *db, struct pd_err *err);

/*
 * The prepared statement of `sql`, reset and with no bindings; borrowed until the next call with
 * the same literal. `sql` is a string literal (it is remembered by its address).
 */
PD_MUST enum pd_code pd_db_query(struct pd_db *db, const char *sql, sqlite3_stmt **out,
				 struct pd_err *err);
/* A statement for text that was built; given, release with sqlite3_finalize (PD_AUTO_STMT). */
PD_MUST enum pd_code pd_db_prepare(struct pd_db *db, struct pd_str sql, sqlite3_stmt **out,
				   struct pd_err *err);

void pd_bind_str(sqlite3_stmt *q, int i, struct pd_str s); /* p == NULL binds NULL; s is borrowed
							    * until the statement is reset */
void pd_bind_z(sqlite3_stmt *q, int i, const char *z);
struct pd_str pd_column_str(sqlite3_stmt *q, int i); /* borrowed until the next step */

/* One step of a SELECT: *out_row tells whether there is a row. */
PD_MUST enum pd_code pd_db_step(struct pd_db *db, sqlite3_stmt *q, bool *out_row,
				struct pd_err *err);
/* Run a statement that gives no rows. PD_EXISTS: a unique or primary key is taken.
 * PD_CONFLICT: another constraint.  PD_NO_SPACE, PD_BUSY, PD_CORRUPT, PD_IO. */
PD_MUST enum pd_code pd_db_exec(struct pd_db *db, sqlite3_stmt *q, struct pd_err *err);
/* SQL text without bindings, one or several statements. */
PD_MUST enum pd_code pd_db_script(struct pd_db *db, const char *sql, struct pd_err *err);

/* BEGIN IMMEDIATE ... COMMIT. Inner transactions join the outer one. */
struct pd_tx {
	struct pd_db *db;
	bool outer;
};
PD_MUST enum pd_code pd_tx_begin(struct pd_tx *tx, struct pd_db *db, struct pd_err *err);
PD_MUST enum pd_code pd_tx_commit(struct pd_tx *tx, struct pd_err *err);
void pd_tx_end(struct pd_tx *tx); /* rolls back unless committed */

/* An error can take the whole transaction with it (a full disk): true when that has happened. */
bool pd_tx_is_lost(const struct pd_tx *tx);

/* A part of a transaction that is undone alone: begin, then keep or undo. One at a time. */
PD_MUST enum pd_code pd_savepoint_begin(struct pd_db *db, struct pd_err *err);
PD_MUST enum pd_code pd_savepoint_keep(struct pd_db *db, struct pd_err *err);
void pd_savepoint_undo(struct pd_db *db);

/* One view of the data for several SELECTs; end it when they are done. */
PD_MUST enum pd_code pd_view_begin(struct pd_db *db, struct pd_err *err);
void pd_view_end(struct pd_db *db);

static inline void pd_auto_stmt(sqlite3_stmt **q)
{
	sqlite3_finalize(*q);
}
#define PD_AUTO_STMT __attribute__((cleanup(pd_auto_stmt)))

#endif
