/*
 * One message of the native dialect (spec/wire.md): a first line of JSON, the envelope {type, source_central, timestamp,
 * request_id?, data}, and for messages that carry records one raw record per following line.
 *
 * Reading checks framing and sizes only; what a message may say in which state is p2pd's peer.c to decide.
 */
#ifndef PARKMESH_WIRE_MESSAGE_H
#define PARKMESH_WIRE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "seal/auth.h"
#include "seal/seal.h"

#define MESSAGE_MAX (256 * 1024)       /* bytes, after inflating */
#define MESSAGE_RECORDS_MAX 512
#define MESSAGE_MAX_BEFORE_AUTH 4096
#define CHAIN_HEAD_BYTES 8             /* a vector entry carries the first 16 hex digits of the chain */

enum message_type {
	MESSAGE_UNKNOWN, MESSAGE_HELLO, MESSAGE_AUTH, MESSAGE_SYNC_REQUEST, MESSAGE_SYNC_RESPONSE, MESSAGE_BATCH, MESSAGE_ACK,
	MESSAGE_HEARTBEAT, MESSAGE_ERROR
};

/* One log in a vector: everything up to seq is held, and the chain there begins so. */
struct vector_entry { char log[LOG_ID_SIZE]; int64_t seq; unsigned char chain_head[CHAIN_HEAD_BYTES]; };

struct hello { int version; char mesh[64]; char id[CENTRAL_ID_SIZE]; unsigned char public_key[KEY_BYTES];
	unsigned char nonce[NONCE_BYTES]; char software[64]; };

/* Records first_seq … first_seq+count-1 of one log, each line's bytes, under a seal of the last. Lines point into the message. */
struct page {
	char log[LOG_ID_SIZE];
	int64_t first_seq;
	size_t count;
	struct chain before; /* chain of first_seq - 1 */
	struct seal seal;
	bool more;           /* SYNC_RESPONSE: further pages follow */
	struct page_line { const char *bytes; size_t len; } line[MESSAGE_RECORDS_MAX];
};

struct message {
	enum message_type type;
	char source_central[CENTRAL_ID_SIZE]; /* "" if none */
	int64_t timestamp;                    /* -1 if none */
	int64_t request_id;                   /* 0 if none; counted from 1 */
	union {
		struct hello hello;
		struct auth_proof auth;
		struct { bool has_logs, more; size_t log_count; char (*logs)[LOG_ID_SIZE]; } sync_request; /* plus vector */
		struct { bool hold, dropped; } ack;                                                         /* plus vector */
		struct { int64_t sent_at, echo_sent_at, echo_received_at; } heartbeat; /* echo -1: none; plus vector */
		struct { char error[240]; char code[40]; } error;
	} data;
	size_t vector_count;
	struct vector_entry *vector; /* SYNC_REQUEST, ACK, HEARTBEAT; after message_parse sorted by log, no log twice */
	struct page *page;           /* SYNC_RESPONSE, BATCH; its lines point into the bytes given to message_parse */
};

/* Read one message. ERR_TOO_LARGE over MESSAGE_MAX or too many records; ERR_SYNTAX when the first line is no JSON object, a field
 * of a known type is missing or wrong, or count is not the number of lines; ERR_MEMORY. fault then says which. An unknown type
 * is no error: MESSAGE_UNKNOWN. Lines are joined by newlines; one after the last would begin an empty line and is refused.
 * Memory taken is bounded by len. bytes must live as long as out. Free with message_free; after an error there is
 * nothing to free. */
enum err message_parse(const char *bytes, size_t len, struct message *out, struct fault *fault);
void message_free(struct message *m);

/* Append m to out. Records of a page follow the envelope. ERR_TOO_LARGE if out would be over its limit; ERR_INVALID for
 * MESSAGE_UNKNOWN. */
enum err message_write(const struct message *m, struct buf *out);
/* Bytes that one vector entry takes at most in a message, for splitting a long vector. */
#define VECTOR_ENTRY_BYTES 80

/* "HELLO" …; "UNKNOWN" for MESSAGE_UNKNOWN. */
const char *message_type_name(enum message_type type);

#endif
