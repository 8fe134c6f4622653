#include "pages.h"

#include <stddef.h>

#include "page.h"

const char *const page_views[] = {
	"account", "confirm", "failure", "fees", "login",
	"p2p", "setup", "staff", "staff_edit", "subscription_edit", "subscriptions", NULL,
};

/* Where a person who opens the central's address gets to. */
enum err page_start(struct call *c, struct fault *fault)
{
	(void)fault;
	return page_redirect(c, c->caller.user_role == USER_ADMIN ? "/settings/p2p" : "/account", NULL, NULL);
}
