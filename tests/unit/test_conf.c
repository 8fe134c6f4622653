/* parkmesh.conf: what may stand in it, what is said of what may not, and files that are none. */
#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "conf.h"

#define BIG (2 * CONF_FILE_MAX)

static char folder[] = "/tmp/parkmesh-conf-XXXXXX", path[64];
static struct fault fault;

/* What stands in the file from here on. */
static void put(const void *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	CHECK(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
}

static struct conf *good(const char *text)
{
	struct conf *c = NULL;

	put(text, strlen(text));
	fault = (struct fault){0};
	if (conf_read(path, &c, &fault) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "%s\n# refused: %s", text, fault.sentence);
	return c;
}

/* It is refused, and the sentence has these words. */
static void bad(const char *text, const char *words)
{
	struct conf *c = (struct conf *)path;

	put(text, strlen(text));
	fault = (struct fault){0};
	CHECK(conf_read(path, &c, &fault) != ERR_NONE);
	CHECK(c == NULL);
	if (!strstr(fault.sentence, words))
		test_fail(__FILE__, __LINE__, "%s\n# said: %s, not: %s", text, fault.sentence, words);
}

TEST(a_folder_for_it)
{
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/parkmesh.conf", folder);
}

TEST(nothing_set_is_what_the_package_has)
{
	struct conf *c = good("");

	CHECK(c);
	CHECK_STR(c->database, "/var/lib/parkmesh/parkmesh.db");
	CHECK_STR(c->live, "/run/parkmesh/live.sock");
	CHECK_STR(c->webhook_url, "");
	CHECK_INT(c->threads, 32);
	CHECK_INT(c->backup_days, 14);
	CHECK(trust_has(&c->rules.edges, "127.0.0.1") && trust_has(&c->rules.admins, "::1"));
	CHECK(!trust_has(&c->rules.edges, "10.0.0.1"));
	conf_free(c);
}

TEST(each_kind_of_value)
{
	struct conf *c = good("\xef\xbb\xbf# a comment\n; another\n\n database = /srv/p.db  # here\r\nthreads=7\nlive: /tmp/l\n"
		"trust_edges = 10.1.2.3/16, fd00:7::9/64\ntrust_edges = 192.168.7.20\ntrust_admin = none\n"
		"cors_origins = https://office.example\thttps://b.example:8443\nhosts = gates.example,\n"
		"webhook_url = https://hooks.example/?a=b;c\nwebhook_min_interval = 10\nbackup_days = 3650\ntls_key = /k\ntls_certificate = /c\n"
		"discovery = no");

	CHECK(c);
	CHECK_STR(c->database, "/srv/p.db");
	CHECK_STR(c->live, "/tmp/l");
	CHECK_STR(c->webhook_url, "https://hooks.example/?a=b;c");
	CHECK_STR(c->tls_certificate, "/c");
	CHECK_INT(c->discovery, 0);
	CHECK_INT(c->threads, 7);
	CHECK_INT(c->webhook_min_interval_s, 10);
	CHECK(trust_has(&c->rules.edges, "10.1.255.1") && trust_has(&c->rules.edges, "fd00:7::1"));
	CHECK(trust_has(&c->rules.edges, "192.168.7.20") && trust_has(&c->rules.edges, "127.0.0.1"));
	CHECK(!trust_has(&c->rules.admins, "127.0.0.1"));
	CHECK(rules_have_origin(&c->rules, "https://b.example:8443"));
	CHECK_INT(c->rules.origin_count, 2);
	CHECK_INT(c->rules.host_count, 1);
	CHECK_STR(c->rules.host[0], "gates.example");
	conf_free(c);
}

TEST(empty_is_not_set)
{
	struct conf *c = good("trust_edges =\nhosts = # none yet\nwebhook_url =\ntls_key =\np2p_config =\n");

	CHECK(c);
	CHECK_INT(c->rules.edges.count, 0);
	CHECK_INT(c->rules.host_count, 0);
	CHECK_STR(c->p2p_config, "");
	conf_free(c);
}

TEST(what_is_wrong_is_said_with_its_line)
{
	bad("\n\ndatabse = /x\n", "line 3: there is no key 'databse'");
	bad("threads = 0\n", "line 1: threads takes a number from 1 to 128; not '0'");
	bad("threads = 129\n", "from 1 to 128");
	bad("threads = 99999999999999999999\n", "from 1 to 128");
	bad("threads = -1\n", "from 1 to 128");
	bad("threads =\n", "from 1 to 128");
	bad("backup_days = 3651", "from 1 to 3650");
	bad("webhook_min_interval = 9", "from 10 to 86400");
	bad("# x\ntrust_edges = 10.0.0.0/33\n", "line 2: trust_edges takes addresses, networks");
	bad("trust_edges = 10.0.0.1 office\n", "not 'office'");
	bad("trust_admin = 10.0.0.1; rm\n", "not '10.0.0.1;'");
	bad("trust_admin = 10.0.0.1 ; here\nhosts = a:80\n", "line 2: hosts takes names");
	bad("trust_admin = 10.0.0.0/8};\n", "not '10.0.0.0/8};'");
	bad("cors_origins = *\n", "not '*'");
	bad("database = parkmesh.db\n", "a path from / on");
	bad("database =\n", "a path from / on");
	bad("database = /a\ndatabase = /b\n", "line 2: database takes one value");
	bad("tls_key = /a\n", "set both or none");
	bad("discovery = 1\n", "discovery takes yes or no; not '1'");
	bad("[fcgi]\nthreads = 1\n", "line 1: there are no [sections]");
	bad("threads = 1\n[end]", "line 2: there are no [sections]");
	bad("threads\n", "line 1: this is no 'key = value'");
	bad("threads = 1\n\nthreads 2\nthreads = 900\n", "line 3: this is no");
	bad("= 1\n", "no key ''");
	bad("Threads = 1\n", "no key 'Threads'");
	bad("threads = 1\xff\n", "line 1: it has bytes");
	bad("database = /a\x1b[2J\n", "line 1: it has bytes");
}

/* Its path is where its secret is. */
TEST(an_address_for_news_is_not_shown)
{
	struct conf *c = good("webhook_url = https://hooks.example/s3cret\n");
	struct buf all;

	CHECK(c);
	buf_init(&all, 65536);
	for (size_t i = 0; conf_name(i); i++)
		conf_value(c, i, &all);
	CHECK(strstr(buf_text(&all), "(set)") && !strstr(buf_text(&all), "s3cret"));
	buf_free(&all);
	conf_free(c);
	bad("webhook_url = ftp://hooks.example/s3cret\n", "line 1: webhook_url takes");
	CHECK(!strstr(fault.sentence, "s3cret"));
	bad("webhook_url = https:///s3cret\n", "webhook_url takes");
	bad("webhook_url = https://a b\n", "webhook_url takes");
}

/* Or parkmesh-watch would refuse what "parkmeshctl conf" finds good. */
TEST(an_address_for_news_is_one_that_can_be_posted_to)
{
	char line[CONF_URL_MAX + 32];

	bad("webhook_url = https://hooks.example/?a=b#c\n", "webhook_url takes");
	text_format(line, sizeof(line), "webhook_url = https://a/%0*d\n", CONF_URL_MAX - 10, 0);
	conf_free(good(line));
	text_format(line, sizeof(line), "webhook_url = https://a/%0*d\n", CONF_URL_MAX - 9, 0);
	bad(line, "webhook_url takes");
}

TEST(files_that_are_none)
{
	static char big[BIG];
	struct conf *c;

	put("threads = 1\0\nthreads = 2\n", 24);
	CHECK_INT(conf_read(path, &c, &fault), ERR_SYNTAX);
	CHECK(strstr(fault.sentence, "line 1: it has bytes"));
	memset(big, 'a', sizeof big);
	put(big, CONF_LINE_MAX + 1);
	CHECK_INT(conf_read(path, &c, &fault), ERR_TOO_LARGE);
	CHECK(strstr(fault.sentence, "line 1: it is longer than 1000 bytes"));
	put(big, sizeof big);
	CHECK_INT(conf_read(path, &c, &fault), ERR_TOO_LARGE);
	CHECK(strstr(fault.sentence, "larger than 64 KiB"));
	CHECK_INT(conf_read(folder, &c, &fault), ERR_SYSTEM);
	CHECK(strstr(fault.sentence, "is no plain file"));
	CHECK_INT(conf_read("/dev/zero", &c, &fault), ERR_SYSTEM);
	CHECK(unlink(path) == 0 && mkfifo(path, 0600) == 0);
	CHECK_INT(conf_read(path, &c, &fault), ERR_SYSTEM);
	CHECK(unlink(path) == 0);
	CHECK_INT(conf_read(path, &c, &fault), ERR_NOT_FOUND);
	CHECK(strstr(fault.sentence, "cannot be read: No such file"));
}

TEST(the_longest_and_the_most)
{
	static char text[BIG];
	char line[CONF_LINE_MAX + 2];
	struct conf *c;
	size_t len = 0;

	for (int i = 0; i < TRUST_MAX; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "trust_edges=10.0.0.%d\n", i);
	c = good(text);
	CHECK(c && c->rules.edges.count == TRUST_MAX);
	conf_free(c);
	snprintf(text + len, sizeof text - len, "trust_edges=10.0.1.1\n");
	bad(text, "line 65: trust_edges takes addresses");
	memset(line, 'a', sizeof line);
	memcpy(line, "database = /", 12);
	line[12 + CONF_PATH_MAX - 1] = '\0';
	c = good(line);
	CHECK(c && strlen(c->database) == CONF_PATH_MAX);
	conf_free(c);
	memset(line, 'a', sizeof line);
	memcpy(line, "#", 1);
	line[CONF_LINE_MAX] = '\0';
	conf_free(good(line));
	/* Only values, each as short as can be: what is kept of a file is never longer than it. */
	for (len = 0; len + 40 < 40000; len += 40)
		memcpy(text + len, "hosts=\nhosts=,\ncors_origins=,,\nhosts=, \n", 40);
	memcpy(text + len, "hosts=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z", 58);
	c = good(text);
	CHECK(c && c->rules.host_count == 26);
	CHECK_STR(c->rules.host[25], "z");
	conf_free(c);
}

TEST(what_is_shown_can_be_read_again)
{
	struct conf *c = good("trust_edges = none 10.9.9.9/8 ::ffff:10.0.0.1 fd00::1/7\ntrust_admin = 10.0.0.1\nhosts = a b\nthreads = 3\n"), *again;
	struct buf first, second;

	CHECK(c);
	buf_init(&first, 65536);
	buf_init(&second, 65536);
	for (size_t i = 0; conf_name(i); i++) {
		buf_printf(&first, "%s = ", conf_name(i));
		conf_value(c, i, &first);
		buf_char(&first, '\n');
	}
	CHECK(strstr(buf_text(&first), "trust_edges = none 10.0.0.0/8 10.0.0.1/32 fc00::/7\n"));
	CHECK(strstr(buf_text(&first), "trust_admin = 10.0.0.1/32\n"));
	again = good(buf_text(&first));
	CHECK(again);
	for (size_t i = 0; conf_name(i); i++) {
		buf_printf(&second, "%s = ", conf_name(i));
		conf_value(again, i, &second);
		buf_char(&second, '\n');
	}
	CHECK_STR(buf_text(&second), buf_text(&first));
	buf_free(&first);
	buf_free(&second);
	conf_free(c);
	conf_free(again);
}

/* Each line "#key = value" of the file that is installed. */
TEST(the_installed_file_names_every_key_with_its_default)
{
	const char *source = getenv("PARKMESH_SOURCE");
	char name[4096], line[CONF_LINE_MAX], key[40];
	struct conf *c;
	struct buf want;
	FILE *file;
	size_t at = 0;

	snprintf(name, sizeof name, "%s/packaging/parkmesh.conf", source ? source : ".");
	CHECK(conf_read(name, &c, &fault) == ERR_NONE);
	file = fopen(name, "r");
	CHECK(file);
	buf_init(&want, 4096);
	while (fgets(line, sizeof line, file)) {
		if (line[0] != '#' || sscanf(line, "#%39[a-z0-9_] =", key) != 1 || !strchr(line, '='))
			continue;
		buf_reset(&want);
		buf_printf(&want, "#%s = ", conf_name(at) ? conf_name(at) : "no more keys");
		conf_value(c, at++, &want);
		line[strcspn(line, "\n")] = '\0';
		if (want.data[want.len - 1] == ' ')
			want.data[want.len - 1] = '\0';
		CHECK_STR(line, want.data);
	}
	CHECK(conf_name(at) == NULL);
	fclose(file);
	buf_free(&want);
	conf_free(c);
}

TEST(what_a_running_program_cannot_take_over)
{
	struct conf *old = good(""), *now = good("threads = 3\nlive = /tmp/l\ntrust_edges = 10.0.0.1\nbackup_days = 2\n");
	struct buf names;

	CHECK(old && now);
	buf_init(&names, 400);
	conf_restart_needed(old, now, CONF_FCGI, &names);
	CHECK_STR(buf_text(&names), "threads");
	buf_reset(&names);
	conf_restart_needed(old, now, CONF_P2PD, &names);
	CHECK_STR(buf_text(&names), "live");
	buf_reset(&names);
	conf_restart_needed(old, old, CONF_P2PD, &names);
	CHECK_INT(names.len, 0);
	buf_free(&names);
	conf_free(old);
	conf_free(now);
}

TEST(nothing_is_left)
{
	unlink(path);
	CHECK(rmdir(folder) == 0);
}

TEST_MAIN
