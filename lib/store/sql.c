#include "store/sql.h"

#include <string.h>

#include "store/db_internal.h"

#define KEY_COLUMNS(p) p "at, " p "hlc_ms, " p "hlc_counter, " p "log, " p "seq"
#define STAY_COLUMNS "id, event_id, plate_id, plate_view, source_central, entry_at, entry_hlc_ms, entry_hlc_counter, entry_log," \
	" entry_seq, entry_ts, entry_time, status, superseded_by, missed_by, opened, confirmed_ts," \
	" exit_log, exit_seq"
/* Of logs: only a log's own writer says what went before it. */
#define SAME_WRITER(a, b) "(" a "id, " a "writer, " a "public_key) = (" b "id, " b "writer, " b "public_key)"
#define STAY_KEY "(entry_at, entry_hlc_ms, entry_hlc_counter, entry_log, entry_seq)"
/* An exit with what is known of the stay it names; a row without an entry does not count as a stay. */
#define EXIT_SELECT "SELECT " KEY_COLUMNS("e.") ", e.stay, e.plate_id, e.void, e.bound, e.kind, e.exit_ts, e.fee, e.reason," \
	" h.status, h.entry_at, h.entry_hlc_ms, h.entry_hlc_counter, h.entry_log, h.entry_seq, h.plate_id" \
	" FROM exits e LEFT JOIN history h ON h.event_id = e.stay AND h.entry_at IS NOT NULL "
/* Lists of history: 1 part of a plate, 2 status, 3 first and 4 last begin, 5 and 6 key of the row it comes after, 7 central, 8 edge,
 * 9 only rows with an entry, 10 limit. `status` narrows to what the index holds. Of history_list all that is mostly asked for is
 * read from the index alone. */
#define HISTORY_COLUMNS "id, event_id, source_central, edge_id, plate_id, plate_view, entry_time, entry_camera_id," \
	" entry_camera_name, entry_confidence, entry_source, exit_time, exit_camera_id, exit_camera_name, exit_confidence, exit_source," \
	" duration, fee, status, sync_status, created_at, updated_at, entry_ts, exit_ts, exit_central, confirmed_ts, superseded_by," \
	" flags, camera_type, exit_edge, exit_reason, begin_ts"
#define HISTORY_FROM(index, status) " FROM history INDEXED BY " index " WHERE begin_ts BETWEEN ?3 AND ?4" \
	" AND (begin_ts, id) < (?5, ?6) AND " status " AND (?1 IS NULL OR instr(plate_id, ?1) > 0)" \
	" AND (?7 IS NULL OR source_central = ?7 OR exit_central = ?7) AND (?8 IS NULL OR edge_id = ?8 OR exit_edge = ?8)" \
	" AND (?9 = 0 OR entry_ts IS NOT NULL)"
#define HISTORY_PAGE(index, status) "SELECT " HISTORY_COLUMNS HISTORY_FROM(index, status) \
	" ORDER BY begin_ts DESC, id DESC LIMIT ?10 OFFSET ?11"
#define HISTORY_COUNT(index, status) "SELECT count(*) FROM (SELECT 1" HISTORY_FROM(index, status) " LIMIT ?10)"
#define STATUS_WANTED "((?2 IS NULL AND status IN ('IN','OUT')) OR status = ?2)"
#define STATUS_INSIDE "status = 'IN'"
#define STATUS_FLAGGED "flags != '' AND " STATUS_WANTED
#define EXIT_COLUMNS_OF_ROW "exit_time, exit_ts, exit_at, exit_camera_id, exit_camera_name, exit_central, exit_edge, exit_reason," \
	" exit_log, exit_seq, fee"
#define WARNING_COLUMNS "id, code, central, log, place, records, since_ms, last_ms, seen_ms"
#define EDGE_COLUMNS "edge_id, name, lane, token_hash IS NOT NULL, created_ms, seen_ms"
#define CAMERA_COLUMNS "camera_id, camera_name, camera_type, edge_id, status, events_sent, events_failed, heartbeat_ms," \
	" clock_good, event_ms"

