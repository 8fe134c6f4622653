#include "domain/gate.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "domain/stay.h"
#include "store/logs.h"

#define CLOCK_GOOD_MS (60 * 1000)
#define REPORT_OLDEST_MS (30LL * 24 * 60 * 60 * 1000)
#define SECONDS_BELOW 1e11          /* as seconds the year 5138, as ms 1973 */
#define EVENT_TRIES 100000          /* one ms each; more entries of one plate in one ms do not happen */

/* Unix ms of a number an edge gave; -1 if it is no time. */
static int64_t edge_ms(double number)
{
	double ms = number < SECONDS_BELOW ? number * 1000 : number;

	return isfinite(number) && number > 0 && ms < (double)INTEGER_MAX ? (int64_t)ms : -1;
}

int64_t edge_time_counts(const struct edge_time *t, int64_t now_ms)
{
	int64_t at = edge_ms(t->timestamp), sent = edge_ms(t->sent_at);

	if (at < 0 || sent < 0 || sent > now_ms + CLOCK_GOOD_MS || sent < now_ms - CLOCK_GOOD_MS)
		return -1;
	return at > now_ms || at < now_ms - REPORT_OLDEST_MS ? -1 : at;
}

/* The moment of an event: when it counts (at), what is shown and priced (ts), and as of when the gate decides. */
struct moment { int64_t at, ts, as_of; };

/* At the wall clock an event is raised above all that is known of its plate, so that causality holds whatever the clocks say; an
 * edge-reported time is kept, and when it is older than what is known the gate decides as of it. */
static enum err moment_of(struct db *db, const struct gate_ask *ask, int64_t now_ms, struct moment *out)
{
	int64_t newest = 0;
	enum err e = plate_newest(db, ask->plate_id, &newest);

	if (ask->reported_at >= 0)
		*out = (struct moment){ ask->reported_at, ask->reported_at, ask->reported_at < newest ? ask->reported_at : INT64_MAX };
	else
		*out = (struct moment){ now_ms > newest ? now_ms : newest + 1, now_ms, INT64_MAX };
	return e;
}

