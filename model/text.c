#include "model/text.h"

#include <math.h>

#include "base/mem.h"
#include "base/num.h"

static bool is_one_of(struct pd_str s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pd_str_eqz(s, words[i]))
			return true;
	return false;
}

bool pd_text_to_bool(struct pd_str s, bool *out)
{
	static const char *const yes[] = { "True", "TRUE", "true" };
	static const char *const no[] = { "False", "FALSE", "false" };
	*out = is_one_of(s, yes, PD_LEN(yes));
	return *out || is_one_of(s, no, PD_LEN(no));
}

bool pd_text_is_null(struct pd_str s)
{
	static const char *const words[] = {
		"",     "#N/A",   "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN",
		"-nan", "1.#IND", "1.#QNAN",  "<NA>", "N/A",     "NA",       "NULL",
		"NaN",  "None",   "n/a",      "nan",  "null",
	};
	return s.n <= 8 && is_one_of(s, words, PD_LEN(words));
}

bool pd_text_to_f64(struct pd_str s, double *out)
{
	s = pd_str_trim(s);
	bool negative = s.n && s.p[0] == '-';
	struct pd_str body = s.n && (s.p[0] == '-' || s.p[0] == '+') ? pd_str_skip(s, 1) : s;
	if (pd_str_eq_nocase(body, PD_STR("inf")) || pd_str_eq_nocase(body, PD_STR("infinity"))) {
		*out = negative ? -INFINITY : INFINITY;
		return true;
	}
	if (pd_str_eq_nocase(body, PD_STR("nan"))) {
		*out = NAN;
		return true;
	}
	double v = 0;
	if (!body.n || body.p[0] == '-' || body.p[0] == '+' || !pd_f64_parse(body, &v))
		return false;
	*out = negative ? -v : v;
	return true;
}
