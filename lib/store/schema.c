#include "store/schema.h"

#include <stddef.h>

#include "store/packed.h"

/*
 * Version 1. Columns of `history` up to updated_at are those reporting tools in the field read, in their order (spec/records.md);
 * text times are local time of the site. Columns named *_log, *_seq, *_at, *_hlc_* say which record told a thing and when it counts.
 *
 * exits.stay is the stay an exit names, bound the history row it ended up at, other_plate the named stay's plate where that is not
 * its own plate_id, stay_at that stay's entry: copies that let a plate's line be read from indexes.
 */
static const char STEP_1[] =
	"CREATE TABLE clock(one INTEGER PRIMARY KEY CHECK (one = 1), hlc_ms INTEGER NOT NULL, hlc_counter INTEGER NOT NULL,"
	" change INTEGER NOT NULL) STRICT;"
	"INSERT INTO clock VALUES(1, 0, 0, 0);"

	"CREATE TABLE logs(log TEXT PRIMARY KEY, id TEXT NOT NULL, writer TEXT NOT NULL, public_key BLOB NOT NULL, previous TEXT,"
	" previous_seq INTEGER, head_seq INTEGER NOT NULL, head_chain BLOB NOT NULL, flags INTEGER NOT NULL, change INTEGER NOT NULL)"
	" STRICT;"
	"CREATE INDEX logs_change ON logs(change);"
	"CREATE INDEX logs_previous ON logs(previous) WHERE previous IS NOT NULL;"

	"CREATE TABLE records(log TEXT NOT NULL REFERENCES logs(log), seq INTEGER NOT NULL, hlc_ms INTEGER, hlc_counter INTEGER,"
	" at INTEGER, type TEXT, event_id TEXT, plate_id TEXT, payload TEXT NOT NULL, chain BLOB NOT NULL,"
	" unread INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(log, seq)) STRICT;"
	"CREATE INDEX records_event ON records(event_id) WHERE event_id IS NOT NULL;"
	"CREATE INDEX records_unread ON records(unread) WHERE unread > 0;"

	"CREATE TABLE seals(log TEXT NOT NULL REFERENCES logs(log), seq INTEGER NOT NULL, signature BLOB NOT NULL,"
	" PRIMARY KEY(log, seq)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE history(id INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, source_central TEXT, edge_id TEXT, plate_id TEXT,"
	" plate_view TEXT, entry_time TEXT, entry_camera_id TEXT, entry_camera_name TEXT, entry_confidence REAL, entry_source TEXT,"
	" exit_time TEXT, exit_camera_id TEXT, exit_camera_name TEXT, exit_confidence REAL, exit_source TEXT, duration TEXT,"
	" fee INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL CHECK (status IN ('IN','OUT','SUPERSEDED','VOID','BOUND')),"
	" sync_status TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL,"
	" entry_ts INTEGER, exit_ts INTEGER, exit_central TEXT, confirmed_ts INTEGER, superseded_by TEXT, flags TEXT NOT NULL DEFAULT '',"
	" camera_type TEXT, exit_edge TEXT, exit_reason TEXT, missed_by TEXT, opened INTEGER NOT NULL DEFAULT 0, begin_ts INTEGER NOT NULL,"
	" entry_log TEXT, entry_seq INTEGER, entry_at INTEGER, entry_hlc_ms INTEGER, entry_hlc_counter INTEGER,"
	" exit_log TEXT, exit_seq INTEGER, exit_at INTEGER) STRICT;"
	"CREATE INDEX history_line ON history(plate_id, entry_at);"
	"CREATE INDEX history_begin ON history(begin_ts);"
	"CREATE INDEX history_inside ON history(plate_id) WHERE status = 'IN';"

	"CREATE TABLE exits(log TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, hlc_ms INTEGER NOT NULL,"
	" hlc_counter INTEGER NOT NULL, stay TEXT, stay_at INTEGER, other_plate TEXT, plate_id TEXT NOT NULL, plate_view TEXT NOT NULL,"
	" void INTEGER NOT NULL, told TEXT, bound TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind IN ('counted','second','no_entry')),"
	" fee INTEGER NOT NULL, exit_ts INTEGER NOT NULL, exit_time TEXT, central TEXT, edge TEXT, camera_id TEXT, camera_name TEXT,"
	" reason TEXT, tariff TEXT, edge_event_id TEXT, PRIMARY KEY(log, seq)) STRICT;"
	"CREATE INDEX exits_line ON exits(plate_id, at);"
	"CREATE INDEX exits_other_line ON exits(other_plate, at) WHERE other_plate IS NOT NULL;"
	"CREATE INDEX exits_early ON exits(plate_id, stay_at) WHERE stay_at > at;"
	"CREATE INDEX exits_other_early ON exits(other_plate) WHERE stay_at > at AND other_plate IS NOT NULL;"
	"CREATE INDEX exits_stay ON exits(stay) WHERE stay IS NOT NULL;"
	"CREATE INDEX exits_bound ON exits(bound);"
	"CREATE INDEX exits_day ON exits(exit_ts);"
	"CREATE UNIQUE INDEX exits_told ON exits(told) WHERE told IS NOT NULL;"

	"CREATE TABLE history_changes(id INTEGER PRIMARY KEY, history_id INTEGER, event_id TEXT NOT NULL, change_type TEXT NOT NULL,"
	" old_plate_id TEXT, new_plate_id TEXT, old_plate_view TEXT, new_plate_view TEXT, old_data TEXT, new_data TEXT,"
	" changed_at TEXT NOT NULL, changed_by TEXT) STRICT;"
	"CREATE INDEX history_changes_event ON history_changes(event_id);"

	"CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT, hlc_ms INTEGER NOT NULL, hlc_counter INTEGER NOT NULL,"
	" log TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;"

	"CREATE TABLE identity(one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, ip TEXT NOT NULL, p2p_port INTEGER NOT NULL,"
	" api_port INTEGER NOT NULL, mesh TEXT NOT NULL, mesh_secret TEXT NOT NULL, mesh_key BLOB NOT NULL, public_key BLOB NOT NULL,"
	" secret_key BLOB NOT NULL) STRICT;"
	"CREATE TABLE peers(id TEXT PRIMARY KEY, ip TEXT NOT NULL, p2p_port INTEGER NOT NULL, weight INTEGER NOT NULL,"
	" dialect TEXT NOT NULL, tls INTEGER NOT NULL) STRICT;"
	"CREATE TABLE pins(id TEXT PRIMARY KEY, public_key BLOB NOT NULL, pinned_at INTEGER NOT NULL) STRICT;"

	"CREATE TABLE peer_status(id TEXT PRIMARY KEY, ip TEXT NOT NULL, port INTEGER NOT NULL, configured INTEGER NOT NULL,"
	" state TEXT NOT NULL, connected INTEGER NOT NULL, last_ping_ms INTEGER NOT NULL, rtt_ms REAL, clock_offset_ms INTEGER,"
	" behind INTEGER NOT NULL, ahead INTEGER NOT NULL, last_error TEXT NOT NULL, public_key BLOB, updated_at INTEGER NOT NULL) STRICT;"
	"CREATE TABLE mesh_status(one INTEGER PRIMARY KEY CHECK (one = 1), listening INTEGER NOT NULL, messages_sent INTEGER NOT NULL,"
	" messages_received INTEGER NOT NULL, updated_at INTEGER NOT NULL, error TEXT NOT NULL) STRICT;"
	"CREATE TABLE p2p_sync_state(peer_central_id TEXT PRIMARY KEY, last_sync_timestamp INTEGER, last_sync_time TEXT,"
	" updated_at TEXT NOT NULL) STRICT;"
	"CREATE TABLE commands(id INTEGER PRIMARY KEY AUTOINCREMENT, peer TEXT NOT NULL, created_at INTEGER NOT NULL,"
	" done INTEGER NOT NULL DEFAULT 0, ok INTEGER NOT NULL DEFAULT 0, rtt_ms REAL, message TEXT NOT NULL DEFAULT '') STRICT;";

