#include "domain/told_row.h"

#include <math.h>

enum member_kind {
	MEMBER_TEXT,     /* NULL: null */
	MEMBER_INTEGER,
	MEMBER_MOMENT,   /* Unix ms; -1: null */
	MEMBER_RATIO     /* -1: null */
};

/* lead: what stands before its value in the object. */
struct member { const char *name, *lead; size_t lead_len; enum member_kind kind; size_t offset; };

#define LEAD(name) ",\"" #name "\":"
#define MEMBER(kind, name) {#name, LEAD(name), sizeof(LEAD(name)) - 1, kind, offsetof(struct history_row, name)}

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

size_t told_row_cells(void)
{
	return sizeof(members) / sizeof(*members);
}

const char *told_row_name(size_t number)
{
	return members[number].name;
}

struct told_cell told_row_cell(const struct history_row *row, size_t number)
{
	const struct member *m = &members[number];
	const void *value = (const char *)row + m->offset;
	struct told_cell cell = { .name = m->name };

	switch (m->kind) {
	case MEMBER_TEXT:
		cell.text = *(const char *const *)value;
		cell.kind = cell.text != NULL ? TOLD_TEXT : TOLD_NULL;
		break;
	case MEMBER_INTEGER:
	case MEMBER_MOMENT:
		cell.integer = *(const int64_t *)value;
		cell.kind = m->kind == MEMBER_MOMENT && cell.integer < 0 ? TOLD_NULL : TOLD_INTEGER;
		break;
	case MEMBER_RATIO:
		cell.real = *(const double *)value;
		cell.kind = isfinite(cell.real) && cell.real >= 0 ? TOLD_REAL : TOLD_NULL;
		break;
	}
	return cell;
}

static void add_value(const struct told_cell *cell, struct buf *out)
{
	switch (cell->kind) {
	case TOLD_NULL:
		buf_str(out, "null");
		break;
	case TOLD_TEXT:
		buf_json_str(out, cell->text);
		break;
	case TOLD_INTEGER:
		buf_int(out, cell->integer);
		break;
	case TOLD_REAL:
		buf_real(out, cell->real);
		break;
	}
}

void told_row_json(const struct history_row *row, struct buf *out)
{
	buf_char(out, '{');
	for (size_t i = 0; i < told_row_cells(); i++) {
		const struct told_cell cell = told_row_cell(row, i);
		size_t comma = i == 0;

		buf_add(out, members[i].lead + comma, members[i].lead_len - comma);
		add_value(&cell, out);
	}
	buf_char(out, '}');
}
