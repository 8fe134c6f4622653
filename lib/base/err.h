/*
 * The results of functions, and the sentence a failure is told with.
 *
 * Functions below fcgi/ and p2pd/ return enum err. Only fcgi/ turns one into an HTTP status, only p2pd/ into an ERROR message.
 * A function that fails for a reason its caller's user can mend also fills a struct fault.
 */
#ifndef PARKMESH_BASE_ERR_H
#define PARKMESH_BASE_ERR_H

#include <stdint.h>

enum err {
	ERR_NONE = 0,
	ERR_SYNTAX,      /* the bytes cannot be read */
	ERR_TOO_LARGE,   /* over a limit of size or number */
	ERR_INVALID,     /* readable, but means nothing */
	ERR_FIELD,       /* a field is missing or of the wrong type */
	ERR_NOT_FOUND,   /* what is named does not exist */
	ERR_CONFLICT,    /* the state forbids it */
	ERR_DENIED,      /* not this caller, not this key */
	ERR_STRANGER,    /* the caller has not shown who it is */
	ERR_UNAVAILABLE, /* the database cannot be written for now: disk full, read-only, I/O error */
	ERR_CORRUPT,     /* what is held does not fit together */
	ERR_SYSTEM,      /* the operating system or a library refused */
	ERR_MEMORY       /* out of memory, or a buffer's limit was reached */
};

/* What went wrong, for a person (sentence), a program (code) and a form (field, "" if none). */
struct fault {
	char code[40];
	char field[40];
	char sentence[240];
	int64_t limit;   /* the bound that was not kept, for pages, which say it in their language; 0 none */
};

/* A stable lower-case word for logs, such as "conflict". Never NULL. */
const char *err_name(enum err e);

/* Fill f (which may be NULL) and return e, so that a check is one line: return fault_set(f, ERR_FIELD, …). */
enum err fault_set(struct fault *f, enum err e, const char *code, const char *field, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* Add the bound to what fault_set has just filled in and returned: return fault_limit(f, 100, fault_set(f, …)). */
enum err fault_limit(struct fault *f, int64_t limit, enum err e);

#endif