/*
 * Version 2. `events` keeps raw edge events with what they were answered; `cameras` what heartbeats tell; `edges` this central's
 * gates: a set lane and the hash of a token; `idempotency` the first good answer to a key. events and idempotency are kept for a
 * bounded time (store/edges). `subscriptions` says by plate what settings say by id: version 1 could not fill it, so settings are
 * merged again.
 */
static const char STEP_2[] =
	"CREATE TABLE events(id INTEGER PRIMARY KEY, type TEXT, event_id TEXT, camera_id TEXT, edge_id TEXT, plate_id TEXT,"
	" accepted INTEGER NOT NULL, code TEXT NOT NULL DEFAULT '', payload TEXT NOT NULL, received_ms INTEGER NOT NULL) STRICT;"
	"CREATE INDEX events_received ON events(received_ms);"
	"CREATE INDEX events_refused ON events(event_id) WHERE accepted = 0 AND event_id IS NOT NULL;"
	"CREATE TABLE cameras(camera_id TEXT PRIMARY KEY, camera_name TEXT, camera_type TEXT, edge_id TEXT NOT NULL, status TEXT,"
	" events_sent INTEGER, events_failed INTEGER, heartbeat_ms INTEGER NOT NULL, clock_good INTEGER NOT NULL,"
	" event_ms INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE INDEX cameras_edge ON cameras(edge_id);"
	"CREATE TABLE edges(edge_id TEXT PRIMARY KEY, name TEXT NOT NULL DEFAULT '', lane TEXT CHECK (lane IN ('ENTRY','EXIT')),"
	" token_hash BLOB UNIQUE, created_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE idempotency(caller TEXT NOT NULL, route TEXT NOT NULL, key TEXT NOT NULL, body_hash BLOB NOT NULL,"
	" status INTEGER NOT NULL, answer TEXT NOT NULL, created_ms INTEGER NOT NULL, PRIMARY KEY(caller, route, key)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX idempotency_created ON idempotency(created_ms);"
	"CREATE INDEX exits_edge_event ON exits(edge_event_id) WHERE edge_event_id IS NOT NULL;"
	"CREATE INDEX history_changes_history ON history_changes(history_id);"
	/* What lists and the day's figures are read from without the rows. */
	"DROP INDEX history_begin;"
	"CREATE INDEX history_list ON history(begin_ts, id, plate_id, status);"
	"DROP INDEX exits_day;"
	"CREATE INDEX exits_day ON exits(exit_ts, kind, fee);"
	"CREATE INDEX history_flagged ON history(begin_ts) WHERE flags != '';"
	"CREATE TABLE subscriptions(id TEXT PRIMARY KEY, plate_id TEXT NOT NULL, owner_name TEXT NOT NULL, status TEXT NOT NULL,"
	" start_date TEXT NOT NULL, end_date TEXT NOT NULL) STRICT;"
	"CREATE INDEX subscriptions_plate ON subscriptions(plate_id);"
	"UPDATE records SET unread = 1 WHERE type = 'CONFIG_UPDATE';";