static void answer_stay(struct gate_answer *out, const struct stay_row *held)
{
	text_copy(out->event_id, sizeof(out->event_id), held->event_id);
	text_copy(out->entry_time, sizeof(out->entry_time), held->entry_time);
	text_copy(out->entry_from, sizeof(out->entry_from), held->source_central);
	out->history_id = held->id;
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

static const char *text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

static enum err write_entry(struct ledger *l, const struct gate_ask *ask, const struct moment *m, struct gate_answer *out)
{
	char entry_time[ZONE_TEXT];
	struct record r = { .type = RECORD_ENTRY, .event_id = out->event_id, .at = m->at };
	struct stay_row row;
	enum err e = unused_event_id(l, m->at, ask->plate_id, out->event_id);

	if (e != ERR_NONE)
		return e;
	zone_text(m->ts, entry_time);
	r.data.entry = (struct entry_data){ .plate_id = ask->plate_id, .plate_view = text_or_null(ask->plate_view),
		.edge_id = ask->edge_id, .camera_type = text_or_null(ask->camera_type), .direction = "ENTRY", .entry_time = entry_time,
		.source = "edge", .entry_ts = m->ts, .confidence = ask->confidence };
	e = ledger_append(l, &r);
	if (e == ERR_NONE)
		e = stay_find(ledger_db(l), out->event_id, &row);
	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	answer_stay(out, &row);
	return ERR_NONE;
}

/* held: the stay it ends; NULL for an exit without entry. */
static enum err write_exit(struct ledger *l, const struct gate_ask *ask, const struct moment *m, const struct stay_row *held,
	const char *reason, struct gate_answer *out)
{
	bool charged = held != NULL && strcmp(reason, "missed") != 0;
	int64_t seconds = held == NULL ? 0 : stay_seconds(held->entry_ts, m->ts);
	char exit_time[ZONE_TEXT], tariff_name[TARIFF_NAME_SIZE];
	struct tariff tariff;
	struct record r = { .type = RECORD_EXIT, .event_id = held == NULL ? NULL : held->event_id, .at = m->at };
	enum err e = site_tariff(ledger_db(l), &tariff, tariff_name);

	if (e != ERR_NONE)
		return e;
	out->fee = charged ? tariff_fee(&tariff, seconds) : 0;
	duration_text(seconds, out->duration);
	zone_text(m->ts, exit_time);
	r.data.exit = (struct exit_data){ .plate_id = ask->plate_id, .exit_central = ledger_central(l), .exit_edge = ask->edge_id,
		.exit_time = exit_time, .exit_ts = m->ts, .fee = out->fee, .duration = out->duration, .reason = reason, .edge_fee = -1,
		.tariff = text_or_null(tariff_name) };
	e = ledger_append(l, &r);
	if (e == ERR_NONE && held != NULL)
		answer_stay(out, held);
	else if (e == ERR_NONE)
		exit_name_make(r.log, r.seq, out->event_id);
	return e;
}

static enum err enter(struct ledger *l, const struct gate_ask *ask, const struct moment *m, const struct stay_row *held,
	struct gate_answer *out, struct fault *fault)
{
	enum err e = ERR_NONE;

	out->action = DIRECTION_ENTRY;
	if (held != NULL && !ask->force) {
		out->already_inside = true;
		answer_stay(out, held);
		return fault_set(fault, ERR_CONFLICT, "already_inside", "", "%s is inside already, since %s.", ask->plate_id,
			held->entry_time);
	}
	/* The two records of a forced entry share one `at`, the exit first: nothing can come between them. */
	if (held != NULL)
		e = write_exit(l, ask, m, held, "missed", out);
	return e == ERR_NONE ? write_entry(l, ask, m, out) : e;
}

static enum err leave(struct ledger *l, const struct gate_ask *ask, const struct moment *m, const struct stay_row *held,
	struct gate_answer *out, struct fault *fault)
{
	out->action = DIRECTION_EXIT;
	out->has_entry = held != NULL;
	if (held == NULL && !ask->force)
		return fault_set(fault, ERR_CONFLICT, "no_entry", "", "No entry of %s is known.", ask->plate_id);
	return write_exit(l, ask, m, held, held == NULL ? "forced" : "normal", out);
}

enum err gate_open(struct ledger *l, const struct gate_ask *ask, struct gate_answer *out, struct fault *fault)
{
	struct stay_row row;
	const struct stay_row *held;
	struct moment m;
	enum err e = moment_of(ledger_db(l), ask, world_wall_ms(ledger_world(l)), &m);

	*out = (struct gate_answer){ 0 };
	if (e == ERR_NONE)
		e = stay_inside(ledger_db(l), ask->plate_id, m.as_of, &row);
	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	held = e == ERR_NONE ? &row : NULL;
	if (ask->direction == DIRECTION_ENTRY || (ask->direction == DIRECTION_ANY && held == NULL))
		return enter(l, ask, &m, held, out, fault);
	return leave(l, ask, &m, held, out, fault);
}

enum err gate_close(struct ledger *l, const char *edge_id, const char *plate_id, const char *event_id, struct gate_answer *out)
{
	int64_t now = world_wall_ms(ledger_world(l));
	char now_text[ZONE_TEXT];
	struct record r = { .type = RECORD_CONFIRMED, .event_id = out->event_id, .at = -1 };
	struct stay_row row;
	enum err e;

	*out = (struct gate_answer){ 0 };
	e = stay_find_unconfirmed(ledger_db(l), plate_id, ledger_central(l), edge_id, text_or_null(event_id), &row);
	if (e != ERR_NONE)
		return e;
	answer_stay(out, &row);
	zone_text(now, now_text);
	r.data.confirmed = (struct confirmed_data){ .confirmed_time = now_text, .confirmed_ts = now };
	return ledger_append(l, &r);
}

enum err gate_look(struct db *db, const struct gate_ask *ask, int64_t now_ms, struct gate_answer *out)
{
	char tariff_name[TARIFF_NAME_SIZE];
	struct tariff tariff;
	struct stay_row held;
	struct moment m;
	enum err e = moment_of(db, ask, now_ms, &m);

	*out = (struct gate_answer){ .action = ask->direction };
	if (e == ERR_NONE)
		e = stay_inside(db, ask->plate_id, m.as_of, &held);
	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_NONE : e;
	answer_stay(out, &held);
	out->already_inside = ask->direction == DIRECTION_ENTRY;
	out->has_entry = ask->direction == DIRECTION_EXIT;
	e = site_tariff(db, &tariff, tariff_name);
	if (e == ERR_NONE) {
		out->fee = tariff_fee(&tariff, stay_seconds(held.entry_ts, m.ts));
		duration_text(stay_seconds(held.entry_ts, m.ts), out->duration);
	}
	return e;
}
