/* The text of /metrics: format, escaping, histograms; and that what is not known is left out. */
#include "test.h"

#include <stdlib.h>

#include "fcgi/metrics.h"
#include "fcgi/traffic.h"
#include "fcgi/writer.h"

static struct traffic traffic;
static struct writer_counts writer;
static struct buf out;

static const char *text_of(const struct metrics_look *look)
{
	buf_free(&out);
	buf_init(&out, METRICS_MAX);
	metrics_write(&out, look);
	return buf_text(&out);
}

static bool has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return true;
	return false;
}

#define HAS(text, line) \
	do { if (!has_line(text, line)) test_fail(__FILE__, __LINE__, "no line %s in\n%.3000s", line, text); } while (0)

static size_t lines_of(const char *text, const char *prefix)
{
	size_t count = 0;

	for (const char *at = text; (at = strstr(at, prefix)); at++)
		count += at == text || at[-1] == '\n';
	return count;
}

TEST(labels_cannot_be_ended_by_their_value)
{
	const struct family f = {"x_total", "counter", {"a", "b"}, "Help."};

	buf_init(&out, 4096);
	prometheus_family(&out, &f);
	prometheus_integer(&out, &f, (const char *const[]){"\"} 1\nevil_total 2", "C:\\dir"}, -7);
	CHECK_STR(buf_text(&out), "# HELP x_total Help.\n# TYPE x_total counter\n"
		"x_total{a=\"\\\"} 1\\nevil_total 2\",b=\"C:\\\\dir\"} -7\n");
	buf_free(&out);
}

TEST(numbers_are_whole_or_exact)
{
	const struct family f = {"x", "gauge", {NULL}, "Help."};

	buf_init(&out, 4096);
	prometheus_ms(&out, &f, NULL, 1795191542468);
	prometheus_ms(&out, &f, NULL, -60001);
	prometheus_ms(&out, &f, NULL, 2000);
	prometheus_us(&out, &f, NULL, 10);
	prometheus_us(&out, &f, NULL, 0);
	prometheus_real(&out, &f, NULL, 0.0009794);
	prometheus_integer(&out, &f, NULL, INT64_MAX);
	prometheus_integer(&out, &f, NULL, INT64_MIN);
	CHECK_STR(buf_text(&out), "x 1795191542.468\nx -60.001\nx 2\nx 0.00001\nx 0\nx 0.0009794\nx 9223372036854775807\n"
		"x -9223372036854775808\n");
	buf_free(&out);
}

TEST(a_histogram_adds_up)
{
	const struct family f = {"x_seconds", "histogram", {"r"}, "Help."};
	struct histogram h = {0};
	const char *text;

	histogram_add(&h, histogram_times, 500);
	histogram_add(&h, histogram_times, 501);
	histogram_add(&h, histogram_times, 10000001);
	histogram_add(&h, histogram_times, -5);
	buf_init(&out, 4096);
	prometheus_histogram(&out, &f, (const char *const[]){"/"}, &h, histogram_times, 1000000);
	text = buf_text(&out);
	HAS(text, "x_seconds_bucket{r=\"/\",le=\"0.0005\"} 2");
	HAS(text, "x_seconds_bucket{r=\"/\",le=\"0.001\"} 3");
	HAS(text, "x_seconds_bucket{r=\"/\",le=\"10\"} 3");
	HAS(text, "x_seconds_bucket{r=\"/\",le=\"+Inf\"} 4");
	HAS(text, "x_seconds_sum{r=\"/\"} 10.001002");
	HAS(text, "x_seconds_count{r=\"/\"} 4");
	CHECK_INT(lines_of(text, "x_seconds_bucket"), HISTOGRAM_BOUNDS + 1);
	for (int i = 1; i < HISTOGRAM_BOUNDS; i++)
		CHECK(histogram_times[i] > histogram_times[i - 1] && histogram_sizes[i] > histogram_sizes[i - 1]);
	CHECK_INT(histogram_sizes[HISTOGRAM_BOUNDS - 1], WRITER_BATCH);
	buf_free(&out);
}

