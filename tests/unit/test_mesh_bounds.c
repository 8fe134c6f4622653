/* What bounds a peer: what it may make others remember, how much is in flight to it, whose turn it is; and what is counted of it. */
#include "mesh_net.h"

#include "p2pd/catchup.h"
#include "p2pd/hearsay.h"
#include "p2pd/status.h"

/* ---- counting ---- */

static int64_t counted(const struct node *x, const char *kind, const char *cause)
{
	struct mesh_count rows[MESH_COUNTS_MAX];
	size_t count = counts_rows(mesh_counts(x->mesh), rows);
	for (size_t k = 0; k < count; k++)
		if (strcmp(rows[k].kind, kind) == 0 && strcmp(rows[k].cause, cause) == 0)
			return rows[k].count;
	return 0;
}

TEST(every_close_and_error_is_counted_by_its_cause)
{
	static const char *const pair[] = {"01", "10"};
	struct net *n = net_new(2, pair);
	node_secret(&n->node[2], "open");
	node_configure(&n->node[2]);
	net_run(n, 20 * SECOND);
	CHECK(counted(&n->node[1], "closed", "wrong-secret") > 0);
	CHECK_INT(counted(&n->node[1], "closed", "wrong-secret") + counted(&n->node[2], "closed", "wrong-secret"),
		n->node[1].mesh->counts.ended[END_WRONG_SECRET] + n->node[2].mesh->counts.ended[END_WRONG_SECRET]);
	CHECK(counted(&n->node[1], "error_received", "wrong_secret") + counted(&n->node[2], "error_received", "wrong_secret") > 0);
	CHECK(counted(&n->node[1], "error_sent", "wrong_secret") + counted(&n->node[2], "error_sent", "wrong_secret") > 0);
	net_free(n);
	n = net_new(1, NULL);
	mesh_opened(n->node[1].mesh, 1000, "192.0.2.1");
	static const char said[] = "{\"type\":\"ERROR\",\"error\":\"x\",\"code\":\"\\u0001 what nobody knows\"}";
	give(&n->node[1], 1000, said, strlen(said));
	CHECK_INT(counted(&n->node[1], "error_received", "other"), 1);
	CHECK_INT(counted(&n->node[1], "closed", "refused"), 1);
	net_free(n);
}

static struct mesh_count stored_count(struct db *db, const char *kind, const char *cause)
{
	struct mesh_count rows[MESH_COUNTS_MAX], none = {0};
	size_t count = 0;
	(void)mesh_count_list(db, rows, MESH_COUNTS_MAX, &count);
	for (size_t k = 0; k < count; k++)
		if (strcmp(rows[k].kind, kind) == 0 && strcmp(rows[k].cause, cause) == 0)
			return rows[k];
	return none;
}

TEST(counts_go_on_from_run_to_run)
{
	const struct mesh_status said = {.listening = true};
	struct net *n = net_new(2, NULL);
	static struct status s;
	struct node *x = &n->node[1];
	for (int run = 1; run <= 2; run++) {
		status_open(&s, x->db);
		net_run(n, 3 * SECOND);
		CHECK_INT(node_ready(x), 1);
		for (size_t k = 0; k < x->mesh->peers; k++)
			peer_end(x->mesh, x->mesh->peer[k], END_FAULT, "Spoilt.");
		status_write(&s, x->db, x->mesh, &said, &x->world);
		status_close(&s, x->db, x->mesh, &x->world); /* nothing is counted twice */
		CHECK_INT(stored_count(x->db, "closed", "fault").count, run);
		CHECK_INT(stored_count(x->db, "error_sent", "syntax").count, run);
		CHECK_INT(stored_count(x->db, "closed", "fault").last_ms, net_wall(x));
		node_stop(x);
		node_start(x);
		node_configure(x);
	}
	net_free(n);
}

/* ---- hearsay ---- */

static void hear(struct net *n, uint64_t link, int first, int count)
{
	struct message msg = {.type = MESSAGE_HEARTBEAT, .vector = room((size_t)count * sizeof(struct vector_entry))};
	struct buf b;
	buf_init(&b, MESSAGE_MAX);
	msg.data.heartbeat.echo_sent_at = msg.data.heartbeat.echo_received_at = -1;
	for (int k = 0; k < count; k++) {
		(void)text_format(msg.vector[k].log, LOG_ID_SIZE, "%032x", first + k);
		msg.vector[k].seq = 5;
	}
	msg.vector_count = (size_t)count;
	CHECK_INT(message_write(&msg, &b), ERR_NONE);
	give(&n->node[2], link, b.data, b.len);
	buf_free(&b);
	free(msg.vector);
}

