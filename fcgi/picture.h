/*
 * Pictures that the server draws: numbers and texts in, the text of an <svg> out, which goes into a page by templates/picture.html, the
 * one raw place in the templates. Pure. Every text that comes from outside is escaped here. Colours and lines are classes of
 * static/parkmesh.css; nothing is told by colour alone. Each picture is one image to a screen reader (role="img", title, desc), and
 * the page shows the same facts as a table.
 *
 * Drawn in units that are a pixel each at 330 px, so that the small texts can be read on a phone.
 */
#ifndef PARKMESH_FCGI_PICTURE_H
#define PARKMESH_FCGI_PICTURE_H

#include <stdint.h>

#include "base/buf.h"
#include "language.h"

#define PICTURE_WIDTH 360
#define PICTURE_MAX (64 * 1024)  /* bytes; enough for each of them */

/* <svg …> of that class, with what a screen reader says. End with picture_end. */
void picture_begin(struct buf *out, const char *kind, int height, const char *title, const char *desc);
void picture_end(struct buf *out);
/* Text for an element or an attribute, escaped. */
void picture_text(struct buf *out, const char *text);

/* --- scales ---------------------------------------------------------------------------------------------------------- */

/* Marks of an axis from 0: 0, step, 2·step … top. step is 1, 2 or 5 times a power of ten. */
struct scale { int64_t step, top; };
#define SCALE_MARKS 5  /* above 0, at most */
/* highest: the largest value to be shown; below 1 counts as 1, above INTEGER_MAX as that. */
struct scale scale_for(int64_t highest);

/* A round number as the language writes it beside an axis: 950, 1.500 or 1,500, 20k, 1,5 tr or 1.5M, 2 tỷ or 2bn. */
#define PICTURE_NUMBER_SIZE 64
void picture_number(enum language l, int64_t n, char out[PICTURE_NUMBER_SIZE]);

#endif
