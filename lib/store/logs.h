/* Rows of `logs`, `records`, `seals` and `clock`: what is held of each central's log. No rules here; those are domain/ledger. */
#ifndef PARKMESH_STORE_LOGS_H
#define PARKMESH_STORE_LOGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "seal/seal.h"
#include "wire/record.h"

struct db;
struct key; /* store/stays.h */

enum log_flag {
	LOG_CLOSED = 1,      /* another log of its writer names it as previous */
	LOG_FORKED = 2,      /* somebody holds another sealed record under one of its numbers: the alarm for operators */
	LOG_UNPINNED = 4,    /* its author's key is not pinned here */
	LOG_ROLLED_BACK = 8  /* somebody holds more of it than its author did, or another log names the same previous */
};

struct log_row {
	char log[LOG_ID_SIZE];
	char id[CENTRAL_ID_SIZE];       /* its author, by LOG_OPEN */
	char writer[8];
	unsigned char public_key[KEY_BYTES];
	char previous[LOG_ID_SIZE];     /* "" none */
	int64_t previous_seq;           /* where that one ended, by LOG_OPEN; -1 none */
	int64_t head_seq;               /* always at a seal */
	struct chain head;
	unsigned flags;                 /* enum log_flag */
	int64_t change;                 /* the clock's change counter when the head last moved */
};

/* The one row of `clock`. change counts transactions that moved a log. */
struct clock_row { struct hlc hlc; int64_t change; };
enum err clock_read(struct db *db, struct clock_row *out);
enum err clock_write(struct db *db, const struct clock_row *row);

enum err log_find(struct db *db, const char *log, struct log_row *out); /* ERR_NOT_FOUND */
/* The log whose id comes next behind after, "" for the first. ERR_NOT_FOUND: none. */
enum err log_next(struct db *db, const char *after, struct log_row *out);
enum err log_insert(struct db *db, const struct log_row *row);
enum err log_move_head(struct db *db, const char *log, int64_t seq, const struct chain *head, int64_t change);
enum err log_add_flags(struct db *db, const char *log, unsigned flags, int64_t change);
enum err log_drop_flags(struct db *db, const char *log, unsigned flags, int64_t change);
/* Here and below only a log of the same id, writer and key names another as previous: what strangers name so counts for nothing.
 * How many logs name previous as theirs, and the smallest seq they say it ended at (-1 none). */
enum err log_count_previous(struct db *db, const char *previous, size_t *count, int64_t *ended_at);
/* The newest log of this id and writer that no log names as previous. ERR_NOT_FOUND: none. */
enum err log_last_of(struct db *db, const char *id, const char *writer, const unsigned char public_key[KEY_BYTES], struct log_row *out);
/* A log of this author that has all of these flags. ERR_NOT_FOUND: none. */
enum err log_find_flagged(struct db *db, const char *id, const unsigned char public_key[KEY_BYTES], unsigned flags,
	char out[LOG_ID_SIZE]);
/* The log naming previous as its previous one that comes next behind after by its id, "" for the first. ERR_NOT_FOUND: none. */
enum err log_successor(struct db *db, const char *previous, const char *after, struct log_row *out);
/* Logs of this id and writer that no log names as previous, the last moved first; at most max. */
enum err log_open_of(struct db *db, const char *id, const char *writer, struct log_row *out, size_t max, size_t *count);
/* Records of all logs that follow on previous but for the one given: those its author did not know of when it opened that one. */
enum err log_count_lost(struct db *db, const char *previous, const char *but, int64_t *records);
/* Rows whose change is above after, oldest change first. each returns false to stop. */
enum err log_each_changed(struct db *db, int64_t after, bool (*each)(void *arg, const struct log_row *row), void *arg);

/* The plate a record is about, NULL if it is about none. */
const char *record_plate(const struct record *r);
/* readable: the merge will read it. A record's plate is taken for reading tools; what counts is in payload. */
enum err record_insert(struct db *db, const struct record *r, const char *line, size_t len, const struct chain *chain, bool readable);
/* The same in two steps, of which the first needs no database: what a row keeps of the line (store/packed) is appended to out. */
void record_pack(const struct record *r, const char *line, size_t len, struct buf *out);
enum err record_insert_packed(struct db *db, const struct record *r, const char *packed, size_t len, const struct chain *chain,
	bool readable);
/* How many records name event_id; of more than 2 it says 2. */
enum err record_count_of_event(struct db *db, const char *event_id, size_t *count);
/* What each readable record with this event_id is, and its K, in any order. each returns false to stop. */
typedef bool record_named_fn(void *arg, enum record_type type, const struct key *key);
enum err record_each_named(struct db *db, const char *event_id, record_named_fn *each, void *arg);
/* Each record with this event_id, by (log, seq). line is valid during the call. Any error of each ends the walk. */
typedef enum err record_each_fn(void *arg, const char *line, size_t len);
enum err record_each_of_event(struct db *db, const char *event_id, record_each_fn *each, void *arg);
/* What belongs to a row of history: the records with its event_id, and those of the exits that ended up at it, in the order they were
 * written; at most limit. id and writer are those of its log. */
struct record_look { const char *log, *type, *payload, *id, *writer; size_t len; int64_t seq, hlc_ms; /* -1 unreadable */ };
typedef enum err record_look_fn(void *arg, const struct record_look *record);
enum err record_each_of_row(struct db *db, const char *event_id, int64_t limit, record_look_fn *each, void *arg);
/* records.unread: 0 the merge has read it, else the version of the merge that could not. */
#define MERGE_VERSION 2
/* The first record the merge of an earlier version could not read; out holds nothing else. ERR_NOT_FOUND: none. */
enum err record_next_unread(struct db *db, struct buf *out);
enum err record_mark(struct db *db, const struct record *r, int unread);
/* How many the merge of this version could not read; at most max are counted. */
enum err record_count_unread(struct db *db, int64_t max, int64_t *out);
/* One record's line; out holds nothing else. ERR_NOT_FOUND, ERR_CORRUPT. */
enum err record_line(struct db *db, const char *log, int64_t seq, struct buf *out);
enum err record_chain(struct db *db, const char *log, int64_t seq, struct chain *out); /* seq 0: zeros. ERR_NOT_FOUND */
/* A record by its number: that of its row, which counts up as records are only ever added. Texts live until the
 * callback returns; event_id may be NULL. */
struct record_numbered { int64_t number, seq; const char *log, *event_id; enum record_type type; };
typedef enum err record_numbered_fn(void *arg, const struct record_numbered *record);
/* Those above after, at most limit. Any error of each ends the walk and is returned. */
enum err record_each_numbered(struct db *db, int64_t after, int64_t limit, record_numbered_fn *each, void *arg);
/* Records of a log from seq first on, in order, until each returns false. */
enum err record_each_of_log(struct db *db, const char *log, int64_t first,
	bool (*each)(void *arg, int64_t seq, const char *line, size_t len, const struct chain *chain), void *arg);

enum err seal_insert(struct db *db, const char *log, int64_t seq, const struct seal *s);
/* The last seal of log with first ≤ seq ≤ last. ERR_NOT_FOUND: none. */
enum err seal_last_between(struct db *db, const char *log, int64_t first, int64_t last, int64_t *seq, struct seal *out);

#endif
