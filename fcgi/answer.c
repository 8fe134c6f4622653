#include "answer.h"

#include <math.h>

int answer_status(enum err e)
{
	switch (e) {
	case ERR_NONE: return 200;
	case ERR_SYNTAX:
	case ERR_INVALID: return 400;
	case ERR_STRANGER: return 401;
	case ERR_DENIED: return 403;
	case ERR_NOT_FOUND: return 404;
	case ERR_CONFLICT: return 409;
	case ERR_TOO_LARGE: return 413;
	case ERR_FIELD: return 422;
	case ERR_UNAVAILABLE: return 503;
	case ERR_CORRUPT:
	case ERR_SYSTEM:
	case ERR_MEMORY: break;
	}
	return 500;
}

/* A comma goes before every member but the first of its object or list. */
void answer_name(struct response *r, const char *name)
{
	char last = r->body.len > 0 ? r->body.data[r->body.len - 1] : '{';

	if (last != '{' && last != '[')
		buf_char(&r->body, ',');
	if (!name)
		return;
	buf_json_str(&r->body, name);
	buf_char(&r->body, ':');
}

void answer_begin(struct response *r, int status)
{
	response_reset(r);
	r->status = status;
	buf_char(&r->body, '{');
	answer_bool(r, "success", status < 400);
}

void answer_end(struct response *r)
{
	buf_str(&r->body, "}\n");
}

void answer_text(struct response *r, const char *name, const char *value)
{
	answer_name(r, name);
	if (value)
		buf_json_str(&r->body, value);
	else
		buf_str(&r->body, "null");
}

void answer_integer(struct response *r, const char *name, int64_t value)
{
	answer_name(r, name);
	buf_int(&r->body, value);
}

void answer_real(struct response *r, const char *name, double value)
{
	answer_name(r, name);
	if (isfinite(value))
		buf_real(&r->body, value);
	else
		buf_str(&r->body, "null");
}

void answer_bool(struct response *r, const char *name, bool value)
{
	answer_name(r, name);
	buf_str(&r->body, value ? "true" : "false");
}

void answer_null(struct response *r, const char *name)
{
	answer_text(r, name, NULL);
}

void answer_raw(struct response *r, const char *name, const char *json)
{
	answer_name(r, name);
	buf_str(&r->body, json);
}

void answer_object(struct response *r, const char *name)
{
	answer_name(r, name);
	buf_char(&r->body, '{');
}

void answer_object_end(struct response *r)
{
	buf_char(&r->body, '}');
}

void answer_list(struct response *r, const char *name)
{
	answer_name(r, name);
	buf_char(&r->body, '[');
}

void answer_list_end(struct response *r)
{
	buf_char(&r->body, ']');
}

const char *fault_sentence(enum err e, const struct fault *f)
{
	if (f->sentence[0])
		return f->sentence;
	switch (e) {
	case ERR_NONE: return "";
	case ERR_SYNTAX: return "The request cannot be read.";
	case ERR_INVALID: return "The request makes no sense.";
	case ERR_DENIED: return "This is not allowed.";
	case ERR_STRANGER: return "Show who you are.";
	case ERR_NOT_FOUND: return "There is no such thing here.";
	case ERR_CONFLICT: return "This does not fit what is known.";
	case ERR_TOO_LARGE: return "This is too large.";
	case ERR_FIELD: return "A field is missing or of the wrong type.";
	case ERR_UNAVAILABLE: return "The database cannot be written for now; nothing was changed. Check the disk and try again.";
	case ERR_CORRUPT: return "What the database holds does not fit together; see the journal.";
	case ERR_SYSTEM:
	case ERR_MEMORY: break;
	}
	return "The central failed to do this; see the journal.";
}

void answer_fault(struct response *r, enum err e, const struct fault *f)
{
	answer_text(r, "error", fault_sentence(e, f));
	answer_text(r, "code", f->code[0] ? f->code : err_name(e));
	if (f->field[0])
		answer_text(r, "field", f->field);
}
