/*
 * What operators do by hand: enter a car, end a stay, correct a plate, void a row and take that back (spec/records.md;
 * spec/api.md, "Parking"). Each is a record like any other, so every central comes to show it; who and why stand in it and in
 * history_changes.
 *
 * A row is named by its number in this central's history. A row that is BOUND is nobody's any more and counts as not there.
 * The row of an exit without entry is corrected and voided like that of a stay. Voiding removes no money: what an exit took
 * stays in exits.
 *
 * All in the ledger's transaction; ERR_NOT_FOUND, ERR_CONFLICT and ERR_INVALID with fault, and nothing is written then.
 */
#ifndef PARKMESH_DOMAIN_OPERATOR_H
#define PARKMESH_DOMAIN_OPERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/gate_write.h"
#include "domain/plate.h"
#include "store/stays.h"

struct actor;
struct ledger;

/* Who does it, as records name them, and why; why may be NULL. actor: in the audit list; NULL: no person. */
struct operator_word { const char *by, *why; const struct actor *actor; };

struct operator_entry {
	char plate_id[PLATE_SIZE];                /* reduced, valid */
	const char *plate_view;                   /* NULL or "": made from plate_id */
	const char *camera_type, *edge_id;        /* NULL or "": not known */
	int64_t entry_ms;                         /* -1: now. Another time is kept, and decided as of (gate_write.h) */
	bool force;                               /* end the stay that is open, as missed, first */
};
/* out: the stay's row. ERR_CONFLICT "already_inside": out is the stay that is open. ERR_INVALID: entry_ms is ahead of now. */
enum err operator_enter(struct ledger *l, const struct operator_entry *ask, const struct operator_word *word,
	struct stay_row *out, struct fault *fault);

struct operator_exit {
	int64_t history_id;
	const char *reason;                       /* normal, forced, missed */
	int64_t fee;                              /* that was taken; -1: by the tariff. A missed exit took nothing: 0 or -1 */
};
/* out: the stay's row afterwards. ERR_CONFLICT "already_out", "void" or "superseded". */
enum err operator_leave(struct ledger *l, const struct operator_exit *ask, const struct operator_word *word, struct stay_row *out,
	struct exit_written *exit, struct fault *fault);

/* Say whose row it is: plate_view NULL or "" is made from plate_id. Of a VOID row this also undoes the void. The same plate again
 * writes nothing. out: the row afterwards, by the merge rule: it may be OUT, SUPERSEDED or BOUND then. */
enum err operator_correct(struct ledger *l, int64_t history_id, const char *plate_id, const char *plate_view,
	const struct operator_word *word, struct stay_row *out, struct fault *fault);
/* Take the row out. ERR_CONFLICT "void": it is out. */
enum err operator_void(struct ledger *l, int64_t history_id, const struct operator_word *word, struct stay_row *out,
	struct fault *fault);

#endif
