#include "domain/gate.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "domain/gate_write.h"
#include "domain/ledger.h"
#include "domain/stay.h"
#include "store/edges.h"

#define CLOCK_GOOD_MS (60 * 1000)
#define REPORT_OLDEST_MS (30LL * 24 * 60 * 60 * 1000)
#define SECONDS_BELOW 1e11          /* as seconds the year 5138, as ms 1973 */

/* Unix ms of a number an edge gave; -1 if it is no time. */
static int64_t edge_ms(double number)
{
	double ms = number < SECONDS_BELOW ? number * 1000 : number;

	return isfinite(number) && number > 0 && ms < (double)INTEGER_MAX ? (int64_t)ms : -1;
}

bool edge_clock_good(double told, int64_t now_ms)
{
	int64_t clock = edge_ms(told);

	return clock >= 0 && clock <= now_ms + CLOCK_GOOD_MS && clock >= now_ms - CLOCK_GOOD_MS;
}

int64_t edge_time_counts(const struct edge_time *t, int64_t now_ms)
{
	int64_t at = edge_ms(t->timestamp);
	bool good = edge_ms(t->sent_at) < 0 ? t->clock_known : edge_clock_good(t->sent_at, now_ms);

	if (at < 0 || !good)
		return -1;
	return at > now_ms || at < now_ms - REPORT_OLDEST_MS ? -1 : at;
}

static void answer_stay(struct gate_answer *out, const struct stay_row *held)
{
	text_copy(out->event_id, sizeof(out->event_id), held->event_id);
	text_copy(out->entry_time, sizeof(out->entry_time), held->entry_time);
	text_copy(out->entry_from, sizeof(out->entry_from), held->source_central);
	out->history_id = held->id;
}

static enum err write_entry(struct ledger *l, const struct gate_ask *ask, const struct moment *m, struct gate_answer *out)
{
	struct entry_write w = { .plate_id = ask->plate_id, .plate_view = ask->plate_view, .edge_id = ask->edge_id,
		.camera_type = ask->camera_type, .source = "edge", .confidence = ask->confidence, .when = *m };
	struct stay_row row;
	enum err e = gate_write_entry(l, &w, &row);

	if (e == ERR_NONE)
		answer_stay(out, &row);
	return e;
}

/* held: the stay it ends; NULL for an exit without entry. */
static enum err write_exit(struct ledger *l, const struct gate_ask *ask, const struct moment *m, const struct stay_row *held,
	const char *reason, struct gate_answer *out)
{
	struct exit_write w = { .plate_id = ask->plate_id, .edge_id = ask->edge_id, .stay = held, .reason = reason, .fee = -1,
		.edge_fee = -1, .when = *m };
	struct exit_written written;
	enum err e = gate_write_exit(l, &w, &written);

	if (e != ERR_NONE)
		return e;
	out->fee = written.fee;
	text_copy(out->duration, sizeof(out->duration), written.duration);
	if (held != NULL)
		answer_stay(out, held);
	else
		text_copy(out->event_id, sizeof(out->event_id), written.name);
	return ERR_NONE;
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

/* What the request says of the facts of its direction goes with the refusal. */
static enum err refuse_lane(const struct gate_ask *ask, const struct stay_row *held, struct gate_answer *out, struct fault *fault)
{
	bool entry = ask->direction == DIRECTION_ENTRY;

	out->action = ask->direction;
	out->already_inside = entry && held != NULL;
	out->has_entry = !entry && held != NULL;
	if (held != NULL)
		answer_stay(out, held);
	return fault_set(fault, ERR_CONFLICT, "wrong_lane", "direction", "%s is set as an %s lane; use the other one, or force it.",
		ask->edge_id, entry ? "exit" : "entry");
}

/* The direction a request has: its own, else its lane's. ERR_CONFLICT: they differ. */
static enum err direction_of(struct db *db, const struct gate_ask *ask, enum direction *out)
{
	static const enum direction of_lane[] = { [LANE_ANY] = DIRECTION_ANY, [LANE_ENTRY] = DIRECTION_ENTRY,
		[LANE_EXIT] = DIRECTION_EXIT };
	struct edge_row edge = { .lane = LANE_ANY };
	enum err e = edge_find(db, ask->edge_id, &edge);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	*out = ask->direction == DIRECTION_ANY ? of_lane[edge.lane] : ask->direction;
	return ask->force || edge.lane == LANE_ANY || *out == of_lane[edge.lane] ? ERR_NONE : ERR_CONFLICT;
}

enum err gate_open(struct ledger *l, const struct gate_ask *ask, struct gate_answer *out, struct fault *fault)
{
	enum direction direction = DIRECTION_ANY;
	enum err fits;
	struct stay_row row;
	const struct stay_row *held;
	struct moment m;
	enum err e = moment_of(ledger_db(l), ask->plate_id, NULL, ask->reported_at, world_wall_ms(ledger_world(l)), &m);

	*out = (struct gate_answer){ 0 };
	if (e == ERR_NONE)
		e = stay_inside(ledger_db(l), ask->plate_id, m.as_of, &row);
	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	held = e == ERR_NONE ? &row : NULL;
	fits = direction_of(ledger_db(l), ask, &direction);
	if (fits != ERR_NONE)
		return fits == ERR_CONFLICT ? refuse_lane(ask, held, out, fault) : fits;
	if (direction == DIRECTION_ENTRY || (direction == DIRECTION_ANY && held == NULL))
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
	e = stay_find_unconfirmed(ledger_db(l), plate_id, ledger_central(l), edge_id, event_id[0] == '\0' ? NULL : event_id,
		&row);
	if (e != ERR_NONE)
		return e;
	answer_stay(out, &row);
	zone_text(now, now_text);
	r.data.confirmed = (struct confirmed_data){ .confirmed_time = now_text, .confirmed_ts = now };
	return ledger_append(l, &r);
}

enum err gate_look(struct db *db, const struct gate_ask *ask, int64_t now_ms, struct gate_answer *out)
{
	struct gate_price price;
	struct stay_row held;
	struct moment m;
	enum err e = moment_of(db, ask->plate_id, NULL, ask->reported_at, now_ms, &m);

	*out = (struct gate_answer){ .action = ask->direction };
	if (e == ERR_NONE)
		e = subscription_owner(db, ask->plate_id, m.ts, out->subscriber);
	if (e == ERR_NONE)
		e = stay_inside(db, ask->plate_id, m.as_of, &held);
	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_NONE : e;
	answer_stay(out, &held);
	out->already_inside = ask->direction == DIRECTION_ENTRY;
	out->has_entry = ask->direction == DIRECTION_EXIT;
	e = gate_fee(db, ask->plate_id, held.entry_ts, m.ts, &price);
	if (e == ERR_NONE) {
		out->fee = price.fee;
		duration_text(stay_seconds(held.entry_ts, m.ts), out->duration);
	}
	return e;
}
