#include "base/err.h"

#include <stdarg.h>

#include "base/text.h"

const char *err_name(enum err e)
{
	switch (e) {
	case ERR_NONE: return "none";
	case ERR_SYNTAX: return "syntax";
	case ERR_TOO_LARGE: return "too_large";
	case ERR_INVALID: return "invalid";
	case ERR_FIELD: return "field";
	case ERR_NOT_FOUND: return "not_found";
	case ERR_CONFLICT: return "conflict";
	case ERR_DENIED: return "denied";
	case ERR_STRANGER: return "stranger";
	case ERR_UNAVAILABLE: return "unavailable";
	case ERR_CORRUPT: return "corrupt";
	case ERR_SYSTEM: return "system";
	case ERR_MEMORY: return "memory";
	}
	return "unknown";
}

enum err fault_set(struct fault *f, enum err e, const char *code, const char *field, const char *format, ...)
{
	va_list args;

	if (!f)
		return e;
	f->limit = 0;
	text_copy(f->code, sizeof f->code, code);
	text_copy(f->field, sizeof f->field, field ? field : "");
	va_start(args, format);
	text_vformat(f->sentence, sizeof f->sentence, format, args);
	va_end(args);
	return e;
}

enum err fault_limit(struct fault *f, int64_t limit, enum err e)
{
	if (f)
		f->limit = limit;
	return e;
}
