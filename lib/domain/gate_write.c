#include "domain/gate_write.h"

#include <string.h>

#include "base/text.h"
#include "domain/ledger.h"

#define EVENT_TRIES 100000          /* one ms each; more entries of one plate in one ms do not happen */

enum err moment_of(struct db *db, const char *plate_id, const char *other_plate, int64_t reported_at, int64_t now_ms,
	struct moment *out)
{
	int64_t newest = 0, other = 0;
	enum err e = plate_newest(db, plate_id, &newest);

	if (e == ERR_NONE && other_plate != NULL && strcmp(other_plate, plate_id) != 0)
		e = plate_newest(db, other_plate, &other);
	if (other > newest)
		newest = other;
	if (reported_at >= 0)
		*out = (struct moment){ reported_at, reported_at, reported_at < newest ? reported_at : INT64_MAX };
	else
		*out = (struct moment){ now_ms > newest ? now_ms : newest < INTEGER_MAX ? newest + 1 : INTEGER_MAX, now_ms, INT64_MAX };
	return e;
}

static const char *text_or_null(const char *text)
{
	return text == NULL || text[0] == '\0' ? NULL : text;
}

static enum err unused_event_id(struct ledger *l, int64_t at, const char *plate_id, char out[EVENT_ID_SIZE])
{
	for (int64_t ms = at; ms < at + EVENT_TRIES; ms++) {
		size_t used = 0;
		enum err e;

		text_format(out, EVENT_ID_SIZE, "%s_%lld_%s", ledger_central(l), (long long)ms, plate_id);
		e = record_count_of_event(ledger_db(l), out, &used);
		if (e != ERR_NONE || used == 0)
			return e;
	}
	return ERR_CONFLICT;
}

enum err gate_write_entry(struct ledger *l, const struct entry_write *w, struct stay_row *out)
{
	char event_id[EVENT_ID_SIZE], entry_time[ZONE_TEXT];
	struct record r = { .type = RECORD_ENTRY, .event_id = text_or_null(w->event_id), .at = w->when.at };
	enum err e = ERR_NONE;

	if (r.event_id == NULL) {
		e = unused_event_id(l, w->when.at, w->plate_id, event_id);
		r.event_id = event_id;
	}
	if (e != ERR_NONE)
		return e;
	zone_text(w->when.ts, entry_time);
	r.data.entry = (struct entry_data){ .plate_id = w->plate_id, .plate_view = text_or_null(w->plate_view),
		.edge_id = text_or_null(w->edge_id), .camera_type = text_or_null(w->camera_type), .camera_id = text_or_null(w->camera_id),
		.camera_name = text_or_null(w->camera_name), .direction = "ENTRY", .entry_time = entry_time,
		.source = text_or_null(w->source), .entry_ts = w->when.ts, .confidence = w->confidence, .by = text_or_null(w->by),
		.why = text_or_null(w->why) };
	e = ledger_append(l, &r);
	if (e == ERR_NONE)
		e = stay_find(ledger_db(l), r.event_id, out);
	return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err gate_fee(struct db *db, const char *plate_id, int64_t entry_ts, int64_t exit_ts, struct gate_price *out)
{
	struct tariff tariff;
	enum err e = site_tariff(db, &tariff, out->tariff);

	if (e == ERR_NONE)
		e = subscription_owner(db, plate_id, exit_ts, out->subscriber);
	if (e == ERR_NONE)
		out->fee = out->subscriber[0] != '\0' ? 0 : tariff_fee(&tariff, stay_seconds(entry_ts, exit_ts));
	return e;
}

enum err gate_write_exit(struct ledger *l, const struct exit_write *w, struct exit_written *out)
{
	const struct stay_row *stay = w->stay;
	int64_t entry_ts = stay == NULL ? w->when.ts : stay->entry_ts;
	bool charged = stay != NULL && strcmp(w->reason, "missed") != 0;
	struct record r = { .type = RECORD_EXIT, .event_id = stay == NULL ? NULL : stay->event_id, .at = w->when.at };
	struct gate_price price;
	/* who pays is decided by the stay's plate: the one read at the exit may be misread */
	enum err e = gate_fee(ledger_db(l), stay == NULL ? w->plate_id : stay->plate_id, entry_ts, w->when.ts, &price);

	if (e != ERR_NONE)
		return e;
	if (w->fee >= 0)
		out->fee = w->fee;
	else
		out->fee = charged ? price.fee : 0;
	duration_text(stay_seconds(entry_ts, w->when.ts), out->duration);
	zone_text(w->when.ts, out->exit_time);
	r.data.exit = (struct exit_data){ .plate_id = w->plate_id, .exit_central = ledger_central(l), .exit_edge = text_or_null(w->edge_id),
		.camera_id = text_or_null(w->camera_id), .camera_name = text_or_null(w->camera_name), .exit_time = out->exit_time,
		.exit_ts = w->when.ts, .fee = out->fee, .duration = out->duration, .reason = w->reason,
		.edge_event_id = text_or_null(w->edge_event_id), .edge_fee = w->edge_fee, .tariff = text_or_null(price.tariff),
		.by = text_or_null(w->by), .why = text_or_null(w->why) };
	e = ledger_append(l, &r);
	exit_name_make(r.log, r.seq, out->name);
	return e;
}
