#include "fresh.h"

#include <stdlib.h>
#include <string.h>

#include "look.h"
#include "program.h"
#include "sim.h"
#include "vfs.h"

#define LOGS 4096

struct feed { char log[LOGS][LOG_ID_SIZE]; int64_t next[LOGS]; size_t logs; struct page page; struct buf lines; };

static bool add_log(void *arg, const struct log_row *row)
{
	struct feed *f = arg;
	if (f->logs == LOGS)
		return false;
	memcpy(f->log[f->logs], row->log, LOG_ID_SIZE);
	f->next[f->logs++] = 1;
	return true;
}

/* Some page of some log that is not complete yet. */
static void feed_one(struct sim *s, struct feed *f, struct db *from, struct ledger *to)
{
	size_t k = sim_below(s, f->logs);
	struct take_result result;
	struct fault fault = {0};
	buf_reset(&f->lines);
	enum err e = ledger_read_page(from, f->log[k], f->next[k], 1 + sim_below(s, 40), 192 * 1024, &f->lines, &f->page);
	if (e == ERR_NONE)
		e = ledger_begin(to);
	if (e == ERR_NONE) {
		e = ledger_take(to, &f->page, &result, &fault);
		if (e == ERR_NONE)
			e = ledger_commit(to);
		else
			ledger_rollback(to);
		f->next[k] += (int64_t)f->page.count;
	}
	if (e == ERR_NOT_FOUND) { /* complete */
		f->logs--;
		memmove(f->log[k], f->log[f->logs], LOG_ID_SIZE);
		f->next[k] = f->next[f->logs];
	} else if (e != ERR_NONE) {
		sim_fail(s, "a fresh central does not take log %.8s from %lld on: %s %s", f->log[k], (long long)f->next[k], err_name(e),
			fault.sentence);
	}
}

struct node *fresh_new(struct sim *s, struct node *from)
{
	struct node *x = node_new(s, NODES_MAX + 1, 99);
	struct feed *f = calloc(1, sizeof(*f));
	struct fault fault;
	struct db *db = node_look(from);
	if (!f)
		abort();
	buf_init(&f->lines, MESSAGE_MAX);
	if (db_open(x->disk->path, DB_WRITE, &x->gate.db, &fault) != ERR_NONE ||
		ledger_open(x->gate.db, "fcgi", &x->world, &x->gate.ledger) != ERR_NONE)
		abort();
	(void)log_each_changed(db, 0, add_log, f);
	while (f->logs > 0 && !s->failed)
		feed_one(s, f, db, x->gate.ledger);
	buf_free(&f->lines);
	free(f);
	node_looked(from);
	return x;
}
