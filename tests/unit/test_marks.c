/* p2pd/marks: which ACKs count, and for what. Several meshes in one process, their rows written as p2pd writes them. */
#include "mesh_net.h"

#include "p2pd/mark_rows.h"

/* The newest own log of a node. */
static struct log_row own_log(const struct node *x)
{
	struct log_row row = {0};
	struct identity self;
	size_t count = 0;
	(void)identity_read(x->db, &self);
	(void)log_open_of(x->db, self.id, "fcgi", &row, 1, &count);
	return row;
}

static struct mark written_of(const struct node *x, const char *log)
{
	struct mark mark = {.quorum = 0};
	(void)mark_find(x->db, log, &mark);
	return mark;
}

/* What the rows say once p2pd's tick has written them. */
static struct mark marked(struct node *x)
{
	struct mark_rows rows = {.failing = false};
	mark_rows_tick(&rows, x->db, x->mesh, &x->world);
	return written_of(x, own_log(x).log);
}

#define CHECK_MARKS(node, at_quorum, at_all) do { \
	struct mark mark_ = marked(node); \
	CHECK_INT(mark_.quorum, at_quorum); \
	CHECK_INT(mark_.every, at_all); \
} while (0)

/* What node x says of its peer. dialect NULL: it is removed. */
static void configure(struct node *x, int peer, int weight, const char *dialect)
{
	struct peer_row row = {.ip = "127.0.0.1", .p2p_port = peer, .weight = weight};
	(void)text_format(row.id, sizeof(row.id), "central-%d", peer);
	CHECK_INT(db_begin(x->db), ERR_NONE);
	if (dialect) {
		(void)text_copy(row.dialect, sizeof(row.dialect), dialect);
		CHECK_INT(peer_upsert(x->db, &row), ERR_NONE);
	} else {
		CHECK_INT(peer_delete(x->db, row.id), ERR_NONE);
	}
	CHECK_INT(db_commit(x->db), ERR_NONE);
	node_configure(x);
}

static void back_again(struct node *x)
{
	node_start(x);
	node_configure(x);
}

TEST(a_central_alone_is_its_own_quorum)
{
	struct net *n = net_new(1, NULL);
	node_append(&n->node[1], 3, 1);
	CHECK_MARKS(&n->node[1], 4, 4);
	net_free(n);
}

TEST(of_four_three_are_a_quorum)
{
	struct net *n = net_new(4, NULL);
	net_run(n, 5 * SECOND);
	node_stop(&n->node[3]);
	node_stop(&n->node[4]);
	node_append(&n->node[1], 3, 1);
	net_run(n, 5 * SECOND);
	CHECK_MARKS(&n->node[1], 0, 0);
	back_again(&n->node[3]);
	net_run(n, 40 * SECOND);
	CHECK_MARKS(&n->node[1], 4, 0);
	node_append(&n->node[1], 2, 1);
	back_again(&n->node[4]); /* whoever comes after the quorum gets it all the same */
	net_run(n, 40 * SECOND);
	CHECK_MARKS(&n->node[1], 6, 6);
	net_free(n);
}

TEST(of_three_all_three_are)
{
	struct net *n = net_new(3, NULL);
	net_run(n, 5 * SECOND);
	node_stop(&n->node[3]);
	node_append(&n->node[1], 1, 1);
	net_run(n, 5 * SECOND);
	CHECK_MARKS(&n->node[1], 0, 0);
	back_again(&n->node[3]);
	net_run(n, 40 * SECOND);
	CHECK_MARKS(&n->node[1], 2, 2);
	net_free(n);
}

