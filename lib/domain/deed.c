#include "domain/deed.h"

#include <stddef.h>

#include "store/deeds.h"

enum err deed_note(struct db *db, const struct actor *by, const char *what, const char *object, const char *old, const char *new)
{
	struct deed_row row = { .what = what, .object = object, .old = old, .new = new };

	if (by == NULL || by->who[0] == '\0')
		return ERR_NONE;
	row.at_ms = by->now_ms;
	row.who = by->who;
	row.source = by->source;
	return deed_insert(db, &row);
}
