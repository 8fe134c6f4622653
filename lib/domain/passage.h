/*
 * What camera boxes are told of other gates and centrals (/ws/edge): each entry and each exit that came about, as a frame, so
 * that an exit box knows the cars that came in elsewhere.
 *   {"type":"ENTRY","event_id","camera_id","camera_name","camera_type","source_central",
 *    "data":{"plate_text","plate_view","confidence","source"},"entry_time"}
 *   {"type":"EXIT", the same, "exit_time","fee","duration"} in place of entry_time; source_central is where it left
 * event_id is the stay's. A gate without a camera is named by its edge_id. What is not known is null.
 *
 * Told is a record when it is stored, if by then it counts: an entry whose car is inside, the exit that ended a stay. So nothing
 * is told of a car that came and left while its central was away, nor of what lost against something else; nor of corrections,
 * voids and confirmations, which are no passages.
 */
#ifndef PARKMESH_DOMAIN_PASSAGE_H
#define PARKMESH_DOMAIN_PASSAGE_H

#include "base/err.h"
#include "base/text.h"
#include "store/edges.h"
#include "store/logs.h"

struct buf;
struct db;

/* Where it happened. */
struct passage { char central[CENTRAL_ID_SIZE], edge_id[EDGE_ID_SIZE]; };

/* The frame of what this record did is added to frame. ERR_NOT_FOUND: there is nothing to tell of it. db may be read-only. */
enum err passage_of(struct db *db, const struct record_numbered *record, struct passage *out, struct buf *frame);

#endif
