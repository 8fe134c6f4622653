/*
 * What is not as it should be right now: one list for pages, metrics and parkmesh-watch. Nothing of it is kept; a condition is there
 * as long as it holds and gone once it does not. What happened once and stands until somebody has seen it is domain/warnings.
 *
 * Pure but for reading db: the time and what is known of disk and writer are handed in.
 */
#ifndef PARKMESH_DOMAIN_CONDITIONS_H
#define PARKMESH_DOMAIN_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/disk.h"
#include "base/err.h"
#include "store/site.h"

struct db;

enum condition_code {          /* number says … */
	CONDITION_UNWRITABLE,  /* the last attempt to write the database failed */
	CONDITION_DISK_LOW,    /* bytes that are free */
	CONDITION_CERTIFICATE, /* the certificate for TLS between centrals cannot be used */
	CONDITION_P2PD_DOWN,   /* p2pd does not run; of peers nothing is known then */
	CONDITION_PEER_REFUSED,/* central refuses this one, or shows no proof of the mesh secret */
	CONDITION_PEER_DOWN,   /* central, a configured peer, is not connected */
	CONDITION_CLOCK_OFF,   /* ms that central's clock is ahead of the one here */
	CONDITION_CONFLICTS,   /* conflicts that nobody here has looked at; CONFLICTS_COUNT_MAX: so many or more */
	CONDITION_BACKUP_OLD,  /* ms since the last good backup, of a central of which backups are expected; 0 there was none */
	CONDITION_UNREADABLE,  /* records that this version cannot read; CONDITION_COUNT_MAX: so many or more */
	CONDITION_CODES
};

struct condition {
	enum condition_code code;
	char central[CENTRAL_ID_SIZE];  /* "" it is about this one */
	int64_t number;                 /* 0 where nothing is said above */
	int64_t since_ms;               /* Unix ms since when, 0 not known */
	struct reason why;              /* of a peer that is not connected, where it is known */
};

/* What the database does not say. */
struct circumstances { int64_t now_ms; struct disk disk; bool unwritable; };

#define CONDITIONS_MAX (2 * PEERS_MAX + CONDITION_CODES)  /* a peer that is down tells nothing of its clock */
#define CONDITION_COUNT_MAX 1000
#define CLOCK_OFF_MS 60000

/* All that hold, those about this central first, then by peer. out has room for CONDITIONS_MAX. */
enum err conditions_list(struct db *db, const struct circumstances *now, struct condition *out, size_t *count);

/* "peer_down" …: the stable word for programs and catalogues. */
const char *condition_name(enum condition_code code);
/* What it is and what to do, in plain English. Pages say it by the catalogue's condition_title.NAME and condition_text.NAME. */
#define CONDITION_SENTENCE_SIZE 480
void condition_sentence(const struct condition *c, char out[CONDITION_SENTENCE_SIZE]);

#endif
