/*
 * A record's line as it lies in the database: the line without what every such line has (PACKED_PIECES_…), each piece of it replaced
 * by one byte that no line may hold, a control character. So it takes a third of the room, and every commit writes that much less.
 * Also replaced is the record's own place (event_id, log, seq, hlc, at), which columns of its row say. A line in which nothing is
 * replaced is good, too: what is unpacked is what there was, byte for byte, whatever was found in it.
 *
 * The view `records` does the same in SQL, for whoever looks from outside. The list is part of the schema and never changed: a further
 * piece would be a further schema step. tests/unit/test_packed holds the two to each other.
 */
#ifndef PARKMESH_STORE_PACKED_H
#define PARKMESH_STORE_PACKED_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/seal.h"

/* PIECE(byte, text), in two parts as SQLite's parser takes no more of them at once. Of two that begin alike the longer comes first; none
 * holds a single quote, as they stand in SQL, too. */
#define PACKED_PIECES_1(PIECE) \
	PIECE(1, "{\"type\":\"VEHICLE_ENTRY_PENDING\",\"source_central\":\"") \
	PIECE(2, "{\"type\":\"VEHICLE_ENTRY_CONFIRMED\",\"source_central\":\"") \
	PIECE(3, "{\"type\":\"VEHICLE_EXIT\",\"source_central\":\"") \
	PIECE(4, "\",\"timestamp\":") \
	PIECE(6, ",\"data\":{\"plate_id\":\"") \
	PIECE(7, "\",\"plate_view\":\"") \
	PIECE(8, "\",\"edge_id\":\"") \
	PIECE(11, "\",\"camera_type\":\"") \
	PIECE(12, "\",\"camera_id\":\"") \
	PIECE(14, "\",\"camera_name\":\"") \
	PIECE(15, "\",\"direction\":\"ENTRY\",\"entry_time\":\"") \
	PIECE(16, "\",\"entry_time\":\"") \
	PIECE(17, "\",\"entry_ts\":") \
	PIECE(18, ",\"confidence\":")
#define PACKED_PIECES_2(PIECE) \
	PIECE(19, ",\"source\":\"") \
	PIECE(20, ",\"data\":{\"confirmed_time\":\"") \
	PIECE(21, "\",\"confirmed_ts\":") \
	PIECE(22, "\",\"exit_central\":\"") \
	PIECE(23, "\",\"exit_edge\":\"") \
	PIECE(24, "\",\"exit_time\":\"") \
	PIECE(25, "\",\"exit_ts\":") \
	PIECE(26, ",\"fee\":") \
	PIECE(27, ",\"duration\":\"") \
	PIECE(28, "\",\"tariff\":null,\"reason\":\"normal") \
	PIECE(29, "\",\"tariff\":") \
	PIECE(30, ",\"reason\":\"") \
	PIECE(31, "\",\"edge_event_id\":\"")
#define PACKED_PLACE 5        /* the byte for the record's own place */
#define PACKED_EVENT_MAX 127  /* bytes of an event_id that is part of it */

/* What columns of the row say. Without hlc or at (-1) the place is not replaced. event_id NULL: none. */
struct packed_place { const char *log; int64_t seq, hlc_ms, hlc_counter, at; const char *event_id; };

/* Append the packed line to out. The line holds no control characters but tabs and returns (wire/json.h lets none pass). */
void line_pack(const struct packed_place *place, const char *line, size_t len, struct buf *out);
/* Append the line to out. ERR_CORRUPT: no such thing was packed, or it grows too long for out; ERR_MEMORY. */
enum err line_unpack(const struct packed_place *place, const char *packed, size_t len, struct buf *out);

#endif
