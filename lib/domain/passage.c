#include "domain/passage.h"

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "store/history.h"
#include "store/stays.h"
#include "wire/json.h"

struct telling { bool entry; struct passage *where; struct buf *frame; };

static const char *either(const char *text, const char *instead)
{
	return text != NULL && text[0] != '\0' ? text : instead;
}

static void add_text(struct buf *out, const char *name, const char *text)
{
	if (text != NULL)
		json_add_text(out, name, text);
	else
		json_add_raw(out, name, "null");
}

static void add_data(struct buf *out, const struct history_row *row, double confidence, const char *source)
{
	json_add_name(out, "data");
	buf_char(out, '{');
	add_text(out, "plate_text", row->plate_id);
	add_text(out, "plate_view", either(row->plate_view, row->plate_id));
	json_add_name(out, "confidence");
	if (confidence >= 0)
		buf_printf(out, "%.15g", confidence);
	else
		buf_str(out, "null");
	add_text(out, "source", source);
	buf_char(out, '}');
}

static void add_gate(struct buf *out, const struct passage *where, const char *camera_id, const char *camera_name,
	const char *camera_type)
{
	const char *edge_id = where->edge_id[0] != '\0' ? where->edge_id : NULL;

	add_text(out, "camera_id", either(camera_id, edge_id));
	add_text(out, "camera_name", either(camera_name, edge_id));
	add_text(out, "camera_type", camera_type);
	add_text(out, "source_central", where->central);
}

static void tell_entry(const struct history_row *row, const struct passage *where, struct buf *out)
{
	buf_str(out, "{\"type\":\"ENTRY\"");
	add_text(out, "event_id", row->event_id);
	add_gate(out, where, row->entry_camera_id, row->entry_camera_name, row->camera_type);
	add_data(out, row, row->entry_confidence, row->entry_source);
	add_text(out, "entry_time", row->entry_time);
	buf_char(out, '}');
}

static void tell_exit(const struct history_row *row, const struct passage *where, struct buf *out)
{
	buf_str(out, "{\"type\":\"EXIT\"");
	add_text(out, "event_id", row->event_id);
	add_gate(out, where, row->exit_camera_id, row->exit_camera_name, row->camera_type);
	add_data(out, row, row->exit_confidence, row->exit_source);
	add_text(out, "exit_time", row->exit_time);
	json_add_integer(out, "fee", row->fee);
	add_text(out, "duration", row->duration);
	buf_char(out, '}');
}

static enum err tell(void *arg, const struct history_row *row)
{
	const struct telling *t = arg;
	const char *central = t->entry ? row->source_central : row->exit_central, *edge = t->entry ? row->edge_id : row->exit_edge;

	text_copy(t->where->central, sizeof(t->where->central), either(central, ""));
	text_copy(t->where->edge_id, sizeof(t->where->edge_id), either(edge, ""));
	if (t->entry)
		tell_entry(row, t->where, t->frame);
	else
		tell_exit(row, t->where, t->frame);
	return ERR_NONE;
}

/* The stay that this entry began, if its car is inside. */
static enum err entered(struct db *db, const struct record_numbered *r, struct stay_row *stay)
{
	enum err e = r->event_id != NULL ? stay_find(db, r->event_id, stay) : ERR_NOT_FOUND;
	bool counts = e == ERR_NONE && stay->status == STAY_IN && stay->entry.seq == r->seq && strcmp(stay->entry.log, r->log) == 0;

	return e == ERR_NONE && !counts ? ERR_NOT_FOUND : e;
}

/* The stay that this exit ended. */
static enum err left(struct db *db, const struct record_numbered *r, struct stay_row *stay)
{
	struct exit_row exit;
	enum err e = exit_find(db, r->log, r->seq, &exit);
	bool counts;

	if (e == ERR_NONE)
		e = exit.kind == EXIT_COUNTED ? stay_find(db, exit.bound, stay) : ERR_NOT_FOUND;
	counts = e == ERR_NONE && stay->status == STAY_OUT && stay->exit_seq == r->seq && strcmp(stay->exit_log, r->log) == 0;
	return e == ERR_NONE && !counts ? ERR_NOT_FOUND : e;
}

enum err passage_of(struct db *db, const struct record_numbered *record, struct passage *out, struct buf *frame)
{
	struct telling t = { .entry = record->type == RECORD_ENTRY, .where = out, .frame = frame };
	struct stay_row stay;
	enum err e = ERR_NOT_FOUND;

	if (t.entry)
		e = entered(db, record, &stay);
	else if (record->type == RECORD_EXIT)
		e = left(db, record, &stay);
	return e == ERR_NONE ? history_find(db, stay.id, tell, &t) : e;
}
