/*
 * store/outline and store/history_page: whatever rows there are and become, a page is what going through all of them finds; and what an
 * older read transaction sees spoils nothing for those who see more.
 */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "author.h"
#include "base/text.h"
#include "central.h"
#include "chance.h"
#include "store/db_internal.h"
#include "store/history_page.h"
#include "store/outline.h"
#include "store/plate_set.h"

#define ROWS 5000           /* some stretches */
#define ROWS_MOST 20000
#define ROUNDS 400

struct play { struct db *db; struct outline *outline; struct chance chance; };

static void run(struct db *db, const char *sql)
{
	char *why = NULL;

	if (sqlite3_exec(db->handle, sql, NULL, NULL, &why) != SQLITE_OK)
		test_fail(__FILE__, __LINE__, "%s in: %s", why, sql);
	sqlite3_free(why);
}

static int64_t below(struct play *p, int64_t bound)
{
	return (int64_t)chance_below(&p->chance, (uint64_t)bound);
}

/* Times meet often, as do plates; some centrals, edges and states are rare, and some only in a few stretches. */
static void add_rows(struct play *p, int64_t count, int64_t latest)
{
	int64_t seed = below(p, 1000000000);
	char sql[1600];

	CHECK(text_format(sql, sizeof(sql),
		"INSERT INTO history(event_id, source_central, edge_id, plate_id, plate_view, status, sync_status, created_at, updated_at,"
		" entry_ts, begin_ts, exit_central, exit_edge, flags, change)"
		" WITH RECURSIVE n(i, r) AS (SELECT 1, %" PRId64 " UNION ALL SELECT i + 1, (r * 48271 + 11) %% 2147483647 FROM n"
		" WHERE i < %" PRId64 ")"
		" SELECT i || '-' || r, 'central-' || (r %% 3), 'edge-' || iif(r %% 3000 = 7, 9, r %% 4),"
		" printf('%%02dA%%05d', 29 + r %% 5, r %% 700), '', CASE WHEN r %% 1500 = 1 THEN 'VOID' WHEN r %% 900 = 2 THEN 'SUPERSEDED'"
		" WHEN r %% 50 = 3 THEN 'IN' WHEN r %% 40 = 4 THEN 'BOUND' ELSE 'OUT' END, '', '', '', iif(r %% 70 = 5, NULL, 1),"
		" r / 7 %% %" PRId64 ", iif(r %% 4 = 1, NULL, 'central-' || (r %% 5)), iif(r %% 4 = 1, NULL, 'edge-' || (r %% 6)),"
		" iif(r %% 90 = 5, 'no_entry', ''), (SELECT change + 1 FROM clock) FROM n", seed, count, latest));
	run(p->db, sql);
}

static void change(struct play *p)
{
	char sql[400];

	run(p->db, "BEGIN");
	if (below(p, 3) == 0)
		add_rows(p, 1 + below(p, below(p, 20) == 0 ? 3000 : 30), ROWS);
	text_format(sql, sizeof(sql), "UPDATE history SET (status, exit_edge, plate_id, change) = ('%s', 'edge-%d', '30B' || (id %% 1000),"
		" (SELECT change + 1 FROM clock)) WHERE id IN (SELECT id FROM history WHERE id %% 977 = %d LIMIT %d)",
		below(p, 2) == 0 ? "OUT" : "VOID", (int)below(p, 12), (int)below(p, 977), (int)below(p, 4));
	run(p->db, sql);
	run(p->db, "UPDATE clock SET change = change + 1; COMMIT");
}

/* ---- the same by going through all ---- */

struct ids { int64_t id[ROWS_MOST], count; };

static enum err note(void *arg, const struct history_row *row)
{
	struct ids *all = arg;

	if (all->count == ROWS_MOST)
		return ERR_TOO_LARGE;
	all->id[all->count++] = row->id;
	return ERR_NONE;
}

static void go_through(struct db *db, const struct history_filter *f, struct ids *out)
{
	struct history_filter all = *f;

	all.limit = ROWS_MOST;
	all.offset = 0;
	out->count = 0;
	CHECK_INT(history_list(db, &all, note, out), ERR_NONE);
}

static const char *one_of(struct play *p, const char *const *texts, int64_t count)
{
	return texts[below(p, count)];
}

