/* Number plates: what identifies a vehicle (plate_id) and how people write it (plate_view). Pure functions. */
#ifndef PARKMESH_DOMAIN_PLATE_H
#define PARKMESH_DOMAIN_PLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "wire/record.h"

#define PLATE_SIZE (PLATE_MAX + 1)
#define PLATE_VIEW_SIZE 32

/* Upper-case text and keep A-Z0-9, Đ and đ as D, everything else dropped (spec/README.md). Returns the length it would have;
 * out holds at most PLATE_MAX of it. A valid plate has PLATE_MIN … PLATE_MAX. */
size_t plate_reduce(const char *text, char out[PLATE_SIZE]);
/* The same for a request's plate_id: ERR_INVALID if it has less than PLATE_MIN or more than PLATE_MAX characters; fault says so. */
enum err plate_read(const char *text, char out[PLATE_SIZE], struct fault *fault);
/* How people write it, for a plate nobody gave a view for: 29A12345 -> 29A-123.45, 29A1234 -> 29A-1234, 29B112345 -> 29B1-123.45;
 * any other form unchanged. */
void plate_view_make(const char *plate_id, char out[PLATE_VIEW_SIZE]);

#endif
