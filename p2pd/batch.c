#include "batch.h"

#include "base/journal.h"
#include "base/text.h"
#include "base/world.h"
#include "mesh_io.h"

bool mesh_page_at_fault(enum err e)
{
	switch (e) {
	case ERR_SYNTAX:
	case ERR_TOO_LARGE:
	case ERR_INVALID:
	case ERR_FIELD:
	case ERR_DENIED:
	case ERR_STRANGER:
		return true;
	case ERR_NONE:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_UNAVAILABLE:
	case ERR_CORRUPT:
	case ERR_SYSTEM:
	case ERR_MEMORY:
		return false;
	}
	return false;
}

bool mesh_page_alone(enum err e)
{
	return mesh_page_at_fault(e) || e == ERR_CORRUPT;
}

void batch_hold(struct batch *b)
{
	for (size_t k = 0; k < b->count; k++)
		if (b->page[k].verdict == VERDICT_TAKEN)
			b->page[k].verdict = VERDICT_HOLD;
}

/* Does a gate wait for the database? If so they are at work. */
static bool gate_waits(struct batch *b)
{
	if (!b->rows->wanted(b->rows->self))
		return false;
	b->gates_until_us = world_mono_us(b->world) + APPLY_GATES_US;
	return true;
}

static bool is_beside(const struct batch *b)
{
	return b->began_us < b->gates_until_us;
}

static bool may_go_on(struct batch *b, int64_t until_us)
{
	return b->done < b->count && (b->done == 0 || (b->records < APPLY_RECORDS && world_mono_us(b->world) < until_us && !gate_waits(b)));
}

/* In the transaction that is open. false: that cannot stand, and this page is why. */
static bool take_page(struct batch *b, struct batch_page *w)
{
	struct fault fault = {0};
	int64_t began = world_mono_us(b->world);
	enum err e = b->rows->take(b->rows->self, w->page->message.page, w->page->read, &w->result, &fault);
	w->took_us = world_mono_us(b->world) - began;
	b->records += w->page->message.page->count;
	w->error = e;
	w->verdict = !e ? VERDICT_TAKEN : mesh_page_at_fault(e) ? VERDICT_FAULT : VERDICT_HOLD;
	(void)text_copy(w->sentence, sizeof(w->sentence), fault.sentence);
	return !e || (mesh_page_alone(e) && !w->result.wrote);
}

static bool take_pages(struct batch *b)
{
	int64_t until = b->began_us + (is_beside(b) ? APPLY_BESIDE_US : APPLY_US);
	while (may_go_on(b, until))
		if (!take_page(b, &b->page[b->done++]))
			return false;
	return true;
}

/* The last page failed with rows of its own among those of the others, which are taken once more. A savepoint for each page would spare
 * them that, but cost all others a twelfth of their CPU: SQLite keeps a copy of each page of the file that changes under one. */
static bool take_again(struct batch *b)
{
	const struct mesh_rows *rows = b->rows;
	if (!mesh_page_alone(b->page[b->done - 1].error) || rows->begin(rows->self) != ERR_NONE)
		return false;
	for (size_t k = 0; k + 1 < b->done; k++) {
		if (b->page[k].verdict == VERDICT_TAKEN && !take_page(b, &b->page[k])) {
			rows->rollback(rows->self);
			return false;
		}
	}
	return rows->commit(rows->self) == ERR_NONE;
}

static void transaction(struct batch *b)
{
	const struct mesh_rows *rows = b->rows;
	if (rows->begin(rows->self) != ERR_NONE) {
		b->done = b->count;
		batch_hold(b);
	} else if (!take_pages(b)) {
		rows->rollback(rows->self);
		if (!take_again(b))
			batch_hold(b);
	} else if (rows->commit(rows->self) != ERR_NONE) {
		batch_hold(b);
	}
}

void batch_work(void *batch)
{
	struct batch *b = batch;
	b->began_us = world_mono_us(b->world);
	b->checkpoint = b->rows->checkpoint(b->rows->self, is_beside(b));
	if (!b->checkpoint)
		transaction(b);
	(void)gate_waits(b);
	b->ended_us = world_mono_us(b->world);
}