TEST(weights_and_dialects_decide_and_a_mark_never_falls)
{
	struct net *n = net_new(3, NULL);
	struct node *x = &n->node[1];
	net_run(n, 5 * SECOND);
	node_stop(&n->node[3]);
	node_append(x, 1, 1);
	net_run(n, 5 * SECOND);
	CHECK_MARKS(x, 0, 0);
	configure(x, 2, 5, "native");     /* 6 of 7 */
	CHECK_MARKS(x, 2, 0);
	configure(x, 2, 0, "native");     /* 1 of 2; what was promised stays */
	node_append(x, 1, 1);
	net_run(n, 5 * SECOND);
	CHECK_MARKS(x, 2, 0);
	configure(x, 3, 0, "native");     /* 1 of 1: only this central has a say, though not everybody has it */
	CHECK_MARKS(x, 3, 0);
	node_append(x, 1, 1);
	configure(x, 2, 1, "native");     /* 1 of 2 */
	configure(x, 3, 1, "legacy");
	CHECK_MARKS(x, 3, 3);
	net_run(n, 5 * SECOND);
	CHECK_MARKS(x, 4, 4);
	configure(x, 4, 1, "native");     /* one that has nothing yet takes nothing back */
	CHECK_MARKS(x, 4, 4);
	net_free(n);
}

/* Node 2 dials node 1, which has only node 3 in its configuration. */
TEST(one_that_is_not_configured_counts_nothing_until_it_is)
{
	static const char *const links[] = {"001", "100", "100"};
	struct net *n = net_new(3, links);
	struct node *x = &n->node[1];
	node_stop(&n->node[3]);
	node_append(x, 1, 1);
	net_run(n, 10 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 2);
	CHECK_MARKS(x, 0, 0);
	configure(x, 3, 1, NULL);
	CHECK_MARKS(x, 2, 2);
	node_append(x, 1, 1);
	configure(x, 2, 1, "native");
	CHECK_MARKS(x, 2, 2);
	net_run(n, 5 * SECOND);
	CHECK_MARKS(x, 3, 3);
	net_free(n);
}

/* ---- ACKs that are lost, late or false ---- */

static int64_t asked; /* request_id of the page whose ACK was lost */

static bool lose_acks(struct net *n, int from, int to, const struct message *msg)
{
	(void)n;
	if (from == 1 && to == 2 && msg->page)
		asked = msg->request_id;
	return from == 2 && to == 1 && msg->type == MESSAGE_ACK;
}

/* What one says to hold without an ACK counts only once it has acknowledged it: after each kind of new beginning. */
TEST(a_lost_ack_is_made_up_for)
{
	struct net *n = net_new(2, NULL);
	struct node *x = &n->node[1];
	net_run(n, 5 * SECOND);
	n->lose = lose_acks;
	node_append(x, 3, 1);
	net_run(n, 2 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 4);
	CHECK_MARKS(x, 0, 0);
	net_run(n, 7 * SECOND); /* its heartbeats tell that it holds it all */
	CHECK_MARKS(x, 0, 0);
	n->lose = NULL;
	net_run(n, 40 * SECOND); /* no ACK: connected anew */
	CHECK_MARKS(x, 4, 4);
	net_free(n);
}

TEST(marks_outlive_p2pd)
{
	struct net *n = net_new(2, NULL);
	struct node *x = &n->node[1];
	net_run(n, 5 * SECOND);
	node_append(x, 3, 1);
	net_run(n, 2 * SECOND);
	CHECK_MARKS(x, 4, 4);
	node_append(x, 1, 1);
	net_run(n, 2 * SECOND); /* acknowledged, but not written */
	node_stop(x);
	node_stop(&n->node[2]);
	back_again(x);
	CHECK_MARKS(x, 4, 4);
	back_again(&n->node[2]);
	size_t pages = n->pages;
	net_run(n, 40 * SECOND);
	CHECK_MARKS(x, 5, 5);
	CHECK_INT(n->pages - pages, 1); /* the one record whose ACK nobody remembered */
	node_stop(x);
	back_again(x);
	net_run(n, 40 * SECOND);
	CHECK_INT(node_ready(x), 1);
	CHECK_INT(n->pages - pages, 1); /* what all are known to hold is asked of nobody */
	net_free(n);
}

