/*
 * serve/mhd.h - the functions of libmicrohttpd that serve/http uses, loaded when a server starts.
 */
#ifndef PD_SERVE_MHD_H
#define PD_SERVE_MHD_H

#include <microhttpd.h>

#include "base/err.h"

#define PD_MHD_FUNCTIONS(X)                                                                        \
	X(add_connection)                                                                          \
	X(add_response_header)                                                                     \
	X(create_response_from_buffer)                                                             \
	X(create_response_from_fd_at_offset64)                                                     \
	X(destroy_response)                                                                        \
	X(get_connection_info)                                                                     \
	X(get_connection_values_n)                                                                 \
	X(get_daemon_info)                                                                         \
	X(get_timeout)                                                                             \
	X(queue_response)                                                                          \
	X(quiesce_daemon)                                                                          \
	X(resume_connection)                                                                       \
	X(run)                                                                                     \
	X(start_daemon)                                                                            \
	X(stop_daemon)                                                                             \
	X(suspend_connection)

struct pd_mhd {
#define PD_MHD_SLOT(name) __typeof__(MHD_##name) *name;
	PD_MHD_FUNCTIONS(PD_MHD_SLOT)
#undef PD_MHD_SLOT
};

extern struct pd_mhd pd_mhd;

/* Before anything else here. PD_UNSUPPORTED: the library is not on this machine. */
PD_MUST enum pd_code pd_mhd_load(struct pd_err *err);

#endif
