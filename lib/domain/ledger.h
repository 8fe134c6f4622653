/*
 * The ledger: appending own records, taking peers' pages, reading pages for peers (spec/records.md).
 *
 * States of a ledger: idle -> ledger_begin -> in a transaction -> ledger_commit or ledger_rollback -> idle.
 * Its own log is opened by a LOG_OPEN record at its first own record after start (or after the central's id changed); only this
 * object counts its seq and chain, in memory. What a failed transaction appended is forgotten, in memory too.
 *
 * Not shared between threads. One process a writer name and database (db_hold_writer_lock).
 */
#ifndef PARKMESH_DOMAIN_LEDGER_H
#define PARKMESH_DOMAIN_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/world.h"
#include "store/logs.h"
#include "wire/message.h"
#include "wire/record.h"

struct db;
struct ledger;

/* writer: "fcgi", "p2pd" or "ctl". db (DB_WRITE) and world outlive it. Merges again what an earlier program version could not
 * read. Free with ledger_close. */
enum err ledger_open(struct db *db, const char *writer, const struct world *world, struct ledger **out);
void ledger_close(struct ledger *l);
struct db *ledger_db(struct ledger *l);
const struct world *ledger_world(const struct ledger *l);

enum err ledger_begin(struct ledger *l);
/* Seals what was appended, moves the clock, commits. On any error everything is undone. */
enum err ledger_commit(struct ledger *l);
void ledger_rollback(struct ledger *l);
/* One request's part, as db_savepoint, with the ledger's own memory. */
enum err ledger_savepoint(struct ledger *l);
enum err ledger_savepoint_keep(struct ledger *l);
void ledger_savepoint_undo(struct ledger *l);

/* Append r to the own log and merge it. The caller fills type, event_id, data, and at (-1: the wall clock); the ledger fills
 * source_central (a legacy record may name its own), timestamp, log, seq, hlc. r's own log, seq and hlc are set on return. In a
 * transaction. */
enum err ledger_append(struct ledger *l, struct record *r);
/* The own record written last: its seq, its log in log. 0: none was since the log was opened. In a transaction. */
int64_t ledger_written(const struct ledger *l, char log[LOG_ID_SIZE]);
/* The central's id, as records written now will carry it. In a transaction. */
const char *ledger_central(const struct ledger *l);

enum taken {
	TAKEN_NEW,      /* at least one record was new and is now merged */
	TAKEN_HELD,     /* all of it was held already */
	TAKEN_GAP,      /* it begins beyond what is held: dropped, nothing wrong */
	TAKEN_FORK      /* it verifies, but does not continue what is held: dropped, the log flagged for operators; the caller exchanges
	                 * that log no longer with whoever sent it, while others may well go on delivering ours */
};
struct take_result {
	enum taken taken;
	char author[CENTRAL_ID_SIZE]; /* by the log's LOG_OPEN */
	size_t records;               /* new ones */
	bool wrote;                   /* rows were written: after an error they have to be undone */
};
/* Verify the page from its own chain in memory, then store and merge what is new. In a transaction.
 * ERR_SYNTAX: a line cannot be a record, or names another log or seq. ERR_DENIED: the seal does not verify, or the first record
 * is not that log's LOG_OPEN. Both: nothing was applied, fault says what. ERR_UNAVAILABLE and the like: roll back. */
enum err ledger_take(struct ledger *l, const struct page *page, struct take_result *out, struct fault *fault);

/* The same in two steps, of which the first looks at no row and may be done in another thread, before pages that come before it are
 * taken: parsing, hashing and packing are a third of the work. */
struct incoming;
/* Read the page's lines; key (NULL: not known yet) is whose seal it is to bear. What is wrong with the page only ledger_take_read tells.
 * page and its bytes outlive *out. ERR_MEMORY. Free with incoming_free (NULL is allowed). */
enum err incoming_read(const struct page *page, const unsigned char *key, struct incoming **out);
void incoming_free(struct incoming *in);
/* As ledger_take. Once more only after what it wrote was undone. */
enum err ledger_take_read(struct ledger *l, struct incoming *in, struct take_result *out, struct fault *fault);

/* A page of log from first_seq on: bytes of the lines are appended to lines (each with a newline before it, as message_write
 * wants them), out->line points into it. Ends at a seal, has at most max_records and max_bytes of lines.
 * out->more says whether more is held. ERR_NOT_FOUND: nothing is held from there on. db may be any connection. */
enum err ledger_read_page(struct db *db, const char *log, int64_t first_seq, size_t max_records, size_t max_bytes,
	struct buf *lines, struct page *out);

/* Readable, and in the name of its log's author (or, of the old dialect, of the central it was told by). */
bool ledger_may_merge(const struct record *r, const char *author);

/* ERR_NONE: id is pinned to this key. ERR_NOT_FOUND: to none, and it may be to this one. ERR_DENIED: it is pinned to another, or another
 * is expected (site_peer_repin). Reads only. */
enum err ledger_pinned(struct db *db, const char *id, const unsigned char public_key[KEY_BYTES]);
/* Pin id to this key, unless it is; drops LOG_UNPINNED from its logs. ERR_DENIED as above. In a transaction. */
enum err ledger_pin(struct ledger *l, const char *id, const unsigned char public_key[KEY_BYTES]);

#endif
