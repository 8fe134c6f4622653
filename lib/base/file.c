#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

static enum err unreadable(const char *path, struct fault *fault)
{
	return fault_set(fault, errno == ENOENT ? ERR_NOT_FOUND : ERR_SYSTEM, "file", "", "%.120s cannot be read: %s.", path, strerror(errno));
}

static enum err read_all(int fd, const char *path, struct buf *out, struct fault *fault)
{
	char part[4096];
	struct stat st;
	ssize_t len;

	if (fstat(fd, &st) < 0)
		return unreadable(path, fault);
	if (!S_ISREG(st.st_mode))
		return fault_set(fault, ERR_SYSTEM, "file", "", "%.120s is no plain file; put one there.", path);
	while ((len = read(fd, part, sizeof part)) > 0 && !out->failed)
		buf_add(out, part, (size_t)len);
	if (len < 0)
		return unreadable(path, fault);
	if (out->failed)
		return fault_set(fault, ERR_TOO_LARGE, "file", "", "%.120s is larger than %zu KiB; shorten it.", path, out->limit / 1024);
	return ERR_NONE;
}

enum err file_read(const char *path, struct buf *out, struct fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum err e;

	if (fd < 0)
		return unreadable(path, fault);
	e = read_all(fd, path, out, fault);
	close(fd);
	return e;
}

bool file_sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd;
	bool good;

	errno = ENAMETOOLONG;
	if (!text_copy(copy, sizeof copy, path))
		return false;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = fd >= 0 && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return good;
}
