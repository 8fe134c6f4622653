#include "metrics.h"

#include <string.h>

#include "base/text.h"
#include "domain/warnings.h"
#include "route.h"
#include "traffic.h"
#include "writer.h"

#define LABELS(...) (const char *const[]){__VA_ARGS__}
#define MICROSECONDS 1000000

static const struct family *begin(struct buf *out, enum metric m)
{
	prometheus_family(out, &metrics_families[m]);
	return &metrics_families[m];
}

/* A family of one sample. */
static void single(struct buf *out, enum metric m, int64_t number)
{
	prometheus_integer(out, begin(out, m), NULL, number);
}

/* … that may not be known: -1. */
static void single_known(struct buf *out, enum metric m, int64_t number)
{
	const struct family *f = begin(out, m);

	if (number >= 0)
		prometheus_integer(out, f, NULL, number);
}

/* --- what the programs do -------------------------------------------------------------------------------------------- */

static void write_about(struct buf *out, const struct metrics_look *l)
{
	prometheus_integer(out, begin(out, METRIC_BUILD), LABELS(PACKAGE_VERSION), 1);
	prometheus_integer(out, begin(out, METRIC_CENTRAL), LABELS(l->central), 1);
}

static const char *method_at(size_t i)
{
	return i < routes_count ? method_name(routes[i].method) : "OTHER";
}

static const char *path_at(size_t i)
{
	return i < routes_count ? routes[i].path : "unknown";
}

/* Only of what was asked for: most routes are pages that nobody has opened since the start. */
static bool write_codes(struct buf *out, const struct family *f, const struct traffic_route *r, size_t i)
{
	char code[8] = "other";
	bool any = false;

	for (size_t k = 0; k <= RESPONSE_STATUSES; k++) {
		uint64_t count = atomic_load_explicit(&r->by_status[k], memory_order_relaxed);

		if (count == 0)
			continue;
		if (k < RESPONSE_STATUSES)
			text_format(code, sizeof code, "%d", response_status(k));
		else
			text_copy(code, sizeof code, "other");
		prometheus_integer(out, f, LABELS(method_at(i), path_at(i), code), (int64_t)count);
		any = true;
	}
	return any;
}

static void write_requests(struct buf *out, const struct traffic *t)
{
	const struct family *f = begin(out, METRIC_REQUESTS);
	bool asked[ROUTES_MAX + 1];

	for (size_t i = 0; i <= routes_count; i++)
		asked[i] = write_codes(out, f, &t->route[i], i);
	f = begin(out, METRIC_REQUEST_TIME);
	for (size_t i = 0; i <= routes_count; i++) {
		if (asked[i])
			prometheus_histogram(out, f, LABELS(method_at(i), path_at(i)), &t->route[i].took_us, histogram_times, MICROSECONDS);
	}
}

static void write_threads(struct buf *out, const struct metrics_look *l)
{
	const struct family *f = begin(out, METRIC_LOGIN_FAILURES);

	prometheus_integer(out, f, LABELS("wrong"), (int64_t)atomic_load(&l->traffic->login_failures[LOGIN_WRONG]));
	prometheus_integer(out, f, LABELS("limited"), (int64_t)atomic_load(&l->traffic->login_failures[LOGIN_LIMITED]));
	single(out, METRIC_THREADS, l->threads);
	single(out, METRIC_THREADS_BUSY, atomic_load(&l->traffic->serving));
	f = begin(out, METRIC_THREADS_HELD);
	prometheus_integer(out, f, LABELS("download"), l->sending);
	prometheus_integer(out, f, LABELS("p2pd"), l->waiting);
}

static void write_writer(struct buf *out, const struct metrics_look *l)
{
	single(out, METRIC_JOBS_WAITING, atomic_load(&l->writer->waiting));
	prometheus_ms(out, begin(out, METRIC_WRITER_BUSY), NULL, l->writer_busy_ms);
	prometheus_histogram(out, begin(out, METRIC_COMMIT_JOBS), NULL, &l->writer->jobs, histogram_sizes, 1);
	prometheus_histogram(out, begin(out, METRIC_COMMIT_TIME), NULL, &l->writer->took_us, histogram_times, MICROSECONDS);
	single(out, METRIC_COMMIT_FAILURES, (int64_t)atomic_load(&l->writer->failed));
}

