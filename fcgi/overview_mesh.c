#include "overview_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "p2p_state.h"
#include "page.h"
#include "picture_mesh.h"

#define WORD_SIZE 64
#define DISTANCE_SIZE 160

/* What the picture says, and its texts. */
struct drawing {
	struct mesh_node node[MESH_PEERS_MAX];
	char word[MESH_PEERS_MAX][WORD_SIZE], distance[MESH_PEERS_MAX][DISTANCE_SIZE];
};

static enum link_state state_of(const struct peer_look *p)
{
	if (!p->told)
		return LINK_UNKNOWN;
	if (p->status.connected)
		return LINK_CONNECTED;
	if (strcmp(p->status.state, "refused") == 0)
		return LINK_REFUSED;
	return strcmp(p->status.state, "connecting") == 0 ? LINK_CONNECTING : LINK_LOST;
}

/* ↑ what the peer lacks, ↓ what is lacking here. */
static void say_distance(const struct call *c, const struct peer_look *p, char out[DISTANCE_SIZE])
{
	char behind[PICTURE_NUMBER_SIZE], ahead[PICTURE_NUMBER_SIZE];
	const struct peer_status *s = &p->status;

	picture_number(c->language, s->behind, behind);
	picture_number(c->language, s->ahead, ahead);
	out[0] = '\0';
	if (p->told && s->behind > 0 && s->ahead > 0)
		text_format(out, DISTANCE_SIZE, "↑ %s ↓ %s", behind, ahead);
	else if (p->told && s->behind > 0)
		text_format(out, DISTANCE_SIZE, "↑ %s", behind);
	else if (p->told && s->ahead > 0)
		text_format(out, DISTANCE_SIZE, "↓ %s", ahead);
}

static void add_row(struct call *c, cJSON *rows, const struct peer_look *p, const struct mesh_node *n)
{
	cJSON *row = cJSON_CreateObject();

	cJSON_AddItemToArray(rows, row);
	page_number(c, row, "number", cJSON_GetArraySize(rows));
	cJSON_AddStringToObject(row, "peer", n->id);
	cJSON_AddStringToObject(row, "state", link_state_name(n->state));
	cJSON_AddStringToObject(row, "word", n->word);
	cJSON_AddBoolToObject(row, "not_configured", !p->status.configured);
	page_time(c, row, "last_sync", p->last_sync_ms);
	if (p->told && p->status.behind >= 0 && p->status.ahead >= 0) {
		cJSON_AddTrueToObject(row, "told");
		page_number(c, row, "behind", p->status.behind);
		page_number(c, row, "ahead", p->status.ahead);
	}
}

static void make_node(struct call *c, cJSON *texts, const struct peer_look *p, struct drawing *d, size_t i)
{
	enum link_state state = state_of(p);
	char text[WORD_SIZE];

	text_format(text, sizeof text, "link.%s", link_state_name(state));
	cJSON_DeleteItemFromObject(texts, "word");
	page_words(c, texts, "word", text, NULL);
	text_copy(d->word[i], WORD_SIZE, cJSON_GetStringValue(cJSON_GetObjectItem(texts, "word")));
	say_distance(c, p, d->distance[i]);
	d->node[i] = (struct mesh_node){.id = p->status.id, .state = state, .word = d->word[i], .distance = d->distance[i]};
}

static const char *said(struct call *c, cJSON *texts, const char *name)
{
	page_words(c, texts, name, name, texts);
	return cJSON_GetStringValue(cJSON_GetObjectItem(texts, name));
}

static void draw(struct call *c, cJSON *mesh, cJSON *texts, const struct mesh_look *m, const struct drawing *d)
{
	struct mesh_picture p = {.own = m->central, .node = d->node, .count = m->count};
	struct buf out;

	page_number(c, texts, "connected", (int64_t)m->connected);
	page_number(c, texts, "total", (int64_t)m->count);
	p.title = said(c, texts, "overview.mesh");
	p.desc = said(c, texts, "overview.mesh_desc");
	p.own_word = said(c, texts, "overview.own");
	buf_init(&out, PICTURE_MAX);
	picture_mesh(&out, &p);
	cJSON_AddStringToObject(mesh, "svg", buf_text(&out));
	buf_free(&out);
}

static void add_mesh(struct call *c, cJSON *page, const struct mesh_look *m, struct drawing *d)
{
	cJSON *mesh = cJSON_AddObjectToObject(page, "mesh"), *rows = cJSON_AddArrayToObject(mesh, "peers"), *texts = cJSON_CreateObject();

	for (size_t i = 0; i < m->count; i++) {
		make_node(c, texts, &m->peer[i], d, i);
		add_row(c, rows, &m->peer[i], &d->node[i]);
	}
	cJSON_AddBoolToObject(mesh, "any", m->count > 0);
	cJSON_AddBoolToObject(mesh, "numbered", m->count > MESH_NAMED);
	page_number(c, mesh, "connected", (int64_t)m->connected);
	page_number(c, mesh, "total", (int64_t)m->count);
	draw(c, mesh, texts, m, d);
	cJSON_Delete(texts);
}

enum err overview_mesh(struct call *c, cJSON *page, struct fault *fault)
{
	struct drawing *d = calloc(1, sizeof *d);
	struct mesh_look *m = NULL;
	enum err e = d ? mesh_look(c, &m, fault) : ERR_MEMORY;

	if (e == ERR_NONE)
		add_mesh(c, page, m, d);
	free(m);
	free(d);
	return e;
}
