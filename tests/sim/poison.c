#include "poison.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "look.h"
#include "program.h"
#include "sim.h"
#include "store/stays.h"

#define LINES 12

/* A log being written. */
struct brew { const char *id; struct page page; struct buf line[LINES]; struct key_pair author; char stay[STAY_NAME_SIZE]; };

static int64_t some_time(struct sim *s)
{
	const int64_t odd[] = {0, 1, INTEGER_MAX, INTEGER_MAX - 1, SITE_EPOCH_MS + 86400000LL * 365 * 50};
	return sim_one_in(s, 8) ? odd[sim_below(s, 5)] : SITE_EPOCH_MS + (int64_t)sim_below(s, 20000000) - 10000000;
}

/* Data of one type or another, right or wrong. */
static void add_data(struct sim *s, struct buf *out)
{
	char plate[40];
	(void)text_format(plate, sizeof(plate), "29A%05d", (int)sim_below(s, (uint64_t)s->plates));
	switch (sim_below(s, 6)) {
	case 0:
		buf_printf(out, "{}");
		break;
	case 1:
		buf_printf(out, "{\"plate_id\":17,\"fee\":\"much\",\"key\":[],\"plate_view\":{}}");
		break;
	case 2:
		buf_printf(out, "[[[[1]]]]");
		break;
	default:
		buf_printf(out, "{\"plate_id\":\"%s\",\"plate_view\":\"%s\",\"fee\":%lld,\"reason\":\"%s\",\"exit_time\":\"soon\","
			"\"exit_ts\":%lld,\"entry_ts\":%lld,\"confirmed_ts\":%lld,\"key\":\"%s\",\"value\":%s%s}", plate, plate,
			(long long)sim_below(s, 90000),
			sim_one_in(s, 2) ? "missed" : "odd", (long long)some_time(s), (long long)some_time(s), (long long)some_time(s),
			sim_one_in(s, 2) ? "tariff" : "nothing/known", sim_one_in(s, 2) ? "{\"fee_per_hour\":1}" : "null",
			sim_one_in(s, 3) ? ",\"via\":\"legacy\"" : "");
		break;
	}
}

static void add_garbage(struct sim *s, struct brew *b, int k)
{
	static const char *const types[] = {"VEHICLE_ENTRY_PENDING", "VEHICLE_ENTRY_CONFIRMED", "VEHICLE_EXIT", "HISTORY_UPDATE",
		"HISTORY_DELETE", "CONFIG_UPDATE", "LOG_OPEN", "FROM_THE_FUTURE"};
	struct buf *out = &b->line[k];
	buf_printf(out, "{\"type\":\"%s\",\"source_central\":\"ghost\",\"timestamp\":%lld,", types[sim_below(s, 8)],
		(long long)some_time(s));
	if (!sim_one_in(s, 3))
		buf_printf(out, "\"event_id\":\"%s\",", b->stay[0] && sim_one_in(s, 2) ? b->stay : "ghost_1_29A00000");
	buf_printf(out, "\"log\":\"%s\",\"seq\":%d,\"hlc\":\"%lld.%d\",\"at\":%lld,\"data\":", b->page.log, k + 1,
		(long long)some_time(s), (int)sim_below(s, 3), (long long)some_time(s));
	add_data(s, out);
	buf_char(out, '}');
}

static void add_open(struct sim *s, struct brew *b)
{
	unsigned char random[LOG_RANDOM_BYTES], seed[32];
	struct record r = {.type = RECORD_LOG_OPEN, .source_central = b->id, .seq = 1, .has_hlc = true, .hlc = {SITE_EPOCH_MS, 0},
		.at = SITE_EPOCH_MS, .timestamp = SITE_EPOCH_MS};
	chance_bytes(&s->chance, seed, sizeof(seed));
	chance_bytes(&s->chance, random, sizeof(random));
	key_pair_make(seed, &b->author);
	log_id_make(b->id, b->author.public_key, random, b->page.log);
	memcpy(r.log, b->page.log, sizeof(r.log));
	r.data.log_open = (struct log_open_data){.id = b->id, .writer = "fcgi"};
	memcpy(r.data.log_open.public_key, b->author.public_key, KEY_BYTES);
	memcpy(r.data.log_open.random, random, sizeof(random));
	if (record_write(&r, &b->line[0]) != ERR_NONE)
		abort();
}

static void begin_log(struct sim *s, struct brew *b, const char *id)
{
	b->id = id;
	for (int k = 0; k < LINES; k++)
		buf_init(&b->line[k], RECORD_MAX);
	chain_zero(&b->page.before);
	add_open(s, b);
}

