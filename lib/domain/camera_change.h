/*
 * What a box changes of what it told before (/ws/edge), by the event_id of the entry: UPDATE corrects the plate, DELETE voids
 * the stay, LOCATION_UPDATE is noted in `events` and changes nothing.
 *
 * What a box may: correct or void only a stay that came in by its own edge at this central, and only as long as the car is
 * inside. It repeats what the camera thought better of a moment later; anything else, above all a stay that was paid, is an
 * operator's affair. Both are records like an operator's (domain/operator), with the edge as `by` and the event's type in `why`,
 * so every central shows who it was, and an operator can undo it. What is so already is a repeat; what may not be is refused:
 * unknown_event, not_inside, edge_mismatch.
 */
#ifndef PARKMESH_DOMAIN_CAMERA_CHANGE_H
#define PARKMESH_DOMAIN_CAMERA_CHANGE_H

#include "base/err.h"
#include "domain/camera.h"

struct ledger;

/* ev->change is not CHANGE_NONE, and it has an event_id. As camera_event: ERR_NONE whatever was decided. */
enum err camera_change(struct ledger *l, const struct camera_event *ev, struct camera_answer *out);

#endif
