/*
 * schema/tables.h - the SQLite schema of MLflow 3.17, at revision dc11669786a5: every table and
 * index, also those podium does not use, so that MLflow opens the database without migrating it.
 * Names of constraints are kept: MLflow's migrations look them up, and its reflection of SQLite
 * tables wants each CHECK on one line.
 * Source: the files under mlflow/store/db_migrations/versions, applied to an empty database.
 */
#ifndef PD_SCHEMA_TABLES_H
#define PD_SCHEMA_TABLES_H

#include "base/str.h"

#define PD_SCHEMA_HEAD "dc11669786a5"

/* Lists of single SQL statements, each ended by NULL; create in this order. */
extern const char *const pd_schema_tracking[]; /* experiments, runs, registered and logged models */
extern const char *const pd_schema_traces[];   /* traces, assessments, evaluation, review */
extern const char *const pd_schema_gateway[];  /* gateway, webhooks, jobs, MCP servers */

/* True when podium opens databases of this revision: MLflow 2.9 (acf3f17fdcc7) up to the head. */
bool pd_schema_known(struct pd_str revision);

#endif
