#include "pages.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/ledger.h"
#include "domain/shared.h"
#include "form.h"
#include "format.h"
#include "page.h"
#include "serve.h"
#include "shared_page.h"

#define PATH "/settings/fees"
#define TYPED_MAX 1000
#define TYPED(name) {name, FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL}
#define COUNT(list) (sizeof list / sizeof *list)
#define MINUTES_MAX (TARIFF_HOURS_MAX * 60)

const struct field page_fees_fields[5] = {{"act", FIELD_CHOICE, FROM_BODY, true, 0, 0, "save|try"}, TYPED("version"),
	TYPED("free_minutes"), TYPED("per_hour"), TYPED("daily_max")};

static const struct form_field fees_form[] = {
	{.name = "free_minutes", .label = "fees.free_minutes", .help = "fees.free_minutes_help", .required = true, .inputmode = "decimal",
		.max = 20},
	{.name = "per_hour", .label = "fees.per_hour", .help = "fees.per_hour_help", .required = true, .inputmode = "numeric", .max = 20},
	{.name = "daily_max", .label = "fees.daily_max", .help = "fees.daily_max_help", .inputmode = "numeric", .max = 20},
};

/* --- numbers as people type them --------------------------------------------------------------------------------------- */

/* Whole VND, "25000" or in groups of three: "25.000", "1,000,000", "25 000". */
static bool read_money(const char *text, int64_t *out)
{
	char digits[24];
	size_t used = 0, group = 0;
	bool grouped = false;

	for (; *text; text++) {
		if (strchr(". ,", *text)) {
			if (group == 0 || group > 3 || (grouped && group != 3))
				return false;
			grouped = true;
			group = 0;
		} else if (used + 1 == sizeof digits) {
			return false;
		} else {
			digits[used++] = *text;
			group++;
		}
	}
	digits[used] = '\0';
	return (!grouped || group == 3) && number_parse(digits, TARIFF_MONEY_MAX, out);
}

/* Hours from minutes, "30", "7,5" or "7.5"; to the second, as the tariff counts. */
static bool read_minutes(const char *text, double *hours)
{
	char plain[24], *end;
	double minutes;

	if (!text_copy(plain, sizeof plain, text) || !isdigit((unsigned char)plain[0]) || strspn(plain, "0123456789.,") != strlen(plain))
		return false;
	if (strchr(plain, ','))
		*strchr(plain, ',') = '.';
	minutes = strtod(plain, &end);
	if (*end || minutes > MINUTES_MAX)
		return false;
	*hours = (double)(int64_t)(minutes * 60 + 0.5) / 3600;
	return true;
}

static void write_minutes(enum language l, double hours, char out[32])
{
	text_format(out, 32, "%.10g", (double)(int64_t)(hours * 3600 + 0.5) / 60);
	if (l == LANGUAGE_VI && strchr(out, '.'))
		*strchr(out, '.') = ',';
}

/* --- what the page shows ----------------------------------------------------------------------------------------------- */

static void fill(struct call *c, cJSON *form, const struct tariff *t)
{
	char text[FORMAT_SIZE];

	write_minutes(c->language, t->fee_base, text);
	form_value(form, "free_minutes", text);
	format_number(c->language, t->fee_per_hour, text);
	form_value(form, "per_hour", text);
	format_number(c->language, t->fee_daily_max, text);
	form_value(form, "daily_max", t->fee_daily_max > 0 ? text : "");
}

/* What cars that stay so long pay; other: by a tariff that is only tried (NULL: none). */
static void add_examples(struct call *c, cJSON *page, const struct tariff *held, const struct tariff *other)
{
	static const int64_t minutes[] = {20, 45, 100, 180, 480, 1440, 2880};
	cJSON *rows = cJSON_AddArrayToObject(page, "examples");

	for (size_t i = 0; i < COUNT(minutes); i++) {
		cJSON *row = cJSON_CreateObject();

		cJSON_AddItemToArray(rows, row);
		page_duration(c, row, "stay", minutes[i] * 60);
		page_money(c, row, "now_pays", tariff_fee(held, minutes[i] * 60));
		if (other)
			page_money(c, row, "then_pays", tariff_fee(other, minutes[i] * 60));
		else
			cJSON_AddNullToObject(row, "then_pays");
	}
	cJSON_AddBoolToObject(page, "tried", other != NULL);
}