/* Version 3. `mesh_counts`: what p2pd counts, by kind and cause (store/counts). */
static const char STEP_3[] =
	"CREATE TABLE mesh_counts(kind TEXT NOT NULL, cause TEXT NOT NULL, count INTEGER NOT NULL, last_ms INTEGER NOT NULL,"
	" PRIMARY KEY(kind, cause)) STRICT, WITHOUT ROWID;";

/*
 * Version 4. `warnings` is what operators of this central have to be told of the mesh, until one has seen it (store/warnings). The
 * index finds the logs of an author that nobody names as previous (flag LOG_CLOSED), of which an undisturbed writer has one.
 */
static const char STEP_4[] =
	"CREATE TABLE warnings(id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL, central TEXT NOT NULL, log TEXT NOT NULL,"
	" place TEXT NOT NULL, records INTEGER NOT NULL, since_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL,"
	" UNIQUE(code, central, log)) STRICT;"
	"CREATE INDEX logs_open ON logs(id, writer) WHERE (flags & 1) = 0;";

/*
 * Version 5. People, who use pages: `users`, their `sessions` (a browser's token, hashed), the one `setup_link` that may be open, and
 * `audit`, every change that a person makes. Local to this central, never shared.
 */
static const char STEP_5[] =
	"CREATE TABLE users(name TEXT PRIMARY KEY, role TEXT NOT NULL CHECK (role IN ('viewer','operator','admin')),"
	" password TEXT NOT NULL, created_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL, seen_ms INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE sessions(hash BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,"
	" address TEXT NOT NULL, created_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE INDEX sessions_user ON sessions(user);"
	"CREATE INDEX sessions_used ON sessions(used_ms);"
	"CREATE TABLE setup_link(one INTEGER PRIMARY KEY CHECK (one = 1), hash BLOB NOT NULL, expires_ms INTEGER NOT NULL) STRICT;"
	"CREATE TABLE audit(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, who TEXT NOT NULL, source TEXT NOT NULL, what TEXT NOT NULL,"
	" object TEXT NOT NULL, old TEXT, new TEXT) STRICT;";

