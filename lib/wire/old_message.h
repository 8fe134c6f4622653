/*
 * One message of the old dialect (spec/wire.md, "Legacy dialect"): a JSON object {type, source_central, timestamp, event_id, data}, bare.
 *
 * A SYNC_RESPONSE may be 16 MiB long, so it is never read as a whole: old_message_read goes over its head, old_rows_next hands out one
 * row after the other. Every other message has at most OLD_MESSAGE_PLAIN bytes and is read strictly (wire/json.h).
 */
#ifndef PARKMESH_WIRE_OLD_MESSAGE_H
#define PARKMESH_WIRE_OLD_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

#define OLD_MESSAGE_MAX (16u * 1024 * 1024) /* that we take; their library takes 1 MiB */
#define OLD_MESSAGE_PLAIN (64u * 1024)
#define OLD_ROW_MAX (64u * 1024)            /* a row of history in an answer */
#define OLD_ROWS_MAX 5000                   /* rows they send at once; fewer: there are no more */

struct cJSON;

enum old_message_type {
	OLD_MESSAGE_UNKNOWN,        /* a type that is not known: ignored */
	OLD_MESSAGE_PEER_ID,        /* {"peer_id":"…"}, the first frame of who dials in the newer form */
	OLD_MESSAGE_ENTRY,          /* VEHICLE_ENTRY_PENDING */
	OLD_MESSAGE_CONFIRMED,      /* VEHICLE_ENTRY_CONFIRMED */
	OLD_MESSAGE_EXIT,           /* VEHICLE_EXIT */
	OLD_MESSAGE_HEARTBEAT,
	OLD_MESSAGE_SYNC_REQUEST,
	OLD_MESSAGE_SYNC_RESPONSE,
	OLD_MESSAGE_CHANGE,         /* HISTORY_UPDATE, HISTORY_DELETE: name the sender's row number and would hit another car here */
	OLD_MESSAGE_ERROR
};

struct old_message {
	enum old_message_type type;
	char source_central[CENTRAL_ID_SIZE]; /* of PEER_ID the id itself; "" missing or too long */
	struct cJSON *document;               /* owns the rest; NULL for SYNC_RESPONSE */
	const char *event_id;                 /* NULL none */
	const struct cJSON *data;             /* NULL none */
	const char *rows;                     /* SYNC_RESPONSE: what follows the [ of data.events, within the bytes given; NULL none */
	size_t rows_len;
};

/* ERR_SYNTAX: no JSON object, or without a type. ERR_TOO_LARGE. ERR_MEMORY. fault says it in a sentence. On success free with
 * old_message_free; bytes must outlive it. */
enum err old_message_read(const char *bytes, size_t len, struct old_message *out, struct fault *fault);
void old_message_free(struct old_message *m);

/* Step over the next row: *row gets its bytes, from { to where its brackets are closed. ERR_NOT_FOUND: there is no further one.
 * ERR_SYNTAX: what follows is no row, or one of more than OLD_ROW_MAX bytes; the rest is of no use. */
enum err old_rows_next(const char **at, size_t *left, const char **row, size_t *len);

/* {"type":…,…,"data":{ into out, then the members of data by json_add_…, then old_message_end. event_id NULL: null. */
void old_message_begin(struct buf *out, const char *type, const char *source_central, int64_t timestamp, const char *event_id);
void old_message_end(struct buf *out);

#endif
