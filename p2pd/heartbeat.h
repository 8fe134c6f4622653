/*
 * HEARTBEAT: what changed in the vector, a sign of life, round trip and clock offset.
 *
 * One with a request_id is answered at once by one without, carrying echo {sent_at, received_at}. The round trip is what our own
 * monotonic clock says, less the time the other side held it; the clock offset (theirs minus ours) comes from both wall clocks.
 */
#ifndef PARKMESH_P2PD_HEARTBEAT_H
#define PARKMESH_P2PD_HEARTBEAT_H

#define HEARTBEAT_MS 5000
#define HEARTBEAT_ENTRIES 512
#define CLOCK_OFF_MS 60000

struct mesh;
struct message;
struct peer;

/* Ask now; the next one is due in 5 s ± 20 %. */
void heartbeat_send(struct mesh *m, struct peer *p);
/* When one is due, those that may go out by now are due with it: one waking for all of them, and their answers come together. */
void heartbeats_join(struct mesh *m);
void heartbeat_received(struct mesh *m, struct peer *p, const struct message *msg);

#endif
