/* Reading what a command line names or a person types. */
#ifndef PARKMESH_CTL_INPUT_H
#define PARKMESH_CTL_INPUT_H

#include "base/buf.h"
#include "base/err.h"

/* All of the file at path ("-": stdin) appended to out, which was given a limit. ERR_SYSTEM or ERR_TOO_LARGE with fault. */
enum err input_read(const char *path, struct buf *out, struct fault *fault);
/* A password: the first line of stdin; from a terminal it is asked for with prompt and not shown. Neither a command line nor the
 * environment, which others can read, is a place for one. ERR_SYSTEM or ERR_INVALID with fault. The caller wipes out. */
enum err input_password(const char *prompt, char *out, size_t size, struct fault *fault);

#endif
