#include "link_list.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "listen.h"
#include "loop.h"

#define ACCEPT_AT_ONCE 4 /* so that in a flood a newcomer is served a few times before its place is the oldest */

static bool on_listener(void *arg)
{
	struct links *l = arg;
	char address[HOST_SIZE];
	for (int n = 0; n < ACCEPT_AT_ONCE; n++) {
		int fd;
		enum err e = listen_accept(l->listener_fd, &fd, address, sizeof(address));
		if (e == ERR_NOT_FOUND)
			return true;
		if (e) { /* no descriptors left: closed, so that it does not spin, and opened again when the loop next looks */
			journal_error("event=accept_failed port=%d", l->port);
			l->listener = NULL;
			return false;
		}
		link_adopt(l, fd, address);
	}
	return true;
}

bool links_listen(struct links *l, const char *address, int port)
{
	char why[128] = "the loop refused";
	const char *to = address ? address : "";
	if (l->listener && port == l->port && strcmp(to, l->address) == 0)
		return true;
	loop_unwatch(l->listener);
	l->listener = NULL;
	l->port = port;
	(void)text_copy(l->address, sizeof(l->address), to);
	enum err e = listen_open(address, port, &l->listener_fd, why, sizeof(why));
	if (!e)
		e = loop_watch(l->loop, l->listener_fd, on_listener, l, &l->listener);
	bool told = l->listen_error[0] != '\0';
	l->listen_error[0] = '\0';
	if (e)
		(void)text_format(l->listen_error, sizeof(l->listen_error), "Port %d cannot be listened on: %s.", port, why);
	if (!e)
		journal_info("event=listening address=%s port=%d", address ? address : "any", port);
	else if (!told)
		journal_error("event=not_listening port=%d why=\"%s\"", port, why);
	return !e;
}

const char *links_listen_error(const struct links *l)
{
	return l->listen_error;
}
