#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/text.h"

#define BACKLOG 128
#define MAPPED "::ffff:" /* an IPv4 address in a socket for both */

static socklen_t address_fill(const char *address, int port, struct sockaddr_storage *out)
{
	struct sockaddr_in *four = (struct sockaddr_in *)out;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)out;
	memset(out, 0, sizeof(*out));
	if (address && inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		return sizeof(*four);
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	if (address && inet_pton(AF_INET6, address, &six->sin6_addr) != 1)
		return 0;
	return sizeof(*six);
}

static int bind_to(const struct sockaddr_storage *to, socklen_t len)
{
	const int on = 1, off = 0;
	int fd = socket(to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (to->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, (const struct sockaddr *)to, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

enum err listen_open(const char *address, int port, int *fd, char *error, size_t size)
{
	struct sockaddr_storage to;
	socklen_t len = address_fill(address, port, &to);
	*fd = len ? bind_to(&to, len) : -1;
	if (*fd < 0 && !address && errno == EAFNOSUPPORT) { /* a machine without IPv6 */
		len = address_fill("0.0.0.0", port, &to);
		*fd = bind_to(&to, len);
	}
	if (*fd >= 0)
		return ERR_NONE;
	char text[128];
	(void)text_copy(error, size, len ? strerror_r(errno, text, sizeof(text)) : "no numeric address");
	return ERR_SYSTEM;
}

enum err listen_open_path(const char *path, int *fd, char *error, size_t size)
{
	struct sockaddr_storage to = {0};
	struct sockaddr_un *here = (struct sockaddr_un *)&to;
	char text[128];
	here->sun_family = AF_UNIX;
	if (!text_copy(here->sun_path, sizeof(here->sun_path), path)) {
		(void)text_copy(error, size, "the path is too long");
		return ERR_SYSTEM;
	}
	(void)unlink(path);
	*fd = bind_to(&to, sizeof(*here));
	if (*fd >= 0 && chmod(path, 0660) == 0)
		return ERR_NONE;
	(void)text_copy(error, size, strerror_r(errno, text, sizeof(text)));
	if (*fd >= 0)
		close(*fd);
	return ERR_SYSTEM;
}

enum err listen_accept(int fd, int *accepted, char *address, size_t size)
{
	struct sockaddr_storage from;
	const int on = 1;
	do {
		socklen_t len = sizeof(from);
		*accepted = accept4(fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (*accepted >= 0) {
			(void)setsockopt(*accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			if (getnameinfo((struct sockaddr *)&from, len, address, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0)
				address[0] = '\0';
			if (strncmp(address, MAPPED, strlen(MAPPED)) == 0 && strchr(address, '.'))
				memmove(address, address + strlen(MAPPED), strlen(address) - strlen(MAPPED) + 1);
			return ERR_NONE;
		}
	} while (errno == EINTR || errno == ECONNABORTED);
	return errno == EAGAIN ? ERR_NOT_FOUND : ERR_SYSTEM;
}
