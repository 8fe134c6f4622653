/*
 * What a page says once, after the redirect that follows a change: it travels in a cookie, signed, and is taken away when it is said.
 * For page.c alone.
 */
#ifndef PARKMESH_FCGI_FLASH_H
#define PARKMESH_FCGI_FLASH_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "app.h"

#define FLASH_MAX 700  /* bytes of what is said with its values, as JSON; a longer one is not said */

/* Into the answer: the text of that name is to be said, with values (NULL: none; not freed). */
void flash_put(struct call *c, const char *text, bool good, const cJSON *values);
/* Add "flash" {text, good} to site if the request brought one, and take it away by the answer; a script that refreshes a page
 * leaves it to the next page that a person gets. */
void flash_take(struct call *c, cJSON *site);

#endif
