/* Rows of `settings`: what the whole site shares, told by CONFIG_UPDATE records; the last by W wins per key (domain/stay decides). */
#ifndef PARKMESH_STORE_SETTINGS_H
#define PARKMESH_STORE_SETTINGS_H

#include "base/err.h"
#include "store/stays.h"

struct db;

struct setting_row {
	struct key written; /* W of the record that set it; at is not kept */
	char *value;        /* JSON text, the caller's to free(3); NULL: removed */
};
/* ERR_NOT_FOUND: never set. */
enum err setting_find(struct db *db, const char *key, struct setting_row *out);
enum err setting_write(struct db *db, const char *key, const char *value, const struct key *written);

/* The settings of a kind, whose keys begin with prefix ("staff/"), removed ones left out, sorted by key. id: the key behind the
 * prefix. The callback must not write settings; what it returns other than ERR_NONE ends the list and is returned. */
typedef enum err setting_fn(void *arg, const char *id, const char *value);
enum err setting_list(struct db *db, const char *prefix, setting_fn *each, void *arg);

#endif
