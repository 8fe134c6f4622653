#include "loop.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/journal.h"
#include "link.h"
#include "queue.h"

#define WATCH_PROTOCOL "parkmesh-watch"
#define READ_BYTES 65600
#define HANDSHAKE_S 5
#define FDS_MAX 720
#define GOODBYE_S 2
#define LINGER_S 1          /* after our close frame, for who does not answer it */

struct loop {
	struct lws_context *context;
	struct lws_vhost *visited;         /* NULL: no visitors are received */
	struct lws_protocols protocols[4], visitor_protocols[2];
	lws_retry_bo_t patience;
	struct loop_visited told;
	struct loop_timer *first;          /* those that are set, by when they are due */
	int clock_fd;                      /* a timerfd: readable from armed_us on */
	int64_t armed_us;
	bool stopping;
};
struct loop_visitor {
	struct lws *wsi;
	const struct loop *loop;
	void *mine;
	struct queue tx;
	int code;
	const char *why;
	bool said, lingers;
};
struct loop_timer { struct loop *loop; void (*fire)(void *arg); void *arg; struct loop_timer *next; int64_t due_us; bool set; };
struct loop_watch { struct lws *wsi; bool (*ready)(void *arg); void *arg; };

static int on_watch(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct loop_watch *watch = lws_get_opaque_user_data(wsi);
	(void)user;
	(void)in;
	(void)len;
	if (reason == LWS_CALLBACK_RAW_RX_FILE && watch)
		return watch->ready(watch->arg) ? 0 : -1;
	if (reason == LWS_CALLBACK_RAW_CLOSE_FILE) {
		lws_set_opaque_user_data(wsi, NULL);
		free(watch);
	}
	return 0;
}

/* What libwebsockets has to say goes into the journal; it says more than operators want, so only its errors. */
static void on_log(int level, const char *line)
{
	(void)level;
	journal_warning("event=libwebsockets line=\"%.*s\"", (int)strcspn(line, "\n"), line);
}

/* Pages shrink to a tenth or less, for 2 ms of a core a MB (HACKING.md has the figures). Nothing is kept from one message to the next, so
 * what compressing needs is there only while a message is being packed or unpacked. */
static const struct lws_extension extensions[] = {
	{"permessage-deflate", lws_extension_callback_pm_deflate,
		"permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits"},
	{NULL, NULL, NULL},
};

/* ---- timers: libwebsockets' own wait in whole ms and spin for the rest, up to a ms each time ---- */

static int64_t now_us(void)
{
	return (int64_t)lws_now_usecs();
}

/* It is set anew before the next wait, which makes it unreadable. */
static bool on_clock(void *arg)
{
	(void)arg;
	return true;
}

static enum err clock_start(struct loop *loop)
{
	struct loop_watch *watch;
	loop->clock_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	return loop->clock_fd < 0 ? ERR_SYSTEM : loop_watch(loop, loop->clock_fd, on_clock, loop, &watch);
}

/* Only if it would be late: a system call for every timer that is put off costs more than waking too early now and then. */
static void arm(struct loop *loop)
{
	int64_t now = now_us(), due = loop->first ? loop->first->due_us : INT64_MAX, left = due > now ? due - now : 0;
	if (loop->armed_us > now && loop->armed_us <= due)
		return;
	const struct itimerspec at = {.it_value = {.tv_sec = left / 1000000, .tv_nsec = left ? left % 1000000 * 1000 : 1}};
	(void)timerfd_settime(loop->clock_fd, 0, &at, NULL);
	loop->armed_us = due;
}

static void take_out(struct loop_timer *timer)
{
	struct loop_timer **at = &timer->loop->first;
	if (!timer->set)
		return;
	while (*at != timer)
		at = &(*at)->next;
	*at = timer->next;
	timer->set = false;
}

/* Those whose time has come now; connections have their turn before the ones that are set meanwhile. */
static void fire_due(struct loop *loop)
{
	int64_t now = now_us();
	while (loop->first && loop->first->due_us <= now) {
		struct loop_timer *timer = loop->first;
		take_out(timer);
		timer->fire(timer->arg);
	}
}

/* ---- the loop ---- */

