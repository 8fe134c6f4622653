#include "fcgi/edges.h"

#include "base/text.h"
#include "test.h"

static struct gate_ask ask_of(const char *edge, const char *plate)
{
	struct gate_ask a = {.confidence = -1};

	text_copy(a.edge_id, sizeof a.edge_id, edge);
	text_copy(a.plate_id, sizeof a.plate_id, plate);
	return a;
}

static void remember(struct edges *e, const char *edge, const char *plate, const char *view)
{
	struct gate_ask a = ask_of(edge, plate);

	text_copy(a.plate_view, sizeof a.plate_view, view);
	text_copy(a.camera_type, sizeof a.camera_type, "moto");
	a.confidence = 0.5;
	edges_remember(e, &a);
}

static bool knows(struct edges *e, const char *edge)
{
	struct gate_ask a = ask_of(edge, "29A12345");

	edges_recall(e, &a);
	return a.plate_view[0] != '\0';
}

TEST(fills_in_what_is_missing)
{
	struct edges *e;
	struct gate_ask a;

	CHECK_INT(edges_open(&e), ERR_NONE);
	remember(e, "edge-1", "29A12345", "29A-123.45");
	a = ask_of("edge-1", "29A12345");
	edges_recall(e, &a);
	CHECK_STR(a.plate_view, "29A-123.45");
	CHECK_STR(a.camera_type, "moto");
	CHECK(a.confidence == 0.5);
	a = ask_of("edge-1", "29A12345");
	text_copy(a.plate_view, sizeof a.plate_view, "29A 12345");
	edges_recall(e, &a);
	CHECK_STR(a.plate_view, "29A 12345");
	edges_close(e);
}

TEST(only_the_same_edge_and_its_last_plate)
{
	struct edges *e;
	struct gate_ask a;

	CHECK_INT(edges_open(&e), ERR_NONE);
	remember(e, "edge-1", "29A12345", "29A-123.45");
	CHECK(!knows(e, "edge-2"));
	remember(e, "edge-1", "51F67890", "51F-678.90");
	CHECK(!knows(e, "edge-1"));
	a = ask_of("edge-1", "51F67890");
	edges_recall(e, &a);
	CHECK_STR(a.plate_view, "51F-678.90");
	edges_close(e);
}

TEST(the_oldest_is_forgotten_first)
{
	struct edges *e;
	char edge[NAME_SIZE];

	CHECK_INT(edges_open(&e), ERR_NONE);
	for (int i = 0; i < EDGES_MAX; i++) {
		text_format(edge, sizeof edge, "edge-%d", i);
		remember(e, edge, "29A12345", "29A-123.45");
	}
	remember(e, "edge-0", "29A12345", "29A-123.45");
	CHECK(knows(e, "edge-1"));
	remember(e, "one-more", "29A12345", "29A-123.45");
	CHECK(knows(e, "one-more"));
	CHECK(knows(e, "edge-0"));
	CHECK(!knows(e, "edge-1"));
	CHECK(knows(e, "edge-2"));
	edges_close(e);
}

TEST_MAIN
