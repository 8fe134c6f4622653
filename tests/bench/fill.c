/*
 * A database that holds many records, made through the ledger as a central makes its own: cars drive in and out a second apart, the
 * last just now, each plate some twenty times; the last 5000 (half of them at most) are still inside.
 * usage: fill [option VALUE]... DATABASE ID RECORDS     prints an object: cars inside, per_second, cpu_us a record
 *   --commit N      records a transaction and seal (256, as a page of p2pd has)
 *   --already N     so many are there, by an earlier call: the same cars go on from there
 *   --sql TEXT      of the connection, before anything is written
 *   --apart         nobody else knows of the file yet: without lock file and write-ahead log, on disk when it ends. Ten million
 *                   records take minutes then, not an hour.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "domain/gate_write.h"
#include "domain/plate.h"
#include "domain/stay.h"
#include "store/db_internal.h"
#include "tests/unit/central.h"

#define INSIDE 5000
#define VISITS 20           /* of each plate */
#define PLATES_LEAST 10007

struct fill { struct central c; int64_t records, done, entered, left, inside, plates; };

struct options { int64_t commit, already; const char *sql; bool apart; };

static void name_plate(const struct fill *f, int64_t stay, char out[PLATE_SIZE])
{
	/* Neighbours in time are no neighbours in the index. */
	int64_t number = stay * 7919 % f->plates;

	text_format(out, PLATE_SIZE, "%02d%c%06lld", 29 + (int)(number % 5), (char)('A' + number % 23), (long long)number);
}

static enum err enter(struct fill *f)
{
	char plate[PLATE_SIZE], view[PLATE_VIEW_SIZE];
	struct entry_write w = { .plate_id = plate, .plate_view = view, .edge_id = "edge-1", .camera_type = "car", .source = "edge",
		.confidence = 0.94 };
	struct stay_row row;
	enum err e;

	name_plate(f, f->entered++, plate);
	plate_view_make(plate, view);
	e = moment_of(f->c.db, plate, NULL, -1, f->c.fake.wall_ms, &w.when);
	return e == ERR_NONE ? gate_write_entry(f->c.ledger, &w, &row) : e;
}

static enum err leave(struct fill *f)
{
	char plate[PLATE_SIZE];
	struct exit_write w = { .plate_id = plate, .edge_id = "edge-2", .reason = "normal", .fee = -1, .edge_fee = -1 };
	struct exit_written out;
	struct stay_row row;
	enum err e;

	name_plate(f, f->left++, plate);
	e = moment_of(f->c.db, plate, NULL, -1, f->c.fake.wall_ms, &w.when);
	if (e == ERR_NONE)
		e = stay_inside(f->c.db, plate, w.when.as_of, &row);
	w.stay = &row;
	return e == ERR_NONE ? gate_write_exit(f->c.ledger, &w, &out) : e;
}

static bool full(const struct fill *f)
{
	return f->entered - f->left > f->inside;
}

static enum err write_some(struct fill *f, int64_t most)
{
	enum err e = ledger_begin(f->c.ledger);

	for (int64_t i = 0; e == ERR_NONE && i < most && f->done < f->records; i++, f->done++) {
		f->c.fake.wall_ms += 1000;
		e = full(f) ? leave(f) : enter(f);
	}
	if (e == ERR_NONE)
		e = ledger_commit(f->c.ledger);
	else
		ledger_rollback(f->c.ledger);
	return e == ERR_NONE ? db_checkpoint(f->c.db, DB_CHECKPOINT_USUAL) : e;
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all records, those there are already included. */
static void plan(struct fill *f, int64_t records, int64_t already)
{
	int64_t all = already > 0 ? already : records, now_ms = (int64_t)time(NULL) * 1000;

	f->records = records;
	f->inside = all / 2 < INSIDE ? all / 2 : INSIDE;
	f->plates = all / 2 / VISITS < PLATES_LEAST ? PLATES_LEAST : all / 2 / VISITS;
	for (int64_t i = 0; i < already; i++)
		*(full(f) ? &f->left : &f->entered) += 1;
	f->c.fake.wall_ms = already > 0 ? now_ms : now_ms - records * 1000;
}

/* The same file again, by a connection that has it alone. */
static enum err open_apart(struct fill *f, const char *path)
{
	struct fault fault;
	enum err e;

	central_close(&f->c);
	e = db_open(path, DB_APART, &f->c.db, &fault);
	return e == ERR_NONE ? ledger_open(f->c.db, "fcgi", &f->c.world, &f->c.ledger) : e;
}

static enum err open_all(struct fill *f, char **words, const struct options *o)
{
	enum err e = central_open(&f->c, words[0], words[1], (uint64_t)time(NULL));

	if (e == ERR_NONE && o->apart)
		e = open_apart(f, words[0]);
	if (e == ERR_NONE && sqlite3_exec(f->c.db->handle, o->sql, NULL, NULL, NULL) != SQLITE_OK) {
		db_note_error(f->c.db, o->sql);
		e = ERR_SYNTAX;
	}
	return e;
}

/* What was written without waiting for the disk. */
static bool settle(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = { { "commit", 1, NULL, 'c' }, { "already", 1, NULL, 'a' }, { "sql", 1, NULL, 's' },
		{ "apart", 0, NULL, 'p' }, { NULL, 0, NULL, 0 } };
	int which;

	while ((which = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (which) {
		case 'c': o->commit = atoll(optarg); break;
		case 'a': o->already = atoll(optarg); break;
		case 's': o->sql = optarg; break;
		case 'p': o->apart = true; break;
		default: return false;
		}
	}
	return argc - optind == 3 && o->commit > 0;
}

int main(int argc, char **argv)
{
	static struct fill f;
	struct options o = { 256, 0, "", false };
	double took, cpu;
	enum err e;

	if (!read_options(argc, argv, &o)) {
		fputs("usage: fill [--commit N] [--already N] [--sql TEXT] [--apart] DATABASE ID RECORDS\n", stderr);
		return 2;
	}
	argv += optind;
	e = open_all(&f, argv, &o);
	plan(&f, atoll(argv[2]), o.already);
	took = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	while (e == ERR_NONE && f.done < f.records)
		e = write_some(&f, o.commit);
	if (e != ERR_NONE) {
		fprintf(stderr, "fill: %s: %s\n", err_name(e), f.c.db == NULL ? argv[0] : db_last_error(f.c.db));
		return 1;
	}
	took = seconds(CLOCK_MONOTONIC) - took;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	central_close(&f.c);
	if (o.apart && !settle(argv[0]))
		return 1;
	printf("{\"inside\": %lld, \"per_second\": %.1f, \"cpu_us\": %.3f}\n", (long long)(f.entered - f.left), (double)f.done / took,
		f.done == 0 ? 0 : cpu * 1e6 / (double)f.done);
	return 0;
}
