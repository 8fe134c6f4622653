#include "store/packed.h"

#include <stdbool.h>
#include <string.h>

#define PLACE_MAX 384   /* bytes of it: an event_id has at most 127, a log 32, a number 16 */
#define PIECES 32

static const struct piece { const char *text; size_t len; } PIECE[PIECES] = {
#define PIECE_OF(number, text) [number] = { text, sizeof(text) - 1 },
	PACKED_PIECES_1(PIECE_OF)
	PACKED_PIECES_2(PIECE_OF)
#undef PIECE_OF
};

static char *add(char *at, const char *text)
{
	size_t len = strlen(text);

	memcpy(at, text, len);
	return at + len;
}

/* Four of them a record: printf takes as long as all the rest here. */
static char *add_number(char *at, int64_t number)
{
	char digits[20];
	int count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while ((number /= 10) > 0);
	while (count > 0)
		*at++ = digits[--count];
	return at;
}

/* The place as a line says it; its length, 0 for none. */
static size_t write_place(const struct packed_place *p, char out[PLACE_MAX])
{
	char *at = out;

	if (p->hlc_ms < 0 || p->hlc_counter < 0 || p->at < 0 || p->seq < 0 || strlen(p->log) >= LOG_ID_SIZE
	    || (p->event_id != NULL && strlen(p->event_id) > PACKED_EVENT_MAX))
		return 0;
	if (p->event_id != NULL) {
		at = add(at, ",\"event_id\":\"");
		at = add(at, p->event_id);
		at = add(at, "\"");
	}
	at = add(at, ",\"log\":\"");
	at = add(at, p->log);
	at = add(at, "\",\"seq\":");
	at = add_number(at, p->seq);
	at = add(at, ",\"hlc\":\"");
	at = add_number(at, p->hlc_ms);
	at = add(at, ".");
	at = add_number(at, p->hlc_counter);
	at = add(at, "\",\"at\":");
	return (size_t)(add_number(at, p->at) - out);
}

static bool is_at(const struct piece *p, const char *at, const char *end)
{
	return p->len > 0 && (size_t)(end - at) >= p->len && memcmp(at, p->text, p->len) == 0;
}

/* The piece around the comma, 0 if there is none; *start is where it begins: at the comma, or at the quote before it. */
static int piece_at(const struct piece *pieces, const char *from, const char *comma, const char *end, const char **start)
{
	bool quoted = comma > from && comma[-1] == '"';

	if (end - comma < 3 || comma[1] != '"')
		return 0;
	for (int i = 4; i < PIECES; i++) {
		const struct piece *p = &pieces[i];
		size_t quote = p->len > 0 && p->text[0] == '"';

		/* the name's first letter tells most of them apart */
		if (p->len == 0 || p->text[quote + 2] != comma[2] || (quote && !quoted))
			continue;
		*start = comma - quote;
		if (is_at(p, *start, end))
			return i;
	}
	return 0;
}

void line_pack(const struct packed_place *place, const char *line, size_t len, struct buf *out)
{
	const char *from = line, *end = line + len, *comma = line, *start;
	struct piece pieces[PIECES];
	char mine[PLACE_MAX];
	int piece = 0;

	memcpy(pieces, PIECE, sizeof(pieces));
	pieces[PACKED_PLACE] = (struct piece){ mine, write_place(place, mine) };
	for (int i = 1; i < 4; i++) {
		if (is_at(&pieces[i], line, end))
			piece = i;
	}
	if (piece > 0) {
		buf_char(out, (char)piece);
		comma = from = line + pieces[piece].len;
	}
	while ((comma = memchr(comma, ',', (size_t)(end - comma))) != NULL) {
		piece = piece_at(pieces, from, comma, end, &start);
		if (piece == 0) {
			comma++;
			continue;
		}
		buf_add(out, from, (size_t)(start - from));
		buf_char(out, (char)piece);
		comma = from = start + pieces[piece].len;
	}
	buf_add(out, from, (size_t)(end - from));
}

enum err line_unpack(const struct packed_place *place, const char *packed, size_t len, struct buf *out)
{
	const char *from = packed, *end = packed + len;
	char mine[PLACE_MAX];
	size_t len_of_mine;

	for (const char *at = packed; at < end; at++) {
		unsigned char c = (unsigned char)*at;
		const struct piece *p = c < PIECES ? &PIECE[c] : NULL;

		if (p == NULL || (p->len == 0 && c != PACKED_PLACE))
			continue;
		buf_add(out, from, (size_t)(at - from));
		from = at + 1;
		if (c != PACKED_PLACE) {
			buf_add(out, p->text, p->len);
			continue;
		}
		len_of_mine = write_place(place, mine);
		if (len_of_mine == 0)
			return ERR_CORRUPT;
		buf_add(out, mine, len_of_mine);
	}
	buf_add(out, from, (size_t)(end - from));
	return out->failed ? ERR_CORRUPT : ERR_NONE;
}
