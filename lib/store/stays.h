/*
 * Rows of `history` and `exits` as the merge rule sees them, for domain/stay. Plain reading and writing; every decision is there.
 *
 * A stay's facts (entry, plate, void) and its outcome (status, who superseded it, which exit closed it) share a row of history;
 * so do an exit's facts (what it told, which stay it names, its corrected plate, void) and its outcome (bound, kind) in exits.
 */
#ifndef PARKMESH_STORE_STAYS_H
#define PARKMESH_STORE_STAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "wire/record.h"

struct db;

#define STAY_NAME_SIZE 128  /* an event_id and NUL */
#define STAY_PLATE_SIZE 64  /* a plate as any central may have written it */
#define TIME_SIZE 32        /* a text time as any central may have written it, cut */

/* Order of happening: K = (at, hlc, log, seq). */
struct key { int64_t at; struct hlc hlc; char log[LOG_ID_SIZE]; int64_t seq; };
int key_compare(const struct key *a, const struct key *b);
/* Order of writing: W = (hlc, log, seq); at is not looked at. */
int key_compare_written(const struct key *a, const struct key *b);

enum stay_status { STAY_IN, STAY_OUT, STAY_SUPERSEDED, STAY_VOID, STAY_BOUND };
enum exit_kind { EXIT_COUNTED, EXIT_SECOND, EXIT_NO_ENTRY };

struct stay_row {
	int64_t id;
	char event_id[STAY_NAME_SIZE];
	char plate_id[STAY_PLATE_SIZE];
	char plate_view[STAY_PLATE_SIZE];
	char source_central[CENTRAL_ID_SIZE];
	bool has_entry;                        /* false: the row of an exit without entry */
	struct key entry;
	int64_t entry_ts;
	char entry_time[TIME_SIZE];
	enum stay_status status;
	char superseded_by[STAY_NAME_SIZE];    /* "" none */
	char missed_by[STAY_NAME_SIZE];        /* the entry that ended it without an exit, "" none */
	bool opened;                           /* its plate was outside before it */
	int64_t confirmed_ts;                  /* -1 not yet */
	char exit_log[LOG_ID_SIZE];            /* the exit that counts, "" none */
	int64_t exit_seq;
};

struct exit_row {
	struct key key;
	char stay[STAY_NAME_SIZE];             /* named, "" none */
	char plate_id[STAY_PLATE_SIZE];        /* its own, corrected */
	bool void_;
	char bound[STAY_NAME_SIZE];
	enum exit_kind kind;
	int64_t exit_ts;
	int64_t fee;
	char reason[16];
	bool stay_known, stay_void;            /* of the stay it names */
	struct key stay_entry;
	char stay_plate[STAY_PLATE_SIZE];
};

enum err stay_find(struct db *db, const char *event_id, struct stay_row *out);          /* ERR_NOT_FOUND */
enum err stay_find_row(struct db *db, int64_t id, struct stay_row *out);                /* by history.id; ERR_NOT_FOUND */
enum err stay_find_inside(struct db *db, const char *plate_id, struct stay_row *out);   /* the one with status IN */

/* What a history row knows of its entry. Texts NULL when missing. */
struct stay_facts {
	const char *event_id, *plate_id, *plate_view;
	const struct record *entry;
	int64_t confirmed_ts;                  /* -1 none */
	bool void_;
	bool local;                            /* sync_status of a new row: LOCAL, else SYNCED */
	bool opened;
	int64_t now_ms;
};
/* When the stay of this entry began, ms since 1970: as its edge said, else when the entry was told. history.begin_ts and entry_ts. */
int64_t stay_begin_ts(const struct record *entry);
/* Insert the stay's row, or renew its facts; its outcome is then IN or VOID until stay_write_outcome says more. */
enum err stay_upsert(struct db *db, const struct stay_facts *f);
/* Said by who lets a row begin elsewhere than it did, in the same transaction (a trigger that sees it costs each record 17 000
 * instructions). */
enum err stay_moved(struct db *db);
enum err stay_confirm(struct db *db, const char *event_id, int64_t confirmed_ts, int64_t now_ms);

struct stay_outcome {
	const char *event_id;
	enum stay_status status;
	const char *superseded_by, *missed_by; /* NULL none */
	bool opened;
	const struct key *exit;                /* the exit that counts, by its log and seq; NULL none … */
	const struct record *told;             /* … or by its record, where that is at hand: its row need not be read */
	int64_t missed_ts, missed_at;          /* when missed_by entered */
	const char *missed_time;
	const char *duration;                  /* NULL none */
	const char *flags;
	int64_t now_ms;
};
enum err stay_write_outcome(struct db *db, const struct stay_outcome *o);
/* What history.flags follows from, read back from the rows. */
/* exit_count: how many exits ended up there, 0 without a second one. */
struct flag_facts { bool missed, no_entry, second_exit, negative; int64_t exit_count; };
enum err stay_flag_facts(struct db *db, const char *event_id, struct flag_facts *out);  /* ERR_NOT_FOUND */
enum err stay_write_flags(struct db *db, const char *event_id, const char *flags, int64_t exit_count);

