#include "route.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

bool access_is_page(enum access access)
{
	return access >= ACCESS_PAGE_OPEN;
}

const char *method_name(enum method method)
{
	switch (method) {
	case METHOD_GET: return "GET";
	case METHOD_POST: return "POST";
	case METHOD_PUT: return "PUT";
	case METHOD_DELETE: return "DELETE";
	case METHOD_OPTIONS:
	case METHOD_OTHER: break;
	}
	return "OTHER";
}

/* pattern up to its {name} and from behind it have to be path's, and what is between has to be one segment. */
static bool match_segment(const char *pattern, const char *open, const char *path, char segment[ROUTE_SEGMENT_SIZE])
{
	const char *rest = strchr(open, '}') + 1;
	size_t before = (size_t)(open - pattern), len;

	if (strncmp(pattern, path, before) != 0)
		return false;
	len = strcspn(path + before, "/");
	if (len == 0 || strcmp(path + before + len, rest) != 0)
		return false;
	return text_format(segment, ROUTE_SEGMENT_SIZE, "%.*s", (int)len, path + before);
}

static bool match(const char *pattern, const char *path, char segment[ROUTE_SEGMENT_SIZE])
{
	const char *open = strchr(pattern, '{');

	segment[0] = '\0';
	return open ? match_segment(pattern, open, path, segment) : strcmp(pattern, path) == 0;
}

static void add_allowed(char allow[ROUTE_ALLOW_SIZE], const char *name)
{
	size_t len = strlen(allow);

	text_format(allow + len, ROUTE_ALLOW_SIZE - len, "%s%s", len ? ", " : "", name);
}

static bool is_named(const struct route *table, size_t count, const char *path)
{
	for (size_t i = 0; i < count; i++) {
		if (strchr(table[i].path, '{') == NULL && strcmp(table[i].path, path) == 0)
			return true;
	}
	return false;
}

void route_find(const struct route *table, size_t count, enum method method, const char *path, struct route_match *out)
{
	bool named = is_named(table, count, path);
	char segment[ROUTE_SEGMENT_SIZE];

	*out = (struct route_match){0};
	for (size_t i = 0; i < count; i++) {
		/* a path with a name of its own is no {segment}'s */
		if (!match(table[i].path, path, segment) || (named && segment[0] != '\0'))
			continue;
		add_allowed(out->allow, table[i].method == METHOD_GET ? "GET, HEAD" : method_name(table[i].method));
		if (table[i].method == method && !out->route) {
			out->route = &table[i];
			memcpy(out->segment, segment, sizeof segment);
		}
	}
}
