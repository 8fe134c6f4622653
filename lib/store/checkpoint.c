#include "store/db.h"

#include <limits.h>
#include <string.h>

#include "base/disk.h"
#include "base/text.h"
#include "store/db_internal.h"
#include "store/write_lock.h"

#define CHECKPOINT_PIECE (1024 * 1024)
#define FRAME_HEADER 24
#define INDEX_REGION 32768        /* bytes of a part of the -shm file; in the first one (sqlite.org/walformat.html): */
#define INDEX_PAGE_BYTES 7        /* … bytes of a page, in 16-bit words; 1: 65536 */
#define INDEX_FRAMES 4            /* … frames of the write-ahead log that count, in 32-bit words */
#define INDEX_COPIED 24           /* … of these, frames that checkpoints have copied */

int64_t db_wal_bytes(const struct db *db)
{
	char name[PATH_MAX];

	return text_format(name, sizeof(name), "%s-wal", db->path) ? disk_file_bytes(name) : 0;
}

/* The index of the write-ahead log, which all connections share; NULL if there is none yet. */
static uint32_t volatile *log_index(struct db *db)
{
	sqlite3_file *file = NULL;
	void volatile *index = NULL;

	if (sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || file->pMethods->iVersion < 2)
		return NULL;
	return file->pMethods->xShmMap(file, 0, INDEX_REGION, 0, &index) == SQLITE_OK ? index : NULL;
}

/* Have the next checkpoint copy everything that is in the write-ahead log (db.h says why). With the lock file held; what is in
 * the log is newer than what is in the file, so readers do not notice. */
static void copy_all_again(struct db *db)
{
	uint32_t volatile *index = log_index(db);

	if (index != NULL)
		index[INDEX_COPIED] = 0;
}

/* Bytes of the write-ahead log that count, which its file does not tell: that is kept and written over. */
static int64_t log_used(struct db *db)
{
	uint32_t volatile *index = log_index(db);
	int64_t page;

	if (index == NULL)
		return 0;
	page = ((uint16_t volatile *)index)[INDEX_PAGE_BYTES];
	return index[INDEX_FRAMES] * ((page == 1 ? 65536 : page) + FRAME_HEADER);
}

enum err db_checkpoint_now(struct db *db, int mode)
{
	enum err e = write_lock(db);
	int code;

	if (e != ERR_NONE)
		return e;
	sqlite3_busy_handler(db->handle, NULL, NULL);
	code = sqlite3_wal_checkpoint_v2(db->handle, NULL, mode, NULL, NULL);
	sqlite3_busy_handler(db->handle, db_busy, NULL);
	if ((code & 0xff) == SQLITE_IOERR)
		copy_all_again(db);
	write_unlock(db);
	if (code != SQLITE_OK && code != SQLITE_BUSY && code != SQLITE_LOCKED) {
		db_note_error(db, "checkpoint");
		return sql_err(code);
	}
	return ERR_NONE;
}

bool db_checkpoint_due(struct db *db, int64_t at_least)
{
	int64_t bytes = db_private(db) ? 0 : log_used(db);

	if (bytes < at_least || db_private(db)) {
		db->checkpointed_at = 0;
		return false;
	}
	/* As much counts until a writer starts over in the file: while a reader keeps that from happening, go over it again only when
	 * there is a good piece more, not after every commit. */
	return db->checkpointed_at == 0 || bytes >= db->checkpointed_at + CHECKPOINT_PIECE;
}

enum err db_checkpoint(struct db *db, int64_t at_least)
{
	int64_t bytes;

	if (!db_checkpoint_due(db, at_least))
		return ERR_NONE;
	db->checkpointed_at = bytes = log_used(db);
	/* A TRUNCATE that does not get its moment is simply tried again later. */
	return db_checkpoint_now(db, bytes >= 16 * DB_CHECKPOINT_USUAL ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE);
}
