/*
 * One connection with another central: its state machine (spec/wire.md, "Native dialect").
 *
 * States
 *   OPENING   dialled, the WebSocket is not open yet          OPENED -> GREETING
 *   GREETING  our HELLO is out, theirs awaited                good HELLO -> PROVING
 *   PROVING   both HELLOs are good, their AUTH awaited        good AUTH -> READY
 *             (who dialled sends AUTH on entering, who listens only after verifying the dialler's)
 *   READY     vectors, records, ACKs and heartbeats flow
 *   CLOSED    over; freed at the end of the mesh's turn
 * Inputs
 *   OPENED    the WebSocket is open
 *   MESSAGE   one well-framed message
 *   FAULT     bytes that are no message: framing, size
 *   LOST      the link has gone
 *   TIME      peer_due has come
 * Failure cases (enum peer_end): each ends in CLOSED, with a count, a line in the journal and, where the other side can do
 * something about it, an ERROR. No answer or no progress: OPENING and each of GREETING and PROVING together 5 s, READY 15 s
 * without any message or 10 s without an ACK while messages wait for one. Before READY no other type of message is looked at;
 * in READY an unknown type is counted and ignored.
 */
#ifndef PARKMESH_P2PD_PEER_H
#define PARKMESH_P2PD_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/cause.h"
#include "seal/auth.h"
#include "store/site.h"
#include "wire/message.h"

#define FLIGHTS_MAX 8
#define FLIGHT_BYTES_MAX (2u * 1024 * 1024)
#define ADDRESS_SIZE 64
#define SENTENCE_SIZE (sizeof(((struct reason *)0)->sentence))

struct mesh;
struct neighbour;

enum peer_state { PEER_OPENING, PEER_GREETING, PEER_PROVING, PEER_READY, PEER_CLOSED };
enum peer_input { INPUT_OPENED, INPUT_MESSAGE, INPUT_FAULT, INPUT_LOST, INPUT_TIME };

enum peer_end {
	END_LOST,         /* could not connect, or the other side or the network closed it */
	END_TIMEOUT,      /* no handshake within 5 s */
	END_SILENT,       /* nothing heard for 15 s */
	END_NO_ACK,       /* messages unanswered for 10 s */
	END_REPLACED,     /* another connection with the same central is used instead */
	END_RECONFIGURED, /* the configuration changed */
	END_UNHEARD,      /* it told of more logs than there was room for; there is now, and it tells all when connecting */
	END_STOPPED,      /* p2pd ends */
	END_FAULT,        /* framing, size, or a message out of turn */
	END_PAGE,         /* a page whose lines or seal are wrong */
	END_VERSION,
	END_WRONG_MESH,
	END_WRONG_ID,     /* another id than configured answered */
	END_OWN_ID,       /* it calls itself as we do */
	END_NO_SECRET,    /* no mesh secret here, and the other side is not on this machine */
	END_WRONG_SECRET, /* or its AUTH is wrong otherwise */
	END_WRONG_KEY,    /* its id is pinned to another key */
	END_PLAIN,        /* it is set to TLS and came without */
	END_REFUSED,      /* the other side refused for a reason we do not know */
	END_FULL,         /* no room for another central, or no memory */
	END_COUNT
};

struct peer_event {
	enum peer_input input;
	struct message *message; /* INPUT_MESSAGE */
	char *bytes;             /* that the message points into */
	size_t len;
	bool kept;               /* set when bytes and what message owns were taken over */
	const char *text;        /* INPUT_FAULT, INPUT_LOST: why, a sentence's part */
	enum cause cause;        /* INPUT_LOST: the same, CAUSE_NONE: nothing more is known */
};

/* STOPPED: no longer exchanged. PROOF: but for one page, from cursor on, that proves the fork to the other side. */
enum peer_log_flag { SERVED = 1, WAITING = 2, RELAYED = 4, STOPPED = 8, PROOF = 16 };

/* One log as seen with this peer, by the index of struct known_log. */
struct peer_log {
	int64_t claimed;   /* seq up to which the peer has said to hold it */
	int64_t cursor;    /* the next seq to send it */
	int64_t rewound;   /* dropped ACKs of requests before this one say nothing new */
	uint32_t next;     /* in the queue of logs that have something to send */
	uint8_t flags;     /* enum peer_log_flag */
	uint8_t turn;      /* list of relayed logs that last named it, of peer.relay_turn */
};