/*
 * Version 6. An index of the few stays whose leaving is not what `exits` say: ended by a later entry (missed_by), or void. With it how
 * many were inside at any time is counted from indexes alone (store/figures).
 */
static const char STEP_6[] =
	"CREATE INDEX history_left_otherwise ON history(exit_ts) WHERE missed_by IS NOT NULL OR status = 'VOID';";

/*
 * Version 7. `looked`: which conflicts a person of this central has looked at, as they were then (store/conflicts). history_conflicts
 * holds the rows that are conflicts, in the order of lists; history_open the stays that are open, so that the oldest of them are found
 * without the million that have ended.
 */
static const char STEP_7[] =
	"CREATE TABLE looked(history_id INTEGER PRIMARY KEY, what TEXT NOT NULL, exits INTEGER NOT NULL, who TEXT NOT NULL,"
	" looked_ms INTEGER NOT NULL) STRICT;"
	"CREATE INDEX history_conflicts ON history(begin_ts, id, status, flags, event_id)"
	" WHERE status = 'SUPERSEDED' OR (status IN ('IN','OUT') AND flags NOT IN ('','missed'));"
	"CREATE INDEX history_open ON history(begin_ts) WHERE status = 'IN';";

/*
 * Version 8. When a row of history was written last, by the number of the transaction (clock.change): so p2pd finds what to tell those
 * who watch. Rows of before have NULL and are not in the index.
 */
static const char STEP_8[] =
	"ALTER TABLE history ADD COLUMN change INTEGER;"
	"CREATE INDEX history_change ON history(change) WHERE change IS NOT NULL;";

/* Version 9. What the audit list is read by. */
static const char STEP_9[] =
	"CREATE INDEX audit_at ON audit(at_ms);"
	"CREATE INDEX audit_who ON audit(who, at_ms);"
	"CREATE INDEX audit_what ON audit(what, at_ms);"
	"CREATE INDEX audit_both ON audit(who, what, at_ms);";

/*
 * Version 10. Why a peer is not well and a test failed, in a form that pages can say in their language (store/site, struct reason).
 * `expected_keys`: the one key that an id without a pin may be pinned to, by its fingerprint.
 */
static const char STEP_10[] =
	"ALTER TABLE peer_status ADD COLUMN cause TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE peer_status ADD COLUMN about TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE peer_status ADD COLUMN number INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE commands ADD COLUMN cause TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE commands ADD COLUMN about TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE commands ADD COLUMN number INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE expected_keys(id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL) STRICT;";

/* Version 11. What peers say to hold of logs, as p2pd knows it (store/claims). */
static const char STEP_11[] =
	"CREATE TABLE claims(log TEXT NOT NULL, peer TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY(log, peer)) STRICT, WITHOUT ROWID;";

