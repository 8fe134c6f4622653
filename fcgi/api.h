/* Handlers of the JSON API and the fields they take; rows for the route table. Each takes checked fields and fills the answer. */
#ifndef PARKMESH_FCGI_API_H
#define PARKMESH_FCGI_API_H

#include "route.h"

/* api_edge.c */
extern const struct field edge_detection_fields[8], edge_open_fields[10], edge_close_fields[4];
handler_fn api_edge_detection, api_edge_open, api_edge_close;

/* api_event.c */
extern const struct field edge_heartbeat_fields[6];
handler_fn api_edge_event, api_edge_heartbeat;

/* api_history.c */
extern const struct field parking_history_fields[14], history_changes_fields[3];
handler_fn api_parking_history, api_history_changes;

/* api_metrics.c */
handler_fn api_metrics;

/* api_operator.c */
extern const struct field operator_enter_fields[7], operator_exit_fields[3], operator_correct_fields[3], operator_void_fields[1];
handler_fn api_operator_enter, api_operator_exit, api_operator_correct, api_operator_void;

/* api_p2p.c */
extern const struct field p2p_config_fields[2], p2p_test_fields[1];
handler_fn api_p2p_config_get, api_p2p_config_put, api_p2p_status, api_p2p_sync_state, api_p2p_test;

/* api_peers.c; its fields are those of p2p_config.h */
extern const struct field peer_repin_fields[1];
handler_fn api_peer_add, api_peer_put, api_peer_delete, api_peer_repin;

/* warnings.c */
handler_fn api_warning_seen;

/* api_settings.c */
extern const struct field fees_fields[1], subscriptions_fields[1], staff_fields[1];
handler_fn api_fees_get, api_fees_put, api_subscriptions_get, api_subscriptions_put, api_staff_get, api_staff_put;

/* api_state.c */
handler_fn api_parking_state, api_cameras, api_status;

/* api_status.c */
handler_fn api_health, api_stats, api_watch, api_box;

#endif
