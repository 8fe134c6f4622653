/* How many lines somebody may make this program write into its journal: a few at once, then one in a while, and how many were left
 * out. So that nobody fills the disk, or hides a line that matters among a million, by connecting or complaining without end. */
#ifndef PARKMESH_P2PD_ALLOWANCE_H
#define PARKMESH_P2PD_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#define ALLOWANCE_LINES 20
#define ALLOWANCE_MS 5000 /* until there is one more */

/* All zeros to begin with: nothing used. */
struct allowance { int64_t since_ms; unsigned used; uint64_t withheld; };

/* May a line be written now (monotonic ms)? If so and lines were left out before it, withheld says how many, once. */
bool allowance_take(struct allowance *a, int64_t now_ms, uint64_t *withheld);

#endif