/* Version 12. How many records of each type there are, of this central's own logs and of others (store/counts). */
static const char STEP_12[] =
	"CREATE TABLE record_counts(type TEXT NOT NULL, own INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(type, own)) STRICT,"
	" WITHOUT ROWID;"
	"INSERT INTO record_counts SELECT iif(r.type IN ('LOG_OPEN','VEHICLE_ENTRY_PENDING','VEHICLE_ENTRY_CONFIRMED','VEHICLE_EXIT',"
	"'HISTORY_UPDATE','HISTORY_DELETE','CONFIG_UPDATE'), r.type, 'unknown') AS known, l.id IN (SELECT id FROM identity) AS own, count(*)"
	" FROM records r JOIN logs l USING (log) GROUP BY known, own;";

/* Version 13. How far the logs of this central are held by others, and up to where somebody waits for it (store/marks). */
static const char STEP_13[] =
	"CREATE TABLE marks(log TEXT PRIMARY KEY, quorum INTEGER NOT NULL, every INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE mark_wanted(one INTEGER PRIMARY KEY CHECK (one = 1), log TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;";

/* Version 14. When backups were made of this database (store/backups). */
static const char STEP_14[] =
	"CREATE TABLE backup(one INTEGER PRIMARY KEY CHECK (one = 1), expected_ms INTEGER NOT NULL, made_ms INTEGER NOT NULL,"
	" place TEXT NOT NULL, bytes INTEGER NOT NULL, records INTEGER NOT NULL) STRICT;"
	"INSERT INTO backup VALUES(1, 0, 0, '', 0, 0);";

/* Version 15. What p2pd takes of the machine. */
static const char STEP_15[] =
	"ALTER TABLE mesh_status ADD COLUMN started_ms INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mesh_status ADD COLUMN cpu_us INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE mesh_status ADD COLUMN resident_bytes INTEGER NOT NULL DEFAULT 0;";

/* Version 16. Which certificate this central shows to those who dial it by TLS, and what is wrong with the site's own (store/site). */
static const char STEP_16[] =
	"ALTER TABLE mesh_status ADD COLUMN certificate TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE mesh_status ADD COLUMN certificate_error TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE peer_status ADD COLUMN tls INTEGER NOT NULL DEFAULT 0;";

/* Version 17. How far each central of the older system has been told our records (store/old_centrals). */
static const char STEP_17[] =
	"CREATE TABLE old_centrals(id TEXT PRIMARY KEY, told INTEGER NOT NULL) STRICT;";

/* Version 18. Other centrals that announce themselves in this network (store/discovered). */
static const char STEP_18[] =
	"CREATE TABLE discovered(id TEXT NOT NULL, fingerprint TEXT NOT NULL, ip TEXT NOT NULL, port INTEGER NOT NULL,"
	" PRIMARY KEY(id, fingerprint)) STRICT, WITHOUT ROWID;";

/*
 * Version 19. history.exit_count: how many exits ended up at a row with a second one, 0 of any other. history.looked: as what somebody
 * has looked at this conflict (local to this central; `looked` has who and when). So a row says by itself whether it is a conflict that
 * nobody has looked at as it is, and those are found without all that somebody has.
 */
#define CONFLICT_WAS "iif(status = 'SUPERSEDED', status, flags || iif(instr(flags, 'second_exit') > 0, exit_count, ''))"
static const char STEP_19[] =
	"ALTER TABLE history ADD COLUMN exit_count INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE history ADD COLUMN looked TEXT;"
	"UPDATE history SET exit_count = (SELECT count(*) FROM exits e WHERE e.bound = event_id)"
	" WHERE flags != '' AND instr(flags, 'second_exit') > 0;"
	"UPDATE history SET looked = " CONFLICT_WAS " FROM looked l WHERE l.history_id = history.id"
	" AND l.what = iif(status = 'SUPERSEDED', status, flags) AND l.exits = exit_count;"
	"ALTER TABLE looked DROP COLUMN what;"
	"ALTER TABLE looked DROP COLUMN exits;"
	"CREATE INDEX history_conflicts_open ON history(begin_ts, id, status, flags, exit_count, looked)"
	" WHERE (status = 'SUPERSEDED' OR (status IN ('IN','OUT') AND flags NOT IN ('','missed'))) AND looked IS NOT " CONFLICT_WAS ";";

