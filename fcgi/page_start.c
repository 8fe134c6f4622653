#include "pages.h"

#include <stddef.h>

const char *const page_views[] = {
	"account", "confirm", "failure", "fees", "login", "overview",
	"p2p", "setup", "staff", "staff_edit", "subscription_edit", "subscriptions", NULL,
};
