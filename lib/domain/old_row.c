#include "domain/old_row.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "domain/plate.h"
#include "domain/tariff.h"

#define TIME_CHARACTERS 19 /* YYYY-MM-DD HH:MM:SS */
#define UNIX_LEAST 1e8     /* a smaller number is no time of a parking site */
#define UNIX_MS 1e11       /* as seconds the year 5138, as ms 1973 */
#define NO_BREAK_SPACE "\xc2\xa0"
#define UNIX_END 4102444800000LL /* the year 2100, ms */

static void note(struct old_facts *f, const char *sentence)
{
	size_t len = strlen(f->note);

	text_format(f->note + len, sizeof(f->note) - len, "%s%s", len > 0 ? " " : "", sentence);
}

static void lose(struct old_facts *f, const char *sentence)
{
	f->lost = true;
	note(f, sentence);
}

/* ---- times ---- */

/* "+07:00", "+0700", "-03" or "Z" into ms east of Greenwich. */
static bool read_offset(const char *text, int64_t *ms)
{
	int digit[4] = { 0 }, count = 0;

	*ms = 0;
	if (strcmp(text, "Z") == 0)
		return true;
	if (text[0] != '+' && text[0] != '-')
		return false;
	for (const char *p = text + 1; *p != '\0'; p++) {
		if (*p == ':' && count == 2)
			continue;
		if (*p < '0' || *p > '9' || count == 4)
			return false;
		digit[count++] = *p - '0';
	}
	*ms = ((digit[0] * 10 + digit[1]) * 60 + digit[2] * 10 + digit[3]) * 60000LL * (text[0] == '-' ? -1 : 1);
	return count == 2 || count == 4;
}

static bool read_utc(const char *text, int64_t *ms)
{
	struct tm tm = { 0 }, copy;
	const char *end = strptime(text, text[10] == 'T' ? "%Y-%m-%dT%H:%M:%S" : "%Y-%m-%d %H:%M:%S", &tm);
	time_t seconds;

	if (end == NULL || *end != '\0')
		return false;
	copy = tm;
	seconds = timegm(&copy);
	*ms = seconds * 1000LL;
	return copy.tm_mday == tm.tm_mday && seconds >= 0;
}

static bool read_unix(const char *text, int64_t *ms)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(number) || number < UNIX_LEAST || number >= (double)INTEGER_MAX)
		return false;
	*ms = llround(number < UNIX_MS ? number * 1000 : number);
	return *ms < UNIX_END; /* "20250101080000" is no Unix time */
}

bool old_time_parse(const char *text, int64_t *ms)
{
	char begin[TIME_CHARACTERS + 1];
	const char *rest = text;
	int64_t last, offset;

	if (read_unix(text, ms))
		return true;
	text_copy(begin, sizeof(begin), text);
	if (strlen(begin) < TIME_CHARACTERS)
		return zone_parse(text, ms, &last);
	rest += TIME_CHARACTERS;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789"); /* a fraction of a second is not kept: nobody priced it */
	if (*rest == '\0')
		return zone_parse(begin, ms, &last);
	if (!read_offset(rest, &offset) || !read_utc(begin, ms))
		return false;
	*ms -= offset;
	return *ms >= 0;
}

/* ---- durations ---- */

void old_duration_sign(const char *duration, char *out, size_t size)
{
	size_t len = 0;

	for (const char *p = duration; *p != '\0'; p++) {
		const char *piece = *p == ' ' ? NO_BREAK_SPACE : p;
		size_t more = *p == ' ' ? strlen(NO_BREAK_SPACE) : 1;

		if (len + more >= size) {
			len = 0;
			break;
		}
		memcpy(out + len, piece, more);
		len += more;
	}
	out[len] = '\0';
}

/* ---- texts ---- */

static bool has_text(const char *text)
{
	return text != NULL && text[strspn(text, " \t\r\n")] != '\0';
}

/* Bytes that are no UTF-8 become '?', so that the text can stand in a record. */
static void take_text(const char *text, char *out, size_t size)
{
	bool valid = text != NULL && utf8_valid(text, strlen(text));

	text_copy(out, size, text == NULL ? "" : text);
	for (char *p = out; !valid && *p != '\0'; p++) {
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	}
}

static void read_texts(const struct old_row *row, struct old_facts *f)
{
	take_text(row->text[OLD_EDGE_ID], f->edge_id, sizeof(f->edge_id));
	take_text(row->text[OLD_ENTRY_CAMERA_ID], f->entry_camera_id, sizeof(f->entry_camera_id));
	take_text(row->text[OLD_ENTRY_CAMERA_NAME], f->entry_camera_name, sizeof(f->entry_camera_name));
	take_text(row->text[OLD_ENTRY_SOURCE], f->entry_source, sizeof(f->entry_source));
	take_text(row->text[OLD_EXIT_CAMERA_ID], f->exit_camera_id, sizeof(f->exit_camera_id));
	take_text(row->text[OLD_EXIT_CAMERA_NAME], f->exit_camera_name, sizeof(f->exit_camera_name));
	take_text(row->text[OLD_DURATION], f->duration, sizeof(f->duration));
	f->ours = strstr(f->duration, NO_BREAK_SPACE) != NULL;
}