static void write_files(struct buf *out, const struct metrics_look *l)
{
	single(out, METRIC_READABLE, l->rows != NULL);
	single(out, METRIC_WRITABLE, l->writable);
	single(out, METRIC_DATABASE_BYTES, l->database_bytes);
	single(out, METRIC_WAL_BYTES, l->wal_bytes);
	single_known(out, METRIC_DISK_FREE, l->disk.size > 0 ? l->disk.free : -1);
	single_known(out, METRIC_DISK_SIZE, l->disk.size > 0 ? l->disk.size : -1);
}

static void write_process(struct buf *out, const struct metrics_look *l)
{
	prometheus_us(out, begin(out, METRIC_CPU), NULL, l->usage.cpu_us);
	single_known(out, METRIC_RESIDENT, l->usage.resident_bytes);
	single_known(out, METRIC_VIRTUAL, l->usage.virtual_bytes);
	single_known(out, METRIC_FDS, l->usage.open_fds);
	single(out, METRIC_FDS_MAX, l->usage.max_fds);
	prometheus_ms(out, begin(out, METRIC_START), NULL, l->started_ms);
}

/* --- what the database says; rows NULL: nothing ---------------------------------------------------------------------- */

static void write_held(struct buf *out, const struct metrics_rows *r)
{
	const struct family *f = begin(out, METRIC_RECORDS);

	for (size_t i = 0; r && i < r->records; i++)
		prometheus_integer(out, f, LABELS(r->record[i].type, r->record[i].own ? "own" : "other"), r->record[i].count);
	f = begin(out, METRIC_LACKING);
	if (r) {
		prometheus_integer(out, f, LABELS("all"), r->below_all);
		prometheus_integer(out, f, LABELS("quorum"), r->below_quorum);
	}
	single_known(out, METRIC_INSIDE, r ? r->inside : -1);
	f = begin(out, METRIC_CAMERAS);
	if (r) {
		prometheus_integer(out, f, LABELS("offline"), r->cameras - r->cameras_online);
		prometheus_integer(out, f, LABELS("online"), r->cameras_online);
	}
}

static void write_backup(struct buf *out, const struct metrics_rows *r)
{
	const struct family *f;

	single_known(out, METRIC_BACKUP_EXPECTED, r ? r->backup.expected_ms > 0 : -1);
	f = begin(out, METRIC_BACKUP_MADE);
	if (r && r->backup.made_ms > 0)
		prometheus_ms(out, f, NULL, r->backup.made_ms);
	single_known(out, METRIC_BACKUP_BYTES, r && r->backup.made_ms > 0 ? r->backup.bytes : -1);
}

/* The number of the condition that is about this central alone; 0 if it does not hold. */
static int64_t number_of(const struct metrics_rows *r, enum condition_code code)
{
	for (size_t i = 0; i < r->conditions; i++) {
		if (r->condition[i].code == code)
			return r->condition[i].number;
	}
	return 0;
}

static bool holds(const struct metrics_rows *r, enum condition_code code)
{
	for (size_t i = 0; i < r->conditions; i++) {
		if (r->condition[i].code == code)
			return true;
	}
	return false;
}

static int64_t standing(const struct mesh_look *m, enum warning_code code)
{
	int64_t count = 0;

	for (size_t i = 0; i < m->warnings; i++)
		count += m->warning[i].code == code;
	return count;
}

static void write_conditions(struct buf *out, const struct metrics_rows *r)
{
	const struct family *f;

	single_known(out, METRIC_CONFLICTS, r ? number_of(r, CONDITION_CONFLICTS) : -1);
	single_known(out, METRIC_UNREADABLE, r ? number_of(r, CONDITION_UNREADABLE) : -1);
	f = begin(out, METRIC_CONDITION);
	for (int code = 0; r && code < CONDITION_CODES; code++)
		prometheus_integer(out, f, LABELS(condition_name((enum condition_code)code)), holds(r, (enum condition_code)code));
	f = begin(out, METRIC_WARNINGS);
	for (int code = 0; r && code < WARNING_CODES; code++)
		prometheus_integer(out, f, LABELS(warning_name((enum warning_code)code)), standing(r->mesh, (enum warning_code)code));
}

/* --- the mesh; m NULL: nothing is known ------------------------------------------------------------------------------ */

