#include "history_row.h"

#include "answer.h"
#include "csv.h"
#include "domain/told_row.h"

void answer_history_row(struct response *r, const struct history_row *row)
{
	answer_name(r, NULL);
	told_row_json(row, &r->body);
}

void csv_history_head(struct buf *out)
{
	for (size_t i = 0; i < told_row_cells(); i++)
		csv_text(out, i == 0, told_row_name(i));
	csv_end_row(out);
}

static void csv_cell(struct buf *out, bool first, const struct told_cell *cell)
{
	switch (cell->kind) {
	case TOLD_NULL: csv_text(out, first, NULL); break;
	case TOLD_TEXT: csv_text(out, first, cell->text); break;
	case TOLD_INTEGER: csv_integer(out, first, cell->integer); break;
	case TOLD_REAL: csv_real(out, first, cell->real); break;
	}
}

void csv_history_row(struct buf *out, const struct history_row *row)
{
	for (size_t i = 0; i < told_row_cells(); i++) {
		const struct told_cell cell = told_row_cell(row, i);

		csv_cell(out, i == 0, &cell);
	}
	csv_end_row(out);
}
