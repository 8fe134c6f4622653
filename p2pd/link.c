#include "link.h"

#include <libwebsockets.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/text.h"
#include "base/trust.h"
#include "legacy.h"
#include "link_list.h"
#include "loop.h"
#include "resolve.h"
#include "store/site.h"
#include "tls.h"

#define QUEUE_SHORT (256u * 1024)
#define FLUSH_S 2
#define STRANGER_US 5500000 /* from accept to AUTH; half a second more than the mesh gives, so that it tells the usual cases */
#define STUCK_US 10000000   /* messages are to leave, and none does; as long as the mesh waits for an ACK */
#define PATIENCE_US 2000000 /* of a full house with messages that are not finished */
#define OLD_LOST_MS 30000   /* an old central whose machine takes nothing for so long is gone; it acknowledges nothing itself */
#define RX_BYTES 65600      /* larger reads: 60 % more throughput with pages than with the usual 4 KiB */
/* What one read unpacks to has to fit at once: libwebsockets 4.1.6 leaves the rest in the buffer it reads into, which all connections
 * share, and comes back to it when others have been read. A message that would not fit is larger than any may be. */
#define UNPACKED_BYTES (1u << 19)
#define UNPACKED_POWER "19"
#define PACKED_POWER "16" /* as usual it would leave in frames of 1 KiB, each with a TLS record and a system call of its own */

_Static_assert(UNPACKED_BYTES > MESSAGE_MAX, "a message has to be unpacked at once");
_Static_assert(CHUNK_ROOM >= LWS_PRE, "libwebsockets needs more room before a message");

static const struct links_told *told_of(const struct links *l, const struct link *k)
{
	return k->old ? &l->old_told : &l->told;
}

/* It is over; the reaper tells and frees it, when nobody up the stack still uses it. */
static void end(struct links *l, struct link *k, const char *why)
{
	if (k->state == LINK_ENDED)
		return;
	k->state = LINK_ENDED;
	k->wsi = NULL;
	if (!k->why[0])
		(void)text_copy(k->why, sizeof(k->why), why);
	if (!l->stopped)
		loop_timer_set(l->reaper, 0);
}

static void tell_closed(struct links *l, struct link *k)
{
	char why[sizeof(k->why)];
	uint64_t id = k->id;
	enum cause cause = k->cause;
	bool tell = !k->closed_by_mesh && !l->stopped;
	const struct links_told *told = told_of(l, k);
	(void)text_copy(why, sizeof(why), k->why);
	link_free(l, k);
	if (tell)
		told->closed(told->self, id, cause, why);
}

static void reap(void *arg)
{
	struct links *l = arg;
	for (struct link *k = l->first; k;) {
		bool ended = k->state == LINK_ENDED;
		if (ended)
			tell_closed(l, k);
		k = ended ? l->first : k->next; /* the callee may have changed the list */
	}
}

/* ---- dialling and accepting ---- */

static void connect_to(struct links *l, struct link *k)
{
	const struct lws_client_connect_info info = {
		.context = loop_context(l->loop), .vhost = loop_vhost(l->loop), .address = k->address, .port = k->port,
		.path = k->http ? OLD_PATH : "/", .host = k->address, .origin = k->address, .protocol = k->old ? NULL : LINK_PROTOCOL,
		.local_protocol_name = k->old ? LINK_OLD_PROTOCOL : LINK_PROTOCOL, .pwsi = &k->wsi,
		.ssl_connection = k->tls ? LCCSCF_USE_SSL | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK : 0,
	};
	k->state = LINK_CONNECTING;
	k->cause = CAUSE_UNREACHABLE;
	if (!lws_client_connect_via_info(&info))
		end(l, k, "It could not be connected to.");
}

static enum err begin_dial(struct links *l, const struct link *how, const char *host, int port, uint64_t *link)
{
	struct link *k = link_new(l, LINK_RESOLVING, false, host);
	if (!k)
		return ERR_MEMORY;
	k->old = how->old;
	k->http = how->http;
	k->tls = how->tls;
	k->port = port;
	k->cause = CAUSE_UNKNOWN_HOST;
	*link = k->id;
	if (address_is_numeric(host))
		connect_to(l, k);
	else if (resolve_start(l->resolver, k->id, host) != ERR_NONE)
		end(l, k, "Its host name could not be looked up.");
	return ERR_NONE;
}

static enum err dial(void *self, const char *host, int port, bool tls, uint64_t *link)
{
	return begin_dial(self, &(struct link){.tls = tls}, host, port, link);
}

