#include "domain/edge.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "seal/seal.h"
#include "wire/json.h"

#define TAG_BYTES ((EDGE_TAG_SIZE - 1) / 2)

const char *edge_lane_word(enum lane lane)
{
	switch (lane) {
	case LANE_ENTRY: return "ENTRY";
	case LANE_EXIT: return "EXIT";
	case LANE_ANY: break;
	}
	return "BOTH";
}

void edge_tag(const struct edge_row *row, char tag[EDGE_TAG_SIZE])
{
	unsigned char digest[DIGEST_BYTES];
	char said[EDGE_MARK_SIZE + EDGE_NAME_SIZE + 8];

	text_format(said, sizeof(said), "%s %s %s", row->token_mark, edge_lane_word(row->lane), row->name);
	digest_make(said, strlen(said), NULL, 0, digest);
	hex_encode(tag, digest, TAG_BYTES);
}

/* ---- checks ---- */

static bool text_fits(const char *text, size_t least, size_t size)
{
	size_t len = strlen(text);

	for (const char *c = text; *c != '\0'; c++) {
		if ((unsigned char)*c < ' ' || *c == 127)
			return false;
	}
	return len >= least && len < size && utf8_valid(text, len);
}

static enum err check(const struct edge_wish *w, struct fault *fault)
{
	if (!text_fits(w->edge_id, 1, EDGE_ID_SIZE))
		return fault_limit(fault, EDGE_ID_SIZE - 1,
			fault_set(fault, ERR_INVALID, "edge_id_invalid", "edge_id", "An edge's id has 1 to %d bytes of UTF-8.", EDGE_ID_SIZE - 1));
	if (w->name != NULL && !text_fits(w->name, 0, EDGE_NAME_SIZE))
		return fault_limit(fault, EDGE_NAME_SIZE - 1,
			fault_set(fault, ERR_INVALID, "edge_name_invalid", "name", "An edge's name has at most %d bytes of UTF-8.",
			EDGE_NAME_SIZE - 1));
	return ERR_NONE;
}

static enum err check_tag(const struct edge_row *held, const char *if_match, struct fault *fault)
{
	char tag[EDGE_TAG_SIZE];

	edge_tag(held, tag);
	if (if_match == NULL || strcmp(if_match, tag) == 0)
		return ERR_NONE;
	return fault_set(fault, ERR_CONFLICT, "etag_mismatch", "", "This was changed since you read it. Look at it again.");
}

static enum err find(struct db *db, const char *edge_id, const char *if_match, struct edge_row *out, struct fault *fault)
{
	enum err e = edge_find(db, edge_id, out);

	if (e == ERR_NOT_FOUND)
		return fault_set(fault, e, "unknown_edge", "edge_id", "There is no edge %.63s. Add it first: parkmeshctl edge add %.63s.",
			edge_id, edge_id);
	return e == ERR_NONE ? check_tag(out, if_match, fault) : e;
}

static enum err count(void *arg, const struct edge_row *row)
{
	(void)row;
	++*(size_t *)arg;
	return ERR_NONE;
}

static enum err check_room(struct db *db, struct fault *fault)
{
	size_t rows = 0;
	enum err e = edge_list(db, count, &rows);

	if (e == ERR_NONE && rows >= EDGE_ROWS_MAX)
		return fault_limit(fault, EDGE_ROWS_MAX,
			fault_set(fault, ERR_INVALID, "too_many_edges", "", "A central has at most %d edges.", EDGE_ROWS_MAX));
	return e;
}

/* ---- changes ---- */

static void describe(const char *name, enum lane lane, struct buf *out)
{
	buf_init(out, 4 * EDGE_NAME_SIZE * 6);
	buf_char(out, '{');
	json_add_text(out, "name", name);
	json_add_text(out, "lane", edge_lane_word(lane));
	buf_char(out, '}');
}

/* held: NULL if it is new. */
static enum err note_set(struct db *db, const struct actor *by, const char *edge_id, const struct edge_row *held, const char *name,
	enum lane lane)
{
	struct buf old, new;
	enum err e;

	describe(held != NULL ? held->name : "", held != NULL ? held->lane : LANE_ANY, &old);
	describe(name, lane, &new);
	e = old.failed || new.failed ? ERR_MEMORY
		: deed_note(db, by, "edge_set", edge_id, held != NULL ? buf_text(&old) : NULL, buf_text(&new));
	buf_free(&old);
	buf_free(&new);
	return e;
}

static enum err check_held(struct db *db, const struct edge_wish *w, bool is_held, const struct edge_row *held, struct fault *fault)
{
	if (!is_held)
		return w->if_match != NULL ? find(db, w->edge_id, NULL, &(struct edge_row){ .name = "" }, fault) : check_room(db, fault);
	if (w->fresh)
		return fault_set(fault, ERR_CONFLICT, "edge_exists", "edge_id", "There is an edge of that id already.");
	return check_tag(held, w->if_match, fault);
}

enum err edge_set(struct db *db, const struct actor *by, const struct edge_wish *w, struct fault *fault)
{
	struct edge_row held = { .name = "" };
	enum err e = check(w, fault), found = e == ERR_NONE ? edge_find(db, w->edge_id, &held) : e;
	const char *name = w->name != NULL ? w->name : held.name;
	enum lane lane = w->lane != NULL ? *w->lane : held.lane;

	if (found != ERR_NONE && found != ERR_NOT_FOUND)
		return found;
	e = check_held(db, w, found == ERR_NONE, &held, fault);
	if (e != ERR_NONE || (found == ERR_NONE && held.lane == lane && strcmp(held.name, name) == 0))
		return e;
	e = edge_upsert(db, w->edge_id, name, lane, by->now_ms);
	return e == ERR_NONE ? note_set(db, by, w->edge_id, found == ERR_NONE ? &held : NULL, name, lane) : e;
}

enum err edge_new_token(struct db *db, const struct actor *by, const char *edge_id, const unsigned char hash[EDGE_TOKEN_BYTES],
	const char *if_match, struct fault *fault)
{
	struct edge_row held;
	enum err e = find(db, edge_id, if_match, &held, fault);

	if (e == ERR_NONE)
		e = edge_set_token(db, edge_id, hash);
	return e == ERR_NONE ? deed_note(db, by, held.has_token ? "edge_token_replaced" : "edge_token_made", edge_id, NULL, NULL) : e;
}

enum err edge_remove(struct db *db, const struct actor *by, const char *edge_id, const char *if_match, struct fault *fault)
{
	struct edge_row held;
	struct buf old;
	enum err e = find(db, edge_id, if_match, &held, fault);

	if (e == ERR_NONE)
		e = edge_delete(db, edge_id);
	if (e != ERR_NONE)
		return e;
	describe(held.name, held.lane, &old);
	e = old.failed ? ERR_MEMORY : deed_note(db, by, "edge_removed", edge_id, buf_text(&old), NULL);
	buf_free(&old);
	return e;
}
