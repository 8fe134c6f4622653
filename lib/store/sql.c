#include "store/sql.h"

#define KEY_COLUMNS(p) p "at, " p "hlc_ms, " p "hlc_counter, " p "log, " p "seq"
#define STAY_COLUMNS "id, event_id, plate_id, plate_view, source_central, entry_at, entry_hlc_ms, entry_hlc_counter, entry_log," \
	" entry_seq, entry_ts, entry_time, status, superseded_by, missed_by, opened, confirmed_ts," \
	" exit_log, exit_seq"
/* Records with their logs' ids, found by something of the record, or by the log; a line is unpacked by get_line (records_internal.h). */
#define RECORDS "record_rows r CROSS JOIN logs l ON l.number = r.log"
#define RECORDS_OF_LOG "logs l CROSS JOIN record_rows r ON r.log = l.number"
#define LINE_COLUMNS "l.log, r.seq, r.hlc_ms, r.hlc_counter, r.at, r.event_id, r.payload"
#define THAT_LOG "log = (SELECT number FROM logs WHERE log = ?1)"
/* Of logs: only a log's own writer says what went before it. */
#define SAME_WRITER(a, b) "(" a "id, " a "writer, " a "public_key) = (" b "id, " b "writer, " b "public_key)"
#define STAY_KEY "(entry_at, entry_hlc_ms, entry_hlc_counter, entry_log, entry_seq)"
/* An exit with what is known of the stay it names; a row without an entry does not count as a stay. */
#define EXIT_SELECT EXIT_SELECT_FROM("exits e")
#define EXIT_SELECT_FROM(exits) "SELECT " KEY_COLUMNS("e.") ", e.stay, e.plate_id, e.void, e.bound, e.kind, e.exit_ts, e.fee, e.reason," \
	" h.status, h.entry_at, h.entry_hlc_ms, h.entry_hlc_counter, h.entry_log, h.entry_seq, h.plate_id" \
	" FROM " exits " LEFT JOIN history h ON h.event_id = e.stay AND h.entry_at IS NOT NULL "
/* Lists of history: 1 part of a plate, 2 status, 3 first and 4 last begin, 5 and 6 key of the row it comes after, 7 central, 8 edge,
 * 9 only rows with an entry, 10 limit. `status` narrows to what the index holds. Of history_list all that is mostly asked for is
 * read from the index alone. */
#define HISTORY_COLUMNS "id, event_id, source_central, edge_id, plate_id, plate_view, entry_time, entry_camera_id," \
	" entry_camera_name, entry_confidence, entry_source, exit_time, exit_camera_id, exit_camera_name, exit_confidence, exit_source," \
	" duration, fee, status, sync_status, created_at, updated_at, entry_ts, exit_ts, exit_central, confirmed_ts, superseded_by," \
	" flags, camera_type, exit_edge, exit_reason, begin_ts, change"
#define HISTORY_WHERE(status, behind) " begin_ts BETWEEN ?3 AND ?4" \
	" AND (begin_ts, h.id) " behind " (?5, ?6) AND " status " AND (?1 IS NULL OR instr(plate_id, ?1) > 0)" \
	" AND (?7 IS NULL OR source_central = ?7 OR exit_central = ?7) AND (?8 IS NULL OR edge_id = ?8 OR exit_edge = ?8)" \
	" AND (?9 = 0 OR entry_ts IS NOT NULL)"
#define HISTORY_FROM(index, status, behind) " FROM history h INDEXED BY " index " WHERE" HISTORY_WHERE(status, behind)
#define HISTORY_PAGE(index, status) "SELECT " HISTORY_COLUMNS HISTORY_FROM(index, status, "<") \
	" ORDER BY begin_ts DESC, id DESC LIMIT ?10 OFFSET ?11"
#define HISTORY_OLDEST(index, status) "SELECT " HISTORY_COLUMNS HISTORY_FROM(index, status, ">") \
	" ORDER BY begin_ts, id LIMIT ?10 OFFSET ?11"
#define HISTORY_COUNT(index, status) "SELECT count(*) FROM (SELECT 1" HISTORY_FROM(index, status, "<") " LIMIT ?10)"
/* The same of the plates in 11, a JSON list; 12 only rows with flags. */
#define HISTORY_KEYS(behind) "SELECT begin_ts, h.id FROM json_each(?11) p CROSS JOIN history h INDEXED BY history_line" \
	" ON plate_id = p.value WHERE" HISTORY_WHERE(STATUS_WANTED, behind) " AND (?12 = 0 OR flags != '')"
