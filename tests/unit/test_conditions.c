/* domain/conditions: each of them comes and goes with what it tells of. */
#include "test.h"

#include "central.h"
#include "domain/conditions.h"
#include "store/backups.h"
#include "store/db_internal.h"
#include "store/logs.h"

static struct condition list[CONDITIONS_MAX];
static size_t count;

static const struct condition *find(enum condition_code code)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].code == code)
			return &list[i];
	return NULL;
}

static enum err look(struct central *c, const struct disk *disk, bool unwritable)
{
	struct circumstances now = { .now_ms = c->fake.wall_ms, .unwritable = unwritable };

	if (disk)
		now.disk = *disk;
	return conditions_list(c->db, &now, list, &count);
}

/* p2pd has written that it runs, and what it knows of one peer. */
static enum err tell(struct central *c, const char *state, int64_t offset_ms)
{
	struct mesh_status mesh = { .listening = true, .updated_ms = c->fake.wall_ms };
	struct peer_row peer = { .id = "central-2", .ip = "127.0.0.1", .p2p_port = 9000, .weight = 1, .dialect = "native" };
	struct peer_status status = { .id = "central-2", .ip = "127.0.0.1", .port = 9000, .configured = true, .rtt_ms = -1,
		.last_ping_ms = 17, .clock_offset_ms = offset_ms, .clock_known = offset_ms != 0 };
	enum err e = db_begin(c->db);

	text_copy(status.state, sizeof(status.state), state);
	status.connected = strcmp(state, "connected") == 0;
	if (e == ERR_NONE)
		e = mesh_status_write(c->db, &mesh);
	if (e == ERR_NONE)
		e = peer_upsert(c->db, &peer);
	if (e == ERR_NONE)
		e = peer_status_write(c->db, &status, c->fake.wall_ms);
	return e == ERR_NONE ? db_commit(c->db) : e;
}

TEST(nothing_is_said_when_all_is_well)
{
	const struct disk disk = { .free = 6, .size = 100 };
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(tell(&c, "connected", 60000), ERR_NONE);
	CHECK_INT(look(&c, &disk, false), ERR_NONE);
	CHECK_INT(count, 0);
	central_close(&c);
}

TEST(p2pd_that_does_not_run_hides_its_peers)
{
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(look(&c, NULL, false), ERR_NONE);
	CHECK_INT(count, 1);
	CHECK_INT(list[0].code, CONDITION_P2PD_DOWN);
	CHECK_INT(tell(&c, "waiting", 0), ERR_NONE);
	c.fake.wall_ms += MESH_STALE_MS + 1;
	CHECK_INT(look(&c, NULL, false), ERR_NONE);
	CHECK_INT(count, 1);
	CHECK_INT(list[0].code, CONDITION_P2PD_DOWN);
	CHECK_INT(list[0].since_ms, CENTRAL_TIME);
	central_close(&c);
}

TEST(peers_and_their_clocks)
{
	const struct { const char *state; int64_t offset; enum condition_code code; } cases[] = {
		{ "waiting", 0, CONDITION_PEER_DOWN }, { "connecting", 90000, CONDITION_PEER_DOWN }, { "refused", 0, CONDITION_PEER_REFUSED },
		{ "connected", 60001, CONDITION_CLOCK_OFF }, { "connected", -60001, CONDITION_CLOCK_OFF },
	};
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK_INT(tell(&c, cases[i].state, cases[i].offset), ERR_NONE);
		CHECK_INT(look(&c, NULL, false), ERR_NONE);
		CHECK_INT(count, 1);
		CHECK_INT(list[0].code, cases[i].code);
		CHECK_STR(list[0].central, "central-2");
		CHECK_INT(list[0].number, cases[i].code == CONDITION_CLOCK_OFF ? cases[i].offset : 0);
		CHECK_INT(list[0].since_ms, cases[i].code == CONDITION_CLOCK_OFF ? 0 : 17);
	}
	central_close(&c);
}

TEST(disk_and_writer)
{
	const struct disk low = { .free = 4, .size = 100 }, unknown = { 0 };
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(tell(&c, "connected", 0), ERR_NONE);
	CHECK_INT(look(&c, &low, true), ERR_NONE);
	CHECK_INT(count, 2);
	CHECK_INT(list[0].code, CONDITION_UNWRITABLE);
	CHECK_INT(list[1].code, CONDITION_DISK_LOW);
	CHECK_INT(list[1].number, 4);
	CHECK_INT(look(&c, &unknown, false), ERR_NONE);
	CHECK_INT(count, 0);
	central_close(&c);
}

TEST(records_that_cannot_be_read_and_conflicts)
{
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(tell(&c, "connected", 0), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 3), ERR_NONE);
	CHECK_INT(look(&c, NULL, false), ERR_NONE);
	CHECK_INT(count, 0);
	CHECK_INT(sqlite3_exec(c.db->handle, "UPDATE record_rows SET unread = 2 WHERE seq < 3;"
		" UPDATE history SET flags = 'second_exit' WHERE id = 1", NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(look(&c, NULL, false), ERR_NONE);
	CHECK_INT(count, 2);
	CHECK(find(CONDITION_UNREADABLE) && find(CONDITION_UNREADABLE)->number == 2);
	CHECK(find(CONDITION_CONFLICTS) && find(CONDITION_CONFLICTS)->number == 1);
	central_close(&c);
}

TEST(backups_that_are_expected)
{
	const int64_t hour = 3600 * 1000LL;
	const struct { int64_t expected, made; bool told; int64_t number; } cases[] = { /* hours before now; 0 never */
		{ 0, 0, false, 0 }, { 0, 500, false, 0 },           /* nobody asked for them */
		{ 47, 0, false, 0 }, { 49, 0, true, 0 }, { 500, 47, false, 0 }, { 500, 49, true, 49 }, { 47, 49, false, 0 },
		{ 500, -3, false, 0 },                              /* the clock was set back */
	};
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(tell(&c, "connected", 0), ERR_NONE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct backup_row row = { .made_ms = cases[i].made == 0 ? 0 : c.fake.wall_ms - cases[i].made * hour };

		CHECK_INT(db_begin(c.db), ERR_NONE);
		CHECK_INT(sqlite3_exec(c.db->handle, "UPDATE backup SET expected_ms = 0", NULL, NULL, NULL), SQLITE_OK);
		if (cases[i].expected > 0)
			CHECK_INT(backup_expect(c.db, c.fake.wall_ms - cases[i].expected * hour), ERR_NONE);
		CHECK_INT(backup_expect(c.db, cases[i].expected > 0 ? c.fake.wall_ms : 0), ERR_NONE); /* the first time counts */
		CHECK_INT(backup_write(c.db, &row), ERR_NONE);
		CHECK_INT(db_commit(c.db), ERR_NONE);
		CHECK_INT(look(&c, NULL, false), ERR_NONE);
		CHECK_INT(count, cases[i].told ? 1 : 0);
		CHECK(!cases[i].told || list[0].code == CONDITION_BACKUP_OLD);
		CHECK(!cases[i].told || list[0].number == cases[i].number * hour);
	}
	central_close(&c);
}

TEST(each_has_a_name_of_its_own)
{
	for (int i = 0; i < CONDITION_CODES; i++)
		for (int k = 0; k < i; k++)
			CHECK(strcmp(condition_name((enum condition_code)i), condition_name((enum condition_code)k)) != 0);
}

TEST_MAIN
