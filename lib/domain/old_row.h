/* What a row of the older system's history says, as far as it can be made out. Pure. */
#ifndef PARKMESH_DOMAIN_OLD_ROW_H
#define PARKMESH_DOMAIN_OLD_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "base/zone.h"
#include "store/old.h"
#include "store/stays.h"

#define OLD_WORD_SIZE 200

struct old_facts {
	char event_id[STAY_NAME_SIZE];        /* "" none, or none that can be kept */
	char source_central[CENTRAL_ID_SIZE]; /* "" none */
	char plate_id[STAY_PLATE_SIZE];       /* never "" */
	char plate_view[STAY_PLATE_SIZE];     /* "" none */
	char edge_id[OLD_WORD_SIZE], entry_camera_id[OLD_WORD_SIZE], entry_camera_name[OLD_WORD_SIZE], entry_source[OLD_WORD_SIZE];
	char exit_camera_id[OLD_WORD_SIZE], exit_camera_name[OLD_WORD_SIZE], duration[OLD_WORD_SIZE]; /* "" none */
	char camera_type[OLD_WORD_SIZE], exit_central[OLD_WORD_SIZE], exit_edge[OLD_WORD_SIZE]; /* "" none; in no row, told by events */
	double confidence;                    /* -1 none */
	bool entered, left;
	int64_t entry_ms, exit_ms;            /* Unix ms, where it entered and left */
	char entry_time[ZONE_TEXT], exit_time[ZONE_TEXT];
	const char *reason;                   /* of the exit */
	int64_t fee;
	bool ours;                            /* the exit was told the old system by one of ours (old_duration_sign) */
	bool lost;                            /* something of the row has no place in a record: a person has to look */
	char note[240];                       /* what was lost or put in order, sentences; "" nothing */
};

/* Read the row in the site's time zone. One that neither entered nor left can be no record; lost is set then. */
void old_facts_read(const struct old_row *row, struct old_facts *out);
/*
 * Nothing in a row of the older system says who told an exit. So that one which a central of ours has told it is known when it comes back,
 * in an answer or in its database, and is not written a second time, such an exit's duration has a no-break space for each space: what
 * people read is the same. (The record itself may come only later, over the mesh.) out is "" if it does not fit.
 */
void old_duration_sign(const char *duration, char *out, size_t size);
/* A time of the older system: local time of the site with or without a fraction, with Z or an offset, or a Unix time in s or ms. */
bool old_time_parse(const char *text, int64_t *ms);

#endif
