/*
 * test-connection: somebody waits for the answer whether a peer can be reached.
 *
 * A command: connected: heartbeat sent -> echo: answered; not connected: dialled at once -> READY -> echo: answered, or the
 * reason why it failed. Never without an answer for longer than TEST_MS.
 */
#ifndef PARKMESH_P2PD_COMMAND_H
#define PARKMESH_P2PD_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "wire/message.h"

#define TEST_MS 6500
#define TEST_ECHO_MS 5000
#define COMMANDS_MAX 64

struct mesh;
struct neighbour;

struct command_waiting { int64_t id; char peer[CENTRAL_ID_SIZE]; int64_t deadline_ms; };
struct commands { struct command_waiting waiting[COMMANDS_MAX]; size_t count; };

/* See mesh_test. */
void command_start(struct mesh *m, int64_t id, const char *peer);
/* A round trip with n was just measured. */
void command_echo(struct mesh *m, const struct neighbour *n);
/* A connection with n, or an attempt at one, failed. */
void command_failed(struct mesh *m, const struct neighbour *n);
/* Answer those that have waited too long. */
void commands_run(struct mesh *m);
/* When the next one will have, monotonic ms; INT64_MAX: none waits. */
int64_t commands_due(const struct mesh *m);
/* Answer all of them: p2pd ends. */
void commands_stop(struct mesh *m);

#endif
