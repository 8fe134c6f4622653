#include "input.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum err input_read(const char *path, struct buf *out, struct fault *fault)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = standard ? stdin : fopen(path, "re");
	char part[4096];
	size_t len;
	int failed;

	if (!file)
		return fault_set(fault, ERR_SYSTEM, "file", "", "%.120s cannot be read: %s.", path, strerror(errno));
	while (!out->failed && (len = fread(part, 1, sizeof part, file)) > 0)
		buf_add(out, part, len);
	failed = ferror(file) ? errno : 0;
	if (!standard)
		fclose(file);
	explicit_bzero(part, sizeof part);
	if (failed)
		return fault_set(fault, ERR_SYSTEM, "file", "", "%.120s cannot be read: %s.", path, strerror(failed));
	if (out->failed)
		return fault_set(fault, ERR_TOO_LARGE, "file", "", "%.120s is larger than %zu bytes. Is it the right file?", path, out->limit);
	return ERR_NONE;
}

static bool first_line(char *out, size_t size, struct fault *fault)
{
	size_t len;

	if (!fgets(out, (int)size, stdin)) {
		fault_set(fault, ERR_INVALID, "no_password", "", "There is no password on standard input.");
		return false;
	}
	len = strcspn(out, "\r\n");
	if (out[len] == '\0' && len == size - 1) {
		fault_set(fault, ERR_INVALID, "password_long", "", "A password has at most %zu bytes.", size - 2);
		return false;
	}
	out[len] = '\0';
	return true;
}

enum err input_password(const char *prompt, char *out, size_t size, struct fault *fault)
{
	struct termios shown, hidden;
	bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &shown) == 0, good;

	if (terminal) {
		hidden = shown;
		hidden.c_lflag &= ~(tcflag_t)ECHO;
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden); /* before anybody is asked: what comes in between would be shown, or lost */
		fputs(prompt, stderr);
	}
	good = first_line(out, size, fault);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
		fputc('\n', stderr);
	}
	return good ? ERR_NONE : ERR_INVALID;
}
