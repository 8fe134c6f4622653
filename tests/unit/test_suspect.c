/* What connections tell of the centrals behind them: rolled back, two under one id. Several meshes in one process. */
#include "mesh_net.h"

#include "domain/warnings.h"

#define MINUTE (60 * (int64_t)SECOND)

/* The warning of this code about central-<about>; NULL: none stands. */
static const struct warning *warning_of(const struct node *x, enum warning_code code, int about)
{
	static struct warning w[WARNINGS_MAX];
	char id[CENTRAL_ID_SIZE];
	size_t count = 0;
	(void)text_format(id, sizeof(id), "central-%d", about);
	if (warnings_list(x->db, w, WARNINGS_MAX, &count) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "no list");
	for (size_t k = 0; k < count; k++)
		if (w[k].code == code && strcmp(w[k].central, id) == 0)
			return &w[k];
	return NULL;
}

static size_t count_warnings(const struct node *x)
{
	struct warning w[WARNINGS_MAX];
	size_t count = 0;
	if (warnings_list(x->db, w, WARNINGS_MAX, &count) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "no list");
	return count;
}

static void take_identity(struct node *x, const struct identity *self)
{
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(identity_write(x->db, self), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
	ledger_close(x->ledger); /* it had read its keys already */
	CHECK_INT(ledger_open(x->db, "fcgi", &x->world, &x->ledger), ERR_NONE);
}

/* An empty database with the old keys in place of node k's. */
static void forget(struct net *n, int k)
{
	struct identity self;
	const int peers[] = {-1};
	CHECK_INT(identity_read(n->node[k].db, &self), ERR_NONE);
	node_stop(&n->node[k]);
	ledger_close(n->node[k].ledger);
	db_close(n->node[k].db);
	struct node *x = net_add(n, k);
	take_identity(x, &self);
	node_peers(x, peers);
	node_start(x);
	node_configure(x);
}

TEST(both_sides_are_told_of_a_roll_back)
{
	struct net *n = net_new(3, NULL);
	node_append(&n->node[1], 9, 1);
	net_run(n, 5 * SECOND);
	CHECK_INT(count_warnings(&n->node[1]) + count_warnings(&n->node[2]) + count_warnings(&n->node[3]), 0);
	forget(n, 1);
	net_run(n, MINUTE);
	CHECK_INT(node_total(&n->node[1]), 10);
	for (int k = 1; k <= 3; k++) {
		const struct warning *w = warning_of(&n->node[k], WARNING_ROLLED_BACK, 1);
		CHECK(w != NULL);
		CHECK_INT(w ? w->records : 0, 10);
		CHECK(w && w->own == (k == 1));
		CHECK_INT(count_warnings(&n->node[k]), 1);
	}
	net_free(n);
}

/* Node 2 says that it holds more of node 1's log than was ever written. */
TEST(what_a_peer_says_to_hold_and_does_not_give_is_no_roll_back)
{
	struct net *n = net_new(2, NULL);
	struct log_row row = {0};
	node_append(&n->node[1], 9, 1);
	net_run(n, 5 * SECOND);
	struct vector *v = &n->node[2].mesh->logs;
	for (uint32_t i = 0; i < v->count; i++) {
		if (strcmp(v->log[i].author, "central-1") != 0)
			continue;
		struct chain head = v->log[i].head;
		(void)text_copy(row.log, sizeof(row.log), v->log[i].log);
		vector_move(v, i, v->log[i].held + 100, &head, net_mono(&n->node[2]) / 1000);
	}
	net_run(n, MINUTE);
	CHECK_INT(log_find(n->node[1].db, row.log, &row), ERR_NONE);
	CHECK(node_status(&n->node[1], 2).ahead >= 100); /* it was said, and is shown as said by that peer */
	CHECK_INT(row.flags & LOG_ROLLED_BACK, 0);
	CHECK_INT(count_warnings(&n->node[1]), 0);
	net_free(n);
}

/* Node 2 is to be known as central-1 as well. */
static void call_itself_central_1(struct net *n, const char *secret)
{
	struct identity self;
	struct node *x = &n->node[2];
	if (secret)
		node_secret(x, secret);
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(identity_read(x->db, &self), ERR_NONE);
	(void)text_copy(self.id, sizeof(self.id), "central-1");
	CHECK_INT(identity_write(x->db, &self), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
	node_configure(x);
	net_run(n, MINUTE);
}

TEST(who_does_not_prove_the_secret_is_no_second_central)
{
	static const char *const links[] = {"00", "00"};
	struct net *n = net_new(2, links);
	const int peers[] = {1, -1};
	node_peers(&n->node[2], peers);
	call_itself_central_1(n, "open");
	CHECK(mesh_counts(n->node[1].mesh)->ended[END_WRONG_SECRET] > 0);
	CHECK_INT(count_warnings(&n->node[1]), 0);
	call_itself_central_1(n, "sesame");
	CHECK(mesh_counts(n->node[1].mesh)->ended[END_OWN_ID] > 0);
	CHECK(warning_of(&n->node[1], WARNING_TWO_CENTRALS, 1) != NULL);
	CHECK(warning_of(&n->node[2], WARNING_TWO_CENTRALS, 1) != NULL);
	net_free(n);
}

TEST(who_dials_itself_is_no_second_central)
{
	static const char *const links[] = {"00", "00"};
	struct net *n = net_new(2, links);
	struct peer_row row = {.id = "central-2", .ip = "127.0.0.1", .p2p_port = 1, .weight = 1, .dialect = "native"};
	struct identity self;
	CHECK_INT(identity_read(n->node[1].db, &self), ERR_NONE);
	CHECK_INT(mesh_configure(n->node[1].mesh, &self, &row, 1), ERR_NONE);
	net_run(n, MINUTE);
	CHECK(strstr(node_status(&n->node[1], 2).why.sentence, "this central itself") != NULL);
	CHECK_INT(count_warnings(&n->node[1]), 0);
	net_free(n);
}

static bool lose_some(struct net *n, int from, int to, const struct message *msg)
{
	(void)from;
	(void)to;
	return msg->page && chance_below(&n->chance, 4) == 0;
}

TEST(cuts_and_restarts_are_no_roll_back)
{
	struct net *n = net_new(3, NULL);
	n->lose = lose_some;
	for (int round = 0; round < 20; round++) {
		for (int k = 1; k <= 3; k++)
			node_append(&n->node[k], 3, 1);
		net_run(n, SECOND / 2);
		struct node *x = &n->node[1 + round % 3];
		node_stop(x);
		node_append(x, 2, 1); /* its gates go on while its p2pd is down */
		net_run(n, SECOND);
		node_start(x);
		node_configure(x);
		net_run(n, 5 * SECOND);
	}
	n->lose = NULL;
	net_run(n, 2 * MINUTE);
	for (int k = 1; k <= 3; k++) {
		CHECK_INT(node_total(&n->node[k]), node_total(&n->node[1]));
		CHECK_INT(count_warnings(&n->node[k]), 0);
	}
	net_free(n);
}

/* Node 4 is a copy of node of: the same id, the same keys. It dials node 2 alone. */
static void copy_of(struct net *n, int of)
{
	struct identity self;
	const int peers[] = {2, -1};
	CHECK_INT(identity_read(n->node[of].db, &self), ERR_NONE);
	struct node *x = net_add(n, 4);
	node_peers(x, peers);
	take_identity(x, &self);
	node_start(x);
	node_configure(x);
}

TEST(two_that_replace_each_other_are_told_and_cost_nobody)
{
	static const char *const links[] = {"010", "000", "010"};
	struct net *n = net_new(3, links);
	net_run(n, 5 * SECOND);
	copy_of(n, 1);
	size_t dialled = n->dialled;
	net_run(n, 10 * MINUTE);
	CHECK(warning_of(&n->node[1], WARNING_TWO_CENTRALS, 1) != NULL);
	CHECK(warning_of(&n->node[2], WARNING_TWO_CENTRALS, 1) != NULL);
	CHECK(warning_of(&n->node[4], WARNING_TWO_CENTRALS, 1) != NULL);
	CHECK_INT(count_warnings(&n->node[3]), 0);
	CHECK(n->dialled - dialled < 200); /* not one a second: they wait longer and longer */
	node_append(&n->node[3], 5, 1);
	node_append(&n->node[2], 5, 1);
	net_run(n, SECOND);
	CHECK_INT(node_total(&n->node[2]), 12);
	CHECK_INT(node_total(&n->node[3]), 12);
	net_free(n);
}

TEST(two_that_are_connected_at_once_are_told)
{
	static const char *const links[] = {"000", "001", "000"};
	struct net *n = net_new(3, links); /* 2 dials 3, the copy of 3 dials 2: neither knows of the other's connection */
	net_run(n, 5 * SECOND);
	copy_of(n, 3);
	net_run(n, MINUTE);
	CHECK(warning_of(&n->node[2], WARNING_TWO_CENTRALS, 3) != NULL);
	CHECK(warning_of(&n->node[4], WARNING_TWO_CENTRALS, 3) != NULL || warning_of(&n->node[3], WARNING_TWO_CENTRALS, 3) != NULL);
	net_free(n);
}

TEST(a_link_that_breaks_now_and_then_is_no_second_central)
{
	struct net *n = net_new(2, NULL);
	for (int round = 0; round < 30; round++) {
		net_run(n, 20 * SECOND);
		for (size_t k = 0; k < n->pipes; k++)
			n->pipe[k].end[0].open = n->pipe[k].end[1].open = false;
		for (int k = 1; k <= 2; k++)
			while (n->node[k].mesh->peers)
				mesh_closed(n->node[k].mesh, n->node[k].mesh->peer[0]->link, CAUSE_NONE, "cut"), (void)mesh_run(n->node[k].mesh);
	}
	net_run(n, MINUTE);
	CHECK_INT(count_warnings(&n->node[1]) + count_warnings(&n->node[2]), 0);
	CHECK_INT(node_ready(&n->node[1]), 1);
	net_free(n);
}

TEST_MAIN
