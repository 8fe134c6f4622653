/*
 * GET /metrics: what this central tells a Prometheus. One table of families (metrics.c), of which doc/metrics.md is the
 * description for people; tests/flow/test_metrics.py holds the two and a real answer against each other.
 *
 * An answer is made by one thread at a time and good for METRICS_KEPT_MS: whoever asks meanwhile gets the one there is. It
 * reads a few small tables and three partial indexes: vehicles inside, records that cannot be read (up to 1000), and conflicts
 * up to the 1000th that is open (with 60 000 that were looked at before it some 60 ms; else 3 ms at a million rows). While the
 * database cannot be read it has what the program knows by itself. Labels are bounded: routes, statuses, types and causes are
 * this program's own words, peers at most MESH_PEERS_MAX.
 *
 * A new family: its name in enum metric, a row in metrics.c, its samples in metrics_write.c (read in metrics_look.c), a row in
 * doc/metrics.md. A new condition, warning, record type or cause is there by itself.
 */
#ifndef PARKMESH_FCGI_METRICS_H
#define PARKMESH_FCGI_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/disk.h"
#include "base/usage.h"
#include "domain/conditions.h"
#include "p2p_state.h"
#include "prometheus.h"
#include "quorum_wait.h"
#include "store/backups.h"
#include "store/counts.h"

struct call;
struct metrics;
struct traffic;
struct writer_counts;

#define METRICS_KEPT_MS 1000
#define METRICS_MAX (2 * 1024 * 1024)  /* bytes; all peers and routes there can be need half of it */

enum metric {
	METRIC_BUILD, METRIC_CENTRAL,
	METRIC_REQUESTS, METRIC_REQUEST_TIME, METRIC_LOGIN_FAILURES,
	METRIC_THREADS, METRIC_THREADS_BUSY, METRIC_THREADS_HELD,
	METRIC_JOBS_WAITING, METRIC_WRITER_BUSY, METRIC_COMMIT_JOBS, METRIC_COMMIT_TIME, METRIC_COMMIT_FAILURES,
	METRIC_READABLE, METRIC_WRITABLE, METRIC_DATABASE_BYTES, METRIC_WAL_BYTES, METRIC_DISK_FREE, METRIC_DISK_SIZE,
	METRIC_RECORDS, METRIC_LACKING, METRIC_INSIDE, METRIC_CAMERAS,
	METRIC_BACKUP_EXPECTED, METRIC_BACKUP_MADE, METRIC_BACKUP_BYTES,
	METRIC_CONFLICTS, METRIC_UNREADABLE, METRIC_CONDITION, METRIC_WARNINGS,
	METRIC_P2PD_RUNNING, METRIC_P2PD_LISTENING, METRIC_MESSAGES, METRIC_MESH_EVENTS, METRIC_QUORUM_WAITS,
	METRIC_P2PD_CPU, METRIC_P2PD_RESIDENT, METRIC_P2PD_START,
	METRIC_PEER_STATE, METRIC_PEER_CONNECTED, METRIC_PEER_CONFIGURED, METRIC_PEER_BEHIND, METRIC_PEER_AHEAD, METRIC_PEER_RTT,
	METRIC_PEER_CLOCK, METRIC_PEER_SEEN, METRIC_PEER_SYNCED,
	METRIC_CPU, METRIC_RESIDENT, METRIC_VIRTUAL, METRIC_FDS, METRIC_FDS_MAX, METRIC_START,
	METRIC_COUNT
};
extern const struct family metrics_families[METRIC_COUNT];

/* What the database says. */
struct metrics_rows {
	struct mesh_look *mesh;        /* free(3) */
	struct condition condition[CONDITIONS_MAX];
	struct record_count record[RECORD_COUNTS_MAX];
	size_t conditions, records;
	struct backup_row backup;
	int64_t inside, cameras_online, cameras;
	int64_t below_quorum, below_all; /* own records */
};

struct metrics_look {
	char central[CENTRAL_ID_SIZE]; /* "" not known yet */
	int64_t started_ms;            /* Unix ms */
	const struct traffic *traffic;
	const struct writer_counts *writer;
	bool writable;
	int64_t writer_busy_ms;
	struct quorum_waits quorum;
	int threads, waiting, sending; /* request threads; those that wait for p2pd, and that send a file */
	struct disk disk;
	int64_t database_bytes, wal_bytes;
	struct usage usage;
	struct metrics_rows *rows;     /* NULL: the database cannot be read */
};

/* Look at everything; what cannot be read is left out. Free with metrics_look_free. */
void metrics_look(struct call *c, struct metrics_look *out);
void metrics_look_free(struct metrics_look *look);
/* All families, each with the samples it has. Pure. */
void metrics_write(struct buf *out, const struct metrics_look *look);

/* The answer that is kept. ERR_MEMORY. Close with metrics_close, which takes NULL. */
enum err metrics_open(struct metrics **out);
void metrics_close(struct metrics *m);

#endif
