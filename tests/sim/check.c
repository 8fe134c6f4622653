#include "check.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/verify.h"
#include "fresh.h"
#include "look.h"
#include "p2pd/state.h"
#include "poison.h"
#include "../unit/merge_rows.h"
#include "sim.h"

#define ROWS_MAX (64u * 1024 * 1024)

/* Each counts what is wrong. */
static const struct { const char *what, *sql; } WRONG[] = {
	{"logs whose head is not their last record",
		"SELECT count(*) FROM logs l WHERE head_seq != (SELECT count(*) FROM records r WHERE r.log = l.log) OR head_chain IS NOT"
		" (SELECT chain FROM records r WHERE r.log = l.log AND seq = (SELECT max(seq) FROM records r WHERE r.log = l.log))"},
	{"logs whose head has no seal",
		"SELECT count(*) FROM logs l WHERE NOT EXISTS (SELECT 1 FROM seals s WHERE s.log = l.log AND s.seq = l.head_seq)"},
	{"exits that are not as their records tell them",
		"SELECT count(*) FROM exits e WHERE NOT EXISTS (SELECT 1 FROM records r WHERE r.log = e.log AND r.seq = e.seq AND unread = 0"
		" AND json_extract(payload, '$.data.fee') = e.fee)"},
	{"exits in no row",
		"SELECT count(*) FROM exits e WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.event_id = e.bound AND h.status != 'BOUND')"},
	{"records of exits that are no exit",
		"SELECT count(*) FROM records r WHERE type = 'VEHICLE_EXIT' AND unread = 0 AND json_extract(payload, '$.data.via') IS NOT"
		" 'legacy' AND NOT EXISTS"		" (SELECT 1 FROM exits e WHERE e.log = r.log AND e.seq = r.seq)"},
	{"stays with two exits that count",
		"SELECT count(*) FROM (SELECT 1 FROM exits WHERE kind = 'counted' GROUP BY bound HAVING count(*) > 1)"},
	{"plates inside twice",
		"SELECT count(*) FROM (SELECT 1 FROM history WHERE status = 'IN' GROUP BY plate_id HAVING count(*) > 1)"},
	{"stays with another fee than their exit",
		"SELECT count(*) FROM history h JOIN exits e ON e.bound = h.event_id AND kind = 'counted' WHERE h.status = 'OUT'"
		" AND h.fee != e.fee"},
	{"foreign keys that lead nowhere", "SELECT count(*) FROM pragma_foreign_key_check"},
};

static const char ALARMS[] = "SELECT count(*) FROM logs WHERE flags & 10 != 0"; /* LOG_FORKED, LOG_ROLLED_BACK */

void check_owed(struct node *x)
{
	struct db *db = node_look(x);
	const struct vector_entry *e = db ? owed_missing(&x->owed, db) : NULL;
	if (e)
		sim_fail(x->sim, "%s has told that it holds log %.8s up to %lld, and holds it no more (or with another chain)", x->id, e->log,
			(long long)e->seq);
	node_looked(x);
}

/* What the mesh believes to be held is held. */
static void check_vector(struct node *x, struct db *db)
{
	for (uint32_t i = 0; x->mesh && i < x->mesh->logs.count; i++) {
		const struct known_log *k = &x->mesh->logs.log[i];
		struct chain chain;
		if (k->held == 0)
			continue;
		if (record_chain(db, k->log, k->held, &chain) != ERR_NONE || !chain_equal(&chain, &k->head))
			sim_fail(x->sim, "%s: the mesh believes to hold log %.8s up to %lld, the rows do not", x->id, k->log, (long long)k->held);
	}
}

static int64_t told_of(const struct owed *o, const char *log)
{
	for (size_t k = 0; k < o->count; k++)
		if (strcmp(o->entry[k].log, log) == 0)
			return o->entry[k].seq;
	return 0;
}

/* A database that was put back may lack what its central had told before. */
static bool may_hold(const struct sim *s, const char *id, const char *log, int64_t seq)
{
	for (int k = 1; k <= s->count; k++)
		if (strcmp(s->node[k]->id, id) == 0)
			return s->node[k]->older || told_of(&s->node[k]->owed, log) >= seq;
	return true;
}

static void check_mark(struct node *x, const struct mark *mark)
{
	int64_t total = 1, quorum = 1, every = 1;
	for (size_t k = 0; k < x->mesh->neighbours; k++) {
		const struct neighbour *n = x->mesh->neighbour[k];
		if (!n->configured)
			continue;
		total++;
		quorum += may_hold(x->sim, n->row.id, mark->log, mark->quorum);
		every += may_hold(x->sim, n->row.id, mark->log, mark->every);
	}
	if (mark->quorum > told_of(&x->at_quorum, mark->log) && 3 * quorum <= 2 * total)
		sim_fail(x->sim, "%s marks log %.8s as at quorum up to %lld, which %lld of %lld hold", x->id, mark->log, (long long)mark->quorum,
			(long long)quorum, (long long)total);
	if (mark->every > told_of(&x->at_all, mark->log) && every < total)
		sim_fail(x->sim, "%s marks log %.8s as held by all up to %lld, which %lld of %lld hold", x->id, mark->log, (long long)mark->every,
			(long long)every, (long long)total);
}

