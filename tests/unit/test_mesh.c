/* Replication between meshes in one process: what is told to whom, what gets lost, and that all come to hold the same. */
#include "mesh_net.h"

#include "p2pd/apply.h"
#include "p2pd/catchup.h"

TEST(two_centrals_come_to_hold_the_same)
{
	struct net *n = net_new(2, NULL);
	node_append(&n->node[1], 10, 1);
	node_append(&n->node[2], 7, 3);
	net_run(n, 3 * SECOND);
	CHECK_INT(node_ready(&n->node[1]), 1);
	CHECK_INT(node_total(&n->node[1]), 19);
	CHECK_INT(node_total(&n->node[2]), 19);
	node_append(&n->node[1], 1, 1);
	net_run(n, 1000);
	CHECK_INT(node_total(&n->node[2]), 20);
	net_run(n, 10 * SECOND);
	CHECK_INT(node_status(&n->node[1], 2).behind, 0);
	CHECK_INT(node_status(&n->node[1], 2).ahead, 0);
	CHECK_STR(node_status(&n->node[2], 1).state, "connected");
	net_free(n);
}

TEST(a_central_shows_how_much_a_stopped_one_lacks)
{
	struct net *n = net_new(2, NULL);
	net_run(n, 3 * SECOND);
	node_stop(&n->node[2]);
	node_append(&n->node[1], 25, 5);
	net_run(n, 40 * SECOND);
	CHECK(strcmp(node_status(&n->node[1], 2).state, "connected") != 0);
	CHECK_INT(node_status(&n->node[1], 2).behind, 26);
	node_start(&n->node[2]);
	node_configure(&n->node[2]);
	net_run(n, 10 * SECOND);
	CHECK_INT(node_status(&n->node[1], 2).behind, 0);
	CHECK_INT(node_total(&n->node[2]), 26);
	net_free(n);
}

TEST(a_backlog_larger_than_the_window_arrives)
{
	struct net *n = net_new(2, NULL);
	node_append(&n->node[1], 6000, 200);
	net_run(n, 10 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 6001);
	CHECK_INT(n->most_flights, FLIGHTS_MAX);
	CHECK_INT(mesh_waiting_bytes(n->node[2].mesh), 0);
	net_free(n);
}

static int lost;

static bool lose_third_page(struct net *n, int from, int to, const struct message *msg)
{
	(void)n;
	(void)from;
	(void)to;
	return msg->page && ++lost == 3;
}

TEST(a_gap_is_dropped_and_sent_again)
{
	struct net *n = net_new(2, NULL);
	lost = 0;
	n->lose = lose_third_page;
	node_append(&n->node[1], 3000, 100);
	net_run(n, SECOND / 2); /* one rewind; a second one to the same place would cost a second's rest */
	CHECK(mesh_counts(n->node[2].mesh)->gaps > 0);
	CHECK_INT(mesh_counts(n->node[1].mesh)->gaps, mesh_counts(n->node[2].mesh)->gaps);
	CHECK_INT(node_total(&n->node[2]), 3001);
	/* At most a window of pages was sent twice. */
	CHECK(n->pages <= 3001 / 200 + 2 + FLIGHTS_MAX);
	net_free(n);
}

static bool lose_acks(struct net *n, int from, int to, const struct message *msg)
{
	(void)n;
	return from == 2 && to == 1 && msg->type == MESSAGE_ACK;
}

TEST(unacknowledged_for_ten_seconds_is_dialled_again)
{
	struct net *n = net_new(2, NULL);
	net_run(n, 3 * SECOND);
	n->lose = lose_acks;
	node_append(&n->node[1], 5, 5);
	net_run(n, 9 * SECOND);
	CHECK_INT(mesh_counts(n->node[1].mesh)->ended[END_NO_ACK], 0);
	net_run(n, 2 * SECOND);
	CHECK_INT(mesh_counts(n->node[1].mesh)->ended[END_NO_ACK], 1);
	n->lose = NULL;
	net_run(n, 20 * SECOND); /* what was sent meanwhile is not acknowledged either */
	CHECK_INT(node_ready(&n->node[1]), 1);
	CHECK_INT(node_total(&n->node[2]), 6);
	net_free(n);
}

