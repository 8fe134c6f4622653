#include "input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum err input_read(const char *path, struct buf *out, struct fault *fault)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	char part[4096];
	size_t len;
	int failed;

	if (!file)
		return fault_set(fault, ERR_SYSTEM, "file", "", "%.120s cannot be read: %s.", path, strerror(errno));
	while (!out->failed && (len = fread(part, 1, sizeof part, file)) > 0)
		buf_add(out, part, len);
	failed = ferror(file) ? errno : 0;
	if (!standard)
		fclose(file);
	explicit_bzero(part, sizeof part);
	if (failed)
		return fault_set(fault, ERR_SYSTEM, "file", "", "%.120s cannot be read: %s.", path, strerror(failed));
	if (out->failed)
		return fault_set(fault, ERR_TOO_LARGE, "file", "", "%.120s is larger than %zu bytes. Is it the right file?", path, out->limit);
	return ERR_NONE;
}