/*
 * Version 20. A record's line without what all of them have (store/packed), its log by the number of its row, its type by that of enum
 * record_type where it has one: a third of the room. `records` is the same as before for those who look from outside. Exits that name
 * a stay are found by their records.
 */
#define TIMES_13(x) x x x x x x x x x x x x x
#define TIMES_14(x) x TIMES_13(x)
#define UNPACK_PIECE(byte, text) ", char(" #byte "), '" text "')"
#define PACK_PIECE(byte, text) ", '" text "', char(" #byte "))"
#define PLACE_TEXT "coalesce(iif(length(CAST(r.event_id AS BLOB)) > 127, NULL," \
	" coalesce(',\"event_id\":\"' || r.event_id || '\"', '') || ',\"log\":\"' || l.log || '\",\"seq\":' || r.seq ||" \
	" ',\"hlc\":\"' || r.hlc_ms || '.' || r.hlc_counter || '\",\"at\":' || r.at), '')"
static const char STEP_20[] =
	"CREATE TABLE logs_20(log TEXT NOT NULL UNIQUE, id TEXT NOT NULL, writer TEXT NOT NULL, public_key BLOB NOT NULL, previous TEXT,"
	" previous_seq INTEGER, head_seq INTEGER NOT NULL, head_chain BLOB NOT NULL, flags INTEGER NOT NULL, change INTEGER NOT NULL,"
	" number INTEGER PRIMARY KEY) STRICT;"
	"INSERT INTO logs_20 SELECT *, rowid FROM logs ORDER BY rowid;"
	"CREATE TABLE seals_20(log TEXT NOT NULL REFERENCES logs_20(log), seq INTEGER NOT NULL, signature BLOB NOT NULL,"
	" PRIMARY KEY(log, seq)) STRICT, WITHOUT ROWID;"
	"INSERT INTO seals_20 SELECT * FROM seals;"
	"CREATE TABLE record_rows(number INTEGER PRIMARY KEY, log INTEGER NOT NULL REFERENCES logs_20(number), seq INTEGER NOT NULL,"
	" hlc_ms INTEGER, hlc_counter INTEGER, at INTEGER, type ANY, event_id TEXT, plate_id TEXT, payload TEXT NOT NULL,"
	" chain BLOB NOT NULL, unread INTEGER NOT NULL DEFAULT 0, UNIQUE(log, seq)) STRICT;"
	"INSERT INTO record_rows SELECT r.rowid, r.number, r.seq, r.hlc_ms, r.hlc_counter, r.at,"
	" CASE r.type WHEN 'LOG_OPEN' THEN 1 WHEN 'VEHICLE_ENTRY_PENDING' THEN 2 WHEN 'VEHICLE_ENTRY_CONFIRMED' THEN 3"
	" WHEN 'VEHICLE_EXIT' THEN 4 WHEN 'HISTORY_UPDATE' THEN 5 WHEN 'HISTORY_DELETE' THEN 6 WHEN 'CONFIG_UPDATE' THEN 7 ELSE r.type END,"
	" r.event_id, r.plate_id, " TIMES_13("replace(") "r.half" PACKED_PIECES_2(PACK_PIECE) ", r.chain, r.unread FROM (SELECT r.*, r.rowid, "
	TIMES_14("replace(") "replace(r.payload, " PLACE_TEXT ", char(5))" PACKED_PIECES_1(PACK_PIECE) " AS half, l.rowid AS number"
	" FROM records r CROSS JOIN logs l USING (log)) r ORDER BY r.rowid;"
	"DROP TABLE records;"
	"DROP TABLE seals;"
	"DROP TABLE logs;"
	"ALTER TABLE seals_20 RENAME TO seals;"
	"ALTER TABLE logs_20 RENAME TO logs;"
	"CREATE INDEX logs_change ON logs(change);"
	"CREATE INDEX logs_previous ON logs(previous) WHERE previous IS NOT NULL;"
	"CREATE INDEX logs_open ON logs(id, writer) WHERE (flags & 1) = 0;"
	"CREATE INDEX records_event ON record_rows(event_id) WHERE event_id IS NOT NULL;"
	"CREATE INDEX records_unread ON record_rows(unread) WHERE unread > 0;"
	"DROP INDEX exits_stay;"
	"CREATE VIEW records AS SELECT number, log, seq, hlc_ms, hlc_counter, at, type, event_id, plate_id, replace("
	TIMES_13("replace(") "half" PACKED_PIECES_2(UNPACK_PIECE) ", char(5), place) AS payload, chain, unread FROM (SELECT r.number, l.log,"
	" r.seq, r.hlc_ms, r.hlc_counter, r.at, CASE r.type WHEN 1 THEN 'LOG_OPEN' WHEN 2 THEN 'VEHICLE_ENTRY_PENDING'"
	" WHEN 3 THEN 'VEHICLE_ENTRY_CONFIRMED' WHEN 4 THEN 'VEHICLE_EXIT' WHEN 5 THEN 'HISTORY_UPDATE' WHEN 6 THEN 'HISTORY_DELETE'"
	" WHEN 7 THEN 'CONFIG_UPDATE' ELSE r.type END AS type, r.event_id, r.plate_id, " TIMES_14("replace(") "r.payload"
	PACKED_PIECES_1(UNPACK_PIECE) " AS half, " PLACE_TEXT " AS place, r.chain, r.unread"
	" FROM record_rows r LEFT JOIN logs l ON l.number = r.log);";

