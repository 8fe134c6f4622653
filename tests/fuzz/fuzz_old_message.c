/* A message of the old dialect, and what is written of it: whatever an old central says becomes records that can be read, or nothing. */
#include "fuzz.h"

#include "base/journal.h"
#include "base/zone.h"
#include "domain/ledger.h"
#include "domain/old_told.h"
#include "domain/tariff.h"
#include "rows.h"
#include "tests/unit/central.h"

static struct central own;

static void check_facts(const struct old_facts *f)
{
	MUST(f->event_id[0] && utf8_valid(f->event_id, strlen(f->event_id)));
	MUST(f->plate_id[0] && utf8_valid(f->plate_id, strlen(f->plate_id)) && utf8_valid(f->plate_view, strlen(f->plate_view)));
	MUST(!f->source_central[0] || central_id_valid(f->source_central));
	MUST(f->fee >= 0 && f->fee <= TARIFF_MONEY_MAX && (f->confidence >= 0 || (int)f->confidence == -1));
	MUST(f->entered || f->left);
	MUST(!f->entered || (f->entry_ms >= 0 && f->entry_time[0]));
	MUST(!f->left || (f->exit_ms >= 0 && f->exit_time[0]));
}

/* Written twice, it is there once. */
static void write_down(const struct old_told *told)
{
	struct old_written first = {0}, second = {0};
	enum err e;

	if (!told->confirmation)
		check_facts(&told->facts);
	MUST(ledger_begin(own.ledger) == ERR_NONE);
	e = old_told_write(own.ledger, told, &first);
	MUST(e == ERR_NONE || e == ERR_INVALID || e == ERR_TOO_LARGE);
	if (e != ERR_NONE) {
		ledger_rollback(own.ledger);
		return;
	}
	MUST(old_told_write(own.ledger, told, &second) == ERR_NONE);
	MUST(second.entries == 0 && second.exits == 0 && second.confirmations == 0);
	MUST(ledger_commit(own.ledger) == ERR_NONE);
}

static void walk_rows(const struct old_message *m)
{
	const char *at = m->rows, *row;
	size_t left = m->rows_len, len;
	struct old_told told;

	while (at && old_rows_next(&at, &left, &row, &len) == ERR_NONE) {
		enum err e;

		MUST(row >= m->rows && row + len <= m->rows + m->rows_len && len >= 2 && len <= OLD_ROW_MAX);
		MUST(row[0] == '{'); /* whether it is an object to its end is old_told_row's to say */
		e = old_told_row(row, len, &told);
		MUST(e == ERR_NONE || e == ERR_INVALID);
		if (e == ERR_NONE)
			write_down(&told);
	}
}

static void take(const struct old_message *m)
{
	struct fault fault = {0};
	struct old_told told;
	enum err e;

	if (!central_id_valid(m->source_central)) /* p2pd takes only what names the peer whose address it comes from */
		return;
	switch (m->type) {
	case OLD_MESSAGE_ENTRY: case OLD_MESSAGE_CONFIRMED: case OLD_MESSAGE_EXIT:
		e = old_told_event(m, CENTRAL_TIME, &told, &fault);
		MUST(e == ERR_NONE || (e == ERR_INVALID && fault.sentence[0]));
		if (e == ERR_NONE)
			write_down(&told);
		break;
	case OLD_MESSAGE_SYNC_RESPONSE:
		walk_rows(m);
		break;
	case OLD_MESSAGE_UNKNOWN: case OLD_MESSAGE_PEER_ID: case OLD_MESSAGE_HEARTBEAT: case OLD_MESSAGE_SYNC_REQUEST:
	case OLD_MESSAGE_CHANGE: case OLD_MESSAGE_ERROR:
		break;
	}
}

static void start(void)
{
	static const char empty[] = "DELETE FROM seals; DELETE FROM record_rows; DELETE FROM logs; DELETE FROM history; DELETE FROM exits;"
		" DELETE FROM record_counts; UPDATE clock SET hlc_ms = 0, hlc_counter = 0, change = 0;";

	if (!own.db) {
		journal_start("fuzz", (enum journal_level)(JOURNAL_ERROR + 1));
		MUST(central_open(&own, ":memory:", "central-1", 7) == ERR_NONE);
	}
	MUST(sqlite3_exec(own.db->handle, empty, NULL, NULL, NULL) == SQLITE_OK);
	own.fake.wall_ms = CENTRAL_TIME;
	MUST(zone_set(ZONE_DEFAULT) && central_restart(&own) == ERR_NONE);
}

/* One message a line: what comes later meets what is there. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};

	start();
	for (int i = 0; i < 8 && feed_left(&feed); i++) {
		char *line = feed_line(&feed);
		struct fault fault = {0};
		struct old_message m;
		enum err e = old_message_read(line, strlen(line), &m, &fault);

		MUST(e == ERR_NONE || ((e == ERR_SYNTAX || e == ERR_TOO_LARGE) && fault.sentence[0]));
		if (e == ERR_NONE) {
			take(&m);
			old_message_free(&m);
		}
		free(line);
	}
	MUST(number_of(own.db, "SELECT count(*) FROM records WHERE unread > 0") == 0);
	MUST(number_of(own.db, "SELECT count(*) FROM (SELECT 1 FROM history WHERE status = 'IN' GROUP BY plate_id HAVING count(*) > 1)") == 0);
	return 0;
}
