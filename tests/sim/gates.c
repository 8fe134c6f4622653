#include "gates.h"

#include <string.h>

#include "base/text.h"
#include "domain/camera.h"
#include "domain/gate.h"
#include "domain/ledger_internal.h"
#include "domain/operator.h"
#include "domain/shared.h"
#include "domain/stay.h"
#include "look.h"
#include "poison.h"
#include "program.h"
#include "sim.h"
#include "vfs.h"

#define JOBS_MAX 4

enum job_kind { JOB_OPEN, JOB_CLOSE, JOB_CAMERA, JOB_ENTER, JOB_LEAVE, JOB_CORRECT, JOB_VOID, JOB_FEES, JOB_SUBSCRIBE, JOB_UNDONE };

struct job {
	struct gate_ask ask;               /* its plate is the one of all kinds */
	int64_t history_id, number;
	enum job_kind kind;
	enum err result;
	struct fault fault;
	struct gate_answer answer;
	struct camera_answer camera;
	struct stay_row row;
	struct exit_written exit;
	char log[LOG_ID_SIZE];             /* the record that tells it */
	int64_t seq;
};

static const struct operator_word word = {.by = "operator", .why = "by lot"};

/* ---- asking ---- */

static void plate_of(int number, char out[PLATE_SIZE])
{
	(void)text_format(out, PLATE_SIZE, "29A%05d", number);
}

/* Mostly now; sometimes an edge was cut off and tells late, by minutes or by days. */
static int64_t reported(struct node *x)
{
	struct sim *s = x->sim;
	int64_t now = world_wall_ms(&x->world);
	if (!sim_one_in(s, 5))
		return -1;
	return now - (int64_t)sim_below(s, sim_one_in(s, 4) ? 3 * 86400 * 1000ULL : 20 * 60 * 1000);
}

static void ask_open(struct node *x, struct job *j)
{
	static const enum direction directions[] = {DIRECTION_ANY, DIRECTION_ENTRY, DIRECTION_EXIT};
	struct sim *s = x->sim;
	j->ask.direction = directions[sim_below(s, 3)];
	j->ask.force = sim_one_in(s, 3);
	j->ask.confidence = -1;
	j->ask.reported_at = reported(x);
	(void)text_format(j->ask.edge_id, sizeof(j->ask.edge_id), "edge-%d", (int)sim_below(s, 3));
}

static int64_t some_row(struct node *x)
{
	int64_t rows = look_int(x->gate.db, "SELECT count(*) FROM history WHERE source_central IS NOT ?1", FORKED, 0);
	if (rows <= 0)
		return 0;
	return look_int(x->gate.db, "SELECT id FROM history WHERE source_central IS NOT ?1 ORDER BY id LIMIT 1 OFFSET ?2", FORKED,
		(int64_t)sim_below(x->sim, (uint64_t)rows));
}

/* An operator's row and new plate; an earlier program version has no such thing. */
static void ask_operator(struct node *x, struct job *j)
{
	static const enum job_kind kinds[] = {JOB_ENTER, JOB_LEAVE, JOB_CORRECT, JOB_CORRECT, JOB_VOID, JOB_FEES, JOB_SUBSCRIBE};
	j->kind = kinds[sim_below(x->sim, 7)];
	if (x->old_version && (j->kind == JOB_CORRECT || j->kind == JOB_VOID))
		j->kind = JOB_FEES;
	j->history_id = some_row(x);
	j->number = (int64_t)sim_below(x->sim, 1000);
	j->ask.force = sim_one_in(x->sim, 2);
}

/* Either one operator, or some gates with different plates. */
static int ask_batch(struct node *x, struct job *jobs)
{
	struct sim *s = x->sim;
	int first = (int)sim_below(s, (uint64_t)s->plates), count = 1 + (int)sim_below(s, JOBS_MAX);
	bool operator = sim_one_in(s, 6);
	if (operator || count > s->plates)
		count = 1;
	for (int k = 0; k < count; k++) {
		jobs[k] = (struct job){.kind = sim_one_in(s, 6) ? JOB_CLOSE : sim_one_in(s, 4) ? JOB_CAMERA : JOB_OPEN,
			.number = (int64_t)sim_below(s, 6)};
		plate_of((first + k) % s->plates, jobs[k].ask.plate_id);
		ask_open(x, &jobs[k]);
		if (operator)
			ask_operator(x, &jobs[k]);
		else if (sim_one_in(s, 12))
			jobs[k].kind = JOB_UNDONE;
	}
	return count;
}

/* ---- doing ---- */

