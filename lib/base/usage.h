/* What this process takes of the machine. */
#ifndef PARKMESH_BASE_USAGE_H
#define PARKMESH_BASE_USAGE_H

#include <stdint.h>

struct usage {
	int64_t cpu_us;          /* user and system, of all threads */
	int64_t resident_bytes;  /* -1, as the next two: not known (no /proc) */
	int64_t virtual_bytes;
	int64_t open_fds;
	int64_t max_fds;
};

void usage_look(struct usage *out);

#endif