enum err loop_open(void *user, struct ssl_ctx_st *dialling, struct loop **out)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	if (!loop)
		return ERR_MEMORY;
	lws_set_log_level(LLL_ERR, on_log);
	/* The first one gets what has no other protocol: plain HTTP, and wsi coming and going. */
	link_protocol_fill("http", &loop->protocols[0]);
	link_protocol_fill(LINK_PROTOCOL, &loop->protocols[1]);
	loop->protocols[2] = (struct lws_protocols){.name = WATCH_PROTOCOL, .callback = on_watch};
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER, .protocols = loop->protocols, .user = user, .timeout_secs = HANDSHAKE_S,
		.keepalive_timeout = HANDSHAKE_S, .pt_serv_buf_size = READ_BYTES, .fd_limit_per_thread = FDS_MAX,
		/* that both are taken at one port starts OpenSSL, too */
		.options = LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS | LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX |
			LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT | LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER,
		.extensions = extensions, .provided_client_ssl_ctx = dialling, .alpn = "http/1.1", /* or HTTP/2 would be offered, too */
	};
	loop->context = lws_create_context(&info);
	if (!loop->context || clock_start(loop) != ERR_NONE) {
		loop_close(loop);
		return ERR_SYSTEM;
	}
	*out = loop;
	return ERR_NONE;
}

void loop_close(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->context)
		lws_context_destroy(loop->context);
	free(loop);
}

struct lws_context *loop_context(const struct loop *loop)
{
	return loop->context;
}

struct lws_vhost *loop_vhost(const struct loop *loop)
{
	return lws_get_vhost_by_name(loop->context, "default");
}

enum err loop_run(struct loop *loop)
{
	while (!loop->stopping) {
		fire_due(loop);
		arm(loop);
		if (lws_service(loop->context, 0) < 0)
			return ERR_SYSTEM;
	}
	return ERR_NONE;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
	lws_cancel_service(loop->context);
}

enum err loop_watch(struct loop *loop, int fd, bool (*ready)(void *arg), void *arg, struct loop_watch **out)
{
	struct loop_watch *watch = malloc(sizeof(*watch));
	if (!watch) {
		close(fd);
		return ERR_MEMORY;
	}
	*watch = (struct loop_watch){.ready = ready, .arg = arg};
	const lws_adopt_desc_t desc = {.vh = loop_vhost(loop), .type = LWS_ADOPT_RAW_FILE_DESC, .fd = {.filefd = fd},
		.vh_prot_name = WATCH_PROTOCOL, .opaque = watch};
	watch->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	if (!watch->wsi) {
		free(watch);
		return ERR_SYSTEM;
	}
	*out = watch;
	return ERR_NONE;
}

void loop_unwatch(struct loop_watch *watch)
{
	if (watch)
		lws_set_timeout(watch->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_SYNC);
}

/* ---- visitors ---- */

/* What libwebsockets packs (permessage-deflate) it reads from the message itself, bit by bit as there is room, until it asks for more:
 * so the message stays until then. */
bool loop_pour(struct lws *wsi, struct queue *q)
{
	if (q->lent)
		queue_pop(q);
	while (q->first) {
		struct chunk *c = q->first;
		if (lws_write(wsi, c->data + CHUNK_ROOM, c->len, LWS_WRITE_TEXT) < (int)c->len)
			return false;
		q->lent = lws_send_pipe_choked(wsi);
		if (q->lent)
			break;
		queue_pop(q);
	}
	if (q->first)
		lws_callback_on_writable(wsi);
	return true;
}

static int visitor_writeable(struct loop_visitor *v)
{
	unsigned char why[100];
	if (!v->code)
		return loop_pour(v->wsi, &v->tx) ? 0 : -1;
	if (v->said) { /* asked once more: what still comes is read meanwhile, as closing before takes our last frame with it */
		if (!v->lingers)
			lws_set_timeout(v->wsi, PENDING_TIMEOUT_CLOSE_ACK, LINGER_S);
		v->lingers = true;
		return 0;
	}
	size_t len = strnlen(v->why, sizeof(why));
	memcpy(why, v->why, len);
	v->said = true;
	lws_close_reason(v->wsi, (enum lws_close_status)v->code, why, len);
	return -1;
}

/* Before wsi is set it is still being taken over: whoever does that frees it. */
static void visitor_gone(struct loop_visitor *v)
{
	lws_set_opaque_user_data(v->wsi, NULL);
	v->loop->told.gone(v->mine);
	queue_free(&v->tx);
	free(v);
}

static void visitor_heard(const struct loop_visitor *v, const char *bytes, size_t len)
{
	const struct loop_heard part = {.bytes = bytes, .len = len, .expect = lws_remaining_packet_payload(v->wsi),
		.final = lws_is_final_fragment(v->wsi), .binary = lws_frame_is_binary(v->wsi)};
	if (!v->code)
		v->loop->told.heard(v->mine, &part);
}

