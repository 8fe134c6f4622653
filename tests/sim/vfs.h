/*
 * SQLite's files on simulated disks: an SQLite VFS that is made the default one, so that the product opens its databases by
 * its own db_open. A file belongs to the disk whose path its name begins with; one without a name lives in memory until it is
 * closed.
 *
 * Locks of the file and of the shared memory are kept between all connections of a disk, as the kernel does between processes.
 */
#ifndef PARKMESH_SIM_VFS_H
#define PARKMESH_SIM_VFS_H

#include "disk.h"

/* Once at program start. */
void vfs_start(void);
/* SQLite's own dice begin anew with this seed. */
void vfs_seed(uint64_t seed);
/* Files of this disk can be opened from now on, until it is taken away. */
void vfs_add(struct disk *d);
void vfs_remove(const struct disk *d);
/* Who opens files from now on. */
void vfs_process(enum disk_process process);

#endif
