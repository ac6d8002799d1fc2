#include "base/lib.h"

#include <dlfcn.h>
#include <pthread.h>

#include "base/mem.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static enum pd_code load(const char *soname, const char *const names[], size_t n, void **slots,
			 struct pd_err *err)
{
	void *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
	if (!lib)
		return pd_fail(err, PD_UNSUPPORTED, "%s cannot be loaded: %s", soname, dlerror());
	for (size_t i = 0; i < n; i++)
		if (!dlsym(lib, names[i])) {
			dlclose(lib);
			return pd_fail(err, PD_UNSUPPORTED, "%s is too old: it has no %s", soname,
				       names[i]);
		}
	for (size_t i = 0; i < n; i++)
		slots[i] = dlsym(lib, names[i]);
	return PD_OK;
}

/* POSIX lets a pointer to a function be kept in a void *. */
enum pd_code pd_lib_load(const char *soname, const char *const names[], size_t n, void *slots,
			 struct pd_err *err)
{
	void **at = slots;
	pthread_mutex_lock(&lock);
	enum pd_code code = at[n - 1] ? PD_OK : load(soname, names, n, at, err);
	pthread_mutex_unlock(&lock);
	return code;
}
