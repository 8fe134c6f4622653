#include "flash.h"

#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "cookie.h"
#include "page.h"

#define SECONDS 60
#define HEX_SIZE (2 * FLASH_MAX + 1)
#define VALUE_SIZE (TOKEN_SIZE + HEX_SIZE)

static void sign(const struct call *c, const char *hex, char out[TOKEN_SIZE])
{
	token_sign(c->app->flash_key, sizeof c->app->flash_key, hex, out);
}

static void put(struct call *c, const char *json)
{
	char hex[HEX_SIZE], signature[TOKEN_SIZE], value[VALUE_SIZE];
	size_t len = strlen(json);

	if (len > FLASH_MAX) {
		journal_warning("event=flash_too_long bytes=%zu", len);
		return;
	}
	hex_encode(hex, json, len);
	sign(c, hex, signature);
	text_format(value, sizeof value, "%s.%s", signature, hex);
	cookie_set(&c->response, &c->request, COOKIE_FLASH, value, SECONDS);
}

void flash_put(struct call *c, const char *text, bool good, const cJSON *values)
{
	cJSON *said = cJSON_CreateObject();
	char *json;

	cJSON_AddStringToObject(said, "text", text);
	cJSON_AddBoolToObject(said, "good", good);
	if (values)
		cJSON_AddItemToObject(said, "values", cJSON_Duplicate(values, true));
	json = cJSON_PrintUnformatted(said);
	if (json)
		put(c, json);
	cJSON_free(json);
	cJSON_Delete(said);
}

static cJSON *read(const struct call *c, const char *value)
{
	char signature[TOKEN_SIZE], shown[TOKEN_SIZE], json[FLASH_MAX + 1] = "";
	const char *hex = strchr(value, '.');
	size_t len;

	if (!hex++)
		return NULL;
	if (!text_format(shown, sizeof shown, "%.*s", (int)(hex - 1 - value), value))
		return NULL;
	sign(c, hex, signature);
	len = strlen(hex) / 2;
	if (!token_equal(signature, shown) || len > FLASH_MAX || !hex_decode(json, len, hex))
		return NULL;
	return cJSON_Parse(json);
}

void flash_take(struct call *c, cJSON *site)
{
	char value[VALUE_SIZE];
	const char *text;
	cJSON *said, *flash;

	if (c->request.fetched || !cookie_get(&c->request, COOKIE_FLASH, value, sizeof value))
		return;
	cookie_set(&c->response, &c->request, COOKIE_FLASH, "", 0);
	said = read(c, value);
	text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(said, "text"));
	if (text) {
		flash = cJSON_AddObjectToObject(site, "flash");
		page_words(c, flash, "text", text, cJSON_GetObjectItemCaseSensitive(said, "values"));
		cJSON_AddBoolToObject(flash, "good", cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(said, "good")));
	}
	cJSON_Delete(said);
}
