/*
 * What all pages for people share: the layout around them, the language, messages that are said once, values as the language writes
 * them.
 *
 * A handler makes a cJSON object, the page's context, fills it with the functions below and gives it to page_show with the name of a
 * template; or, after a change, answers with page_redirect. Every template gets an object "site" beside the context:
 *
 *   site.language       "vi", "en"
 *   site.switch         {language, href}: the other language, and the path that chooses it and comes back
 *   site.central        this central's id; missing when the database cannot be read
 *   site.user           {name, role, is_operator, is_admin}: who is logged in; missing if nobody is
 *   site.nav            [{href, text, icon, current}]: pages that this person may open
 *   site.flash          {text, good}: said once, by the redirect before
 *   site.clock_offset   minutes by which the site's clock is ahead of UTC, for scripts
 *   site.csrf           goes into every form as the hidden field "csrf": {{>csrf}}. The gate refuses a POST without it.
 *
 * There is no state of a page in this program: two people at once never see each other's.
 */
#ifndef PARKMESH_FCGI_PAGE_H
#define PARKMESH_FCGI_PAGE_H

#include <cjson/cJSON.h>
#include <stdint.h>

#include "app.h"
#include "writer.h"

/* Answer with the page that the view makes of context, which is freed (NULL: there was no memory for it). ERR_MEMORY. */
enum err page_show(struct call *c, int status, const char *view, cJSON *context);
/* Answer with 303 to a path of this central. said (NULL: nothing): the name of a text that the next page says once; it may use
 * values (freed; NULL: none), an object of few short texts. */
enum err page_redirect(struct call *c, const char *path, const char *said, cJSON *values);
/* The same for what did not work: the next page says it as a failure. */
enum err page_redirect_failed(struct call *c, const char *path, const char *said, cJSON *values);

/* Read from the request's cookies what pages go by: language and token. Once, before anything else. */
void page_begin(struct call *c);

/* Run a job in the writer (writer.h) and wait until it is committed. What a job put into fault does not count when its batch could not be
 * written: ERR_UNAVAILABLE, with an empty fault. */
enum err page_write(struct call *c, writer_job_fn *job, void *arg, struct fault *fault);

/* May this person open that page? false, too, if there is none. What links to it is left out then. */
bool page_may_open(const struct call *c, const char *path);

/* Ask before something is removed: a page with the question and a form that POSTs fields to action. Texts are names of the catalogue
 * and may use values, which is freed. */
struct confirm {
	const char *title, *text, *button;       /* names of texts */
	const char *action, *back;               /* paths */
	const char *field, *value;               /* a hidden field; NULL: none */
	bool mild;                               /* the button is not red */
};
enum err page_confirm(struct call *c, const struct confirm *q, cJSON *values);

/* What a failure is told with in the page's language: the text fault.CODE, which may use {{limit}}, else what err has by itself. Adds
 * it to parent. */
void page_fault(struct call *c, cJSON *parent, const char *name, enum err e, const struct fault *fault);

/* --- values: each adds a member called name to parent ---------------------------------------------------------------- */

/* The text of that name, made with values (NULL: none; not freed). A name that does not exist is written to the journal. */
void page_words(struct call *c, cJSON *parent, const char *name, const char *text, const cJSON *values);
/* Is there a text of that name? */
bool page_has_words(const struct call *c, const char *text);
void page_number(struct call *c, cJSON *parent, const char *name, int64_t n);
void page_money(struct call *c, cJSON *parent, const char *name, int64_t vnd);
/* {text, exact}, for <time title="{{exact}}">{{text}}</time>, in templates {{#name}}{{>time}}{{/name}}; nothing for ms ≤ 0. */
void page_time(struct call *c, cJSON *parent, const char *name, int64_t ms);
void page_date(struct call *c, cJSON *parent, const char *name, int64_t ms);
void page_duration(struct call *c, cJSON *parent, const char *name, int64_t seconds);

/* Links to the pages of a list before and behind this one, as "paging" for {{>paging}}: {text, newer, older}. path: with its query but
 * without offset ("/history?plate=29A"); shown: rows on this page; total: of all, below 0 if not known; more: there are further ones. */
struct paging { const char *path; int64_t offset, limit, shown, total; bool more; };
void page_paging(struct call *c, cJSON *parent, const struct paging *p);

#endif
