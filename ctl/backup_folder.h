/*
 * The folder of the daily backups of one central: names made of the central and the time, and which of them are old.
 *
 * Only files of just such a name, of this central, are ever looked at; whatever else lies there stays. Nothing is removed before a newer
 * one is good, and the newest FOLDER_LEAST stay whatever their age, so that a clock that is wrong for a day takes none of the last.
 */
#ifndef PARKMESH_CTL_BACKUP_FOLDER_H
#define PARKMESH_CTL_BACKUP_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define FOLDER_LEAST 3

/* "<folder>/parkmesh_<central>_YYYYMMDD-HHMMSS.db", in the site's zone; makes the folder (0700) if it is not there. */
enum err folder_name(const char *folder, const char *central, int64_t now_ms, char *out, size_t size, struct fault *fault);
/* Remove those made before before_ms, and what killed runs left. *removed: how many backups that were. */
enum err folder_tidy(const char *folder, const char *central, int64_t before_ms, size_t *removed, struct fault *fault);

#endif
