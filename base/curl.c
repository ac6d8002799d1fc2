#include "base/curl.h"

#include <assert.h>
#include <pthread.h>

#include "base/lib.h"
#include "base/mem.h"

struct pd_curl pd_curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CURLcode init_code;

static void init(void)
{
	init_code = pd_curl.global_init(CURL_GLOBAL_DEFAULT);
}

/* The build with GnuTLS comes with git; it has the same functions. */
enum pd_code pd_curl_load(struct pd_err *err)
{
#define NAME(name) "curl_" #name,
	static const char *const names[] = { PD_CURL_FUNCTIONS(NAME) };
#undef NAME
	static_assert(sizeof(pd_curl) == PD_LEN(names) * sizeof(void *), "a slot for each name");
	struct pd_err second = { 0 };
	if (pd_lib_load("libcurl.so.4", names, PD_LEN(names), &pd_curl, err) != PD_OK &&
	    pd_lib_load("libcurl-gnutls.so.4", names, PD_LEN(names), &pd_curl, &second) != PD_OK)
		return pd_fail(err, PD_UNSUPPORTED,
			       "no libcurl on this machine, which servers are reached with: apt "
			       "install libcurl4");
	pthread_once(&once, init);
	if (init_code != CURLE_OK)
		return pd_fail(err, PD_INTERNAL, "libcurl does not start: %s",
			       pd_curl.easy_strerror(init_code));
	return PD_OK;
}