TEST(invented_logs_take_bounded_memory)
{
	struct net *n = net_new(2, NULL);
	net_run(n, 3 * SECOND);
	struct mesh *m = n->node[2].mesh;
	uint64_t link = m->peer[0]->link;
	for (int k = 0; k < 40; k++)
		hear(n, link, k * 2000, 2000);
	CHECK_INT(m->logs.hearsay, HEARSAY_MAX);
	CHECK_INT((intmax_t)m->peer[0]->hearsay, HEARSAY_MAX);
	CHECK_INT(m->logs.count, HEARSAY_MAX);
	CHECK(mesh_counts(m)->hearsay_refused > 0);
	node_append(&n->node[1], 3, 1); /* real ones still find their place */
	net_run(n, SECOND / 10);
	CHECK_INT(node_total(&n->node[2]), 4);
	net_free(n);
}

TEST(a_peer_that_invents_logs_keeps_nobody_else_from_being_heard)
{
	static const char *const links[] = {"0100", "1010", "0101", "0010"}; /* what 4 writes reaches 2 over 3 only */
	struct net *n = net_new(4, links);
	net_run(n, 3 * SECOND);
	struct mesh *m = n->node[2].mesh;
	struct peer *liar = mesh_ready_peer(m, "central-1"), *honest = mesh_ready_peer(m, "central-3");
	for (int k = 0; k < 10; k++)
		hear(n, liar->link, k * 2000, 2000);
	CHECK_INT((intmax_t)liar->hearsay, HEARSAY_MAX);
	node_append(&n->node[4], 5, 1);
	net_run(n, 30 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 6);
	for (int k = 0; k < 10; k++) /* and who tells as many gets half of the room */
		hear(n, honest->link, 1000000 + k * 2000, 2000);
	CHECK_INT(m->logs.hearsay, HEARSAY_MAX);
	CHECK((intmax_t)honest->hearsay >= HEARSAY_MAX / 2 - 1);
	CHECK_INT((intmax_t)(honest->hearsay + liar->hearsay), HEARSAY_MAX);
	net_free(n);
}

/* Central-1 tells of more logs than there is room for; when those it told first are held, the others have to come, too. */
TEST(what_found_no_room_is_told_again_when_there_is_some)
{
	static const char *const links[] = {"010", "101", "010"};
	struct net *n = net_new(3, links);
	net_run(n, 3 * SECOND);
	struct mesh *m = n->node[2].mesh;
	uint64_t first = mesh_ready_peer(m, "central-1")->link, other = mesh_ready_peer(m, "central-3")->link;
	for (int k = 0; k < 9; k++)
		hear(n, first, k * 2000, 2000);
	net_run(n, 20 * SECOND);
	CHECK_INT(m->logs.hearsay, HEARSAY_MAX);
	CHECK_INT((intmax_t)mesh_ready_peer(m, "central-1")->link, (intmax_t)first); /* as long as it is full that would not help */
	for (uint32_t i = 0; i < m->logs.count && m->logs.hearsay >= HEARSAY_MAX / 2; i++)
		if (m->logs.log[i].teller == first) {
			static const struct chain head;
			hearsay_held(m, i);
			vector_move(&m->logs, i, 5, &head, mesh_now(m));
		}
	net_run(n, 20 * SECOND);
	CHECK_INT(mesh_counts(m)->ended[END_UNHEARD], 1);
	CHECK(mesh_ready_peer(m, "central-1") && mesh_ready_peer(m, "central-1")->link != first);
	CHECK_INT((intmax_t)mesh_ready_peer(m, "central-3")->link, (intmax_t)other);
	net_free(n);
}

TEST(hearsay_goes_with_who_told_it)
{
	static const char *const links[] = {"010", "101", "010"};
	struct net *n = net_new(3, links);
	net_run(n, 3 * SECOND);
	struct mesh *m = n->node[2].mesh;
	uint64_t one = mesh_ready_peer(m, "central-1")->link, other = mesh_ready_peer(m, "central-3")->link;
	hear(n, one, 0, 500);
	hear(n, other, 400, 200); /* a hundred of them were told by both */
	CHECK_INT(m->logs.hearsay, 600);
	node_stop(&n->node[1]);
	net_run(n, SECOND);
	CHECK_INT(m->logs.hearsay, 200);
	CHECK_INT((intmax_t)mesh_peer(m, other)->hearsay, 200);
	uint32_t places = m->logs.count;
	hear(n, other, 5000, 400); /* the places are used again, and every log is found */
	CHECK_INT(m->logs.count, places);
	for (int k = 0; k < 600; k++) {
		char log[LOG_ID_SIZE];
		(void)text_format(log, sizeof(log), "%032x", k < 200 ? 400 + k : 5000 + k - 200);
		uint32_t i = vector_find(&m->logs, log);
		CHECK(i != LOG_NONE && peer_claims(mesh_peer(m, other), i) == 5);
	}
	node_stop(&n->node[3]);
	net_run(n, SECOND);
	CHECK_INT(m->logs.hearsay, 0);
	net_free(n);
}

