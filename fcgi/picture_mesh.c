#include "picture_mesh.h"

#include <math.h>
#include <string.h>

#include "base/text.h"

#define HALF_TURN 3.14159265358979323846
#define MIDDLE_X (PICTURE_WIDTH / 2.0)
#define REACH_X 136.0      /* of the circle that the others stand on, sideways */
#define NAMED_MARGIN 62    /* above and below it: half a node, and what is said of it */
#define BARE_MARGIN 18
#define OWN_RADIUS 44
#define NAMED_RADIUS 15
#define NUMBERED_LEAST 8.0 /* a smaller node has no room for a number */
#define LINE 13            /* of text */
#define SHORT_NAME 12      /* characters that a name beside a node has at most */

struct place { double x, y; };
struct plan { double reach_y, middle_y, radius; int height; bool named; };

static const char *const names[LINK_STATES] = {
	[LINK_CONNECTED] = "connected", [LINK_CONNECTING] = "connecting", [LINK_LOST] = "lost", [LINK_REFUSED] = "refused",
	[LINK_UNKNOWN] = "unknown",
};

static const char *const signs[LINK_STATES] = {
	[LINK_CONNECTED] = "✓", [LINK_CONNECTING] = "…", [LINK_LOST] = "✕", [LINK_REFUSED] = "⊘", [LINK_UNKNOWN] = "?",
};

const char *link_state_name(enum link_state s)
{
	return names[s];
}

/* The more there are, the higher the circle, so that what is said of each has room. */
static struct plan make_plan(size_t count)
{
	struct plan p = {.named = count <= MESH_NAMED, .radius = NAMED_RADIUS};
	double around, spread;
	int margin = p.named ? NAMED_MARGIN : BARE_MARGIN;

	p.reach_y = count == 0 ? OWN_RADIUS - margin + 4 : count <= 2 ? 30 : count <= 4 ? 95 : count <= 8 ? 140 : 195;
	p.middle_y = margin + p.reach_y;
	p.height = (int)(2 * p.middle_y);
	around = 2 * HALF_TURN * sqrt((REACH_X * REACH_X + p.reach_y * p.reach_y) / 2);
	spread = count > 0 ? around / (double)count / 2 - 1 : 0;
	if (!p.named)
		p.radius = spread < 3 ? 3 : spread > 13 ? 13 : spread;
	return p;
}

/* The first at the top, on by the clock; two of them left and right. */
static struct place place_of(const struct plan *p, size_t i, size_t count)
{
	double turn = 2 * HALF_TURN * (double)i / (double)count - (count == 2 ? HALF_TURN : HALF_TURN / 2);

	if (count == 1)
		turn = 0;
	return (struct place){MIDDLE_X + REACH_X * cos(turn), p->middle_y + p->reach_y * sin(turn)};
}

/* Tenths as whole numbers, so that no locale writes them in its way. */
static void put(struct buf *out, const char *attribute, double value)
{
	int tenths = (int)(value * 10 + 0.5);

	buf_printf(out, " %s=\"%d.%d\"", attribute, tenths / 10, tenths % 10);
}

static void write_text(struct buf *out, const char *class, double x, double y, const char *text)
{
	buf_printf(out, "<text class=\"%s\"", class);
	put(out, "x", x);
	put(out, "y", y);
	buf_str(out, ">");
	picture_text(out, text);
	buf_str(out, "</text>\n");
}

/* Names of one site mostly differ at their end. */
static void shorten(const char *id, char out[SHORT_NAME * 4])
{
	size_t len = strlen(id);

	if (len <= SHORT_NAME)
		text_copy(out, SHORT_NAME * 4, id);
	else
		text_format(out, SHORT_NAME * 4, "%.4s…%s", id, id + len - (SHORT_NAME - 5));
}

static void draw_link(struct buf *out, const struct plan *p, const struct place *at, enum link_state s)
{
	buf_printf(out, "<line class=\"link %s\"", names[s]);
	put(out, "x1", MIDDLE_X);
	put(out, "y1", p->middle_y);
	put(out, "x2", at->x);
	put(out, "y2", at->y);
	buf_str(out, "/>\n");
}

/* Outwards of the node, where no link passes: name, state, distance. */
static void say_node(struct buf *out, const struct plan *p, const struct place *at, const struct mesh_node *n)
{
	bool above = at->y < p->middle_y - 1;
	double lines = n->distance[0] ? 3 : 2, y = above ? at->y - p->radius - 5 - (lines - 1) * LINE : at->y + p->radius + LINE;
	char name[SHORT_NAME * 4];

	shorten(n->id, name);
	write_text(out, "id", at->x, y, name);
	write_text(out, "word", at->x, y + LINE, n->word);
	if (n->distance[0])
		write_text(out, "word", at->x, y + 2 * LINE, n->distance);
}

static void draw_node(struct buf *out, const struct plan *p, const struct place *at, const struct mesh_node *n, size_t number)
{
	char text[24];

	buf_printf(out, "<g class=\"node %s\">\n<title>", names[n->state]);
	picture_text(out, n->id);
	buf_str(out, " · ");
	picture_text(out, n->word);
	buf_str(out, n->distance[0] ? " · " : "");
	picture_text(out, n->distance);
	buf_str(out, "</title>\n<circle");
	put(out, "cx", at->x);
	put(out, "cy", at->y);
	put(out, "r", p->radius);
	buf_str(out, "/>\n");
	text_format(text, sizeof text, "%zu", number);
	if (p->named)
		write_text(out, "sign", at->x, at->y + 5, signs[n->state]);
	else if (p->radius >= NUMBERED_LEAST)
		write_text(out, "sign small", at->x, at->y + 4, text);
	buf_str(out, "</g>\n");
}

static void draw_own(struct buf *out, const struct plan *p, const struct mesh_picture *m)
{
	char name[SHORT_NAME * 4];

	shorten(m->own, name);
	buf_printf(out, "<g class=\"node own\">\n<title>");
	picture_text(out, m->own);
	buf_str(out, " · ");
	picture_text(out, m->own_word);
	buf_str(out, "</title>\n<circle");
	put(out, "cx", MIDDLE_X);
	put(out, "cy", p->middle_y);
	put(out, "r", OWN_RADIUS);
	buf_str(out, "/>\n");
	write_text(out, "id", MIDDLE_X, p->middle_y, name);
	write_text(out, "word", MIDDLE_X, p->middle_y + LINE, m->own_word);
	buf_str(out, "</g>\n");
}

void picture_mesh(struct buf *out, const struct mesh_picture *m)
{
	struct plan p = make_plan(m->count);
	struct place at;

	picture_begin(out, "mesh", p.height, m->title, m->desc);
	for (size_t i = 0; i < m->count; i++) {
		at = place_of(&p, i, m->count);
		draw_link(out, &p, &at, m->node[i].state);
	}
	draw_own(out, &p, m);
	for (size_t i = 0; i < m->count; i++) {
		at = place_of(&p, i, m->count);
		draw_node(out, &p, &at, &m->node[i], i + 1);
		if (p.named)
			say_node(out, &p, &at, &m->node[i]);
	}
	picture_end(out);
}
