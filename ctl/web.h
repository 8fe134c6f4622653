/*
 * HTTP to somebody else, by libcurl: one request, bounded in time and in what is taken of the answer. No redirect is followed. A SIGTERM
 * or SIGINT that is blocked and waits ends it within a second.
 */
#ifndef PARKMESH_CTL_WEB_H
#define PARKMESH_CTL_WEB_H

#include <stdbool.h>

#define WEB_BODY_SIZE 1024
#define WEB_WHY_SIZE 256

struct web_answer {
	long status;               /* 0: none came */
	char body[WEB_BODY_SIZE];  /* its beginning */
	char why[WEB_WHY_SIZE];    /* why none came */
};

/* Once, before the rest; and at the end. */
bool web_start(void);
void web_end(void);

/* Is it an address of http:// or https:// that libcurl can read, without a fragment? */
bool web_address_valid(const char *url);
/* GET from this machine itself, past any proxy, within 2 s. */
void web_ask(const char *url, struct web_answer *out);
/* POST a JSON object, within 15 s. The environment's proxies are used, and certificates verified, as curl(1) does. */
void web_post(const char *url, const char *json, struct web_answer *out);

#endif
