/* One FastCGI request as nginx writes it, and the answer to it, over a socket pair within the process. Include after fuzz.h. */
#ifndef PARKMESH_FUZZ_FASTCGI_H
#define PARKMESH_FUZZ_FASTCGI_H

#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"

#define FASTCGI_MAX (4 * 1024 * 1024)
#define FASTCGI_CONTENT_MAX 0xfff8
enum { FASTCGI_BEGIN = 1, FASTCGI_END = 3, FASTCGI_PARAMS = 4, FASTCGI_STDIN = 5, FASTCGI_STDOUT = 6 };

static inline void fastcgi_record(struct buf *out, unsigned char type, const void *content, size_t len)
{
	const unsigned char head[8] = {1, type, 0, 1, (unsigned char)(len >> 8), (unsigned char)len};

	buf_add(out, head, sizeof head);
	if (len > 0)
		buf_add(out, content, len);
}

/* In as many records as it takes, and an empty one. */
static inline void fastcgi_stream(struct buf *out, unsigned char type, const struct buf *content)
{
	for (size_t at = 0; at < content->len; at += FASTCGI_CONTENT_MAX) {
		size_t left = content->len - at;

		fastcgi_record(out, type, content->data + at, left < FASTCGI_CONTENT_MAX ? left : FASTCGI_CONTENT_MAX);
	}
	fastcgi_record(out, type, NULL, 0);
}

static inline void fastcgi_length(struct buf *out, size_t len)
{
	const unsigned char four[4] = {(unsigned char)(len >> 24 | 0x80), (unsigned char)(len >> 16), (unsigned char)(len >> 8),
		(unsigned char)len};

	buf_add(out, len < 128 ? four + 3 : four, len < 128 ? 1 : 4);
}

static inline void fastcgi_param(struct buf *params, const char *name, const char *value)
{
	fastcgi_length(params, strlen(name));
	fastcgi_length(params, strlen(value));
	buf_str(params, name);
	buf_str(params, value);
}

/* Send bytes, and no more after them; serve gets the descriptor returned, the other end is *ours. */
static inline int fastcgi_send(const void *bytes, size_t len, int *ours)
{
	int ends[2], room = FASTCGI_MAX;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	for (int i = 0; i < 2; i++)
		if (setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0)
			(void)setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	MUST(write(ends[0], bytes, len) == (ssize_t)len);
	MUST(shutdown(ends[0], SHUT_WR) == 0);
	*ours = ends[0];
	return ends[1];
}

/* The same with a request. */
static inline int fastcgi_open(const struct buf *params, const struct buf *body, int *ours)
{
	const unsigned char begin[8] = {0, 1};
	struct buf out;
	int theirs;

	buf_init(&out, FASTCGI_MAX);
	fastcgi_record(&out, FASTCGI_BEGIN, begin, sizeof begin);
	fastcgi_stream(&out, FASTCGI_PARAMS, params);
	fastcgi_stream(&out, FASTCGI_STDIN, body);
	MUST(!out.failed);
	theirs = fastcgi_send(out.data, out.len, ours);
	buf_free(&out);
	return theirs;
}

/* All that was answered on ours, which is closed. Returns whether it is whole. */
static inline bool fastcgi_answer(int ours, struct buf *out)
{
	struct buf raw;
	static char piece[65536];
	ssize_t got;
	bool ended = false;

	buf_init(&raw, 4 * FASTCGI_MAX);
	while ((got = read(ours, piece, sizeof piece)) > 0)
		buf_add(&raw, piece, (size_t)got);
	close(ours);
	for (size_t at = 0; at + 8 <= raw.len && !ended;) {
		const unsigned char *head = (const unsigned char *)raw.data + at;
		size_t len = (size_t)head[4] << 8 | head[5];

		MUST(head[0] == 1 && at + 8 + len + head[6] <= raw.len);
		if (head[1] == FASTCGI_STDOUT)
			buf_add(out, raw.data + at + 8, len);
		ended = head[1] == FASTCGI_END;
		at += 8 + len + head[6];
	}
	buf_free(&raw);
	return ended;
}

#endif