/* The entry's K of the newest stay of plate that opened while it was outside, not after limit. ERR_NOT_FOUND: none. */
enum err stay_outside_before(struct db *db, const char *plate_id, const struct key *limit, struct key *out);
/* The newest stay of plate before limit that took over: neither superseded nor voided. ERR_NOT_FOUND: none. */
enum err stay_taken_before(struct db *db, const char *plate_id, const struct key *limit, struct stay_row *out);
/* The first `most` stays (0: all) of the plate from the key on with entry.at up to to_at, in the order K. */
typedef enum err stay_each_fn(void *arg, const struct stay_row *row);
enum err stay_each_of_plate(struct db *db, const char *plate_id, const struct key *from, int64_t to_at, size_t most, stay_each_fn *each,
	void *arg);
/* The newest not yet confirmed stay of the plate entered at this central and edge. ERR_NOT_FOUND. */
enum err stay_find_unconfirmed(struct db *db, const char *plate_id, const char *central, const char *edge_id, const char *event_id,
	struct stay_row *out);
/* The newest moment at which anything counts on the plate's line, voided ones too; 0 none: the newest at of an entry or exit, and
 * where an exit told before the entry it names counts no earlier than that entry, the entry's at (also when it is on another
 * plate by now). */
enum err plate_newest(struct db *db, const char *plate_id, int64_t *at);

/* Stays still open that began before before_ms, oldest first, at most limit behind (after_ts, after_id). */
struct open_stay { int64_t id, begin_ts; const char *event_id, *plate_view, *entry_time; };
typedef enum err open_stay_fn(void *arg, const struct open_stay *row);
enum err stay_each_open(struct db *db, int64_t before_ms, int64_t after_ts, int64_t after_id, size_t limit, open_stay_fn *each,
	void *arg);

/* A new exit as its record tells it. */
struct exit_facts {
	const struct record *exit;
	const char *plate_id, *plate_view;     /* its own, corrected */
	const char *told;                      /* what makes an old-dialect exit the same as another; NULL */
	bool void_;
	const struct stay_row *stay;           /* the stay it names, NULL if it names none or it is not known */
	const char *bound;
	enum exit_kind kind;
};
enum err exit_insert(struct db *db, const struct exit_facts *f);
/* When the car left, ms since 1970: as its edge said, else when the exit was told. */
int64_t exit_ts_of(const struct record *exit);
enum err exit_find(struct db *db, const char *log, int64_t seq, struct exit_row *out);
enum err exit_find_told(struct db *db, const char *told, struct exit_row *out);
enum err exit_delete(struct db *db, const struct key *key);
/* Its own plate and void, after a correction. */
enum err exit_write_subject(struct db *db, const struct key *key, const char *plate_id, const char *plate_view, bool void_);
enum err exit_bind(struct db *db, const struct key *key, const char *bound, enum exit_kind kind);
typedef enum err exit_each_fn(void *arg, const struct exit_row *row);
/* Exits that name this stay. */
enum err exit_each_naming(struct db *db, const char *event_id, exit_each_fn *each, void *arg);
/* Tell an exit where and when the stay that it names began. */
enum err exit_stay_known(struct db *db, const struct key *key, const char *plate_id, int64_t entry_at);
/* Exits of the plate's line (their own plate, or their stay's) that count at or after from_at, up to at = to_at. May give some
 * earlier ones and one twice; the caller looks at each key. */
enum err exit_each_of_plate(struct db *db, const char *plate_id, int64_t from_at, int64_t to_at, exit_each_fn *each, void *arg);
/* Is there an exit of the plate's line, at or after at, that is a second one or bound elsewhere than it says, and names a stay
 * that began not after at? */
enum err exit_astray_after(struct db *db, const char *plate_id, int64_t at, bool *yes);
/* Exits bound to this row, in the order K. */
enum err exit_each_bound(struct db *db, const char *event_id, exit_each_fn *each, void *arg);
/* The smallest at of an exit of this plate at or before as_of that names a stay entered after as_of; as_of if none. */
enum err exit_first_early(struct db *db, const char *plate_id, int64_t as_of, int64_t *out);
/* The row of its own that an exit without entry has in history: made or renewed with status OUT or VOID. */
enum err exit_write_own_row(struct db *db, const struct key *key, bool void_, bool local, int64_t now_ms);
/* The exit has found its stay: its own row, if there is one, becomes BOUND. */
enum err exit_own_row_bound(struct db *db, const struct key *key, int64_t now_ms);

struct change_row { const char *event_id, *type; const char *old_plate_id, *new_plate_id, *old_plate_view, *new_plate_view;
	const char *old_data, *new_data, *by; int64_t now_ms; };
enum err change_insert(struct db *db, const struct change_row *c);
/* A stay's row exists now: changes that came before it get its id. */
enum err change_claim(struct db *db, const char *event_id);

#endif
