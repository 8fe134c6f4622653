/* What the pages of the two lists, subscriptions and staff, have in common and where they differ. For page_list*.c alone. */
#ifndef PARKMESH_FCGI_LIST_PAGE_H
#define PARKMESH_FCGI_LIST_PAGE_H

#include <cjson/cJSON.h>
#include <stddef.h>

#include "app.h"
#include "domain/shared.h"
#include "form.h"

struct list_kind {
	enum shared_kind kind;
	const char *path, *list_view, *edit_view;
	const struct form_field *form;      /* named as the members of an item */
	const int *bytes;                   /* of each at most */
	size_t fields;
	const char *title_member;           /* by which an item is called */
	const char *new_title, *edit_title; /* texts */
	const char *added, *saved, *removed;
	const char *remove_title, *remove_text, *remove_button;
};
extern const struct list_kind list_subscriptions, list_staff;

#endif