static enum err set_fees(struct ledger *l, struct job *j)
{
	struct fees_change c = {.by = "office"};
	char tag[TAG_SIZE];
	enum err e = shared_fees(ledger_db(l), &c.to, tag);
	c.to.fee_per_hour = 1000 * (1 + j->number % 20);
	return e == ERR_NONE ? shared_fees_set(l, &c, &j->fault) : e;
}

/* One subscription, under one of a few names, for the plate or removed. */
static enum err subscribe(struct ledger *l, const struct job *j)
{
	char key[40], value[200];
	struct record r = {.type = RECORD_CONFIG, .at = -1};
	(void)text_format(key, sizeof(key), "subscription/s%d", (int)(j->number % 3));
	(void)text_format(value, sizeof(value),
		"{\"id\":\"s%d\",\"plate_number\":\"%s\",\"owner_name\":\"somebody\",\"status\":\"active\","
		"\"start_date\":\"2025-01-01\",\"end_date\":\"2030-01-01\"}", (int)(j->number % 3), j->ask.plate_id);
	r.data.config = (struct config_data){.key = key, .value = j->ask.force ? NULL : value, .by = "office"};
	return ledger_append(l, &r);
}

static enum err do_operator(struct ledger *l, struct job *j)
{
	struct operator_entry entry = {.entry_ms = -1, .force = j->ask.force};
	struct operator_exit leave = {.history_id = j->history_id, .reason = "normal", .fee = j->ask.force ? -1 : j->number * 1000};
	(void)text_copy(entry.plate_id, sizeof(entry.plate_id), j->ask.plate_id);
	switch (j->kind) {
	case JOB_ENTER:
		return operator_enter(l, &entry, &word, &j->row, &j->fault);
	case JOB_LEAVE:
		return operator_leave(l, &leave, &word, &j->row, &j->exit, &j->fault);
	case JOB_CORRECT:
		return operator_correct(l, j->history_id, j->ask.plate_id, NULL, &word, &j->row, &j->fault);
	case JOB_VOID:
		return operator_void(l, j->history_id, &word, &j->row, &j->fault);
	case JOB_FEES:
		return set_fees(l, j);
	case JOB_SUBSCRIBE:
		return subscribe(l, j);
	case JOB_UNDONE: /* refused after it has written something */
		return subscribe(l, j) == ERR_NONE ? ERR_INVALID : ERR_UNAVAILABLE;
	case JOB_OPEN:
	case JOB_CLOSE:
	case JOB_CAMERA:
		break;
	}
	return ERR_INVALID;
}

/* A box names its events itself, and tells them again when it has had no answer: also to another central. */
static enum err do_camera(struct ledger *l, struct job *j)
{
	char event_id[64];
	struct camera_event ev = {.type = "event", .direction = j->ask.direction == DIRECTION_EXIT ? DIRECTION_EXIT : DIRECTION_ENTRY,
		.event_id = event_id, .camera_id = "camera-1", .edge_id = "edge-1", .confidence = -1, .time = {-1, -1, false},
		.arrived_ms = world_wall_ms(ledger_world(l)), .payload = "{}", .payload_len = 2};
	(void)text_format(event_id, sizeof(event_id), "edge-1_%lld_%s", (long long)j->number, j->ask.plate_id);
	(void)text_copy(ev.plate_id, sizeof(ev.plate_id), j->ask.plate_id);
	j->ask.reported_at = -1;
	return camera_event(l, &ev, &j->camera);
}

static enum err do_job(struct ledger *l, struct job *j)
{
	int64_t before = l->now.seq;
	if (j->kind == JOB_OPEN)
		j->result = gate_open(l, &j->ask, &j->answer, &j->fault);
	else if (j->kind == JOB_CAMERA)
		j->result = do_camera(l, j);
	else if (j->kind == JOB_CLOSE)
		j->result = gate_close(l, j->ask.edge_id, j->ask.plate_id, "", &j->answer);
	else
		j->result = do_operator(l, j);
	if (j->result == ERR_NONE && l->now.seq > before) {
		(void)text_copy(j->log, sizeof(j->log), l->now.log);
		j->seq = l->now.seq;
	}
	return j->result;
}

/* As run_batch of fcgi/writer.c. */
static enum err do_batch(struct ledger *l, struct job *jobs, int count)
{
	enum err e = ledger_begin(l);
	if (e != ERR_NONE)
		return e;
	for (int k = 0; k < count; k++) {
		e = ledger_savepoint(l);
		if (e == ERR_NONE)
			e = do_job(l, &jobs[k]);
		if (e == ERR_UNAVAILABLE || e == ERR_MEMORY || e == ERR_SYSTEM || !db_in_transaction(ledger_db(l))) {
			ledger_rollback(l);
			return ERR_UNAVAILABLE;
		}
		if (e == ERR_NONE)
			e = ledger_savepoint_keep(l);
		else
			ledger_savepoint_undo(l);
		if (e == ERR_UNAVAILABLE) {
			ledger_rollback(l);
			return e;
		}
	}
	return ledger_commit(l);
}

