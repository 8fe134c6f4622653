/* TLS as the mesh sees it: who demands it of whom, and what becomes of those who sit in between. */
#include "mesh_net.h"

#define NOWHERE 4

/* central-place is to dial central-peer at this port, by TLS or not. */
static void know(struct node *x, int peer, int port, bool tls)
{
	struct site_config c;
	struct fault fault;
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(site_config_read(x->db, &c), ERR_NONE);
	c.peer_count = 1;
	c.peers[0] = (struct peer_row){.p2p_port = port, .weight = 1, .dialect = "native", .ip = "127.0.0.1", .tls = tls};
	CHECK(text_format(c.peers[0].id, sizeof(c.peers[0].id), "central-%d", peer));
	CHECK_INT(site_config_write(x->db, &c, &fault), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
	node_configure(x);
}

/* Two centrals with a record each that know nobody yet. */
static struct net *two(void)
{
	static const char *const none[] = {"00", "00"};
	struct net *n = net_new(2, none);
	node_append(&n->node[1], 1, 1);
	node_append(&n->node[2], 1, 1);
	return n;
}

static int ready_by_tls(const struct node *x)
{
	int count = 0;
	for (size_t k = 0; k < x->mesh->peers; k++)
		count += x->mesh->peer[k]->state == PEER_READY && x->mesh->peer[k]->tls;
	return count;
}

static void check_together(struct net *n, bool tls)
{
	for (int i = 1; i <= 2; i++) {
		CHECK_INT(node_ready(&n->node[i]), 1);
		CHECK_INT(ready_by_tls(&n->node[i]), tls);
		CHECK_INT(node_total(&n->node[i]), 4);
	}
}

/* Not for a moment: neither has got a record of the other. */
static void check_apart(struct net *n)
{
	for (int i = 1; i <= 2; i++) {
		CHECK_INT(node_ready(&n->node[i]), 0);
		CHECK_INT(node_total(&n->node[i]), 2);
	}
}

TEST(two_that_want_tls_meet_by_it)
{
	struct net *n = two();
	know(&n->node[1], 2, 2, true);
	know(&n->node[2], 1, 1, true);
	net_run(n, 20 * SECOND);
	check_together(n, true);
	net_free(n);
}

TEST(who_dials_decides_for_one_that_does_not_know_it)
{
	for (int tls = 0; tls < 2; tls++) {
		struct net *n = two();
		know(&n->node[1], 2, 2, tls);
		net_run(n, 20 * SECOND);
		check_together(n, tls);
		net_free(n);
	}
}

TEST(who_takes_tls_apart_is_refused_by_both)
{
	struct net *n = two();
	n->between = true;
	know(&n->node[1], 2, 2, true);
	net_run(n, 60 * SECOND);
	check_apart(n);
	struct peer_status s = node_status(&n->node[1], 2);
	CHECK_STR(s.state, "refused");
	CHECK_STR(s.why.cause, cause_name(CAUSE_BETWEEN));
	CHECK(mesh_counts(n->node[1].mesh)->ended[END_WRONG_SECRET] > 0);
	CHECK(mesh_counts(n->node[2].mesh)->ended[END_WRONG_SECRET] > 0);
	net_free(n);
}

TEST(who_strips_tls_off_is_refused_by_both)
{
	struct net *n = two();
	n->stripped = true;
	know(&n->node[1], 2, 2, true);
	net_run(n, 60 * SECOND);
	check_apart(n);
	CHECK_STR(node_status(&n->node[1], 2).why.cause, cause_name(CAUSE_BETWEEN));
	CHECK(mesh_counts(n->node[2].mesh)->ended[END_WRONG_SECRET] > 0);
	net_free(n);
}

TEST(a_peer_set_to_tls_that_comes_without_is_refused)
{
	struct net *n = two();
	know(&n->node[1], 2, NOWHERE, true);
	know(&n->node[2], 1, 1, false);
	net_run(n, 60 * SECOND);
	check_apart(n);
	CHECK(mesh_counts(n->node[1].mesh)->ended[END_PLAIN] > 0);
	CHECK(mesh_counts(n->node[1].mesh)->error_sent[END_PLAIN] > 0);
	struct peer_status s = node_status(&n->node[2], 1);
	CHECK_STR(s.state, "refused");
	CHECK_STR(s.why.cause, cause_name(CAUSE_PLAIN_THERE));
	CHECK(strstr(s.why.sentence, "TLS") != NULL);
	CHECK_INT(n->node[1].mesh->neighbour[0]->key_known, 0);
	net_free(n);
}

TEST(one_that_demands_it_and_one_that_does_not_meet_by_tls)
{
	struct net *n = two();
	know(&n->node[1], 2, 2, true);
	know(&n->node[2], 1, 1, false);
	net_run(n, 60 * SECOND);
	check_together(n, true);
	net_free(n);
}

TEST(a_plain_connection_ends_when_tls_is_demanded)
{
	struct net *n = two();
	know(&n->node[2], 1, 1, false); /* a guest at central-1 */
	net_run(n, 20 * SECOND);
	check_together(n, false);
	know(&n->node[1], 2, 2, true);
	net_run(n, 40 * SECOND);
	check_together(n, true);
	CHECK_INT(mesh_counts(n->node[1].mesh)->ended[END_RECONFIGURED], 1);
	know(&n->node[1], 2, 2, false);
	net_run(n, 40 * SECOND);
	check_together(n, false);
	net_free(n);
}

TEST_MAIN