static uint64_t link_to(const struct node *x, const char *id)
{
	const struct peer *p = mesh_ready_peer(x->mesh, id);
	return p ? p->link : LINK_NONE;
}

/* Node 2 acknowledges to node 1, whatever it is. */
static void acknowledge(struct net *n, int64_t request, const char *log, int64_t seq, const struct chain *head)
{
	struct vector_entry entry = {.seq = seq};
	struct message msg = {.type = MESSAGE_ACK, .request_id = request, .vector = &entry, .vector_count = 1};
	struct buf bytes;
	(void)text_copy(entry.log, sizeof(entry.log), log);
	memcpy(entry.chain_head, head->byte, CHAIN_HEAD_BYTES);
	(void)text_copy(msg.source_central, sizeof(msg.source_central), "central-2");
	msg.timestamp = net_wall(&n->node[2]);
	buf_init(&bytes, MESSAGE_MAX);
	CHECK_INT(message_write(&msg, &bytes), ERR_NONE);
	give(&n->node[1], link_to(&n->node[1], "central-2"), bytes.data, bytes.len);
	buf_free(&bytes);
}

/* Two centrals that know each other; from now on what node 2 says of itself is what the test has it say. */
static struct net *with_a_liar(struct log_row *own, struct log_row *other)
{
	struct net *n = net_new(2, NULL);
	node_append(&n->node[1], 2, 1);
	node_append(&n->node[2], 2, 1);
	net_run(n, 5 * SECOND);
	if (marked(&n->node[1]).quorum != 3)
		test_fail(__FILE__, __LINE__, "no quorum at the beginning");
	n->lose = lose_acks;
	node_append(&n->node[1], 1, 1);
	net_run(n, 1000);
	node_append(&n->node[1], 2, 1);  /* on their way only after the next turn */
	*own = own_log(&n->node[1]);
	*other = own_log(&n->node[2]);
	if (asked <= 0 || own->head_seq != 6)
		test_fail(__FILE__, __LINE__, "nothing was sent");
	return n;
}

TEST(acks_of_what_was_not_asked_count_nothing)
{
	struct log_row own, other;
	struct net *n = with_a_liar(&own, &other);
	int64_t stray = mesh_counts(n->node[1].mesh)->stray_ack;
	acknowledge(n, 0, own.log, 6, &own.head);
	acknowledge(n, asked + 77, own.log, 6, &own.head);
	acknowledge(n, 1, own.log, 6, &own.head);
	CHECK_INT(mesh_counts(n->node[1].mesh)->stray_ack, stray + 3);
	CHECK_MARKS(&n->node[1], 3, 3);
	net_free(n);
}

TEST(an_ack_beyond_what_was_sent_counts_for_what_was)
{
	struct log_row own, other;
	struct net *n = with_a_liar(&own, &other);
	int64_t first = asked;
	acknowledge(n, first, own.log, 6, &own.head);
	CHECK_MARKS(&n->node[1], 4, 4);
	acknowledge(n, first, own.log, 6, &own.head); /* nor does a repeat */
	CHECK_MARKS(&n->node[1], 4, 4);
	net_free(n);
}

TEST(an_ack_beyond_what_is_held_here_counts_nothing)
{
	struct log_row own, other;
	struct net *n = with_a_liar(&own, &other);
	acknowledge(n, asked, own.log, 7, &own.head);
	CHECK_MARKS(&n->node[1], 3, 3);
	net_free(n);
}

TEST(an_ack_with_another_chain_counts_nothing)
{
	struct log_row own, other;
	struct net *n = with_a_liar(&own, &other);
	struct chain wrong = own.head;
	wrong.byte[0] ^= 1;
	acknowledge(n, asked, own.log, 6, &wrong);
	CHECK_MARKS(&n->node[1], 3, 3);
	node_append(&n->node[1], 1, 1);
	n->lose = NULL;
	net_run(n, 5 * SECOND); /* that log is not exchanged any more */
	CHECK_MARKS(&n->node[1], 3, 3);
	net_free(n);
}