struct flight { int64_t request_id; uint32_t log; int64_t last; size_t bytes; }; /* request_id 0: free */
struct waiting_page; /* apply.h */

struct peer {
	enum peer_state state;
	uint64_t link;
	bool dialled;                      /* by us */
	bool tls;
	unsigned char certificate[CERT_HASH_BYTES]; /* hash of the listener's; zeros without TLS */
	char address[ADDRESS_SIZE];
	char id[CENTRAL_ID_SIZE];          /* as configured, then as proven; "" before */
	struct neighbour *neighbour;       /* of the central dialled or proven; NULL before */
	struct hello hello;                /* theirs */
	unsigned char nonce[NONCE_BYTES];  /* ours */
	int64_t deadline_ms, heard_ms, ready_ms;
	int64_t next_request;              /* request_id of the next message that carries one */

	/* catchup.c: what it holds and what it is sent */
	struct peer_log *log;
	uint32_t log_count;
	bool vector_known;                 /* its whole vector has arrived */
	bool in_request;                   /* a SYNC_REQUEST with more:true is not complete */
	uint8_t relay_turn;
	uint32_t first, last;              /* queue of logs that have something to send; LOG_NONE: empty */
	struct flight flight[FLIGHTS_MAX];
	size_t flights, flight_bytes;
	int64_t sent_us;                   /* when the last page went out */
	int64_t progress_ms;               /* the last ACK, or the first message sent after none was in flight */
	int64_t hold_ms;                   /* send no records before; 0: now */
	uint32_t dropped_log;              /* the last rewind: its log and seq, to tell a peer that does not move */
	int64_t dropped_seq;

	/* apply.c: pages of it that wait */
	struct waiting_page *page_first, *page_last;
	size_t pages, page_bytes;
	bool paused;
	int64_t page_ms;                   /* when it last delivered something new */

	/* relay.c */
	size_t hearsay;                    /* logs counted to it (hearsay.h) */
	bool unheard;                      /* some that it told found no place */
	size_t relay_logs;                 /* asked of it */
	unsigned unkept;                   /* times it was asked in vain since it last gave something new */
	bool relay_changed;                /* the list of logs asked of it is to be sent anew */

	/* heartbeat.c */
	uint64_t told;                     /* moves up to which it knows our vector */
	int64_t beat_ms, may_beat_ms;      /* when the next one is due, and from when on it may go out with others */
	int64_t asked_wall_ms, asked_us;   /* the one whose echo is awaited; asked_us 0: none */

	/* suspect.c */
	uint64_t asked_moves;              /* moves of our logs when the first one went out */
	bool judged;                       /* what it claims of its own logs was looked at */
	bool told_two;                     /* it was told that two centrals use its id */
};

/* A connection in OPENING (dialled) or GREETING (accepted, address as text); NULL: no memory or no room. Owned by the mesh. */
struct peer *peer_new(struct mesh *m, uint64_t link, bool dialled, const char *address);
void peer_free(struct peer *p);

void peer_event(struct mesh *m, struct peer *p, struct peer_event *e);
/* Monotonic ms at which INPUT_TIME is due. */
int64_t peer_due(const struct peer *p);
/* Close it for this reason; the sentence says it to people. The mesh's way to close one, and the state machine's own. */
void peer_end(struct mesh *m, struct peer *p, enum peer_end end, const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The same with a cause of its own, where the one that goes with the end would not tell all. */
void peer_end_why(struct mesh *m, struct peer *p, enum peer_end end, const struct reason *why);

/* Send one message; the envelope's source and time are filled in. */
void peer_send(struct mesh *m, struct peer *p, struct message *msg);
/* Does more wait to leave to it than it is ever sent unasked, because it does not read? Then it is not answered: its pages wait, and
 * after a few it is not read from. The honest do not get there, but
 * for a moment with a very long vector at the beginning: pages are sent only while less than a quarter of this waits. */
bool peer_clogged(const struct mesh *m, const struct peer *p);
/* Its row for log i, made if needed; NULL: out of memory. */
struct peer_log *peer_log(struct mesh *m, struct peer *p, uint32_t i);
/* seq up to which it has said to hold log i. */
int64_t peer_claims(const struct peer *p, uint32_t i);

const char *peer_state_name(enum peer_state state);
const char *peer_end_name(enum peer_end end);
/* The code of the ERROR the other side is told it with; NULL: none is sent. */
const char *peer_end_code(enum peer_end end);
/* Will trying again not help until somebody changes something? */
bool peer_end_refused(enum peer_end end);

#endif
