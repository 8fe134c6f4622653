#include "disk.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SECTOR 512u

/* Zeroed memory; a simulation without any is over. */
static void *room_for(size_t len)
{
	void *out = calloc(1, len);
	if (!out)
		abort();
	return out;
}

static void image_size(struct image *i, size_t len)
{
	if (len > i->cap) {
		size_t cap = len + len / 2;
		unsigned char *bytes = realloc(i->bytes, cap);
		if (!bytes)
			abort();
		i->bytes = bytes;
		i->cap = cap;
	}
	if (len > i->len)
		memset(i->bytes + i->len, 0, len - i->len);
	i->len = len;
}

static void image_write(struct image *i, const unsigned char *bytes, size_t len, size_t offset)
{
	if (len == 0)
		return;
	if (offset + len > i->len)
		image_size(i, offset + len);
	memcpy(i->bytes + offset, bytes, len);
}

static void image_copy(struct image *to, const struct image *from)
{
	to->len = 0;
	image_write(to, from->bytes, from->len, 0);
}

static void writes_free(struct disk_file *f)
{
	while (f->first) {
		struct disk_write *w = f->first;
		f->first = w->next;
		free(w);
	}
	f->last = &f->first;
}

struct disk *disk_new(const char *path, uint64_t seed)
{
	struct disk *d = room_for(sizeof(*d));
	(void)text_copy(d->path, sizeof(d->path), path);
	d->chance.state = seed;
	d->room = -1;
	for (size_t k = 0; k < DISK_PROCESSES; k++)
		d->kill_in[k] = -1;
	for (size_t k = 0; k < DISK_FILES; k++)
		d->file[k].last = &d->file[k].first;
	return d;
}

void disk_remove(struct disk_file *f)
{
	writes_free(f);
	free(f->cache.bytes);
	free(f->durable.bytes);
	*f = (struct disk_file){.open = f->open};
	f->last = &f->first;
}

static void regions_free(unsigned char **region, size_t *count)
{
	while (*count > 0)
		free(region[--*count]);
}

void disk_free(struct disk *d)
{
	if (!d)
		return;
	for (size_t k = 0; k < DISK_FILES; k++)
		disk_remove(&d->file[k]);
	regions_free(d->region, &d->regions);
	regions_free(d->kept, &d->kept_count);
	free(d);
}

struct disk_file *disk_find(struct disk *d, const char *name, bool make)
{
	struct disk_file *empty = NULL;
	for (size_t k = 0; k < DISK_FILES; k++) {
		if (d->file[k].name[0] && strcmp(d->file[k].name, name) == 0)
			return &d->file[k];
		if (!d->file[k].name[0] && !empty)
			empty = &d->file[k];
	}
	if (make && empty)
		(void)text_copy(empty->name, sizeof(empty->name), name);
	return make ? empty : NULL;
}

/* What the dead one shared with the others stays as it is now, whatever it does to it while its program is unwound. */
static void die(struct disk *d, enum disk_process process)
{
	for (size_t k = 0; k < DISK_PROCESSES; k++)
		d->dead[k] = d->dead[k] || d->power || k == process;
	for (; d->kept_count < d->regions; d->kept_count++) {
		d->kept[d->kept_count] = room_for(32768);
		memcpy(d->kept[d->kept_count], d->region[d->kept_count], 32768);
	}
}

int disk_refuses(struct disk *d, enum disk_process process, enum disk_operation operation)
{
	if (d->calm > 0)
		return 0;
	if (!d->dead[process] && d->kill_in[process] >= 0 && d->kill_in[process]-- == 0)
		die(d, process);
	if (d->dead[process])
		return 2;
	return (d->fails & operation) && chance_below(&d->chance, d->one_in) == 0;
}

static struct disk_write *note(struct disk_file *f, size_t offset, size_t len)
{
	struct disk_write *w = room_for(sizeof(*w) + len);
	w->offset = offset;
	w->len = len;
	*f->last = w;
	f->last = &w->next;
	return w;
}