/* ---- what was told holds ---- */

static bool inside(struct node *x, const struct job *j, char event_id[STAY_NAME_SIZE])
{
	struct stay_row row;
	int64_t as_of = j->ask.reported_at >= 0 ? j->ask.reported_at : INT64_MAX;
	enum err e = stay_inside(x->gate.db, j->ask.plate_id, as_of, &row);
	event_id[0] = '\0';
	if (e == ERR_NONE)
		(void)text_copy(event_id, STAY_NAME_SIZE, row.event_id);
	else if (e != ERR_NOT_FOUND)
		sim_fail(x->sim, "%s: who is inside cannot be read: %s", x->id, err_name(e));
	return e == ERR_NONE;
}

static void check_fee(struct node *x, const struct job *j, int64_t fee)
{
	int64_t held = look_int(x->gate.db, "SELECT fee FROM exits WHERE log = ?1 AND seq = ?2", j->log, j->seq);
	if (held != fee)
		sim_fail(x->sim, "%s: %s was told a fee of %lld, its exit %.8s %lld has %lld", x->id, j->ask.plate_id, (long long)fee, j->log,
			(long long)j->seq, (long long)held);
}

static void check_open(struct node *x, const struct job *j)
{
	char event_id[STAY_NAME_SIZE];
	bool is_inside = inside(x, j, event_id);
	const char *told = j->answer.event_id;
	bool by_exit = j->answer.action == DIRECTION_EXIT;
	if (j->result == ERR_CONFLICT ? j->answer.already_inside : !by_exit) {
		if (strcmp(event_id, told) != 0)
			sim_fail(x->sim, "%s: %s was told to be inside by %s, it is by \"%s\" (as of %lld)", x->id, j->ask.plate_id, told, event_id,
				(long long)j->ask.reported_at);
	} else if (is_inside) {
		sim_fail(x->sim, "%s: %s was told to be outside, it is inside by %s (as of %lld)", x->id, j->ask.plate_id, event_id,
			(long long)j->ask.reported_at);
	}
	if (j->result == ERR_NONE && by_exit)
		check_fee(x, j, j->answer.fee);
}

/* Had anything about this stay come before its entry did: an exit, a void? Then it may have ended as it began. */
static bool told_before(struct node *x, const char *event_id)
{
	return look_int(x->gate.db, "SELECT count(*) FROM records WHERE event_id = ?1", event_id, 0) > 1 &&
		look_int(x->gate.db, "SELECT count(*) FROM history WHERE event_id = ?1", event_id, 0) == 1;
}

static bool box_was_told(const struct job *j)
{
	return j->kind == JOB_CAMERA && j->result == ERR_NONE && j->camera.outcome == CAMERA_ACCEPTED;
}

/* An exit that carries its entry's id ends that stay whatever plate was read: of one that an operator has corrected, or that
 * stands for another, the plate may differ, and the plate that was read may be inside by a stay of its own. */
static void check_left(struct node *x, const struct job *j, const char *inside_by)
{
	struct stay_row row = {0};
	if (stay_find(x->gate.db, j->camera.event_id, &row) != ERR_NONE || row.status != STAY_OUT)
		sim_fail(x->sim, "%s: a box was told that %s left by %s, which is not out", x->id, j->ask.plate_id, j->camera.event_id);
	if (inside_by[0] && strcmp(row.plate_id, j->ask.plate_id) == 0)
		sim_fail(x->sim, "%s: a box was told that %s left by %s, it is inside by \"%s\"", x->id, j->ask.plate_id, j->camera.event_id,
			inside_by);
	check_fee(x, j, j->camera.fee);
}

static void check_camera(struct node *x, const struct job *j)
{
	char event_id[STAY_NAME_SIZE];
	(void)inside(x, j, event_id);
	if (!box_was_told(j))
		return;
	if (j->ask.direction == DIRECTION_EXIT)
		check_left(x, j, event_id);
	else if (!told_before(x, j->camera.event_id) && strcmp(event_id, j->camera.event_id) != 0)
		sim_fail(x->sim, "%s: a box was told that %s entered by %s, it is inside by \"%s\"", x->id, j->ask.plate_id,
			j->camera.event_id, event_id);
}

/* Did a box, which names its events itself, end a stay of another plate than its own, or begin one of which an exit was known?
 * Then it may have changed what was told to others before it in the same commit, and rightly so. */
