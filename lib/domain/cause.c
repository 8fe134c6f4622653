#include "domain/cause.h"

#include <stdarg.h>

#include "base/text.h"

static const char *const names[CAUSE_COUNT] = {
	[CAUSE_NONE] = "",
	[CAUSE_UNREACHABLE] = "unreachable",
	[CAUSE_NO_ANSWER] = "no_answer",
	[CAUSE_NOT_A_CENTRAL] = "not_a_central",
	[CAUSE_UNKNOWN_HOST] = "unknown_host",
	[CAUSE_LOST] = "lost",
	[CAUSE_SILENT] = "silent",
	[CAUSE_NO_ACK] = "no_ack",
	[CAUSE_RECONFIGURED] = "reconfigured",
	[CAUSE_UNHEARD] = "unheard",
	[CAUSE_STOPPED] = "stopped",
	[CAUSE_FAULT] = "fault",
	[CAUSE_PAGE] = "page",
	[CAUSE_VERSION] = "version",
	[CAUSE_WRONG_MESH] = "wrong_mesh",
	[CAUSE_WRONG_ID] = "wrong_id",
	[CAUSE_OWN_ID] = "own_id",
	[CAUSE_OURSELVES] = "ourselves",
	[CAUSE_NO_SECRET] = "no_secret",
	[CAUSE_NO_SECRET_THERE] = "no_secret_there",
	[CAUSE_WRONG_SECRET] = "wrong_secret",
	[CAUSE_WRONG_KEY] = "wrong_key",
	[CAUSE_WRONG_KEY_THERE] = "wrong_key_there",
	[CAUSE_REFUSED] = "refused",
	[CAUSE_FULL] = "full",
	[CAUSE_BETWEEN] = "between",
	[CAUSE_PLAIN] = "plain",
	[CAUSE_PLAIN_THERE] = "plain_there",
	[CAUSE_NO_TLS] = "no_tls",
	[CAUSE_CLOCK_AHEAD] = "clock_ahead",
	[CAUSE_CLOCK_BEHIND] = "clock_behind",
	[CAUSE_OTHER_RECORDS] = "other_records",
	[CAUSE_LOG_STOPPED] = "log_stopped",
	[CAUSE_REPORTED] = "reported",
	[CAUSE_REPORTED_FAULT] = "reported_fault",
	[CAUSE_REPORTED_FULL] = "reported_full",
	[CAUSE_REPORTED_TWO] = "reported_two",
	[CAUSE_TESTS_WAIT] = "tests_wait",
	[CAUSE_NOT_CONFIGURED] = "not_configured",
};

const char *cause_name(enum cause cause)
{
	return names[cause];
}

void reason_set(struct reason *out, enum cause cause, const char *about, int64_t number, const char *format, ...)
{
	struct reason made = {.number = number}; /* what it is made of may stand in out */
	va_list args;

	text_copy(made.cause, sizeof(made.cause), cause_name(cause));
	text_copy(made.about, sizeof(made.about), about ? about : "");
	va_start(args, format);
	text_vformat(made.sentence, sizeof(made.sentence), format, args);
	va_end(args);
	*out = made;
}
