#include "password_form.h"

#include <string.h>

#include "domain/people.h"
#include "form.h"

bool password_form_good(struct call *c, cJSON *form, const char *account)
{
	const char *password = params_typed(&c->params, "password");
	struct fault why = {0};
	enum err e = people_check_password(account, password, &why);

	if (e != ERR_NONE)
		form_fault(c, form, e, &why);
	else if (strcmp(password, params_typed(&c->params, "again")) != 0)
		form_wrong(c, form, "again", "account.not_the_same", NULL);
	else
		return true;
	return false;
}