static int on_visitor(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct loop_visitor *v = lws_get_opaque_user_data(wsi);
	(void)user;
	if (reason == LWS_CALLBACK_HTTP)
		return -1;
	if (!v || !v->wsi)
		return 0;
	switch ((int)reason) { /* of the hundred reasons there are */
	case LWS_CALLBACK_ESTABLISHED:
		v->loop->told.opened(v->mine);
		return 0;
	case LWS_CALLBACK_RECEIVE:
		visitor_heard(v, in, len);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return visitor_writeable(v);
	case LWS_CALLBACK_WSI_DESTROY:
		visitor_gone(v);
		return 0;
	default:
		return 0;
	}
}

enum err loop_receive_visitors(struct loop *loop, const struct loop_visited *told)
{
	loop->told = *told;
	loop->patience = (lws_retry_bo_t){.secs_since_valid_ping = VISITOR_PING_S, .secs_since_valid_hangup = VISITOR_SILENT_S};
	loop->visitor_protocols[0] = (struct lws_protocols){.name = "visitors", .callback = on_visitor};
	/* libwebsockets looks by port and Host for the virtual host of a request, so the port has to be another than that of the links. */
	const struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN, .vhost_name = "visitors", .protocols = loop->visitor_protocols,
		.retry_and_idle_policy = &loop->patience, .keepalive_timeout = HANDSHAKE_S,
	};
	loop->visited = lws_create_vhost(loop->context, &info);
	return loop->visited ? ERR_NONE : ERR_SYSTEM;
}

enum err loop_visitor_new(struct loop *loop, int fd, void *mine, struct loop_visitor **out)
{
	struct loop_visitor *v = calloc(1, sizeof(*v));
	if (!v) {
		close(fd);
		return ERR_MEMORY;
	}
	v->loop = loop;
	v->mine = mine;
	const lws_adopt_desc_t desc = {.vh = loop->visited, .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP, .fd = {.sockfd = fd}, .opaque = v};
	v->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	if (!v->wsi) {
		free(v);
		return ERR_SYSTEM;
	}
	*out = v;
	return ERR_NONE;
}

void loop_visitor_header(const struct loop_visitor *v, const char *name, char *out, size_t size)
{
	if (lws_hdr_custom_copy(v->wsi, out, (int)size, name, (int)strlen(name)) < 0)
		out[0] = '\0';
}

void loop_visitor_send(struct loop_visitor *v, const char *bytes, size_t len)
{
	if (v->code)
		return;
	if (queue_add(&v->tx, bytes, len))
		lws_callback_on_writable(v->wsi);
	else
		lws_set_timeout(v->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
}

void loop_visitor_reading(struct loop_visitor *v, bool on)
{
	if (!v->code)
		lws_rx_flow_control(v->wsi, on);
}

size_t loop_visitor_queued(const struct loop_visitor *v)
{
	return v->tx.bytes;
}

bool loop_visitor_leaving(const struct loop_visitor *v)
{
	return v->code && !v->said;
}

void loop_visitor_end(struct loop_visitor *v, int code, const char *why)
{
	if (v->code)
		return;
	v->code = code;
	v->why = why;
	queue_free(&v->tx);
	lws_rx_flow_control(v->wsi, 1); /* its close frame, or that it has gone */
	lws_set_timeout(v->wsi, PENDING_TIMEOUT_CLOSE_SEND, GOODBYE_S);
	lws_callback_on_writable(v->wsi);
}

/* ---- timers ---- */

enum err loop_timer_new(struct loop *loop, void (*fire)(void *arg), void *arg, struct loop_timer **out)
{
	struct loop_timer *timer = calloc(1, sizeof(*timer));
	if (!timer)
		return ERR_MEMORY;
	timer->loop = loop;
	timer->fire = fire;
	timer->arg = arg;
	*out = timer;
	return ERR_NONE;
}

void loop_timer_free(struct loop_timer *timer)
{
	if (!timer)
		return;
	take_out(timer);
	free(timer);
}

void loop_timer_set(struct loop_timer *timer, int64_t delay_us)
{
	struct loop_timer **at = &timer->loop->first;
	take_out(timer);
	timer->due_us = now_us() + (delay_us > 0 ? delay_us : 0);
	while (*at && (*at)->due_us <= timer->due_us)
		at = &(*at)->next;
	timer->next = *at;
	timer->set = true;
	*at = timer;
}
