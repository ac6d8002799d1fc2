/*
 * serve/tracking_internal.h - what the tracking_*.c files share: a call, its parts, its answer.
 */
#ifndef PD_SERVE_TRACKING_INTERNAL_H
#define PD_SERVE_TRACKING_INTERNAL_H

#include "base/arena.h"
#include "registry/writer.h"
#include "serve/tracking.h"
#include "store/artifact.h"

struct tracking_thread {
	struct pd_registry *registry; /* reads only */
	struct pd_arena arena;        /* of the request at hand */
};

struct pd_tracking {
	struct pd_http *http;
	struct pd_tracking_opts opts;
	struct pd_writer *writer;
	unsigned n_threads;
	struct tracking_thread *threads;
};

/* One request, while it is answered. */
struct call {
	struct pd_tracking *tracking;
	struct tracking_thread *thread;
	struct pd_arena *arena;
	const struct pd_http_request *request;
	struct pd_http_response *response;
	struct pd_str path; /* what is left of it behind the prefix that chose the handler */
};

/* ---------------------------------------------------------------- tracking_reply.c */

/* Text with its type; `type` is a literal. */
void reply_text(struct call *c, int status, const char *type, const char *text);
void reply_json(struct call *c, int status, const json_t *body);
void reply_error(struct call *c, const struct pd_err *err);
/* {"detail": ...}, as MLflow's FastAPI routes say what is wrong. */
void reply_detail(struct call *c, int status, const char *fmt, ...) PD_PRINTF(3, 4);
/* MLflow's pages for what has no handler. allow: "GET, HEAD, OPTIONS". */
void reply_bad_request(struct call *c);
void reply_not_found(struct call *c);
void reply_wrong_verb(struct call *c, const char *allow);

/* The verbs of a route "GET POST" as "GET, HEAD, OPTIONS, POST" for Allow. Arena. */
const char *allow_of(struct call *c, const char *verbs);

/* ---------------------------------------------------------------- tracking_guard.c */

/* Refuse foreign hosts and origins, answer preflights, add the headers every answer has.
 * True: the request is answered. */
bool guard_answers(struct call *c);
/* It would, whatever is asked: known before the body is read. */
bool guard_refuses(const struct call *c);

/* ---------------------------------------------------------------- tracking_rest.c */

/* c->path is behind /mlflow/ of version 2.0. */
void rest_answer(struct call *c);
/* A read by method name; *out is given. */
PD_MUST enum pd_code rest_read(struct call *c, const char *method, json_t *taken_request,
			       json_t **out, struct pd_err *err);
/* The first value of a query parameter, decoded; false when there is none. Arena. */
bool query_find(struct call *c, const char *name, struct pd_str *out);
/* The body as MLflow reads it: {} when it is no JSON. *out is given. */
PD_MUST enum pd_code body_read(struct call *c, json_t **out, struct pd_err *err);

/* ---------------------------------------------------------------- tracking_file.c */

/* Send one file of the store at `root`. shown: its path for people. is_detail: errors about folders
 * in FastAPI's form. */
void file_answer(struct call *c, struct pd_str root, struct pd_str below, struct pd_str shown,
		 bool is_detail);

/* ---------------------------------------------------------------- tracking_store.c */

/* Routes of artifacts; c->path is behind /mlflow-artifacts/. */
void store_answer(struct call *c);
void run_artifact_answer(struct call *c);
void version_artifact_answer(struct call *c);
void model_artifact_answer(struct call *c, struct pd_str model_id);
void upload_artifact_answer(struct call *c);
void presigned_answer(struct call *c, bool is_upload);

/* An upload's body goes to a file as it comes. c->response is not there yet. */
bool store_begin(struct call *c, struct pd_http_sink *sink);
void store_drop(void *sink); /* NULL is allowed */

#endif
