/*
 * Centrals of the older Python system (spec/wire.md, "Legacy dialect"), so that a site can replace them one at a time. Free of I/O like
 * the mesh: it is told what happened, acts through struct legacy_io, and says when it wants to be called next.
 *
 * An old central is a configured peer of dialect "legacy" or "legacy-http". Both sides dial, and both connections live. There is no
 * handshake: who comes in is served only if its address is that of such a peer, as the central that its first message names
 * (source_central, or the frame {"peer_id"} of the newer form); every later message has to name the same.
 *
 * A connection: dialled: OPENING -> SERVED; accepted: UNKNOWN -> (first message) SERVED; each -> gone. Of accepted connections of one
 * old central there are OLD_ACCEPTED_MAX, the oldest goes first.
 *
 * Outward (legacy_out)
 *   Told at once: what this central itself wrote: entries, confirmations, exits; never what came by the old dialect, so nothing goes
 *   round in circles. Each central of ours tells its own, so each has to have the old one among its peers. What others wrote, and
 *   what was changed, the old one learns when it asks (SYNC_REQUEST): it gets every row received or changed here since then.
 *   Nothing is acknowledged in this dialect. So what was sent counts as told only when the connection has lived OLD_SURE_MS longer; after a
 *   break everything since then is told again. That mark is kept in the database, and does not depend on the marks of the old one.
 *   Exits carry a sign by which every central of ours knows them when they come back (domain/old_row.h).
 * Inward (legacy_in)
 *   Messages wait, and are written in transactions of about 5 ms with pauses between them, as records of this central's own log, marked
 *   as told by the old dialect. What is held is not written again. Rows of an answer wait until the mesh has caught up, for 10 s at most:
 *   what they tell may be on its way as a record.
 *   Asked for when dialled: rows since the last time (7 days at first), or since the oldest stay that is open here, as they leave exits
 *   of older stays out; again from the last row on until fewer than 5000 come.
 *
 * Bounds. Before it is known: 4 KiB a message and the time of any stranger. Then OLD_MESSAGE_MAX a message, of which the rows are read one
 * by one; OLD_INBOX_BYTES that wait, beyond which it is not read from; OLD_BURST records at once and OLD_RATE a second in the long run,
 * beyond which its messages are refused. An answer is made only while little waits to leave, one at a time a connection, and not more
 * often than OLD_ANSWER_MS. All it can write are records of the old dialect: entries, confirmations and exits.
 * Failure cases: what cannot be read is answered ERROR and dropped. The database cannot be written: messages wait and are tried again.
 */
#ifndef PARKMESH_P2PD_LEGACY_H
#define PARKMESH_P2PD_LEGACY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/cause.h"
#include "domain/old_told.h"
#include "store/history.h"
#include "store/old_centrals.h"
#include "store/site.h"

#define OLD_ACCEPTED_MAX 3
#define OLD_HEARTBEAT_MS 30000
#define OLD_SURE_MS 45000
#define OLD_INBOX_BYTES (1u * 1024 * 1024) /* and one message more */
#define OLD_BURST 250000
#define OLD_RATE 10
#define OLD_ANSWER_MS 5000
#define OLD_PATIENCE_MS 10000  /* rows of an answer wait so long for the mesh */
#define OLD_FIRST_MS (7 * 24 * 3600 * 1000LL)

struct legacy;
struct world;

/* As struct mesh_links; http: the newer form, at /ws/p2p. */
struct legacy_links {
	void *self;
	enum err (*dial)(void *self, const char *host, int port, bool http, uint64_t *link);
	void (*send)(void *self, uint64_t link, const char *bytes, size_t len);
	size_t (*queued)(void *self, uint64_t link);
	void (*trust)(void *self, uint64_t link);
	/* Did it come, or was it dialled, in the newer form? */
	bool (*is_http)(void *self, uint64_t link);
	void (*reading)(void *self, uint64_t link, bool on);
	void (*close)(void *self, uint64_t link, const char *why);
};

struct legacy_rows {
	void *self;
	/* One transaction for several messages; a take that fails with ERR_INVALID or ERR_TOO_LARGE is undone by itself. */
	enum err (*begin)(void *self);
	enum err (*take)(void *self, const struct old_told *told, struct old_written *out);
	enum err (*commit)(void *self);
	void (*rollback)(void *self);
	bool (*disk_low)(void *self);

	/* Reading, outside a transaction: as old_central_find, record_newest, record_each_to_tell, history_back, history_changed. */
	enum err (*find)(void *self, const char *id, int64_t *told, int64_t *asked_ms);
	enum err (*newest)(void *self, int64_t *out);
	enum err (*to_tell)(void *self, const char *author, int64_t after, int64_t last, int64_t limit, record_told_fn *each, void *arg);
	enum err (*back)(void *self, const struct history_mark *before, int64_t limit, history_back_fn *each, void *arg);
	enum err (*changed)(void *self, const struct history_mark *after, int64_t limit, history_each_fn *each, void *arg);
	/* When the oldest stay that is open began, ms; ERR_NOT_FOUND: none is. */
	enum err (*oldest_open)(void *self, int64_t *out);

	/* Each a transaction of its own. asked_ms 0: it stays as it is. told -1: forget the old central. */
	enum err (*save)(void *self, const char *id, int64_t told, int64_t asked_ms);
	/* As of struct mesh_rows. */
	void (*answer)(void *self, int64_t command, bool ok, double rtt_ms, const struct reason *why);
};

struct legacy_io { struct legacy_links links; struct legacy_rows rows; };

/* ERR_MEMORY. world outlives it. Free with legacy_free. */
enum err legacy_new(const struct legacy_io *io, const struct world *world, struct legacy **out);
void legacy_free(struct legacy *l);
/* This central's id and its old peers as configured now; rows of other dialects are passed over. ERR_MEMORY. */
enum err legacy_configure(struct legacy *l, const char *id, const struct peer_row *rows, size_t count);
/* Is there an old central at this numeric address (http: one of the newer form)? */
bool legacy_knows(const struct legacy *l, const char *address, bool http);
/* Is there one on another machine that has to be listened to? Not those of the newer form: nginx is. */
bool legacy_from_outside(const struct legacy *l);

/* What happens on links, as in mesh.h. resolved: the address of the host that was dialled. */
void legacy_resolved(struct legacy *l, uint64_t link, const char *address);
void legacy_opened(struct legacy *l, uint64_t link, const char *address);
void legacy_message(struct legacy *l, uint64_t link, char *bytes, size_t len);
void legacy_fault(struct legacy *l, uint64_t link, const char *text);
void legacy_closed(struct legacy *l, uint64_t link, enum cause cause, const char *text);
/* Somebody wants to know whether this peer can be reached. false: it is no old central. */
bool legacy_test(struct legacy *l, int64_t command, const char *peer);
/* Rows may have changed. */
void legacy_look(struct legacy *l);

/* Do what is due. caught_up: the mesh holds what its peers hold. Returns the monotonic time (µs) to be called again at. */
int64_t legacy_run(struct legacy *l, bool caught_up);
void legacy_stop(struct legacy *l);

/* Rows to show, at most max. */
size_t legacy_statuses(const struct legacy *l, struct peer_status *out, size_t max);
/* Moves when one came or went. */
uint64_t legacy_version(const struct legacy *l);
/* Records written since start; messages sent and received. */
struct legacy_counts { int64_t records, sent, received, refused; };
const struct legacy_counts *legacy_counts(const struct legacy *l);

#endif
