/*
 * Forms: one way for all of them to show what was typed and to say beside the field what is wrong with it.
 *
 *   static const struct form_field fields[] = {
 *       {.name = "name", .label = "users.name", .required = true, .max = 32},
 *       {.name = "role", .label = "users.role", .options = "viewer|operator|admin", .words = "role"},
 *   };
 *   cJSON *form = form_make(c, fields, 2, NULL or &c->params);
 *   form_wrong(c, form, "name", "users.name_taken", NULL);
 *
 * In the template, inside <form method="post" action="…" novalidate>:  {{#form}}{{>form_top}}{{#name}}{{>field}}{{/name}}…{{/form}}
 * form_top holds the CSRF token and what is wrong with the form as a whole. The route declares each field as a text of generous
 * length (FIELD_TEXT, not required), so that what is wrong is said here and not by a page that says no more than "400".
 */
#ifndef PARKMESH_FCGI_FORM_H
#define PARKMESH_FCGI_FORM_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "app.h"

struct form_field {
	const char *name;          /* "alert" is taken */
	const char *label;         /* names of texts; help may be NULL */
	const char *help;
	bool required;
	int max;                   /* characters; 0: not said */
	const char *type;          /* of <input>: "password", "date" …; NULL: "text" */
	const char *inputmode;     /* "numeric", "decimal", "tel" …; NULL: none */
	const char *autocomplete;  /* "username", "current-password" …; NULL: none */
	bool check;                /* a box to tick, whose value is "1" */
	bool area;                 /* several lines */
	const char *options;       /* "a|b|c": a list to choose from; its words are the texts WORDS.a … */
	const char *words;
};

/* Made for one page, with what was typed (typed) or empty (NULL). A password is never given back. NULL without memory. */
cJSON *form_make(struct call *c, const struct form_field *fields, size_t count, const struct params *typed);
/* One field alone, as a member of parent called name; suffix ("_3", or "") makes its id the only one on the page. */
cJSON *form_add(struct call *c, cJSON *parent, const struct form_field *f, const char *suffix, const char *value);

/* Set what a field shows: of a list the chosen one, of a box "1" for ticked. */
void form_value(cJSON *form, const char *name, const char *value);
/* One more choice of a list, behind those of its options. */
void form_option(cJSON *form, const char *name, const char *value, const char *text);

/* Say beside the field what is wrong, by the name of a text. The first field so marked gets the focus. */
void form_wrong(struct call *c, cJSON *form, const char *name, const char *text, const cJSON *values);
/* The same for one field made by form_add. */
void form_mark(struct call *c, cJSON *field, const char *text, const cJSON *values);
/* Give the focus to the first of these fields that form_mark has marked. false: none is. */
bool form_focus(cJSON *fields);
/* Say above the form what is wrong with all of it. */
void form_alert(struct call *c, cJSON *form, const char *text, const cJSON *values);
/* Say what a domain function refused: beside fault's field if the form has it, else above. */
void form_fault(struct call *c, cJSON *form, enum err e, const struct fault *fault);

#endif
