/*
 * Passwords are checked and made here, few at once: each takes memory and time (seal/password.h) that gates must not lack. Those
 * beyond HASHING_AT_ONCE wait; when HASHING_WAITING wait already, the next one is told to come back. Any number of threads.
 */
#ifndef PARKMESH_FCGI_HASHING_H
#define PARKMESH_FCGI_HASHING_H

#include <stdbool.h>

#include "base/err.h"
#include "seal/password.h"

struct hashing;

#define HASHING_AT_ONCE 1
#define HASHING_WAITING 4

enum err hashing_open(struct hashing **out);
void hashing_close(struct hashing *h);

/* As password_fits and password_hash. ERR_UNAVAILABLE with code "busy" when too many wait, or there is no memory. */
enum err hashing_check(struct hashing *h, const char *hash, const char *password, bool *fits, struct fault *fault);
enum err hashing_make(struct hashing *h, const char *password, char out[PASSWORD_HASH_SIZE], struct fault *fault);

#endif
