#include "edges.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct seen {
	char edge_id[NAME_SIZE];
	char plate_id[PLATE_SIZE];
	char plate_view[PLATE_VIEW_SIZE];
	char camera_type[sizeof ((struct gate_ask *)0)->camera_type];
	double confidence;
	unsigned long turn;    /* of the last detection */
};

struct edges {
	pthread_mutex_t mutex;
	unsigned long turn;
	size_t count;
	struct seen seen[EDGES_MAX];
};

enum err edges_open(struct edges **out)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return ERR_MEMORY;
	pthread_mutex_init(&(*out)->mutex, NULL);
	return ERR_NONE;
}

void edges_close(struct edges *e)
{
	if (!e)
		return;
	pthread_mutex_destroy(&e->mutex);
	free(e);
}

static struct seen *find(struct edges *e, const char *edge_id)
{
	for (size_t i = 0; i < e->count; i++) {
		if (strcmp(e->seen[i].edge_id, edge_id) == 0)
			return &e->seen[i];
	}
	return NULL;
}

static struct seen *place_for(struct edges *e, const char *edge_id)
{
	struct seen *found = find(e, edge_id);

	if (found)
		return found;
	if (e->count < EDGES_MAX)
		return &e->seen[e->count++];
	found = e->seen;
	for (size_t i = 1; i < EDGES_MAX; i++) {
		if (e->seen[i].turn < found->turn)
			found = &e->seen[i];
	}
	return found;
}

void edges_remember(struct edges *e, const struct gate_ask *ask)
{
	struct seen *s;

	pthread_mutex_lock(&e->mutex);
	s = place_for(e, ask->edge_id);
	text_copy(s->edge_id, sizeof s->edge_id, ask->edge_id);
	text_copy(s->plate_id, sizeof s->plate_id, ask->plate_id);
	text_copy(s->plate_view, sizeof s->plate_view, ask->plate_view);
	text_copy(s->camera_type, sizeof s->camera_type, ask->camera_type);
	s->confidence = ask->confidence;
	s->turn = ++e->turn;
	pthread_mutex_unlock(&e->mutex);
}

void edges_recall(struct edges *e, struct gate_ask *ask)
{
	const struct seen *s;

	pthread_mutex_lock(&e->mutex);
	s = find(e, ask->edge_id);
	if (s && strcmp(s->plate_id, ask->plate_id) == 0) {
		if (!ask->plate_view[0])
			text_copy(ask->plate_view, sizeof ask->plate_view, s->plate_view);
		if (!ask->camera_type[0])
			text_copy(ask->camera_type, sizeof ask->camera_type, s->camera_type);
		if (ask->confidence < 0)
			ask->confidence = s->confidence;
	}
	pthread_mutex_unlock(&e->mutex);
}
