/*
 * Clients that ask as fast as they are answered, in one thread by epoll, so that they are not what is measured. Each keeps its
 * connection (HTTP/1.1) and has one request under way; nothing is repeated. A run of @ in a path or a body becomes the number of
 * the request with so many digits, so that each can be about another car; a # becomes a line of a file, the first for number 0.
 *
 * usage: load [option VALUE]...
 *   --port N            where, on loopback; several: client i asks number i of them, and around again
 *   --clients N         (1)
 *   --seconds S         no request begins after that (1)
 *   --requests N        no more of them in all
 *   --first N           the number of the first request (0)
 *   --ask "METHOD PATH" several: request i asks number i of them, and around again
 *   --body TEXT         JSON, of all requests
 *   --lines FILE        what a # becomes; after the last line comes the first again
 *   --header TEXT       one more line of all requests
 *   --status N          of each answer (200); one of 304 has no body
 *   --must TEXT         what each answer has to contain
 *   --times FILE        a line for each good answer: its number, when it was asked for (ms since the start), how long it took (ms)
 * prints an object: what was answered as it should (ok), otherwise (failed), or not at all (lost), rate, ms of the good ones, and when
 * it began (seconds of the monotonic clock).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MANY 64                     /* ports, and things to ask */
#define REQUEST_MAX 8192
#define ANSWER_MAX (16 * 1024 * 1024)
#define PATIENCE_S 30.0             /* for the last answers */
#define REST_S 0.01                 /* before a refused connection is tried again */

struct client {
	int fd;                         /* -1: not connected */
	int port;
	bool busy, close;               /* a request is under way; the server closes after this answer */
	int64_t number;                 /* of the request */
	double asked, again;            /* when; when to connect again */
	char request[REQUEST_MAX];
	size_t length, sent;
	char *answer;
	size_t size, have;
	size_t expected;                /* bytes of the whole answer, 0: not known yet, SIZE_MAX: chunked */
};

struct took { int64_t number; float began_ms, ms; };

static struct {
	int port[MANY], ports, clients, epoll_fd;
	const char *ask[MANY], *body, *header, *status, *must, *times;
	char **line;
	int64_t lines;
	int asks;
	double seconds, began, end;
	int64_t first, most, begun, ok, failed, lost;
	struct took *took;
	size_t room;
} all = { .clients = 1, .seconds = 1, .most = INT64_MAX, .body = NULL, .header = "", .status = "200" };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *grown(void *old, size_t size)
{
	void *fresh = realloc(old, size);

	if (fresh == NULL)
		stop("memory");
	return fresh;
}

/* ---- what is asked ---- */

static int64_t last_digits(int64_t number, size_t digits)
{
	int64_t below = 1;

	for (size_t i = 0; i < digits && i < 18; i++)
		below *= 10;
	return number % below;
}

static void read_lines(const char *path)
{
	FILE *f = fopen(path, "r");
	size_t room = 0;
	char *text = NULL;

	if (f == NULL)
		stop(path);
	for (; getline(&text, &room, f) > 0; text = NULL, room = 0) {
		text[strcspn(text, "\n")] = '\0';
		if (all.lines % 4096 == 0)
			all.line = grown(all.line, (size_t)(all.lines + 4096) * sizeof(*all.line));
		all.line[all.lines++] = text;
	}
	free(text);
	fclose(f);
}

/* text with each run of @, and each #, replaced; -> bytes written, out has room for size. */
static size_t numbered(const char *text, int64_t number, char *out, size_t size)
{
	size_t len = 0;

	while (*text != '\0' && len < size) {
		size_t digits = strspn(text, "@");

		if (*text == '#' && all.lines > 0) {
			len += (size_t)snprintf(out + len, size - len, "%s", all.line[number % all.lines]);
			text++;
			continue;
		}
		if (digits == 0) {
			out[len++] = *text++;
			continue;
		}
		if (len + digits >= size)
			break;
		len += (size_t)snprintf(out + len, size - len, "%0*lld", (int)digits, (long long)last_digits(number, digits));
		text += digits;
	}
	return len;
}

static void write_request(struct client *c, int64_t number)
{
	const char *ask = all.ask[number % all.asks], *path = strchr(ask, ' ');
	char text[REQUEST_MAX / 2];
	size_t body = all.body == NULL ? 0 : numbered(all.body, number, text, sizeof(text));
	size_t len = (size_t)snprintf(c->request, REQUEST_MAX, "%.*s ", (int)(path - ask), ask);

	len += numbered(path + 1, number, c->request + len, REQUEST_MAX / 4);
	len += (size_t)snprintf(c->request + len, REQUEST_MAX / 8, " HTTP/1.1\r\nHost: 127.0.0.1\r\n%s", all.header);
	if (all.body != NULL)
		len += (size_t)snprintf(c->request + len, 128, "Content-Type: application/json\r\nContent-Length: %zu\r\n", body);
	memcpy(c->request + len, "\r\n", 2);
	memcpy(c->request + len + 2, text, body);
	c->length = len + 2 + body;
	c->sent = 0;
}