TEST(families_are_named_once_and_as_prometheus_wants)
{
	for (int i = 0; i < METRIC_COUNT; i++) {
		const struct family *f = &metrics_families[i];
		size_t len;

		CHECK(f->name && f->type && f->help);
		len = strlen(f->name);
		CHECK(strspn(f->name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len);
		CHECK(strncmp(f->name, "parkmesh_", 9) == 0 || strncmp(f->name, "process_", 8) == 0);
		CHECK_INT(strcmp(f->name + len - 6, "_total") == 0, strcmp(f->type, "counter") == 0);
		CHECK(!strpbrk(f->help, "\\\n|"));
		for (int k = 0; k < i; k++)
			CHECK(strcmp(metrics_families[k].name, f->name) != 0);
	}
}

TEST(requests_are_counted_by_route_and_status)
{
	const struct metrics_look look = {.traffic = &traffic, .writer = &writer};
	const char *text;

	memset(&traffic, 0, sizeof traffic);
	traffic_note(&traffic, &routes[0], 200, 400);
	traffic_note(&traffic, &routes[0], 200, 40000);
	traffic_note(&traffic, &routes[routes_count - 1], 303, 1);
	traffic_note(&traffic, NULL, 404, 1);
	traffic_note(&traffic, NULL, 418, 1);
	traffic_note(&traffic, NULL, 999, 1);
	text = text_of(&look);
	HAS(text, "parkmesh_http_requests_total{method=\"GET\",route=\"/healthz\",code=\"200\"} 2");
	HAS(text, "parkmesh_http_request_duration_seconds_bucket{method=\"GET\",route=\"/healthz\",le=\"0.0005\"} 1");
	HAS(text, "parkmesh_http_request_duration_seconds_count{method=\"GET\",route=\"/healthz\"} 2");
	HAS(text, "parkmesh_http_requests_total{method=\"OTHER\",route=\"unknown\",code=\"404\"} 1");
	HAS(text, "parkmesh_http_requests_total{method=\"OTHER\",route=\"unknown\",code=\"other\"} 2");
	CHECK_INT(lines_of(text, "parkmesh_http_requests_total{"), 4);
	CHECK_INT(lines_of(text, "parkmesh_http_request_duration_seconds_count{"), 3);
	buf_free(&out);
}

/* Every family is there, whatever is known: who looks for one finds its help. */
TEST(without_a_database_there_is_what_the_program_knows)
{
	const struct metrics_look look = {.traffic = &traffic, .writer = &writer, .threads = 4,
		.usage = {.resident_bytes = -1, .open_fds = -1}};
	const char *text = text_of(&look);

	CHECK_INT(lines_of(text, "# TYPE "), METRIC_COUNT);
	CHECK_INT(lines_of(text, "# HELP "), METRIC_COUNT);
	HAS(text, "parkmesh_database_readable 0");
	HAS(text, "parkmesh_request_threads 4");
	CHECK_INT(lines_of(text, "parkmesh_condition"), 0);
	CHECK_INT(lines_of(text, "parkmesh_disk_free_bytes"), 0);
	CHECK_INT(lines_of(text, "process_resident_memory_bytes"), 0);
	CHECK_INT(lines_of(text, "parkmesh_p2pd_running"), 0);
	buf_free(&out);
}

static void fill_peer(struct peer_look *p, const char *id, bool told)
{
	snprintf(p->status.id, sizeof p->status.id, "%s", id);
	snprintf(p->status.state, sizeof p->status.state, "refused");
	p->told = told;
	p->status.rtt_ms = -1;
	p->status.behind = 12;
	p->status.ahead = -1;
	p->status.clock_offset_ms = -61500;
	p->status.clock_known = told;
}

TEST(of_peers_what_is_not_known_is_left_out)
{
	struct metrics_rows *rows = calloc(1, sizeof *rows);
	struct metrics_look look = {.traffic = &traffic, .writer = &writer, .rows = rows};
	const char *text;

	CHECK(rows);
	rows->mesh = calloc(1, sizeof *rows->mesh);
	CHECK(rows->mesh);
	rows->mesh->count = 2;
	fill_peer(&rows->mesh->peer[0], "central-2", true);
	fill_peer(&rows->mesh->peer[1], "central-3", false);
	rows->condition[0] = (struct condition){.code = CONDITION_CONFLICTS, .number = 7};
	rows->condition[1] = rows->condition[2] = (struct condition){.code = CONDITION_PEER_REFUSED};
	rows->conditions = 3;
	rows->mesh->warning[0] = rows->mesh->warning[1] = (struct warning){.code = WARNING_FORK};
	rows->mesh->warnings = 2;
	text = text_of(&look);
	HAS(text, "parkmesh_peer_state{peer=\"central-2\",state=\"refused\"} 1");
	HAS(text, "parkmesh_peer_state{peer=\"central-2\",state=\"unknown\"} 0");
	HAS(text, "parkmesh_peer_state{peer=\"central-3\",state=\"unknown\"} 1");
	HAS(text, "parkmesh_peer_state{peer=\"central-3\",state=\"refused\"} 0");
	HAS(text, "parkmesh_peer_behind_records{peer=\"central-2\"} 12");
	HAS(text, "parkmesh_peer_clock_offset_seconds{peer=\"central-2\"} -61.5");
	CHECK_INT(lines_of(text, "parkmesh_peer_behind_records{"), 1);
	CHECK_INT(lines_of(text, "parkmesh_peer_round_trip_seconds{"), 0);
	CHECK_INT(lines_of(text, "parkmesh_peer_ahead_records{"), 0); /* -1: nobody knows, as of a central of the older system */
	HAS(text, "parkmesh_conflicts_open 7");
	HAS(text, "parkmesh_condition{condition=\"conflicts\"} 1");
	HAS(text, "parkmesh_condition{condition=\"peer_refused\"} 1");
	HAS(text, "parkmesh_condition{condition=\"peer_down\"} 0");
	CHECK_INT(lines_of(text, "parkmesh_condition{"), CONDITION_CODES);
	HAS(text, "parkmesh_warnings{code=\"fork\"} 2");
	HAS(text, "parkmesh_warnings{code=\"rolled_back\"} 0");
	CHECK_INT(lines_of(text, "parkmesh_mesh_messages_total{"), 0);
	buf_free(&out);
	free(rows->mesh);
	free(rows);
}

/* As much as there can ever be has to fit. */
TEST(the_largest_answer_fits)
{
	struct metrics_rows *rows = calloc(1, sizeof *rows);
	struct metrics_look look = {.traffic = &traffic, .writer = &writer, .rows = rows};

	CHECK(rows);
	rows->mesh = calloc(1, sizeof *rows->mesh);
	CHECK(rows->mesh);
	rows->mesh->running = true;
	rows->mesh->count = MESH_PEERS_MAX;
	rows->mesh->counted = MESH_COUNTS_MAX;
	for (size_t i = 0; i < MESH_PEERS_MAX; i++)
		fill_peer(&rows->mesh->peer[i], "a-central-with-the-longest-of-ids", true);
	for (size_t i = 0; i < routes_count; i++)
		for (size_t k = 0; k < RESPONSE_STATUSES; k++)
			traffic_note(&traffic, &routes[i], response_status(k), 1);
	CHECK(text_of(&look)[0] != '\0');
	CHECK(!out.failed);
	CHECK(out.len < METRICS_MAX / 2);
	buf_free(&out);
	free(rows->mesh);
	free(rows);
}

TEST_MAIN
