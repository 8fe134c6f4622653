#include "vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DISKS 64
#define REGION 32768

struct vfs_file {
	sqlite3_file base;
	struct disk *disk;
	struct disk_file *file, own;       /* own: a file without a name */
	enum disk_process process;
	int lock;
	unsigned shared, exclusive;        /* locks held in the shared memory */
	bool mapped;
	struct vfs_file *next;             /* who else has the file open */
};

static struct disk *disks[DISKS];
static size_t disk_count;
static enum disk_process opens_as = PROCESS_NOBODY;
static struct chance dice;

static int refuses(struct vfs_file *f, enum disk_operation operation)
{
	return f->disk ? disk_refuses(f->disk, f->process, operation) : 0;
}

/* ---- reading and writing ---- */

static int file_close(sqlite3_file *file)
{
	struct vfs_file *f = (struct vfs_file *)file;
	struct vfs_file **at = &f->file->open;
	while (*at && *at != f)
		at = &(*at)->next;
	if (*at)
		*at = f->next;
	if (f->file == &f->own)
		disk_remove(&f->own);
	return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *out, int len, sqlite3_int64 offset)
{
	struct vfs_file *f = (struct vfs_file *)file;
	const struct image *i = &f->file->cache;
	size_t want = (size_t)len, at = (size_t)offset, have = at < i->len ? i->len - at : 0;
	if (refuses(f, DISK_READ))
		return SQLITE_IOERR_READ;
	if (have >= want) {
		memcpy(out, i->bytes + at, want);
		return SQLITE_OK;
	}
	memset(out, 0, want);
	if (have > 0)
		memcpy(out, i->bytes + at, have);
	return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 offset)
{
	static struct disk nowhere = {.room = -1};
	struct vfs_file *f = (struct vfs_file *)file;
	if (refuses(f, DISK_WRITE))
		return SQLITE_IOERR_WRITE;
	return disk_write(f->disk ? f->disk : &nowhere, f->file, bytes, (size_t)len, (size_t)offset) ? SQLITE_OK : SQLITE_FULL;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 len)
{
	struct vfs_file *f = (struct vfs_file *)file;
	if (refuses(f, DISK_WRITE))
		return SQLITE_IOERR_TRUNCATE;
	disk_truncate(f->file, (size_t)len);
	return SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int refused = refuses(f, DISK_SYNC);
	(void)flags;
	if (refused == 2)
		return SQLITE_IOERR_FSYNC;
	if (f->disk)
		disk_sync(f->disk, f->file, refused != 0);
	return refused ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *out)
{
	struct vfs_file *f = (struct vfs_file *)file;
	if (refuses(f, DISK_OTHER))
		return SQLITE_IOERR_FSTAT;
	*out = (sqlite3_int64)f->file->cache.len;
	return SQLITE_OK;
}

/* ---- locks of the file ---- */

static int highest_other(const struct vfs_file *f)
{
	int highest = SQLITE_LOCK_NONE;
	for (const struct vfs_file *o = f->file->open; o; o = o->next)
		if (o != f && o->lock > highest)
			highest = o->lock;
	return highest;
}

static int file_lock(sqlite3_file *file, int level)
{
	struct vfs_file *f = (struct vfs_file *)file;
	int other = highest_other(f);
	if (refuses(f, DISK_OTHER))
		return SQLITE_IOERR_LOCK;
	if (level <= f->lock)
		return SQLITE_OK;
	if ((level == SQLITE_LOCK_SHARED && other >= SQLITE_LOCK_PENDING) || (level == SQLITE_LOCK_RESERVED && other >= level) ||
		(level == SQLITE_LOCK_EXCLUSIVE && other >= SQLITE_LOCK_SHARED))
		return SQLITE_BUSY;
	f->lock = level;
	return SQLITE_OK;
}

static int file_unlock(sqlite3_file *file, int level)
{
	struct vfs_file *f = (struct vfs_file *)file;
	if (level < f->lock)
		f->lock = level;
	return SQLITE_OK;
}

static int file_reserved(sqlite3_file *file, int *out)
{
	*out = highest_other((struct vfs_file *)file) >= SQLITE_LOCK_RESERVED;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
	(void)file;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *file)
{
	(void)file;
	return 4096;
}

static int file_traits(sqlite3_file *file)
{
	(void)file;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* ---- shared memory ---- */

static int shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **out)
{
	struct vfs_file *f = (struct vfs_file *)file;
	struct disk *d = f->disk;
	*out = NULL;
	if (!d || size != REGION || region >= DISK_REGIONS || refuses(f, DISK_OTHER))
		return SQLITE_IOERR_SHMMAP;
	f->mapped = true;
	if ((size_t)region >= d->regions && !extend)
		return SQLITE_OK;
	while (d->regions <= (size_t)region) {
		d->region[d->regions] = calloc(1, REGION);
		if (!d->region[d->regions++])
			abort();
	}
	*out = d->region[region];
	return SQLITE_OK;
}

