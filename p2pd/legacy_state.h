/* The memory of legacy.h, for its own parts: legacy (who is there), legacy_in (what they tell), legacy_out (what they are told). */
#ifndef PARKMESH_P2PD_LEGACY_STATE_H
#define PARKMESH_P2PD_LEGACY_STATE_H

#include "allowance.h"
#include "base/buf.h"
#include "base/world.h"
#include "legacy.h"
#include "wire/old_message.h"

#define OLD_LINKS_MAX (4 * PEERS_MAX)
#define OLD_ADDRESSES 4
#define OLD_ADDRESS_SIZE 64
#define OLD_COMMANDS_MAX 16
#define OLD_QUEUE_SHORT (256u * 1024) /* more is sent only while no more than this waits to leave; link.c tells when it is so again */
#define OLD_MARGIN_MS (10 * 60 * 1000LL) /* their clock and ours may differ so much; what was taken already is known */

/* A message that waits. Of a SYNC_RESPONSE: the next row, how many were seen, created_at of the last (-1 none), whether some were left out
 * since it may not write more; and all that as of the last commit. */
struct old_rows { const char *at; size_t left; int64_t seen, last_created; bool cut; };
struct old_waiting {
	struct old_waiting *next;
	char *bytes;
	size_t len;
	struct old_message message;
	struct old_rows rows, committed;
};

enum old_answer_state { ANSWER_NONE, ANSWER_FIND, ANSWER_ROWS, ANSWER_EXITS };
/* What is sent because of a SYNC_REQUEST. */
struct old_answer {
	enum old_answer_state state;
	int64_t since_ms, not_before_ms;
	struct history_mark at, from, end; /* end: where the rows are that were the newest when it began */
	bool again;                        /* another request has come meanwhile */
	int64_t again_since_ms;
};

struct old_link {
	uint64_t id;
	struct old_peer *peer;      /* NULL: not known yet */
	bool dialled, open, http, paused, gone;
	char address[OLD_ADDRESS_SIZE];
	int64_t began_ms, began_us, beat_ms;
	struct old_waiting *first, *last, *next; /* next: what is before it was taken in the transaction that is open */
	size_t bytes;
	struct old_answer answer;
};

struct old_peer {
	struct peer_row row;
	bool http, marked, loaded;
	char address[OLD_ADDRESSES][OLD_ADDRESS_SIZE]; /* of a host name, as it was found last */
	unsigned next_address;
	/* dialling, as struct neighbour does it */
	unsigned attempts;
	int64_t dial_ms;
	struct reason why;
	int64_t heard_wall_ms;
	double rtt_ms;
	struct allowance told_lines;
	/* telling: numbers of records */
	int64_t sent, mark, sure, saved;   /* sent; sent when mark_ms was; counted as told; as in the database */
	int64_t mark_ms;
	uint64_t teller;                   /* the link that is told, LINK_NONE none */
	bool all_told;
	/* asking */
	int64_t asked_ms;                  /* wall: all rows up to then were taken */
	int64_t asking_ms, since_ms;       /* wall: the round at work began, 0 none; since when it was asked last */
	int64_t ask_ms;                    /* monotonic: ask anew then, INT64_MAX not by itself */
	int64_t deep_ms;                   /* monotonic: not back to the oldest open stay again before */
	bool save_asked;
	/* what it may write */
	int64_t credit, credit_ms;
	int64_t written;                   /* records in the transaction that is open; off its credit once they are on disk */
	bool over;                         /* it wrote too much, and was told so */
};

struct old_command { int64_t id, deadline_ms; char peer[CENTRAL_ID_SIZE]; };

struct legacy {
	struct legacy_io io;
	const struct world *world;
	char id[CENTRAL_ID_SIZE];          /* of this central */
	bool configured, stopped, failing;
	struct old_peer *peer[PEERS_MAX];
	size_t peers;
	struct old_link *link[OLD_LINKS_MAX];
	size_t links, turn;
	int64_t take_us;                   /* monotonic: no transaction before */
	bool caught_up;
	struct old_command command[OLD_COMMANDS_MAX];
	size_t commands;
	struct legacy_counts counts;
	uint64_t version;
	int64_t save_ms;
	struct allowance strangers;
	struct buf out;
};

/* An exit to be told. */
struct old_exit { const char *plate_id, *central, *edge, *time, *duration; int64_t fee, timestamp; };

static inline int64_t old_now(const struct legacy *l)
{
	return world_mono_ms(l->world);
}

/* legacy.c */
struct old_peer *old_peer_of(const struct legacy *l, const char *id);
bool old_is_at(const struct old_peer *p, const char *address);
/* Those who wait for p's test get their answer. */
void old_finish_tests(struct legacy *l, const struct old_peer *p, bool ok);

/* legacy_links.c */
void old_dial(struct legacy *l, struct old_peer *p);
bool old_dialled(const struct legacy *l, const struct old_peer *p);
/* Free the links that are gone. */
void old_sweep(struct legacy *l);
bool old_may_log(struct legacy *l, struct old_peer *p);
void old_send(struct legacy *l, struct old_link *k); /* what stands in l->out */
void old_refuse(struct legacy *l, struct old_link *k, const char *sentence);
void old_drop(struct legacy *l, struct old_link *k, const char *why);

/* legacy_in.c */
void old_queue(struct legacy *l, struct old_link *k, struct old_waiting *w);
void old_forget(struct old_link *k);
void old_take(struct legacy *l);
int64_t old_take_due(const struct legacy *l); /* µs */
/* Something of this link may be taken now. */
bool old_ready(const struct legacy *l, const struct old_link *k);

/* legacy_out.c */
void old_ask(struct legacy *l, struct old_link *k);
/* An answer was taken whole: ask for more, or note that all came. */
void old_answered(struct legacy *l, struct old_link *k, const struct old_rows *rows);
/* legacy_answer.c */
void old_requested(struct legacy *l, struct old_link *k, const struct old_message *m);
/* Go on with the answer. -> true: there is more to do at once. */
bool old_answer_run(struct legacy *l, struct old_link *k);
/* The event of an exit, into l->out. Texts may be NULL. */
void old_exit_write(struct legacy *l, const char *event_id, const struct old_exit *x);

/* legacy_out.c, too */
/* Heartbeats, telling, answering. -> true: there is more to do at once. */
bool old_out_run(struct legacy *l);
int64_t old_out_due(const struct legacy *l); /* ms */
void old_load(struct legacy *l, struct old_peer *p);
void old_save(struct legacy *l, bool all);
/* The link that p is told by has gone or another is to be used. */
void old_tell_anew(struct old_peer *p);

#endif
