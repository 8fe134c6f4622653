/* Centrals of the older system, on a virtual clock: what they are told, asked and answered, and what they can do. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/world.h"
#include "base/zone.h"
#include "chance.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "p2pd/legacy.h"
#include "p2pd/legacy_side.h"
#include "p2pd/legacy_state.h"
#include "seal/seal.h"
#include "store/db.h"

#define SECOND 1000000LL
#define WALL 1764000000000LL
#define SAID_MAX 20000

/* One of ours with one old central; the other end of each link is the test. */
struct place {
	int64_t now_us;
	struct chance chance;
	struct world world;
	struct db *db;
	struct ledger *gates, *own;   /* writers fcgi and p2pd */
	struct rows rows;
	struct mesh_rows mesh;
	struct legacy_side side;
	struct legacy_io io;
	struct legacy *l;
	uint64_t last_link, dialled;
	size_t queued;
	bool caught_up;
	char *said[SAID_MAX];         /* messages sent, as "<link> <bytes>" */
	size_t count;
};

static int64_t wall(void *self) { return WALL + ((struct place *)self)->now_us / 1000; }
static int64_t mono(void *self) { return ((struct place *)self)->now_us; }
static void chance(void *self, void *out, size_t len) { chance_bytes(&((struct place *)self)->chance, out, len); }

static enum err dial(void *self, const char *host, int port, bool http, uint64_t *link)
{
	struct place *x = self;
	(void)host;
	(void)port;
	(void)http;
	*link = x->dialled = ++x->last_link;
	return ERR_NONE;
}

static void send_message(void *self, uint64_t link, const char *bytes, size_t len)
{
	struct place *x = self;
	char *copy = malloc(len + 24);
	if (!copy || x->count == SAID_MAX)
		abort();
	sprintf(copy, "%llu %.*s", (unsigned long long)link, (int)len, bytes);
	x->said[x->count++] = copy;
}

static size_t queued(void *self, uint64_t link) { (void)link; return ((struct place *)self)->queued; }
static void nothing(void *self, uint64_t link) { (void)self; (void)link; }
static bool never(void *self, uint64_t link) { (void)self; (void)link; return false; }
static void reading(void *self, uint64_t link, bool on) { (void)self; (void)link; (void)on; }
static void close_link(void *self, uint64_t link, const char *why) { (void)self; (void)link; (void)why; }
static bool disk_low(void *self) { (void)self; return false; }

static void links(struct place *x)
{
	x->io.links = (struct legacy_links){.self = x, .dial = dial, .send = send_message, .queued = queued, .trust = nothing,
		.is_http = never, .reading = reading, .close = close_link};
}

static void forget(struct place *x)
{
	while (x->count)
		free(x->said[--x->count]);
}

static void run(struct place *x, int64_t us)
{
	int64_t until = x->now_us + us;
	for (int turns = 0; turns < 100000; turns++) {
		int64_t due = legacy_run(x->l, x->caught_up);
		if (due > until)
			break;
		x->now_us = due > x->now_us ? due : x->now_us + 1;
	}
	x->now_us = until;
	(void)legacy_run(x->l, x->caught_up);
}

static void begin(struct place *x)
{
	const struct peer_row row = {.id = "central-3", .ip = "10.0.0.3", .p2p_port = 9000, .weight = 1, .dialect = "legacy"};
	if (legacy_new(&x->io, &x->world, &x->l) != ERR_NONE)
		abort();
	CHECK_INT(legacy_configure(x->l, "central-1", &row, 1), ERR_NONE);
	run(x, 1);
}

static struct place *place_new(void)
{
	struct place *x = calloc(1, sizeof(*x));
	struct fault fault;
	if (!x)
		abort();
	x->now_us = 1000 * SECOND;
	x->chance.state = 5;
	x->caught_up = true;
	x->world = (struct world){.wall_ms = wall, .mono_us = mono, .random = chance, .self = x};
	zone_set(ZONE_DEFAULT);
	if (!seal_start() || db_open(":memory:", DB_WRITE, &x->db, &fault) != ERR_NONE)
		abort();
	(void)db_begin(x->db);
	(void)site_first_start(x->db, &x->world);
	(void)db_commit(x->db);
	if (ledger_open(x->db, "fcgi", &x->world, &x->gates) != ERR_NONE || ledger_open(x->db, "p2pd", &x->world, &x->own) != ERR_NONE)
		abort();
	rows_init(&x->rows, x->own, &x->world, ":memory:");
	rows_table(&x->rows, &x->mesh);
	x->mesh.disk_low = disk_low;
	x->side = (struct legacy_side){.rows = &x->rows, .mesh = x->mesh};
	legacy_side_rows(&x->side, &x->io.rows);
	links(x);
	begin(x);
	return x;
}

