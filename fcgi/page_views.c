#include "pages.h"

#include <stddef.h>

const char *const page_views[] = {
	"account", "audit", "confirm", "conflicts", "edge_edit", "edge_token", "edges", "end_all", "enter", "failure", "fees",
	"history", "login", "long", "overview", "p2p", "repin", "setup", "staff", "staff_edit", "stay", "stay_form",
	"subscription_edit", "subscriptions", "user_add", "user_edit", "users", NULL,
};
