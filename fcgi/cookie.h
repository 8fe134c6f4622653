/*
 * Cookies. Their names end in the port nginx took the request on ("parkmesh-session-8001"): browsers share cookies between the ports
 * of a machine, and several centrals on one machine are not to log each other's people out.
 */
#ifndef PARKMESH_FCGI_COOKIE_H
#define PARKMESH_FCGI_COOKIE_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"
#include "response.h"

#define COOKIE_SESSION "session"
#define COOKIE_LANGUAGE "language"
#define COOKIE_FLASH "flash"

/* The value of the first cookie of that name in a Cookie header; false if there is none or it does not fit. */
bool cookie_find(const char *header, const char *name, char *out, size_t size);
/* The value that this request has of one of our cookies. */
bool cookie_get(const struct request *r, const char *name, char *out, size_t size);
/* Set one for max_age_s seconds; 0 takes it away, below 0 it lasts as long as the browser. HttpOnly, SameSite=Lax, Secure under TLS.
 * value has none of the characters that a cookie cannot have. */
void cookie_set(struct response *out, const struct request *r, const char *name, const char *value, int max_age_s);

#endif
