/*
 * A simulated disk: the files of one central, as programs see them (the cache) and as a power cut would leave them.
 *
 * What was written since the last good sync of a file is a list; when the power goes, each of these writes is kept, lost or
 * torn by lot, in pieces of 512 bytes. A sync that fails leaves its writes in the cache, but the disk may never see them, as
 * Linux does.
 *
 * Two processes use a disk (and the checks, who are nobody). One that is to be killed dies at one of its operations: from then
 * on each of them fails and does nothing, until disk_reap. The memory it shared with the other stays as it was at that moment.
 *
 * Failure cases on demand: no room, operations that fail by lot. Nothing of it happens while the disk is calm.
 */
#ifndef PARKMESH_SIM_DISK_H
#define PARKMESH_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../unit/chance.h"

#define DISK_FILES 4
#define DISK_NAME 128
#define DISK_REGIONS 64
#define DISK_PROCESSES 3

enum disk_process { PROCESS_GATE, PROCESS_MESH, PROCESS_NOBODY };
enum disk_operation { DISK_READ = 1, DISK_WRITE = 2, DISK_SYNC = 4, DISK_OTHER = 8 };

struct image { unsigned char *bytes; size_t len, cap; };
struct disk_write { struct disk_write *next; size_t offset, len; bool truncate, doomed; unsigned char bytes[]; };

struct disk_file {
	char name[DISK_NAME];              /* "" no file */
	struct image cache, durable;
	bool lasting;                      /* its name would survive a power cut */
	struct disk_write *first, **last;  /* not on the disk yet */
	struct vfs_file *open;             /* vfs.c: who has it open */
};

struct disk {
	char path[DISK_NAME];              /* of the database */
	struct disk_file file[DISK_FILES];
	unsigned char *region[DISK_REGIONS], *kept[DISK_REGIONS]; /* shared memory, and as it was when somebody died */
	size_t regions, kept_count;
	struct chance chance;
	int64_t room;                      /* bytes that files may still grow by; -1: enough */
	unsigned fails;                    /* kinds of operations (enum disk_operation) that fail … */
	uint64_t one_in;                   /* … one in so many */
	int64_t kill_in[DISK_PROCESSES];   /* operations until it dies; -1: lives. */
	bool power;                        /* whoever dies first, all do: the power goes */
	bool dead[DISK_PROCESSES];
	int calm;
	size_t syncs, writes, torn;        /* so far */
	bool lies;                         /* says that it has synced, and has not: only to see that the checks notice */
};

struct disk *disk_new(const char *path, uint64_t seed);
void disk_free(struct disk *d);

/* The file of that name, made if wanted; NULL: there is none (or no room for another name). */
struct disk_file *disk_find(struct disk *d, const char *name, bool make);
void disk_remove(struct disk_file *f);

/* May this process do such an operation now? 0 yes, else it fails: 1 for a fault of the disk, 2 because the process is dead. */
int disk_refuses(struct disk *d, enum disk_process process, enum disk_operation operation);
/* false: no room for it. */
bool disk_write(struct disk *d, struct disk_file *f, const void *bytes, size_t len, size_t offset);
void disk_truncate(struct disk_file *f, size_t len);
void disk_sync(struct disk *d, struct disk_file *f, bool fails);

/* The process has died (killed) or ended and has no file open any more. */
void disk_reap(struct disk *d, enum disk_process process);
/* The power goes: nobody has a file open. */
void disk_power_cut(struct disk *d);
/* A copy of all files, all of it on the disk; and a disk made to hold just that. Nobody has a file open in either. */
struct disk *disk_copy(const struct disk *d);
void disk_restore(struct disk *d, const struct disk *from);

#endif