#define STATUS_WANTED "((?2 IS NULL AND status IN ('IN','OUT')) OR status = ?2)"
#define STATUS_INSIDE "status = 'IN'"
#define STATUS_SUPERSEDED "status = 'SUPERSEDED'"
#define STATUS_FLAGGED "flags != '' AND " STATUS_WANTED
/* What is to be looked at, as history_conflicts holds it, and as what: a further second exit makes it another one. What of it nobody has
 * looked at as it is, history_conflicts_open holds. */
#define CONFLICT "(h.status = 'SUPERSEDED' OR (h.status IN ('IN','OUT') AND h.flags NOT IN ('','missed')))"
#define CONFLICT_IS "iif(h.status = 'SUPERSEDED', h.status, h.flags || iif(instr(h.flags, 'second_exit') > 0, h.exit_count, ''))"
#define CONFLICT_OPEN CONFLICT " AND h.looked IS NOT " CONFLICT_IS
#define CONFLICT_PAGE(index, which) "SELECT " HISTORY_COLUMNS ", l.who, l.looked_ms FROM history h INDEXED BY " index \
	" LEFT JOIN looked l ON l.history_id = h.id AND h.looked = " CONFLICT_IS " WHERE " which " AND (h.begin_ts, h.id) < (?1, ?2)" \
	" ORDER BY h.begin_ts DESC, h.id DESC LIMIT ?3"
#define EXIT_COLUMNS_OF_ROW "exit_time, exit_ts, exit_at, exit_camera_id, exit_camera_name, exit_central, exit_edge, exit_reason," \
	" exit_log, exit_seq, fee"
/* Of the transaction that is open; it becomes clock.change when the transaction commits. Whatever writes a row of history sets it. */
#define THIS_CHANGE "(SELECT change + 1 FROM clock)"
/* The audit list: 1 first and 2 last moment, 3 and 4 key of the row it comes before, 5 limit. Each of the four has an index of its own.
 * Words of a column: one look into its index for each. */
#define DEED_PAGE(whose) "SELECT id, at_ms, who, source, what, object, old, new FROM audit WHERE at_ms BETWEEN ?1 AND ?2" \
	" AND (at_ms, id) < (?3, ?4)" whose " ORDER BY at_ms DESC, id DESC LIMIT ?5"
#define DEED_WORDS(column) "WITH RECURSIVE word(w) AS (SELECT min(" column ") FROM audit UNION ALL SELECT (SELECT min(" column ")" \
	" FROM audit WHERE " column " > word.w) FROM word WHERE word.w IS NOT NULL LIMIT ?1) SELECT w FROM word WHERE w IS NOT NULL"
#define WARNING_COLUMNS "id, code, central, log, place, records, since_ms, last_ms, seen_ms"
#define EDGE_COLUMNS "edge_id, name, lane, hex(substr(token_hash, 1, 8)), created_ms, seen_ms"
#define USER_COLUMNS "name, role, password, created_ms, changed_ms, seen_ms"
#define CAMERA_COLUMNS "camera_id, camera_name, camera_type, edge_id, status, events_sent, events_failed, heartbeat_ms," \
	" clock_good, event_ms"

