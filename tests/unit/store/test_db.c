#include "tests/unit/pd_test.h"

#include "base/auto.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/db.h"

PD_TEST(a_transaction_left_open_is_rolled_back)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *path = pd_path_join(pd_test_dir(), "x.db");
	PD_AUTO(pd_db) db = { 0 };
	assert_ok(pd_db_open(&db, path, PD_DB_CREATE, &err));
	assert_ok(pd_db_script(&db, "CREATE TABLE t (k TEXT PRIMARY KEY)", &err));
	{
		PD_AUTO(pd_tx) tx = { 0 };
		assert_ok(pd_tx_begin(&tx, &db, &err));
		assert_ok(pd_db_script(&db, "INSERT INTO t VALUES ('a')", &err));
	}
	sqlite3_stmt *q = NULL;
	bool row = true;
	assert_ok(pd_db_query(&db, "SELECT k FROM t", &q, &err));
	assert_ok(pd_db_step(&db, q, &row, &err));
	assert_false(row);
}

PD_TEST(a_key_that_is_taken_has_its_own_code)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *path = pd_path_join(pd_test_dir(), "x.db");
	PD_AUTO(pd_db) db = { 0 };
	assert_ok(pd_db_open(&db, path, PD_DB_CREATE, &err));
	assert_ok(pd_db_script(&db, "CREATE TABLE t (k TEXT PRIMARY KEY)", &err));
	assert_ok(pd_db_script(&db, "INSERT INTO t VALUES ('a')", &err));
	assert_code(pd_db_script(&db, "INSERT INTO t VALUES ('a')", &err), PD_EXISTS);
}

PD_TEST(what_is_no_database_is_refused)
{
	struct pd_err err = { 0 };
	PD_AUTO_FREE char *path = pd_path_join(pd_test_dir(), "x.db");
	PD_AUTO(pd_db) db = { 0 };
	assert_code(pd_db_open(&db, path, PD_DB_WRITE, &err), PD_NOT_FOUND);
	assert_false(pd_path_exists(path));
	assert_ok(pd_file_put(path, PD_STR("this is certainly not a database, only text"), &err));
	assert_code(pd_db_open(&db, path, PD_DB_WRITE, &err), PD_CORRUPT);
}
