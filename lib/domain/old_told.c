#include "domain/old_told.h"

#include <stdlib.h>
#include <string.h>

#include "store/logs.h"
#include "wire/json.h"

#define WORD_MAX (OLD_TEXT_MAX + 1)

/* A row of texts, as the database of the older system gives it, put together from members of objects. */
struct texts { struct old_row row; char text[OLD_COLUMNS][WORD_MAX]; };

static void set_text(struct texts *t, enum old_column column, const char *text)
{
	t->row.text[column] = text && text_copy(t->text[column], WORD_MAX, text) ? t->text[column] : NULL;
}

static void take(struct texts *t, enum old_column column, const struct cJSON *object, const char *name)
{
	t->row.text[column] = json_scalar(object, name, t->text[column], WORD_MAX) ? t->text[column] : NULL;
}

static enum err refuse(struct fault *fault, const char *field, const char *sentence)
{
	return fault_set(fault, ERR_INVALID, "invalid", field, "%s", sentence);
}

/* ---- events ---- */

/* "<central>_<ms>_<plate>": the plate of an exit that does not tell it. */
static const char *plate_in_name(const char *event_id)
{
	const char *last = strrchr(event_id, '_');

	return last ? last + 1 : NULL;
}

static enum err read_entry(const struct old_message *m, struct texts *t, struct old_told *out, struct fault *fault)
{
	take(t, OLD_PLATE_ID, m->data, "plate_id");
	take(t, OLD_PLATE_VIEW, m->data, "plate_view");
	take(t, OLD_EDGE_ID, m->data, "edge_id");
	take(t, OLD_ENTRY_TIME, m->data, "entry_time");
	set_text(t, OLD_STATUS, "IN");
	if (!t->row.text[OLD_PLATE_ID] && !t->row.text[OLD_PLATE_VIEW])
		return refuse(fault, "plate_id", "An entry needs a plate_id.");
	old_facts_read(&t->row, &out->facts);
	if (!out->facts.entered)
		return refuse(fault, "entry_time", "An entry needs an entry_time such as 2025-12-01 08:00:00.");
	(void)json_scalar(m->data, "camera_type", out->facts.camera_type, sizeof(out->facts.camera_type));
	return ERR_NONE;
}

static enum err read_exit(const struct old_message *m, struct texts *t, struct old_told *out, struct fault *fault)
{
	take(t, OLD_PLATE_ID, m->data, "plate_id");
	take(t, OLD_EXIT_TIME, m->data, "exit_time");
	take(t, OLD_FEE, m->data, "fee");
	take(t, OLD_DURATION, m->data, "duration");
	set_text(t, OLD_STATUS, "OUT");
	if (!t->row.text[OLD_PLATE_ID] || !t->row.text[OLD_PLATE_ID][0])
		set_text(t, OLD_PLATE_ID, plate_in_name(m->event_id));
	if (!t->row.text[OLD_PLATE_ID])
		return refuse(fault, "plate_id", "An exit needs a plate_id, or an event_id that ends with it.");
	old_facts_read(&t->row, &out->facts);
	if (!out->facts.left)
		return refuse(fault, "exit_time", "An exit needs an exit_time such as 2025-12-01 08:00:00.");
	if (out->facts.lost)
		return refuse(fault, "fee", "The fee of an exit is an amount of money, 0 or more.");
	out->facts.reason = "normal";
	out->facts.ours = false; /* who tells an event has taken the exit itself */
	(void)json_scalar(m->data, "exit_central", out->facts.exit_central, sizeof(out->facts.exit_central));
	(void)json_scalar(m->data, "exit_edge", out->facts.exit_edge, sizeof(out->facts.exit_edge));
	return ERR_NONE;
}

static void read_confirmation(const struct old_message *m, int64_t now_ms, struct old_told *out)
{
	char time[WORD_MAX];

	out->confirmation = true;
	if (!json_scalar(m->data, "confirmed_time", time, sizeof(time)) || !old_time_parse(time, &out->confirmed_ms))
		out->confirmed_ms = now_ms;
	text_copy(out->facts.event_id, sizeof(out->facts.event_id), m->event_id);
}

static bool names_a_stay(const char *event_id)
{
	return event_id && event_id[0] && strlen(event_id) < STAY_NAME_SIZE && !exit_name_is(event_id);
}

enum err old_told_event(const struct old_message *m, int64_t now_ms, struct old_told *out, struct fault *fault)
{
	struct texts *t;
	enum err e = ERR_NONE;

	*out = (struct old_told){ .created_ms = -1 };
	if (!names_a_stay(m->event_id))
		return refuse(fault, "event_id", "An event needs the event_id of its stay.");
	t = calloc(1, sizeof(*t));
	if (!t)
		return ERR_MEMORY;
	set_text(t, OLD_EVENT_ID, m->event_id);
	if (m->type == OLD_MESSAGE_ENTRY)
		e = read_entry(m, t, out, fault);
	else if (m->type == OLD_MESSAGE_EXIT)
		e = read_exit(m, t, out, fault);
	else
		read_confirmation(m, now_ms, out);
	free(t);
	text_copy(out->facts.source_central, sizeof(out->facts.source_central), m->source_central);
	return e;
}

/* ---- rows ---- */

enum err old_told_row(const char *object, size_t len, struct old_told *out)
{
	struct cJSON *row = NULL;
	struct texts *t;
	char created[ZONE_TEXT * 2];
	enum err e = json_read(object, len, &row);

	*out = (struct old_told){ .created_ms = -1 };
	if (e != ERR_NONE)
		return e == ERR_MEMORY ? e : ERR_INVALID;
	t = calloc(1, sizeof(*t));
	if (!t) {
		json_free(row);
		return ERR_MEMORY;
	}
	for (int i = 0; i < OLD_COLUMNS; i++)
		take(t, (enum old_column)i, row, old_column_name((enum old_column)i));
	if (!json_scalar(row, "created_at", created, sizeof(created)) || !old_time_parse(created, &out->created_ms))
		out->created_ms = -1;
	json_free(row);
	if (!names_a_stay(t->row.text[OLD_EVENT_ID]) || (!t->row.text[OLD_PLATE_ID] && !t->row.text[OLD_PLATE_VIEW]))
		e = ERR_INVALID;
	else
		old_facts_read(&t->row, &out->facts);
	free(t);
	return e == ERR_NONE && out->facts.event_id[0] && out->facts.entered ? ERR_NONE : ERR_INVALID;
}

enum err old_told_write(struct ledger *l, const struct old_told *told, struct old_written *out)
{
	const struct old_facts *f = &told->facts;

	if (told->confirmation)
		return old_write_confirmation(l, f->event_id, f->source_central, told->confirmed_ms, out);
	return old_write(l, f, out);
}