TEST(an_ack_that_names_another_log_counts_nothing)
{
	struct log_row own, other;
	struct net *n = with_a_liar(&own, &other);
	acknowledge(n, asked, other.log, other.head_seq, &other.head);
	CHECK_MARKS(&n->node[1], 3, 3);
	CHECK_INT(written_of(&n->node[1], other.log).quorum, 0);
	net_free(n);
}

/* ---- a disk that was restored ---- */

/* Node 2 loses its database but for its keys and configuration. */
static void lose_disk(struct net *n)
{
	struct identity self;
	int peers[] = {1, -1};
	CHECK_INT(identity_read(n->node[2].db, &self), ERR_NONE);
	node_stop(&n->node[2]);
	ledger_close(n->node[2].ledger);
	db_close(n->node[2].db);
	struct node *x = net_add(n, 2);
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(identity_write(x->db, &self), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
	node_peers(x, peers);
	back_again(x);
}

static bool lose_pages(struct net *n, int from, int to, const struct message *msg)
{
	(void)n;
	return from == 1 && to == 2 && msg->page;
}

/* What was promised stays; what is promised next counts only what that disk holds now. */
TEST(a_restored_disk_counts_with_what_it_holds)
{
	struct net *n = net_new(2, NULL);
	struct node *x = &n->node[1];
	struct neighbour *two;
	node_append(x, 3, 1);
	net_run(n, 5 * SECOND);
	CHECK_MARKS(x, 4, 4);
	two = neighbour_find(x->mesh, "central-2");
	CHECK_INT(two->acked[0], 4);
	n->lose = lose_pages;
	lose_disk(n);
	node_append(x, 1, 1);
	net_run(n, 5 * SECOND);
	CHECK_INT(node_ready(x), 1);
	CHECK_INT(two->acked[0], 0);
	CHECK_MARKS(x, 4, 4);
	n->lose = NULL;
	net_run(n, 60 * SECOND);
	CHECK_INT(node_total(&n->node[2]), 5);
	CHECK_MARKS(x, 5, 5);
	net_free(n);
}

/* ---- when rows are written ---- */

TEST(rows_are_written_at_once_only_while_somebody_waits)
{
	struct net *n = net_new(2, NULL);
	struct node *x = &n->node[1];
	struct mark_rows rows = {.failing = false};
	net_run(n, 5 * SECOND);
	node_append(x, 3, 1);
	net_run(n, 1 * SECOND);
	mark_rows_look(&rows, x->db);
	CHECK_INT(mark_rows_run(&rows, x->db, x->mesh, &x->world), INT64_MAX);
	struct mark_wanted wanted = {.seq = 6};
	(void)text_copy(wanted.log, sizeof(wanted.log), own_log(x).log);
	CHECK_INT(written_of(x, wanted.log).quorum, 0);
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(mark_wanted_write(x->db, &wanted), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
	mark_rows_look(&rows, x->db);
	CHECK_INT(mark_rows_run(&rows, x->db, x->mesh, &x->world), INT64_MAX);
	CHECK_INT(written_of(x, wanted.log).quorum, 4); /* others may wait for that */
	node_append(x, 3, 1);
	net_run(n, 100);
	CHECK_INT(mark_rows_run(&rows, x->db, x->mesh, &x->world), rows.due_us); /* too soon */
	net_run(n, 1 * SECOND);
	CHECK_INT(mark_rows_run(&rows, x->db, x->mesh, &x->world), INT64_MAX);
	CHECK_INT(written_of(x, wanted.log).quorum, 7);
	node_append(x, 1, 1); /* nobody waits for that one */
	net_run(n, 1 * SECOND);
	CHECK_INT(mark_rows_run(&rows, x->db, x->mesh, &x->world), INT64_MAX);
	CHECK_INT(written_of(x, wanted.log).quorum, 7);
	net_free(n);
}

int main(int argc, char **argv)
{
	return seal_start() ? test_run_all(argc, argv) : 1;
}
