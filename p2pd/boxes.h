/*
 * Camera boxes of the newer Python system that keep a WebSocket to this central (/ws/edge). Free of I/O like the feed: it is
 * told what happened, acts through struct boxes_io, and says when it wants to be called next.
 *
 * A box: boxes_opened -> (its first frame, {"edge_id":…}, answered {"type":"connected","message":…}) -> told and heard ->
 * boxes_closed, or ended through boxes_links.end, after which it is gone here. Nobody comes this far whom parkmesh.fcgi has not
 * let in (p2pd/live.h); a box that was known by its token can only be that token's edge.
 *
 * It says, each in a frame: {"type":"ping"}, answered {"type":"pong"}; and events as in POST /api/edge/event, decided and
 * answered alike (domain/camera_told), also UPDATE, DELETE and LOCATION_UPDATE (domain/camera_change says what a box may).
 * Answers come in the order of what they answer, an event's only after the commit; what was not answered may be sent again by
 * either door, and is known by its type and event_id. It is told what passes at other gates and centrals (domain/passage), in
 * order, from its first frame on. What happens while a box is away it is
 * not told: of a car that it does not know it asks (POST /api/edge/detection), or says that it leaves, and the central decides.
 *
 * Events are written in transactions of about 4 ms with pauses between them, a box at a time taking its turn, so that neither
 * the gates of parkmesh.fcgi nor other boxes wait for one that floods. What records of peers and old centrals write has its own
 * transactions (apply, legacy_in): an event waits for one of these at most.
 *
 * Bounds. BOXES_MAX boxes, BOXES_SHARE of one address; BOX_HELLO_US for the first frame; BOX_MESSAGE_MAX a message; BOX_RATE
 * messages a second in the long run and BOX_BURST at once. What is above waits, BOX_WAITING messages or BOX_WAITING_BYTES and
 * one message more; then it is not read from. PASSAGE_RATE frames a second are told; a box with BOX_QUEUE_MAX bytes that do not
 * leave is ended. One that was let in by its address is ended after BOX_LIFE_US at most, as who may is asked when it comes.
 * Failure cases: the database cannot be written: what waits is tried again each second, and not answered meanwhile. Records that
 * cannot be read are tried again at the next boxes_look.
 */
#ifndef PARKMESH_P2PD_BOXES_H
#define PARKMESH_P2PD_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "base/world.h"
#include "domain/passage.h"

#define BOXES_MAX 64
#define BOXES_SHARE 16
#define BOX_ADDRESS_SIZE 65
#define BOX_MESSAGE_MAX (64u * 1024)
#define BOX_WAITING 32
#define BOX_WAITING_BYTES (128u * 1024)
#define BOX_RATE 20
#define BOX_BURST 100
#define BOX_QUEUE_MAX (256u * 1024)
#define BOX_HELLO_US 10000000
#define BOX_LIFE_US 3600000000LL    /* and up to a fifth less, so that they do not all come again at once */
#define PASSAGE_RATE 500
#define PASSAGE_BATCH 20            /* records read at once, so that nobody is kept waiting */
#define PASSAGE_GAP_US 5000

enum box_end { BOX_SILENT, BOX_NO_NAME, BOX_OTHER_EDGE, BOX_SLOW, BOX_TOO_LARGE, BOX_BINARY, BOX_OVER, BOX_NO_MEMORY };

/* None of these calls back into the boxes. */
struct boxes_links {
	void *self;
	/* Queue a frame; bytes are copied. */
	void (*send)(void *self, uint64_t box, const char *bytes, size_t len);
	/* Bytes queued that have not left yet. */
	size_t (*queued)(void *self, uint64_t box);
	/* Go on or stop reading from it. */
	void (*reading)(void *self, uint64_t box, bool on);
	void (*end)(void *self, uint64_t box, enum box_end why);
};

/* An event: of which edge the box is, whether its token says so, and what it said when. named: gets the edge the event is of. */
struct box_word { const char *bytes; size_t len; int64_t arrived_ms; const char *edge_id; bool token; char named[EDGE_ID_SIZE]; };
/* A record's number, and what it is about: len 0, nothing is told of it. own: it happened at this central. */
struct box_news { int64_t number; const char *frame; size_t len; struct passage where; bool own; };
typedef enum err box_news_fn(void *arg, const struct box_news *news);

struct boxes_rows {
	void *self;
	/* One transaction for several events. take adds the answer; any error of it is followed by rollback. */
	enum err (*begin)(void *self);
	enum err (*take)(void *self, struct box_word *word, struct buf *answer);
	enum err (*commit)(void *self);
	void (*rollback)(void *self);
	/* Something was committed. */
	void (*wrote)(void *self);
	/* The number of the newest record; and each above after, at most limit, outside a transaction. */
	enum err (*newest)(void *self, int64_t *out);
	enum err (*news)(void *self, int64_t after, int64_t limit, box_news_fn *each, void *arg);
};

struct boxes_io { struct boxes_links links; struct boxes_rows rows; };

struct boxes;

/* world outlives it. ERR_MEMORY. */
enum err boxes_new(const struct boxes_io *io, const struct world *world, struct boxes **out);
void boxes_free(struct boxes *b);

/* address: whose share it counts to, as far as it fits. edge_id: its token's, NULL: it was let in by its address. false: there
 * are too many already; it was not taken in. */
bool boxes_opened(struct boxes *b, uint64_t box, const char *address, const char *edge_id);
void boxes_closed(struct boxes *b, uint64_t box);
/* Part of a message came, of whose frame `expect` bytes follow; final: it is whole now. */
struct box_part { const char *bytes; size_t len, expect; bool final, binary; };
void boxes_heard(struct boxes *b, uint64_t box, const struct box_part *part);
/* Rows may have changed. */
void boxes_look(struct boxes *b);
/* Do what is due; after each of the above, and when the time it returns has come: monotonic µs, INT64_MAX: not by itself. */
int64_t boxes_run(struct boxes *b);
size_t boxes_count(const struct boxes *b);

#endif
