#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "cmd/cmd.h"

/* A standard stream that the caller closed would be the next file we open, and our output would
 * go into it. /dev/null takes its place: writing to standard output then fails, as it should. */
static void hold_standard_streams(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = dup(fd);
	if (fd > STDERR_FILENO)
		close(fd);
}

int main(int argc, char **argv)
{
	hold_standard_streams();
	/* a closed pipe is an error of the write, told like any other */
	signal(SIGPIPE, SIG_IGN);
	struct pd_env env;
	pd_env_init(&env);
	return pd_cmd_main(&env, argc, argv);
}