static void write_mesh(struct buf *out, const struct mesh_look *m)
{
	const struct family *f;

	single_known(out, METRIC_P2PD_RUNNING, m ? m->running : -1);
	single_known(out, METRIC_P2PD_LISTENING, m ? m->running && m->listening : -1);
	f = begin(out, METRIC_MESSAGES);
	if (m && m->running) {
		prometheus_integer(out, f, LABELS("received"), m->received);
		prometheus_integer(out, f, LABELS("sent"), m->sent);
	}
	f = begin(out, METRIC_MESH_EVENTS);
	for (size_t i = 0; m && i < m->counted; i++)
		prometheus_integer(out, f, LABELS(m->counts[i].kind, m->counts[i].cause), m->counts[i].count);
}

static void write_p2pd(struct buf *out, const struct mesh_look *m, const struct quorum_waits *q)
{
	const struct family *f = begin(out, METRIC_QUORUM_WAITS);
	bool known = m && m->running && m->p2pd_started_ms > 0;

	prometheus_integer(out, f, LABELS("reached"), q->reached);
	prometheus_integer(out, f, LABELS("refused"), q->refused);
	prometheus_integer(out, f, LABELS("timed_out"), q->timed_out);
	f = begin(out, METRIC_P2PD_CPU);
	if (known)
		prometheus_us(out, f, NULL, m->p2pd_cpu_us);
	single_known(out, METRIC_P2PD_RESIDENT, known ? m->p2pd_resident_bytes : -1);
	f = begin(out, METRIC_P2PD_START);
	if (known)
		prometheus_ms(out, f, NULL, m->p2pd_started_ms);
}

static void write_state(struct buf *out, const struct family *f, const struct peer_look *p)
{
	static const char *const known[] = {"connected", "connecting", "refused", "unknown", "waiting"};
	const char *state = p->told ? p->status.state : "unknown";

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		prometheus_integer(out, f, LABELS(p->status.id, known[i]), strcmp(known[i], state) == 0);
}

/* One sample of a peer; nothing where nothing is known. */
static void write_peer(struct buf *out, enum metric m, const struct peer_look *p)
{
	const struct family *f = &metrics_families[m];
	const struct peer_status *s = &p->status;
	const char *const id[] = {s->id};

	switch ((int)m) {
	case METRIC_PEER_STATE: write_state(out, f, p); return;
	case METRIC_PEER_CONNECTED: prometheus_integer(out, f, id, s->connected); return;
	case METRIC_PEER_CONFIGURED: prometheus_integer(out, f, id, s->configured); return;
	}
	if (m == METRIC_PEER_SYNCED && p->last_sync_ms > 0)
		prometheus_ms(out, f, id, p->last_sync_ms);
	if (!p->told)
		return;
	if (m == METRIC_PEER_BEHIND && s->behind >= 0)
		prometheus_integer(out, f, id, s->behind);
	if (m == METRIC_PEER_AHEAD && s->ahead >= 0)
		prometheus_integer(out, f, id, s->ahead);
	if (m == METRIC_PEER_RTT && s->rtt_ms >= 0)
		prometheus_real(out, f, id, s->rtt_ms / 1000);
	if (m == METRIC_PEER_CLOCK && s->clock_known)
		prometheus_ms(out, f, id, s->clock_offset_ms);
	if (m == METRIC_PEER_SEEN && s->last_ping_ms > 0)
		prometheus_ms(out, f, id, s->last_ping_ms);
}

static void write_peers(struct buf *out, const struct mesh_look *m)
{
	for (int which = METRIC_PEER_STATE; which <= METRIC_PEER_SYNCED; which++) {
		begin(out, (enum metric)which);
		for (size_t i = 0; m && i < m->count; i++)
			write_peer(out, (enum metric)which, &m->peer[i]);
	}
}

void metrics_write(struct buf *out, const struct metrics_look *l)
{
	write_about(out, l);
	write_requests(out, l->traffic);
	write_threads(out, l);
	write_writer(out, l);
	write_files(out, l);
	write_held(out, l->rows);
	write_backup(out, l->rows);
	write_conditions(out, l->rows);
	write_mesh(out, l->rows ? l->rows->mesh : NULL);
	write_p2pd(out, l->rows ? l->rows->mesh : NULL, &l->quorum);
	write_peers(out, l->rows ? l->rows->mesh : NULL);
	write_process(out, l);
}
