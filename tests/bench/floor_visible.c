/*
 * The floor of being seen at a peer: a message of 500 bytes in a WebSocket frame goes over loopback to each peer, which commits a row
 * (WAL, synchronous=FULL) and answers with a small one.
 * usage: floor_visible FOLDER PEERS COUNT     FOLDER gets a database for each peer
 * prints an object: p50_ms, p99_ms until all have answered
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BYTES 500
#define PEERS_MAX 100

/* FIN and text, a length of 16 bits; the dialler's frames have a mask. */
struct frame { unsigned char head[8], payload[BYTES]; };

static void stop(const char *what)
{
	fprintf(stderr, "floor_visible: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static bool whole(int fd, void *to, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(fd, (char *)to + have, size - have);

		if (got <= 0)
			return false;
		have += (size_t)got;
	}
	return true;
}

static void mask(struct frame *f)
{
	for (size_t i = 0; i < BYTES; i++)
		f->payload[i] ^= f->head[4 + i % 4];
}

static sqlite3_stmt *open_database(const char *folder, int number)
{
	sqlite3_stmt *insert = NULL;
	char path[4096];
	sqlite3 *db;

	snprintf(path, sizeof(path), "%s/peer-%d.db", folder, number);
	if (sqlite3_open(path, &db) != SQLITE_OK
		|| sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE r(payload TEXT)", NULL, NULL, NULL) != SQLITE_OK
		|| sqlite3_prepare_v2(db, "INSERT INTO r VALUES(?1)", -1, &insert, NULL) != SQLITE_OK)
		stop(path);
	return insert;
}

static void serve(const char *folder, int number, int fd)
{
	sqlite3_stmt *insert = open_database(folder, number);
	unsigned char ack[] = { 0x81, 2, 'o', 'k' };
	struct frame f;

	while (whole(fd, &f, sizeof(f))) {
		mask(&f);
		sqlite3_bind_text(insert, 1, (char *)f.payload, BYTES, SQLITE_STATIC);
		if (sqlite3_step(insert) != SQLITE_DONE)
			stop("insert");
		sqlite3_reset(insert);
		if (write(fd, ack, sizeof(ack)) != (ssize_t)sizeof(ack))
			break;
	}
	exit(0);
}

static void quick(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* A process that serves -> the connection with it. */
static int start_peer(const char *folder, int number)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int listening = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0), taken;

	if (bind(listening, (struct sockaddr *)&at, len) != 0 || listen(listening, 1) != 0
		|| getsockname(listening, (struct sockaddr *)&at, &len) != 0 || connect(fd, (struct sockaddr *)&at, len) != 0)
		stop("connect");
	taken = accept(listening, NULL, NULL);
	close(listening);
	quick(fd);
	quick(taken);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fd);
		serve(folder, number, taken);
	}
	close(taken);
	return fd;
}

static double round_trip(const int *fd, int peers)
{
	struct frame f = { .head = { 0x81, 0xfe, BYTES >> 8, BYTES & 255, 1, 2, 3, 4 } };
	unsigned char ack[4];
	double began = now();

	memset(f.payload, 'x', BYTES);
	mask(&f);
	for (int i = 0; i < peers; i++) {
		if (write(fd[i], &f, sizeof(f)) != (ssize_t)sizeof(f))
			stop("write");
	}
	for (int i = 0; i < peers; i++) {
		if (!whole(fd[i], ack, sizeof(ack)))
			stop("read");
	}
	return now() - began;
}

static int shorter(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	int fd[PEERS_MAX], peers = argc == 4 ? atoi(argv[2]) : 0, count = argc == 4 ? atoi(argv[3]) : 0;
	double *took = calloc((size_t)count + 1, sizeof(*took));

	if (peers < 1 || peers > PEERS_MAX || count < 1 || took == NULL) {
		fputs("usage: floor_visible FOLDER PEERS COUNT\n", stderr);
		return 2;
	}
	for (int i = 0; i < peers; i++)
		fd[i] = start_peer(argv[1], i);
	for (int i = 0; i < count; i++) {
		took[i] = round_trip(fd, peers);
		usleep(2000);
	}
	qsort(took, (size_t)count, sizeof(*took), shorter);
	printf("{\"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", took[count / 2], took[(int)(0.99 * (count - 1))]);
	free(took);
	return 0;
}
