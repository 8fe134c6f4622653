#include "history_row.h"

#include <stddef.h>

#include "answer.h"
#include "csv.h"

enum member_kind {
	MEMBER_TEXT,     /* NULL: null */
	MEMBER_INTEGER,
	MEMBER_MOMENT,   /* Unix ms; -1: null */
	MEMBER_RATIO     /* -1: null */
};

struct member { const char *name; enum member_kind kind; size_t offset; };

#define MEMBER(kind, name) {#name, kind, offsetof(struct history_row, name)}

static const struct member members[] = {
	MEMBER(MEMBER_INTEGER, id),
	MEMBER(MEMBER_TEXT, event_id),
	MEMBER(MEMBER_TEXT, source_central),
	MEMBER(MEMBER_TEXT, edge_id),
	MEMBER(MEMBER_TEXT, plate_id),
	MEMBER(MEMBER_TEXT, plate_view),
	MEMBER(MEMBER_TEXT, camera_type),
	MEMBER(MEMBER_TEXT, entry_time),
	MEMBER(MEMBER_TEXT, entry_camera_id),
	MEMBER(MEMBER_TEXT, entry_camera_name),
	MEMBER(MEMBER_RATIO, entry_confidence),
	MEMBER(MEMBER_TEXT, entry_source),
	MEMBER(MEMBER_MOMENT, entry_ts),
	MEMBER(MEMBER_MOMENT, confirmed_ts),
	MEMBER(MEMBER_TEXT, exit_time),
	MEMBER(MEMBER_TEXT, exit_camera_id),
	MEMBER(MEMBER_TEXT, exit_camera_name),
	MEMBER(MEMBER_RATIO, exit_confidence),
	MEMBER(MEMBER_TEXT, exit_source),
	MEMBER(MEMBER_MOMENT, exit_ts),
	MEMBER(MEMBER_TEXT, exit_central),
	MEMBER(MEMBER_TEXT, exit_edge),
	MEMBER(MEMBER_TEXT, exit_reason),
	MEMBER(MEMBER_TEXT, duration),
	MEMBER(MEMBER_INTEGER, fee),
	MEMBER(MEMBER_TEXT, status),
	MEMBER(MEMBER_TEXT, sync_status),
	MEMBER(MEMBER_TEXT, superseded_by),
	MEMBER(MEMBER_TEXT, flags),
	MEMBER(MEMBER_TEXT, created_at),
	MEMBER(MEMBER_TEXT, updated_at),
};
#define MEMBERS (sizeof members / sizeof *members)

static const void *value_of(const struct member *m, const struct history_row *row)
{
	return (const char *)row + m->offset;
}

static const char *text_of(const struct member *m, const struct history_row *row)
{
	return *(const char *const *)value_of(m, row);
}

static int64_t integer_of(const struct member *m, const struct history_row *row)
{
	return *(const int64_t *)value_of(m, row);
}

static double ratio_of(const struct member *m, const struct history_row *row)
{
	return *(const double *)value_of(m, row);
}

/* A number that stands for NULL. */
static bool missing(const struct member *m, const struct history_row *row)
{
	return (m->kind == MEMBER_MOMENT && integer_of(m, row) < 0) || (m->kind == MEMBER_RATIO && ratio_of(m, row) < 0);
}

static void answer_member(struct response *r, const struct member *m, const struct history_row *row)
{
	if (m->kind == MEMBER_TEXT)
		answer_text(r, m->name, text_of(m, row));
	else if (missing(m, row))
		answer_null(r, m->name);
	else if (m->kind == MEMBER_RATIO)
		answer_real(r, m->name, ratio_of(m, row));
	else
		answer_integer(r, m->name, integer_of(m, row));
}

void answer_history_row(struct response *r, const struct history_row *row)
{
	answer_object(r, NULL);
	for (size_t i = 0; i < MEMBERS; i++)
		answer_member(r, &members[i], row);
	answer_object_end(r);
}

void csv_history_head(struct buf *out)
{
	for (size_t i = 0; i < MEMBERS; i++)
		csv_text(out, i == 0, members[i].name);
	csv_end_row(out);
}

static void csv_member(struct buf *out, bool first, const struct member *m, const struct history_row *row)
{
	if (m->kind == MEMBER_TEXT)
		csv_text(out, first, text_of(m, row));
	else if (missing(m, row))
		csv_text(out, first, NULL);
	else if (m->kind == MEMBER_RATIO)
		csv_real(out, first, ratio_of(m, row));
	else
		csv_integer(out, first, integer_of(m, row));
}

void csv_history_row(struct buf *out, const struct history_row *row)
{
	for (size_t i = 0; i < MEMBERS; i++)
		csv_member(out, i == 0, &members[i], row);
	csv_end_row(out);
}
