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
		link_adopt(l, fd, address, false);
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

static bool on_old_listener(void *arg)
{
	struct links *l = arg;
	char address[HOST_SIZE];
	enum err e = ERR_NONE;
	int fd;
	for (int n = 0; !e && n < ACCEPT_AT_ONCE; n++) {
		e = listen_accept(l->old_fd, &fd, address, sizeof(address));
		if (!e)
			link_adopt(l, fd, "", true);
	}
	if (!e || e == ERR_NOT_FOUND)
		return true;
	journal_error("event=accept_failed path=%s", l->old_path);
	l->old_listener = NULL;
	return false;
}

void links_listen_old(struct links *l, const char *path)
{
	char why[128] = "the loop refused";
	if (l->old_listener || !path[0])
		return;
	bool told = l->old_path[0] != '\0';
	(void)text_copy(l->old_path, sizeof(l->old_path), path);
	enum err e = listen_open_path(path, &l->old_fd, why, sizeof(why));
	if (!e)
		e = loop_watch(l->loop, l->old_fd, on_old_listener, l, &l->old_listener);
	if (e && !told)
		journal_error("event=not_listening path=%s why=\"%s\"", path, why);
}
