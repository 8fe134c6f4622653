#include "domain/old_write.h"

#include <string.h>

#include "domain/ledger.h"
#include "domain/tariff.h"
#include "store/logs.h"

/* ---- what is held ---- */

struct held { int64_t exit_second; bool entry, confirmed, exit; };

static bool note_record(void *arg, enum record_type type, const struct key *key)
{
	struct held *h = arg;

	(void)key;
	h->entry = h->entry || type == RECORD_ENTRY;
	h->confirmed = h->confirmed || type == RECORD_CONFIRMED;
	return true;
}

static enum err note_exit(void *arg, const struct exit_row *x)
{
	struct held *h = arg;

	h->exit = h->exit || x->exit_ts / 1000 == h->exit_second;
	return ERR_NONE;
}

/* An exit may be held that names no stay, or another which stands for this one: so those at the row are looked at, too. */
static enum err look_for(struct db *db, const char *event_id, int64_t exit_ms, struct held *h)
{
	enum err e = record_each_named(db, event_id, note_record, h);

	h->exit_second = exit_ms / 1000;
	if (e == ERR_NONE)
		e = exit_each_naming(db, event_id, note_exit, h);
	return e == ERR_NONE ? exit_each_bound(db, event_id, note_exit, h) : e;
}

/* ---- records ---- */

static const char *text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static int64_t counts_at(const struct ledger *l, int64_t ms)
{
	int64_t now = world_wall_ms(ledger_world(l));

	return ms < now ? ms : now;
}

/* The ms that an event_id has in it, if it is of this second; a row knows no more than the second. */
static int64_t entry_ms(const struct old_facts *f)
{
	const char *begin = strchr(f->event_id, '_');
	char digits[20];
	int64_t ms;

	if (begin == NULL || strcspn(begin + 1, "_") >= sizeof(digits))
		return f->entry_ms;
	text_format(digits, sizeof(digits), "%.*s", (int)strcspn(begin + 1, "_"), begin + 1);
	return number_parse(digits, INTEGER_MAX, &ms) && ms / 1000 == f->entry_ms / 1000 ? ms : f->entry_ms;
}

static enum err write_entry(struct ledger *l, const struct old_facts *f)
{
	struct record r = { .type = RECORD_ENTRY, .event_id = f->event_id, .legacy = true, .at = counts_at(l, entry_ms(f)),
		.source_central = text_or_null(f->source_central) };

	r.data.entry = (struct entry_data){ .plate_id = f->plate_id, .plate_view = text_or_null(f->plate_view),
		.edge_id = text_or_null(f->edge_id), .camera_type = text_or_null(f->camera_type), .camera_id = text_or_null(f->entry_camera_id),
		.camera_name = text_or_null(f->entry_camera_name), .direction = "ENTRY", .entry_time = f->entry_time,
		.entry_ts = f->entry_ms, .confidence = f->confidence, .source = text_or_null(f->entry_source) };
	return ledger_append(l, &r);
}

static enum err write_exit(struct ledger *l, const struct old_facts *f)
{
	char made[DURATION_SIZE];
	struct record r = { .type = RECORD_EXIT, .event_id = f->event_id, .legacy = true, .at = counts_at(l, f->exit_ms),
		.source_central = text_or_null(f->source_central) };

	duration_text(f->entered ? stay_seconds(f->entry_ms, f->exit_ms) : 0, made);
	r.data.exit = (struct exit_data){ .plate_id = f->plate_id, .exit_central = text_or_null(f->exit_central),
		.exit_edge = text_or_null(f->exit_edge), .camera_id = text_or_null(f->exit_camera_id),
		.camera_name = text_or_null(f->exit_camera_name), .exit_time = f->exit_time, .exit_ts = f->exit_ms, .fee = f->fee,
		.duration = f->duration[0] != '\0' ? f->duration : made, .reason = f->reason, .edge_fee = -1 };
	return ledger_append(l, &r);
}

enum err old_write(struct ledger *l, const struct old_facts *f, struct old_written *out)
{
	struct held h = { 0 };
	enum err e = look_for(ledger_db(l), f->event_id, f->left ? f->exit_ms : -1, &h);
	bool entry = f->entered && !h.entry, exit = f->left && !f->ours && !h.exit;

	if (e == ERR_NONE && entry)
		e = write_entry(l, f);
	if (e == ERR_NONE && exit)
		e = write_exit(l, f);
	if (e != ERR_NONE)
		return e;
	out->entries += entry;
	out->exits += exit;
	return ERR_NONE;
}

enum err old_write_confirmation(struct ledger *l, const char *event_id, const char *source_central, int64_t confirmed_ms,
	struct old_written *out)
{
	struct held h = { 0 };
	char confirmed_time[ZONE_TEXT];
	struct record r = { .type = RECORD_CONFIRMED, .event_id = event_id, .legacy = true, .at = counts_at(l, confirmed_ms),
		.source_central = text_or_null(source_central) };
	enum err e = record_each_named(ledger_db(l), event_id, note_record, &h);

	if (e != ERR_NONE || h.confirmed)
		return e;
	zone_text(confirmed_ms, confirmed_time);
	r.data.confirmed = (struct confirmed_data){ .confirmed_time = confirmed_time, .confirmed_ts = confirmed_ms };
	e = ledger_append(l, &r);
	out->confirmations += e == ERR_NONE;
	return e;
}
