/*
 * The floor of what a gate asks behind nginx: FastCGI by libfcgi with one thread a request, and either nothing else, or one thread
 * that writes a row of about the same size for each request, all that wait in one transaction (WAL, synchronous=FULL).
 * usage: floor_fcgi SOCKET THREADS BYTES [DATABASE [WINDOW_US]]    answers until SIGTERM: BYTES of text, with DATABASE when the row is on
 * disk; the writer waits WINDOW_US (0) for more rows before it begins
 */
#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_MAX 4096
#define ROW_BYTES 500       /* as a record's line with its chain, without the rows that parkmesh derives from it */
#define BATCH 256

struct job { char row[ROW_BYTES]; bool done; pthread_cond_t wake; struct job *next; };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static struct job *first, **last = &first;
static sqlite3 *db;
static sqlite3_stmt *insert;
static int listening, bytes, window_us;
static char *text;

static void stop(const char *what)
{
	fprintf(stderr, "floor_fcgi: %s: %s\n", what, db ? sqlite3_errmsg(db) : strerror(errno));
	exit(1);
}

static void run(const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		stop(sql);
}

static void open_database(const char *path)
{
	if (sqlite3_open(path, &db) != SQLITE_OK)
		stop(path);
	run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE r(number INTEGER PRIMARY KEY, payload TEXT)");
	if (sqlite3_prepare_v2(db, "INSERT INTO r(payload) VALUES(?1)", -1, &insert, NULL) != SQLITE_OK)
		stop("prepare");
}

static struct job *take(void)
{
	struct job *batch, **cut = &first;

	pthread_mutex_lock(&mutex);
	while (first == NULL)
		pthread_cond_wait(&work, &mutex);
	if (window_us > 0) {
		pthread_mutex_unlock(&mutex);
		usleep((useconds_t)window_us);
		pthread_mutex_lock(&mutex);
	}
	batch = first;
	for (int i = 0; *cut != NULL && i < BATCH; i++)
		cut = &(*cut)->next;
	first = *cut;
	*cut = NULL;
	if (first == NULL)
		last = &first;
	pthread_mutex_unlock(&mutex);
	return batch;
}

static void wake(struct job *batch)
{
	pthread_mutex_lock(&mutex);
	while (batch != NULL) {
		struct job *next = batch->next;

		batch->done = true;
		pthread_cond_signal(&batch->wake);
		batch = next;
	}
	pthread_mutex_unlock(&mutex);
}

static void *write_all(void *arg)
{
	(void)arg;
	for (;;) {
		struct job *batch = take();

		run("BEGIN IMMEDIATE");
		for (struct job *j = batch; j != NULL; j = j->next) {
			sqlite3_bind_text(insert, 1, j->row, ROW_BYTES, SQLITE_STATIC);
			if (sqlite3_step(insert) != SQLITE_DONE)
				stop("insert");
			sqlite3_reset(insert);
		}
		run("COMMIT");
		wake(batch);
	}
	return NULL;
}

static void add(struct job *j)
{
	*last = j;
	last = &j->next;
	pthread_cond_signal(&work);
}

/* j: the thread's own. */
static void write_row(struct job *j, const char *body, int len)
{
	memset(j->row, 'x', sizeof(j->row));
	memcpy(j->row, body, len < ROW_BYTES ? (size_t)len : ROW_BYTES);
	j->done = false;
	j->next = NULL;
	pthread_mutex_lock(&mutex);
	add(j);
	while (!j->done)
		pthread_cond_wait(&j->wake, &mutex);
	pthread_mutex_unlock(&mutex);
}

static void *answer_all(void *arg)
{
	struct job *j = calloc(1, sizeof(*j));
	FCGX_Request r;
	char body[BODY_MAX];

	(void)arg;
	if (j == NULL || pthread_cond_init(&j->wake, NULL) != 0 || FCGX_InitRequest(&r, listening, 0) != 0)
		stop("request");
	while (FCGX_Accept_r(&r) == 0) {
		int len = FCGX_GetStr(body, sizeof(body), r.in);

		if (db != NULL)
			write_row(j, body, len);
		FCGX_FPrintF(r.out, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", bytes);
		FCGX_PutStr(text, bytes, r.out);
		FCGX_Finish_r(&r);
	}
	free(j);
	return NULL;
}

static void start(pthread_t *thread, void *(*what)(void *))
{
	if (pthread_create(thread, NULL, what, NULL) != 0)
		stop("thread");
}

int main(int argc, char **argv)
{
	pthread_t thread = 0;

	if (argc < 4 || argc > 6) {
		fputs("usage: floor_fcgi SOCKET THREADS BYTES [DATABASE [WINDOW_US]]\n", stderr);
		return 2;
	}
	bytes = atoi(argv[3]);
	text = malloc((size_t)bytes + 1);
	if (text == NULL || FCGX_Init() != 0)
		stop("start");
	memset(text, 'x', (size_t)bytes);
	window_us = argc > 5 ? atoi(argv[5]) : 0;
	if (argc > 4) {
		open_database(argv[4]);
		start(&thread, write_all);
	}
	unlink(argv[1]);
	listening = FCGX_OpenSocket(argv[1], 511);
	if (listening < 0)
		stop(argv[1]);
	for (int i = 0; i < atoi(argv[2]); i++)
		start(&thread, answer_all);
	pause();
	return 0;
}