/* ---- whose turn it is ---- */

static int pages_to[4], first_to, last_to, run, longest_run;

static bool watch_pages(struct net *n, int from, int to, const struct message *msg)
{
	(void)n;
	if (from != 1 || !msg->page)
		return false;
	pages_to[to]++;
	first_to = first_to ? first_to : to;
	run = to == last_to ? run + 1 : 1;
	last_to = to;
	longest_run = run > longest_run ? run : longest_run;
	return false;
}

static void watch_from_now(struct net *n)
{
	memset(pages_to, 0, sizeof(pages_to));
	first_to = last_to = run = longest_run = 0;
	n->lose = watch_pages;
}

static struct peer *sent_to(struct net *n, int place)
{
	char id[CENTRAL_ID_SIZE];
	(void)text_format(id, sizeof(id), "central-%d", place);
	return mesh_ready_peer(n->node[1].mesh, id);
}

/* Node 1 sends nothing to that one before. */
static void rest(struct net *n, int place, int64_t us)
{
	sent_to(n, place)->hold_ms = (n->now_us + us) / 1000;
}

TEST(who_lacks_little_is_served_first)
{
	static const char *const star[] = {"011", "000", "000"};
	struct net *n = net_new(3, star);
	net_run(n, 3 * SECOND);
	for (int much = 2; much <= 3; much++) { /* whichever comes first in the table */
		rest(n, much, 2 * SECOND);
		node_append(&n->node[1], 3000, 200);
		net_run(n, SECOND / 2);
		rest(n, 5 - much, 2 * SECOND - SECOND / 2);
		node_append(&n->node[1], 10, 10);
		watch_from_now(n);
		net_run(n, 5 * SECOND);
		CHECK_INT(first_to, 5 - much);
		CHECK_INT(pages_to[5 - much], 1);
		CHECK(pages_to[much] > 3000 / PAGE_RECORDS);
	}
	CHECK_INT(node_total(&n->node[2]), node_total(&n->node[1]));
	CHECK_INT(node_total(&n->node[3]), node_total(&n->node[1]));
	net_free(n);
}

/* As if both answered before the next message is sent: nothing but its turn ends what one of them is sent. */
static bool answered_at_once(struct net *n, int from, int to, const struct message *msg)
{
	for (int place = 2; from == 1 && msg->page && place <= 3; place++) {
		struct peer *p = sent_to(n, place);
		memset(p->flight, 0, sizeof(p->flight));
		p->flights = p->flight_bytes = 0;
	}
	return watch_pages(n, from, to, msg);
}

TEST(who_lacks_much_has_a_turn_and_then_another)
{
	static const char *const star[] = {"011", "000", "000"};
	struct net *n = net_new(3, star);
	net_run(n, 3 * SECOND);
	rest(n, 2, SECOND);
	rest(n, 3, SECOND);
	node_append(&n->node[1], 40000, 256);
	watch_from_now(n);
	n->lose = answered_at_once;
	net_run(n, SECOND * 5 / 4);
	CHECK(pages_to[2] > 2 * TURN_PAGES);
	CHECK(pages_to[3] > 2 * TURN_PAGES);
	CHECK_INT(longest_run, TURN_PAGES);
	net_run(n, 10 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 40001);
	CHECK_INT(node_total(&n->node[3]), 40001);
	net_free(n);
}

static bool nothing_from_3(struct net *n, int from, int to, const struct message *msg)
{
	(void)watch_pages(n, from, to, msg);
	return from == 3 && msg->type == MESSAGE_ACK;
}

/* ---- gates come first ---- */

static int commits;
static enum err (*real_commit)(void *self);

static enum err counted_commit(void *self)
{
	commits++;
	return real_commit(self);
}

static bool a_gate_waits(void *self)
{
	(void)self;
	return true;
}

static bool nobody_waits(void *self)
{
	(void)self;
	return false;
}

