/*
 * What operators read: one line an event to stderr, `level component key=value …`, as journald likes it. No secrets; plates
 * are allowed. ("Log" means the records of one central everywhere in this project, so this is the journal.)
 * A line is written with one write(2), so those of several threads do not mix.
 */
#ifndef PARKMESH_BASE_JOURNAL_H
#define PARKMESH_BASE_JOURNAL_H

enum journal_level { JOURNAL_DEBUG, JOURNAL_INFO, JOURNAL_WARNING, JOURNAL_ERROR };

/* Name this program's lines; less important ones than least are dropped. component must live as long as the process. */
void journal_start(const char *component, enum journal_level least);
/* format: `event=connected peer=central-2 …`. Control characters in the result are replaced by '?', so that a value from
 * outside cannot forge a line. */
void journal_line(enum journal_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define journal_debug(...) journal_line(JOURNAL_DEBUG, __VA_ARGS__)
#define journal_info(...) journal_line(JOURNAL_INFO, __VA_ARGS__)
#define journal_warning(...) journal_line(JOURNAL_WARNING, __VA_ARGS__)
#define journal_error(...) journal_line(JOURNAL_ERROR, __VA_ARGS__)

#endif