static void place_free(struct place *x)
{
	legacy_free(x->l);
	ledger_close(x->gates);
	ledger_close(x->own);
	db_close(x->db);
	forget(x);
	free(x);
}

static void hear(struct place *x, uint64_t link, const char *message)
{
	legacy_message(x->l, link, strdup(message), strlen(message));
	run(x, SECOND / 10);
}

/* How many of the messages sent have all of this in them. */
static int said(const struct place *x, const char *a, const char *b)
{
	int count = 0;
	for (size_t i = 0; i < x->count; i++)
		count += strstr(x->said[i], a) && strstr(x->said[i], b);
	return count;
}

static void join(struct place *x)
{
	legacy_opened(x->l, x->dialled, "10.0.0.3");
	run(x, SECOND / 10);
}

static void enter(struct place *x, int number)
{
	char plate[20], event[60];
	(void)text_format(plate, sizeof(plate), "29A%05d", number);
	(void)text_format(event, sizeof(event), "central-1_%d_%s", number, plate);
	struct record r = {.type = RECORD_ENTRY, .event_id = event, .at = -1};
	r.data.entry = (struct entry_data){.plate_id = plate, .edge_id = "edge-1", .entry_time = "2025-11-24 23:00:00", .entry_ts = wall(x),
		.confidence = -1};
	(void)ledger_begin(x->gates);
	CHECK_INT(ledger_append(x->gates, &r), ERR_NONE);
	CHECK_INT(ledger_commit(x->gates), ERR_NONE);
	legacy_look(x->l);
	run(x, SECOND / 10);
}

static int64_t rows_like(const struct place *x, const char *event_id)
{
	size_t count = 0;
	(void)record_count_of_event(x->db, event_id, &count);
	return (int64_t)count;
}

TEST(asks_when_it_has_dialled_and_tells_its_own)
{
	struct place *x = place_new();
	join(x);
	CHECK_INT(said(x, "SYNC_REQUEST", "\"since_timestamp\":1763396"), 1); /* seven days back */
	enter(x, 1);
	CHECK_INT(said(x, "VEHICLE_ENTRY_PENDING", "29A00001"), 1);
	hear(x, x->dialled, "{\"type\":\"VEHICLE_ENTRY_PENDING\",\"source_central\":\"central-3\",\"event_id\":\"central-3_1_29B00001\","
		"\"data\":{\"plate_id\":\"29B00001\",\"entry_time\":\"2025-11-24 23:00:00\"}}");
	legacy_look(x->l);
	run(x, SECOND);
	CHECK_INT(rows_like(x, "central-3_1_29B00001"), 1);
	CHECK_INT(said(x, "29B00001", ""), 0); /* what it told goes back to nobody */
	run(x, 31 * SECOND);
	CHECK_INT(said(x, "HEARTBEAT", ""), 1);
	place_free(x);
}

/* Nothing is acknowledged: what was sent shortly before a break may not have arrived. */
TEST(what_a_break_may_have_lost_is_told_again)
{
	struct place *x = place_new();
	join(x);
	enter(x, 1);
	run(x, 2 * OLD_SURE_MS * 1000LL + SECOND);
	enter(x, 2);
	forget(x);
	legacy_closed(x->l, x->dialled, CAUSE_NONE, "broken");
	run(x, 40 * SECOND);
	enter(x, 3);
	join(x);
	run(x, SECOND);
	CHECK_INT(said(x, "PENDING", "29A00001"), 0); /* sent long enough before */
	CHECK_INT(said(x, "PENDING", "29A00002"), 1);
	CHECK_INT(said(x, "PENDING", "29A00003"), 1);
	place_free(x);
}

/* The mark is in the database. */
TEST(a_restart_goes_on_where_it_was)
{
	struct place *x = place_new();
	join(x);
	enter(x, 1);
	run(x, 2 * OLD_SURE_MS * 1000LL + 10 * SECOND);
	enter(x, 2);
	legacy_free(x->l);
	x->l = NULL;
	forget(x);
	begin(x);
	join(x);
	run(x, SECOND);
	CHECK_INT(said(x, "PENDING", "29A00001"), 0);
	CHECK_INT(said(x, "PENDING", "29A00002"), 1);
	place_free(x);
}

