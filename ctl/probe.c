#include "probe.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "place.h"
#include "store/site.h"

#define PORT_PATIENCE_MS 3000

/* The first address of ip and port; free with freeaddrinfo. */
static struct addrinfo *resolve(const char *ip, int port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	char service[16];

	text_format(service, sizeof service, "%d", port);
	return getaddrinfo(ip, service, &hints, &found) == 0 ? found : NULL;
}

/* 0, or why it cannot be bound. */
static int try_bind(const struct addrinfo *address)
{
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), why = 0, on = 1;

	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(fd, address->ai_addr, address->ai_addrlen) < 0)
		why = errno;
	close(fd);
	return why;
}

bool probe_port(const char *ip, int port, const struct world *world)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int64_t until = world_mono_ms(world) + PORT_PATIENCE_MS;
	struct addrinfo *address = resolve(ip, port);
	char endpoint[ENDPOINT_SIZE];
	int why;

	endpoint_text(ip, port, endpoint);
	if (!address) {
		fprintf(stderr, "parkmesh-central: %s is no address of this machine. Choose another --ip.\n", ip);
		return false;
	}
	while ((why = try_bind(address)) == EADDRINUSE && world_mono_ms(world) < until)
		nanosleep(&pause, NULL);
	freeaddrinfo(address);
	if (why)
		fprintf(stderr, "parkmesh-central: cannot listen on %s: %s. Choose another address or port.\n", endpoint, strerror(why));
	return why == 0;
}

static bool ask_health(int fd, const struct addrinfo *address)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	static const char good[] = "HTTP/1.1 200 ";
	const struct timeval patience = {.tv_usec = 500000};
	char answer[sizeof good - 1];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	return connect(fd, address->ai_addr, address->ai_addrlen) == 0
		&& send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)(sizeof request - 1)
		&& recv(fd, answer, sizeof answer, MSG_WAITALL) == (ssize_t)sizeof answer
		&& memcmp(answer, good, sizeof answer) == 0;
}

bool probe_health(const char *ip, int port)
{
	struct addrinfo *address = resolve(ip, port);
	bool good = false;
	int fd;

	if (!address)
		return false;
	fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		good = ask_health(fd, address);
		close(fd);
	}
	freeaddrinfo(address);
	return good;
}

int64_t probe_mesh(struct db *db)
{
	struct mesh_status status;

	return mesh_status_read(db, &status) == ERR_NONE ? status.updated_ms : -1;
}