static void read_names(const struct old_row *row, struct old_facts *f)
{
	const char *id = row->text[OLD_EVENT_ID], *central = row->text[OLD_SOURCE_CENTRAL];

	if (has_text(id) && (!utf8_valid(id, strlen(id)) || exit_name_is(id) || !text_copy(f->event_id, sizeof(f->event_id), id))) {
		f->event_id[0] = '\0';
		note(f, "Its event_id cannot be one; it got a new one.");
	}
	if (has_text(central)) {
		if (central_id_valid(central))
			text_copy(f->source_central, sizeof(f->source_central), central);
		else
			note(f, "Its source_central is no id of a central; it counts as this one's.");
	}
}

static bool has_odd_characters(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		bool stroke = p[0] == '\xc4' && (p[1] == '\x90' || p[1] == '\x91');

		if (stroke)
			p++;
		else if (!isalnum((unsigned char)*p) && strchr("-. _", *p) == NULL)
			return true;
	}
	return false;
}

/* A plate that no gate could have read is kept as it is, so that an operator can find and correct it. */
static void read_plate(const struct old_row *row, struct old_facts *f)
{
	const char *raw = has_text(row->text[OLD_PLATE_ID]) ? row->text[OLD_PLATE_ID] : row->text[OLD_PLATE_VIEW];
	char reduced[PLATE_SIZE];
	size_t len;

	take_text(row->text[OLD_PLATE_VIEW], f->plate_view, sizeof(f->plate_view));
	if (!has_text(raw)) {
		text_format(f->plate_id, sizeof(f->plate_id), "UNKNOWN%lld", (long long)row->row);
		note(f, "It has no plate.");
		return;
	}
	len = plate_reduce(raw, reduced);
	if (len >= PLATE_MIN && len <= PLATE_MAX && !has_odd_characters(raw)) {
		text_copy(f->plate_id, sizeof(f->plate_id), reduced);
		return;
	}
	take_text(raw, f->plate_id, sizeof(f->plate_id));
	note(f, "Its plate is not one that a gate can read; it was kept as it is.");
}

/* ---- numbers ---- */

static bool read_number(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && end[strspn(end, " ")] == '\0' && isfinite(*out);
}

static void read_fee(const struct old_row *row, struct old_facts *f)
{
	const char *text = row->text[OLD_FEE];
	double fee = 0;

	if (!has_text(text))
		return;
	if (!read_number(text, &fee) || fee < 0 || fee > TARIFF_MONEY_MAX) {
		lose(f, "Its fee is no amount of money; it counts as 0.");
		return;
	}
	f->fee = llround(fee);
	if ((double)f->fee != fee)
		note(f, "Its fee was rounded to whole VND.");
}

static void read_confidence(const struct old_row *row, struct old_facts *f)
{
	double number;

	f->confidence = -1;
	if (has_text(row->text[OLD_ENTRY_CONFIDENCE]) && read_number(row->text[OLD_ENTRY_CONFIDENCE], &number) && number >= 0 && number <= 1e6)
		f->confidence = number;
}

/* ---- entry and exit ---- */

static bool read_time(struct old_facts *f, const char *text, const char *wrong, int64_t *ms, char out[ZONE_TEXT])
{
	if (!has_text(text))
		return false;
	if (!old_time_parse(text, ms)) {
		note(f, wrong);
		return false;
	}
	zone_text(*ms, out);
	return true;
}

static void read_stay(const struct old_row *row, struct old_facts *f)
{
	const char *status = row->text[OLD_STATUS] == NULL ? "" : row->text[OLD_STATUS];
	bool out = strcasecmp(status, "OUT") == 0, in = strcasecmp(status, "IN") == 0;

	f->entered = read_time(f, row->text[OLD_ENTRY_TIME], "Its entry time cannot be read.", &f->entry_ms, f->entry_time);
	f->left = read_time(f, row->text[OLD_EXIT_TIME], "Its exit time cannot be read.", &f->exit_ms, f->exit_time);
	f->reason = f->entered ? "normal" : "unmatched";
	if (!in && !out)
		note(f, "Its status is neither IN nor OUT.");
	else if (in && f->left)
		note(f, "It says IN, but has left.");
	if (out && !f->left && f->entered) {
		f->left = true;
		f->exit_ms = f->entry_ms;
		text_copy(f->exit_time, sizeof(f->exit_time), f->entry_time);
		f->reason = "missed";
		note(f, "It says OUT without an exit time: it ends when it began.");
	}
	if (f->left && !f->entered)
		note(f, "It has no entry time: it is an exit without entry.");
	else if (f->left && f->exit_ms < f->entry_ms)
		note(f, "It left before it entered; the duration is 0.");
}

void old_facts_read(const struct old_row *row, struct old_facts *out)
{
	*out = (struct old_facts){ .fee = 0 };
	read_names(row, out);
	read_texts(row, out);
	read_plate(row, out);
	read_fee(row, out);
	read_confidence(row, out);
	read_stay(row, out);
	if (!out->entered && !out->left)
		lose(out, "It was not imported: it has no time by which it could be a record.");
	else if (!out->left && out->fee > 0)
		lose(out, "It has a fee, but has not left; the fee was not imported.");
}