static const char *const TEXT[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_SAVEPOINT] = "SAVEPOINT request",
	[SQL_RELEASE] = "RELEASE request",
	[SQL_READ_BEGIN] = "BEGIN",
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
		" AND NOT EXISTS (SELECT 1 FROM logs n WHERE n.previous = l.log AND " SAME_WRITER("n.", "l.") ") ORDER BY number DESC LIMIT 1",
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

	[SQL_RECORD_INSERT] = "INSERT INTO record_rows(log, seq, hlc_ms, hlc_counter, at, type, event_id, plate_id, payload, chain, unread)"
		" VALUES((SELECT number FROM logs WHERE log = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
	[SQL_RECORD_COUNT_EVENT] = "SELECT 1 FROM record_rows WHERE event_id = ?1 LIMIT 2",
	[SQL_RECORD_OF_EVENT] = "SELECT " LINE_COLUMNS " FROM " RECORDS " WHERE r.event_id = ?1 AND r.unread = 0 ORDER BY l.log, r.seq",
	[SQL_RECORD_NAMED] = "SELECT r.type, r.at, r.hlc_ms, r.hlc_counter, l.log, r.seq FROM " RECORDS
		" WHERE r.event_id = ?1 AND r.unread = 0",
	[SQL_RECORD_UNREAD] = "SELECT " LINE_COLUMNS " FROM " RECORDS " WHERE r.unread > 0 AND r.unread < ?1 ORDER BY r.unread, r.number LIMIT 1",
	[SQL_RECORD_MARK] = "UPDATE record_rows SET unread = ?3, plate_id = ?4, type = ?5 WHERE " THAT_LOG " AND seq = ?2",
	[SQL_RECORD_LINE] = "SELECT " LINE_COLUMNS " FROM " RECORDS_OF_LOG " WHERE l.log = ?1 AND r.seq = ?2",
	[SQL_RECORD_CHAIN] = "SELECT chain FROM record_rows WHERE " THAT_LOG " AND seq = ?2",
	[SQL_RECORD_OF_LOG] = "SELECT " LINE_COLUMNS ", r.chain FROM " RECORDS_OF_LOG " WHERE l.log = ?1 AND r.seq >= ?2 ORDER BY r.seq",
	[SQL_RECORD_COUNT_UNREAD] = "SELECT count(*) FROM (SELECT 1 FROM record_rows WHERE unread > 0 LIMIT ?1)",
	[SQL_RECORD_COUNT_ADD] = "INSERT INTO record_counts VALUES(?1, ?2, ?3) ON CONFLICT(type, own) DO UPDATE SET count = count + ?3",
	[SQL_RECORD_COUNT_LIST] = "SELECT type, own, count FROM record_counts ORDER BY type, own LIMIT ?1",

	[SQL_SEAL_INSERT] = "INSERT INTO seals(log, seq, signature) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING",
	[SQL_SEAL_LAST_BETWEEN] = "SELECT seq, signature FROM seals WHERE log = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq DESC LIMIT 1",

	[SQL_STAY_FIND] = "SELECT " STAY_COLUMNS " FROM history WHERE event_id = ?1",
	[SQL_STAY_OF_ROW] = "SELECT " STAY_COLUMNS " FROM history WHERE id = ?1",
	[SQL_STAY_INSIDE] = "SELECT " STAY_COLUMNS " FROM history WHERE plate_id = ?1 AND status = 'IN'",
	[SQL_STAY_UPSERT] = "INSERT INTO history(event_id, source_central, edge_id, plate_id, plate_view, entry_time, entry_camera_id,"
		" entry_camera_name, entry_confidence, entry_source, entry_ts, camera_type, confirmed_ts, begin_ts, entry_log, entry_seq,"
		" entry_at, entry_hlc_ms, entry_hlc_counter, status, sync_status, created_at, updated_at, opened, change)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?11, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?21, ?22,"
		" " THIS_CHANGE ")"
		" ON CONFLICT(event_id) DO UPDATE SET (source_central, edge_id, plate_id, plate_view, entry_time, entry_camera_id,"
		" entry_camera_name, entry_confidence, entry_source, entry_ts, camera_type, confirmed_ts, begin_ts, entry_log, entry_seq,"
		" entry_at, entry_hlc_ms, entry_hlc_counter, status, superseded_by, missed_by, opened, duration, flags, exit_count, updated_at,"
		" change, " EXIT_COLUMNS_OF_ROW ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?11, ?14, ?15, ?16, ?17, ?18,"
		" ?19, NULL, NULL, ?22, NULL, '', 0, ?21, excluded.change, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0)",
	[SQL_STAY_MOVED] = "UPDATE moved SET change = " THIS_CHANGE " WHERE one = 1",
	/* Values one by one, not UPDATE … FROM exits: that makes three temporary tables each time. */
	[SQL_STAY_OUTCOME] = "UPDATE history SET status = ?2, superseded_by = ?3, missed_by = ?4, opened = ?5, duration = ?6, flags = ?7,"
		" exit_count = 0, updated_at = ?8, change = " THIS_CHANGE ", exit_time = ?9, exit_ts = ?10, exit_at = ?11, exit_reason = ?12,"
		" exit_camera_id = ?13, exit_camera_name = ?14, exit_central = ?15, exit_edge = ?16, exit_log = ?17, exit_seq = ?18, fee = ?19"
		" WHERE event_id = ?1",
	[SQL_EXIT_OUTCOME] = "SELECT exit_time, exit_ts, at, reason, camera_id, camera_name, central, edge, log, seq, fee FROM exits"
		" WHERE log = ?1 AND seq = ?2",
	[SQL_STAY_CONFIRM] = "UPDATE history SET (confirmed_ts, updated_at, change) = (?2, ?3, " THIS_CHANGE ") WHERE event_id = ?1",
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
		" (SELECT iif(sum(e.kind = 'second') > 0, count(*), 0) FROM exits e WHERE e.bound = history.event_id),"
		" coalesce(exit_ts < entry_ts, 0) FROM history WHERE event_id = ?1",
	[SQL_STAY_FLAG] = "UPDATE history SET (flags, exit_count, change) = (?2, ?3, " THIS_CHANGE ") WHERE event_id = ?1"
		" AND (flags, exit_count) != (?2, ?3)",
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
	[SQL_EXIT_NAMING] = EXIT_SELECT_FROM(RECORDS " CROSS JOIN exits e ON e.log = l.log AND e.seq = r.seq")
		"WHERE r.event_id = ?1 AND e.stay = ?1",
	[SQL_EXIT_STAY_KNOWN] = "UPDATE exits SET (stay_at, other_plate) = (?3, nullif(?4, plate_id)) WHERE log = ?1 AND seq = ?2",
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
		" updated_at, change, flags, begin_ts, " EXIT_COLUMNS_OF_ROW ") SELECT ?1, central, plate_id, plate_view, ?4, ?5, ?6, ?6,"
		" " THIS_CHANGE ","
		" iif(reason = 'missed', 'missed,no_entry', 'no_entry'),"
		" exit_ts, exit_time, exit_ts, at, camera_id, camera_name, central, edge, reason, log, seq, fee FROM exits"
		" WHERE log = ?2 AND seq = ?3"
		" ON CONFLICT(event_id) DO UPDATE SET (plate_id, plate_view, status, superseded_by, updated_at, change) ="
		" (excluded.plate_id, excluded.plate_view, excluded.status, NULL, excluded.updated_at, excluded.change)",
	[SQL_EXIT_OWN_ROW_BOUND] = "UPDATE history SET (status, updated_at, change) = ('BOUND', ?2, " THIS_CHANGE ")"
		" WHERE event_id = ?1 AND status != 'BOUND'",

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
	[SQL_HISTORY_INSIDE] = HISTORY_PAGE("history_open", STATUS_INSIDE),
	[SQL_HISTORY_FLAGGED] = HISTORY_PAGE("history_flagged", STATUS_FLAGGED),
	[SQL_HISTORY_OF_ROW] = "SELECT " HISTORY_COLUMNS " FROM history WHERE id = ?1",
	[SQL_HISTORY_OLDEST] = HISTORY_OLDEST("history_list", STATUS_WANTED),
	[SQL_HISTORY_OLDEST_INSIDE] = HISTORY_OLDEST("history_open", STATUS_INSIDE),
	[SQL_HISTORY_OLDEST_FLAGGED] = HISTORY_OLDEST("history_flagged", STATUS_FLAGGED),
	[SQL_HISTORY_CHANGED] = "SELECT " HISTORY_COLUMNS " FROM history INDEXED BY history_change WHERE change >= ?1"
		" AND (change, id) > (?1, ?2) ORDER BY change, id LIMIT ?3",
	[SQL_HISTORY_MARK] = "SELECT change, id FROM history INDEXED BY history_change WHERE change IS NOT NULL"
		" ORDER BY change DESC, id DESC LIMIT 1 OFFSET ?1",
	[SQL_HISTORY_SUPERSEDED] = HISTORY_PAGE("history_conflicts", STATUS_SUPERSEDED),
	[SQL_HISTORY_OLDEST_SUPERSEDED] = HISTORY_OLDEST("history_conflicts", STATUS_SUPERSEDED),
	[SQL_HISTORY_COUNT_SUPERSEDED] = HISTORY_COUNT("history_conflicts", STATUS_SUPERSEDED),
	[SQL_HISTORY_OF_PLATES] = HISTORY_KEYS("<") " ORDER BY begin_ts DESC, h.id DESC LIMIT ?10",
	[SQL_HISTORY_OLDEST_OF_PLATES] = HISTORY_KEYS(">") " ORDER BY begin_ts, h.id LIMIT ?10",
	/* What the outline of history follows (store/outline). */
	[SQL_OUTLINE_BEGIN] = "SELECT begin_ts FROM history INDEXED BY history_list WHERE begin_ts >= ?1 ORDER BY begin_ts LIMIT 1 OFFSET ?2",
	[SQL_OUTLINE_COUNT] = "SELECT count(*) FROM history INDEXED BY history_list WHERE begin_ts BETWEEN ?1 AND ?2"
		" AND status IN ('IN','OUT')",
	[SQL_OUTLINE_CHANGED] = "SELECT begin_ts, plate_id FROM history INDEXED BY history_change WHERE change > ?1 LIMIT ?2",
	[SQL_OUTLINE_MOVED] = "SELECT change FROM moved WHERE one = 1",
	[SQL_OUTLINE_PLATES] = "SELECT DISTINCT plate_id FROM history INDEXED BY history_line",
	[SQL_HISTORY_COUNT] = HISTORY_COUNT("history_list", STATUS_WANTED),
	[SQL_HISTORY_COUNT_INSIDE] = HISTORY_COUNT("history_open", STATUS_INSIDE),
	[SQL_HISTORY_COUNT_FLAGGED] = HISTORY_COUNT("history_flagged", STATUS_FLAGGED),

	[SQL_CONFLICT_LIST] = CONFLICT_PAGE("history_conflicts", CONFLICT),
	[SQL_CONFLICT_LIST_OPEN] = CONFLICT_PAGE("history_conflicts_open", CONFLICT_OPEN),
	[SQL_CONFLICT_COUNT] = "SELECT count(*) FROM (SELECT 1 FROM history h INDEXED BY history_conflicts_open WHERE " CONFLICT_OPEN
		" LIMIT ?1)",
	[SQL_CONFLICT_LOOK] = "UPDATE history AS h SET looked = " CONFLICT_IS " WHERE h.id = ?1 AND " CONFLICT_OPEN " RETURNING id",
	[SQL_CONFLICT_LOOKED_BY] = "INSERT INTO looked(history_id, who, looked_ms) VALUES(?1, ?2, ?3)"
		" ON CONFLICT(history_id) DO UPDATE SET (who, looked_ms) = (?2, ?3)",
	[SQL_CONFLICT_FORGET] = "UPDATE history SET looked = NULL WHERE id = ?1 AND looked IS NOT NULL RETURNING id",
	[SQL_CONFLICT_LOOKED_BY_NOBODY] = "DELETE FROM looked WHERE history_id = ?1",
	[SQL_RECORD_OF_ROW] = "SELECT " LINE_COLUMNS ", r.type, l.id, l.writer FROM (SELECT number FROM record_rows WHERE event_id = ?1"
		" UNION SELECT r.number FROM exits e CROSS JOIN logs l USING (log) CROSS JOIN record_rows r ON r.log = l.number AND r.seq = e.seq"
		" WHERE e.bound = ?1) k CROSS JOIN record_rows r USING (number) CROSS JOIN logs l ON l.number = r.log"
		" ORDER BY r.hlc_ms, r.hlc_counter, l.log, r.seq LIMIT ?2",
	[SQL_EXIT_OF_ROW] = "SELECT kind, fee, exit_ts, central, edge, reason, plate_view, void FROM exits WHERE bound = ?1"
		" ORDER BY at, hlc_ms, hlc_counter, log, seq LIMIT ?2",
	[SQL_STATS_INSIDE] = "SELECT count(*) FROM history INDEXED BY history_inside WHERE status = 'IN'",
	/* A row without an entry is flagged, so that the many need no look at the table. */
	[SQL_STATS_ENTRIES] = "SELECT (SELECT count(*) FROM history INDEXED BY history_list WHERE begin_ts >= ?1"
		" AND status IN ('IN','OUT')) - (SELECT count(*) FROM history INDEXED BY history_flagged WHERE begin_ts >= ?1"
		" AND flags != '' AND entry_ts IS NULL AND status IN ('IN','OUT'))",
	[SQL_STATS_EXITS] = "SELECT count(*) FILTER (WHERE kind != 'second'), CAST(total(fee) AS INTEGER),"
		" count(*) FILTER (WHERE kind = 'second') FROM exits WHERE exit_ts >= ?1",

	/* The same between two times, for charts. */
	[SQL_FIGURE_ENTRIES] = "SELECT (SELECT count(*) FROM history INDEXED BY history_list WHERE begin_ts >= ?1 AND begin_ts < ?2"
		" AND status IN ('IN','OUT')) - (SELECT count(*) FROM history INDEXED BY history_flagged WHERE begin_ts >= ?1"
		" AND begin_ts < ?2 AND flags != '' AND entry_ts IS NULL AND status IN ('IN','OUT'))",
	[SQL_FIGURE_EXITS] = "SELECT count(*) FILTER (WHERE kind != 'second'), CAST(total(fee) AS INTEGER),"
		" count(*) FILTER (WHERE kind = 'counted') FROM exits WHERE exit_ts >= ?1 AND exit_ts < ?2",
	[SQL_FIGURE_LEFT_OTHERWISE] = "SELECT CAST(total(CASE status WHEN 'OUT' THEN exit_log IS NULL WHEN 'VOID' THEN -(exit_log IS NOT"
		" NULL AND entry_ts IS NOT NULL) ELSE 0 END) AS INTEGER) FROM history INDEXED BY history_left_otherwise"
		" WHERE exit_ts >= ?1 AND exit_ts < ?2 AND (missed_by IS NOT NULL OR status = 'VOID')",
	[SQL_EXIT_NEWEST] = "SELECT h.id, e.plate_view, e.exit_ts, e.central, e.edge, e.fee FROM exits e INDEXED BY exits_day"
		" CROSS JOIN history h ON h.event_id = e.bound WHERE e.kind != 'second' AND h.status = 'OUT' ORDER BY e.exit_ts DESC LIMIT ?1",

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
	[SQL_EXPECTED_KEY_FIND] = "SELECT fingerprint FROM expected_keys WHERE id = ?1",
	[SQL_EXPECTED_KEY_WRITE] = "INSERT OR REPLACE INTO expected_keys VALUES(?1, ?2)",
	[SQL_EXPECTED_KEY_DELETE] = "DELETE FROM expected_keys WHERE id = ?1",
	[SQL_PEER_STATUS_LIST] = "SELECT id, ip, port, configured, state, connected, last_ping_ms, rtt_ms, clock_offset_ms, behind, ahead,"
		" last_error, public_key, cause, about, number, tls FROM peer_status ORDER BY id LIMIT ?1",
	[SQL_PEER_STATUS_WRITE] = "INSERT OR REPLACE INTO peer_status VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
		" ?14, ?15, ?16, ?17, ?18)",
	[SQL_PEER_STATUS_DELETE] = "DELETE FROM peer_status WHERE id = ?1",
	[SQL_MESH_STATUS_READ] = "SELECT listening, messages_sent, messages_received, updated_at, error, started_ms, cpu_us,"
		" resident_bytes, certificate, certificate_error FROM mesh_status WHERE one = 1",
	[SQL_MESH_STATUS_WRITE] = "INSERT OR REPLACE INTO mesh_status VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[SQL_OLD_FIND] = "SELECT o.told, s.last_sync_timestamp FROM old_centrals o LEFT JOIN p2p_sync_state s ON s.peer_central_id = o.id"
		" WHERE o.id = ?1",
	[SQL_OLD_WRITE] = "INSERT INTO old_centrals VALUES(?1, ?2) ON CONFLICT(id) DO UPDATE SET told = ?2",
	[SQL_OLD_FORGET] = "DELETE FROM old_centrals WHERE id = ?1",
	[SQL_RECORD_NEWEST] = "SELECT coalesce(max(number), 0) FROM record_rows",
	[SQL_RECORD_TO_TELL] = "SELECT " LINE_COLUMNS ", r.number, e.bound FROM " RECORDS
		" LEFT JOIN exits e ON e.log = l.log AND e.seq = r.seq WHERE r.number > ?1 AND r.number <= ?2 AND l.id = ?3 AND r.unread = 0"
		" AND r.type IN (2, 3, 4) ORDER BY r.number LIMIT ?4" /* RECORD_ENTRY, RECORD_CONFIRMED, RECORD_EXIT */,
	[SQL_RECORD_NUMBERED] = "SELECT r.number, l.log, r.seq, r.type, r.event_id FROM " RECORDS " WHERE r.number > ?1 ORDER BY r.number"
		" LIMIT ?2",
	[SQL_HISTORY_BACK] = "SELECT change, id, updated_at FROM history INDEXED BY history_change WHERE change <= ?1"
		" AND (change, id) < (?1, ?2) ORDER BY change DESC, id DESC LIMIT ?3",
	[SQL_CLAIM_WRITE] = "INSERT INTO claims VALUES(?1, ?2, ?3) ON CONFLICT(log, peer) DO UPDATE SET seq = ?3",
	[SQL_CLAIM_DELETE] = "DELETE FROM claims WHERE log = ?1 AND peer = ?2",
	[SQL_CLAIM_CLEAR] = "DELETE FROM claims",
	[SQL_CLAIM_OF_LOG] = "SELECT peer, seq FROM claims WHERE log = ?1 ORDER BY peer",
	[SQL_MARK_FIND] = "SELECT log, quorum, every FROM marks WHERE log = ?1",
	[SQL_MARK_LACKING] = "SELECT coalesce(sum(l.head_seq - coalesce(m.quorum, 0)), 0), coalesce(sum(l.head_seq - coalesce(m.every, 0)), 0)"
		" FROM logs l INDEXED BY logs_open LEFT JOIN marks m ON m.log = l.log WHERE l.id = (SELECT id FROM identity) AND (l.flags & 1) = 0",
	[SQL_MARK_WRITE] = "INSERT INTO marks VALUES(?1, ?2, ?3) ON CONFLICT(log) DO UPDATE SET (quorum, every) = (?2, ?3)",
	[SQL_MARK_WANTED_READ] = "SELECT log, seq FROM mark_wanted WHERE one = 1",
	[SQL_MARK_WANTED_WRITE] = "INSERT INTO mark_wanted VALUES(1, ?1, ?2) ON CONFLICT(one) DO UPDATE SET (log, seq) = (?1, ?2)",
	[SQL_PEER_WEIGH] = "SELECT COALESCE(SUM(weight), 0), COUNT(*) FROM peers WHERE dialect = 'native'",
	[SQL_DISCOVERED_INSERT] = "INSERT OR REPLACE INTO discovered VALUES(?1, ?2, ?3, ?4)",
	[SQL_DISCOVERED_CLEAR] = "DELETE FROM discovered",
	[SQL_DISCOVERED_LIST] = "SELECT id, fingerprint, ip, port FROM discovered d WHERE NOT EXISTS (SELECT 1 FROM peers p WHERE p.id = d.id)"
		" AND NOT EXISTS (SELECT 1 FROM identity i WHERE i.id = d.id) ORDER BY id, fingerprint LIMIT ?1",

	[SQL_MESH_COUNT_LIST] = "SELECT kind, cause, count, last_ms FROM mesh_counts ORDER BY kind, cause LIMIT ?1",
	[SQL_MESH_COUNT_ADD] = "INSERT INTO mesh_counts VALUES(?1, ?2, ?3, ?4) ON CONFLICT(kind, cause) DO UPDATE SET"
		" (count, last_ms) = (count + ?3, ?4)",
	[SQL_SYNC_STATE_WRITE] = "INSERT OR REPLACE INTO p2p_sync_state VALUES(?1, ?2, ?3, ?4)",
	[SQL_SYNC_STATE_LIST] = "SELECT peer_central_id, last_sync_timestamp, last_sync_time, updated_at FROM p2p_sync_state"
		" ORDER BY peer_central_id LIMIT ?1",
	[SQL_COMMAND_INSERT] = "INSERT INTO commands(peer, created_at) VALUES(?1, ?2)",
	[SQL_COMMAND_EXPIRE] = "DELETE FROM commands WHERE created_at < ?1",
	[SQL_COMMAND_NEXT] = "SELECT id, peer, created_at, done, ok, rtt_ms, message, cause, about, number FROM commands"
		" WHERE id > ?1 AND done = 0 ORDER BY id LIMIT 1",
	[SQL_COMMAND_FINISH] = "UPDATE commands SET (done, ok, rtt_ms, message, cause, about, number) = (1, ?2, ?3, ?4, ?5, ?6, ?7)"
		" WHERE id = ?1",
	[SQL_COMMAND_FIND] = "SELECT id, peer, created_at, done, ok, rtt_ms, message, cause, about, number FROM commands"
		" WHERE id = ?1",

	[SQL_EDGE_UPSERT] = "INSERT INTO edges(edge_id, name, lane, created_ms) VALUES(?1, ?2, ?3, ?4)"
		" ON CONFLICT(edge_id) DO UPDATE SET (name, lane) = (?2, ?3)",
	[SQL_EDGE_FIND] = "SELECT " EDGE_COLUMNS " FROM edges WHERE edge_id = ?1",
	[SQL_EDGE_OF_TOKEN] = "SELECT " EDGE_COLUMNS " FROM edges WHERE token_hash = ?1",
	[SQL_EDGE_SET_TOKEN] = "UPDATE edges SET token_hash = ?2 WHERE edge_id = ?1",
	[SQL_EDGE_DELETE] = "DELETE FROM edges WHERE edge_id = ?1",
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
	[SQL_RECORD_ENTRY_OF] = "SELECT 1 FROM record_rows WHERE event_id = ?1 AND type = 2 LIMIT 1" /* RECORD_ENTRY */,
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
	[SQL_AUDIT_RECORDS] = "SELECT " LINE_COLUMNS ", r.type, r.plate_id, r.chain, r.unread FROM " RECORDS_OF_LOG
		" WHERE l.log = ?1 AND r.seq >= ?2 ORDER BY r.seq LIMIT ?3",
	[SQL_AUDIT_MOMENT] = "SELECT hlc_ms FROM record_rows WHERE " THAT_LOG " AND seq = ?2",
	[SQL_AUDIT_SEALS] = "SELECT seq, signature FROM seals WHERE log = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq",
	[SQL_AUDIT_HISTORY] = "SELECT event_id, 0, coalesce(entry_log, exit_log), coalesce(entry_seq, exit_seq), source_central, edge_id,"
		" plate_id, plate_view, entry_time, entry_camera_id, entry_camera_name, entry_confidence, entry_source, exit_time,"
		" exit_camera_id, exit_camera_name, exit_confidence, exit_source, duration, fee, status, entry_ts, exit_ts, exit_central,"
		" confirmed_ts, superseded_by, flags, exit_count, camera_type, exit_edge, exit_reason, missed_by, opened, begin_ts, entry_log,"
		" entry_seq, entry_at, entry_hlc_ms, entry_hlc_counter, exit_log, exit_seq, exit_at FROM history"
		" WHERE status != 'BOUND' AND event_id > ?1 ORDER BY event_id LIMIT ?3",
	[SQL_AUDIT_EXITS] = "SELECT log, seq, log, seq, at, hlc_ms, hlc_counter, stay, stay_at, other_plate, plate_id, plate_view, void, told,"
		" bound, kind, fee, exit_ts, exit_time, central, edge, camera_id, camera_name, reason, tariff, edge_event_id FROM exits"
		" WHERE (log, seq) > (?1, ?2) ORDER BY log, seq LIMIT ?3",
	[SQL_AUDIT_SETTINGS] = "SELECT key, 0, log, seq, value, hlc_ms, hlc_counter, log, seq FROM settings WHERE key > ?1 ORDER BY key"
		" LIMIT ?3",
	[SQL_STAY_OPEN] = "SELECT id, event_id, plate_view, entry_time, begin_ts FROM history WHERE status = 'IN' AND begin_ts < ?1"
		" AND (begin_ts, id) > (?2, ?3) ORDER BY begin_ts, id LIMIT ?4",

	[SQL_BACKUP_READ] = "SELECT expected_ms, made_ms, place, bytes, records FROM backup WHERE one = 1",
	[SQL_BACKUP_EXPECT] = "UPDATE backup SET expected_ms = ?1 WHERE one = 1 AND expected_ms = 0",
	[SQL_BACKUP_WRITE] = "UPDATE backup SET made_ms = ?1, place = ?2, bytes = ?3, records = ?4 WHERE one = 1",

	[SQL_USER_FIND] = "SELECT " USER_COLUMNS " FROM users WHERE name = ?1",
	[SQL_USER_INSERT] = "INSERT INTO users(name, role, password, created_ms, changed_ms) VALUES(?1, ?2, ?3, ?4, ?4)",
	[SQL_USER_PASSWORD] = "UPDATE users SET password = ?2, changed_ms = ?3 WHERE name = ?1",
	[SQL_USER_ROLE] = "UPDATE users SET role = ?2, changed_ms = ?3 WHERE name = ?1",
	[SQL_USER_SEEN] = "UPDATE users SET seen_ms = ?2 WHERE name = ?1",
	[SQL_USER_DELETE] = "DELETE FROM users WHERE name = ?1",
	[SQL_USER_LIST] = "SELECT " USER_COLUMNS " FROM users WHERE name > ?1 ORDER BY name",
	[SQL_USER_ADMINS] = "SELECT count(*) FROM users NOT INDEXED WHERE role = 'admin'",
	[SQL_SESSION_INSERT] = "INSERT INTO sessions(hash, user, address, created_ms, used_ms) VALUES(?1, ?2, ?3, ?4, ?4)",
	[SQL_SESSION_FIND] = "SELECT s.user, u.role, s.created_ms, s.used_ms FROM sessions s JOIN users u ON u.name = s.user"
		" WHERE s.hash = ?1 AND s.used_ms > ?2 AND s.created_ms > ?3",
	[SQL_SESSION_USED] = "UPDATE sessions SET used_ms = ?2 WHERE hash = ?1",
	[SQL_SESSION_DELETE] = "DELETE FROM sessions WHERE hash = ?1",
	[SQL_SESSION_DELETE_OTHERS] = "DELETE FROM sessions WHERE user = ?1 AND (?2 IS NULL OR hash != ?2)",
	[SQL_SESSION_FORGET] = "DELETE FROM sessions WHERE used_ms <= ?1",
	[SQL_SESSION_ADDRESSES] = "SELECT user, address FROM sessions GROUP BY user, address ORDER BY max(used_ms) DESC LIMIT ?1",
	[SQL_SETUP_WRITE] = "INSERT INTO setup_link(one, hash, expires_ms) VALUES(1, ?1, ?2)"
		" ON CONFLICT(one) DO UPDATE SET hash = excluded.hash, expires_ms = excluded.expires_ms",
	[SQL_SETUP_FIND] = "SELECT 1 FROM setup_link WHERE one = 1 AND hash = ?1 AND expires_ms > ?2 AND expires_ms <= ?3",
	[SQL_SETUP_DELETE] = "DELETE FROM setup_link WHERE one = 1",
	[SQL_DEED_INSERT] = "INSERT INTO audit(at_ms, who, source, what, object, old, new) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[SQL_DEED_LIST] = DEED_PAGE(""),
	[SQL_DEED_OF_WHO] = DEED_PAGE(" AND who = ?6"),
	[SQL_DEED_OF_WHAT] = DEED_PAGE(" AND what = ?7"),
	[SQL_DEED_OF_BOTH] = DEED_PAGE(" AND who = ?6 AND what = ?7"),
	[SQL_DEED_WHO] = DEED_WORDS("who"),
	[SQL_DEED_WHAT] = DEED_WORDS("what"),
};

const char *sql_text(enum sql which)
{
	return TEXT[which];
}
