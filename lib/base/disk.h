/* Room on the disk that holds the database. */
#ifndef PARKMESH_BASE_DISK_H
#define PARKMESH_BASE_DISK_H

#include <stdbool.h>
#include <stdint.h>

/* With less of it free, records of peers are put off, so that the gates can go on writing, and operators are told. */
#define DISK_LEAST_PERCENT 5

struct disk { int64_t free, size; };  /* bytes; size 0: not known */

/* Look at the disk that holds path, a file or folder. false, and *out all zero, if that cannot be told. */
bool disk_look(const char *path, struct disk *out);
/* Bytes of a file; 0 if there is none. */
int64_t disk_file_bytes(const char *path);
/* Is less than DISK_LEAST_PERCENT free? false if not known. */
bool disk_low(const struct disk *d);

#endif
