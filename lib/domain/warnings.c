#include "domain/warnings.h"

#include <inttypes.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "store/site.h"

static const char *const name[WARNING_CODES] = {
	[WARNING_ROLLED_BACK] = "rolled_back",
	[WARNING_TWO_CENTRALS] = "two_centrals",
	[WARNING_WRONG_KEY] = "wrong_key",
	[WARNING_KEY_REFUSED] = "key_refused",
	[WARNING_FORK] = "fork",
};

const char *warning_name(enum warning_code code)
{
	return name[code];
}

static bool code_of(const char *text, enum warning_code *out)
{
	for (int k = 0; k < WARNING_CODES; k++)
		if (strcmp(name[k], text) == 0) {
			*out = (enum warning_code)k;
			return true;
		}
	return false;
}

/* ---- sentences ---- */

static void rolled_back(const struct warning *w, char *out)
{
	if (w->own)
		text_format(out, WARNING_SENTENCE_SIZE, "The database of this central is older than what it has told other "
			"centrals: an earlier copy was put in its place. It goes on in a log of its own and takes back what "
			"others hold: %" PRId64 " records so far. If nobody restored a copy on purpose, check the disk of "
			"this machine.", w->records);
	else
		text_format(out, WARNING_SENTENCE_SIZE, "The database of %s was rolled back: it lacked at least %" PRId64
			" of its own records that are held here, and is given them back. If nobody restored a copy there on "
			"purpose, check the disk of that machine.", w->central, w->records);
}

static void two_centrals(const struct warning *w, char *out)
{
	char at[WARNING_PLACE_SIZE + 16] = "";

	if (w->place[0] != '\0')
		text_format(at, sizeof(at), " (seen at %s)", w->place);
	if (w->own)
		text_format(out, WARNING_SENTENCE_SIZE, "Another central uses the id %s of this one%s. The records of both "
			"are kept, nothing is lost, but their connections replace each other. Give one of them another id "
			"in its mesh settings, or switch the copy off.", w->central, at);
	else
		text_format(out, WARNING_SENTENCE_SIZE, "Two centrals use the id %s%s. The records of both are kept, "
			"nothing is lost, but their connections replace each other. Give one of them another id in its mesh "
			"settings, or switch the copy off.", w->central, at);
}

static void wrong_key(const struct warning *w, char *out)
{
	text_format(out, WARNING_SENTENCE_SIZE, "A central that calls itself %s was refused: its key (%s) is not the one "
		"pinned here. If %s was set up anew, compare the fingerprint on its page and confirm the new key here: "
		"parkmeshctl peer repin %s. If not, two centrals use one id: give one of them another.",
		w->central, w->place, w->central, w->central);
}

static void key_refused(const struct warning *w, char *out)
{
	text_format(out, WARNING_SENTENCE_SIZE, "%s refuses this central: it knows another key under the id %s. If this "
		"central was set up anew, confirm its key there: parkmeshctl peer repin %s. If not, another central uses "
		"this id: give one of them another.", w->central, w->place, w->place);
}

static void forked(const struct warning *w, char *out)
{
	text_format(out, WARNING_SENTENCE_SIZE, "There are two different sealed records under one number of log %.8s of %s: its key was "
		"used twice, or a database was changed. What was held here first stays; the log is no longer exchanged with centrals that "
		"hold the other. Run parkmeshctl verify on both, and set up anew the central whose database was changed.", w->log, w->central);
}

void warning_sentence(const struct warning *w, char out[WARNING_SENTENCE_SIZE])
{
	out[0] = '\0';
	switch (w->code) {
	case WARNING_ROLLED_BACK:
		rolled_back(w, out);
		break;
	case WARNING_TWO_CENTRALS:
		two_centrals(w, out);
		break;
	case WARNING_WRONG_KEY:
		wrong_key(w, out);
		break;
	case WARNING_KEY_REFUSED:
		key_refused(w, out);
		break;
	case WARNING_FORK:
		forked(w, out);
		break;
	case WARNING_CODES:
		break;
	}
}

/* ---- the list ---- */

static enum err own_id(struct db *db, char out[CENTRAL_ID_SIZE])
{
	struct identity self;
	enum err e = identity_read(db, &self);

	out[0] = '\0';
	if (e == ERR_NONE)
		text_copy(out, CENTRAL_ID_SIZE, self.id);
	explicit_bzero(&self, sizeof(self));
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* false: a later version of the program raised it. */
static bool from_row(const struct warning_row *row, const char *self, struct warning *out)
{
	*out = (struct warning){ .id = row->id, .records = row->records, .since_ms = row->since_ms, .last_ms = row->last_ms };
	text_copy(out->central, sizeof(out->central), row->central);
	text_copy(out->log, sizeof(out->log), row->log);
	text_copy(out->place, sizeof(out->place), row->place);
	out->own = strcmp(row->central, self) == 0;
	return code_of(row->code, &out->code);
}

enum err warnings_list(struct db *db, struct warning *out, size_t max, size_t *count)
{
	struct warning_row rows[WARNINGS_MAX];
	char self[CENTRAL_ID_SIZE];
	size_t held = 0;
	enum err e = own_id(db, self);

	*count = 0;
	if (e == ERR_NONE)
		e = warning_list(db, rows, max < WARNINGS_MAX ? max : WARNINGS_MAX, &held);
	for (size_t i = 0; e == ERR_NONE && i < held; i++)
		*count += from_row(&rows[i], self, &out[*count]);
	return e;
}

enum err warnings_see(struct db *db, int64_t id, int64_t now_ms, struct fault *fault)
{
	enum err e = warning_see(db, id, now_ms);

