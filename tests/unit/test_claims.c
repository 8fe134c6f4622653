/* p2pd/claims: what peers say to hold, told in rows. */
#include "mesh_net.h"

#include "p2pd/claims.h"
#include "store/sql.h"

static int64_t claim_of(struct db *db, const char *log)
{
	sqlite3_stmt *st = sql_use(db, SQL_CLAIM_OF_LOG);
	int64_t seq = -1;
	put_text(st, 1, log);
	while (sql_row(db, st) == ERR_NONE)
		seq = sqlite3_column_int64(st, 1);
	return seq;
}

static void tell_claims(struct node *x, struct claims *before, bool first)
{
	static struct claims now;
	claims_read(x->mesh, &now);
	CHECK_INT(db_begin(x->db), ERR_NONE);
	CHECK_INT(claims_write(x->db, first ? NULL : before, &now), ERR_NONE);
	CHECK_INT(db_commit(x->db), ERR_NONE);
	*before = now;
}

/* Its next record opens a new log, which closes the one before. */
static void begin_log(struct node *x)
{
	node_stop(x);
	ledger_close(x->ledger);
	CHECK_INT(ledger_open(x->db, "fcgi", &x->world, &x->ledger), ERR_NONE);
	node_start(x);
	node_configure(x);
}

static struct log_row log_now(const struct node *x)
{
	struct log_row row = {0};
	size_t count;
	(void)log_open_of(x->db, "central-1", "fcgi", &row, 1, &count);
	return row;
}

/* Every open log has its row, a closed one that is held whole none; a peer that is away is told of as it was. */
TEST(claims_are_told_in_rows)
{
	static const char *const pair[] = {"01", "10"};
	static struct claims told;
	struct net *n = net_new(2, pair);
	struct node *x = &n->node[1];
	begin_log(x);
	tell_claims(x, &told, true);
	CHECK_INT(claim_of(x->db, ""), -1);
	node_append(x, 3, 1);
	struct log_row first = log_now(x);
	net_run(n, 10 * SECOND);
	tell_claims(x, &told, false);
	CHECK_INT(claim_of(x->db, ""), 1);
	CHECK_INT(claim_of(x->db, first.log), 4);
	begin_log(x);
	node_append(x, 2, 1);
	struct log_row second = log_now(x);
	CHECK(strcmp(first.log, second.log) != 0);
	net_run(n, 10 * SECOND);
	tell_claims(x, &told, false);
	CHECK_INT(claim_of(x->db, first.log), -1);
	CHECK_INT(claim_of(x->db, second.log), 3);
	node_stop(&n->node[2]);
	node_append(x, 2, 1);
	net_run(n, 20 * SECOND);
	tell_claims(x, &told, false);
	CHECK_INT(node_ready(x), 0);
	CHECK_INT(claim_of(x->db, second.log), 3);
	CHECK_INT(claim_of(x->db, ""), 1);
	net_free(n);
}

int main(int argc, char **argv)
{
	return seal_start() ? test_run_all(argc, argv) : 1;
}