static bool reaches_others(struct node *x, const struct job *j)
{
	struct stay_row row;
	if (!box_was_told(j) || stay_find(x->gate.db, j->camera.event_id, &row) != ERR_NONE)
		return false;
	return strcmp(row.plate_id, j->ask.plate_id) != 0 || (j->ask.direction != DIRECTION_EXIT && told_before(x, j->camera.event_id));
}

static void check_row(struct node *x, const struct job *j, bool as_told)
{
	if (!as_told)
		sim_fail(x->sim, "%s: row %lld is not as the operator was told (job %d, %s)", x->id, (long long)j->history_id, j->kind,
			j->row.event_id);
}

/* Whoever may write at all may write a time that no clock follows any more, and has the last word on that stay by it. */
static bool outdone(struct node *x, const char *event_id)
{
	return look_int(x->gate.db, "SELECT count(*) FROM records WHERE event_id = ?1 AND unread = 0"
		" AND hlc_ms > (SELECT hlc_ms FROM clock)", event_id, 0) > 0;
}

static void check_operator(struct node *x, const struct job *j)
{
	struct stay_row row = {0};
	if (j->result != ERR_NONE || j->kind == JOB_FEES || j->kind == JOB_SUBSCRIBE)
		return;
	if (stay_find(x->gate.db, j->row.event_id, &row) != ERR_NONE)
		sim_fail(x->sim, "%s: row %s, told to an operator, is not there", x->id, j->row.event_id);
	check_row(x, j, row.status == j->row.status);
	if (j->kind == JOB_VOID)
		check_row(x, j, row.status == STAY_VOID);
	/* STAY_BOUND: an exit's own row that it left for a stay */
	if (j->kind == JOB_CORRECT && row.status != STAY_BOUND && !outdone(x, j->row.event_id))
		check_row(x, j, row.status != STAY_VOID && strcmp(row.plate_id, j->ask.plate_id) == 0);
	if (j->kind == JOB_LEAVE) {
		check_row(x, j, row.status == STAY_OUT);
		check_fee(x, j, j->exit.fee);
	}
}

static void check_told(struct node *x, const struct job *j)
{
	if (j->result != ERR_NONE && j->result != ERR_CONFLICT)
		return;
	x->sim->told++;
	if (j->kind == JOB_OPEN)
		check_open(x, j);
	else if (j->kind == JOB_CAMERA)
		check_camera(x, j);
	else if (j->kind != JOB_CLOSE)
		check_operator(x, j);
	else if (j->result == ERR_NONE && look_int(x->gate.db, "SELECT confirmed_ts FROM history WHERE event_id = ?1",
		j->answer.event_id, 0) <= 0)
		sim_fail(x->sim, "%s: the confirmation of %s is not there", x->id, j->answer.event_id);
}

static void told(struct node *x, const struct job *jobs, int count)
{
	const struct ledger *l = x->gate.ledger;
	struct vector_entry e = {.seq = l->now.seq};
	int holds_from = count - 1;
	x->disk->calm++;
	while (holds_from > 0 && !reaches_others(x, &jobs[holds_from]))
		holds_from--;
	for (int k = 0; k < count; k++) {
		const struct job *j = &jobs[k];
		sim_say(x->sim, "%s: job %d %s dir %d force %d at %lld -> %s %s %s seq %lld", x->id, j->kind, j->ask.plate_id, j->ask.direction,
			j->ask.force, (long long)j->ask.reported_at, err_name(j->result), j->fault.code, j->answer.event_id, (long long)j->seq);
		sim_hash(x->sim, &j->result, sizeof(j->result));
		sim_hash(x->sim, j->answer.event_id, strlen(j->answer.event_id));
		if (k >= holds_from)
			check_told(x, j);
		if (j->seq <= 0)
			continue;
		(void)text_copy(e.log, sizeof(e.log), l->now.log);
		memcpy(e.chain_head, l->now.chain.byte, sizeof(e.chain_head));
		owed_add(&x->owed, &e);
	}
	x->disk->calm--;
}

void gates_work(struct node *x)
{
	struct job jobs[JOBS_MAX];
	enum err e;
	if (!x->gate.db)
		return;
	program_is(x->old_version);
	x->disk->calm++;
	int count = ask_batch(x, jobs);
	x->disk->calm--;
	e = do_batch(x->gate.ledger, jobs, count);
	if (e == ERR_NONE && !x->disk->dead[PROCESS_GATE])
		told(x, jobs, count);
	else
		x->sim->refused++;
	if (e == ERR_NONE && sim_one_in(x->sim, 30))
		program_checkpoint(x->gate.db, false);
	node_look_dead(x);
	if (e == ERR_NONE && !sim_one_in(x->sim, 10)) /* else the ring is lost, and p2pd looks by itself within a second */
		node_ring(x);
}