static struct history_filter some_filter(struct play *p)
{
	static const char *const search[] = { "", "", NULL, "7", "A000", "29A00011", "A0001", "ZZ", "30B", "B55" };
	static const char *const status[] = { NULL, NULL, "IN", "OUT", "VOID", "SUPERSEDED" };
	static const char *const central[] = { NULL, NULL, "central-1", "central-4", "central-9" };
	static const char *const edge[] = { NULL, NULL, "edge-1", "edge-9", "edge-11", "edge-x" };
	struct history_filter f = { .limit = 1 + below(p, 60), .oldest_first = below(p, 3) == 0 };

	f.search = one_of(p, search, 10);
	f.status = one_of(p, status, 6);
	f.central = one_of(p, central, 5);
	f.edge = one_of(p, edge, 6);
	f.from_ts = below(p, 3) == 0 ? below(p, ROWS) : 0;
	f.to_ts = below(p, 3) == 0 ? f.from_ts + below(p, ROWS) : 0;
	f.in_parking_only = below(p, 9) == 0;
	f.entries_only = below(p, 9) == 0;
	f.flagged = below(p, 9) == 0;
	return f;
}

static void check_total(const struct history_found *found, const struct ids *all)
{
	if (found->total_exact)
		CHECK_INT(found->total, all->count);
	else
		CHECK(found->total >= 0 && found->total <= all->count);
}

/* All pages one after another are all rows. */
static void walk_pages(struct play *p, struct history_filter f, const struct ids *all)
{
	struct history_found found = { 0 };
	struct ids page;
	int64_t seen = 0;

	do {
		page.count = 0;
		CHECK_INT(history_page(p->outline, p->db, &f, note, &page, &found), ERR_NONE);
		CHECK_INT(page.count, found.count);
		CHECK(seen + page.count <= all->count);
		CHECK(memcmp(page.id, all->id + seen, (size_t)page.count * sizeof(*page.id)) == 0);
		if (!f.has_after)
			check_total(&found, all);
		CHECK(!found.more || found.count == f.limit);
		seen += page.count;
		f.has_after = true;
		f.after = found.next;
	} while ((found.more || found.stopped) && seen < 10 * f.limit);
	CHECK(found.more || found.stopped || seen == all->count);
}

static void look_far(struct play *p, struct history_filter f, const struct ids *all)
{
	struct history_found found;
	struct ids page = { .count = 0 };
	int64_t left;

	f.offset = below(p, 4) == 0 ? all->count + below(p, 5) : below(p, all->count + 1);
	left = all->count > f.offset ? all->count - f.offset : 0;
	CHECK_INT(history_page(p->outline, p->db, &f, note, &page, &found), ERR_NONE);
	CHECK_INT(page.count, left < f.limit ? left : f.limit);
	CHECK(memcmp(page.id, all->id + f.offset, (size_t)page.count * sizeof(*page.id)) == 0);
	CHECK_INT(found.more, left > f.limit);
	check_total(&found, all);
}

TEST(pages_are_what_going_through_all_rows_finds)
{
	static struct ids all;
	struct play p = { .chance = { 8 } };
	struct fault fault;

		CHECK_INT(db_open(":memory:", DB_WRITE, &p.db, &fault), ERR_NONE);
	CHECK_INT(outline_open(&p.outline), ERR_NONE);
	add_rows(&p, ROWS, ROWS);
	for (int i = 0; i < ROUNDS && !test_failed; i++) {
		const struct history_filter f = some_filter(&p);

		change(&p);
		go_through(p.db, &f, &all);
		walk_pages(&p, f, &all);
		look_far(&p, f, &all);
		if (test_failed)
			test_fail(__FILE__, __LINE__, "round %d: search %s status %s central %s edge %s from %" PRId64 " to %" PRId64 " %d %d %d %d", i,
				f.search ? f.search : "-", f.status ? f.status : "-", f.central ? f.central : "-", f.edge ? f.edge : "-", f.from_ts, f.to_ts,
				f.in_parking_only, f.entries_only, f.flagged, f.oldest_first);
	}
	outline_close(p.outline);
	db_close(p.db);
}

