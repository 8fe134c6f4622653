/* Everything this program answers to, one row each. */
#include "api.h"
#include "p2p_config.h"
#include "pages.h"
#include "route.h"

#define FIELDS(list) list, sizeof list / sizeof *list
#define NO_FIELDS NULL, 0

const struct route routes[] = {
	{METHOD_GET, "/healthz", ACCESS_ANYONE, NO_FIELDS, api_health},
	{METHOD_GET, "/api/stats", ACCESS_VIEWER, NO_FIELDS, api_stats},
	{METHOD_GET, "/api/status", ACCESS_EDGE, NO_FIELDS, api_status},
	{METHOD_GET, "/api/cameras", ACCESS_VIEWER, NO_FIELDS, api_cameras},

	{METHOD_POST, "/api/edge/detection", ACCESS_EDGE, FIELDS(edge_detection_fields), api_edge_detection},
	{METHOD_POST, "/api/edge/barrier/open", ACCESS_EDGE, FIELDS(edge_open_fields), api_edge_open},
	{METHOD_POST, "/api/edge/barrier/close", ACCESS_EDGE, FIELDS(edge_close_fields), api_edge_close},
	{METHOD_POST, "/api/edge/event", ACCESS_EDGE, NO_FIELDS, api_edge_event},
	{METHOD_POST, "/api/edge/heartbeat", ACCESS_EDGE, FIELDS(edge_heartbeat_fields), api_edge_heartbeat},

	{METHOD_GET, "/api/parking/state", ACCESS_VIEWER, NO_FIELDS, api_parking_state},
	{METHOD_GET, "/api/parking/history", ACCESS_VIEWER, FIELDS(parking_history_fields), api_parking_history},
	{METHOD_POST, "/api/parking/stays", ACCESS_OPERATOR, FIELDS(operator_enter_fields), api_operator_enter},
	{METHOD_POST, "/api/parking/history/{id}/exit", ACCESS_OPERATOR, FIELDS(operator_exit_fields), api_operator_exit},
	{METHOD_PUT, "/api/parking/history/{id}", ACCESS_OPERATOR, FIELDS(operator_correct_fields), api_operator_correct},
	{METHOD_DELETE, "/api/parking/history/{id}", ACCESS_OPERATOR, FIELDS(operator_void_fields), api_operator_void},
	{METHOD_GET, "/api/parking/history/changes", ACCESS_VIEWER, FIELDS(history_changes_fields), api_history_changes},

	{METHOD_GET, "/api/parking/fees", ACCESS_VIEWER, NO_FIELDS, api_fees_get},
	{METHOD_PUT, "/api/parking/fees", ACCESS_ADMIN, FIELDS(fees_fields), api_fees_put},
	{METHOD_GET, "/api/subscriptions", ACCESS_EDGE, NO_FIELDS, api_subscriptions_get},
	{METHOD_PUT, "/api/subscriptions", ACCESS_ADMIN, FIELDS(subscriptions_fields), api_subscriptions_put},
	{METHOD_GET, "/api/staff", ACCESS_VIEWER, NO_FIELDS, api_staff_get},
	{METHOD_PUT, "/api/staff", ACCESS_ADMIN, FIELDS(staff_fields), api_staff_put},

	{METHOD_GET, "/api/p2p/config", ACCESS_ADMIN, NO_FIELDS, api_p2p_config_get},
	{METHOD_PUT, "/api/p2p/config", ACCESS_ADMIN, FIELDS(p2p_config_fields), api_p2p_config_put},
	{METHOD_GET, "/api/p2p/status", ACCESS_VIEWER, NO_FIELDS, api_p2p_status},
	{METHOD_GET, "/api/p2p/sync-state", ACCESS_VIEWER, NO_FIELDS, api_p2p_sync_state},
	{METHOD_POST, "/api/p2p/peers", ACCESS_ADMIN, FIELDS(peer_fields), api_peer_add},
	{METHOD_PUT, "/api/p2p/peers/{id}", ACCESS_ADMIN, FIELDS(peer_put_fields), api_peer_put},
	{METHOD_DELETE, "/api/p2p/peers/{id}", ACCESS_ADMIN, NO_FIELDS, api_peer_delete},
	{METHOD_POST, "/api/p2p/peers/{id}/repin", ACCESS_ADMIN, FIELDS(peer_repin_fields), api_peer_repin},
	{METHOD_POST, "/api/p2p/warnings/{id}/seen", ACCESS_ADMIN, NO_FIELDS, api_warning_seen},
	{METHOD_POST, "/api/p2p/test-connection", ACCESS_ADMIN, FIELDS(p2p_test_fields), api_p2p_test},

	{METHOD_GET, "/ws/history", ACCESS_WATCH, NO_FIELDS, api_watch},

	{METHOD_GET, "/login", ACCESS_PAGE_OPEN, FIELDS(page_login_fields), page_login},
	{METHOD_POST, "/login", ACCESS_PAGE_OPEN, FIELDS(page_logging_in_fields), page_logging_in},
	{METHOD_POST, "/logout", ACCESS_PAGE_OPEN, NO_FIELDS, page_log_out},
	{METHOD_GET, "/setup", ACCESS_PAGE_OPEN, FIELDS(page_setup_fields), page_setup},
	{METHOD_POST, "/setup", ACCESS_PAGE_OPEN, FIELDS(page_setting_up_fields), page_setting_up},
	{METHOD_GET, "/language", ACCESS_PAGE_OPEN, FIELDS(page_language_fields), page_language},
	{METHOD_GET, "/account", ACCESS_PAGE_VIEWER, NO_FIELDS, page_account},
	{METHOD_POST, "/account", ACCESS_PAGE_VIEWER, FIELDS(page_account_fields), page_account_save},

	{METHOD_GET, "/", ACCESS_PAGE_VIEWER, FIELDS(page_overview_fields), page_overview},
	{METHOD_GET, "/settings/fees", ACCESS_PAGE_VIEWER, NO_FIELDS, page_fees},
	{METHOD_POST, "/settings/fees", ACCESS_PAGE_ADMIN, FIELDS(page_fees_fields), page_fees_save},
	{METHOD_GET, "/settings/subscriptions", ACCESS_PAGE_VIEWER, FIELDS(page_list_fields), page_subscriptions},
	{METHOD_GET, "/settings/subscriptions/edit", ACCESS_PAGE_ADMIN, FIELDS(page_list_edit_fields), page_subscription_edit},
	{METHOD_POST, "/settings/subscriptions/edit", ACCESS_PAGE_ADMIN, FIELDS(page_subscription_save_fields), page_subscription_save},
	{METHOD_GET, "/settings/subscriptions/remove", ACCESS_PAGE_ADMIN, FIELDS(page_list_edit_fields), page_subscription_remove},
	{METHOD_POST, "/settings/subscriptions/remove", ACCESS_PAGE_ADMIN, FIELDS(page_list_removing_fields), page_subscription_removing},
	{METHOD_GET, "/settings/staff", ACCESS_PAGE_VIEWER, FIELDS(page_list_fields), page_staff},
	{METHOD_GET, "/settings/staff/edit", ACCESS_PAGE_ADMIN, FIELDS(page_list_edit_fields), page_staff_edit},
	{METHOD_POST, "/settings/staff/edit", ACCESS_PAGE_ADMIN, FIELDS(page_staff_save_fields), page_staff_save},
	{METHOD_GET, "/settings/staff/remove", ACCESS_PAGE_ADMIN, FIELDS(page_list_edit_fields), page_staff_remove},
	{METHOD_POST, "/settings/staff/remove", ACCESS_PAGE_ADMIN, FIELDS(page_list_removing_fields), page_staff_removing},

	{METHOD_GET, "/history", ACCESS_PAGE_VIEWER, FIELDS(page_history_fields), page_history},
	{METHOD_GET, "/history/stay", ACCESS_PAGE_VIEWER, FIELDS(page_stay_fields), page_stay},
	{METHOD_GET, "/history/stay/correct", ACCESS_PAGE_OPERATOR, FIELDS(page_stay_ask_fields), page_stay_correct},
	{METHOD_POST, "/history/stay/correct", ACCESS_PAGE_OPERATOR, FIELDS(page_stay_act_fields), page_stay_correcting},
	{METHOD_GET, "/history/stay/void", ACCESS_PAGE_OPERATOR, FIELDS(page_stay_ask_fields), page_stay_void},
	{METHOD_POST, "/history/stay/void", ACCESS_PAGE_OPERATOR, FIELDS(page_stay_act_fields), page_stay_voiding},
	{METHOD_GET, "/history/stay/undo", ACCESS_PAGE_OPERATOR, FIELDS(page_stay_ask_fields), page_stay_undo},
	{METHOD_POST, "/history/stay/undo", ACCESS_PAGE_OPERATOR, FIELDS(page_stay_act_fields), page_stay_undoing},
	{METHOD_GET, "/history/stay/end", ACCESS_PAGE_OPERATOR, FIELDS(page_stay_ask_fields), page_stay_end},
	{METHOD_POST, "/history/stay/end", ACCESS_PAGE_OPERATOR, FIELDS(page_stay_act_fields), page_stay_ending},
	{METHOD_GET, "/history/enter", ACCESS_PAGE_OPERATOR, NO_FIELDS, page_enter},
	{METHOD_POST, "/history/enter", ACCESS_PAGE_OPERATOR, FIELDS(page_entering_fields), page_entering},
	{METHOD_GET, "/history/long", ACCESS_PAGE_VIEWER, FIELDS(page_long_fields), page_long},
	{METHOD_GET, "/history/long/end", ACCESS_PAGE_OPERATOR, FIELDS(page_long_end_fields), page_long_end},
	{METHOD_POST, "/history/long/end", ACCESS_PAGE_OPERATOR, FIELDS(page_long_ending_fields), page_long_ending},
	{METHOD_GET, "/conflicts", ACCESS_PAGE_VIEWER, FIELDS(page_conflicts_fields), page_conflicts},
	{METHOD_POST, "/conflicts/look", ACCESS_PAGE_OPERATOR, FIELDS(page_conflict_fields), page_conflict_look},
	{METHOD_POST, "/conflicts/reopen", ACCESS_PAGE_OPERATOR, FIELDS(page_conflict_fields), page_conflict_reopen},

	{METHOD_GET, "/settings/p2p", ACCESS_PAGE_ADMIN, NO_FIELDS, page_p2p},
	{METHOD_POST, "/settings/p2p", ACCESS_PAGE_ADMIN, FIELDS(page_p2p_save_fields), page_p2p_save},
	{METHOD_POST, "/settings/p2p/test", ACCESS_PAGE_ADMIN, FIELDS(page_p2p_test_fields), page_p2p_test},
	{METHOD_POST, "/settings/p2p/warning", ACCESS_PAGE_ADMIN, FIELDS(page_p2p_warning_fields), page_p2p_warning},
	{METHOD_GET, "/settings/p2p/remove", ACCESS_PAGE_ADMIN, FIELDS(page_p2p_remove_fields), page_p2p_remove},
	{METHOD_GET, "/settings/p2p/repin", ACCESS_PAGE_ADMIN, FIELDS(page_repin_fields), page_repin},
	{METHOD_POST, "/settings/p2p/repin", ACCESS_PAGE_ADMIN, FIELDS(page_repinning_fields), page_repinning},
	{METHOD_POST, "/settings/p2p/remove", ACCESS_PAGE_ADMIN, FIELDS(page_p2p_removing_fields), page_p2p_removing},
};

const size_t routes_count = sizeof routes / sizeof *routes;