static void add_facts(struct call *c, cJSON *page, const struct tariff *t)
{
	cJSON *facts = cJSON_AddObjectToObject(page, "held");
	char text[32];

	write_minutes(c->language, t->fee_base, text);
	cJSON_AddStringToObject(facts, "minutes", text);
	page_money(c, facts, "hour", t->fee_per_hour);
	if (t->fee_daily_max > 0)
		page_money(c, facts, "day", t->fee_daily_max);
	else
		cJSON_AddNullToObject(facts, "day");
}

struct looked { struct tariff held; char tag[TAG_SIZE]; struct setting_said said; };

static enum err look(struct call *c, struct looked *out, struct fault *fault)
{
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = shared_fees(c->desk->db, &out->held, out->tag);
	if (e == ERR_NONE)
		e = shared_said(c->desk->db, SHARED_FEES_KEY, &out->said);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* form is taken over. */
static enum err show(struct call *c, int status, cJSON *form, const struct looked *seen, const struct tariff *tried)
{
	cJSON *page = cJSON_CreateObject();

	cJSON_AddItemToObject(page, "form", form);
	add_facts(c, page, &seen->held);
	add_examples(c, page, &seen->held, tried);
	shared_page_said(c, page, &seen->said);
	shared_page_version(page, seen->tag);
	return page_show(c, status, "fees", page);
}

enum err page_fees(struct call *c, struct fault *fault)
{
	struct looked seen = {.tag = ""};
	enum err e = look(c, &seen, fault);
	cJSON *form;

	if (e != ERR_NONE)
		return e;
	form = form_make(c, fees_form, COUNT(fees_form), NULL);
	fill(c, form, &seen.held);
	return show(c, 200, form, &seen, NULL);
}

/* --- saving ------------------------------------------------------------------------------------------------------------ */

/* What was typed; false, and said beside the field, where it is wrong. */
static bool read_typed(struct call *c, cJSON *form, struct tariff *out)
{
	const char *free_minutes = params_text(&c->params, "free_minutes"), *per_hour = params_text(&c->params, "per_hour"),
		*daily_max = params_text(&c->params, "daily_max");
	bool good = true;

	*out = (struct tariff){.fee_overnight = -1};
	if (!free_minutes || !read_minutes(free_minutes, &out->fee_base))
		good = false, form_wrong(c, form, "free_minutes", "fees.minutes_wrong", NULL);
	if (!per_hour || !read_money(per_hour, &out->fee_per_hour))
		good = false, form_wrong(c, form, "per_hour", "fees.money_wrong", NULL);
	if (daily_max && !read_money(daily_max, &out->fee_daily_max))
		good = false, form_wrong(c, form, "daily_max", "fees.money_wrong", NULL);
	return good;
}

struct fees_job { struct fees_change change; struct fault *fault; };

static enum err set_fees(struct ledger *l, void *arg)
{
	struct fees_job *j = arg;

	return shared_fees_set(l, &j->change, j->fault);
}

static enum err save(struct call *c, const struct tariff *to, struct fault *why)
{
	char if_match[TAG_SIZE];
	struct actor actor = caller_actor(c);
	struct fees_job j = {.change = {.to = *to, .if_match = shared_page_match(c, if_match), .by = caller_name(c), .actor = &actor},
		.fault = why};

	return page_write(c, set_fees, &j, why);
}

enum err page_fees_save(struct call *c, struct fault *fault)
{
	cJSON *form = form_make(c, fees_form, COUNT(fees_form), &c->params);
	struct looked seen = {.tag = ""};
	struct fault why = {0};
	struct tariff typed;
	bool good = read_typed(c, form, &typed), trial = strcmp(params_text(&c->params, "act"), "try") == 0;
	enum err e = good && !trial ? save(c, &typed, &why) : ERR_NONE, read;

	if (e == ERR_NONE && good && !trial) {
		cJSON_Delete(form);
		return page_redirect(c, PATH, "fees.saved", NULL);
	}
	if (e != ERR_NONE)
		form_fault(c, form, e, &why);
	read = look(c, &seen, fault);
	if (read != ERR_NONE) {
		cJSON_Delete(form);
		return read;
	}
	return show(c, good ? answer_status(e) : 400, form, &seen, good ? &typed : NULL);
}
