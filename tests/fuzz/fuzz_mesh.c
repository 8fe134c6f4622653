/*
 * What a peer may say, and when: one real mesh and ledger, and up to four links whose other ends the input plays, with and without
 * the mesh secret. Each line of the input is one step (see steps[]): a letter, a link's digit, and what belongs to it. In texts \x01
 * stands for a newline.
 *
 * Whatever they do: what the mesh sends can be read, no stranger gets a vector or a record, no ACK says more than what is held, a
 * link that was closed is left alone, and what waits in memory stays within bounds.
 */
#include "fuzz.h"

#include "base/journal.h"
#include "base/text.h"
#include "domain/site.h"
#include "p2pd/mesh.h"
#include "p2pd/mesh_io.h"
#include "p2pd/rows.h"
#include "p2pd/state.h"
#include "seal/auth.h"
#include "store/db_internal.h"
#include "tests/unit/central.h"

#define LINKS 4
#define AUTHORS 2
#define LINES_MAX 64
#define STEPS_MAX 200
#define TIME_MAX_MS 120000

/* The other end of a connection. */
struct side {
	uint64_t link;               /* 0: none */
	int64_t asked;               /* request_id of the last page it was sent */
	struct hello theirs, ours;
	char id[CENTRAL_ID_SIZE];    /* who it has proven to be */
	bool dialled, open, trusted;
};
struct line { char text[RECORD_MAX + 1]; size_t len; };
struct author { char id[CENTRAL_ID_SIZE], log[LOG_ID_SIZE]; struct key_pair keys; struct line line[LINES_MAX]; size_t count; };

static struct central own;
static struct identity self;
static struct rows rows;
static struct mesh *mesh;
static struct side side[LINKS];
static struct author author[AUTHORS];
static uint64_t last_link;
static bool disk_low;
static const unsigned char mesh_key[MESH_KEY_BYTES] = "sesame";

/* ---- what the mesh does ---- */

static struct side *side_of(uint64_t link)
{
	for (int i = 0; i < LINKS; i++)
		if (side[i].link == link)
			return &side[i];
	return NULL;
}

static enum err io_dial(void *arg, const char *host, int port, bool tls, uint64_t *link)
{
	(void)arg;
	(void)host;
	(void)tls;
	(void)port;
	for (int i = 0; i < LINKS; i++)
		if (!side[i].link) {
			side[i] = (struct side){.link = ++last_link, .dialled = true};
			*link = side[i].link;
			return ERR_NONE;
		}
	return ERR_SYSTEM;
}

static bool io_certificate(void *arg, uint64_t link, unsigned char hash[CERT_HASH_BYTES])
{
	(void)arg;
	(void)link;
	(void)hash;
	return false;
}

static void check_ack(const struct message *m)
{
	for (size_t i = 0; i < m->vector_count; i++) {
		struct log_row row = {.head_seq = 0};
		enum err e = log_find(own.db, m->vector[i].log, &row);

		MUST(e == ERR_NONE || e == ERR_NOT_FOUND);
		MUST(m->vector[i].seq <= row.head_seq);
	}
}

static void hear(struct side *s, const struct message *m)
{
	bool early = m->type == MESSAGE_HELLO || m->type == MESSAGE_AUTH || m->type == MESSAGE_ERROR;

	MUST(m->type != MESSAGE_UNKNOWN && (early || s->trusted));
	if (m->type == MESSAGE_HELLO)
		s->theirs = m->data.hello;
	if (m->type == MESSAGE_ACK || m->type == MESSAGE_SYNC_REQUEST || m->type == MESSAGE_HEARTBEAT)
		check_ack(m);
	if (m->page)
		s->asked = m->request_id;
}

static void io_send(void *arg, uint64_t link, const char *bytes, size_t len)
{
	struct side *s = side_of(link);
	struct fault fault = {0};
	struct message m;

	(void)arg;
	MUST(s && s->open);
	MUST(message_parse(bytes, len, &m, &fault) == ERR_NONE);
	hear(s, &m);
	message_free(&m);
}

static size_t io_queued(void *arg, uint64_t link)
{
	(void)arg;
	MUST(side_of(link));
	return 0;
}

static void io_trust(void *arg, uint64_t link)
{
	struct side *s = side_of(link);

	(void)arg;
	MUST(s && s->open && s->id[0]); /* 'a' was played: nobody else knows the secret */
	s->trusted = true;
}

static void io_reading(void *arg, uint64_t link, bool on)
{
	(void)arg;
	(void)on;
	MUST(side_of(link));
}

static void io_close(void *arg, uint64_t link, const char *why)
{
	struct side *s = side_of(link);

	(void)arg;
	(void)why;
	MUST(s);
	*s = (struct side){.link = 0};
}

