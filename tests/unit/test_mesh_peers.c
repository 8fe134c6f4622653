/* Who may take part, and connections: handshake, refusals, duplicates, silence, reload, test-connection, hostile bytes. */
#include "mesh_net.h"

#include "base/trust.h"

static void check_refused(struct net *n, int at, int peer, enum peer_end end, enum cause cause, const char *words)
{
	struct peer_status s = node_status(&n->node[at], peer);
	CHECK_STR(s.state, "refused");
	CHECK(strstr(s.why.sentence, words) != NULL);
	CHECK_STR(s.why.cause, cause_name(cause));
	CHECK(mesh_counts(n->node[at].mesh)->ended[end] > 0);
	CHECK_INT(node_ready(&n->node[at]), 0);
	CHECK_INT(node_total(&n->node[at]), 2);
}

/* Two centrals with a record each, before they meet; spoil changes something at node 2. */
static struct net *meet(void (*spoil)(struct node *x))
{
	static const char *const pair[] = {"01", "10"};
	struct net *n = net_new(2, pair);
	node_append(&n->node[1], 1, 1);
	node_append(&n->node[2], 1, 1);
	spoil(&n->node[2]);
	node_configure(&n->node[2]);
	net_run(n, 20 * SECOND);
	return n;
}

static void other_secret(struct node *x)
{
	node_secret(x, "open");
}

TEST(every_cause_has_a_name_of_its_own)
{
	const struct reason *room = NULL;
	for (int a = CAUSE_NONE + 1; a < CAUSE_COUNT; a++) {
		CHECK(cause_name(a) && cause_name(a)[0] && strlen(cause_name(a)) < sizeof(room->cause));
		for (int b = CAUSE_NONE; b < a; b++)
			CHECK(strcmp(cause_name(a), cause_name(b)) != 0);
	}
}

TEST(another_secret_is_refused)
{
	struct net *n = meet(other_secret);
	check_refused(n, 1, 2, END_WRONG_SECRET, CAUSE_WRONG_SECRET, "secret");
	check_refused(n, 2, 1, END_WRONG_SECRET, CAUSE_WRONG_SECRET, "secret");
	net_free(n);
}