static enum err dial_old(void *self, const char *host, int port, bool http, uint64_t *link)
{
	return begin_dial(self, &(struct link){.old = true, .http = http}, host, port, link);
}

static bool on_resolved(void *arg)
{
	struct links *l = arg;
	uint64_t id;
	char address[HOST_SIZE];
	while (resolve_next(l->resolver, &id, address, sizeof(address)) == ERR_NONE) {
		struct link *k = link_of_id(l, id);
		if (!k || k->state != LINK_RESOLVING)
			continue;
		(void)text_copy(k->address, sizeof(k->address), address);
		if (k->old)
			l->old_told.resolved(l->old_told.self, k->id, address);
		if (address[0])
			connect_to(l, k);
		else
			end(l, k, "Its host name is not known.");
	}
	return true;
}

/* Close it, from wherever this is called; WSI_DESTROY follows. */
static void drop(struct link *k, const char *why)
{
	(void)text_copy(k->why, sizeof(k->why), why);
	if (k->wsi)
		lws_set_timeout(k->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_ASYNC);
}

/* A stranger's place for a newcomer; see link_list.h for whose. */
static void make_room(const struct links *l, const char *address)
{
	struct link *k = link_in_the_way(l, address);
	if (!k)
		return;
	k->dropped = true;
	drop(k, "Too many that have not proven themselves; a newcomer got its place.");
}

void link_adopt(struct links *l, int fd, const char *address, bool nginx)
{
	make_room(l, address);
	struct link *k = link_new(l, LINK_CONNECTING, true, address);
	if (!k) {
		journal_debug("event=not_accepted address=%s why=\"too many connections\"", address);
		close(fd);
		return;
	}
	const lws_adopt_desc_t desc = {.vh = loop_vhost(l->loop), .fd = {.sockfd = fd},
		.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP | (nginx ? 0 : LWS_ADOPT_ALLOW_SSL)};
	k->nginx = nginx;
	k->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	if (k->wsi)
		lws_set_timer_usecs(k->wsi, STRANGER_US);
	else
		end(l, k, "It could not be accepted.");
}

/* ---- reading ---- */

static void read_or_not(const struct links *l, struct link *k)
{
	bool reading = !k->held && !l->full;
	if (reading == k->reading || !k->wsi || k->state == LINK_CONNECTING)
		return;
	k->reading = reading;
	lws_rx_flow_control(k->wsi, reading);
}

static void weigh(struct links *l)
{
	bool full = l->unfinished + l->waiting > LINK_UNFINISHED_MAX;
	if (full == l->full)
		return;
	l->full = full;
	if (full)
		loop_timer_set(l->patience, PATIENCE_US);
	for (struct link *k = l->first; k; k = k->next)
		read_or_not(l, k);
}

void links_balance(struct links *l, size_t waiting)
{
	l->waiting = waiting;
	weigh(l);
}

/* Nothing was read for a while, and nothing will be as long as nobody goes: those go that have taken longest, until a quarter of
 * the room is free. What is dropped is freed when libwebsockets has closed it. */
static void make_way(void *arg)
{
	struct links *l = arg;
	size_t left = l->unfinished;
	struct link *k;
	if (!l->full)
		return;
	while (left + l->waiting > LINK_UNFINISHED_MAX / 4 * 3 && (k = link_stalled(l)) != NULL) {
		left -= k->rx.cap;
		k->state = LINK_CLOSING;
		drop(k, "It did not finish a message while too many others waited.");
	}
	if (left < l->unfinished) /* else what waits for the disk fills the house, and nobody is to blame */
		journal_warning("event=unfinished_dropped bytes=%zu", l->unfinished - left);
	loop_timer_set(l->patience, PATIENCE_US);
}

static void received(struct links *l, struct link *k, const void *bytes, size_t len)
{
	const struct links_told *told = told_of(l, k);
	size_t size;
	if (k->state != LINK_OPEN)
		return;
	if (lws_frame_is_binary(k->wsi)) {
		told->fault(told->self, k->id, "A binary message came; only text is spoken here.");
		return;
	}
	bool fits = link_assemble(l, k, bytes, len, lws_remaining_packet_payload(k->wsi));
	weigh(l);
	if (!fits) {
		told->fault(told->self, k->id, "A message came that is too large.");
		return;
	}
	if (!lws_is_final_fragment(k->wsi))
		return;
	*link_unfinished(l, k) -= k->rx.cap;
	char *message = assembly_take(&k->rx, &size);
	told->message(told->self, k->id, message, size);
}