TEST(records_find_their_way_over_a_third_central)
{
	static const char *const line[] = {"010", "101", "010"};
	struct net *n = net_new(3, line);
	node_append(&n->node[1], 300, 10);
	net_run(n, 12 * SECOND);
	CHECK_INT(node_total(&n->node[3]), 301);
	node_append(&n->node[1], 3, 1); /* the relay goes on with new ones, at once */
	net_run(n, SECOND / 10);
	CHECK_INT(node_total(&n->node[3]), 304);
	CHECK_INT(node_ready(&n->node[3]), 1);
	net_free(n);
}

TEST(in_a_full_mesh_each_record_crosses_each_link_once)
{
	struct net *n = net_new(4, NULL);
	net_run(n, 8 * SECOND);
	for (int i = 1; i <= 4; i++)
		node_append(&n->node[i], 1, 1);
	net_run(n, SECOND);
	CHECK_INT(n->pages, 4 * 3);
	net_run(n, 30 * SECOND); /* heartbeats tell of everything; nobody asks a relay for what he has */
	CHECK_INT(n->pages, 4 * 3);
	for (int i = 1; i <= 4; i++)
		CHECK_INT(node_total(&n->node[i]), 8);
	net_free(n);
}

static bool cut_1_and_3(struct net *n, int from, int to, const struct message *msg)
{
	(void)n;
	(void)msg;
	return from + to == 4 && from != to;
}

TEST(a_relay_ends_when_the_author_is_back)
{
	struct net *n = net_new(3, NULL);
	n->lose = cut_1_and_3;
	net_run(n, 5 * SECOND);
	node_append(&n->node[1], 5, 1);
	net_run(n, 20 * SECOND);
	CHECK_INT(node_total(&n->node[3]), 6);
	n->lose = NULL;
	net_run(n, 60 * SECOND);
	CHECK_INT(node_ready(&n->node[3]), 2);
	node_append(&n->node[1], 1, 1); /* the author delivers: the list at the relay is emptied */
	net_run(n, 10 * SECOND);
	CHECK_INT(node_total(&n->node[3]), 7);
	size_t before = n->pages;
	node_append(&n->node[1], 1, 1);
	net_run(n, 10 * SECOND);
	CHECK_INT(node_total(&n->node[3]), 8);
	CHECK_INT(n->pages - before, 2);
	net_free(n);
}

/* ---- everything at once ---- */

static bool lose_some(struct net *n, int from, int to, const struct message *msg)
{
	(void)from;
	(void)to;
	return (msg->page || msg->type == MESSAGE_ACK) && chance_below(&n->chance, 20) == 0;
}

static void mishap(struct net *n)
{
	struct node *x = &n->node[1 + chance_below(&n->chance, 4)];
	struct pipe *p = &n->pipe[chance_below(&n->chance, n->pipes)];
	switch (chance_below(&n->chance, 5)) {
	case 0: /* a p2pd is killed, or started again */
		if (x->mesh) {
			node_stop(x);
		} else {
			node_start(x);
			node_configure(x);
		}
		break;
	case 1: /* a link breaks; both see it */
		p->end[chance_below(&n->chance, 2)].open = false;
		break;
	case 2: /* a link goes silent */
		p->black_hole = true;
		break;
	case 3:
		x->disk_low = !x->disk_low;
		break;
	default:
		node_append(x, 1 + (int)chance_below(&n->chance, 400), 1 + (int)chance_below(&n->chance, 50));
		break;
	}
}

static void storm(uint64_t seed)
{
	struct net *n = net_new(4, NULL);
	n->chance.state = seed;
	n->lose = lose_some;
	net_run(n, SECOND);
	for (int i = 0; i < 60; i++) {
		mishap(n);
		net_run(n, (int64_t)chance_below(&n->chance, 8 * SECOND));
	}
	n->lose = NULL;
	for (int i = 1; i <= 4; i++) {
		n->node[i].disk_low = false;
		if (n->node[i].mesh)
			continue;
		node_start(&n->node[i]);
		node_configure(&n->node[i]);
	}
	net_run(n, 120 * SECOND);
	for (int i = 1; i <= 4; i++) {
		CHECK_INT(node_ready(&n->node[i]), 3);
		CHECK_INT(node_total(&n->node[i]), node_total(&n->node[1]));
		CHECK_INT(mesh_counts(n->node[i].mesh)->ended[END_FAULT] + mesh_counts(n->node[i].mesh)->ended[END_PAGE], 0);
	}
	CHECK(node_total(&n->node[1]) > 100);
	net_free(n);
}

