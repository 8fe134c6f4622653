/* Text as people search for it: "Nguyễn Đức" is found by "nguyen duc". Pure. */
#ifndef PARKMESH_BASE_FOLD_H
#define PARKMESH_BASE_FOLD_H

#include <stddef.h>

/* Lower-case letters without their marks: of A-Z and of all letters of Vietnamese, composed or not; the rest as it is. Cut to size. */
void text_fold(const char *text, char *out, size_t size);

#endif
