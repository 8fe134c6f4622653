#include "stay_typed.h"

#include <string.h>

#include "base/text.h"
#include "form.h"

#define FEE_MAX 1000000000000 /* VND */

const char *const exit_reasons[EXIT_REASONS] = {"missed", "forced", "normal"};

/* Nothing but what plates are written with, dots or dashes among it: 29B1-1234, which alone would become 29B-112.34. */
static bool is_written_so(const char *text)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-. Đđ";

	return text[strcspn(text, "-.")] && strspn(text, plain) == strlen(text) && strlen(text) < PLATE_VIEW_SIZE;
}

static void upper(const char *text, char out[PLATE_VIEW_SIZE])
{
	text_copy(out, PLATE_VIEW_SIZE, text);
	for (char *at = out; *at; at++) {
		if (*at >= 'a' && *at <= 'z')
			*at = (char)(*at - 'a' + 'A');
	}
}

bool typed_plate(struct call *c, cJSON *form, struct plate_typed *out)
{
	const char *given = params_text(&c->params, "plate_id"), *text = given ? given : "";
	struct fault why = {0};
	enum err e = plate_read(text, out->id, &why);

	out->view[0] = '\0';
	if (e == ERR_NONE && is_written_so(text))
		upper(text, out->view);
	if (e != ERR_NONE && !given)
		form_wrong(c, form, "plate_id", "stay.plate_needed", NULL);
	else if (e != ERR_NONE)
		form_fault(c, form, e, &why);
	return e == ERR_NONE;
}

bool typed_why(struct call *c, cJSON *form, bool required, const char **out)
{
	const char *text = params_text(&c->params, "why");
	bool empty = !text || text[strspn(text, " ")] == '\0';

	*out = empty ? NULL : text;
	if (required && empty)
		form_wrong(c, form, "why", "stay.why_needed", NULL);
	else if (!empty && strlen(text) > WHY_BYTES)
		form_wrong(c, form, "why", "stay.why_long", NULL);
	else
		return true;
	return false;
}

#define DIGITS "0123456789"

/* Digits alone, without what sets thousands apart and the currency behind. false: there is something else; 25.5 is no 255. */
static bool digits_of(const char *text, char out[24])
{
	size_t len = 0;

	for (; *text && strcmp(text, "₫") != 0 && strcmp(text, " ₫") != 0; text++) {
		if (strchr("., ", *text) && len > 0 && strspn(text + 1, DIGITS) == 3)
			continue;
		if (!strchr(DIGITS, *text) || len == 23)
			return false;
		out[len++] = *text;
	}
	out[len] = '\0';
	return len > 0;
}

bool typed_fee(struct call *c, cJSON *form, bool missed, int64_t *out)
{
	const char *text = params_text(&c->params, "fee");
	char digits[24];

	*out = -1;
	if (!text)
		return true;
	if (!digits_of(text, digits) || !number_parse(digits, FEE_MAX, out))
		form_wrong(c, form, "fee", "stay.fee_wrong", NULL);
	else if (missed && *out > 0)
		form_wrong(c, form, "fee", "stay.fee_missed", NULL);
	else
		return true;
	return false;
}
