/* A central for unit tests: a database, its ledger, and a clock that moves only when told. Include after test.h. */
#ifndef PARKMESH_TEST_CENTRAL_H
#define PARKMESH_TEST_CENTRAL_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/world.h"
#include "chance.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "store/db.h"
#include "store/stays.h"

struct fake_world { int64_t wall_ms, mono_us; struct chance chance; };

static inline int64_t fake_wall(void *self)
{
	return ((struct fake_world *)self)->wall_ms;
}

static inline int64_t fake_mono(void *self)
{
	return ((struct fake_world *)self)->mono_us;
}

static inline void fake_random(void *self, void *out, size_t len)
{
	chance_bytes(&((struct fake_world *)self)->chance, out, len);
}

struct central {
	struct fake_world fake;
	struct world world;
	struct db *db;
	struct ledger *ledger;
};

#define CENTRAL_TIME 1733140800000LL /* 2024-12-02 19:00 in Ho Chi Minh City */

/* Open path (":memory:" for one that is nobody else's) as the central id; 0, or the error. */
static inline enum err central_open(struct central *c, const char *path, const char *id, uint64_t seed)
{
	struct identity self;
	struct fault fault;
	enum err e;

	*c = (struct central){ .fake = { CENTRAL_TIME, 0, { seed } } };
	c->world = (struct world){ fake_wall, fake_mono, fake_random, &c->fake };
	e = seal_start() ? db_open(path, DB_WRITE, &c->db, &fault) : ERR_SYSTEM;
	if (e == ERR_NONE)
		e = db_begin(c->db);
	if (e != ERR_NONE)
		return e;
	e = site_first_start(c->db, &c->world);
	if (e == ERR_NONE)
		e = identity_read(c->db, &self);
	if (e == ERR_NONE) {
		text_copy(self.id, sizeof(self.id), id);
		e = identity_write(c->db, &self);
	}
	if (e == ERR_NONE)
		e = db_commit(c->db);
	if (e == ERR_NONE)
		e = site_zone_use(c->db);
	return e == ERR_NONE ? ledger_open(c->db, "fcgi", &c->world, &c->ledger) : e;
}

static inline void central_close(struct central *c)
{
	ledger_close(c->ledger);
	db_close(c->db);
	c->ledger = NULL;
	c->db = NULL;
}

/* A new run of the same writer on the same database: its next own record opens a new log. */
static inline enum err central_restart(struct central *c)
{
	ledger_close(c->ledger);
	c->ledger = NULL;
	return ledger_open(c->db, "fcgi", &c->world, &c->ledger);
}

/* Append the entry of a plate, in the ledger's transaction, at the wall clock; log and seq are in r afterwards. */
static inline enum err central_enter(struct central *c, const char *plate, struct record *r)
{
	char event_id[STAY_NAME_SIZE];
	enum err e;

	c->fake.wall_ms += 1000;
	text_format(event_id, sizeof(event_id), "%s_%lld_%s", ledger_central(c->ledger), (long long)c->fake.wall_ms, plate);
	*r = (struct record){ .type = RECORD_ENTRY, .event_id = event_id, .at = -1 };
	r->data.entry = (struct entry_data){ .plate_id = plate, .plate_view = "29A-123.45", .edge_id = "edge-1", .entry_ts = -1, .confidence = -1 };
	e = ledger_append(c->ledger, r);
	r->event_id = NULL;
	return e;
}

/* count entries of different plates in one transaction. */
static inline enum err central_enter_many(struct central *c, int count)
{
	enum err e = ledger_begin(c->ledger);
	struct record r;

	for (int i = 0; e == ERR_NONE && i < count; i++) {
		char plate[16];

		text_format(plate, sizeof(plate), "29A%05d", i);
		e = central_enter(c, plate, &r);
	}
	if (e != ERR_NONE) {
		ledger_rollback(c->ledger);
		return e;
	}
	return ledger_commit(c->ledger);
}

/* The log that this central's writer wrote last. */
static inline enum err central_log(struct central *c, struct log_row *out)
{
	struct identity self;
	enum err e = identity_read(c->db, &self);

	return e == ERR_NONE ? log_last_of(c->db, self.id, "fcgi", self.keys.public_key, out) : e;
}

#endif