void check_marks(struct node *x)
{
	struct mark rows[64];
	size_t count = x->mesh && mesh_marks_moved(x->mesh) ? mesh_marks(x->mesh, rows, sizeof(rows) / sizeof(rows[0])) : 0;
	for (size_t k = 0; k < count; k++) {
		struct vector_entry e = {.seq = rows[k].quorum};
		check_mark(x, &rows[k]);
		memcpy(e.log, rows[k].log, sizeof(e.log));
		owed_add(&x->at_quorum, &e);
		e.seq = rows[k].every;
		owed_add(&x->at_all, &e);
	}
}

/* An own log that not every peer is known to hold, NULL none. What was put back or forked may never be. */
static const struct own_log *unmarked(const struct sim *s, const struct node *x)
{
	for (uint32_t k = 0; x->mesh && !s->forked && k < x->mesh->marks.count; k++) {
		const struct own_log *o = &x->mesh->marks.own[k];
		if (o->now.every < x->mesh->logs.log[o->log].held)
			return o;
	}
	return NULL;
}

/* Has anything happened that is to be flagged? */
static bool alarming(const struct sim *s)
{
	if (s->forked)
		return true;
	for (int k = 1; k <= s->count; k++)
		if (s->node[k]->older)
			return true;
	return false;
}

void check_node(struct node *x)
{
	struct db *db = node_look(x);
	for (size_t k = 0; db && k < sizeof(WRONG) / sizeof(WRONG[0]); k++) {
		int64_t count = look_int(db, WRONG[k].sql, NULL, 0);
		if (count != 0)
			sim_fail(x->sim, "%s: %lld %s", x->id, (long long)count, WRONG[k].what);
	}
	if (db && !alarming(x->sim) && look_int(db, ALARMS, NULL, 0) != 0)
		sim_fail(x->sim, "%s flags a log as forked or rolled back, though no database was ever put back and none was forked", x->id);
	if (db)
		check_vector(x, db);
	node_looked(x);
	check_owed(x);
}

void check_file(struct node *x)
{
	struct db *db = node_look(x);
	char text[200] = "ok";
	if (db)
		look_text(db, "PRAGMA integrity_check(1)", 0, text, sizeof(text));
	if (strcmp(text, "ok") != 0)
		sim_fail(x->sim, "%s: the file is broken: %s", x->id, text);
	node_looked(x);
}

/* ---- all of them ---- */

/* Of the first lines that differ: what they begin with, and from the first column that differs on. */
static void first_difference(const char *a, const char *b, char *out, size_t size)
{
	size_t line = 0, column = 0, k = 0;
	for (; a[k] && a[k] == b[k]; k++) {
		if (a[k] == '\n')
			line = k + 1;
		if (a[k] == '\n' || a[k] == '|')
			column = k + 1;
	}
	(void)text_format(out, size, " %.*s:\n#   …%.*s\n#   …%.*s", (int)strcspn(a + line, "|\n"), a + line,
		(int)strcspn(a + column, "\n"), a + column, (int)strcspn(b + column, "\n"), b + column);
}

static const char RECORDS[] = "SELECT log, head_seq, hex(head_chain) FROM logs WHERE id != '" FORKED "' ORDER BY log";

static void rows_of(struct node *x, const char *sql, struct buf *out)
{
	struct db *db = node_look(x);
	buf_init(out, ROWS_MAX);
	if (db)
		look_rows(db, sql, out);
	node_looked(x);
}

/* Empty if x has the same rows as the first, else where they differ. */
static void differs(struct node *x, const char *sql, const struct buf *first, char *out, size_t size)
{
	struct buf rows;
	rows_of(x, sql, &rows);
	out[0] = '\0';
	if (rows.len != first->len || memcmp(buf_text(&rows), buf_text(first), rows.len) != 0)
		first_difference(buf_text(first), buf_text(&rows), out, size);
	buf_free(&rows);
}

bool check_told(struct sim *s, char *out, size_t size)
{
	struct peer_status all[4 * NODES_MAX];
	for (int k = 1; k <= s->count; k++) {
		size_t count = s->node[k]->mesh ? mesh_peer_statuses(s->node[k]->mesh, all, sizeof(all) / sizeof(all[0])) : 0;
		for (size_t i = 0; i < count; i++) {
			const struct peer_status *p = &all[i];
			if (!p->configured || (p->connected && (s->forked || (p->behind == 0 && p->ahead == 0))))
				continue;
			(void)text_format(out, size, "%s shows %s as %s, %lld behind, %lld ahead: %s", s->node[k]->id, p->id, p->state,
				(long long)p->behind, (long long)p->ahead, p->why.sentence);
			return false;
		}
		const struct own_log *o = unmarked(s, s->node[k]);
		if (!o)
			continue;
		(void)text_format(out, size, "%s marks its log %.8s as held by all up to %lld only", s->node[k]->id, o->now.log,
			(long long)o->now.every);
		return false;
	}
	return true;
}