static bool io_disk_low(void *arg)
{
	(void)arg;
	return disk_low;
}

static void io_answer(void *arg, int64_t command, bool ok, double rtt_ms, const struct reason *why)
{
	(void)arg;
	MUST(command >= 1 && (!ok || rtt_ms >= 0) && why->sentence[0]);
}

/* ---- steps ---- */

static int64_t digits(const char *text)
{
	int64_t number = 0;

	for (; *text >= '0' && *text <= '9' && number < 1000000; text++)
		number = number * 10 + (*text - '0');
	return number;
}

static void say(struct side *s, const char *bytes, size_t len)
{
	if (s->open)
		mesh_message(mesh, s->link, fuzz_copy(bytes, len), len);
}

static void say_message(struct side *s, struct message *m)
{
	struct buf out;

	buf_init(&out, MESSAGE_MAX);
	m->timestamp = own.fake.wall_ms;
	if (message_write(m, &out) == ERR_NONE)
		say(s, out.data, out.len);
	buf_free(&out);
}

static void step_open(struct side *s, char *rest)
{
	(void)rest;
	if (!s->link)
		*s = (struct side){.link = ++last_link};
	if (s->open)
		return;
	s->open = true;
	mesh_opened(mesh, s->link, *rest == 'x' ? "10.1.2.3" : "127.0.0.1");
}

static void step_hello(struct side *s, char *rest)
{
	struct message m = {.type = MESSAGE_HELLO};
	struct hello *h = &m.data.hello;

	h->version = *rest == 'v' ? 3 : 1;
	text_copy(h->mesh, sizeof h->mesh, "parkmesh");
	text_copy(h->id, sizeof h->id, author[*rest == 'b'].id);
	text_copy(h->software, sizeof h->software, "x");
	memcpy(h->public_key, author[*rest == 'b' || *rest == 'k'].keys.public_key, KEY_BYTES);
	memset(h->nonce, *rest, sizeof h->nonce);
	s->ours = *h;
	say_message(s, &m);
}

static void step_auth(struct side *s, char *rest)
{
	struct auth_party theirs = {s->theirs.id, s->theirs.public_key, s->theirs.nonce}, ours = {s->ours.id, s->ours.public_key, s->ours.nonce};
	struct auth_session session = {.mesh = "parkmesh", .version = 1, .dialler = s->dialled ? theirs : ours,
		.listener = s->dialled ? ours : theirs};
	const struct author *a = &author[strcmp(s->ours.id, author[1].id) == 0];
	struct message m = {.type = MESSAGE_AUTH};

	if (!s->ours.id[0] || !s->theirs.id[0])
		return;
	MUST(auth_make(&session, s->dialled ? AUTH_LISTENER : AUTH_DIALLER, mesh_key, &a->keys, &m.data.auth) == ERR_NONE);
	if (*rest == '!')
		m.data.auth.proof[0] ^= 1;
	else if (memcmp(s->ours.public_key, a->keys.public_key, KEY_BYTES) == 0)
		text_copy(s->id, sizeof s->id, a->id);
	say_message(s, &m);
}

static void step_message(struct side *s, char *rest)
{
	for (char *c = rest; *c; c++)
		*c = *c == '\x01' ? '\n' : *c;
	say(s, rest, strlen(rest));
}

static void add_line(struct author *a, const char *members)
{
	struct line *line = &a->line[a->count];

	if (a->count == LINES_MAX)
		return;
	text_format(line->text, sizeof line->text, "{\"log\":\"%s\",\"seq\":%zu,%s", a->log, a->count + 1, members);
	line->len = strlen(line->text);
	a->count += line->len <= RECORD_MAX;
}

static void add_entry(struct author *a)
{
	char members[400];

	text_format(members, sizeof members, "\"type\":\"VEHICLE_ENTRY_PENDING\",\"source_central\":\"%s\",\"hlc\":\"1733140800000.%zu\","
		"\"at\":%lld,\"event_id\":\"%s_%zu_29A12345\",\"data\":{\"plate_id\":\"29A12345\"}}", a->id, a->count,
		1733140800000LL + (long long)a->count * 1000000, a->id, a->count);
	add_line(a, members);
}

