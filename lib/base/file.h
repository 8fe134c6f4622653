/* Reading a file that people write, and having one stay that was put in its place. */
#ifndef PARKMESH_BASE_FILE_H
#define PARKMESH_BASE_FILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/* Append all of a plain file to out, which was given a limit. Never waits, as at a pipe. With fault: ERR_NOT_FOUND, ERR_SYSTEM (it
 * cannot be read, or is no plain file), ERR_TOO_LARGE (above the limit), ERR_MEMORY. */
enum err file_read(const char *path, struct buf *out, struct fault *fault);
/* The names in the folder of path are on the disk when it returns true: what was renamed or linked there stays so. errno says why not. */
bool file_sync_folder(const char *path);

#endif
