/*
 * The merge's short cut: an entry or exit in order (its at above every entry and exit of each plate it touches, and no exit,
 * correction, confirmation or void waiting for it) is applied directly. Any other is handed to domain/renew.
 */
#ifndef PARKMESH_DOMAIN_DIRECT_H
#define PARKMESH_DOMAIN_DIRECT_H

#include "base/err.h"
#include "domain/stay.h"
#include "wire/record.h"

enum err direct_entry(const struct merge *m, const struct record *r);
enum err direct_exit(const struct merge *m, const struct record *r);

#endif