static void end_log(struct brew *b)
{
	for (int k = 0; k < LINES; k++)
		buf_free(&b->line[k]);
	free(b);
}

/* A page of the first count lines, under a seal. */
static void seal_page(struct brew *b, int count)
{
	struct chain chain;
	chain_zero(&chain);
	for (int k = 0; k < count; k++) {
		b->page.line[k].bytes = b->line[k].data;
		b->page.line[k].len = b->line[k].len;
		chain_next(&chain, b->line[k].data, b->line[k].len);
	}
	b->page.first_seq = 1;
	b->page.count = (size_t)count;
	seal_make(&b->author, b->page.log, count, &chain, &b->page.seal);
}

/* forged: it has to be refused. */
static void bring(struct node *x, const struct page *page, bool forged)
{
	struct take_result result = {0};
	struct fault fault = {0};
	struct ledger *l = x->mesh_process.ledger;
	if (!x->mesh)
		return;
	program_is(x->old_version);
	enum err e = ledger_begin(l);
	if (e != ERR_NONE)
		return;
	e = ledger_take(l, page, &result, &fault);
	if (e == ERR_NONE)
		e = ledger_commit(l);
	else
		ledger_rollback(l);
	sim_say(x->sim, "%s: poison %.8s: %s %d %s", x->id, page->log, err_name(e), result.taken, fault.sentence);
	if (forged && e == ERR_NONE)
		sim_fail(x->sim, "%s takes a page whose seal is forged", x->id);
	if (!forged && e != ERR_NONE && e != ERR_UNAVAILABLE)
		sim_fail(x->sim, "%s does not take a validly sealed log: %s %s", x->id, err_name(e), fault.sentence);
	node_look_dead(x);
	node_ring(x);
}

static struct brew *brew_new(void)
{
	struct brew *b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	return b;
}

void poison(struct sim *s, struct node *x)
{
	struct brew *b = brew_new();
	int count = 2 + (int)sim_below(s, LINES - 2);
	bool forged = sim_one_in(s, 4);
	struct db *db = node_look(x);
	if (db)
		look_text(db, "SELECT event_id FROM history WHERE source_central IS NOT '" FORKED "' ORDER BY id LIMIT 1 OFFSET ?1",
			(int64_t)sim_below(s, 20), b->stay, sizeof(b->stay));
	node_looked(x);
	begin_log(s, b, "ghost");
	for (int k = 1; k < count; k++)
		add_garbage(s, b, k);
	seal_page(b, count);
	if (forged)
		b->page.seal.byte[sim_below(s, SIGNATURE_BYTES)] ^= 1;
	bring(x, &b->page, forged);
	end_log(b);
}

/* ---- forks ---- */

static void add_car(struct brew *b, int k, int variant)
{
	struct record r = {.type = RECORD_ENTRY, .source_central = FORKED, .seq = k + 1, .has_hlc = true, .hlc = {SITE_EPOCH_MS, k},
		.at = SITE_EPOCH_MS + k, .timestamp = SITE_EPOCH_MS};
	char plate[PLATE_MAX + 1], event[64];
	(void)text_format(plate, sizeof(plate), "99X%d%.4s%02d", variant, b->page.log, k);
	for (char *c = plate; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 'a' + 'A' : *c);
	(void)text_format(event, sizeof(event), FORKED "_%d_%s", k, plate);
	memcpy(r.log, b->page.log, sizeof(r.log));
	r.event_id = event;
	r.data.entry = (struct entry_data){.plate_id = plate, .entry_ts = r.at, .confidence = -1};
	if (record_write(&r, &b->line[k]) != ERR_NONE)
		abort();
}

void poison_fork(struct sim *s, struct node *x)
{
	struct brew *both[2] = {brew_new(), brew_new()};
	int where[2] = {x->place, 1 + (int)sim_below(s, (uint64_t)s->count)};
	int fork = 1 + (int)sim_below(s, 3), first = fork + 1 + (int)sim_below(s, 2);
	bool crossed = sim_one_in(s, 2);
	uint64_t dice = chance_next(&s->chance);
	for (int v = 0; v < 2; v++) {
		s->chance.state = dice; /* the same keys and log */
		begin_log(s, both[v], FORKED);
		for (int k = 1; k < LINES; k++)
			add_car(both[v], k, k >= fork ? v : 0);
		seal_page(both[v], first);
		bring(s->node[where[v]], &both[v]->page, false);
	}
	s->forked = true;
	sim_time(s, (int64_t)sim_below(s, 6 * SECOND));
	for (int v = 0; v < 2; v++) {
		seal_page(both[v], LINES);
		if (!s->failed)
			bring(s->node[where[crossed ? !v : v]], &both[v]->page, false);
		end_log(both[v]);
	}
}