/* ---- writing and closing ---- */

/* Anew whenever something has left. A timer that is not needed any more is not cancelled but ignored when it fires: cancelling as
 * libwebsockets 4.1.6 documents it makes it fire at once. */
static void watch_leaving(const struct link *k)
{
	if (k->trusted && k->tx.first)
		lws_set_timer_usecs(k->wsi, STUCK_US);
}

/* Dropped, not closed as one that is told: libwebsockets would wait 5 s more for the end of a TLS handshake. */
static void out_of_time(struct link *k)
{
	if (!k->trusted || k->tx.first)
		drop(k, k->trusted ? "It does not read what it is sent." : "Time-out: it did not prove itself within 5 s.");
}

static int writeable(struct links *l, struct link *k)
{
	bool was_long = k->tx.bytes >= QUEUE_SHORT;
	if (!loop_pour(k->wsi, &k->tx) || (!k->tx.first && k->state == LINK_CLOSING))
		return -1;
	watch_leaving(k);
	if (was_long && k->tx.bytes < QUEUE_SHORT && k->state == LINK_OPEN)
		told_of(l, k)->drained(told_of(l, k)->self);
	return 0;
}

static void send_message(void *self, uint64_t link, const char *bytes, size_t len)
{
	const struct links *l = self;
	struct link *k = link_of_id(l, link);
	if (!k || k->state != LINK_OPEN)
		return;
	bool first = !k->tx.first;
	if (queue_add(&k->tx, bytes, len)) {
		lws_callback_on_writable(k->wsi);
		if (first)
			watch_leaving(k);
	} else {
		lws_set_timeout(k->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
	}
}

static bool certificate(void *self, uint64_t link, unsigned char hash[CERT_HASH_BYTES])
{
	const struct link *k = link_of_id(self, link);
	if (!k || !k->tls)
		return false;
	memcpy(hash, k->certificate, CERT_HASH_BYTES);
	return true;
}

static size_t queued(void *self, uint64_t link)
{
	const struct link *k = link_of_id(self, link);
	return k ? k->tx.bytes : 0;
}

static void trust(void *self, uint64_t link)
{
	struct link *k = link_of_id(self, link);
	if (!k)
		return;
	k->trusted = true;
	if (k->wsi)
		watch_leaving(k);
}

static void reading(void *self, uint64_t link, bool on)
{
	struct link *k = link_of_id(self, link);
	if (k) {
		k->held = !on;
		read_or_not(self, k);
	}
}

static void close_link(void *self, uint64_t link, const char *why)
{
	struct links *l = self;
	struct link *k = link_of_id(l, link);
	if (!k || k->closed_by_mesh)
		return;
	k->closed_by_mesh = true;
	(void)text_copy(k->why, sizeof(k->why), why);
	if (k->state == LINK_ENDED)
		return;
	bool leaving = k->state == LINK_OPEN && k->tx.first;
	k->state = LINK_CLOSING;
	if (!k->wsi) {
		end(l, k, why);
		return;
	}
	lws_set_timeout(k->wsi, PENDING_TIMEOUT_CLOSE_SEND, leaving ? FLUSH_S : LWS_TO_KILL_ASYNC);
	if (leaving)
		lws_callback_on_writable(k->wsi);
}

/* ---- libwebsockets ---- */

/* The dialect knows no answers, so the system has to say whether what is sent arrives. */
static void watch_arrival(const struct link *k)
{
	const unsigned lost = OLD_LOST_MS;
	(void)setsockopt(lws_get_socket_fd(k->wsi), IPPROTO_TCP, TCP_USER_TIMEOUT, &lost, sizeof(lost));
}

static int opened(struct links *l, struct link *k)
{
	const struct links_told *told = told_of(l, k);
	const struct ssl_st *ssl = lws_get_ssl(k->wsi);
	if (k->state != LINK_CONNECTING || (k->tls && !ssl) || (ssl && !tls_hash(ssl, k->accepted, k->certificate)))
		return -1;
	k->tls = ssl != NULL;
	k->state = LINK_OPEN;
	k->cause = CAUSE_NONE;
	if (k->old)
		watch_arrival(k);
	(void)lws_set_extension_option(k->wsi, "permessage-deflate", "rx_buf_size", UNPACKED_POWER);
	(void)lws_set_extension_option(k->wsi, "permessage-deflate", "tx_buf_size", PACKED_POWER);
	read_or_not(l, k);
	told->opened(told->self, k->id, k->address);
	return 0;
}

/* An old central of the newer form, which came by nginx: that says where from. */
static int filter_nginx(const struct links *l, struct lws *wsi, struct link *k)
{
	char path[sizeof(OLD_PATH)] = "";
	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) < 0 || strcmp(path, OLD_PATH) != 0)
		return -1;
	if (lws_hdr_copy(wsi, k->address, sizeof(k->address), WSI_TOKEN_HTTP_X_REAL_IP) <= 0)
		return -1;
	k->old = k->http = true;
	return l->old_told.knows(l->old_told.self, k->address, true) ? 0 : -1;
}