/* ---- connections ---- */

static void hang_up(struct client *c)
{
	close(c->fd);
	c->fd = -1;
	if (c->busy)
		all.lost++;
	c->busy = c->close = false;
}

static void dial(struct client *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)c->port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
	int one = 1;

	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		stop("socket");
	if (connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(c->fd);
		c->fd = -1;
		c->again = now() + REST_S;
		return;
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(all.epoll_fd, EPOLL_CTL_ADD, c->fd, &e) != 0)
		stop("epoll");
}

static void send_rest(struct client *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	while (c->sent < c->length) {
		ssize_t got = send(c->fd, c->request + c->sent, c->length - c->sent, MSG_NOSIGNAL);

		if (got < 0 && errno != EAGAIN) {
			hang_up(c);
			return;
		}
		if (got < 0) {
			e.events = EPOLLIN | EPOLLOUT;
			break;
		}
		c->sent += (size_t)got;
	}
	epoll_ctl(all.epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

static bool over(void)
{
	return all.begun >= all.most || now() >= all.end;
}

static void ask_next(struct client *c)
{
	if (over())
		return;
	if (c->fd < 0)
		dial(c);
	if (c->fd < 0)
		return;
	c->number = all.first + all.begun++;
	write_request(c, c->number);
	c->have = c->expected = 0;
	c->busy = true;
	c->asked = now();
	send_rest(c);
}

/* ---- what is answered ---- */

/* The value of a header, lower or upper case, in the head that ends at end; NULL if it is not there. */
static const char *header_of(const char *head, const char *end, const char *name)
{
	for (const char *line = head; line != NULL && line < end; line = memchr(line, '\n', (size_t)(end - line))) {
		line += *line == '\n';
		if (strncasecmp(line, name, strlen(name)) == 0)
			return line + strlen(name);
	}
	return NULL;
}

static void read_head(struct client *c)
{
	const char *end = memmem(c->answer, c->have, "\r\n\r\n", 4);
	const char *length, *closing;

	if (end == NULL)
		return;
	length = header_of(c->answer, end, "content-length:");
	closing = header_of(c->answer, end, "connection:");
	c->close = closing != NULL && strncasecmp(closing, " close", 6) == 0;
	c->expected = (size_t)(end + 4 - c->answer);
	if (memcmp(c->answer, "HTTP/1.1 304", 12) != 0)
		c->expected = length == NULL ? SIZE_MAX : c->expected + strtoul(length, NULL, 10);
}

static bool whole(struct client *c)
{
	if (c->expected == 0)
		read_head(c);
	if (c->expected == SIZE_MAX)
		return c->have >= 7 && memcmp(c->answer + c->have - 7, "\r\n0\r\n\r\n", 7) == 0;
	return c->expected != 0 && c->have >= c->expected;
}

static bool good(const struct client *c)
{
	return memcmp(c->answer, "HTTP/1.1 ", 9) == 0 && memcmp(c->answer + 9, all.status, 3) == 0
		&& (all.must == NULL || memmem(c->answer, c->have, all.must, strlen(all.must)) != NULL);
}

static void count_answer(struct client *c)
{
	double end = now();

	c->busy = false;
	if (!good(c)) {
		if (all.failed++ == 0)
			fprintf(stderr, "load: the first answer that is not as it should be:\n%.*s\n", (int)c->have, c->answer);
		return;
	}
	if ((size_t)all.ok == all.room) {
		all.room = all.room * 2 + 4096;
		all.took = grown(all.took, all.room * sizeof(*all.took));
	}
	all.took[all.ok++] = (struct took){ c->number, (float)((c->asked - all.began) * 1e3), (float)((end - c->asked) * 1e3) };
}

static void read_some(struct client *c)
{
	ssize_t got;

	if (c->size - c->have < 4096) {
		c->size = c->size * 2 + 16384;
		c->answer = grown(c->answer, c->size);
	}
	got = recv(c->fd, c->answer + c->have, c->size - c->have, 0);
	if (got < 0 && errno == EAGAIN)
		return;
	if (got <= 0 || !c->busy || c->have > ANSWER_MAX) {
		hang_up(c);
		ask_next(c);
		return;
	}
	c->have += (size_t)got;
	if (!whole(c))
		return;
	count_answer(c);
	if (c->close)
		hang_up(c);
	ask_next(c);
}

/* ---- all ---- */

static void turn(struct client *clients)
{
	struct epoll_event e[64];
	int count = epoll_wait(all.epoll_fd, e, 64, 10);
	double t = now();

	for (int i = 0; i < count; i++) {
		struct client *c = e[i].data.ptr;

		if (c->fd >= 0 && (e[i].events & EPOLLOUT))
			send_rest(c);
		if (c->fd >= 0 && (e[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
			read_some(c);
	}
	for (int i = 0; i < all.clients; i++) {
		if (!clients[i].busy && clients[i].fd < 0 && clients[i].again <= t)
			ask_next(&clients[i]);
	}
}

static bool waiting(const struct client *clients)
{
	for (int i = 0; i < all.clients; i++) {
		if (clients[i].busy)
			return true;
	}
	return false;
}

static void run(struct client *clients)
{
	all.began = now();
	all.end = all.began + all.seconds;
	for (int i = 0; i < all.clients; i++) {
		clients[i].fd = -1;
		clients[i].port = all.port[i % all.ports];
		ask_next(&clients[i]);
	}
	while ((!over() || waiting(clients)) && now() < all.end + PATIENCE_S)
		turn(clients);
	for (int i = 0; i < all.clients; i++)
		all.lost += clients[i].busy;
}

static int shorter(const void *a, const void *b)
{
	float x = ((const struct took *)a)->ms, y = ((const struct took *)b)->ms;

	return (x > y) - (x < y);
}

static void write_times(void)
{
	FILE *f = fopen(all.times, "w");

	if (f == NULL)
		stop(all.times);
	for (int64_t i = 0; i < all.ok; i++)
		fprintf(f, "%lld %.3f %.3f\n", (long long)all.took[i].number, all.took[i].began_ms, all.took[i].ms);
	if (fclose(f) != 0)
		stop(all.times);
}

static double at(double part)
{
	return all.ok == 0 ? 0 : all.took[(int64_t)(part * (double)(all.ok - 1))].ms;
}

static void report(double seconds)
{
	if (all.times != NULL)
		write_times();
	if (all.ok > 0)
		qsort(all.took, (size_t)all.ok, sizeof(*all.took), shorter);
	printf("{\"ok\": %lld, \"failed\": %lld, \"lost\": %lld, \"begun\": %lld, \"seconds\": %.6f, \"per_second\": %.1f, "
		"\"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"began\": %.6f}\n", (long long)all.ok, (long long)all.failed, (long long)all.lost, (long long)all.begun,
		seconds, (double)all.ok / seconds, at(0.5), at(0.99), at(1), all.began);
}

static bool take_option(int which, const char *value)
{
	switch (which) {
	case 'p': if (all.ports < MANY) all.port[all.ports++] = atoi(value); return true;
	case 'c': all.clients = atoi(value); return true;
	case 's': all.seconds = strtod(value, NULL); return true;
	case 'r': all.most = atoll(value); return true;
	case 'f': all.first = atoll(value); return true;
	case 'a': if (all.asks < MANY) all.ask[all.asks++] = value; return strchr(value, ' ') != NULL;
	case 'l': read_lines(value); return all.lines > 0;
	case 'b': all.body = value; return strlen(value) < REQUEST_MAX / 4;
	case 'h': all.header = value; return strlen(value) < REQUEST_MAX / 16;
	case 'S': all.status = value; return strlen(value) == 3;
	case 'm': all.must = value; return true;
	case 't': all.times = value; return true;
	default: return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "port", 1, NULL, 'p' }, { "clients", 1, NULL, 'c' }, { "seconds", 1, NULL, 's' },
		{ "requests", 1, NULL, 'r' }, { "first", 1, NULL, 'f' }, { "ask", 1, NULL, 'a' }, { "body", 1, NULL, 'b' }, { "lines", 1, NULL, 'l' },
		{ "header", 1, NULL, 'h' }, { "status", 1, NULL, 'S' }, { "must", 1, NULL, 'm' },
		{ "times", 1, NULL, 't' }, { NULL, 0, NULL, 0 } };
	struct client *clients;
	int which;

	while ((which = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!take_option(which, optarg))
			return 2;
	}
	if (all.ports == 0 || all.asks == 0 || all.clients < 1 || optind != argc) {
		fputs("usage: load --port N --ask \"METHOD PATH\" [option VALUE]...; its source lists them\n", stderr);
		return 2;
	}
	clients = calloc((size_t)all.clients, sizeof(*clients));
	all.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (clients == NULL || all.epoll_fd < 0)
		stop("start");
	run(clients);
	report(now() - all.began);
	for (int i = 0; i < all.clients; i++)
		free(clients[i].answer);
	free(clients);
	for (int64_t i = 0; i < all.lines; i++)
		free(all.line[i]);
	free(all.line);
	free(all.took);
	return 0;
}