/* Sealed, unless the input breaks it; from and to are places in the author's lines. */
static void send_page(struct side *s, struct author *a, size_t from, size_t to, char how)
{
	static struct page page;
	struct message m = {.type = how == 's' ? MESSAGE_SYNC_RESPONSE : MESSAGE_BATCH, .request_id = 1 + (int64_t)to, .page = &page};
	struct chain chain;

	chain_zero(&chain);
	for (size_t i = 0; i < from; i++)
		chain_next(&chain, a->line[i].text, a->line[i].len);
	if (how == '~')
		chain.byte[0] ^= 1; /* another history */
	page = (struct page){.first_seq = (int64_t)from + 1, .count = to - from, .before = chain, .more = how == 's'};
	text_copy(page.log, sizeof page.log, a->log);
	for (size_t i = from; i < to; i++) {
		page.line[i - from] = (struct page_line){a->line[i].text, a->line[i].len};
		chain_next(&chain, a->line[i].text, a->line[i].len);
	}
	seal_make(&a->keys, a->log, (int64_t)to, &chain, &page.seal);
	page.seal.byte[5] ^= how == '!';
	say_message(s, &m);
}

/* author's letter, how, then the members of further records, each after "log" and "seq": none, an ordinary entry. */
static void step_page(struct side *s, char *rest)
{
	struct author *a = &author[*rest == 'b'];
	char how = *rest ? rest[1] : '\0', *members = how ? rest + 2 : NULL, *one;
	size_t before = a->count;

	if (!members || !*members)
		add_entry(a);
	while (members && *members && (one = strsep(&members, "\x01")) != NULL)
		add_line(a, one);
	if (how == '<')
		send_page(s, a, 0, a->count, how);
	else if (how == '>')
		send_page(s, a, a->count - 1, a->count, how);
	else if (before < a->count)
		send_page(s, a, before, a->count, how);
}

static void add_vector(struct message *m, struct vector_entry *entry, char how)
{
	struct log_row row = {.head_seq = 0};
	char after[LOG_ID_SIZE] = "";

	while (m->vector_count < 4 && log_next(own.db, after, &row) == ERR_NONE) {
		struct vector_entry *e = &entry[m->vector_count++];

		text_copy(after, sizeof after, row.log);
		*e = (struct vector_entry){.seq = row.head_seq};
		text_copy(e->log, sizeof e->log, row.log);
		memcpy(e->chain_head, row.head.byte, CHAIN_HEAD_BYTES);
		e->seq += how == '>' ? 5 : how == '<' && e->seq > 0 ? -1 : 0;
		e->chain_head[0] ^= how == '!';
	}
	m->vector = entry;
}

static void step_vector(struct side *s, char *rest)
{
	struct vector_entry entry[5];
	char logs[2][LOG_ID_SIZE];
	struct message m = {.type = *rest == 'S' ? MESSAGE_SYNC_REQUEST : *rest == 'H' ? MESSAGE_HEARTBEAT : MESSAGE_ACK,
		.request_id = s->asked};
	char how = *rest ? rest[1] : '\0', more = how ? rest[2] : '\0';

	if (how != '0')
		add_vector(&m, entry, how);
	if (m.type == MESSAGE_SYNC_REQUEST && (more == 'l' || more == 'm')) {
		text_copy(logs[0], LOG_ID_SIZE, self.id[0] && m.vector_count ? entry[0].log : author[0].log);
		text_copy(logs[1], LOG_ID_SIZE, author[1].log);
		m.data.sync_request.has_logs = true;
		m.data.sync_request.logs = logs;
		m.data.sync_request.log_count = 2;
	}
	if (m.type == MESSAGE_SYNC_REQUEST)
		m.data.sync_request.more = more == 'm';
	if (m.type == MESSAGE_ACK) {
		m.data.ack.hold = more == 'h';
		m.data.ack.dropped = more == 'd';
	}
	say_message(s, &m);
}

static void step_write(struct side *s, char *rest)
{
	(void)s;
	MUST(central_enter_many(&own, 1 + (int)(digits(rest) % 20)) == ERR_NONE);
	mesh_look(mesh);
}

static void step_time(struct side *s, char *rest)
{
	int64_t until = own.fake.mono_us + 1000 * (digits(rest) % TIME_MAX_MS);

	(void)s;
	for (int i = 0; i < 100; i++) {
		int64_t due = mesh_run(mesh);

		if (due > until)
			break;
		own.fake.mono_us = due > own.fake.mono_us ? due : own.fake.mono_us;
	}
	own.fake.mono_us = until;
	own.fake.wall_ms += digits(rest) % TIME_MAX_MS;
}

static void step_fault(struct side *s, char *rest)
{
	(void)rest;
	if (s->open)
		mesh_fault(mesh, s->link, "A message was too large.");
}

static void step_lost(struct side *s, char *rest)
{
	uint64_t link = s->link;

	(void)rest;
	*s = (struct side){.link = 0};
	if (link)
		mesh_closed(mesh, link, CAUSE_NONE, "The connection was closed.");
}

static void step_test(struct side *s, char *rest)
{
	(void)s;
	mesh_test(mesh, 1 + digits(rest), author[0].id);
}

