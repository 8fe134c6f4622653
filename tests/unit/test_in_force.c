/* The rules in force while others are put in their place, and what the command line says beside the file. */
#include "test.h"

#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "fcgi/in_force.h"
#include "fcgi/options.h"

#define READERS 4
#define CHANGES 2000

static struct fault fault;

static struct conf *conf_of(const char *text)
{
	char path[] = "/tmp/parkmesh-in-force-XXXXXX";
	int fd = mkstemp(path);
	struct conf *c = NULL;

	if (fd < 0 || write(fd, text, strlen(text)) < 0 || conf_read(path, &c, &fault) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "%s", fault.sentence);
	close(fd);
	unlink(path);
	return c;
}

/* --- rules ----------------------------------------------------------------------------------------------------------- */

TEST(loopback_is_trusted_before_anything_is_read)
{
	struct in_force *f;
	const struct rules *r;

	CHECK(in_force_open(&f) == ERR_NONE);
	r = in_force_hold(f);
	CHECK(trust_has(&r->edges, "127.0.0.1") && trust_has(&r->admins, "::1") && !trust_has(&r->edges, "10.0.0.1"));
	in_force_release(f, r);
	in_force_close(f);
}

TEST(who_holds_rules_ends_with_them)
{
	struct conf *first = conf_of("hosts = first\n"), *second = conf_of("hosts = second\n");
	struct in_force *f;
	const struct rules *before, *after;

	CHECK(first && second && in_force_open(&f) == ERR_NONE);
	CHECK(in_force_put(f, &first->rules, first) == ERR_NONE);
	before = in_force_hold(f);
	CHECK(in_force_put(f, &second->rules, second) == ERR_NONE);
	after = in_force_hold(f);
	CHECK_STR(before->host[0], "first"); /* the texts of its file are there, too */
	CHECK_STR(after->host[0], "second");
	in_force_release(f, before);
	in_force_release(f, after);
	in_force_close(f);
}

struct reading { struct in_force *f; atomic_bool over; atomic_int wrong; };

static void *read_on(void *arg)
{
	struct reading *r = arg;

	while (!r->over) {
		const struct rules *rules = in_force_hold(r->f);

		if (rules->host_count > 0 && (strcmp(rules->host[0], rules->origin[0] + 7) != 0 || rules->host_count != 1))
			r->wrong++;
		in_force_release(r->f, rules);
	}
	return NULL;
}

TEST(readers_see_one_file_or_the_other)
{
	struct reading r = {0};
	pthread_t thread[READERS];

	CHECK(in_force_open(&r.f) == ERR_NONE);
	for (int i = 0; i < READERS; i++)
		CHECK(pthread_create(&thread[i], NULL, read_on, &r) == 0);
	for (int i = 0; i < CHANGES; i++) {
		struct conf *c = conf_of(i % 2 ? "hosts = one\ncors_origins = http://one\n" : "hosts = other\ncors_origins = http://other\n");

		if (!c || in_force_put(r.f, &c->rules, c) != ERR_NONE)
			r.wrong++;
	}
	r.over = true;
	for (int i = 0; i < READERS; i++)
		pthread_join(thread[i], NULL);
	in_force_close(r.f);
	CHECK_INT(r.wrong, 0);
}

/* --- options --------------------------------------------------------------------------------------------------------- */

#define FILE_TEXT "trust_edges = none 10.0.0.1\ntrust_admin = none 10.0.0.2\ncors_origins = http://file\nhosts = file\n"

TEST(without_options_the_file_counts)
{
	char *words[] = {"parkmesh.fcgi", "--config", "/etc/x", NULL};
	struct conf *c = conf_of(FILE_TEXT);
	struct options o;
	struct rules r;

	CHECK(c);
	CHECK_INT(options_read(3, words, &o), -1);
	CHECK_STR(o.config, "/etc/x");
	options_rules(&o, c, &r);
	CHECK(trust_has(&r.edges, "10.0.0.1") && !trust_has(&r.edges, "127.0.0.1") && trust_has(&r.admins, "10.0.0.2"));
	CHECK_STR(r.host[0], "file");
	CHECK_STR(r.origin[0], "http://file");
	options_rules(&o, NULL, &r);
	CHECK(trust_has(&r.edges, "127.0.0.1") && r.host_count == 0);
	conf_free(c);
}

TEST(of_a_list_that_is_named_the_file_counts_nothing)
{
	char *words[] = {"parkmesh.fcgi", "--config", "/etc/x", "--trust-edges", "10.9.9.9", "--host", "line", "--threads", "3", NULL};
	struct conf *c = conf_of(FILE_TEXT);
	struct options o;
	struct rules r;

	CHECK(c);
	optind = 0; /* options_read has gone through another line before */
	CHECK_INT(options_read(9, words, &o), -1);
	CHECK_INT(o.threads, 3);
	options_rules(&o, c, &r);
	CHECK(trust_has(&r.edges, "10.9.9.9") && trust_has(&r.edges, "127.0.0.1") && !trust_has(&r.edges, "10.0.0.1"));
	CHECK(!trust_has(&r.admins, "127.0.0.1") && trust_has(&r.admins, "10.0.0.2"));
	CHECK_INT(r.host_count, 1);
	CHECK_STR(r.host[0], "line");
	CHECK_STR(r.origin[0], "http://file");
	conf_free(c);
}

TEST_MAIN
