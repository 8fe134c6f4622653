#include "cookie.h"

#include <string.h>

#include "base/text.h"

#define NAME_SIZE 48
#define LINE_SIZE 1700 /* the longest message (flash.h) and what goes around it */

bool cookie_find(const char *header, const char *name, char *out, size_t size)
{
	size_t len = strlen(name);

	for (const char *at = header; at && *at; at = strchr(at, ';'), at = at ? at + 1 : NULL) {
		at += strspn(at, " \t");
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return text_format(out, size, "%.*s", (int)strcspn(at + len + 1, "; \t"), at + len + 1);
	}
	return false;
}

static bool full_name(const struct request *r, const char *name, char out[NAME_SIZE])
{
	return text_format(out, NAME_SIZE, "parkmesh-%s-%s", name, r->server_port ? r->server_port : "");
}

bool cookie_get(const struct request *r, const char *name, char *out, size_t size)
{
	char full[NAME_SIZE];

	return r->cookie && full_name(r, name, full) && cookie_find(r->cookie, full, out, size);
}

void cookie_set(struct response *out, const struct request *r, const char *name, const char *value, int max_age_s)
{
	char full[NAME_SIZE], age[32] = "", line[LINE_SIZE];

	if (max_age_s >= 0)
		text_format(age, sizeof age, "; Max-Age=%d", max_age_s);
	if (full_name(r, name, full)
		&& text_format(line, sizeof line, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s", full, value, age, r->https ? "; Secure" : ""))
		response_header(out, "Set-Cookie", line);
}
