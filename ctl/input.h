/* Reading a file that a command line names. */
#ifndef PARKMESH_CTL_INPUT_H
#define PARKMESH_CTL_INPUT_H

#include "base/buf.h"
#include "base/err.h"

/* All of the file at path ("-": stdin) appended to out, which was given a limit. ERR_SYSTEM or ERR_TOO_LARGE with fault. */
enum err input_read(const char *path, struct buf *out, struct fault *fault);

#endif
