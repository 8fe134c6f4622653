/*
 * What one page of late records costs where much is held of one plate or one stay: a transaction of p2pd, during which gates
 * wait. usage: line RECORDS…    prints ms of CPU for each number of records held
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/long_line.h"

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double ms_of(const struct long_line *kind, int count)
{
	static struct author a;
	struct central c;
	double began;

	if (long_line_open(&c, &a, kind, count) != ERR_NONE)
		exit(1);
	began = cpu_ms();
	if (long_line_late(&c, &a, kind) != ERR_NONE)
		exit(1);
	began = cpu_ms() - began;
	long_line_close(&c, &a);
	return began;
}

int main(int argc, char **argv)
{
	printf("%-44s", "held of one plate or stay, then 256 late:");
	for (int k = 1; k < argc; k++)
		printf(" %10s", argv[k]);
	printf("   ms of CPU a page\n");
	for (size_t i = 0; i < LONG_LINE_COUNT; i++) {
		printf("%-44s", LONG_LINES[i].name);
		for (int k = 1; k < argc; k++) {
			printf(" %10.1f", ms_of(&LONG_LINES[i], atoi(argv[k])));
			fflush(stdout);
		}
		printf("\n");
	}
	return 0;
}
