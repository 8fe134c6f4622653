/*
 * A database that holds many records, made through the ledger as a central makes its own: cars drive in and out a second apart, the
 * last just now, each plate some twenty times; the last 5000 (a quarter at most) are still inside.
 * usage: fill DATABASE ID RECORDS [RECORDS_A_COMMIT]    prints an object: cars inside, per_second, cpu_us a record
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "domain/gate_write.h"
#include "domain/plate.h"
#include "domain/stay.h"
#include "tests/unit/central.h"

#define INSIDE 5000
#define VISITS 20           /* of each plate */
#define PLATES_LEAST 10007

struct fill { struct central c; int64_t records, done, entered, left, inside, plates; };

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

static enum err write_some(struct fill *f, int64_t most)
{
	enum err e = ledger_begin(f->c.ledger);

	for (int64_t i = 0; e == ERR_NONE && i < most && f->done < f->records; i++, f->done++) {
		f->c.fake.wall_ms += 1000;
		e = f->entered - f->left > f->inside ? leave(f) : enter(f);
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

int main(int argc, char **argv)
{
	static struct fill f;
	int64_t most = argc > 4 ? atoll(argv[4]) : 1000;
	double took, cpu;
	enum err e;

	if (argc != 4 && argc != 5) {
		fputs("usage: fill DATABASE ID RECORDS [RECORDS_A_COMMIT]\n", stderr);
		return 2;
	}
	f.records = atoll(argv[3]);
	f.inside = f.records / 4 < INSIDE ? f.records / 4 : INSIDE;
	f.plates = f.records / 2 / VISITS < PLATES_LEAST ? PLATES_LEAST : f.records / 2 / VISITS;
	e = central_open(&f.c, argv[1], argv[2], (uint64_t)time(NULL));
	f.c.fake.wall_ms = ((int64_t)time(NULL) - f.records) * 1000;
	took = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	while (e == ERR_NONE && f.done < f.records)
		e = write_some(&f, most);
	if (e != ERR_NONE) {
		fprintf(stderr, "fill: %s: %s\n", err_name(e), f.c.db == NULL ? argv[1] : db_last_error(f.c.db));
		return 1;
	}
	took = seconds(CLOCK_MONOTONIC) - took;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	central_close(&f.c);
	printf("{\"inside\": %lld, \"per_second\": %.1f, \"cpu_us\": %.3f}\n", (long long)(f.entered - f.left), (double)f.done / took,
		f.done == 0 ? 0 : cpu * 1e6 / (double)f.done);
	return 0;
}