static int shm_lock(sqlite3_file *file, int first, int count, int flags)
{
	struct vfs_file *f = (struct vfs_file *)file;
	unsigned mask = (1u << (first + count)) - (1u << first), shared = 0, exclusive = 0;
	if (flags & SQLITE_SHM_UNLOCK) {
		f->shared &= ~mask;
		f->exclusive &= ~mask;
		return SQLITE_OK;
	}
	if (refuses(f, DISK_OTHER))
		return SQLITE_IOERR_SHMLOCK;
	for (const struct vfs_file *o = f->file->open; o; o = o->next) {
		shared |= o == f ? 0 : o->shared;
		exclusive |= o == f ? 0 : o->exclusive;
	}
	if (((flags & SQLITE_SHM_SHARED) ? exclusive : exclusive | shared) & mask)
		return SQLITE_BUSY;
	*((flags & SQLITE_SHM_SHARED) ? &f->shared : &f->exclusive) |= mask;
	return SQLITE_OK;
}

/* Also a moment to die: the two copies of the index's header are written before and behind one. */
static void shm_barrier(sqlite3_file *file)
{
	(void)refuses((struct vfs_file *)file, DISK_OTHER);
}

/* The last one to leave takes the shared memory along: the next makes it anew from the write-ahead log. */
static int shm_unmap(sqlite3_file *file, int remove)
{
	struct vfs_file *f = (struct vfs_file *)file;
	(void)remove;
	f->mapped = false;
	f->shared = f->exclusive = 0;
	for (const struct vfs_file *o = f->file->open; o; o = o->next)
		if (o->mapped)
			return SQLITE_OK;
	while (f->disk->regions > 0)
		free(f->disk->region[--f->disk->regions]);
	while (f->disk->kept_count > 0)
		free(f->disk->kept[--f->disk->kept_count]);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
	.iVersion = 2, .xClose = file_close, .xRead = file_read, .xWrite = file_write, .xTruncate = file_truncate, .xSync = file_sync,
	.xFileSize = file_size, .xLock = file_lock, .xUnlock = file_unlock, .xCheckReservedLock = file_reserved,
	.xFileControl = file_control, .xSectorSize = file_sector, .xDeviceCharacteristics = file_traits, .xShmMap = shm_map,
	.xShmLock = shm_lock, .xShmBarrier = shm_barrier, .xShmUnmap = shm_unmap,
};

/* ---- names ---- */

static struct disk *disk_of(const char *name)
{
	for (size_t k = 0; name && k < disk_count; k++)
		if (strncmp(name, disks[k]->path, strlen(disks[k]->path)) == 0)
			return disks[k];
	return NULL;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	struct vfs_file *f = (struct vfs_file *)file;
	(void)vfs;
	*f = (struct vfs_file){.disk = disk_of(name), .process = opens_as};
	if (name && !f->disk)
		return SQLITE_CANTOPEN;
	if (!name) {
		f->file = &f->own;
		f->own.last = &f->own.first;
	} else {
		if (refuses(f, DISK_OTHER))
			return SQLITE_CANTOPEN;
		f->file = disk_find(f->disk, name, (flags & SQLITE_OPEN_CREATE) != 0);
	}
	if (!f->file)
		return SQLITE_CANTOPEN;
	f->base.pMethods = &methods;
	f->next = f->file->open;
	f->file->open = f;
	if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct disk *d = disk_of(name);
	struct disk_file *f = d ? disk_find(d, name, false) : NULL;
	(void)vfs;
	(void)sync;
	if (!f)
		return SQLITE_IOERR_DELETE_NOENT;
	if (disk_refuses(d, opens_as, DISK_WRITE))
		return SQLITE_IOERR_DELETE;
	disk_remove(f);
	return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	struct disk *d = disk_of(name);
	const struct disk_file *f = d ? disk_find(d, name, false) : NULL;
	(void)vfs;
	*out = f && (flags != SQLITE_ACCESS_EXISTS || f->cache.len > 0);
	return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
	(void)vfs;
	return text_copy(out, (size_t)size, name) ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_random(sqlite3_vfs *vfs, int len, char *out)
{
	(void)vfs;
	chance_bytes(&dice, out, (size_t)len);
	return len;
}

static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

static int vfs_now(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	(void)vfs;
	*out = 212000000000000;
	return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
	(void)vfs;
	(void)size;
	(void)out;
	return 0;
}

static sqlite3_vfs simulated = {
	.iVersion = 2, .szOsFile = sizeof(struct vfs_file), .mxPathname = DISK_NAME, .zName = "simulated", .xOpen = vfs_open,
	.xDelete = vfs_delete, .xAccess = vfs_access, .xFullPathname = vfs_full_name, .xRandomness = vfs_random, .xSleep = vfs_sleep,
	.xCurrentTimeInt64 = vfs_now, .xGetLastError = vfs_last_error,
};

void vfs_start(void)
{
	if (sqlite3_vfs_register(&simulated, 1) != SQLITE_OK)
		abort();
}

void vfs_seed(uint64_t seed)
{
	dice.state = seed;
	sqlite3_randomness(0, NULL);
}

void vfs_add(struct disk *d)
{
	if (disk_count == DISKS)
		abort();
	disks[disk_count++] = d;
}

void vfs_remove(const struct disk *d)
{
	for (size_t k = 0; k < disk_count; k++)
		if (disks[k] == d)
			disks[k--] = disks[--disk_count];
}

void vfs_process(enum disk_process process)
{
	opens_as = process;
}