static const char *const TEXT[SQL_COUNT] = {
	[SQL_CLOCK_READ] = "SELECT hlc_ms, hlc_counter, change FROM clock WHERE one = 1",
	[SQL_CLOCK_WRITE] = "UPDATE clock SET hlc_ms = ?1, hlc_counter = ?2, change = ?3 WHERE one = 1",

	[SQL_LOG_FIND] = "SELECT log, id, writer, public_key, previous, previous_seq, head_seq, head_chain, flags, change FROM logs"
		" WHERE log = ?1",
	[SQL_LOG_INSERT] = "INSERT INTO logs(log, id, writer, public_key, previous, previous_seq, head_seq, head_chain, flags, change)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_LOG_MOVE_HEAD] = "UPDATE logs SET head_seq = ?2, head_chain = ?3, change = ?4 WHERE log = ?1",
	[SQL_LOG_ADD_FLAGS] = "UPDATE logs SET flags = flags | ?2, change = ?3 WHERE log = ?1",
	[SQL_LOG_DROP_FLAGS] = "UPDATE logs SET flags = flags & ~?2, change = ?3 WHERE log = ?1",
	[SQL_LOG_COUNT_PREVIOUS] = "SELECT count(*), coalesce(min(n.previous_seq), -1) FROM logs p JOIN logs n ON n.previous = p.log"
		" AND " SAME_WRITER("n.", "p.") " WHERE p.log = ?1",
	[SQL_LOG_LAST_OF] = "SELECT log, id, writer, public_key, previous, previous_seq, head_seq, head_chain, flags, change FROM logs l"
		" WHERE id = ?1 AND writer = ?2 AND public_key = ?3"
		" AND NOT EXISTS (SELECT 1 FROM logs n WHERE n.previous = l.log AND " SAME_WRITER("n.", "l.") ") ORDER BY rowid DESC LIMIT 1",
	[SQL_LOG_CHANGED] = "SELECT log, id, writer, public_key, previous, previous_seq, head_seq, head_chain, flags, change FROM logs"
		" WHERE change > ?1 ORDER BY change",
	[SQL_LOG_OF_AUTHOR] = "SELECT log FROM logs WHERE id = ?1 AND public_key = ?2 AND (flags & ?3) = ?3 LIMIT 1",
	[SQL_LOG_SUCCESSOR] = "SELECT n.log, n.id, n.writer, n.public_key, n.previous, n.previous_seq, n.head_seq, n.head_chain, n.flags,"
		" n.change FROM logs p JOIN logs n ON n.previous = p.log AND " SAME_WRITER("n.", "p.") " WHERE p.log = ?1 AND n.log > ?2"
		" ORDER BY n.log LIMIT 1",
	[SQL_LOG_OPEN_OF] = "SELECT log, id, writer, public_key, previous, previous_seq, head_seq, head_chain, flags, change FROM logs"
		" WHERE id = ?1 AND writer = ?2 AND (flags & 1) = 0 ORDER BY change DESC LIMIT ?3",
	[SQL_LOG_LOST] = "WITH RECURSIVE lost(log, head) AS (SELECT n.log, n.head_seq FROM logs p JOIN logs n ON n.previous = p.log"
		" AND " SAME_WRITER("n.", "p.") " WHERE p.log = ?1 AND n.log != ?2 UNION SELECT n.log, n.head_seq FROM lost JOIN logs p"
		" ON p.log = lost.log JOIN logs n ON n.previous = p.log AND " SAME_WRITER("n.", "p.") " LIMIT 1000)"
		" SELECT coalesce(sum(head), 0) FROM lost",
	[SQL_WARNING_FIND] = "SELECT " WARNING_COLUMNS " FROM warnings WHERE code = ?1 AND central = ?2 AND log = ?3",
	[SQL_WARNING_WRITE] = "INSERT INTO warnings(code, central, log, place, records, since_ms, last_ms, seen_ms)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(code, central, log) DO UPDATE SET"
		" (place, records, since_ms, last_ms, seen_ms) = (?4, ?5, ?6, ?7, ?8)",
	[SQL_WARNING_FORGET] = "DELETE FROM warnings WHERE id IN (SELECT id FROM warnings"
		" ORDER BY seen_ms > 0, last_ms DESC, id DESC LIMIT -1 OFFSET ?1)",
	[SQL_WARNING_COUNT] = "SELECT count(*) FILTER (WHERE central = ?2), count(*) FROM warnings WHERE code = ?1 AND seen_ms = 0",
	[SQL_WARNING_DROP] = "DELETE FROM warnings WHERE code = ?1 AND central = ?2 AND seen_ms = 0",
	[SQL_WARNING_SEE] = "UPDATE warnings SET seen_ms = ?2 WHERE id = ?1 AND seen_ms = 0 RETURNING id",
	[SQL_WARNING_LIST] = "SELECT " WARNING_COLUMNS " FROM warnings WHERE seen_ms = 0 ORDER BY last_ms DESC, id DESC LIMIT ?1",

	[SQL_RECORD_INSERT] = "INSERT INTO records(log, seq, hlc_ms, hlc_counter, at, type, event_id, plate_id, payload, chain, unread)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[SQL_RECORD_COUNT_EVENT] = "SELECT count(*) FROM (SELECT 1 FROM records WHERE event_id = ?1 LIMIT 2)",
	[SQL_RECORD_OF_EVENT] = "SELECT payload FROM records WHERE event_id = ?1 AND unread = 0 ORDER BY log, seq",
	[SQL_RECORD_NAMED] = "SELECT type, " KEY_COLUMNS("") " FROM records WHERE event_id = ?1 AND unread = 0",
	[SQL_RECORD_UNREAD] = "SELECT payload FROM records WHERE unread > 0 AND unread < ?1 ORDER BY log, seq LIMIT 1",
	[SQL_RECORD_MARK] = "UPDATE records SET (unread, plate_id) = (?3, ?4) WHERE log = ?1 AND seq = ?2",
	[SQL_RECORD_LINE] = "SELECT payload FROM records WHERE log = ?1 AND seq = ?2",
	[SQL_RECORD_CHAIN] = "SELECT chain FROM records WHERE log = ?1 AND seq = ?2",
	[SQL_RECORD_OF_LOG] = "SELECT seq, payload, chain FROM records WHERE log = ?1 AND seq >= ?2 ORDER BY seq",

	[SQL_SEAL_INSERT] = "INSERT INTO seals(log, seq, signature) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
	[SQL_SEAL_LAST_BETWEEN] = "SELECT seq, signature FROM seals WHERE log = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq DESC LIMIT 1",

	[SQL_STAY_FIND] = "SELECT " STAY_COLUMNS " FROM history WHERE event_id = ?1",
	[SQL_STAY_OF_ROW] = "SELECT " STAY_COLUMNS " FROM history WHERE id = ?1",
	[SQL_STAY_INSIDE] = "SELECT " STAY_COLUMNS " FROM history WHERE plate_id = ?1 AND status = 'IN'",
	[SQL_STAY_UPSERT] = "INSERT INTO history(event_id, source_central, edge_id, plate_id, plate_view, entry_time, entry_camera_id,"
		" entry_camera_name, entry_confidence, entry_source, entry_ts, camera_type, confirmed_ts, begin_ts, entry_log, entry_seq,"
		" entry_at, entry_hlc_ms, entry_hlc_counter, status, sync_status, created_at, updated_at, opened)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?11, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?21, ?22)"
		" ON CONFLICT(event_id) DO UPDATE SET (source_central, edge_id, plate_id, plate_view, entry_time, entry_camera_id,"
		" entry_camera_name, entry_confidence, entry_source, entry_ts, camera_type, confirmed_ts, begin_ts, entry_log, entry_seq,"
		" entry_at, entry_hlc_ms, entry_hlc_counter, status, superseded_by, missed_by, opened, duration, flags, updated_at,"
		" " EXIT_COLUMNS_OF_ROW ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?11, ?14, ?15, ?16, ?17, ?18, ?19,"
		" NULL, NULL, ?22, NULL, '', ?21, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0)",
	[SQL_STAY_OUTCOME] = "UPDATE history SET (status, superseded_by, missed_by, opened, duration, flags, updated_at,"
		" " EXIT_COLUMNS_OF_ROW ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, coalesce(e.exit_time, ?9), coalesce(e.exit_ts, ?10),"
		" coalesce(e.at, ?11), e.camera_id, e.camera_name, e.central, e.edge, coalesce(e.reason, ?12), e.log, e.seq,"
		" coalesce(e.fee, 0)) FROM (SELECT 1) LEFT JOIN exits e ON e.log = ?13 AND e.seq = ?14 WHERE history.event_id = ?1",
	[SQL_STAY_CONFIRM] = "UPDATE history SET confirmed_ts = ?2, updated_at = ?3 WHERE event_id = ?1",
	[SQL_STAY_OUTSIDE] = "SELECT entry_at, entry_hlc_ms, entry_hlc_counter, entry_log, entry_seq FROM history"
		" WHERE plate_id = ?1 AND opened = 1 AND entry_at <= ?2 AND " STAY_KEY " <= (?2, ?3, ?4, ?5, ?6)"
		" ORDER BY entry_at DESC, entry_hlc_ms DESC, entry_hlc_counter DESC, entry_log DESC, entry_seq DESC"
		" LIMIT 1",
	[SQL_STAY_TAKEN] = "SELECT " STAY_COLUMNS " FROM history WHERE plate_id = ?1 AND status IN ('IN','OUT') AND entry_at <= ?2"
		" AND " STAY_KEY " < (?2, ?3, ?4, ?5, ?6) ORDER BY entry_at DESC, entry_hlc_ms DESC, entry_hlc_counter DESC,"
		" entry_log DESC, entry_seq DESC LIMIT 1",
	[SQL_STAY_LINE] = "SELECT " STAY_COLUMNS " FROM history WHERE plate_id = ?1 AND entry_at BETWEEN ?2 AND ?7"
		" AND " STAY_KEY " >= (?2, ?3, ?4, ?5, ?6) ORDER BY entry_at, entry_hlc_ms, entry_hlc_counter, entry_log, entry_seq LIMIT ?8",
	[SQL_STAY_UNCONFIRMED] = "SELECT " STAY_COLUMNS " FROM history WHERE plate_id = ?1 AND entry_at IS NOT NULL"
		" AND source_central = ?2 AND edge_id = ?3 AND (?4 IS NULL OR event_id = ?4) AND confirmed_ts IS NULL AND status != 'VOID'"
		" ORDER BY entry_at DESC LIMIT 1",
	[SQL_STAY_FLAG_FACTS] = "SELECT missed_by IS NOT NULL OR coalesce(exit_reason = 'missed', 0), entry_at IS NULL,"
		" EXISTS (SELECT 1 FROM exits e WHERE e.bound = history.event_id AND e.kind = 'second'),"
		" coalesce(exit_ts < entry_ts, 0) FROM history WHERE event_id = ?1",
	[SQL_STAY_FLAG] = "UPDATE history SET flags = ?2 WHERE event_id = ?1 AND flags != ?2",
	[SQL_PLATE_NEWEST] = "SELECT max(coalesce((SELECT max(entry_at) FROM history WHERE plate_id = ?1), 0),"
		" coalesce((SELECT max(at) FROM exits WHERE plate_id = ?1), 0),"
		" coalesce((SELECT max(at) FROM exits WHERE other_plate = ?1), 0),"
		" coalesce((SELECT max(stay_at) FROM exits WHERE plate_id = ?1 AND stay_at > at), 0))",

	[SQL_EXIT_INSERT] = "INSERT INTO exits(log, seq, at, hlc_ms, hlc_counter, stay, stay_at, other_plate, plate_id, plate_view, void,"
		" told, bound, kind, fee, exit_ts, exit_time, central, edge, camera_id, camera_name, reason, tariff, edge_event_id)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, nullif(?8, ?9), ?9, ?10, ?11, ?12, ?13, ?24, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
		" ?21, ?22, ?23)",
	[SQL_EXIT_FIND] = EXIT_SELECT "WHERE e.log = ?1 AND e.seq = ?2",
	[SQL_EXIT_TOLD] = EXIT_SELECT "WHERE e.told = ?1",
	[SQL_EXIT_DELETE] = "DELETE FROM exits WHERE log = ?1 AND seq = ?2",
	[SQL_EXIT_SUBJECT] = "UPDATE exits SET (plate_id, plate_view, void, other_plate) ="
		" (SELECT ?3, ?4, ?5, nullif(h.plate_id, ?3) FROM (SELECT 1) LEFT JOIN history h ON h.event_id = exits.stay"
		" AND h.entry_at IS NOT NULL) WHERE log = ?1 AND seq = ?2",
	[SQL_EXIT_NAMING] = EXIT_SELECT "WHERE e.stay = ?1",
	[SQL_EXIT_STAY_KNOWN] = "UPDATE exits SET stay_at = ?2, other_plate = nullif(?3, plate_id) WHERE stay = ?1",
	[SQL_EXIT_BIND] = "UPDATE exits SET bound = ?3, kind = ?4 WHERE log = ?1 AND seq = ?2",
	[SQL_EXIT_LINE] = EXIT_SELECT "WHERE e.plate_id = ?1 AND e.at BETWEEN ?2 AND ?3"
		" UNION ALL " EXIT_SELECT "WHERE e.other_plate = ?1 AND e.at BETWEEN ?2 AND ?3"
		" UNION ALL " EXIT_SELECT "WHERE e.plate_id = ?1 AND e.stay_at > e.at AND e.at < ?2 AND e.stay_at >= ?2"
		" UNION ALL " EXIT_SELECT "WHERE e.other_plate = ?1 AND e.stay_at > e.at AND e.at < ?2 AND e.stay_at >= ?2",
	[SQL_EXIT_ASTRAY] = "SELECT EXISTS (SELECT 1 FROM exits WHERE plate_id = ?1 AND at >= ?2 AND stay_at <= ?2"
		" AND (kind = 'second' OR bound != stay)) OR EXISTS (SELECT 1 FROM exits WHERE other_plate = ?1 AND at >= ?2 AND stay_at <= ?2"
		" AND (kind = 'second' OR bound != stay))",
	[SQL_EXIT_BOUND] = EXIT_SELECT "WHERE e.bound = ?1 ORDER BY e.at, e.hlc_ms, e.hlc_counter, e.log, e.seq",
	[SQL_EXIT_FIRST_EARLY] = "SELECT min(at) FROM exits WHERE plate_id = ?1 AND stay_at > at AND stay_at > ?2 AND at <= ?2",
	[SQL_EXIT_OWN_ROW] = "INSERT INTO history(event_id, source_central, plate_id, plate_view, status, sync_status, created_at,"
		" updated_at, flags, begin_ts, " EXIT_COLUMNS_OF_ROW ") SELECT ?1, central, plate_id, plate_view, ?4, ?5, ?6, ?6,"
		" iif(reason = 'missed', 'missed,no_entry', 'no_entry'),"
		" exit_ts, exit_time, exit_ts, at, camera_id, camera_name, central, edge, reason, log, seq, fee FROM exits"
		" WHERE log = ?2 AND seq = ?3"
		" ON CONFLICT(event_id) DO UPDATE SET (plate_id, plate_view, status, superseded_by, updated_at) ="
		" (excluded.plate_id, excluded.plate_view, excluded.status, NULL, excluded.updated_at)",
	[SQL_EXIT_OWN_ROW_BOUND] = "UPDATE history SET status = 'BOUND', updated_at = ?2 WHERE event_id = ?1 AND status != 'BOUND'",

	[SQL_CHANGE_INSERT] = "INSERT INTO history_changes(history_id, event_id, change_type, old_plate_id, new_plate_id, old_plate_view,"
		" new_plate_view, old_data, new_data, changed_at, changed_by)"
		" VALUES((SELECT id FROM history WHERE event_id = ?1), ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_CHANGE_CLAIM] = "UPDATE history_changes SET history_id = (SELECT id FROM history h WHERE h.event_id = ?1)"
		" WHERE event_id = ?1 AND history_id IS NULL",

	[SQL_CHANGE_LIST] = "SELECT id, history_id, event_id, change_type, old_plate_id, new_plate_id, old_plate_view, new_plate_view,"
		" old_data, new_data, changed_at, changed_by FROM history_changes ORDER BY id DESC LIMIT ?1 OFFSET ?2",
	[SQL_CHANGE_OF_ROW] = "SELECT id, history_id, event_id, change_type, old_plate_id, new_plate_id, old_plate_view, new_plate_view,"
		" old_data, new_data, changed_at, changed_by FROM history_changes WHERE history_id = ?3 ORDER BY id DESC LIMIT ?1 OFFSET ?2",

	[SQL_HISTORY_LIST] = HISTORY_PAGE("history_list", STATUS_WANTED),
	[SQL_HISTORY_INSIDE] = HISTORY_PAGE("history_inside", STATUS_INSIDE),
	[SQL_HISTORY_FLAGGED] = HISTORY_PAGE("history_flagged", STATUS_FLAGGED),
	[SQL_HISTORY_COUNT] = HISTORY_COUNT("history_list", STATUS_WANTED),
	[SQL_HISTORY_COUNT_INSIDE] = HISTORY_COUNT("history_inside", STATUS_INSIDE),
	[SQL_HISTORY_COUNT_FLAGGED] = HISTORY_COUNT("history_flagged", STATUS_FLAGGED),
	[SQL_STATS_INSIDE] = "SELECT count(*) FROM history INDEXED BY history_inside WHERE status = 'IN'",
	/* A row without an entry is flagged, so that the many need no look at the table. */
	[SQL_STATS_ENTRIES] = "SELECT (SELECT count(*) FROM history INDEXED BY history_list WHERE begin_ts >= ?1"
		" AND status IN ('IN','OUT')) - (SELECT count(*) FROM history INDEXED BY history_flagged WHERE begin_ts >= ?1"
		" AND flags != '' AND entry_ts IS NULL AND status IN ('IN','OUT'))",
	[SQL_STATS_EXITS] = "SELECT count(*) FILTER (WHERE kind != 'second'), CAST(total(fee) AS INTEGER),"
		" count(*) FILTER (WHERE kind = 'second') FROM exits WHERE exit_ts >= ?1",

	[SQL_SETTING_FIND] = "SELECT value, hlc_ms, hlc_counter, log, seq FROM settings WHERE key = ?1",
	[SQL_SETTING_WRITE] = "INSERT INTO settings(key, value, hlc_ms, hlc_counter, log, seq) VALUES(?1, ?2, ?3, ?4, ?5, ?6)"
		" ON CONFLICT(key) DO UPDATE SET (value, hlc_ms, hlc_counter, log, seq) = (?2, ?3, ?4, ?5, ?6)",
	[SQL_SETTING_LIST] = "SELECT key, value FROM settings WHERE key > ?1 AND key < ?2 AND value IS NOT NULL ORDER BY key",
	[SQL_SUBSCRIPTION_PUT] = "INSERT OR REPLACE INTO subscriptions VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_SUBSCRIPTION_DROP] = "DELETE FROM subscriptions WHERE id = ?1",
	[SQL_SUBSCRIPTION_ACTIVE] = "SELECT coalesce(nullif(owner_name, ''), id) FROM subscriptions WHERE plate_id = ?1"
		" AND status = 'active' AND start_date <= ?2 AND (end_date >= ?2 OR end_date = '') ORDER BY id LIMIT 1",

	[SQL_IDENTITY_READ] = "SELECT id, ip, p2p_port, api_port, mesh, mesh_secret, mesh_key, public_key, secret_key FROM identity"
		" WHERE one = 1",
	[SQL_IDENTITY_WRITE] = "INSERT INTO identity VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(one) DO UPDATE SET"
		" (id, ip, p2p_port, api_port, mesh, mesh_secret, mesh_key, public_key, secret_key) = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_PEER_LIST] = "SELECT id, ip, p2p_port, weight, dialect, tls FROM peers ORDER BY id LIMIT ?1",
	[SQL_PEER_UPSERT] = "INSERT INTO peers VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT(id) DO UPDATE SET"
		" (ip, p2p_port, weight, dialect, tls) = (?2, ?3, ?4, ?5, ?6)",
	[SQL_PEER_DELETE] = "DELETE FROM peers WHERE id = ?1",
	[SQL_PIN_FIND] = "SELECT public_key FROM pins WHERE id = ?1",
	[SQL_PIN_INSERT] = "INSERT INTO pins VALUES(?1, ?2, ?3)",
	[SQL_PIN_DELETE] = "DELETE FROM pins WHERE id = ?1",
	[SQL_PEER_STATUS_LIST] = "SELECT id, ip, port, configured, state, connected, last_ping_ms, rtt_ms, clock_offset_ms, behind, ahead,"
		" last_error, public_key FROM peer_status ORDER BY id LIMIT ?1",
	[SQL_PEER_STATUS_WRITE] = "INSERT OR REPLACE INTO peer_status VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
	[SQL_PEER_STATUS_DELETE] = "DELETE FROM peer_status WHERE id = ?1",
	[SQL_MESH_STATUS_READ] = "SELECT listening, messages_sent, messages_received, updated_at, error FROM mesh_status WHERE one = 1",
	[SQL_MESH_STATUS_WRITE] = "INSERT OR REPLACE INTO mesh_status VALUES(1, ?1, ?2, ?3, ?4, ?5)",
	[SQL_MESH_COUNT_LIST] = "SELECT kind, cause, count, last_ms FROM mesh_counts ORDER BY kind, cause LIMIT ?1",
	[SQL_MESH_COUNT_ADD] = "INSERT INTO mesh_counts VALUES(?1, ?2, ?3, ?4) ON CONFLICT(kind, cause) DO UPDATE SET"
		" (count, last_ms) = (count + ?3, ?4)",
	[SQL_SYNC_STATE_WRITE] = "INSERT OR REPLACE INTO p2p_sync_state VALUES(?1, ?2, ?3, ?4)",
	[SQL_SYNC_STATE_LIST] = "SELECT peer_central_id, last_sync_timestamp, last_sync_time, updated_at FROM p2p_sync_state"
		" ORDER BY peer_central_id LIMIT ?1",
	[SQL_COMMAND_INSERT] = "INSERT INTO commands(peer, created_at) VALUES(?1, ?2)",
	[SQL_COMMAND_EXPIRE] = "DELETE FROM commands WHERE created_at < ?1",
	[SQL_COMMAND_NEXT] = "SELECT id, peer, created_at, done, ok, rtt_ms, message FROM commands WHERE id > ?1 AND done = 0"
		" ORDER BY id LIMIT 1",
	[SQL_COMMAND_FINISH] = "UPDATE commands SET done = 1, ok = ?2, rtt_ms = ?3, message = ?4 WHERE id = ?1",
	[SQL_COMMAND_FIND] = "SELECT id, peer, created_at, done, ok, rtt_ms, message FROM commands WHERE id = ?1",

	[SQL_EDGE_UPSERT] = "INSERT INTO edges(edge_id, name, lane, created_ms) VALUES(?1, ?2, ?3, ?4)"
		" ON CONFLICT(edge_id) DO UPDATE SET (name, lane) = (?2, ?3)",
	[SQL_EDGE_FIND] = "SELECT " EDGE_COLUMNS " FROM edges WHERE edge_id = ?1",
	[SQL_EDGE_OF_TOKEN] = "SELECT " EDGE_COLUMNS " FROM edges WHERE token_hash = ?1",
	[SQL_EDGE_SET_TOKEN] = "UPDATE edges SET token_hash = ?2 WHERE edge_id = ?1",
	[SQL_EDGE_LIST] = "SELECT " EDGE_COLUMNS " FROM edges ORDER BY edge_id",
	[SQL_EDGE_SEEN] = "UPDATE edges SET seen_ms = ?2 WHERE edge_id = ?1",

	[SQL_CAMERA_HEARD] = "INSERT INTO cameras(camera_id, camera_name, camera_type, edge_id, status, events_sent, events_failed,"
		" heartbeat_ms, clock_good) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT(camera_id) DO UPDATE SET"
		" (camera_name, camera_type, status, events_sent, events_failed, heartbeat_ms, clock_good) ="
		" (coalesce(?2, camera_name), coalesce(?3, camera_type), ?5, ?6, ?7, ?8, ?9)",
	[SQL_CAMERA_EVENT] = "INSERT INTO cameras(camera_id, camera_name, camera_type, edge_id, heartbeat_ms, clock_good, event_ms)"
		" VALUES(?1, ?2, ?3, ?4, 0, 0, ?5) ON CONFLICT(camera_id) DO UPDATE SET (camera_name, camera_type, edge_id, event_ms) ="
		" (coalesce(?2, camera_name), coalesce(?3, camera_type), ?4, ?5)",
	[SQL_CAMERA_FIND] = "SELECT " CAMERA_COLUMNS " FROM cameras WHERE camera_id = ?1",
	[SQL_CAMERA_OF_EDGE] = "SELECT " CAMERA_COLUMNS " FROM cameras WHERE edge_id = ?1 ORDER BY heartbeat_ms DESC LIMIT 1",
	[SQL_CAMERA_LIST] = "SELECT " CAMERA_COLUMNS " FROM cameras ORDER BY camera_id",
	[SQL_CAMERA_COUNT] = "SELECT count(*) FROM cameras",
	[SQL_CAMERA_FORGET] = "DELETE FROM cameras WHERE camera_id = (SELECT camera_id FROM cameras WHERE camera_id != ?1"
		" ORDER BY max(heartbeat_ms, event_ms), camera_id LIMIT 1)",

	[SQL_EVENT_INSERT] = "INSERT INTO events(type, event_id, camera_id, edge_id, plate_id, accepted, code, payload, received_ms)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_EVENT_FORGET] = "DELETE FROM events WHERE id IN (SELECT id FROM (SELECT id FROM events WHERE received_ms < ?1 LIMIT ?3)"
		" UNION SELECT id FROM (SELECT id FROM events WHERE id <= (SELECT max(id) FROM events) - ?2 LIMIT ?3))",
	[SQL_EVENT_REFUSED] = "SELECT 1 FROM events WHERE event_id = ?1 AND type = ?2 AND code = ?3 AND accepted = 0 LIMIT 1",
	[SQL_RECORD_ENTRY_OF] = "SELECT 1 FROM records WHERE event_id = ?1 AND type = 'VEHICLE_ENTRY_PENDING' LIMIT 1",
	[SQL_EXIT_OF_EDGE_EVENT] = "SELECT 1 FROM exits WHERE edge_event_id = ?1 LIMIT 1",

	[SQL_KEPT_FIND] = "SELECT body_hash, status, answer FROM idempotency WHERE caller = ?1 AND route = ?2 AND key = ?3"
		" AND created_ms > ?4",
	[SQL_KEPT_WRITE] = "INSERT OR REPLACE INTO idempotency(caller, route, key, body_hash, status, answer, created_ms)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_KEPT_FORGET] = "DELETE FROM idempotency WHERE (caller, route, key) IN (SELECT caller, route, key FROM idempotency"
		" WHERE created_ms <= ?1 LIMIT ?2)",

	[SQL_HELD_COUNT] = "SELECT (SELECT count(*) FROM logs), (SELECT coalesce(sum(head_seq), 0) FROM logs),"
		" (SELECT count(*) FROM history), (SELECT count(*) FROM history WHERE status = 'IN')",
	[SQL_AUDIT_LOG] = "SELECT log, id, writer, public_key, previous, previous_seq, head_seq, head_chain, flags, change FROM logs"
		" WHERE log > ?1 ORDER BY log LIMIT 1",
	[SQL_AUDIT_RECORDS] = "SELECT seq, hlc_ms, hlc_counter, at, type, event_id, plate_id, payload, chain, unread FROM records"
		" WHERE log = ?1 AND seq >= ?2 ORDER BY seq LIMIT ?3",
	[SQL_AUDIT_SEALS] = "SELECT seq, signature FROM seals WHERE log = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
	[SQL_AUDIT_HISTORY] = "SELECT event_id, 0, coalesce(entry_log, exit_log), coalesce(entry_seq, exit_seq), source_central, edge_id,"
		" plate_id, plate_view, entry_time, entry_camera_id, entry_camera_name, entry_confidence, entry_source, exit_time,"
		" exit_camera_id, exit_camera_name, exit_confidence, exit_source, duration, fee, status, entry_ts, exit_ts, exit_central,"
		" confirmed_ts, superseded_by, flags, camera_type, exit_edge, exit_reason, missed_by, opened, begin_ts, entry_log, entry_seq,"
		" entry_at, entry_hlc_ms, entry_hlc_counter, exit_log, exit_seq, exit_at FROM history"
		" WHERE status != 'BOUND' AND event_id > ?1 ORDER BY event_id LIMIT ?3",
	[SQL_AUDIT_EXITS] = "SELECT log, seq, log, seq, at, hlc_ms, hlc_counter, stay, stay_at, other_plate, plate_id, plate_view, void, told,"
		" bound, kind, fee, exit_ts, exit_time, central, edge, camera_id, camera_name, reason, tariff, edge_event_id FROM exits"
		" WHERE (log, seq) > (?1, ?2) ORDER BY log, seq LIMIT ?3",
	[SQL_AUDIT_SETTINGS] = "SELECT key, 0, log, seq, value, hlc_ms, hlc_counter, log, seq FROM settings WHERE key > ?1 ORDER BY key"
		" LIMIT ?3",
	[SQL_STAY_OPEN] = "SELECT id, event_id, plate_view, entry_time, begin_ts FROM history WHERE status = 'IN' AND begin_ts < ?1"
		" AND (begin_ts, id) > (?2, ?3) ORDER BY begin_ts, id LIMIT ?4",
};

const char *sql_text(enum sql which)
{
	return TEXT[which];
}

enum err sql_err(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ERR_NONE;
	case SQLITE_NOMEM:
		return ERR_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
		return ERR_CORRUPT;
	default: /* full, read-only, I/O, busy, locked, cannot open, and codes of later versions */
		return ERR_UNAVAILABLE;
	}
}

sqlite3_stmt *sql_use(struct db *db, enum sql which)
{
	sqlite3_stmt **st = &db->statements[which];

	if (*st == NULL) {
		if (sqlite3_prepare_v3(db->handle, TEXT[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL) != SQLITE_OK) {
			db_note_error(db, TEXT[which]);
			return NULL;
		}
		return *st;
	}
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	return *st;
}

enum err sql_row(struct db *db, sqlite3_stmt *st)
{
	int code = st == NULL ? sqlite3_errcode(db->handle) : sqlite3_step(st);

	if (code == SQLITE_ROW)
		return ERR_NONE;
	if (code != SQLITE_DONE)
		db_note_error(db, st == NULL ? "" : sqlite3_sql(st));
	sql_end(st);
	if (code == SQLITE_DONE)
		return ERR_NOT_FOUND;
	return code == SQLITE_OK ? ERR_CORRUPT : sql_err(code);
}

enum err sql_run(struct db *db, sqlite3_stmt *st)
{
	enum err e = sql_row(db, st);

	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

void sql_end(sqlite3_stmt *st)
{
	sqlite3_reset(st);
}

void put_text(sqlite3_stmt *st, int index, const char *text)
{
	sqlite3_bind_text(st, index, text, -1, SQLITE_STATIC);
}

void put_text_of(sqlite3_stmt *st, int index, const char *bytes, size_t len)
{
	sqlite3_bind_text64(st, index, bytes, len, SQLITE_STATIC, SQLITE_UTF8);
}

void put_int(sqlite3_stmt *st, int index, int64_t value)
{
	sqlite3_bind_int64(st, index, value);
}

void put_optional(sqlite3_stmt *st, int index, int64_t value)
{
	if (value < 0)
		sqlite3_bind_null(st, index);
	else
		sqlite3_bind_int64(st, index, value);
}

void put_real_optional(sqlite3_stmt *st, int index, double value)
{
	if (value < 0)
		sqlite3_bind_null(st, index);
	else
		sqlite3_bind_double(st, index, value);
}

void put_blob(sqlite3_stmt *st, int index, const void *bytes, size_t len)
{
	sqlite3_bind_blob64(st, index, bytes, len, SQLITE_STATIC);
}

enum err get_text(sqlite3_stmt *st, int column, char *out, size_t size)
{
	const char *text = get_text_or_null(st, column);
	size_t len = text == NULL ? 0 : strlen(text);

	if (len >= size)
		return ERR_CORRUPT;
	memcpy(out, text == NULL ? "" : text, len + 1);
	return ERR_NONE;
}

enum err get_blob(sqlite3_stmt *st, int column, void *out, size_t len)
{
	const void *bytes = sqlite3_column_blob(st, column);

	if (bytes == NULL || (size_t)sqlite3_column_bytes(st, column) != len)
		return ERR_CORRUPT;
	memcpy(out, bytes, len);
	return ERR_NONE;
}

int64_t get_optional(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, column);
}

double get_real_optional(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? -1 : sqlite3_column_double(st, column);
}

const char *get_text_or_null(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}
