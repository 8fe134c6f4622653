/* HELLO and AUTH: who is there, and may it take part (spec/wire.md, "AUTH"). The order is peer.c's. */
#ifndef PARKMESH_P2PD_HELLO_H
#define PARKMESH_P2PD_HELLO_H

#include <stdbool.h>

struct mesh;
struct message;
struct peer;

/* Without a mesh secret only this machine may take part. Ends p and returns false if its address may not. */
bool hello_address_allowed(struct mesh *m, struct peer *p);

void hello_send(struct mesh *m, struct peer *p);
/* Look at their HELLO and keep it. Ends p and returns false if it will not do. */
bool hello_check(struct mesh *m, struct peer *p, const struct message *msg);
/* Send our AUTH. Ends p and returns false if it cannot be made. */
bool auth_send(struct mesh *m, struct peer *p);
/* Verify their AUTH, find who it is and pin the key. Ends p and returns false if it will not do. */
bool auth_check(struct mesh *m, struct peer *p, const struct message *msg);
/* They sent an ERROR. If it is a refusal (before READY any is; a dialler may still refuse when the listener is READY already)
 * end p for the same reason, in words of our own, and return true. */
bool hello_refused(struct mesh *m, struct peer *p, const struct message *msg);

#endif