/* Node 2 takes six pages that are there at once. */
static void take_six_pages(bool (*wanted)(void *self))
{
	struct net *n = net_new(2, NULL);
	struct node *x = &n->node[2];
	net_run(n, SECOND);
	real_commit = x->mesh->io.taking.commit;
	x->mesh->io.taking.commit = counted_commit;
	x->mesh->io.taking.wanted = wanted;
	x->mesh->apply.due_us = n->now_us + SECOND;
	commits = 0;
	node_append(&n->node[1], 6 * 200, 200);
	net_run(n, SECOND / 2);
	CHECK_INT(commits, 0);
	CHECK_INT(x->mesh->apply.pages, 6);
	net_run(n, 2 * SECOND);
	CHECK_INT(node_total(x), 6 * 200 + 1);
	net_free(n);
}

TEST(a_gate_that_waits_ends_a_transaction_after_a_page)
{
	take_six_pages(nobody_waits);
	CHECK_INT(commits, 1);
	take_six_pages(a_gate_waits);
	CHECK_INT(commits, 6);
}

static enum err (*really_read)(void *self, const char *log, int64_t first, size_t max_records, size_t max_bytes, struct buf *lines,
	struct page *out);
static int reads;

static enum err read_counted(void *self, const char *log, int64_t first, size_t max_records, size_t max_bytes, struct buf *lines,
	struct page *out)
{
	reads++;
	return really_read(self, log, first, max_records, max_bytes, lines, out);
}

static struct net *count_reads(int centrals)
{
	struct net *n = net_new(centrals, NULL);
	net_run(n, 3 * SECOND);
	struct mesh_rows *rows = &n->node[1].mesh->io.rows;
	really_read = rows->read_page;
	rows->read_page = read_counted;
	reads = 0;
	watch_from_now(n);
	return n;
}

TEST(what_several_peers_lack_is_read_once)
{
	struct net *n = count_reads(3);
	node_append(&n->node[1], 7, 7);
	net_run(n, SECOND);
	CHECK_INT(reads, 1);
	for (int i = 2; i <= 3; i++)
		CHECK_INT(node_total(&n->node[i]), 8);
	node_append(&n->node[1], 1, 1);
	net_run(n, SECOND);
	CHECK_INT(reads, 2);
	net_free(n);
}

static bool no_acks_from_2(struct net *n, int from, int to, const struct message *msg)
{
	(void)n;
	if (from == 1 && msg->page)
		pages_to[to]++;
	return from == 2 && msg->type == MESSAGE_ACK;
}

/* One goes out at once; what comes while it is not acknowledged shares a page, but does not wait for ever. */
TEST(what_is_new_gathers_while_a_page_is_not_acknowledged)
{
	struct net *n = count_reads(2);
	n->lose = no_acks_from_2;
	node_append(&n->node[1], 1, 1);
	net_run(n, 1);
	CHECK_INT(pages_to[2], 1);
	for (int i = 0; i < 8; i++) {
		node_append(&n->node[1], 1, 1);
		net_run(n, GATHER_US / 10);
	}
	CHECK_INT(pages_to[2], 1);
	net_run(n, GATHER_US);
	CHECK_INT(pages_to[2], 2);
	CHECK_INT(node_total(&n->node[2]), 10);
	net_free(n);
}

TEST(new_records_go_out_with_the_acknowledgement_of_those_before)
{
	struct net *n = count_reads(2);
	node_append(&n->node[1], 1, 1);
	net_run(n, 1);
	for (int i = 0; i < 3; i++) {
		node_append(&n->node[1], 1, 1);
		net_run(n, 1);
		CHECK_INT(pages_to[2], 2 + i);
	}
	net_free(n);
}

TEST(a_peer_that_does_not_answer_has_eight_messages_and_the_others_all)
{
	static const char *const star[] = {"011", "000", "000"};
	struct net *n = net_new(3, star);
	net_run(n, 3 * SECOND);
	watch_from_now(n);
	n->lose = nothing_from_3;
	node_append(&n->node[1], 9000, 200);
	net_run(n, 5 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 9001);
	CHECK_INT(pages_to[3], FLIGHTS_MAX);
	CHECK_INT((intmax_t)sent_to(n, 3)->flights, FLIGHTS_MAX);
	CHECK(sent_to(n, 3)->flight_bytes <= FLIGHT_BYTES_MAX);
	node_append(&n->node[1], 1, 1); /* and new ones go out at once */
	net_run(n, 1000);
	CHECK_INT(node_total(&n->node[2]), 9002);
	net_free(n);
}

int main(int argc, char **argv)
{
	return seal_start() ? test_run_all(argc, argv) : 1;
}
