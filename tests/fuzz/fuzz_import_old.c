/*
 * Taking over a database of the older system whose columns hold anything. Each line of the input is a row: values between '|', in the
 * order of columns[]; a value that begins with '#' is a number, with '$' a blob, an empty one is NULL. First byte of the input: which
 * of the older forms the table has.
 *
 * Every row is imported or named with the reason, no money is lost without a word, and a second import finds all of it there.
 */
#include "fuzz.h"

#include "base/journal.h"
#include "base/zone.h"
#include "domain/import.h"
#include "domain/old_row.h"
#include "domain/tariff.h"
#include "rows.h"
#include "store/old.h"
#include "tests/unit/central.h"

#define ROWS_MAX 20

static const char *const columns[OLD_COLUMNS] = {"event_id", "source_central", "edge_id", "plate_id", "plate_view", "entry_time",
	"entry_camera_id", "entry_camera_name", "entry_confidence", "entry_source", "exit_time", "exit_camera_id", "exit_camera_name",
	"duration", "fee", "status"};
#define LEFT_OUT_BY_SOME 3 /* of the first columns */

static struct central own;
static char path[4200];

/* ---- the older database ---- */

static void exec(sqlite3 *db, const char *sql)
{
	MUST(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static void bind(sqlite3_stmt *st, int index, const char *value)
{
	if (!*value)
		return;
	if (*value == '$')
		sqlite3_bind_blob(st, index, value + 1, (int)strlen(value + 1), SQLITE_STATIC);
	else if (*value == '#')
		sqlite3_bind_double(st, index, strtod(value + 1, NULL));
	else
		sqlite3_bind_text(st, index, value, -1, SQLITE_STATIC);
}

static void insert(sqlite3_stmt *st, char *line, bool older)
{
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	for (int i = 0; i < OLD_COLUMNS; i++) {
		char *value = line ? strsep(&line, "|") : NULL;
		int index = i + 1 - (older ? LEFT_OUT_BY_SOME : 0);

		if (value && index > 0)
			bind(st, index, value);
	}
	MUST(sqlite3_step(st) == SQLITE_DONE);
}

/* Returns how many rows it has. */
static int make_old(struct feed *feed)
{
	bool older = feed_byte(feed) == 'o';
	struct buf create, add;
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	int count = 0;

	buf_init(&create, 4096);
	buf_init(&add, 4096);
	buf_str(&create, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; DROP TABLE IF EXISTS history; CREATE TABLE history(id INTEGER PRIMARY KEY");
	buf_str(&add, "INSERT INTO history VALUES(NULL");
	for (int i = older ? LEFT_OUT_BY_SOME : 0; i < OLD_COLUMNS; i++) {
		buf_printf(&create, ", %s", columns[i]);
		buf_str(&add, ", ?");
	}
	buf_str(&create, ")");
	buf_str(&add, ")");
	MUST(sqlite3_open(path, &db) == SQLITE_OK);
	exec(db, buf_text(&create));
	MUST(sqlite3_prepare_v2(db, buf_text(&add), -1, &st, NULL) == SQLITE_OK);
	exec(db, "BEGIN");
	for (; count < ROWS_MAX && feed_left(feed); count++) {
		char *line = feed_line(feed);

		insert(st, line, older);
		free(line);
	}
	sqlite3_finalize(st);
	exec(db, "COMMIT");
	sqlite3_close(db);
	buf_free(&create);
	buf_free(&add);
	return count;
}

/* ---- what is made of it ---- */

static enum err note(void *arg, int64_t row, const char *event_id, bool lost, const char *text)
{
	(void)arg;
	(void)lost;
	MUST(row >= 1 && event_id && *text && utf8_valid(text, strlen(text)));
	return ERR_NONE;
}

static void between(void *arg, const struct import_report *so_far)
{
	(void)arg;
	MUST(so_far->rows >= 0);
}

static void check_facts(const struct old_row *row)
{
	struct old_facts f;

	old_facts_read(row, &f);
	MUST(f.plate_id[0] && utf8_valid(f.plate_id, strlen(f.plate_id)) && utf8_valid(f.plate_view, strlen(f.plate_view)));
	MUST(utf8_valid(f.event_id, strlen(f.event_id)) && (!f.source_central[0] || central_id_valid(f.source_central)));
	MUST(utf8_valid(f.entry_camera_name, strlen(f.entry_camera_name)) && utf8_valid(f.duration, strlen(f.duration)));
	MUST(f.fee >= 0 && f.fee <= TARIFF_MONEY_MAX && (f.confidence >= 0 || (int)f.confidence == -1));
	MUST((f.entered || f.left) || f.lost);
	MUST(!f.entered || (f.entry_ms >= 0 && f.entry_time[0]));
	MUST(!f.left || (f.exit_ms >= 0 && f.exit_time[0] && f.reason));
	MUST(!f.lost || f.note[0]);
}

static void look_at_rows(void)
{
	struct old_db *old = NULL;
	struct fault fault = {0};
	struct old_row row;

	MUST(old_open(path, &old, &fault) == ERR_NONE);
	while (old_next(old, &row) == ERR_NONE)
		check_facts(&row);
	old_close(old);
}

static void import(struct import_report *report)
{
	const struct import_watch watch = {.note = note, .between = between};
	struct old_db *old = NULL;
	struct fault fault = {0};

	MUST(old_open(path, &old, &fault) == ERR_NONE);
	MUST(import_old(own.ledger, old, &watch, report) == ERR_NONE);
	old_close(old);
}

/* ---- start ---- */

static void start(void)
{
	static const char empty[] = "DELETE FROM seals; DELETE FROM record_rows; DELETE FROM logs; DELETE FROM history; DELETE FROM exits;"
		" UPDATE clock SET hlc_ms = 0, hlc_counter = 0, change = 0;";

	if (!own.db) {
		journal_start("fuzz", (enum journal_level)(JOURNAL_ERROR + 1));
		MUST(central_open(&own, ":memory:", "central-1", 7) == ERR_NONE);
		text_format(path, sizeof path, "%s/fuzz_import_old.%ld.db", fuzz_folder(), (long)getpid());
	}
	exec(own.db->handle, empty);
	own.fake.wall_ms = CENTRAL_TIME;
	MUST(zone_set(ZONE_DEFAULT) && central_restart(&own) == ERR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};
	struct import_report first, second;
	int count;

	start();
	count = make_old(&feed);
	look_at_rows();
	import(&first);
	MUST(first.rows == count);
	MUST(number_of(own.db, "SELECT count(*) FROM history WHERE status != 'VOID'") <= first.entries + first.exits);
	MUST(number_of(own.db, "SELECT count(*) FROM exits") <= first.exits);
	import(&second);
	MUST(second.rows == count && second.entries == 0 && second.exits == 0 && second.fees == first.fees && second.lost == first.lost);
	unlink(path);
	return 0;
}
