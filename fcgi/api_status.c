#include "api.h"

#include "answer.h"
#include "serve.h"
#include "stats.h"
#include "store/db.h"
#include "store/site.h"
#include "writer.h"

/* Ready means: can be read, and could be written when it was last tried. */
enum err api_health(struct call *c, struct fault *fault)
{
	struct identity own;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE && identity_read(c->desk->db, &own) != ERR_NONE)
		e = fault_set(fault, ERR_UNAVAILABLE, "database_unreadable", "", "The database cannot be read: %s.",
			db_last_error(c->desk->db));
	if (e == ERR_NONE && writer_failing(c->app->writer))
		e = fault_set(fault, ERR_UNAVAILABLE, "database_unwritable", "",
			"The last attempt to write the database failed; check that the disk has room and can be written.");
	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_text(&c->response, "central", own.id);
	answer_end(&c->response);
	return ERR_NONE;
}

enum err api_stats(struct call *c, struct fault *fault)
{
	struct site_stats stats;
	enum err e = stats_read(c, &stats, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_stats(&c->response, &stats);
	answer_end(&c->response);
	return ERR_NONE;
}

/* nginx asks before it lets somebody watch the history at p2pd; that it is answered here at all means yes. */
enum err api_watch(struct call *c, struct fault *fault)
{
	(void)fault;
	c->response.status = 204;
	return ERR_NONE;
}
