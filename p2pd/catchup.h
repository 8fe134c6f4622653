/*
 * What a peer holds, and sending it what it lacks.
 *
 * Each peer is served this central's own logs, and the logs it names in a SYNC_REQUEST (a relay). Per peer and log there is a
 * cursor into the table of records, never a copy. At most FLIGHTS_MAX messages or FLIGHT_BYTES_MAX wait for an ACK.
 *
 * A log with a peer: not served -> SERVED (cursor at what it claims + 1) -> WAITING while something is to be sent -> SERVED …;
 * STOPPED when both hold different records of it, for the rest of the connection.
 * Failure cases: ACK dropped: the cursor goes back, once per round trip, and a peer that drops the same again is given a second's
 * rest. ACK hold: 30 s of rest. ACK that stays behind without either: STOPPED.
 */
#ifndef PARKMESH_P2PD_CATCHUP_H
#define PARKMESH_P2PD_CATCHUP_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_RECORDS 256
#define PAGE_BYTES (192u * 1024)
#define GATHER_US 5000
#define TURN_PAGES 64
#define TURN_MS 5000

struct acked;
struct mesh;
struct message;
struct peer;
struct vector_entry;

/* Send our whole vector, in as many SYNC_REQUESTs as it takes. */
void catchup_greet(struct mesh *m, struct peer *p);
/* Note all entries of a message's vector. */
void catchup_claims(struct mesh *m, struct peer *p, const struct message *msg);
/* It has log i up to seq, as a page it sent shows. */
void catchup_claimed(struct mesh *m, struct peer *p, uint32_t i, int64_t seq);
void catchup_request(struct mesh *m, struct peer *p, const struct message *msg);
/* true: it answers a page that was sent, and out is what it says of that; what is out of turn or cannot be true counts for nothing. */
bool catchup_ack(struct mesh *m, struct peer *p, const struct message *msg, struct acked *out);
/* Log i is not exchanged with p any more. differs: a seq at which the chain held here is another than p's, 0: it is no fork; p is
 * sent the page of ours that begins there, so that both hold the proof and raise the alarm. */
void catchup_stop(struct mesh *m, struct peer *p, uint32_t i, int64_t differs, const char *why);
/* Log i moved here: whoever is served it shall have it. */
void catchup_moved(struct mesh *m, uint32_t i);
/* What p lacks is little, and it has not yet acknowledged what it was sent last: more of it gathers meanwhile, until this moment at the
 * latest (monotonic µs). 0: it does not. */
int64_t catchup_gathers(const struct mesh *m, const struct peer *p);
/* Send what may be sent now, for at most some ms. true: there is more that could be sent at once. */
bool catchup_run(struct mesh *m);

#endif