/*
 * Version 21. The same tables whose CHECKs compare instead of looking the word up in a list: for a list of three and more SQLite makes a
 * temporary table each time a row is written, which took an eighth of all that taking a record does.
 */
static const char STEP_21[] =
	"CREATE TABLE history_21(id INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, source_central TEXT, edge_id TEXT, plate_id TEXT,"
	" plate_view TEXT, entry_time TEXT, entry_camera_id TEXT, entry_camera_name TEXT, entry_confidence REAL, entry_source TEXT,"
	" exit_time TEXT, exit_camera_id TEXT, exit_camera_name TEXT, exit_confidence REAL, exit_source TEXT, duration TEXT,"
	" fee INTEGER NOT NULL DEFAULT 0, status TEXT NOT NULL CHECK (status = 'IN' OR status = 'OUT' OR status = 'SUPERSEDED'"
	" OR status = 'VOID' OR status = 'BOUND'),"
	" sync_status TEXT NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, entry_ts INTEGER, exit_ts INTEGER,"
	" exit_central TEXT, confirmed_ts INTEGER, superseded_by TEXT, flags TEXT NOT NULL DEFAULT '', camera_type TEXT, exit_edge TEXT,"
	" exit_reason TEXT, missed_by TEXT, opened INTEGER NOT NULL DEFAULT 0, begin_ts INTEGER NOT NULL,"
	" entry_log TEXT, entry_seq INTEGER, entry_at INTEGER, entry_hlc_ms INTEGER, entry_hlc_counter INTEGER,"
	" exit_log TEXT, exit_seq INTEGER, exit_at INTEGER, change INTEGER, exit_count INTEGER NOT NULL DEFAULT 0, looked TEXT) STRICT;"
	"INSERT INTO history_21 SELECT * FROM history;"
	"DROP TABLE history;"
	"ALTER TABLE history_21 RENAME TO history;"
	"CREATE INDEX history_line ON history(plate_id, entry_at);"
	"CREATE INDEX history_inside ON history(plate_id) WHERE status = 'IN';"
	"CREATE INDEX history_list ON history(begin_ts, id, plate_id, status);"
	"CREATE INDEX history_flagged ON history(begin_ts) WHERE flags != '';"
	"CREATE INDEX history_left_otherwise ON history(exit_ts) WHERE missed_by IS NOT NULL OR status = 'VOID';"
	"CREATE INDEX history_conflicts ON history(begin_ts, id, status, flags, event_id)"
	" WHERE status = 'SUPERSEDED' OR (status IN ('IN','OUT') AND flags NOT IN ('','missed'));"
	"CREATE INDEX history_open ON history(begin_ts) WHERE status = 'IN';"
	"CREATE INDEX history_change ON history(change) WHERE change IS NOT NULL;"
	"CREATE INDEX history_conflicts_open ON history(begin_ts, id, status, flags, exit_count, looked)"
	" WHERE (status = 'SUPERSEDED' OR (status IN ('IN','OUT') AND flags NOT IN ('','missed'))) AND looked IS NOT " CONFLICT_WAS ";"

	"CREATE TABLE exits_21(log TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, hlc_ms INTEGER NOT NULL,"
	" hlc_counter INTEGER NOT NULL, stay TEXT, stay_at INTEGER, other_plate TEXT, plate_id TEXT NOT NULL, plate_view TEXT NOT NULL,"
	" void INTEGER NOT NULL, told TEXT, bound TEXT NOT NULL, kind TEXT NOT NULL CHECK (kind = 'counted' OR kind = 'second'"
	" OR kind = 'no_entry'), fee INTEGER NOT NULL, exit_ts INTEGER NOT NULL, exit_time TEXT, central TEXT, edge TEXT, camera_id TEXT,"
	" camera_name TEXT, reason TEXT, tariff TEXT, edge_event_id TEXT, PRIMARY KEY(log, seq)) STRICT;"
	"INSERT INTO exits_21 SELECT * FROM exits;"
	"DROP TABLE exits;"
	"ALTER TABLE exits_21 RENAME TO exits;"
	"CREATE INDEX exits_line ON exits(plate_id, at);"
	"CREATE INDEX exits_other_line ON exits(other_plate, at) WHERE other_plate IS NOT NULL;"
	"CREATE INDEX exits_early ON exits(plate_id, stay_at) WHERE stay_at > at;"
	"CREATE INDEX exits_other_early ON exits(other_plate) WHERE stay_at > at AND other_plate IS NOT NULL;"
	"CREATE INDEX exits_bound ON exits(bound);"
	"CREATE INDEX exits_day ON exits(exit_ts, kind, fee);"
	"CREATE UNIQUE INDEX exits_told ON exits(told) WHERE told IS NOT NULL;"
	"CREATE INDEX exits_edge_event ON exits(edge_event_id) WHERE edge_event_id IS NOT NULL;";