/* Only our protocol, only at "/", is let through the WebSocket handshake; and at "/" without any protocol an old central. */
static int filter(const struct links *l, struct lws *wsi, struct link *k)
{
	char path[4] = "";
	const struct lws_protocols *protocol = lws_get_protocol(wsi);
	if (k && k->nginx)
		return filter_nginx(l, wsi, k);
	if (lws_hdr_copy(wsi, path, sizeof(path), WSI_TOKEN_GET_URI) != 1 || path[0] != '/')
		return -1;
	if (strcmp(protocol->name, LINK_PROTOCOL) == 0)
		return 0;
	if (!k || lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) > 0 || !l->old_told.knows(l->old_told.self, k->address, false))
		return -1;
	k->old = true;
	return 0;
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct links *l = lws_context_user(lws_get_context(wsi));
	struct link *k = l && !l->stopped ? link_of_wsi(l, wsi) : NULL;
	if (reason == LWS_CALLBACK_HTTP)
		return -1;
	if (reason == LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION)
		return l ? filter(l, wsi, k) : -1;
	if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS && l)
		return tls_listening(l->tls, user) ? 0 : -1;
	if (!k)
		return 0;
	switch ((int)reason) { /* of the hundred reasons there are */
	case LWS_CALLBACK_ESTABLISHED:
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		return opened(l, k);
	case LWS_CALLBACK_CONFIRM_EXTENSION_OKAY:
	case LWS_CALLBACK_CLIENT_CONFIRM_EXTENSION_SUPPORTED:
		return k->old; /* whose messages are larger than can be unpacked */
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		link_failed(k, in, len);
		return 0;
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_CLIENT_RECEIVE:
		received(l, k, in, len);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return k->state == LINK_OPEN || k->state == LINK_CLOSING ? writeable(l, k) : 0;
	case LWS_CALLBACK_TIMER:
		out_of_time(k);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY:
		end(l, k, k->state == LINK_OPEN ? "The other side closed the connection, or it broke." : "The handshake did not succeed.");
		return 0;
	default:
		return 0;
	}
}

void link_protocol_fill(const char *name, struct lws_protocols *out)
{
	*out = (struct lws_protocols){.name = name, .callback = on_lws,
		.rx_buffer_size = strcmp(name, LINK_PROTOCOL) == 0 ? UNPACKED_BYTES : RX_BYTES};
}

/* ---- the layer ---- */

enum err links_start(struct links *l, struct loop *loop)
{
	int fd;
	struct loop_watch *watch;
	l->loop = loop;
	enum err e = loop_timer_new(loop, reap, l, &l->reaper);
	if (!e)
		e = loop_timer_new(loop, make_way, l, &l->patience);
	if (!e)
		e = resolver_open(&l->resolver, &fd);
	return e ? e : loop_watch(loop, fd, on_resolved, l, &watch);
}

void links_stop(struct links *l)
{
	l->stopped = true;
	loop_timer_free(l->reaper);
	loop_timer_free(l->patience);
	l->reaper = l->patience = NULL;
}

void links_table(struct links *l, struct mesh_links *out)
{
	*out = (struct mesh_links){
		.self = l, .dial = dial, .certificate = certificate, .send = send_message, .queued = queued, .trust = trust, .reading = reading,
		.close = close_link,
	};
}

static bool is_http(void *self, uint64_t link)
{
	const struct link *k = link_of_id(self, link);
	return k && k->http;
}

void links_old_table(struct links *l, struct legacy_links *out)
{
	*out = (struct legacy_links){
		.self = l, .dial = dial_old, .send = send_message, .queued = queued, .trust = trust, .is_http = is_http, .reading = reading,
		.close = close_link,
	};
}
