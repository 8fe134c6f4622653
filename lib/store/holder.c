#include "store/holder.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define STAT_BYTES 512

/* The beginning of a small file of /proc, "" if it cannot be read. */
static void read_start(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(out, 1, size - 1, f) : 0;

	out[len] = '\0';
	if (f)
		fclose(f);
}

/* Stopped by a signal: state T in its stat, behind the name, which may hold anything. */
static bool is_stopped(const char *pid)
{
	char path[PATH_MAX], stat[STAT_BYTES];
	const char *name_end;

	if (!text_format(path, sizeof path, "/proc/%s/stat", pid))
		return false;
	read_start(path, stat, sizeof stat);
	name_end = strrchr(stat, ')');
	return name_end && strncmp(name_end, ") T", 3) == 0;
}

/* Does it hold a lock on this file by the descriptor fd? A descriptor's info has a line for each lock that is held by it. */
static bool holds_by(const char *pid, const char *fd, const struct stat *file)
{
	char path[PATH_MAX], info[STAT_BYTES * 2];
	struct stat opened;

	if (!text_format(path, sizeof path, "/proc/%s/fd/%s", pid, fd) || stat(path, &opened) != 0)
		return false;
	if (opened.st_dev != file->st_dev || opened.st_ino != file->st_ino)
		return false;
	if (!text_format(path, sizeof path, "/proc/%s/fdinfo/%s", pid, fd))
		return false;
	read_start(path, info, sizeof info);
	return strstr(info, "FLOCK") != NULL;
}

static bool holds(const char *pid, const struct stat *file)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (!text_format(path, sizeof path, "/proc/%s/fd", pid) || !(dir = opendir(path)))
		return false;
	while (!found && (entry = readdir(dir)) != NULL)
		found = entry->d_name[0] != '.' && holds_by(pid, entry->d_name, file);
	closedir(dir);
	return found;
}

/* 0: it is no process, it goes on, it does not hold the lock, or it may not be ended. */
static pid_t end_if_stopped(const char *pid, const struct stat *file)
{
	int64_t number;
	pid_t ended = 0;
	int fd;

	if (!number_parse(pid, INT32_MAX, &number) || number < 1)
		return 0;
	fd = pidfd_open((pid_t)number, 0); /* first: what is looked at below is what is ended, even if the number is used again */
	if (fd < 0)
		return 0;
	if (is_stopped(pid) && holds(pid, file) && pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0)
		ended = (pid_t)number;
	close(fd);
	return ended;
}

pid_t holder_end_stopped(const char *db_path)
{
	char path[PATH_MAX];
	const struct dirent *entry;
	struct stat file;
	pid_t ended = 0;
	DIR *dir;

	if (!text_format(path, sizeof path, "%s-lock", db_path) || stat(path, &file) != 0 || !(dir = opendir("/proc")))
		return 0;
	while (!ended && (entry = readdir(dir)) != NULL)
		ended = end_if_stopped(entry->d_name, &file);
	closedir(dir);
	return ended;
}
