#include "history_csv.h"

#include <poll.h>

#include "base/text.h"
#include "base/zone.h"
#include "cors.h"
#include "csv.h"
#include "history_row.h"
#include "serve.h"

#define PAGE_ROWS 500
#define NAME_BYTES 80

struct page { struct buf *out; int64_t count; struct history_cursor last; };

static enum err add_row(void *arg, const struct history_row *row)
{
	struct page *page = arg;

	csv_history_row(page->out, row);
	page->last = (struct history_cursor){row->begin_ts, row->id};
	page->count++;
	return page->out->failed ? ERR_MEMORY : ERR_NONE;
}

/* The next page into the body; filter moves on behind it. done: it was the last. */
static enum err read_page(struct call *c, struct history_filter *filter, int64_t *left, bool *done, struct fault *fault)
{
	struct page page = {.out = &c->response.body};
	enum err e = call_read(c, fault);

	filter->limit = *left < PAGE_ROWS ? *left : PAGE_ROWS;
	if (e == ERR_NONE)
		e = history_list(c->desk->db, filter, add_row, &page);
	call_read_end(c);
	*left -= page.count;
	*done = page.count < filter->limit || *left == 0;
	filter->has_after = filter->has_after || page.count > 0;
	if (page.count > 0)
		filter->after = page.last;
	filter->offset = 0;
	return e;
}

static bool ending(const struct call *c)
{
	struct pollfd stop = {.fd = c->app->stop_fd, .events = POLLIN};

	return poll(&stop, 1, 0) > 0;
}

static void begin(struct call *c)
{
	struct response *r = &c->response;
	char now[ZONE_TEXT], name[NAME_BYTES];

	response_reset(r);
	r->type = "text/csv; charset=utf-8";
	zone_text(call_now(c), now);
	text_format(name, sizeof name, "attachment; filename=\"parkmesh-history-%.10s.csv\"", now);
	response_header(r, "Content-Disposition", name);
	cors_add_headers(c);
	buf_str(&r->body, CSV_MARK);
	csv_history_head(&r->body);
}

/* The first page is read before anything is sent, so that a database that cannot be read is said as always. */
static enum err send_all(struct call *c, struct history_filter filter, struct fault *fault)
{
	int64_t left = filter.limit;
	bool done = false, there;
	enum err e;

	begin(c);
	e = read_page(c, &filter, &left, &done, fault);
	if (e != ERR_NONE)
		return e;
	response_stream(&c->response, &c->request);
	while ((there = response_chunk(&c->response, &c->request)) && !done && e == ERR_NONE)
		e = ending(c) ? ERR_UNAVAILABLE : read_page(c, &filter, &left, &done, fault);
	/* Gone, or so slow that it was given up: then it must not take what it has for all. */
	c->request.cut = !there && !c->request.head;
	return e;
}

enum err history_csv(struct call *c, const struct history_filter *filter, struct fault *fault)
{
	int most = c->app->threads / 4 > 0 ? c->app->threads / 4 : 1;
	enum err e;

	if (atomic_fetch_add(&c->app->streaming, 1) < most)
		e = send_all(c, *filter, fault);
	else
		e = fault_set(fault, ERR_UNAVAILABLE, "busy", "", "Too many files are being sent; try again when one is done.");
	atomic_fetch_sub(&c->app->streaming, 1);
	return e;
}
