#include "base/usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define SECOND_US 1000000

static void look_at_memory(struct usage *out)
{
	FILE *f = fopen("/proc/self/statm", "re");
	int64_t pages, resident;

	if (!f)
		return;
	if (fscanf(f, "%" SCNd64 " %" SCNd64, &pages, &resident) == 2) {
		out->virtual_bytes = pages * sysconf(_SC_PAGESIZE);
		out->resident_bytes = resident * sysconf(_SC_PAGESIZE);
	}
	fclose(f);
}

static int64_t count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	const struct dirent *entry;
	int64_t count = 0;

	if (!folder)
		return -1;
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count - 1; /* the folder's own */
}

void usage_look(struct usage *out)
{
	struct rusage used = {0};
	struct rlimit limit = {0};

	getrusage(RUSAGE_SELF, &used);
	getrlimit(RLIMIT_NOFILE, &limit);
	*out = (struct usage){
		.cpu_us = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * (int64_t)SECOND_US + used.ru_utime.tv_usec + used.ru_stime.tv_usec,
		.resident_bytes = -1, .virtual_bytes = -1, .open_fds = count_fds(), .max_fds = (int64_t)limit.rlim_cur,
	};
	look_at_memory(out);
}
