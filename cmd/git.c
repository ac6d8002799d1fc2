#include "cmd/git.h"

#include <limits.h>

#include "base/auto.h"
#include "base/file.h"

#define GIT_FILE_MAX ((size_t)64 << 20) /* packed-refs of the largest repositories */
#define LINKS_MAX    5                  /* symbolic references that point at one another */

struct repo {
	struct pd_arena *arena;
	const char *dir;    /* HEAD is here */
	const char *common; /* refs and config are here; another one in a worktree */
};

/* The text of dir/name, empty when it cannot be read. Arena. */
static struct pd_str read_in(struct pd_arena *arena, const char *dir, const char *name)
{
	PD_AUTO(pd_buf) b = { 0 };
	PD_AUTO_FREE char *path = pd_path_join(dir, name);
	pd_buf_init(&b, GIT_FILE_MAX);
	if (pd_path_is_dir(path) || pd_file_read(&b, path, NULL) != PD_OK)
		return (struct pd_str){ 0 };
	return pd_arena_str(arena, pd_buf_view(&b));
}

/* `path` as seen from `from`; arena. */
static const char *resolve(struct pd_arena *arena, const char *from, struct pd_str path)
{
	if (path.n && path.p[0] == '/')
		return pd_arena_z(arena, path);
	return pd_arena_printf(arena, "%s/%.*s", from, PD_STR_ARG(path));
}

/* A folder, or a file "gitdir: PATH" (worktrees and submodules). */
static bool open_repo(struct repo *r, const char *folder)
{
	const char *git = pd_arena_printf(r->arena, "%s/.git", folder);
	if (pd_path_is_dir(git)) {
		r->dir = git;
	} else {
		struct pd_str text = pd_str_trim(read_in(r->arena, folder, ".git"));
		if (!pd_str_starts(text, PD_STR("gitdir:")))
			return false;
		r->dir = resolve(r->arena, folder, pd_str_trim(pd_str_skip(text, 7)));
	}
	struct pd_str common = pd_str_trim(read_in(r->arena, r->dir, "commondir"));
	r->common = common.n ? resolve(r->arena, r->dir, common) : r->dir;
	return true;
}

static bool is_hash(struct pd_str s)
{
	if (s.n != 40 && s.n != 64)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!memchr("0123456789abcdef", s.p[i], 16))
			return false;
	return true;
}

/* Lines "HASH NAME" of packed-refs. */
static struct pd_str packed(const struct repo *r, struct pd_str name)
{
	struct pd_str left = read_in(r->arena, r->common, "packed-refs");
	while (left.n) {
		struct pd_str line;
		struct pd_str hash;
		struct pd_str ref;
		pd_str_split(left, '\n', &line, &left);
		if (pd_str_split(line, ' ', &hash, &ref) && pd_str_eq(pd_str_trim(ref), name))
			return hash;
	}
	return (struct pd_str){ 0 };
}

static void read_head(const struct repo *r, struct pd_git *out)
{
	struct pd_str value = pd_str_trim(read_in(r->arena, r->dir, "HEAD"));
	for (int i = 0; i < LINKS_MAX && pd_str_starts(value, PD_STR("ref:")); i++) {
		struct pd_str name = pd_str_trim(pd_str_skip(value, 4));
		if (!pd_path_is_safe(name))
			return;
		if (pd_str_starts(name, PD_STR("refs/heads/")))
			out->branch = pd_str_skip(name, 11);
		value = pd_str_trim(read_in(r->arena, r->common, pd_arena_z(r->arena, name)));
		if (!value.n)
			value = packed(r, name);
	}
	if (is_hash(value))
		out->commit = value;
}

/* "https://user:token@host/x" without what stands before the @: tags are shown to everybody. */
static struct pd_str without_user(struct pd_arena *arena, struct pd_str url)
{
	const char *sep = url.n ? memmem(url.p, url.n, "://", 3) : NULL;
	if (!sep)
		return url;
	struct pd_str scheme = pd_str_head(url, (size_t)(sep - url.p) + 3);
	struct pd_str rest = pd_str_skip(url, scheme.n);
	ptrdiff_t slash = pd_str_find(rest, '/');
	struct pd_str host = slash < 0 ? rest : pd_str_head(rest, (size_t)slash);
	ptrdiff_t at = pd_str_rfind(host, '@');
	if (at < 0)
		return url;
	rest = pd_str_skip(rest, (size_t)at + 1);
	return pd_str_from(
		pd_arena_printf(arena, "%.*s%.*s", PD_STR_ARG(scheme), PD_STR_ARG(rest)));
}

static void read_url(const struct repo *r, struct pd_git *out)
{
	struct pd_str left = read_in(r->arena, r->common, "config");
	bool in_remote = false;
	while (left.n) {
		struct pd_str line;
		struct pd_str key;
		struct pd_str value;
		pd_str_split(left, '\n', &line, &left);
		line = pd_str_trim(line);
		if (pd_str_starts(line, PD_STR("["))) {
			in_remote = pd_str_starts(line, PD_STR("[remote \""));
			continue;
		}
		if (!in_remote || !pd_str_split(line, '=', &key, &value) ||
		    !pd_str_eq_nocase(pd_str_trim(key), PD_STR("url")))
			continue;
		out->url = without_user(r->arena, pd_str_trim(value));
		return;
	}
}

bool pd_git_read(const char *dir, struct pd_arena *arena, struct pd_git *out)
{
	struct repo r = { .arena = arena };
	PD_AUTO_FREE char *folder = pd_path_absolute(dir);
	*out = (struct pd_git){ 0 };
	while (!open_repo(&r, folder)) {
		char *slash = strrchr(folder, '/');
		if (!slash || slash == folder)
			return false;
		*slash = '\0';
	}
	read_head(&r, out);
	read_url(&r, out);
	if (!pd_utf8_check(out->branch))
		out->branch = (struct pd_str){ 0 };
	if (!pd_utf8_check(out->url))
		out->url = (struct pd_str){ 0 };
	return true;
}
