/*
 * base/curl.h - the functions of libcurl that base/http_client uses, loaded when a client is made.
 */
#ifndef PD_BASE_CURL_H
#define PD_BASE_CURL_H

#include <curl/curl.h>

#include "base/err.h"

#define PD_CURL_FUNCTIONS(X)                                                                       \
	X(easy_cleanup)                                                                            \
	X(easy_getinfo)                                                                            \
	X(easy_init)                                                                               \
	X(easy_perform)                                                                            \
	X(easy_reset)                                                                              \
	X(easy_setopt)                                                                             \
	X(easy_strerror)                                                                           \
	X(global_init)                                                                             \
	X(slist_append)                                                                            \
	X(slist_free_all)

struct pd_curl {
#define PD_CURL_SLOT(name) __typeof__(curl_##name) *name;
	PD_CURL_FUNCTIONS(PD_CURL_SLOT)
#undef PD_CURL_SLOT
};

extern struct pd_curl pd_curl;

/* Before anything else here. PD_UNSUPPORTED: the library is not on this machine. */
PD_MUST enum pd_code pd_curl_load(struct pd_err *err);

#endif
