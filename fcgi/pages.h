/* Handlers of the pages for people, the fields their forms send, and the templates they use. */
#ifndef PARKMESH_FCGI_PAGES_H
#define PARKMESH_FCGI_PAGES_H

#include "route.h"

/* Every template a handler asks for, NULL-terminated: the program does not start without them. */
extern const char *const page_views[];

/* page_p2p.c */
extern const struct field page_p2p_fields[3], page_p2p_save_fields[9], page_p2p_test_fields[1], page_p2p_remove_fields[1],
	page_p2p_removing_fields[1];
/* A time for people, 02/12/2025 10:30, with the exact one for the title, as {text, exact}; nothing for 0. */
struct cJSON;
void page_add_time(struct cJSON *parent, const char *name, int64_t ms);
handler_fn page_start, page_p2p, page_p2p_save, page_p2p_test, page_p2p_remove, page_p2p_removing;

/* warnings.c */
extern const struct field page_p2p_warning_fields[1];
handler_fn page_p2p_warning;

#endif
