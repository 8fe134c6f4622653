#include "poison.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "look.h"
#include "program.h"
#include "sim.h"
#include "store/stays.h"

#define LINES 12

struct brew { struct page page; struct buf line[LINES]; struct key_pair author; struct chain chain; char stay[STAY_NAME_SIZE]; };

static int64_t some_time(struct sim *s)
{
	const int64_t odd[] = {0, 1, INTEGER_MAX, INTEGER_MAX - 1, SITE_EPOCH_MS + 86400000LL * 365 * 50};
	return sim_one_in(s, 8) ? odd[sim_below(s, 5)] : SITE_EPOCH_MS + (int64_t)sim_below(s, 20000000) - 10000000;
}

/* Data of one type or another, right or wrong. */
static void add_data(struct sim *s, const struct brew *b, struct buf *out)
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
		buf_printf(out, "{\"plate_id\":\"%s\",\"plate_view\":\"%s\",\"fee\":%lld,\"reason\":\"%s\",\"exit_time\":\"soon\",\"exit_ts\":%lld,"
			"\"entry_ts\":%lld,\"confirmed_ts\":%lld,\"key\":\"%s\",\"value\":%s}", plate, plate, (long long)sim_below(s, 90000),
			sim_one_in(s, 2) ? "missed" : "odd", (long long)some_time(s), (long long)some_time(s), (long long)some_time(s),
			sim_one_in(s, 2) ? "tariff" : "nothing/known", sim_one_in(s, 2) ? "{\"fee_per_hour\":1}" : "null");
		(void)b;
		break;
	}
}

static void add_line(struct sim *s, struct brew *b, int k)
{
	static const char *const types[] = {"VEHICLE_ENTRY_PENDING", "VEHICLE_ENTRY_CONFIRMED", "VEHICLE_EXIT", "HISTORY_UPDATE",
		"HISTORY_DELETE", "CONFIG_UPDATE", "LOG_OPEN", "FROM_THE_FUTURE"};
	struct buf *out = &b->line[k];
	buf_printf(out, "{\"type\":\"%s\",\"source_central\":\"ghost\",\"timestamp\":%lld,", types[sim_below(s, 8)], (long long)some_time(s));
	if (!sim_one_in(s, 3))
		buf_printf(out, "\"event_id\":\"%s\",", b->stay[0] && sim_one_in(s, 2) ? b->stay : "ghost_1_29A00000");
	buf_printf(out, "\"log\":\"%s\",\"seq\":%d,\"hlc\":\"%lld.%d\",\"at\":%lld,\"data\":", b->page.log, k + 1,
		(long long)some_time(s), (int)sim_below(s, 3), (long long)some_time(s));
	add_data(s, b, out);
	buf_char(out, '}');
}

static void add_open(struct sim *s, struct brew *b)
{
	unsigned char random[LOG_RANDOM_BYTES], seed[32];
	struct record r = {.type = RECORD_LOG_OPEN, .source_central = "ghost", .seq = 1, .has_hlc = true, .hlc = {SITE_EPOCH_MS, 0},
		.at = SITE_EPOCH_MS, .timestamp = SITE_EPOCH_MS};
	chance_bytes(&s->chance, seed, sizeof(seed));
	chance_bytes(&s->chance, random, sizeof(random));
	key_pair_make(seed, &b->author);
	log_id_make("ghost", b->author.public_key, random, b->page.log);
	memcpy(r.log, b->page.log, sizeof(r.log));
	r.data.log_open = (struct log_open_data){.id = "ghost", .writer = "fcgi"};
	memcpy(r.data.log_open.public_key, b->author.public_key, KEY_BYTES);
	memcpy(r.data.log_open.random, random, sizeof(random));
	if (record_write(&r, &b->line[0]) != ERR_NONE)
		abort();
}

static void make(struct sim *s, struct brew *b)
{
	int count = 2 + (int)sim_below(s, LINES - 2);
	chain_zero(&b->page.before);
	chain_zero(&b->chain);
	for (int k = 0; k < count; k++) {
		buf_init(&b->line[k], RECORD_MAX);
		if (k == 0)
			add_open(s, b);
		else
			add_line(s, b, k);
		b->page.line[k].bytes = b->line[k].data;
		b->page.line[k].len = b->line[k].len;
		chain_next(&b->chain, b->line[k].data, b->line[k].len);
	}
	b->page.first_seq = 1;
	b->page.count = (size_t)count;
	seal_make(&b->author, b->page.log, count, &b->chain, &b->page.seal);
}

static void bring(struct node *x, const struct page *page)
{
	struct take_result result;
	struct fault fault = {0};
	struct ledger *l = x->mesh_process.ledger;
	program_is(x->old_version);
	enum err e = ledger_begin(l);
	if (e != ERR_NONE)
		return;
	e = ledger_take(l, page, &result, &fault);
	if (e == ERR_NONE)
		e = ledger_commit(l);
	else
		ledger_rollback(l);
	sim_say(x->sim, "%s: poison %.8s: %s %s", x->id, page->log, err_name(e), fault.sentence);
	if (e != ERR_NONE && e != ERR_UNAVAILABLE)
		sim_fail(x->sim, "%s does not take a validly sealed log: %s %s", x->id, err_name(e), fault.sentence);
	node_look_dead(x);
	node_ring(x);
}

void poison(struct sim *s, struct node *x)
{
	struct brew *b = calloc(1, sizeof(*b));
	if (!b)
		abort();
	if (x->mesh) {
		struct db *db = node_look(x);
		look_text(db, "SELECT event_id FROM history ORDER BY id LIMIT 1 OFFSET ?1", (int64_t)sim_below(s, 20), b->stay, sizeof(b->stay));
		node_looked(x);
		make(s, b);
		bring(x, &b->page);
		for (int k = 0; k < LINES; k++)
			buf_free(&b->line[k]);
	}
	free(b);
}
