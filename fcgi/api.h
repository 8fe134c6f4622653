/* Handlers of the JSON API and the fields they take; rows for the route table. Each takes checked fields and fills the answer. */
#ifndef PARKMESH_FCGI_API_H
#define PARKMESH_FCGI_API_H

#include "route.h"

/* api_edge.c */
extern const struct field edge_detection_fields[9], edge_open_fields[8], edge_close_fields[4];
handler_fn api_edge_detection, api_edge_open, api_edge_close;

/* api_parking.c */
extern const struct field parking_history_fields[7];
handler_fn api_parking_history;

/* api_p2p.c */
extern const struct field p2p_config_fields[2], p2p_test_fields[1];
handler_fn api_p2p_config_get, api_p2p_config_put, api_p2p_status, api_p2p_sync_state, api_p2p_test;

/* api_status.c */
handler_fn api_health, api_stats;

#endif
