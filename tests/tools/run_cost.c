/*
 * usage: run_cost N PROGRAM ARG...
 * Runs the program N times with its output dropped and prints a line each: milliseconds from
 * starting it until it is reaped, and its peak resident kB. Small itself, because a child's peak
 * counts what the parent had when it forked. Ends with 1 when a run does not end with 0.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int run(char **argv, posix_spawn_file_actions_t *quiet)
{
	struct rusage used;
	int status = 0;
	pid_t pid;
	double start = now_ms();
	if (posix_spawnp(&pid, argv[0], quiet, NULL, argv, environ) != 0)
		return 1;
	if (wait4(pid, &status, 0, &used) != pid)
		return 1;
	printf("%.4f %ld\n", now_ms() - start, used.ru_maxrss);
	return status != 0;
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t quiet;
	if (argc < 3) {
		fputs("usage: run_cost N PROGRAM ARG...\n", stderr);
		return 2;
	}
	posix_spawn_file_actions_init(&quiet);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
	int rc = 0;
	for (long n = strtol(argv[1], NULL, 10); n > 0 && rc == 0; n--)
		rc = run(argv + 2, &quiet);
	posix_spawn_file_actions_destroy(&quiet);
	return rc;
}
