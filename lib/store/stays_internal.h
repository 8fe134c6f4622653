/* What stays.c and exits.c share. */
#ifndef PARKMESH_STORE_STAYS_INTERNAL_H
#define PARKMESH_STORE_STAYS_INTERNAL_H

#include "base/zone.h"
#include "store/sql.h"
#include "store/stays.h"

const char *stay_status_word(enum stay_status status);
/* The word's place in words; -1 for one that is not there, which a CHECK of the schema keeps from happening. */
int word_index(const char *const *words, int count, const char *word);
/* Five columns from first on: at, hlc_ms, hlc_counter, log, seq. */
enum err get_key(sqlite3_stmt *st, int first, struct key *out);
/* An event's time as text is its author's; one that left it out, or wrote too much, gets it in the default
 * zone: in the one in force now, rows would differ by when a setting arrived. */
const char *time_or_made(const char *text, int64_t ts, char made[ZONE_TEXT]);

/* What rows say of an exit whose record may lack or exaggerate it; made holds time if need be. */
struct exit_words { const char *time, *central, *reason; int64_t exit_ts; char made[ZONE_TEXT]; };
void exit_words_of(const struct record *exit, struct exit_words *out);

#endif
