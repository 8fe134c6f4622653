#include "store/site.h"

#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "store/sql.h"

#define COMMAND_KEPT_MS (60 * 60 * 1000)

enum err identity_read(struct db *db, struct identity *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_IDENTITY_READ);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = get_text(st, 0, out->id, sizeof(out->id));
	if (e == ERR_NONE)
		e = get_text(st, 1, out->ip, sizeof(out->ip));
	if (e == ERR_NONE)
		e = get_text(st, 4, out->mesh, sizeof(out->mesh));
	if (e == ERR_NONE)
		e = get_text(st, 5, out->mesh_secret, sizeof(out->mesh_secret));
	if (e == ERR_NONE)
		e = get_blob(st, 6, out->mesh_key, sizeof(out->mesh_key));
	if (e == ERR_NONE)
		e = get_blob(st, 7, out->keys.public_key, sizeof(out->keys.public_key));
	if (e == ERR_NONE)
		e = get_blob(st, 8, out->keys.secret_key, sizeof(out->keys.secret_key));
	if (e == ERR_NONE) {
		out->p2p_port = sqlite3_column_int(st, 2);
		out->api_port = sqlite3_column_int(st, 3);
	}
	sql_end(st);
	return e;
}

enum err identity_write(struct db *db, const struct identity *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_IDENTITY_WRITE);

	put_text(st, 1, row->id);
	put_text(st, 2, row->ip);
	put_int(st, 3, row->p2p_port);
	put_int(st, 4, row->api_port);
	put_text(st, 5, row->mesh);
	put_text(st, 6, row->mesh_secret);
	put_blob(st, 7, row->mesh_key, sizeof(row->mesh_key));
	put_blob(st, 8, row->keys.public_key, sizeof(row->keys.public_key));
	put_blob(st, 9, row->keys.secret_key, sizeof(row->keys.secret_key));
	return sql_run(db, st);
}

static enum err peer_from_row(sqlite3_stmt *st, struct peer_row *out)
{
	enum err e = get_text(st, 0, out->id, sizeof(out->id));

	if (e == ERR_NONE)
		e = get_text(st, 1, out->ip, sizeof(out->ip));
	if (e == ERR_NONE)
		e = get_text(st, 4, out->dialect, sizeof(out->dialect));
	out->p2p_port = sqlite3_column_int(st, 2);
	out->weight = sqlite3_column_int(st, 3);
	out->tls = sqlite3_column_int(st, 5) != 0;
	return e;
}

enum err peer_list(struct db *db, struct peer_row *out, size_t max, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_PEER_LIST);
	enum err e = ERR_NONE;

	put_int(st, 1, (int64_t)max);
	for (*count = 0; *count < max && (e = sql_row(db, st)) == ERR_NONE; ++*count) {
		e = peer_from_row(st, &out[*count]);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err peer_weigh(struct db *db, int64_t *weight, int64_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_PEER_WEIGH);
	enum err e = sql_row(db, st);

	*weight = e == ERR_NONE ? sqlite3_column_int64(st, 0) : 0;
	*count = e == ERR_NONE ? sqlite3_column_int64(st, 1) : 0;
	sql_end(st);
	return e;
}

enum err peer_upsert(struct db *db, const struct peer_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_PEER_UPSERT);

	put_text(st, 1, row->id);
	put_text(st, 2, row->ip);
	put_int(st, 3, row->p2p_port);
	put_int(st, 4, row->weight);
	put_text(st, 5, row->dialect);
	put_int(st, 6, row->tls);
	return sql_run(db, st);
}

enum err peer_delete(struct db *db, const char *id)
{
	sqlite3_stmt *st = sql_use(db, SQL_PEER_DELETE);

	put_text(st, 1, id);
	return sql_run(db, st);
}

enum err pin_find(struct db *db, const char *id, unsigned char public_key[KEY_BYTES])
{
	sqlite3_stmt *st = sql_use(db, SQL_PIN_FIND);
	enum err e;

	put_text(st, 1, id);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = get_blob(st, 0, public_key, KEY_BYTES);
	sql_end(st);
	return e;
}

enum err pin_insert(struct db *db, const char *id, const unsigned char public_key[KEY_BYTES], int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_PIN_INSERT);

	put_text(st, 1, id);
	put_blob(st, 2, public_key, KEY_BYTES);
	put_int(st, 3, now_ms);
	return sql_run(db, st);
}

enum err pin_delete(struct db *db, const char *id)
{
	sqlite3_stmt *st = sql_use(db, SQL_PIN_DELETE);

	put_text(st, 1, id);
	return sql_run(db, st);
}

enum err expected_key_find(struct db *db, const char *id, char fingerprint[FINGERPRINT_SIZE])
{
	sqlite3_stmt *st = sql_use(db, SQL_EXPECTED_KEY_FIND);
	enum err e;

