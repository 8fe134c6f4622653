#include "shared_page.h"

#include "page.h"

void shared_page_said(struct call *c, cJSON *page, const struct setting_said *said)
{
	cJSON *object;

	if (said->at_ms <= 0)
		return;
	object = cJSON_AddObjectToObject(page, "said");
	page_time(c, object, "when", said->at_ms);
	cJSON_AddStringToObject(object, "by", said->by);
	cJSON_AddStringToObject(object, "at_central", said->central);
}

void shared_page_version(cJSON *page, const char *tag)
{
	char version[TAG_SIZE];

	text_format(version, sizeof version, "%.*s", TAG_SIZE - 3, tag + 1);
	cJSON_AddStringToObject(page, "version", version);
}

const char *shared_page_match(const struct call *c, char tag[TAG_SIZE])
{
	const char *version = params_text(&c->params, "version");

	if (!version)
		return NULL;
	text_format(tag, TAG_SIZE, "\"%s\"", hex_is(version, TAG_SIZE - 3) ? version : "");
	return tag;
}
