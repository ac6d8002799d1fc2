#include "cmd/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "cmd/stop.h"

static enum pd_code check_program(const char *path, struct pd_err *err)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return pd_fail_errno(err, errno, "%s", path);
	if (!S_ISREG(st.st_mode))
		return pd_fail(err, PD_DENIED, "%s: not a program", path);
	if (access(path, X_OK) != 0)
		return pd_fail_errno(err, errno, "%s", path);
	return PD_OK;
}

enum pd_code pd_child_find(const char *name, const char *path_var, struct pd_arena *arena,
			   const char **out, struct pd_err *err)
{
	*out = name;
	if (strchr(name, '/'))
		return check_program(name, err);
	enum pd_code code = pd_fail(err, PD_NOT_FOUND, "%s: command not found", name);
	struct pd_str left = pd_str_from(path_var ? path_var : "/usr/bin:/bin");
	bool more = *name != '\0';
	while (more) {
		struct pd_str dir;
		more = pd_str_split(left, ':', &dir, &left);
		*out = dir.n ? pd_arena_printf(arena, "%.*s/%s", PD_STR_ARG(dir), name)
			     : pd_arena_printf(arena, "./%s", name);
		struct pd_err why = { 0 };
		if (check_program(*out, &why) == PD_OK)
			return PD_OK;
		if (why.code == PD_DENIED && access(*out, F_OK) == 0) {
			*err = why;
			code = PD_DENIED;
		}
	}
	return code;
}

/* ---------------------------------------------------------------- the child's side */

static void set_vars(const struct pd_list *vars)
{
	for (size_t i = 0; i < vars->n; i++) {
		struct pd_str name;
		struct pd_str value;
		bool is_set = pd_str_split(pd_str_from(vars->items[i]), '=', &name, &value);
		char *key = pd_str_dup(name);
		if (is_set)
			setenv(key, value.p, 1);
		else
			unsetenv(key);
		free(key);
	}
}

static void become(const char *program, const struct pd_list *command, const struct pd_list *vars,
		   const sigset_t *mask, int report_fd)
{
	char **argv = pd_xcalloc(command->n + 1, sizeof(*argv));
	for (size_t i = 0; i < command->n; i++)
		argv[i] = (char *)(uintptr_t)command->items[i];
	prctl(PR_SET_PDEATHSIG, SIGTERM); /* nothing goes on behind a podium that was killed */
	set_vars(vars);
	signal(SIGPIPE, SIG_DFL);
	pd_stop_forget();
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(program, argv);
	int why = errno;
	if (write(report_fd, &why, sizeof(why)) < 0)
		_exit(127);
	_exit(127);
}

/* ---------------------------------------------------------------- our side */

static const int passed_on[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2 };

static void watched_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	for (size_t i = 0; i < PD_LEN(passed_on); i++)
		sigaddset(set, passed_on[i]);
}

/* Wait for the end. *out_sent: the signals that were passed on. Returns wait's status. */
static int attend(pid_t pid, const sigset_t *watched, sigset_t *out_sent)
{
	int status = 0;
	sigemptyset(out_sent);
	for (;;) {
		siginfo_t info;
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		int sig = sigwaitinfo(watched, &info);
		if (sig <= 0 || sig == SIGCHLD)
			continue;
		sigaddset(out_sent, sig);
		if (info.si_code != SI_KERNEL) /* a key at the terminal has reached it already */
			kill(pid, sig);
	}
}

static void describe(int status, const sigset_t *sent, struct pd_child_end *out)
{
	if (WIFSIGNALED(status)) {
		out->exit_status = 128 + WTERMSIG(status);
		out->killed = true;
		return;
	}
	out->exit_status = WEXITSTATUS(status);
	int sig = out->exit_status - 128;
	out->killed = sig > 0 && sig < NSIG && sigismember(sent, sig) == 1;
}

enum pd_code pd_child_run(const char *program, const struct pd_list *command,
			  const struct pd_list *vars, struct pd_child_end *out, struct pd_err *err)
{
	sigset_t watched;
	sigset_t before;
	sigset_t sent;
	int report[2];
	*out = (struct pd_child_end){ 0 };
	if (pipe2(report, O_CLOEXEC) != 0)
		return pd_fail_errno(err, errno, "pipe");
	PD_AUTO_FD int reader = report[0];
	PD_AUTO_FD int writer = report[1];
	signal(SIGCHLD, SIG_DFL); /* ignored by a caller, it would leave nothing to wait for */
	watched_signals(&watched);
	sigprocmask(SIG_BLOCK, &watched, &before);
	if (pd_stop_signal) { /* it came while we made ready */
		sigprocmask(SIG_SETMASK, &before, NULL);
		*out = (struct pd_child_end){ .exit_status = 128 + pd_stop_signal, .killed = true };
		return PD_OK;
	}
	pid_t pid = fork();
	if (pid == 0)
		become(program, command, vars, &before, writer);
	if (pid < 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		return pd_fail_errno(err, errno, "fork");
	}
	close(pd_take_fd(&writer));
	describe(attend(pid, &watched, &sent), &sent, out);
	if (read(reader, &out->start_errno, sizeof(out->start_errno)) !=
	    (ssize_t)sizeof(out->start_errno))
		out->start_errno = 0;
	sigprocmask(SIG_SETMASK, &before, NULL);
	return PD_OK;
}