/*
 * Version 22. moved.change: when a row of history last got another begin_ts, by the number of the transaction. That happens seldom (a
 * second entry for an event, told with another time), and what is counted by time (store/outline) cannot see where the row was.
 */
static const char STEP_22[] =
	"CREATE TABLE moved(one INTEGER PRIMARY KEY CHECK (one = 1), change INTEGER NOT NULL) STRICT;"
	"INSERT INTO moved VALUES(1, 0);";

static const char *const STEPS[] = { STEP_1, STEP_2, STEP_3, STEP_4, STEP_5, STEP_6, STEP_7, STEP_8, STEP_9, STEP_10, STEP_11,
	STEP_12, STEP_13, STEP_14, STEP_15, STEP_16, STEP_17, STEP_18, STEP_19, STEP_20, STEP_21, STEP_22 };

int schema_version(void)
{
	return (int)(sizeof(STEPS) / sizeof(STEPS[0]));
}

const char *schema_step(int version)
{
	return STEPS[version];
}

const char *schema_without_lists(void)
{
	return "DROP INDEX history_list; DROP INDEX history_flagged; DROP INDEX history_left_otherwise; DROP INDEX history_conflicts;"
		" DROP INDEX history_conflicts_open; DROP INDEX history_open; DROP INDEX history_change; DROP INDEX exits_day;"
		" DROP INDEX exits_edge_event; DROP INDEX records_unread;";
}