bool check_same_records(struct sim *s)
{
	struct buf first;
	char text[400] = "";
	rows_of(s->node[1], RECORDS, &first);
	for (int k = 2; k <= s->count && !text[0]; k++)
		differs(s->node[k], RECORDS, &first, text, sizeof(text));
	buf_free(&first);
	return !text[0];
}

static void check_equal(struct sim *s, const char *what, const char *sql)
{
	struct buf first;
	char text[500] = "";
	rows_of(s->node[1], sql, &first);
	for (int k = 2; k <= s->count && !s->failed; k++) {
		differs(s->node[k], sql, &first, text, sizeof(text));
		if (text[0])
			sim_fail(s, "%s and %s differ in %s:%s", s->node[1]->id, s->node[k]->id, what, text);
	}
	sim_hash(s, first.data, first.len);
	buf_free(&first);
}

static void check_fresh(struct sim *s, struct node *fresh, const char *what, const char *sql)
{
	struct buf first;
	char text[500];
	rows_of(s->node[1], sql, &first);
	differs(fresh, sql, &first, text, sizeof(text));
	if (text[0])
		sim_fail(s, "%s and a fresh central differ in %s:%s", s->node[1]->id, what, text);
	buf_free(&first);
}

static void no_show(void *arg, const struct verify_counts *so_far)
{
	(void)arg;
	(void)so_far;
}

static void check_verify(struct node *x)
{
	struct verify_counts counts;
	struct verify_finding finding = {0};
	const struct verify_watch watch = {.show = no_show};
	struct db *db = node_look(x);
	enum err e = db ? verify_run(db, &watch, &counts, &finding) : ERR_NONE;
	if (e != ERR_NONE)
		sim_fail(x->sim, "%s: parkmeshctl verify would find: %s %.8s %lld %s", x->id, err_name(e), finding.log, (long long)finding.seq,
			finding.what);
	node_looked(x);
}

static const struct { const char *what, *sql; } EQUAL[] = {
	{"logs", RECORDS},
	{"history", "SELECT event_id, source_central, edge_id, plate_id, plate_view, entry_time, entry_camera_id, entry_camera_name,"
		" entry_confidence, entry_source, exit_time, exit_camera_id, exit_camera_name, exit_confidence, exit_source, duration, fee,"
		" status, entry_ts, exit_ts, exit_central, confirmed_ts, superseded_by, flags, camera_type, exit_edge,"
		" exit_reason, missed_by, opened, begin_ts, entry_log, entry_seq, entry_at, entry_hlc_ms, entry_hlc_counter, exit_log, exit_seq, exit_at FROM history"
		" WHERE status != 'BOUND' AND source_central IS NOT '" FORKED "' ORDER BY event_id"},
	{"exits", "SELECT * FROM exits ORDER BY log, seq"},
	{"settings", "SELECT * FROM settings ORDER BY key"},
	{"subscriptions", "SELECT * FROM subscriptions ORDER BY id"},
};
#define EQUALS (sizeof(EQUAL) / sizeof(EQUAL[0]))

void check_end(struct sim *s)
{
	for (size_t k = 0; k < EQUALS; k++)
		check_equal(s, EQUAL[k].what, EQUAL[k].sql);
	for (int k = 1; k <= s->count && !s->failed; k++) {
		check_node(s->node[k]);
		check_file(s->node[k]);
	}
	struct db *db = node_look(s->node[1]);
	s->records = (size_t)look_int(db, "SELECT count(*) FROM records", NULL, 0);
	node_looked(s->node[1]);
	if (s->failed)
		return;
	for (int k = 1; k <= s->count; k++)
		if (s->forked || sim_one_in(s, (uint64_t)s->count))
			check_verify(s->node[k]);
	struct node *fresh = fresh_new(s, s->node[1]);
	for (size_t k = 0; k < EQUALS && !s->failed; k++)
		check_fresh(s, fresh, EQUAL[k].what, EQUAL[k].sql);
	node_free(fresh);
}

void check_write(struct sim *s, FILE *out)
{
	static const char *const texts[] = {"SELECT payload FROM records WHERE unread = 0 AND type IN ('VEHICLE_ENTRY_PENDING',"
		" 'VEHICLE_ENTRY_CONFIRMED', 'VEHICLE_EXIT', 'HISTORY_UPDATE', 'HISTORY_DELETE') ORDER BY log, seq", MERGE_ROWS};
	for (size_t k = 0; k < 2; k++) {
		struct buf rows;
		rows_of(s->node[1], texts[k], &rows);
		fprintf(out, "%s\n", buf_text(&rows));
		buf_free(&rows);
	}
	fflush(out);
}
