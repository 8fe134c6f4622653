#include "base/disk.h"

#include <stddef.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#define PERCENT 100

bool disk_look(const char *path, struct disk *out)
{
	struct statvfs told;

	*out = (struct disk){0};
	if (statvfs(path, &told) != 0 || told.f_blocks == 0)
		return false;
	*out = (struct disk){(int64_t)(told.f_bavail * told.f_frsize), (int64_t)(told.f_blocks * told.f_frsize)};
	return true;
}

int64_t disk_file_bytes(const char *path)
{
	struct stat told;

	return stat(path, &told) == 0 ? told.st_size : 0;
}

bool disk_low(const struct disk *d)
{
	return d->size > 0 && d->free < d->size / PERCENT * DISK_LEAST_PERCENT;
}