	if (e == ERR_NOT_FOUND)
		return fault_set(fault, e, "unknown_warning", "id", "No warning of that number stands; look at the list again.");
	return e;
}

/* ---- raising ---- */

static bool stands(struct db *db, enum warning_code code, const char *central)
{
	struct warning_row row;

	return warning_find(db, name[code], central, "", &row) == ERR_NONE && row.seen_ms == 0;
}

/* Do roll-backs and wrong keys of this central give way to two centrals under its id? Not ours: that another uses our id any member
 * can say. */
static enum err gives_way(struct db *db, const char *central, bool *yes)
{
	char self[CENTRAL_ID_SIZE];
	enum err e = own_id(db, self);

	*yes = e == ERR_NONE && strcmp(central, self) != 0;
	return e;
}

static enum err is_hidden(struct db *db, const struct happening *h, bool *hidden)
{
	*hidden = (h->code == WARNING_ROLLED_BACK || h->code == WARNING_WRONG_KEY) && stands(db, WARNING_TWO_CENTRALS, h->central);
	return *hidden ? gives_way(db, h->central, hidden) : ERR_NONE;
}

/* The first signs of two centrals under one id, now that it is known. */
static enum err drop_signs(struct db *db, const char *central)
{
	bool yes = false;
	enum err e = gives_way(db, central, &yes);

	if (e == ERR_NONE && yes)
		e = warning_drop(db, name[WARNING_ROLLED_BACK], central);
	if (e == ERR_NONE && yes)
		e = warning_drop(db, name[WARNING_WRONG_KEY], central);
	return e;
}

/* Has h no room as long as operators have not seen some of those that stand? */
static enum err is_crowded(struct db *db, const struct happening *h, bool *crowded)
{
	size_t same = 0, kind = 0;
	enum err e = warning_count(db, name[h->code], h->central, &same, &kind);

	*crowded = same >= WARNING_SAME_MAX || kind >= WARNING_KIND_MAX;
	return e;
}

/* Was it after an operator had seen the row? What happens now always is; of what is told of late the clocks decide, unless ours was
 * ahead when it was seen: better told twice than not. */
static bool is_later(const struct happening *h, const struct warning_row *row, int64_t now_ms)
{
	return h->at_ms <= 0 || h->at_ms > row->seen_ms || row->seen_ms > now_ms;
}

/* What the row is to be after this event; *due: it differs enough to be written; *anew: operators have to be told. */
static enum err lay(struct db *db, const struct happening *h, int64_t now_ms, struct warning_row *row, bool *due, bool *anew)
{
	int64_t at = h->at_ms > 0 ? h->at_ms : now_ms;
	const char *log = h->log != NULL ? h->log : "";
	bool crowded = false, hidden = false;
	enum err e = is_hidden(db, h, &hidden);

	*row = (struct warning_row){ 0 };
	*due = *anew = false;
	if (e != ERR_NONE || hidden || at < now_ms - WARNING_OLD_MS)
		return e;
	e = warning_find(db, name[h->code], h->central, log, row);
	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	*anew = e == ERR_NOT_FOUND || (row->seen_ms > 0 && is_later(h, row, now_ms));
	*due = *anew || (row->seen_ms == 0 && (now_ms >= row->last_ms + WARNING_REST_MS || h->records > (h->add ? 0 : row->records)));
	e = *anew ? is_crowded(db, h, &crowded) : ERR_NONE;
	if (crowded)
		*anew = *due = false;
	if (*anew) {
		row->since_ms = now_ms;
		row->seen_ms = row->records = 0;
		text_copy(row->code, sizeof(row->code), name[h->code]);
		text_copy(row->central, sizeof(row->central), h->central);
		text_copy(row->log, sizeof(row->log), log);
	}
	row->last_ms = now_ms;
	row->records = h->add ? row->records + h->records : h->records > row->records ? h->records : row->records;
	if (h->place != NULL && h->place[0] != '\0')
		text_copy(row->place, sizeof(row->place), h->place);
	return e;
}

enum err warning_due(struct db *db, const struct happening *what, int64_t now_ms, bool *due)
{
	struct warning_row row;
	bool anew;

	return lay(db, what, now_ms, &row, due, &anew);
}

static enum err tell(struct db *db, const struct warning_row *row)
{
	char self[CENTRAL_ID_SIZE], sentence[WARNING_SENTENCE_SIZE];
	struct warning w;
	enum err e = own_id(db, self);

	if (e != ERR_NONE || !from_row(row, self, &w))
		return e;
	warning_sentence(&w, sentence);
	journal_warning("event=warning code=%s central=%s log=%s place=\"%s\" records=%" PRId64 " why=\"%s\"", row->code, row->central,
		row->log[0] != '\0' ? row->log : "-", row->place, row->records, sentence);
	return ERR_NONE;
}

enum err warning_raise(struct db *db, const struct happening *what, int64_t now_ms)
{
	struct warning_row row;
	bool due, anew;
	enum err e = lay(db, what, now_ms, &row, &due, &anew);

	if (e == ERR_NONE && due)
		e = warning_write(db, &row);
	if (e == ERR_NONE && anew && what->code == WARNING_TWO_CENTRALS)
		e = drop_signs(db, what->central);
	return e == ERR_NONE && anew ? tell(db, &row) : e;
}

enum err warning_over(struct db *db, enum warning_code code, const char *central)
{
	return warning_drop(db, name[code], central);
}
