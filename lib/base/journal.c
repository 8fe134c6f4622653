#include "base/journal.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

#define LINE_SIZE 1024

/* One process, one journal: set once by main() before there are threads. */
static const char *journal_component = "parkmesh";
static enum journal_level journal_least = JOURNAL_INFO;

static const char *level_name(enum journal_level level)
{
	switch (level) {
	case JOURNAL_DEBUG: return "debug";
	case JOURNAL_INFO: return "info";
	case JOURNAL_WARNING: return "warning";
	case JOURNAL_ERROR: return "error";
	}
	return "unknown";
}

void journal_start(const char *component, enum journal_level least)
{
	journal_component = component;
	journal_least = least;
}

void journal_line(enum journal_level level, const char *format, ...)
{
	char text[LINE_SIZE], line[LINE_SIZE + 64];
	va_list args;
	int len;

	if (level < journal_least)
		return;
	va_start(args, format);
	text_vformat(text, sizeof text, format, args);
	va_end(args);
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	}
	len = snprintf(line, sizeof line, "%s %.40s %s\n", level_name(level), journal_component, text);
	/* Nowhere is left to tell about a journal that cannot be written. */
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}
