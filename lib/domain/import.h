/*
 * Taking over the database of the older Python system: its rows become records of the ledger's own log, marked as told by the old
 * dialect, so that the same row imported at several centrals is one stay and one exit (spec/records.md).
 *
 * Nothing is lost: each row becomes a record or is named with the reason. A row without an event_id gets one from its time, the same in
 * every run, so a second run finds all of it there and writes nothing. A transaction ends when a gate waits, and the caller is asked
 * between them to let it work.
 */
#ifndef PARKMESH_DOMAIN_IMPORT_H
#define PARKMESH_DOMAIN_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct ledger;
struct old_db;

struct import_report {
	int64_t rows;                  /* read */
	int64_t entries, exits;        /* records written now */
	int64_t known;                 /* rows of which everything was held already */
	int64_t noted, lost;           /* rows put in order; rows of which something could not be taken over */
	int64_t fees;                  /* VND of all exits, those held already, too */
};

struct import_watch {
	/* A row that was not plain: lost says that something of it is in no record. */
	enum err (*note)(void *arg, int64_t row, const char *event_id, bool lost, const char *note);
	/* After every commit, outside of a transaction: pause, ring the bell, show progress. */
	void (*between)(void *arg, const struct import_report *so_far);
	void *arg;
};

enum err import_old(struct ledger *l, struct old_db *old, const struct import_watch *watch, struct import_report *out);

#endif