/* The only row for it is the oldest of so many that they are not gone through at once. */
TEST(a_search_stops_and_goes_on)
{
	struct history_filter f = { .edge = "edge-77", .limit = 10 };
	struct history_found found;
	struct play p = { .chance = { 9 } };
	struct ids *page = calloc(1, sizeof(*page));
	struct fault fault;

	CHECK_INT(db_open(":memory:", DB_WRITE, &p.db, &fault), ERR_NONE);
	CHECK_INT(outline_open(&p.outline), ERR_NONE);
	add_rows(&p, 50 * 1000, 1000000);
	run(p.db, "UPDATE history SET (edge_id, status) = ('edge-77', 'OUT')"
		" WHERE id = (SELECT id FROM history ORDER BY begin_ts, id LIMIT 1)");
	CHECK_INT(history_page(p.outline, p.db, &f, note, page, &found), ERR_NONE);
	CHECK(found.stopped && !found.more && !found.total_exact);
	CHECK_INT(found.count, 0);
	f.has_after = true;
	f.after = found.next;
	CHECK_INT(history_page(p.outline, p.db, &f, note, page, &found), ERR_NONE);
	CHECK(!found.stopped && !found.more);
	CHECK_INT(found.count, 1);
	f.has_after = false;
	CHECK_INT(history_page(p.outline, p.db, &f, note, page, &found), ERR_NONE);
	CHECK(!found.stopped && found.total_exact);
	CHECK_INT(found.count, 1);
	f.oldest_first = true;
	CHECK_INT(history_page(p.outline, p.db, &f, note, page, &found), ERR_NONE);
	CHECK_INT(found.count, 1);
	free(page);
	outline_close(p.outline);
	db_close(p.db);
}

static void tell_entry(struct central *c, unsigned char number, int64_t at)
{
	struct author a;
	struct record r = { .type = RECORD_ENTRY, .event_id = "told-twice", .at = at };

	r.data.entry = (struct entry_data){ .plate_id = "29A12345", .plate_view = "29A-123.45", .edge_id = "edge-1", .entry_ts = -1,
		.confidence = -1 };
	author_begin(&a, number == 7 ? "central-7" : "central-8", number, AUTHOR_TIME, NULL, 0);
	author_say(&a, &r);
	CHECK_INT(author_give(&a, c->ledger), ERR_NONE);
	author_free(&a);
}

static void count_all(struct play *p, int64_t *total)
{
	const struct history_filter f = { .limit = 10 };
	struct history_found found = { 0 };
	struct ids *page = calloc(1, sizeof(*page));

	CHECK_INT(history_page(p->outline, p->db, &f, note, page, &found), ERR_NONE);
	CHECK(found.total_exact);
	free(page);
	*total = found.total;
}

/* A second entry for an event may have begun earlier: then the row is where it begins now, and nowhere else. */
TEST(a_row_that_moves_is_counted_once)
{
	struct play p = { .chance = { 11 } };
	struct central c;
	int64_t before = 0, after = 0;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(outline_open(&p.outline), ERR_NONE);
	p.db = c.db;
	add_rows(&p, 5000, AUTHOR_TIME - 1000);
	run(p.db, "UPDATE clock SET change = change + 1");
	tell_entry(&c, 7, AUTHOR_TIME);
	count_all(&p, &before);
	tell_entry(&c, 8, 1);
	count_all(&p, &after);
	CHECK_INT(after, before);
	outline_close(p.outline);
	central_close(&c);
}

/* One connection keeps an older view while another has more told. */
struct two { struct db *write, *read; struct outline *outline; struct outline_look old, fresh; char path[64]; };

static void add_one(struct db *db, const char *plate, int64_t begin_ts)
{
	char sql[400];

	text_format(sql, sizeof(sql), "BEGIN; INSERT INTO history(event_id, plate_id, status, sync_status, created_at, updated_at, begin_ts,"
		" change) VALUES('%s', '%s', 'OUT', '', '', '', %" PRId64 ", (SELECT change + 1 FROM clock));"
		" UPDATE clock SET change = change + 1; COMMIT", plate, plate, begin_ts);
	run(db, sql);
}

static void open_two(struct two *t)
{
	struct fault fault;
	int fd;

	text_copy(t->path, sizeof(t->path), "/tmp/parkmesh-outline-XXXXXX");
	fd = mkstemp(t->path);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK_INT(db_open(t->path, DB_WRITE, &t->write, &fault), ERR_NONE);
	CHECK_INT(db_open(t->path, DB_READ, &t->read, &fault), ERR_NONE);
	CHECK_INT(outline_open(&t->outline), ERR_NONE);
	add_one(t->write, "29A00001", 10);
	CHECK_INT(db_read_begin(t->read), ERR_NONE);
	CHECK_INT(outline_look(t->outline, t->read, &t->old), ERR_NONE);
}