static void step_disk(struct side *s, char *rest)
{
	(void)s;
	disk_low = *rest == '1';
}

static void step_configure(struct side *s, char *rest)
{
	struct peer_row peer[AUTHORS];

	(void)s;
	for (int i = 0; i < AUTHORS; i++) {
		peer[i] = (struct peer_row){.ip = "127.0.0.1", .p2p_port = 9001 + i, .weight = 1, .dialect = "native"};
		text_copy(peer[i].id, sizeof peer[i].id, author[i].id);
	}
	text_copy(self.mesh_secret, sizeof self.mesh_secret, "sesame");
	memcpy(self.mesh_key, mesh_key, sizeof mesh_key);
	MUST(mesh_configure(mesh, &self, peer, (size_t)(digits(rest) % 3)) == ERR_NONE);
}

static const struct { char letter; void (*run)(struct side *s, char *rest); } steps[] = {
	{'o', step_open}, {'h', step_hello}, {'a', step_auth}, {'m', step_message}, {'p', step_page}, {'v', step_vector},
	{'w', step_write}, {'t', step_time}, {'f', step_fault}, {'c', step_lost}, {'T', step_test}, {'D', step_disk}, {'r', step_configure},
};

static void step(char *line)
{
	struct side *s = &side[line[0] ? (unsigned char)line[1] % LINKS : 0];

	for (size_t i = 0; line[0] && line[1] && i < sizeof steps / sizeof *steps; i++)
		if (steps[i].letter == line[0])
			steps[i].run(s, line + 2);
	(void)mesh_run(mesh);
	MUST(mesh_waiting_bytes(mesh) <= 16 * 1024 * 1024);
}

/* ---- start and end ---- */

static void make_author(struct author *a, int number)
{
	unsigned char seed[32] = {(unsigned char)(number + 1)}, zeros[LOG_RANDOM_BYTES] = {0};
	char members[600], key[2 * KEY_BYTES + 1];

	a->count = 0;
	key_pair_make(seed, &a->keys);
	text_format(a->id, sizeof a->id, "central-%d", number + 2);
	log_id_make(a->id, a->keys.public_key, zeros, a->log);
	hex_encode(key, a->keys.public_key, KEY_BYTES);
	text_format(members, sizeof members, "\"type\":\"LOG_OPEN\",\"source_central\":\"%s\",\"hlc\":\"1733140800000.0\",\"at\":1733140800000,"
		"\"data\":{\"id\":\"%s\",\"writer\":\"fcgi\",\"public_key\":\"%s\",\"random\":\"00000000000000000000000000000000\","
		"\"previous\":null}}", a->id, a->id, key);
	add_line(a, members);
}

/* Opening a database takes far longer than an input; what one wrote is taken out again. */
static void open_central(void)
{
	static const char empty[] = "DELETE FROM seals; DELETE FROM record_rows; DELETE FROM logs; DELETE FROM history; DELETE FROM exits;"
		" DELETE FROM history_changes; DELETE FROM settings; DELETE FROM subscriptions; DELETE FROM pins; DELETE FROM warnings;"
		" UPDATE clock SET hlc_ms = 0, hlc_counter = 0, change = 0;";

	if (!own.db)
		MUST(central_open(&own, ":memory:", "central-1", 7) == ERR_NONE);
	MUST(sqlite3_exec(own.db->handle, empty, NULL, NULL, NULL) == SQLITE_OK);
	own.fake = (struct fake_world){CENTRAL_TIME, 1000000, {7}};
	MUST(central_restart(&own) == ERR_NONE);
}

static void start(void)
{
	struct mesh_io io = {.links = {.dial = io_dial, .certificate = io_certificate, .send = io_send, .queued = io_queued, .trust = io_trust, .reading = io_reading,
		.close = io_close}};
	char two[] = "2";

	journal_start("fuzz", (enum journal_level)(JOURNAL_ERROR + 1));
	memset(side, 0, sizeof side);
	last_link = 0;
	disk_low = false;
	for (int i = 0; i < AUTHORS; i++)
		make_author(&author[i], i);
	open_central();
	MUST(identity_read(own.db, &self) == ERR_NONE);
	rows_init(&rows, own.ledger, &own.world, ":memory:");
	rows_table(&rows, &io.rows);
	io.rows.disk_low = io_disk_low;
	io.rows.answer = io_answer;
	io.taking = io.rows;
	MUST(mesh_new(&io, &own.world, &mesh) == ERR_NONE);
	step_configure(NULL, two);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};

	start();
	for (int i = 0; i < STEPS_MAX && feed_left(&feed); i++) {
		char *line = feed_line(&feed);

		step(line);
		free(line);
	}
	mesh_free(mesh);
	return 0;
}
