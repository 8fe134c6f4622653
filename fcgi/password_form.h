/* A new password that somebody typed twice. */
#ifndef PARKMESH_FCGI_PASSWORD_FORM_H
#define PARKMESH_FCGI_PASSWORD_FORM_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "app.h"

/* Are the fields "password" and "again" a password that this account may have, twice the same? What is wrong is said beside its
 * field. */
bool password_form_good(struct call *c, cJSON *form, const char *account);

#endif
