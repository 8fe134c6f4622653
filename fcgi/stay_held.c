#include "stay_held.h"

#include <stdlib.h>
#include <string.h>

#include "domain/quorum.h"
#include "p2p_state.h"
#include "page.h"
#include "store/claims.h"
#include "store/logs.h"

struct central { int64_t held, unknown, claimed; bool known; };
struct stay_held {
	const struct mesh_look *look;
	int64_t records, own;                     /* own: written by this central */
	enum durability least;                    /* of the own ones */
	struct central central[MESH_PEERS_MAX];   /* as look->peer */
};

enum err stay_held_new(const struct mesh_look *look, struct stay_held **out)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return ERR_MEMORY;
	(*out)->look = look;
	return ERR_NONE;
}

void stay_held_free(struct stay_held *h)
{
	free(h);
}

static enum err note_claim(void *arg, const char *peer, int64_t seq)
{
	struct stay_held *h = arg;

	for (size_t i = 0; i < h->look->count; i++) {
		if (strcmp(h->look->peer[i].status.id, peer) == 0)
			h->central[i].claimed = seq;
	}
	return ERR_NONE;
}

/* What each claims of a log into claimed; -1: nothing is written of it. */
static enum err read_claims(struct call *c, struct stay_held *h, const char *log)
{
	for (size_t i = 0; i < h->look->count; i++)
		h->central[i].claimed = -1;
	return claims_of_log(c->desk->db, log, note_claim, h);
}

static void count(struct central *at, bool closed, int64_t seq)
{
	if (!at->known || (at->claimed < 0 && !closed))
		at->unknown++;
	else if (at->claimed < 0 || at->claimed >= seq)
		at->held++;
}

/* How far another central's records are held, that one knows. */
static enum err add_own(struct call *c, struct stay_held *h, const char *log, int64_t seq)
{
	enum durability d;
	enum err e = durability_known(c->desk->db, log, seq, &d);

	if (e == ERR_NONE && (h->own == 0 || d < h->least))
		h->least = d;
	h->own++;
	return e;
}

enum err stay_held_add(struct call *c, struct stay_held *h, const char *log, int64_t seq)
{
	struct log_row row;
	enum err e = read_claims(c, h, "");

	for (size_t i = 0; i < h->look->count; i++)
		h->central[i].known = h->central[i].claimed > 0 && h->look->running;
	if (e == ERR_NONE)
		e = read_claims(c, h, log);
	if (e == ERR_NONE)
		e = log_find(c->desk->db, log, &row);
	for (size_t i = 0; e == ERR_NONE && i < h->look->count; i++)
		count(&h->central[i], row.flags & LOG_CLOSED, seq);
	h->records++;
	return e == ERR_NONE && strcmp(row.id, h->look->central) == 0 ? add_own(c, h, log, seq) : e;
}

static cJSON *add_central(cJSON *list, const char *id)
{
	cJSON *row = cJSON_CreateObject();

	cJSON_AddItemToArray(list, row);
	cJSON_AddStringToObject(row, "central", id);
	return row;
}

static void say(struct call *c, cJSON *row, const char *state, const char *text, int64_t held, int64_t records)
{
	cJSON *values = cJSON_CreateObject();

	page_number(c, values, "held", held);
	page_number(c, values, "records", records);
	cJSON_AddTrueToObject(row, state);
	page_words(c, row, "words", text, values);
	cJSON_Delete(values);
}

static void say_durability(struct call *c, cJSON *page, const struct stay_held *h)
{
	static const char *const texts[] = {
		[DURABLE_LOCAL] = "stay.durable_local", [DURABLE_QUORUM] = "stay.durable_quorum", [DURABLE_ALL] = "stay.durable_all"
	};

	if (h->own > 0 && !h->look->standalone)
		page_words(c, page, "durable", texts[h->least], NULL);
}

void stay_held_show(struct call *c, cJSON *page, const struct stay_held *h)
{
	cJSON *list = cJSON_AddArrayToObject(page, "held");

	say_durability(c, page, h);
	say(c, add_central(list, h->look->central), "all", "stay.held_here", h->records, h->records);
	for (size_t i = 0; i < h->look->count; i++) {
		const struct central *at = &h->central[i];
		cJSON *row = add_central(list, h->look->peer[i].status.id);

		cJSON_AddBoolToObject(row, "away", !h->look->peer[i].told || !h->look->peer[i].status.connected);
		if (at->unknown > 0)
			say(c, row, "unknown", "stay.held_unknown", at->held, h->records);
		else
			say(c, row, at->held == h->records ? "all" : "some", at->held == h->records ? "stay.held_all" : "stay.held_some", at->held,
				h->records);
	}
}
