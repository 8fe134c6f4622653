/* Messages for tests, and parsing them. */
#ifndef PARKMESH_MESSAGE_TEXTS_H
#define PARKMESH_MESSAGE_TEXTS_H

#include <stdlib.h>

#include "test.h"
#include "wire/message.h"

#define LOG "5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c"
#define OTHER_LOG "00112233445566778899aabbccddeeff"
#define BYTES_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define BYTES_64 BYTES_32 BYTES_32
#define HEAD(type) "{\"type\":\"" type "\",\"source_central\":\"central-1\",\"timestamp\":1733144400000,"

/* Parsed from memory of exactly its size, so that the sanitizer sees a byte read too far. *copy holds the lines; free it last. */
static inline enum err parse(const char *bytes, size_t len, struct message *out, struct fault *fault, char **copy)
{
	*copy = malloc(len > 0 ? len : 1);
	if (!*copy)
		return ERR_MEMORY;
	memcpy(*copy, bytes, len);
	return message_parse(*copy, len, out, fault);
}

/* The frozen form, byte for byte. */
static const char hello_text[] = HEAD("HELLO") "\"data\":{\"version\":1,\"mesh\":\"parkmesh\",\"id\":\"central-1\","
	"\"public_key\":\"" BYTES_32 "\",\"nonce\":\"" BYTES_32 "\",\"software\":\"parkmesh 0.1\"}}";
static const char auth_text[] = HEAD("AUTH") "\"data\":{\"proof\":\"" BYTES_32 "\",\"signature\":\"" BYTES_64 "\"}}";
static const char request_text[] = HEAD("SYNC_REQUEST") "\"request_id\":7,\"data\":{\"vector\":{\"" OTHER_LOG
	"\":[17,\"0001020304050607\"],\"" LOG "\":[9007199254740991,\"ffffffffffffffff\"]},\"logs\":[\"" LOG "\",\"" OTHER_LOG
	"\"],\"more\":true}}";
static const char response_text[] = HEAD("SYNC_RESPONSE") "\"request_id\":8,\"data\":{\"log\":\"" LOG
	"\",\"first_seq\":5,\"count\":3,\"chain\":\"" BYTES_32 "\",\"seal\":\"" BYTES_64 "\",\"more\":true}}\n{\"a\":1}\nx\n{}";
static const char batch_text[] = HEAD("BATCH") "\"request_id\":9,\"data\":{\"log\":\"" LOG
	"\",\"first_seq\":1,\"count\":1,\"chain\":\"" BYTES_32 "\",\"seal\":\"" BYTES_64 "\"}}\n{\"Đ\":1}";
static const char ack_text[] = HEAD("ACK") "\"request_id\":9,\"data\":{\"vector\":{\"" LOG
	"\":[0,\"0000000000000000\"]},\"hold\":true,\"dropped\":true}}";
static const char heartbeat_text[] = HEAD("HEARTBEAT") "\"data\":{\"vector\":{},\"sent_at\":123456,"
	"\"echo\":{\"sent_at\":100,\"received_at\":200}}}";
static const char error_text[] = "{\"type\":\"ERROR\",\"error\":\"The message cannot be read.\",\"code\":\"bad_message\","
	"\"timestamp\":1733144400000}";
static const char *const all_texts[] = {
	hello_text, auth_text, request_text, response_text, batch_text, ack_text, heartbeat_text, error_text
};
#define TEXT_COUNT (sizeof all_texts / sizeof all_texts[0])

#endif