TEST(rows_wait_for_the_mesh_but_not_for_ever)
{
	static const char answer[] = "{\"type\":\"SYNC_RESPONSE\",\"source_central\":\"central-3\",\"data\":{\"events\":[{\"event_id\":"
		"\"central-3_1_29B00001\",\"plate_id\":\"29B00001\",\"entry_time\":\"2025-11-24 23:00:00\",\"status\":\"IN\"}]}}";
	struct place *x = place_new();
	x->caught_up = false;
	join(x);
	hear(x, x->dialled, answer);
	CHECK_INT(rows_like(x, "central-3_1_29B00001"), 0);
	run(x, 11 * SECOND);
	CHECK_INT(rows_like(x, "central-3_1_29B00001"), 1);
	place_free(x);
}

/* Asked again from the last row on until fewer than 5000 come; and a mark only when all came. */
TEST(asks_until_all_has_come)
{
	struct place *x = place_new();
	struct buf answer;
	int64_t told, asked;
	buf_init(&answer, OLD_MESSAGE_MAX);
	buf_str(&answer, "{\"type\":\"SYNC_RESPONSE\",\"source_central\":\"central-3\",\"timestamp\":1,\"event_id\":null,\"data\":{\"events\":[");
	for (int i = 0; i < OLD_ROWS_MAX; i++)
		buf_printf(&answer, "%s{\"event_id\":\"central-3_%d_29C%05d\",\"plate_id\":\"29C%05d\",\"entry_time\":\"2025-11-24 20:00:00\","
			"\"created_at\":\"2025-11-24 20:%02d:%02d\",\"status\":\"IN\"}", i ? "," : "", i, i, i, i / 100, i % 60);
	buf_str(&answer, "]}}");
	join(x);
	forget(x);
	hear(x, x->dialled, buf_text(&answer));
	run(x, 60 * SECOND);
	CHECK_INT(said(x, "SYNC_REQUEST", "\"since_timestamp\":17639"), 1);
	CHECK_INT(old_central_find(x->db, "central-3", &told, &asked), ERR_NONE);
	CHECK_INT(asked, 0);
	hear(x, x->dialled, "{\"type\":\"SYNC_RESPONSE\",\"source_central\":\"central-3\",\"data\":{\"events\":[]}}");
	run(x, 10 * SECOND);
	CHECK_INT(old_central_find(x->db, "central-3", &told, &asked), ERR_NONE);
	CHECK(asked > WALL);
	CHECK_INT(rows_like(x, "central-3_4999_29C04999"), 1);
	buf_free(&answer);
	place_free(x);
}

TEST(who_is_let_in)
{
	static const char hello[] = "{\"type\":\"HEARTBEAT\",\"source_central\":\"central-3\",\"data\":{}}";
	struct place *x = place_new();
	struct peer_status s;
	CHECK(legacy_knows(x->l, "10.0.0.3", false) && !legacy_knows(x->l, "10.0.0.3", true) && !legacy_knows(x->l, "10.0.0.4", false));
	legacy_opened(x->l, 100, "10.0.0.4"); /* another address */
	hear(x, 100, hello);
	legacy_opened(x->l, 101, "10.0.0.3"); /* another name */
	hear(x, 101, "{\"type\":\"HEARTBEAT\",\"source_central\":\"central-2\",\"data\":{}}");
	CHECK_INT(legacy_statuses(x->l, &s, 1), 1);
	CHECK(!s.connected);
	legacy_opened(x->l, 102, "10.0.0.3");
	hear(x, 102, hello);
	CHECK_INT(legacy_statuses(x->l, &s, 1), 1);
	CHECK(s.connected && s.behind == -1 && s.ahead == -1);
	hear(x, 102, "{\"type\":\"VEHICLE_EXIT\",\"source_central\":\"central-1\",\"event_id\":\"central-1_1_29A00001\",\"data\":{}}");
	CHECK_INT(said(x, "102 ", "ERROR"), 1);
	for (uint64_t link = 103; link < 120; link++) {
		legacy_opened(x->l, link, "10.0.0.3");
		hear(x, link, hello);
	}
	CHECK(x->l->links <= OLD_ACCEPTED_MAX + 1); /* and the one that is being dialled */
	const struct peer_row six = {.id = "central-3", .ip = "2001:DB8:0::3", .p2p_port = 9000, .weight = 1, .dialect = "legacy"};
	CHECK_INT(legacy_configure(x->l, "central-1", &six, 1), ERR_NONE);
	CHECK(legacy_knows(x->l, "2001:db8::3", false) && !legacy_knows(x->l, "2001:db8::4", false) && !legacy_knows(x->l, "10.0.0.3", false));
	place_free(x);
}

