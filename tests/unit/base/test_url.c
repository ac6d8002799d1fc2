#include "tests/unit/pd_test.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/url.h"

struct fixture {
	struct pd_arena arena;
	struct pd_url url;
	struct pd_err err;
};

static void fixture_end(struct fixture *fx)
{
	pd_arena_end(&fx->arena);
}

PD_TEST(a_url_has_user_password_host_and_path)
{
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	struct pd_str text = PD_STR("HTTPS://me%40x:a%3Ab:c@h.example:8443/p/q?r");
	assert_ok(pd_url_parse(text, &fx.arena, &fx.url, &fx.err));
	assert_str_is(fx.url.scheme, "https");
	assert_str_is(fx.url.user, "me@x");
	assert_str_is(fx.url.password, "a:b:c");
	assert_str_is(fx.url.host, "h.example:8443");
	assert_str_is(fx.url.path, "/p/q?r");
}

PD_TEST(a_url_without_a_user_has_none)
{
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	assert_ok(pd_url_parse(PD_STR("http://h/a@b"), &fx.arena, &fx.url, &fx.err));
	assert_null(fx.url.user.p);
	assert_str_is(fx.url.host, "h");
	assert_str_is(fx.url.path, "/a@b");
	assert_ok(pd_url_parse(PD_STR("http://h?@x"), &fx.arena, &fx.url, &fx.err));
	assert_str_is(fx.url.host, "h");
}

PD_TEST(what_is_no_url_of_a_server_is_refused)
{
	static const char *const texts[] = { "",
					     "http",
					     "http:",
					     "http:/h",
					     "http://",
					     "http:///p",
					     "http://:80",
					     "http://u@",
					     "http://a b/",
					     "http://h/\n",
					     "http://h\\x",
					     "ftp://h",
					     "file:///h",
					     "://h",
					     "http://h/\xff" };
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	for (size_t i = 0; i < PD_LEN(texts); i++)
		assert_code(pd_url_parse(pd_str_from(texts[i]), &fx.arena, &fx.url, &fx.err),
			    PD_INVALID);
}

PD_TEST(an_error_about_a_url_shows_no_password)
{
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	assert_code(pd_url_parse(PD_STR("http://u:SECRET@a b"), &fx.arena, &fx.url, &fx.err),
		    PD_INVALID);
	assert_null(strstr(fx.err.text, "SECRET"));
	assert_str_is(pd_url_without_user(&fx.arena, PD_STR("mysql://u:p@h/d@b")), "mysql://h/d@b");
	assert_str_is(pd_url_without_user(&fx.arena, PD_STR("runs:/a@b")), "runs:/a@b");
}

PD_TEST(quoting_is_undone_by_unquoting)
{
	PD_CLEANUP(fixture_end) struct fixture fx = { 0 };
	PD_AUTO(pd_buf) b = { 0 };
	char all[255];
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (char)(i + 1);
	pd_buf_init(&b, 4096);
	pd_url_quote(&b, pd_str_of(all, sizeof(all)));
	struct pd_str back = pd_url_unquote(&fx.arena, pd_buf_view(&b));
	assert_true(pd_str_eq(back, pd_str_of(all, sizeof(all))));
	pd_buf_clear(&b);
	pd_url_quote_path(&b, PD_STR("a b/c?#%&+"));
	assert_str_is(pd_buf_view(&b), "a%20b/c%3F%23%25%26%2B");
}