static void close_two(struct two *t)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock" };
	char name[80];

	outline_close(t->outline);
	db_read_end(t->read);
	db_close(t->read);
	db_close(t->write);
	for (size_t i = 0; i < 4; i++) {
		text_format(name, sizeof(name), "%s%s", t->path, ends[i]);
		unlink(name);
	}
}

static bool finds(const struct outline_look *look, const char *part)
{
	struct buf plates;
	bool few = false, found;

	buf_init(&plates, 1000);
	found = outline_plates(look, part, 10, &plates, &few) == ERR_NONE && (!few || strstr(buf_text(&plates), part) != NULL);
	buf_free(&plates);
	return found;
}

TEST(who_sees_less_spoils_nothing_for_others)
{
	const struct span always = { 0, INT64_MAX };
	struct span part;
	struct two t;
	int64_t count = 0, question;

	open_two(&t);
	add_one(t.write, "29A00002", 20);
	CHECK_INT(outline_look(t.outline, t.write, &t.fresh), ERR_NONE);
	question = outline_question(&t.old, "29A00002");
	outline_none(&t.old, question, always);       /* it sees no such row */
	CHECK(outline_first(&t.fresh, question, false, always, &part));
	CHECK_INT(outline_count(&t.old, always, &count), ERR_NONE);
	CHECK_INT(count, 1);
	CHECK_INT(outline_count(&t.fresh, always, &count), ERR_NONE);
	CHECK_INT(count, 2);
	CHECK(finds(&t.old, "00001"));
	CHECK(finds(&t.fresh, "00002"));
	outline_none(&t.fresh, question, always);
	CHECK(!outline_first(&t.fresh, question, false, always, &part));
	add_one(t.write, "29A00003", 30);
	CHECK_INT(outline_look(t.outline, t.write, &t.fresh), ERR_NONE);
	CHECK(outline_first(&t.fresh, question, false, always, &part));
	CHECK(finds(&t.fresh, "00003"));
	close_two(&t);
}

TEST(a_question_gives_its_place_to_later_ones)
{
	const struct span always = { 0, INT64_MAX };
	int64_t first, last = 0;
	struct span part;
	struct two t;
	char words[40];

	open_two(&t);
	first = outline_question(&t.old, "first");
	CHECK_INT(outline_question(&t.old, "first"), first);
	outline_none(&t.old, first, always);
	CHECK(!outline_first(&t.old, first, true, always, &part));
	for (int i = 0; i < 64; i++) {
		text_format(words, sizeof(words), "question %d", i);
		last = outline_question(&t.old, words);
	}
	CHECK(outline_first(&t.old, last, true, always, &part));
	CHECK(outline_first(&t.old, first, true, always, &part));
	outline_none(&t.old, first, always);          /* whose place it is now must not get it */
	CHECK(outline_first(&t.old, last, true, always, &part));
	outline_none(&t.old, 0, always);
	CHECK(outline_first(&t.old, 0, true, always, &part));
	close_two(&t);
}

TEST(plates_are_found_by_any_part_of_them)
{
	struct plate_set s;
	char plate[16];
	size_t at = 0;
	int found = 0;

	plate_set_init(&s);
	CHECK(plate_set_next(&s, "A", &at) == NULL);
	for (int i = 0; i < 10000; i++) {
		text_format(plate, sizeof(plate), "29A%05d", i / 2);
		CHECK_INT(plate_set_add(&s, plate), ERR_NONE);
	}
	CHECK_INT(s.count, 5000);
	for (const char *p; (p = plate_set_next(&s, "A04", &at)) != NULL; found++)
		CHECK(strncmp(p, "29A04", 5) == 0);
	CHECK_INT(found, 1000);
	at = 0;
	CHECK_STR(plate_set_next(&s, "9A04999", &at), "29A04999");
	CHECK(plate_set_next(&s, "9A04999", &at) == NULL);
	at = 0;
	CHECK(plate_set_next(&s, "0000129A", &at) == NULL);
	plate_set_free(&s);
}

TEST_MAIN
