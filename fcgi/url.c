#include "url.h"

#include <string.h>

bool url_is_local(const char *path)
{
	if (path[0] != '/' || path[1] == '/' || path[1] == '\\' || strlen(path) > URL_MAX)
		return false;
	for (const char *c = path; *c; c++) {
		if ((unsigned char)*c <= ' ' || *c == 127)
			return false;
	}
	return true;
}

void url_encode(struct buf *out, const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (const char *c = text; *c; c++) {
		if (strchr(plain, *c))
			buf_char(out, *c);
		else
			buf_printf(out, "%%%02X", (unsigned char)*c);
	}
}

void url_encode_here(struct buf *out, const char *path, const char *query)
{
	size_t len = strlen(path);

	url_encode(out, len <= URL_MAX ? path : "/");
	if (!*query || len + 1 + strlen(query) > URL_MAX)
		return;
	buf_str(out, "%3F");
	url_encode(out, query);
}
