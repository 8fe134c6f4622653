#include "link_list.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "resolve.h"
#include "wire/message.h"
#include "wire/old_message.h"

#define LINKS_ACCEPTED 300
#define NET_BYTES 8 /* of an IPv6 address: the part that one site is given */

/* ---- the layer, as link.h has it ---- */

enum err links_new(const struct links_told *told, const struct links_told *old_told, struct tls *tls, struct links **out)
{
	struct links *l = calloc(1, sizeof(*l));
	if (!l)
		return ERR_MEMORY;
	l->told = *told;
	l->old_told = *old_told;
	l->tls = tls;
	*out = l;
	return ERR_NONE;
}

void links_free(struct links *l)
{
	if (!l)
		return;
	while (l->first)
		link_free(l, l->first);
	resolver_close(l->resolver);
	free(l);
}

bool links_leaving(const struct links *l)
{
	for (const struct link *k = l->first; k; k = k->next)
		if (k->state == LINK_CLOSING && k->wsi)
			return true;
	return false;
}

/* ---- links ---- */

struct link *link_of_id(const struct links *l, uint64_t id)
{
	for (struct link *k = l->first; k; k = k->next)
		if (k->id == id)
			return k;
	return NULL;
}

struct link *link_of_wsi(const struct links *l, const struct lws *wsi)
{
	for (struct link *k = l->first; k; k = k->next)
		if (k->wsi == wsi)
			return k;
	return NULL;
}

struct link *link_new(struct links *l, enum link_state state, bool accepted, const char *address)
{
	struct link *k = !accepted || l->accepted < LINKS_ACCEPTED ? calloc(1, sizeof(*k)) : NULL;
	if (!k)
		return NULL;
	k->state = state;
	k->accepted = accepted;
	k->reading = true;
	k->id = ++l->last_id;
	(void)text_copy(k->address, sizeof(k->address), address);
	k->next = l->first;
	l->first = k;
	l->accepted += accepted;
	return k;
}

size_t *link_unfinished(struct links *l, const struct link *k)
{
	return k->old ? &l->unfinished_old : &l->unfinished;
}

static size_t message_limit(const struct link *k)
{
	if (!k->trusted)
		return MESSAGE_MAX_BEFORE_AUTH;
	return k->old ? OLD_MESSAGE_MAX : MESSAGE_MAX;
}

bool link_assemble(struct links *l, struct link *k, const void *bytes, size_t len, size_t more)
{
	size_t before = k->rx.cap;
	if (before == 0)
		k->rx_began = ++l->messages_begun;
	bool fits = assembly_add(&k->rx, bytes, len, more, message_limit(k));
	*link_unfinished(l, k) += k->rx.cap - before;
	return fits && (!k->old || l->unfinished_old <= OLD_UNFINISHED_MAX);
}

void link_free(struct links *l, struct link *k)
{
	struct link **at = &l->first;
	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	l->accepted -= k->accepted;
	*link_unfinished(l, k) -= k->rx.cap;
	free(k->rx.data);
	queue_free(&k->tx);
	free(k);
}

static bool same_place(const char *a, const char *b)
{
	unsigned char x[16], y[16];
	if (strcmp(a, b) == 0)
		return true;
	return inet_pton(AF_INET6, a, x) == 1 && inet_pton(AF_INET6, b, y) == 1 && memcmp(x, y, NET_BYTES) == 0;
}

static bool is_stranger(const struct link *k)
{
	return k->accepted && !k->trusted && !k->dropped && k->state != LINK_ENDED;
}

static size_t strangers_from(const struct links *l, const char *address)
{
	size_t count = 0;
	for (const struct link *k = l->first; k; k = k->next)
		count += is_stranger(k) && (!address || same_place(k->address, address));
	return count;
}

/* Going from the newest to the oldest, the last of equals counts. */
struct link *link_in_the_way(const struct links *l, const char *address)
{
	struct link *found = NULL;
	size_t most = 0;
	if (strangers_from(l, NULL) < LINK_STRANGERS)
		return NULL;
	for (struct link *k = l->first; k; k = k->next) {
		size_t count = is_stranger(k) ? strangers_from(l, k->address) + same_place(k->address, address) : 0;
		if (count == 0 || count < most)
			continue;
		most = count;
		found = k;
	}
	return found;
}

struct link *link_stalled(const struct links *l)
{
	struct link *found = NULL;
	for (struct link *k = l->first; k; k = k->next)
		if (k->rx.cap > 0 && !k->old && k->state == LINK_OPEN && (!found || k->rx_began < found->rx_began))
			found = k;
	return found;
}

static const struct { const char *begin; enum cause cause; const char *why; } failure[] = {
	{"Unable", CAUSE_UNREACHABLE, "the connection was refused, or there is no way to it"},
	{"Timed", CAUSE_NO_ANSWER, "time-out"},
	{"connect SSL", CAUSE_NO_TLS, "it does not speak TLS there, or broke off"},
	{"HS:", CAUSE_NOT_A_CENTRAL, "what answers there is no central"},
};

void link_failed(struct link *k, const char *text, size_t len)
{
	const char *why = "it could not be connected to";
	for (size_t i = 0; text && i < sizeof(failure) / sizeof(failure[0]); i++) {
		size_t begin = strlen(failure[i].begin);
		if (len >= begin && memcmp(text, failure[i].begin, begin) == 0) {
			why = failure[i].why;
			k->cause = failure[i].cause;
		}
	}
	(void)text_format(k->why, sizeof(k->why), "No connection to %s port %d: %s.", k->address, k->port, why);
}
