#include "domain/subscription.h"

#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "domain/plate.h"
#include "wire/json.h"

#define STATUS_SIZE 64

struct reading {
	char number[SUBSCRIPTION_NUMBER_SIZE], owner[OWNER_SIZE], status[STATUS_SIZE];
	char start[DAY_SIZE + 1], end[DAY_SIZE + 1]; /* one more byte, so that what is cut is no day */
	char plate_id[PLATE_SIZE];
	size_t plate_len;
};

static enum err read_json(const char *json, struct reading *out)
{
	struct json_word words[] = {
		{ "plate_number", out->number, sizeof(out->number) },
		{ "owner_name", out->owner, sizeof(out->owner) },
		{ "status", out->status, sizeof(out->status) },
		{ "start_date", out->start, sizeof(out->start) },
		{ "end_date", out->end, sizeof(out->end) },
	};
	enum err e = json_words(json, words, sizeof(words) / sizeof(words[0]));

	if (e != ERR_NONE)
		return e == ERR_MEMORY ? e : ERR_FIELD;
	out->plate_len = plate_reduce(out->number, out->plate_id);
	return ERR_NONE;
}

/* ---- days ---- */

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

bool day_valid(const char *text)
{
	int part[3] = { 0, 0, 0 };

	if (strlen(text) != DAY_SIZE - 1 || text[0] == '0')
		return false;
	for (int i = 0, p = 0; i < DAY_SIZE - 1; i++) {
		bool dash = i == 4 || i == 7;

		if (dash ? text[i] != '-' : text[i] < '0' || text[i] > '9')
			return false;
		if (dash)
			p++;
		else
			part[p] = part[p] * 10 + (text[i] - '0');
	}
	return part[1] >= 1 && part[1] <= 12 && part[2] >= 1 && part[2] <= month_days(part[0], part[1]);
}

static bool day_or_open(const char *text)
{
	return text[0] == '\0' || day_valid(text);
}

/* ---- checking ---- */

static enum err refuse(struct fault *fault, const char *prefix, const char *name, const char *code, const char *sentence)
{
	char field[sizeof(fault->field)];

	text_format(field, sizeof(field), "%s%s", prefix, name);
	return fault_set(fault, ERR_INVALID, code, field, "%s: %s", field, sentence);
}

static enum err check(const struct reading *r, const char *prefix, struct fault *fault)
{
	if (r->plate_len < PLATE_MIN || r->plate_len > PLATE_MAX)
		return refuse(fault, prefix, "plate_number", "plate_invalid", "A plate has 6 to 16 letters and digits.");
	if (!day_or_open(r->start))
		return refuse(fault, prefix, "start_date", "date_invalid", "Give a day as YYYY-MM-DD, or nothing for no limit.");
	if (!day_or_open(r->end))
		return refuse(fault, prefix, "end_date", "date_invalid", "Give a day as YYYY-MM-DD, or nothing for no limit.");
	if (r->end[0] != '\0' && strcmp(r->end, r->start) < 0)
		return refuse(fault, prefix, "end_date", "date_order", "The last day lies before the first.");
	return ERR_NONE;
}

enum err subscription_check(const char *json, const char *prefix, struct fault *fault)
{
	struct reading r;
	enum err e = read_json(json, &r);

	return e == ERR_NONE ? check(&r, prefix, fault) : e;
}

/* ---- for people ---- */

static enum subscription_state state_on(const struct reading *r, const char *day)
{
	struct fault unused;

	if (check(r, "", &unused) != ERR_NONE)
		return SUBSCRIPTION_UNREADABLE;
	if (strcmp(r->status, "active") != 0)
		return SUBSCRIPTION_OFF;
	if (strcmp(r->start, day) > 0)
		return SUBSCRIPTION_LATER;
	return r->end[0] != '\0' && strcmp(r->end, day) < 0 ? SUBSCRIPTION_OVER : SUBSCRIPTION_IN_FORCE;
}

enum err subscription_look(const char *json, const char *day, struct subscription_look *out)
{
	struct reading r = { .plate_len = 0 };
	enum err e = read_json(json, &r);

	*out = (struct subscription_look){ .state = SUBSCRIPTION_UNREADABLE };
	if (e == ERR_MEMORY)
		return e;
	memcpy(out->number, r.number, sizeof(out->number));
	memcpy(out->owner, r.owner, sizeof(out->owner));
	memcpy(out->start, r.start, sizeof(out->start));
	memcpy(out->end, r.end, sizeof(out->end));
	out->state = e == ERR_NONE ? state_on(&r, day) : SUBSCRIPTION_UNREADABLE;
	return ERR_NONE;
}

/* ---- by plate ---- */

enum err subscription_keep(struct db *db, const char *id, const char *json)
{
	struct reading r;
	struct fault unused;
	enum err e = json == NULL ? ERR_FIELD : read_json(json, &r);

	if (e == ERR_MEMORY)
		return e;
	if (e != ERR_NONE || check(&r, "", &unused) != ERR_NONE)
		return subscription_drop(db, id);
	return subscription_put(db, &(struct subscription_row){ .id = id, .plate_id = r.plate_id, .owner_name = r.owner,
		.status = r.status, .start_date = r.start, .end_date = r.end });
}

enum err subscription_owner(struct db *db, const char *plate_id, int64_t at_ms, char owner[OWNER_SIZE])
{
	char day[ZONE_TEXT];
	enum err e;

	zone_text(at_ms, day);
	day[DAY_SIZE - 1] = '\0';
	owner[0] = '\0';
	e = subscription_active(db, plate_id, day, owner);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
