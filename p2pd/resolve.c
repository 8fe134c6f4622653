#include "resolve.h"

#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/text.h"
#include "store/site.h"

struct lookup {
	struct gaicb request;
	struct addrinfo hints;
	char host[HOST_SIZE];
	uint64_t link;
	struct lookup *next;
};

struct resolver {
	int fd;
	unsigned turn; /* of a host with several addresses each is tried in turn */
	struct lookup *first;
};

enum err resolver_open(struct resolver **out, int *fd)
{
	struct resolver *r = calloc(1, sizeof(*r));
	if (!r)
		return ERR_MEMORY;
	r->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	*fd = r->fd < 0 ? -1 : fcntl(r->fd, F_DUPFD_CLOEXEC, 0);
	if (*fd < 0) {
		if (r->fd >= 0)
			close(r->fd);
		free(r);
		return ERR_SYSTEM;
	}
	*out = r;
	return ERR_NONE;
}

static void lookup_free(struct lookup *l)
{
	if (l->request.ar_result)
		freeaddrinfo(l->request.ar_result);
	free(l);
}

void resolver_close(struct resolver *r)
{
	if (!r)
		return;
	for (struct lookup *l = r->first; l;) {
		struct lookup *next = l->next;
		if (gai_error(&l->request) != EAI_INPROGRESS || gai_cancel(&l->request) == EAI_CANCELED)
			lookup_free(l);
		l = next;
	}
	close(r->fd);
	free(r);
}

/* In a thread of glibc's. */
static void on_done(union sigval value)
{
	(void)eventfd_write(value.sival_int, 1);
}

enum err resolve_start(struct resolver *r, uint64_t link, const char *host)
{
	struct lookup *l = calloc(1, sizeof(*l));
	if (!l)
		return ERR_MEMORY;
	if (!text_copy(l->host, sizeof(l->host), host)) {
		free(l);
		return ERR_SYSTEM;
	}
	l->link = link;
	l->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	l->request = (struct gaicb){.ar_name = l->host, .ar_request = &l->hints};
	struct gaicb *list[] = {&l->request};
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_done, .sigev_value = {.sival_int = r->fd}};
	if (getaddrinfo_a(GAI_NOWAIT, list, 1, &event) != 0) {
		free(l);
		return ERR_SYSTEM;
	}
	l->next = r->first;
	r->first = l;
	return ERR_NONE;
}

static void take_address(struct resolver *r, const struct addrinfo *list, char *address, size_t size)
{
	unsigned count = 0;
	address[0] = '\0';
	for (const struct addrinfo *a = list; a; a = a->ai_next)
		count++;
	if (count == 0)
		return;
	for (unsigned skip = r->turn++ % count; skip; skip--)
		list = list->ai_next;
	if (getnameinfo(list->ai_addr, list->ai_addrlen, address, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
		address[0] = '\0';
}

enum err resolve_next(struct resolver *r, uint64_t *link, char *address, size_t size)
{
	eventfd_t count;
	(void)eventfd_read(r->fd, &count);
	for (struct lookup **at = &r->first; *at; at = &(*at)->next) {
		struct lookup *l = *at;
		if (gai_error(&l->request) == EAI_INPROGRESS)
			continue;
		take_address(r, l->request.ar_result, address, size);
		*link = l->link;
		*at = l->next;
		lookup_free(l);
		return ERR_NONE;
	}
	return ERR_NOT_FOUND;
}