	put_text(st, 1, id);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = get_text(st, 0, fingerprint, FINGERPRINT_SIZE);
	sql_end(st);
	return e;
}

enum err expected_key_write(struct db *db, const char *id, const char *fingerprint)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXPECTED_KEY_WRITE);

	put_text(st, 1, id);
	put_text(st, 2, fingerprint);
	return sql_run(db, st);
}

enum err expected_key_delete(struct db *db, const char *id)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXPECTED_KEY_DELETE);

	put_text(st, 1, id);
	return sql_run(db, st);
}

/* From three columns on; the sentence stands elsewhere. */
static enum err get_cause(sqlite3_stmt *st, int column, struct reason *out)
{
	enum err e = get_text(st, column, out->cause, sizeof(out->cause));

	out->number = sqlite3_column_int64(st, column + 2);
	return e == ERR_NONE ? get_text(st, column + 1, out->about, sizeof(out->about)) : e;
}

static void put_cause(sqlite3_stmt *st, int index, const struct reason *why)
{
	put_text(st, index, why->cause);
	put_text(st, index + 1, why->about);
	put_int(st, index + 2, why->number);
}

static enum err peer_status_from_row(sqlite3_stmt *st, struct peer_status *out)
{
	enum err e = get_text(st, 0, out->id, sizeof(out->id));

	if (e == ERR_NONE)
		e = get_text(st, 1, out->ip, sizeof(out->ip));
	if (e == ERR_NONE)
		e = get_text(st, 4, out->state, sizeof(out->state));
	if (e == ERR_NONE)
		e = get_text(st, 11, out->why.sentence, sizeof(out->why.sentence));
	if (e == ERR_NONE)
		e = get_cause(st, 13, &out->why);
	out->key_known = sqlite3_column_type(st, 12) != SQLITE_NULL;
	if (e == ERR_NONE && out->key_known)
		e = get_blob(st, 12, out->public_key, sizeof(out->public_key));
	out->port = sqlite3_column_int(st, 2);
	out->configured = sqlite3_column_int(st, 3) != 0;
	out->connected = sqlite3_column_int(st, 5) != 0;
	out->last_ping_ms = sqlite3_column_int64(st, 6);
	out->rtt_ms = get_real_optional(st, 7);
	out->clock_known = sqlite3_column_type(st, 8) != SQLITE_NULL;
	out->clock_offset_ms = sqlite3_column_int64(st, 8);
	out->behind = sqlite3_column_int64(st, 9);
	out->ahead = sqlite3_column_int64(st, 10);
	out->tls = sqlite3_column_int(st, 16) != 0;
	return e;
}

enum err peer_status_list(struct db *db, struct peer_status *out, size_t max, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_PEER_STATUS_LIST);
	enum err e = ERR_NONE;

	put_int(st, 1, (int64_t)max);
	for (*count = 0; *count < max && (e = sql_row(db, st)) == ERR_NONE; ++*count) {
		e = peer_status_from_row(st, &out[*count]);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err peer_status_write(struct db *db, const struct peer_status *row, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_PEER_STATUS_WRITE);

	put_text(st, 1, row->id);
	put_text(st, 2, row->ip);
	put_int(st, 3, row->port);
	put_int(st, 4, row->configured);
	put_text(st, 5, row->state);
	put_int(st, 6, row->connected);
	put_int(st, 7, row->last_ping_ms);
	put_real_optional(st, 8, row->rtt_ms);
	if (row->clock_known)
		put_int(st, 9, row->clock_offset_ms);
	put_int(st, 10, row->behind);
	put_int(st, 11, row->ahead);
	put_text(st, 12, row->why.sentence);
	if (row->key_known)
		put_blob(st, 13, row->public_key, sizeof(row->public_key));
	put_int(st, 14, now_ms);
	put_cause(st, 15, &row->why);
	put_int(st, 18, row->tls);
	return sql_run(db, st);
}

enum err peer_status_delete(struct db *db, const char *id)
{
	sqlite3_stmt *st = sql_use(db, SQL_PEER_STATUS_DELETE);

	put_text(st, 1, id);
	return sql_run(db, st);
}

enum err mesh_status_read(struct db *db, struct mesh_status *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_MESH_STATUS_READ);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = get_text(st, 4, out->error, sizeof(out->error));
	if (e == ERR_NONE)
		e = get_text(st, 8, out->certificate, sizeof(out->certificate));
	if (e == ERR_NONE)
		e = get_text(st, 9, out->certificate_error, sizeof(out->certificate_error));
	if (e == ERR_NONE) {
		out->listening = sqlite3_column_int(st, 0) != 0;
		out->messages_sent = sqlite3_column_int64(st, 1);
		out->messages_received = sqlite3_column_int64(st, 2);
		out->updated_ms = sqlite3_column_int64(st, 3);
		out->started_ms = sqlite3_column_int64(st, 5);
		out->cpu_us = sqlite3_column_int64(st, 6);
		out->resident_bytes = sqlite3_column_int64(st, 7);
	}
	sql_end(st);
	return e;
}