TEST(whatever_breaks_all_come_to_hold_the_same)
{
	for (uint64_t seed = 1; seed <= 12 && !test_failed; seed++) {
		storm(seed);
		if (test_failed)
			printf("# seed %d\n", (int)seed);
	}
}

/* ---- what goes wrong with logs ---- */

/* Records first … last of a log, as somebody brings them along. */
struct carried { struct buf lines; struct page page; };

static struct carried *carry_from(const struct node *from, const char *log, int64_t first, int64_t last)
{
	struct carried *c = room(sizeof(*c));
	buf_init(&c->lines, MESSAGE_MAX);
	if (ledger_read_page(from->db, log, first, (size_t)(last - first + 1), MESSAGE_MAX, &c->lines, &c->page) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "no page");
	return c;
}

static void carry_to(struct node *to, struct carried *c)
{
	struct take_result result;
	struct fault fault;
	CHECK_INT(ledger_begin(to->ledger), ERR_NONE);
	CHECK_INT(ledger_take(to->ledger, &c->page, &result, &fault), ERR_NONE);
	CHECK_INT(ledger_commit(to->ledger), ERR_NONE);
	buf_free(&c->lines);
	free(c);
}

static bool first_log(void *arg, const struct log_row *row)
{
	memcpy(arg, row, sizeof(*row));
	return false;
}

