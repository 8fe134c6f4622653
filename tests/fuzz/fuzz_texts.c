/* Small readers of single values: plates, times, numbers, names, addresses, tokens. First byte: which; the rest is the text. */
#include "fuzz.h"

#include <ctype.h>

#include "base/text.h"
#include "base/trust.h"
#include "base/zone.h"
#include "domain/old_row.h"
#include "domain/plate.h"
#include "fcgi/session.h"
#include "wire/record.h"

static void plate(const char *text)
{
	char once[PLATE_SIZE], twice[PLATE_SIZE], view[PLATE_VIEW_SIZE], back[PLATE_SIZE];
	size_t len = plate_reduce(text, once);

	MUST(len <= strlen(text) && strlen(once) == (len < PLATE_MAX ? len : PLATE_MAX));
	for (const char *c = once; *c; c++)
		MUST(isdigit((unsigned char)*c) || isupper((unsigned char)*c));
	MUST(plate_reduce(once, twice) == strlen(once) && strcmp(once, twice) == 0);
	plate_view_make(once, view);
	MUST(plate_reduce(view, back) == strlen(once) && strcmp(once, back) == 0);
	MUST(utf8_valid(view, strlen(view)));
}

static void local_time(const char *text)
{
	int64_t first, last, first_again, last_again;
	char shown[ZONE_TEXT];

	if (!zone_parse(text, &first, &last))
		return;
	MUST(first >= 0 && last >= first && last - first < 26 * 3600 * 1000LL);
	zone_text(first, shown);
	MUST(zone_parse(shown, &first_again, &last_again));
	MUST(first_again <= first && first_again + 999 == last_again); /* earlier only where a time comes twice */
}

static void old_time(const char *text)
{
	int64_t ms, first, last;
	char shown[ZONE_TEXT];

	if (!old_time_parse(text, &ms))
		return;
	MUST(ms >= 0 && ms <= INTEGER_MAX);
	zone_text(ms, shown);
	MUST(zone_parse(shown, &first, &last));
}

static void number(const char *text)
{
	unsigned char bytes[16];
	char hex[33];
	int64_t value;

	if (number_parse(text, INTEGER_MAX, &value))
		MUST(value >= 0 && value <= INTEGER_MAX && strspn(text, "0123456789") == strlen(text));
	MUST(hex_decode(bytes, sizeof bytes, text) == hex_is(text, 32));
	if (hex_is(text, 32)) {
		hex_encode(hex, bytes, sizeof bytes);
		MUST(strcmp(hex, text) == 0);
	}
}

static void names(const char *text)
{
	char copy[CENTRAL_ID_SIZE], name[EXIT_NAME_SIZE];
	int64_t seq;

	MUST(text_copy(copy, sizeof copy, text) == (strlen(text) < sizeof copy));
	MUST(!utf8_valid(text, strlen(text)) || utf8_valid(copy, strlen(copy)));
	MUST(!central_id_valid(text) || strcmp(copy, text) == 0);
	if (!exit_name_is(text) || strlen(text) >= sizeof name || !number_parse(text + 5 + LOG_ID_SIZE, INTEGER_MAX, &seq))
		return;
	text_format(copy, LOG_ID_SIZE, "%.32s", text + 5);
	exit_name_make(copy, seq, name);
	MUST(strcmp(name, text) == 0);
}

/* Who is trusted is never more than what was said: an address in one network is in every wider one of the same. */
static void addresses(char *text)
{
	char *rest = strchr(text, ' ');
	struct trust t;

	if (rest)
		*rest++ = '\0';
	else
		rest = text + strlen(text);
	trust_init(&t);
	if (trust_add(&t, "none") && trust_add(&t, text) && t.count == 1) {
		bool inside = trust_has(&t, rest);

		MUST(t.entry[0].bits >= 0 && t.entry[0].bits <= 128);
		t.entry[0].bits -= t.entry[0].bits > 0;
		MUST(!inside || trust_has(&t, rest));
	}
	MUST(!address_is_loopback(text) || host_is_address(text) || strchr(text, ':'));
	MUST(!host_is_address(text) || !origin_is_host("http://office.example", text, "80"));
	(void)host_is(text, rest);
	(void)origin_is_host(text, rest, NULL);
	(void)origin_valid(text);
}

static void bearer(const char *text)
{
	char token[BEARER_SIZE];

	if (bearer_read(text, token))
		MUST(token[0] && strlen(token) < sizeof token && strstr(text, token));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = len > 0 ? fuzz_text(bytes + 1, len - 1) : fuzz_text("", 0);

	MUST(zone_set(len > 0 && bytes[0] & 0x80 ? "Europe/Dublin" : ZONE_DEFAULT));
	switch (len > 0 ? (bytes[0] & 0x7f) % 7 : 0) {
	case 0: plate(text); break;
	case 1: local_time(text); break;
	case 2: old_time(text); break;
	case 3: number(text); break;
	case 4: names(text); break;
	case 5: addresses(text); break;
	default: bearer(text); break;
	}
	free(text);
	return 0;
}