bool mesh_running(const struct mesh_status *row, int64_t now_ms)
{
	return row->updated_ms >= now_ms - MESH_STALE_MS && row->updated_ms <= now_ms + MESH_STALE_MS;
}

enum err mesh_status_write(struct db *db, const struct mesh_status *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_MESH_STATUS_WRITE);

	put_int(st, 1, row->listening);
	put_int(st, 2, row->messages_sent);
	put_int(st, 3, row->messages_received);
	put_int(st, 4, row->updated_ms);
	put_text(st, 5, row->error);
	put_int(st, 6, row->started_ms);
	put_int(st, 7, row->cpu_us);
	put_int(st, 8, row->resident_bytes);
	put_text(st, 9, row->certificate);
	put_text(st, 10, row->certificate_error);
	return sql_run(db, st);
}

enum err sync_state_write(struct db *db, const struct sync_state *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_SYNC_STATE_WRITE);
	char synced[ZONE_TEXT], updated[ZONE_TEXT];

	zone_text(row->last_sync_ms, synced);
	zone_text(row->updated_ms, updated);
	put_text(st, 1, row->peer);
	put_int(st, 2, row->last_sync_ms);
	put_text(st, 3, synced);
	put_text(st, 4, updated);
	return sql_run(db, st);
}

enum err sync_state_list(struct db *db, struct sync_state *out, size_t max, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_SYNC_STATE_LIST);
	enum err e = ERR_NONE;

	put_int(st, 1, (int64_t)max);
	for (*count = 0; *count < max && (e = sql_row(db, st)) == ERR_NONE; ++*count) {
		struct sync_state *row = &out[*count];

		row->last_sync_ms = sqlite3_column_int64(st, 1);
		e = get_text(st, 0, row->peer, sizeof(row->peer));
		if (e == ERR_NONE)
			e = get_text(st, 2, row->last_sync_time, sizeof(row->last_sync_time));
		if (e == ERR_NONE)
			e = get_text(st, 3, row->updated_at, sizeof(row->updated_at));
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err command_insert(struct db *db, const char *peer, int64_t now_ms, int64_t *id)
{
	sqlite3_stmt *st = sql_use(db, SQL_COMMAND_EXPIRE);
	enum err e;

	put_int(st, 1, now_ms - COMMAND_KEPT_MS);
	e = sql_run(db, st);
	if (e != ERR_NONE)
		return e;
	st = sql_use(db, SQL_COMMAND_INSERT);
	put_text(st, 1, peer);
	put_int(st, 2, now_ms);
	e = sql_row(db, st);
	if (e == ERR_NOT_FOUND) {
		*id = sqlite3_last_insert_rowid(sqlite3_db_handle(st));
		e = ERR_NONE;
	}
	sql_end(st);
	return e;
}

static enum err command_from(struct db *db, sqlite3_stmt *st, struct command *out)
{
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = get_text(st, 1, out->peer, sizeof(out->peer));
	if (e == ERR_NONE)
		e = get_text(st, 6, out->why.sentence, sizeof(out->why.sentence));
	if (e == ERR_NONE)
		e = get_cause(st, 7, &out->why);
	if (e == ERR_NONE) {
		out->id = sqlite3_column_int64(st, 0);
		out->created_ms = sqlite3_column_int64(st, 2);
		out->done = sqlite3_column_int(st, 3) != 0;
		out->ok = sqlite3_column_int(st, 4) != 0;
		out->rtt_ms = get_real_optional(st, 5);
	}
	sql_end(st);
	return e;
}

enum err command_next(struct db *db, int64_t after_id, struct command *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_COMMAND_NEXT);

	put_int(st, 1, after_id);
	return command_from(db, st, out);
}

enum err command_finish(struct db *db, int64_t id, bool ok, double rtt_ms, const struct reason *why)
{
	sqlite3_stmt *st = sql_use(db, SQL_COMMAND_FINISH);

	put_int(st, 1, id);
	put_int(st, 2, ok);
	put_real_optional(st, 3, rtt_ms);
	put_text(st, 4, why->sentence);
	put_cause(st, 5, why);
	return sql_run(db, st);
}

enum err command_find(struct db *db, int64_t id, struct command *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_COMMAND_FIND);

	put_int(st, 1, id);
	return command_from(db, st, out);
}