/* Node 1 loses its database but for its keys and the first records of its log. */
static void roll_back(struct net *n, struct log_row *row, int64_t kept)
{
	struct identity self;
	int peers[] = {2, -1};
	CHECK_INT(log_each_changed(n->node[1].db, 0, first_log, row), ERR_NONE);
	CHECK_INT(identity_read(n->node[1].db, &self), ERR_NONE);
	struct carried *begin = carry_from(&n->node[1], row->log, 1, kept);
	node_stop(&n->node[1]);
	ledger_close(n->node[1].ledger);
	db_close(n->node[1].db);
	struct node *x = net_add(n, 1);
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(identity_write(x->db, &self), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
	ledger_close(x->ledger); /* it had read its keys already */
	CHECK_INT(ledger_open(x->db, "fcgi", &x->world, &x->ledger), ERR_NONE);
	carry_to(x, begin);
	node_peers(x, peers);
	node_start(x);
	node_configure(x);
}

TEST(a_central_that_was_rolled_back_takes_its_records_back)
{
	struct net *n = net_new(2, NULL);
	struct log_row row = {0};
	node_append(&n->node[1], 9, 1);
	net_run(n, 3 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 10);
	roll_back(n, &row, 4);
	CHECK_INT(node_total(&n->node[1]), 4);
	node_append(&n->node[1], 2, 1); /* meanwhile it goes on, in a new log */
	net_run(n, 40 * SECOND);
	CHECK_INT(node_total(&n->node[1]), 13);
	CHECK_INT(node_total(&n->node[2]), 13);
	CHECK_INT(log_find(n->node[1].db, row.log, &row), ERR_NONE);
	CHECK(row.flags & LOG_ROLLED_BACK);
	net_free(n);
}

/* A log of an author who is not part of the mesh: LOG_OPEN and entries whose plates say which variant it is. */
static void forge(struct node *to, const struct key_pair *author, int count, int fork_at, int variant)
{
	struct page *page = room(sizeof(*page));
	struct buf line[8];
	unsigned char random[LOG_RANDOM_BYTES] = {1};
	struct chain chain;
	struct take_result result;
	struct fault fault;
	log_id_make("ghost", author->public_key, random, page->log);
	page->first_seq = 1;
	page->count = (size_t)count;
	chain_zero(&page->before);
	chain = page->before;
	for (int i = 0; i < count; i++) {
		char plate[16], event[40];
		struct record r = {.type = i ? RECORD_ENTRY : RECORD_LOG_OPEN, .source_central = "ghost", .seq = i + 1, .has_hlc = true,
			.hlc = {1764000000000, i}, .at = 1764000000000 + i, .timestamp = 1764000000000};
		(void)text_format(plate, sizeof(plate), "29A0%d%d00", i, i >= fork_at ? variant : 0);
		(void)text_format(event, sizeof(event), "ghost_%d_%s", i, plate);
		memcpy(r.log, page->log, sizeof(r.log));
		if (i) {
			r.event_id = event;
			r.data.entry = (struct entry_data){.plate_id = plate, .plate_view = plate, .entry_time = "2025-12-01 08:00:00",
				.entry_ts = r.at, .confidence = -1};
		} else {
			r.data.log_open = (struct log_open_data){.id = "ghost", .writer = "fcgi"};
			memcpy(r.data.log_open.public_key, author->public_key, KEY_BYTES);
			memcpy(r.data.log_open.random, random, sizeof(random));
		}
		buf_init(&line[i], RECORD_MAX);
		CHECK_INT(record_write(&r, &line[i]), ERR_NONE);
		page->line[i].bytes = line[i].data;
		page->line[i].len = line[i].len;
		chain_next(&chain, line[i].data, line[i].len);
	}
	seal_make(author, page->log, count, &chain, &page->seal);
	CHECK_INT(ledger_begin(to->ledger), ERR_NONE);
	CHECK_INT(ledger_take(to->ledger, page, &result, &fault), ERR_NONE);
	CHECK_INT(ledger_commit(to->ledger), ERR_NONE);
	for (int i = 0; i < count; i++)
		buf_free(&line[i]);
	free(page);
	node_ring(to);
}

/* Has a node the alarm of its ghost's log? */
static bool is_forked(const struct node *x)
{
	struct log_row row;
	unsigned char seed[32] = {9}, random[LOG_RANDOM_BYTES] = {1};
	char log[LOG_ID_SIZE];
	struct key_pair ghost;
	key_pair_make(seed, &ghost);
	log_id_make("ghost", ghost.public_key, random, log);
	return log_find(x->db, log, &row) == ERR_NONE && (row.flags & LOG_FORKED);
}

TEST(a_forked_log_stops_and_everything_else_goes_on)
{
	unsigned char seed[32] = {9};
	struct key_pair ghost;
	struct net *n = net_new(2, NULL);
	key_pair_make(seed, &ghost);
	forge(&n->node[1], &ghost, 4, 2, 1);
	forge(&n->node[2], &ghost, 6, 2, 2); /* more of the other variant: node 1 would ask for the rest */
	net_run(n, 30 * SECOND);
	CHECK_INT(node_ready(&n->node[1]), 1);
	CHECK(mesh_counts(n->node[1].mesh)->forks + mesh_counts(n->node[2].mesh)->forks > 0);
	node_append(&n->node[1], 3, 1);
	node_append(&n->node[2], 2, 1);
	net_run(n, 30 * SECOND);
	CHECK_INT(node_total(&n->node[1]), 4 + 4 + 3);
	CHECK_INT(node_total(&n->node[2]), 6 + 4 + 3);
	CHECK(strstr(node_status(&n->node[2], 1).why.sentence, "no longer exchanged") != NULL);
	CHECK(n->pages < 12);
	CHECK(is_forked(&n->node[1]) && is_forked(&n->node[2]));
	net_free(n);
}

/* The next pages are not: the disk does not give them for now. */
static enum err (*really_read)(void *self, const char *log, int64_t first, size_t max_records, size_t max_bytes, struct buf *lines,
	struct page *out);
static int unreadable;

static enum err read_badly(void *self, const char *log, int64_t first, size_t max_records, size_t max_bytes, struct buf *lines,
	struct page *out)
{
	return unreadable-- > 0 ? ERR_UNAVAILABLE : really_read(self, log, first, max_records, max_bytes, lines, out);
}

TEST(a_proof_that_cannot_be_read_at_once_is_sent_later)
{
	unsigned char seed[32] = {9};
	struct key_pair ghost;
	struct net *n = net_new(2, NULL);
	key_pair_make(seed, &ghost);
	forge(&n->node[1], &ghost, 4, 2, 1);
	forge(&n->node[2], &ghost, 4, 2, 2);
	struct mesh_rows *rows = &n->node[1].mesh->io.rows;
	really_read = rows->read_page;
	rows->read_page = read_badly;
	unreadable = 1;
	net_run(n, 60 * SECOND);
	CHECK(unreadable <= 0);
	CHECK(is_forked(&n->node[1]) && is_forked(&n->node[2]));
	net_free(n);
}

/* Their vectors say that they differ, and nothing would be sent: both get the proof all the same, once a connection. */
TEST(a_fork_is_proven_to_both_who_hold_it)
{
	unsigned char seed[32] = {9};
	struct key_pair ghost;
	struct net *n = net_new(2, NULL);
	key_pair_make(seed, &ghost);
	forge(&n->node[1], &ghost, 4, 2, 1);
	forge(&n->node[2], &ghost, 4, 2, 2);
	net_run(n, 30 * SECOND);
	CHECK(is_forked(&n->node[1]) && is_forked(&n->node[2]));
	CHECK_INT(n->pages, 2);
	CHECK_INT(node_ready(&n->node[1]), 1);
	net_free(n);
}

TEST(a_log_nobody_of_the_mesh_wrote_is_relayed)
{
	unsigned char seed[32] = {9};
	struct key_pair ghost;
	struct net *n = net_new(3, NULL);
	key_pair_make(seed, &ghost);
	net_run(n, 5 * SECOND);
	forge(&n->node[2], &ghost, 6, 2, 2);
	net_run(n, 20 * SECOND);
	CHECK_INT(node_total(&n->node[1]), 6);
	CHECK_INT(node_total(&n->node[3]), 6);
	net_free(n);
}

TEST(records_wait_while_the_disk_is_full)
{
	struct net *n = net_new(2, NULL);
	net_run(n, 3 * SECOND);
	n->node[2].disk_low = true;
	node_append(&n->node[1], 600, 20);
	net_run(n, 20 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 0);
	CHECK_INT(node_ready(&n->node[1]), 1);
	CHECK(n->pages <= FLIGHTS_MAX);
	n->node[2].disk_low = false;
	net_run(n, 15 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 601);
	net_free(n);
}

/* Node 1 sends node 2 a page of its log with one byte changed. */
static void send_wrong_page(struct net *n, int64_t request_id)
{
	struct peer *p = n->node[1].mesh->peer[0];
	struct log_row row = {0};
	struct message msg = {.type = MESSAGE_BATCH, .page = room(sizeof(struct page)), .request_id = request_id};
	struct buf lines;
	buf_init(&lines, MESSAGE_MAX);
	(void)log_each_changed(n->node[1].db, 0, first_log, &row);
	(void)ledger_read_page(n->node[1].db, row.log, 1, 5, MESSAGE_MAX, &lines, msg.page);
	msg.page->seal.byte[3] ^= 1;
	peer_send(n->node[1].mesh, p, &msg);
	buf_free(&lines);
	free(msg.page);
}

TEST(a_page_whose_seal_is_wrong_ends_the_connection)
{
	struct net *n = net_new(2, NULL);
	net_run(n, 3 * SECOND);
	node_append(&n->node[1], 4, 4);
	net_run(n, SECOND);
	send_wrong_page(n, 99);
	net_run(n, SECOND / 100);
	CHECK_INT(mesh_counts(n->node[2].mesh)->ended[END_PAGE], 1);
	CHECK_INT(node_ready(&n->node[2]), 0);
	CHECK_INT(node_total(&n->node[2]), 5);
	net_run(n, 10 * SECOND);
	CHECK_INT(node_ready(&n->node[2]), 1);
	net_free(n);
}

TEST(another_id_in_the_configuration_begins_everything_anew)
{
	struct net *n = net_new(2, NULL);
	struct site_config c;
	struct fault fault;
	node_append(&n->node[1], 4, 4);
	net_run(n, 3 * SECOND);
	CHECK_INT(site_config_read(n->node[2].db, &c), ERR_NONE);
	CHECK(text_copy(c.id, sizeof(c.id), "central-9"));
	CHECK_INT(db_begin(n->node[2].db), ERR_NONE);
	CHECK_INT(site_config_write(n->node[2].db, &c, &fault), ERR_NONE);
	CHECK_INT(db_commit(n->node[2].db), ERR_NONE);
	node_configure(&n->node[2]);
	net_run(n, 10 * SECOND);
	CHECK_INT(node_ready(&n->node[1]), 1);
	CHECK_STR(node_status(&n->node[1], 9).state, "connected");
	CHECK(!node_status(&n->node[1], 9).configured);
	CHECK_STR(node_status(&n->node[1], 2).state, "refused");
	node_append(&n->node[2], 2, 2);
	net_run(n, SECOND);
	CHECK_INT(node_total(&n->node[1]), 5 + 3);
	net_free(n);
}

int main(int argc, char **argv)
{
	return seal_start() ? test_run_all(argc, argv) : 1;
}
