#include "base/zone.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define ZONEINFO "/usr/share/zoneinfo/"
#define LAST_SECOND 253402300799LL /* of the year 9999, UTC */

/* glibc has one zone a process; whoever changes it holds this for writing. */
static pthread_rwlock_t zone_lock = PTHREAD_RWLOCK_INITIALIZER;

static bool zone_name_plain(const char *name)
{
	size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

	/* right/ counts leap seconds, which Unix time does not; posix/ is another name for all zones. */
	return len > 0 && name[len] == '\0' && name[0] != '/' && strncmp(name, "right/", 6) != 0 && strncmp(name, "posix/", 6) != 0;
}

static bool zone_known(const char *name)
{
	char path[128], magic[4];
	bool known = false;
	int fd;

	if (!zone_name_plain(name) || !text_format(path, sizeof path, ZONEINFO "%s", name))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	known = read(fd, magic, sizeof magic) == sizeof magic && memcmp(magic, "TZif", sizeof magic) == 0;
	close(fd);
	return known;
}

bool zone_set(const char *name)
{
	const char *current;
	bool done;

	if (!zone_known(name))
		return false;
	pthread_rwlock_wrlock(&zone_lock);
	current = getenv("TZ");
	done = (current && strcmp(current, name) == 0) || setenv("TZ", name, 1) == 0;
	tzset();
	pthread_rwlock_unlock(&zone_lock);
	return done;
}

static time_t clamped_seconds(int64_t ms)
{
	if (ms < 0)
		return 0;
	return ms / 1000 > LAST_SECOND ? LAST_SECOND : ms / 1000;
}

void zone_text(int64_t ms, char out[ZONE_TEXT])
{
	time_t seconds = clamped_seconds(ms);
	struct tm tm;

	pthread_rwlock_rdlock(&zone_lock);
	localtime_r(&seconds, &tm);
	pthread_rwlock_unlock(&zone_lock);
	if (tm.tm_year > 9999 - 1900)
		text_copy(out, ZONE_TEXT, "9999-12-31 23:59:59");
	else if (tm.tm_year < 1970 - 1900)
		text_copy(out, ZONE_TEXT, "1970-01-01 00:00:00");
	else
		strftime(out, ZONE_TEXT, "%Y-%m-%d %H:%M:%S", &tm);
}

void zone_default_text(int64_t ms, char out[ZONE_TEXT])
{
	const time_t seven_hours = 7 * 60 * 60; /* Asia/Ho_Chi_Minh has no summer time */
	time_t seconds = clamped_seconds(ms);
	struct tm tm;

	seconds = seconds > LAST_SECOND - seven_hours ? LAST_SECOND : seconds + seven_hours;
	gmtime_r(&seconds, &tm);
	strftime(out, ZONE_TEXT, "%Y-%m-%d %H:%M:%S", &tm);
}

/* A number that is larger for a later local day. */
static int local_day(time_t seconds)
{
	struct tm tm;

	localtime_r(&seconds, &tm);
	return tm.tm_year * 400 + tm.tm_yday;
}

int64_t zone_day_start(int64_t ms)
{
	time_t inside = clamped_seconds(ms);
	time_t before = inside < 26 * 3600L ? -1 : inside - 26 * 3600L; /* no day is longer than 25 hours; none begins before 1970 */

	/* Searched, because 00:00 may be missing or come twice on the day the clocks are changed. */
	pthread_rwlock_rdlock(&zone_lock);
	for (int day = local_day(inside); inside - before > 1;) {
		time_t middle = before + (inside - before) / 2;

		if (local_day(middle) < day)
			before = middle;
		else
			inside = middle;
	}
	pthread_rwlock_unlock(&zone_lock);
	return (int64_t)inside * 1000;
}

/* text's numbers where shape has a 0, its other characters as shape has them (a space also as T). Returns how many numbers were
 * read before text ended where a number may end; 0: it is none. */
static int read_shape(const char *text, int number[6])
{
	static const char shape[] = "0000-00-00 00:00:00";
	size_t len = strlen(text);
	int count = 0;

	if (len != strlen("0000-00-00") && len != strlen("0000-00-00 00:00") && len != strlen(shape))
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (shape[i] != '0') {
			if (text[i] != shape[i] && !(shape[i] == ' ' && text[i] == 'T'))
				return 0;
			continue;
		}
		if (text[i] < '0' || text[i] > '9')
			return 0;
		if (i == 0 || shape[i - 1] != '0')
			number[count++] = 0;
		number[count - 1] = number[count - 1] * 10 + (text[i] - '0');
	}
	return count;
}

bool zone_parse(const char *text, int64_t *first, int64_t *last)
{
	int n[6] = {0}, count = read_shape(text, n);
	struct tm tm = {.tm_year = n[0] - 1900, .tm_mon = n[1] - 1, .tm_mday = n[2], .tm_hour = count == 3 ? 12 : n[3], .tm_min = n[4],
		.tm_sec = n[5], .tm_isdst = -1};
	struct tm asked = tm;
	int64_t ms;

	if (count == 0 || n[0] < 1970)
		return false;
	pthread_rwlock_rdlock(&zone_lock);
	ms = (int64_t)mktime(&tm) * 1000;
	pthread_rwlock_unlock(&zone_lock);
	/* mktime makes another day of one that there is not. */
	if (tm.tm_mday != asked.tm_mday || tm.tm_mon != asked.tm_mon || tm.tm_hour != asked.tm_hour || tm.tm_min != asked.tm_min
	    || tm.tm_sec != asked.tm_sec || ms < 0)
		return false;
	*first = count == 3 ? zone_day_start(ms) : ms;
	if (count == 3)
		*last = zone_day_start(ms + 24 * 3600 * 1000LL) - 1;
	else
		*last = ms + (count == 5 ? 60 * 1000 : 1000) - 1;
	return true;
}