/* A SYNC_REQUEST: rows in messages that their library takes, and exits of older stays as events. */
TEST(answers_in_parts)
{
	struct place *x = place_new();
	size_t longest = 0;
	for (int i = 0; i < 250; i++)
		enter(x, i);
	run(x, 10 * SECOND);
	join(x);
	forget(x);
	hear(x, x->dialled, "{\"type\":\"SYNC_REQUEST\",\"source_central\":\"central-3\",\"data\":{\"since_timestamp\":1763990000000}}");
	run(x, SECOND);
	CHECK_INT(said(x, "SYNC_RESPONSE", "29A00000"), 1);
	CHECK_INT(said(x, "SYNC_RESPONSE", "29A00249"), 1);
	for (size_t i = 0; i < x->count; i++)
		longest = strlen(x->said[i]) > longest ? strlen(x->said[i]) : longest;
	CHECK(longest < 900u * 1024);
	forget(x);
	for (int i = 0; i < 20; i++) /* asking without end gets one answer at a time */
		hear(x, x->dialled, "{\"type\":\"SYNC_REQUEST\",\"source_central\":\"central-3\",\"data\":{\"since_timestamp\":0}}");
	CHECK(said(x, "SYNC_RESPONSE", "29A00000") <= 1);
	x->queued = 10u * 1024 * 1024; /* it does not read */
	forget(x);
	run(x, 20 * SECOND);
	CHECK_INT(said(x, "SYNC_RESPONSE", ""), 0);
	place_free(x);
}

static void tell_entries(struct place *x, int count)
{
	for (int i = 0; i < count; i++) {
		char message[300];
		(void)text_format(message, sizeof(message), "{\"type\":\"VEHICLE_ENTRY_PENDING\",\"source_central\":\"central-3\",\"event_id\":"
			"\"central-3_%d_29B%05d\",\"data\":{\"plate_id\":\"29B%05d\",\"entry_time\":\"2025-11-24 23:00:00\"}}", i, i, i);
		legacy_message(x->l, x->dialled, strdup(message), strlen(message));
	}
}

static enum err commit_fails(void *self)
{
	const struct legacy_side *s = self;
	s->mesh.rollback(s->mesh.self);
	return ERR_UNAVAILABLE;
}

TEST(what_could_not_be_written_counts_for_nothing)
{
	struct place *x = place_new();
	enum err (*commit)(void *self) = x->l->io.rows.commit;
	join(x);
	x->l->peer[0]->credit = 5;
	x->l->peer[0]->credit_ms = x->now_us / 1000;
	x->l->io.rows.commit = commit_fails;
	tell_entries(x, 5);
	for (int tries = 0; tries < 20; tries++) {
		run(x, 2 * SECOND);
		x->l->peer[0]->credit_ms = x->now_us / 1000; /* it earns nothing meanwhile */
	}
	CHECK_INT(legacy_counts(x->l)->records, 0);
	CHECK_INT(said(x, "ERROR", ""), 0);
	x->l->io.rows.commit = commit;
	run(x, 2 * SECOND);
	CHECK_INT(rows_like(x, "central-3_4_29B00004"), 1);
	CHECK_INT(legacy_counts(x->l)->records, 5);
	CHECK_INT(said(x, "ERROR", ""), 0);
	place_free(x);
}

TEST(a_flood_ends)
{
	struct place *x = place_new();
	join(x);
	x->l->peer[0]->credit = 2;
	x->l->peer[0]->credit_ms = x->now_us / 1000;
	tell_entries(x, 5);
	run(x, 10000);
	CHECK_INT(rows_like(x, "central-3_1_29B00001"), 1);
	CHECK_INT(rows_like(x, "central-3_2_29B00002"), 0);
	CHECK_INT(said(x, "ERROR", "Too many"), 3);
	place_free(x);
}

TEST_MAIN
