/*
 * parkmesh.conf: what the programs of a central have to know of their machine. packaging/parkmesh.conf says what each key is for.
 *
 * One `key = value` a line, as libinih reads it; # and ; begin comments, also behind a value. Lists have spaces or commas between
 * their parts and may stand on several lines; any other key stands once. A file that is wrong anywhere counts as a whole not: a
 * key that is not known, a value that cannot be read, a line above CONF_LINE_MAX bytes, bytes that are no text, more than
 * CONF_FILE_MAX bytes, anything but a plain file.
 */
#ifndef PARKMESH_CONF_H
#define PARKMESH_CONF_H

#include <stddef.h>

#include "base/err.h"
#include "base/trust.h"

#define CONF_FILE "/etc/parkmesh/parkmesh.conf"
#define CONF_EDGES_FILE "/etc/parkmesh/nginx-edges.conf" /* of trust_edges, for the installed site of nginx */
#define CONF_FILE_MAX 65536
#define CONF_LINE_MAX 1000
#define CONF_PATH_MAX 400
#define CONF_URL_MAX 319
#define CONF_THREADS 32
#define CONF_THREADS_MAX 128 /* libfcgi waits by select(2), which cannot take descriptors from 1024 on; a thread has at most five */

struct buf;

/* Texts are owned by it; a path or address that is not set is "". */
struct conf {
	const char *database, *notify, *live, *share;
	const char *p2p_config;            /* read when the database is new; need not be there */
	struct rules rules;
	int threads;
	const char *webhook_url;           /* secret */
	int webhook_min_interval_s;
	const char *backup_folder;
	int backup_days;
	const char *tls_certificate, *tls_key;
	int discovery;                     /* 0: no */
	char texts[];                      /* where they are kept */
};

/* Read the file. Free with conf_free. On failure *out is NULL and fault names file, line and what to do. ERR_NOT_FOUND: there is none.
 * ERR_SYSTEM: it cannot be read. ERR_TOO_LARGE, ERR_SYNTAX, ERR_INVALID, ERR_MEMORY. Not from two threads at once. */
enum err conf_read(const char *path, struct conf **out, struct fault *fault);
/* What counts where there is no file. ERR_MEMORY. */
enum err conf_default(struct conf **out);
/* Takes NULL. */
void conf_free(struct conf *c);

/* The keys in the order of packaging/parkmesh.conf; NULL behind the last. */
const char *conf_name(size_t number);
/* Append a key's value as it could stand in the file; of a secret only whether there is one. */
void conf_value(const struct conf *c, size_t number, struct buf *out);

/* A program that reads the file again takes over what it can; of the rest this names what differs, "" if nothing does. */
enum conf_reader { CONF_FCGI = 1, CONF_P2PD = 2 };
void conf_restart_needed(const struct conf *old, const struct conf *now, enum conf_reader reader, struct buf *names);
/* Read the file again in a program that was started with started; the journal tells how that went, and what only a restart would take
 * over. NULL: it cannot be read, and what was read before goes on. */
struct conf *conf_reread(const char *path, const struct conf *started, enum conf_reader reader);

#endif
