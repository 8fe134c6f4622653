/* What is kept for many who ask: who is told what is kept, who works it out anew, and for whom that will do. */
#include "test.h"

#include "central.h"
#include "fcgi/recent.h"
#include "fcgi/serve.h"
#include "store/logs.h"

struct asker { struct desk desk; struct call call; };

static struct central central;
static struct app app;
static char folder[64], path[96];
static int64_t made, as_of, last;   /* how often it was worked out, as of which change, and the last one there is */

static enum err make(struct call *c, struct fault *fault)
{
	struct clock_row clock = { .change = -1 };
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = clock_read(c->desk->db, &clock);
	made++;
	as_of = clock.change;
	buf_str(&c->response.body, "{}");
	return e;
}

static void change(void)
{
	struct clock_row clock;

	CHECK_INT(db_begin(central.db), ERR_NONE);
	CHECK_INT(clock_read(central.db, &clock), ERR_NONE);
	clock.change++;
	CHECK_INT(clock_write(central.db, &clock), ERR_NONE);
	CHECK_INT(db_commit(central.db), ERR_NONE);
	last = clock.change;
}

static void begin(void)
{
	text_copy(folder, sizeof(folder), "/tmp/parkmesh-recent-XXXXXX");
	CHECK(mkdtemp(folder) != NULL);
	text_format(path, sizeof(path), "%s/parkmesh.db", folder);
	CHECK_INT(central_open(&central, path, "central-1", 1), ERR_NONE);
	app = (struct app){ .db_path = path, .world = central.world };
	CHECK_INT(recent_open(&app.world, &app.recent), ERR_NONE);
	made = 0;
}

static void end(void)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock" };
	char name[sizeof(path) + 8];

	recent_close(app.recent);
	central_close(&central);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		text_format(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
	rmdir(folder);
}

/* What somebody sees who asks at this moment, and goes on seeing until he is told. */
static void come(struct asker *a)
{
	struct clock_row seen;
	struct fault fault;

	*a = (struct asker){ .desk.app = &app, .call = { .app = &app, .desk = &a->desk } };
	response_init(&a->call.response);
	CHECK_INT(call_read(&a->call, &fault), ERR_NONE);
	CHECK_INT(clock_read(a->desk.db, &seen), ERR_NONE);
}

static void leave(struct asker *a)
{
	call_read_end(&a->call);
	response_free(&a->call.response);
	desk_close(&a->desk);
}

static void ask_inside(struct asker *a)
{
	struct fault fault;

	CHECK_INT(recent_inside(&a->call, make, &fault), ERR_NONE);
	leave(a);
}

TEST(it_is_made_once_until_something_changes)
{
	struct asker a;

	begin();
	for (int i = 0; i < 3; i++) {
		come(&a);
		ask_inside(&a);
	}
	CHECK_INT(made, 1);
	change();
	come(&a);
	ask_inside(&a);
	CHECK_INT(made, 2);
	central.fake.wall_ms += 24LL * 3600 * 1000;
	come(&a);
	ask_inside(&a);
	CHECK_INT(made, 3);
	end();
}

TEST(what_one_makes_will_do_for_all_who_came_before_he_began)
{
	struct asker first, second, third;

	begin();
	come(&first);
	change();
	come(&second);
	change();
	come(&third);
	change();
	ask_inside(&first);
	ask_inside(&second);
	ask_inside(&third);
	CHECK_INT(made, 1);
	CHECK_INT(as_of, last);
	end();
}

TEST_MAIN
