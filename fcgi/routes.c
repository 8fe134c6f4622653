/* Everything this program answers to, one row each. */
#include "api.h"
#include "pages.h"
#include "route.h"

#define FIELDS(list) list, sizeof list / sizeof *list
#define NO_FIELDS NULL, 0

const struct route routes[] = {
	{METHOD_GET, "/healthz", ACCESS_ANYONE, NO_FIELDS, api_health},
	{METHOD_GET, "/api/stats", ACCESS_API, NO_FIELDS, api_stats},

	{METHOD_POST, "/api/edge/detection", ACCESS_API, FIELDS(edge_detection_fields), api_edge_detection},
	{METHOD_POST, "/api/edge/barrier/open", ACCESS_API, FIELDS(edge_open_fields), api_edge_open},
	{METHOD_POST, "/api/edge/barrier/close", ACCESS_API, FIELDS(edge_close_fields), api_edge_close},

	{METHOD_GET, "/api/parking/history", ACCESS_API, FIELDS(parking_history_fields), api_parking_history},

	{METHOD_GET, "/api/p2p/config", ACCESS_API, NO_FIELDS, api_p2p_config_get},
	{METHOD_PUT, "/api/p2p/config", ACCESS_API, FIELDS(p2p_config_fields), api_p2p_config_put},
	{METHOD_GET, "/api/p2p/status", ACCESS_API, NO_FIELDS, api_p2p_status},
	{METHOD_GET, "/api/p2p/sync-state", ACCESS_API, NO_FIELDS, api_p2p_sync_state},
	{METHOD_POST, "/api/p2p/test-connection", ACCESS_API, FIELDS(p2p_test_fields), api_p2p_test},

	{METHOD_GET, "/", ACCESS_PAGE, NO_FIELDS, page_start},
	{METHOD_GET, "/settings/p2p", ACCESS_PAGE, FIELDS(page_p2p_fields), page_p2p},
	{METHOD_POST, "/settings/p2p", ACCESS_PAGE, FIELDS(page_p2p_save_fields), page_p2p_save},
	{METHOD_POST, "/settings/p2p/test", ACCESS_PAGE, FIELDS(page_p2p_test_fields), page_p2p_test},
	{METHOD_GET, "/settings/p2p/remove", ACCESS_PAGE, FIELDS(page_p2p_remove_fields), page_p2p_remove},
	{METHOD_POST, "/settings/p2p/remove", ACCESS_PAGE, FIELDS(page_p2p_removing_fields), page_p2p_removing},
};

const size_t routes_count = sizeof routes / sizeof *routes;
