#include "web.h"

#include <curl/curl.h>
#include <signal.h>
#include <string.h>

#include "base/text.h"

#define PROTOCOLS "http,https"

bool web_start(void)
{
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

void web_end(void)
{
	curl_global_cleanup();
}

bool web_address_valid(const char *url)
{
	CURLU *read = curl_url();
	char *scheme = NULL, *fragment = NULL;
	bool valid = read && curl_url_set(read, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK
		&& curl_url_get(read, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
		&& (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0)
		&& curl_url_get(read, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_NO_FRAGMENT;

	curl_free(scheme);
	curl_free(fragment);
	curl_url_cleanup(read);
	return valid;
}

/* Keeps the beginning and lets the rest pass. */
static size_t keep(char *bytes, size_t one, size_t len, void *arg)
{
	struct web_answer *out = arg;
	size_t have = strlen(out->body), room = sizeof out->body - 1 - have, taken = len < room ? len : room;

	(void)one; /* always 1 */
	memcpy(out->body + have, bytes, taken);
	out->body[have + taken] = '\0';
	return len;
}

/* Not 0: this program is to end. */
static int ending(void *arg, curl_off_t all_in, curl_off_t in, curl_off_t all_out, curl_off_t out)
{
	sigset_t waiting;

	(void)arg, (void)all_in, (void)in, (void)all_out, (void)out;
	return sigpending(&waiting) == 0 && (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1);
}

/* NULL: there is no memory. */
static CURL *begin(const char *url, long seconds, struct web_answer *out)
{
	CURL *c = curl_easy_init();

	memset(out, 0, sizeof *out);
	if (!c) {
		text_copy(out->why, sizeof out->why, "there is no memory");
		return NULL;
	}
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, PROTOCOLS);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, seconds);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, keep);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, out);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, ending);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "parkmesh-watch/" PACKAGE_VERSION);
	return c;
}

static void perform(CURL *c, struct web_answer *out)
{
	CURLcode e;

	e = curl_easy_perform(c);
	if (e == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &out->status);
	else
		text_copy(out->why, sizeof out->why, curl_easy_strerror(e));
	curl_easy_cleanup(c);
}

void web_ask(const char *url, struct web_answer *out)
{
	CURL *c = begin(url, 2, out);

	if (!c)
		return;
	curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
	perform(c, out);
}

void web_post(const char *url, const char *json, struct web_answer *out)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	CURL *c = begin(url, 15, out);

	if (c) {
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, json);
		perform(c, out);
	}
	curl_slist_free_all(headers);
}