static void change_self(struct node *x, const char *id, const char *mesh)
{
	struct identity self;
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(identity_read(x->db, &self), ERR_NONE);
	CHECK(text_copy(self.id, sizeof(self.id), id));
	CHECK(text_copy(self.mesh, sizeof(self.mesh), mesh));
	CHECK_INT(identity_write(x->db, &self), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
}

static void other_mesh(struct node *x)
{
	change_self(x, "central-2", "elsewhere");
}

TEST(another_mesh_is_refused)
{
	struct net *n = meet(other_mesh);
	check_refused(n, 1, 2, END_WRONG_MESH, CAUSE_WRONG_MESH, "mesh");
	net_free(n);
}

static void our_id(struct node *x)
{
	change_self(x, "central-1", "parkmesh");
}

TEST(our_own_id_from_the_other_side_is_refused)
{
	struct net *n = meet(our_id);
	check_refused(n, 1, 2, END_OWN_ID, CAUSE_OWN_ID, "this central's id");
	net_free(n);
}

static void other_id(struct node *x)
{
	int none[] = {-1};
	node_peers(x, none);
	change_self(x, "central-7", "parkmesh");
}

TEST(another_id_than_configured_is_refused)
{
	struct net *n = meet(other_id);
	check_refused(n, 1, 2, END_WRONG_ID, CAUSE_WRONG_ID, "central-7, not central-2");
	CHECK_STR(node_status(&n->node[1], 2).why.about, "central-7");
	net_free(n);
}

static void pinned_to_another(struct node *x)
{
	unsigned char key[KEY_BYTES] = {5};
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(pin_insert(x->db, "central-1", key, 1), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
}

TEST(another_key_than_the_pinned_one_is_refused)
{
	struct net *n = meet(pinned_to_another);
	check_refused(n, 2, 1, END_WRONG_KEY, CAUSE_WRONG_KEY, "Wrong key");
	check_refused(n, 1, 2, END_WRONG_KEY, CAUSE_WRONG_KEY_THERE, "wrong key");
	net_free(n);
}

static void another_expected(struct node *x)
{
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(site_peer_repin(x->db, NULL, "central-1", "0000 0000 0000 0000 0000 0000 0000 0000", NULL), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
}

TEST(another_key_than_the_expected_one_is_refused)
{
	struct net *n = meet(another_expected);
	check_refused(n, 2, 1, END_WRONG_KEY, CAUSE_WRONG_KEY, "Wrong key");
	CHECK_INT(mesh_counts(n->node[2].mesh)->ended[END_WRONG_SECRET], 0);
	net_free(n);
}

static void without_secret(struct node *x)
{
	node_secret(x, "");
}

TEST(without_a_secret_only_this_machine_takes_part)
{
	struct net *n = meet(without_secret);
	node_secret(&n->node[1], "");
	node_configure(&n->node[1]);
	net_run(n, 40 * SECOND);
	CHECK_INT(node_ready(&n->node[1]), 1); /* both are on loopback */
	net_free(n);
	static const char *const pair[] = {"01", "00"};
	n = net_new(2, pair);
	n->address = "192.0.2.7";
	without_secret(&n->node[1]);
	node_configure(&n->node[1]);
	net_run(n, 20 * SECOND);
	CHECK_STR(node_status(&n->node[1], 2).state, "refused");
	CHECK(strstr(node_status(&n->node[1], 2).why.sentence, "secret") != NULL);
	net_free(n);
}

TEST(loopback_is_told_by_the_number)
{
	CHECK(address_is_loopback("127.0.0.1"));
	CHECK(address_is_loopback("127.8.9.10"));
	CHECK(address_is_loopback("::1"));
	CHECK(address_is_loopback("::ffff:127.0.0.1"));
	CHECK(!address_is_loopback("128.0.0.1"));
	CHECK(!address_is_loopback("::ffff:10.0.0.1"));
	CHECK(!address_is_loopback("127.0.0.1.example.org"));
	CHECK(!address_is_loopback("localhost"));
	CHECK(!address_is_loopback(""));
}

TEST(who_proves_the_secret_takes_part_unconfigured)
{
	static const char *const one_way[] = {"00", "10"};
	struct net *n = net_new(2, one_way);
	node_append(&n->node[1], 1, 1);
	net_run(n, 3 * SECOND);
	CHECK_STR(node_status(&n->node[1], 2).state, "connected");
	CHECK(!node_status(&n->node[1], 2).configured);
	CHECK_INT(node_total(&n->node[2]), 2);
	node_stop(&n->node[2]);
	net_run(n, 3 * SECOND);
	CHECK_STR(node_status(&n->node[1], 2).state, "none");
	net_free(n);
}

TEST(of_two_dialled_from_each_side_one_remains)
{
	struct net *n = net_new(3, NULL);
	net_run(n, 20 * SECOND);
	for (int i = 1; i <= 3; i++) {
		CHECK_INT(node_ready(&n->node[i]), 2);
		CHECK_INT((intmax_t)n->node[i].mesh->peers, 2);
		for (size_t k = 0; k < 2; k++) /* the smaller id's own */
			CHECK_INT(n->node[i].mesh->peer[k]->dialled, strcmp(n->node[i].mesh->self.id, n->node[i].mesh->peer[k]->id) < 0);
	}
	net_free(n);
}

TEST(of_two_from_the_same_dialler_the_newer_remains)
{
	static const char *const one_way[] = {"01", "00"};
	struct net *n = net_new(2, one_way);
	net_run(n, 3 * SECOND);
	CHECK_INT(node_ready(&n->node[2]), 1);
	uint64_t old = n->node[2].mesh->peer[0]->link;
	n->pipe[0].black_hole = true; /* node 1's network has changed: its links are dead, and only it knows */
	n->pipe[0].end[0].open = false;
	mesh_closed(n->node[1].mesh, n->pipe[0].end[0].link, CAUSE_NONE, "The address changed.");
	n->node[1].due_us = 0;
	net_run(n, 5 * SECOND);
	CHECK_INT(node_ready(&n->node[2]), 1);
	CHECK(n->node[2].mesh->peer[0]->link != old);
	CHECK_INT(mesh_counts(n->node[2].mesh)->ended[END_REPLACED], 1);
	net_free(n);
}

TEST(silence_is_noticed_after_fifteen_seconds)
{
	static const char *const one_way[] = {"01", "00"};
	struct net *n = net_new(2, one_way);
	net_run(n, 8 * SECOND);
	n->pipe[0].black_hole = true;
	net_run(n, 10 * SECOND);
	CHECK_INT(node_ready(&n->node[1]), 1);
	net_run(n, 6 * SECOND);
	CHECK_INT(mesh_counts(n->node[1].mesh)->ended[END_SILENT], 1);
	CHECK_INT(mesh_counts(n->node[2].mesh)->ended[END_SILENT] + mesh_counts(n->node[2].mesh)->ended[END_REPLACED], 1);
	net_run(n, 5 * SECOND);
	CHECK_INT(node_ready(&n->node[1]), 1);
	net_free(n);
}

TEST(dialling_goes_on_for_ever_at_most_every_thirty_seconds)
{
	static const char *const one_way[] = {"01", "00"};
	struct net *n = net_new(2, one_way);
	node_stop(&n->node[2]);
	net_run(n, 600 * SECOND);
	size_t tries = n->dialled;
	CHECK(tries > 600 / 30);
	CHECK(tries < 100);
	node_start(&n->node[2]);
	node_configure(&n->node[2]);
	net_run(n, 31 * SECOND);
	CHECK_INT(node_ready(&n->node[1]), 1);
	net_free(n);
}

TEST(who_does_not_prove_himself_is_closed_after_five_seconds)
{
	struct net *n = net_new(1, NULL);
	n->node[1].due_us = 0;
	n->pipe[n->pipes++] = (struct pipe){.end = {{.node = 4, .link = 100, .open = true, .told = true},
		{.node = 1, .link = 101, .open = true}}};
	n->pipe[0].end[0].last = &n->pipe[0].end[0].first;
	n->pipe[0].end[1].last = &n->pipe[0].end[1].first;
	mesh_opened(n->node[1].mesh, 101, "127.0.0.1");
	n->pipe[0].end[1].told = n->pipe[0].black_hole = true;
	net_run(n, 4 * SECOND);
	CHECK_INT((intmax_t)n->node[1].mesh->peers, 1);
	net_run(n, 2 * SECOND);
	CHECK_INT((intmax_t)n->node[1].mesh->peers, 0);
	CHECK_INT(mesh_counts(n->node[1].mesh)->ended[END_TIMEOUT], 1);
	net_free(n);
}

TEST(the_clock_offset_is_measured_and_told)
{
	struct net *n = net_new(2, NULL);
	n->node[2].clock_ms = 75000;
	net_run(n, 8 * SECOND);
	struct peer_status s = node_status(&n->node[1], 2);
	CHECK(s.clock_known);
	CHECK_INT(s.clock_offset_ms, 75000);
	CHECK_INT(node_status(&n->node[2], 1).clock_offset_ms, -75000);
	CHECK(strstr(s.why.sentence, "75 s ahead") != NULL);
	CHECK_STR(s.why.cause, "clock_ahead");
	CHECK_INT(s.why.number, 75);
	CHECK(s.rtt_ms >= 0);
	mesh_test(n->node[1].mesh, 3, "central-2");
	net_run(n, SECOND);
	CHECK(!n->node[1].answer_ok);
	CHECK(strstr(n->node[1].answer, "clock") != NULL);
	net_free(n);
}

/* Both clocks are set at once while a question is under way; so they always agree. */
static bool set_both(struct net *n, int from, int to, const struct message *msg)
{
	(void)to;
	if (from == 1 && msg->type == MESSAGE_HEARTBEAT && msg->request_id)
		n->node[1].clock_ms = n->node[2].clock_ms += 3LL * 24 * 3600 * 1000;
	return false;
}

TEST(a_clock_that_is_set_is_not_taken_for_one_that_is_off)
{
	struct net *n = net_new(2, NULL);
	net_run(n, 8 * SECOND);
	CHECK(node_status(&n->node[1], 2).clock_known);
	n->lose = set_both;
	net_run(n, 30 * SECOND);
	CHECK(n->node[1].clock_ms > 0);
	CHECK_INT(node_status(&n->node[1], 2).clock_offset_ms, 0);
	CHECK(!node_status(&n->node[1], 2).why.sentence[0]);
	net_free(n);
}

TEST(a_test_is_answered_by_a_round_trip)
{
	struct net *n = net_new(2, NULL);
	net_run(n, 3 * SECOND);
	mesh_test(n->node[1].mesh, 7, "central-2");
	n->node[1].due_us = 0;
	net_run(n, SECOND / 100);
	CHECK_INT(n->node[1].answered, 7);
	CHECK(n->node[1].answer_ok);
	CHECK(n->node[1].answer_rtt >= 0);
	mesh_test(n->node[1].mesh, 8, "nobody");
	CHECK_INT(n->node[1].answered, 8);
	CHECK(!n->node[1].answer_ok);
	net_free(n);
}

TEST(a_test_of_a_peer_that_waits_dials_at_once)
{
	static const char *const one_way[] = {"01", "00"};
	struct net *n = net_new(2, one_way);
	node_stop(&n->node[2]);
	net_run(n, 300 * SECOND);
	mesh_test(n->node[1].mesh, 1, "central-2");
	n->node[1].due_us = 0;
	net_run(n, SECOND / 100);
	CHECK_INT(n->node[1].answered, 1);
	CHECK(strstr(n->node[1].answer, "refused") != NULL);
	node_start(&n->node[2]);
	node_configure(&n->node[2]);
	mesh_test(n->node[1].mesh, 2, "central-2");
	n->node[1].due_us = 0;
	net_run(n, SECOND / 100);
	CHECK_INT(n->node[1].answered, 2);
	CHECK(n->node[1].answer_ok);
	net_free(n);
}

TEST(a_test_without_an_answer_ends_in_time)
{
	static const char *const one_way[] = {"01", "00"};
	struct net *n = net_new(2, one_way);
	net_run(n, 8 * SECOND);
	n->pipe[0].black_hole = true;
	mesh_test(n->node[1].mesh, 5, "central-2");
	net_run(n, 4 * SECOND);
	CHECK_INT(n->node[1].answered, 0);
	net_run(n, 2 * SECOND);
	CHECK_INT(n->node[1].answered, 5);
	CHECK(strstr(n->node[1].answer, "ime-out") != NULL);
	net_free(n);
}

TEST(reloading_keeps_what_did_not_change)
{
	struct net *n = net_new(3, NULL);
	net_run(n, 20 * SECOND);
	uint64_t kept = mesh_ready_peer(n->node[1].mesh, "central-2")->link;
	int only_2[] = {2, -1}, both[] = {2, 3, -1};
	node_peers(&n->node[1], only_2);
	CHECK(mesh_ready_peer(n->node[1].mesh, "central-3") == NULL);
	CHECK_INT((intmax_t)mesh_ready_peer(n->node[1].mesh, "central-2")->link, (intmax_t)kept);
	net_run(n, 10 * SECOND); /* 3 still has 1 configured: it comes back, unconfigured */
	CHECK(!node_status(&n->node[1], 3).configured);
	CHECK(node_status(&n->node[1], 3).connected);
	node_peers(&n->node[1], both);
	net_run(n, SECOND);
	CHECK(node_status(&n->node[1], 3).configured);
	CHECK_INT((intmax_t)mesh_ready_peer(n->node[1].mesh, "central-2")->link, (intmax_t)kept);
	net_free(n);
}

TEST(a_changed_address_is_dialled_at_once)
{
	static const char *const one_way[] = {"010", "000", "000"};
	struct net *n = net_new(3, one_way);
	struct site_config c;
	struct fault fault;
	net_run(n, 3 * SECOND);
	CHECK_INT(node_ready(&n->node[1]), 1);
	CHECK_INT(site_config_read(n->node[1].db, &c), ERR_NONE);
	c.peers[0].p2p_port = 3;
	CHECK_INT(db_begin(n->node[1].db), ERR_NONE);
	CHECK_INT(site_config_write(n->node[1].db, &c, &fault), ERR_NONE);
	CHECK_INT(db_commit(n->node[1].db), ERR_NONE);
	node_configure(&n->node[1]);
	net_run(n, SECOND / 100);
	CHECK(strstr(node_status(&n->node[1], 2).why.sentence, "central-3, not central-2") != NULL);
	net_free(n);
}

/* ---- hostile bytes ---- */

TEST(no_bytes_before_auth_do_any_harm)
{
	static const char *const said[] = {
		"", "{}", "null", "[", "\xff\xfe", "{\"type\":\"SYNC_REQUEST\",\"data\":{\"vector\":{}}}", "{\"type\":\"AUTH\",\"data\":{}}",
		"{\"type\":\"HELLO\",\"data\":{}}", "{\"type\":\"NEWS\",\"data\":{}}",
		"{\"type\":\"ERROR\",\"error\":\"x\",\"code\":\"wrong_key\"}",
	};
	struct net *n = net_new(1, NULL);
	for (size_t k = 0; k < sizeof(said) / sizeof(said[0]); k++) {
		mesh_opened(n->node[1].mesh, 1000 + k, "192.0.2.1");
		CHECK_INT((intmax_t)n->node[1].mesh->peers, 1);
		give(&n->node[1], 1000 + k, said[k], strlen(said[k]));
		CHECK_INT((intmax_t)n->node[1].mesh->peers, 0);
	}
	net_free(n);
}

/* Whatever node 1 says next to node 2 is changed somewhere. */
static bool spoiling;

static bool spoil(struct net *n, int from, int to, const struct message *msg)
{
	struct peer *p = NULL;
	struct buf b;
	if (!spoiling || from != 1 || to != 2 || msg->page || !n->node[2].mesh)
		return false;
	for (size_t k = 0; k < n->node[2].mesh->peers; k++)
		if (n->node[2].mesh->peer[k]->state == PEER_READY)
			p = n->node[2].mesh->peer[k];
	buf_init(&b, MESSAGE_MAX);
	if (p && message_write(msg, &b) == ERR_NONE) {
		char *bytes = room(b.len + 8);
		size_t len = b.len;
		memcpy(bytes, b.data, len);
		for (uint64_t k = chance_below(&n->chance, 4); k > 0 && len > 1; k--)
			len = chance_mutate(&n->chance, bytes, len);
		mesh_message(n->node[2].mesh, p->link, bytes, len);
	}
	buf_free(&b);
	return false;
}

TEST(mutated_messages_of_a_peer_do_no_harm)
{
	struct net *n = net_new(2, NULL);
	n->lose = spoil;
	spoiling = true;
	for (int i = 0; i < 150; i++) {
		node_append(&n->node[1 + i % 2], 1, 1);
		net_run(n, 3 * SECOND);
	}
	spoiling = false;
	CHECK(mesh_counts(n->node[2].mesh)->ended[END_FAULT] > 0);
	net_run(n, 60 * SECOND);
	CHECK_INT(node_total(&n->node[1]), node_total(&n->node[2]));
	net_free(n);
}

int main(int argc, char **argv)
{
	return seal_start() ? test_run_all(argc, argv) : 1;
}