bool disk_write(struct disk *d, struct disk_file *f, const void *bytes, size_t len, size_t offset)
{
	size_t more = offset + len > f->cache.len ? offset + len - f->cache.len : 0;
	if (d->room >= 0 && d->calm == 0) {
		if (more > (size_t)d->room)
			return false;
		d->room -= (int64_t)more;
	}
	d->writes++;
	image_write(&f->cache, bytes, len, offset);
	memcpy(note(f, offset, len)->bytes, bytes, len);
	return true;
}

void disk_truncate(struct disk_file *f, size_t len)
{
	image_size(&f->cache, len);
	note(f, len, 0)->truncate = true;
}

static void apply(struct image *i, const struct disk_write *w)
{
	if (w->truncate)
		image_size(i, w->offset);
	else
		image_write(i, w->bytes, w->len, w->offset);
}

void disk_sync(struct disk *d, struct disk_file *f, bool fails)
{
	d->syncs++;
	if (d->lies)
		return;
	for (struct disk_write *w = f->first; w; w = w->next) {
		if (fails)
			w->doomed = w->doomed || chance_below(&d->chance, 2) == 0;
		else if (!w->doomed)
			apply(&f->durable, w);
	}
	if (fails)
		return;
	writes_free(f);
	f->lasting = true;
}

void disk_reap(struct disk *d, enum disk_process process)
{
	for (size_t k = 0; k < d->kept_count && k < d->regions; k++)
		memcpy(d->region[k], d->kept[k], 32768);
	regions_free(d->kept, &d->kept_count);
	d->dead[process] = false;
	d->kill_in[process] = -1;
}

/* Some sectors of a write. */
static void apply_torn(struct disk *d, struct image *i, const struct disk_write *w)
{
	size_t done = 0;
	d->torn++;
	while (done < w->len) {
		size_t piece = SECTOR - (w->offset + done) % SECTOR;
		if (piece > w->len - done)
			piece = w->len - done;
		if (chance_below(&d->chance, 2) == 0)
			image_write(i, w->bytes + done, piece, w->offset + done);
		done += piece;
	}
}

static void file_power_cut(struct disk *d, struct disk_file *f, uint64_t mood)
{
	bool name_kept = f->lasting || (mood != 0 && chance_below(&d->chance, 2) == 0);
	for (struct disk_write *w = f->first; w && mood != 0; w = w->next) {
		uint64_t fate = mood == 1 ? 0 : chance_below(&d->chance, 3);
		if (w->doomed || fate == 1)
			continue;
		if (fate == 2 && !w->truncate)
			apply_torn(d, &f->durable, w);
		else
			apply(&f->durable, w);
	}
	writes_free(f);
	image_copy(&f->cache, &f->durable);
	f->lasting = true;
	if (!name_kept)
		disk_remove(f);
}

/* By mood: all that was not synced is lost, all is kept, or each write has its own fate. */
void disk_power_cut(struct disk *d)
{
	uint64_t mood = chance_below(&d->chance, 4);
	for (size_t k = 0; k < DISK_FILES; k++)
		if (d->file[k].name[0])
			file_power_cut(d, &d->file[k], mood);
	regions_free(d->region, &d->regions);
	regions_free(d->kept, &d->kept_count);
	d->power = false;
}

struct disk *disk_copy(const struct disk *d)
{
	struct disk *out = disk_new(d->path, 1);
	disk_restore(out, d);
	return out;
}

/* Names follow the database's own: a copy may be put where another central's database is. */
void disk_restore(struct disk *d, const struct disk *from)
{
	for (size_t k = 0; k < DISK_FILES; k++) {
		const struct disk_file *f = &from->file[k];
		disk_remove(&d->file[k]);
		if (!f->name[0])
			continue;
		(void)text_format(d->file[k].name, DISK_NAME, "%s%s", d->path, f->name + strlen(from->path));
		image_copy(&d->file[k].cache, &f->cache);
		image_copy(&d->file[k].durable, &f->cache);
		d->file[k].lasting = true;
	}
	regions_free(d->region, &d->regions);
	regions_free(d->kept, &d->kept_count);
}
