#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum err notify_open(const char *path, int *fd)
{
	struct stat status;
	int opened;

	if (mkfifo(path, 0600) < 0 && errno != EEXIST)
		return ERR_SYSTEM;
	opened = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (opened < 0)
		return ERR_SYSTEM;
	if (fstat(opened, &status) < 0 || !S_ISFIFO(status.st_mode)) {
		close(opened);
		return ERR_SYSTEM;
	}
	*fd = opened;
	return ERR_NONE;
}

void notify_ring(int fd)
{
	while (write(fd, "", 1) < 0 && errno == EINTR)
		;
}

int notify_drain(int fd)
{
	char rings[512];
	int found = 0;
	ssize_t got;

	do {
		got = read(fd, rings, sizeof rings);
		if (got > 0)
			found = 1;
	} while (got > 0 || (got < 0 && errno == EINTR));
	return found;
}
