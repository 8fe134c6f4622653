/* The rows of history as tests/data/merge_model.py prints them, a JSON object each, for comparing with it. */
#ifndef PARKMESH_MERGE_ROWS_H
#define PARKMESH_MERGE_ROWS_H

#define MERGE_ROWS \
	"SELECT json_object('event_id', h.event_id, 'plate_id', h.plate_id, 'status', h.status, 'superseded_by', h.superseded_by," \
	" 'entry', h.entry_at, 'exit', h.exit_at, 'fee', h.fee," \
	" 'second_exits', (SELECT count(*) FROM exits e WHERE e.bound = h.event_id AND e.kind = 'second')," \
	" 'money', (SELECT coalesce(sum(fee), 0) FROM exits e WHERE e.bound = h.event_id)," \
	" 'confirmed', json(iif(h.confirmed_ts IS NULL, 'false', 'true'))," \
	" 'missed', json(iif(h.missed_by IS NULL, 'false', 'true')), 'flags', h.flags, 'opened', h.opened)" \
	" FROM history h WHERE h.status != 'BOUND' ORDER BY h.event_id"

#endif
