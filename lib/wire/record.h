/*
 * One record: a line of JSON <-> a struct (spec/records.md, "Record").
 *
 * Two questions are kept apart. Can the line be a record at all (record_parse fails: a framing fault, the page is refused)?
 * And can the merge read it (`readable`)? What it cannot read is stored, passed on and otherwise ignored, so that one bad
 * record never stops a log and an older central never loses what a newer one wrote.
 *
 * Optional fields of a wrong type count as missing. Of duplicate names the first counts.
 */
#ifndef PARKMESH_WIRE_RECORD_H
#define PARKMESH_WIRE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "seal/seal.h"

#define RECORD_MAX 8192          /* bytes of a line, without the newline */
#define PLATE_MIN 6
#define PLATE_MAX 16

struct cJSON;

enum record_type {     /* numbers of it lie in databases: further ones come last */
	RECORD_UNKNOWN,    /* a type this version does not know */
	RECORD_LOG_OPEN,
	RECORD_ENTRY,      /* VEHICLE_ENTRY_PENDING */
	RECORD_CONFIRMED,  /* VEHICLE_ENTRY_CONFIRMED */
	RECORD_EXIT,       /* VEHICLE_EXIT */
	RECORD_CORRECTION, /* HISTORY_UPDATE */
	RECORD_VOID,       /* HISTORY_DELETE */
	RECORD_CONFIG      /* CONFIG_UPDATE */
};
#define RECORD_TYPES (RECORD_CONFIG + 1)

struct hlc { int64_t ms, counter; };

/* data of each type. Texts are NULL when missing and belong to the record; times are Unix ms, -1 when missing. */
struct log_open_data {
	const char *id, *writer;
	unsigned char public_key[KEY_BYTES];
	unsigned char random[LOG_RANDOM_BYTES];
	const char *previous_log; /* NULL: none */
	int64_t previous_seq;
	struct chain previous_chain;
};
struct entry_data {
	const char *plate_id, *plate_view, *edge_id, *camera_type, *camera_id, *camera_name, *direction, *entry_time, *source;
	int64_t entry_ts;
	double confidence; /* -1: missing */
	const char *by, *why; /* of an operator who entered it by hand */
};
struct confirmed_data { const char *confirmed_time; int64_t confirmed_ts; };
struct exit_data {
	const char *plate_id, *exit_central, *exit_edge, *camera_id, *camera_name, *exit_time, *duration, *tariff, *reason,
		*edge_event_id;
	int64_t exit_ts;
	int64_t fee;       /* VND, as charged */
	int64_t edge_fee;  /* -1: missing */
	const char *by, *why; /* of an operator who ended the stay by hand */
};
struct correction_data { const char *plate_id, *plate_view, *by, *why; }; /* also for RECORD_VOID, without the plate */
struct config_data { const char *key; const char *value; const char *by; }; /* value: JSON text (as cJSON prints it, after
	record_parse), NULL removes */

struct record {
	enum record_type type;
	const char *type_name;      /* "" if missing, as is source_central */
	const char *source_central;
	int64_t timestamp;        /* -1: missing; only informs */
	const char *event_id;     /* NULL: none */
	char log[LOG_ID_SIZE];
	int64_t seq;
	bool has_hlc;
	struct hlc hlc;
	int64_t at;               /* -1: unreadable */
	bool readable;            /* the merge can read it */
	bool legacy;              /* data.via is "legacy" */
	union {
		struct log_open_data log_open;
		struct entry_data entry;
		struct confirmed_data confirmed;
		struct exit_data exit;
		struct correction_data correction;
		struct config_data config;
	} data;
	struct cJSON *document;   /* owns what the texts above point to, after record_parse */
	char *config_value;       /* owns data.config.value */
};

/* Read one line (no newline). ERR_TOO_LARGE above RECORD_MAX; ERR_SYNTAX if it is not a UTF-8 JSON object, holds \u0000, or has
 * no valid log and seq (wire/json.h says what counts as JSON); ERR_MEMORY. On success free with record_free. */
enum err record_parse(const char *line, size_t len, struct record *out);
void record_free(struct record *r);

/* Write r as its author's line: type_name is taken from type, and data from the member for that type. Texts may point anywhere.
 * out gets the line without a newline. ERR_TOO_LARGE if it would be over RECORD_MAX or out->limit; ERR_INVALID if record_parse
 * would refuse it (a text that is no UTF-8, a value that is no JSON): such a line must never enter a log. On both, what was
 * added to out is of no use. */
enum err record_write(const struct record *r, struct buf *out);

/* "VEHICLE_EXIT" …; NULL for RECORD_UNKNOWN. */
const char *record_type_name(enum record_type type);
/* The name of the exit that (log, seq) tells: "exit_<log>_<seq>". */
#define EXIT_NAME_SIZE 64
void exit_name_make(const char *log, int64_t seq, char out[EXIT_NAME_SIZE]);
/* Does the event_id name an exit instead of a stay? Such a one is unknown as a stay. */
bool exit_name_is(const char *event_id);

#endif
