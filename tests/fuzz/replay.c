/*
 * Goes through a fuzz target's kept corpus, and some mutations of each input, where there is no libFuzzer: one line of TAP.
 *
 *   fuzz_NAME [--seed S] [--mutations N] [FILE]    FILE: one input alone, as tests/fuzz/run stores it; else the corpus
 *
 * The target runs in a child, so that an end by the sanitizer, a signal or a hang is told with the input that caused it.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "fuzz.h"
#include "tests/unit/chance.h"

#define INPUT_MAX (1024 * 1024)
#define INPUTS_MAX 4096
#define RUNS 600           /* about so many in all, unless --mutations says how many of each input */
#define HANG_S 120         /* far more than any input takes, also on a busy machine */
#define SEED 20251201

struct input { char name[64]; const uint8_t *bytes; size_t len; };
struct corpus { struct input input[INPUTS_MAX]; size_t count; uint8_t *file; size_t size; };
/* What the child is at; the parent reads it when the child has died. */
struct place { size_t done; char name[64]; size_t len; uint8_t bytes[INPUT_MAX]; };

static void stop(const char *what, const char *name)
{
	printf("Bail out! %s: %s (%s)\n", what, name, strerror(errno));
	exit(1);
}

static void read_file(const char *path, struct corpus *c)
{
	FILE *in = fopen(path, "re");
	size_t got;

	if (!in)
		stop("cannot read", path);
	do {
		c->file = realloc(c->file, c->size + INPUT_MAX);
		if (!c->file)
			stop("no memory for", path);
		got = fread(c->file + c->size, 1, INPUT_MAX, in);
		c->size += got;
	} while (got == INPUT_MAX);
	fclose(in);
}

/* "NAME LENGTH\n", LENGTH bytes, "\n", and so on. */
static void unpack(const char *path, struct corpus *c)
{
	size_t at = 0;

	while (at < c->size) {
		const uint8_t *line = c->file + at, *newline = memchr(line, '\n', c->size - at);
		struct input *one = &c->input[c->count];
		size_t head = newline ? (size_t)(newline - line) + 1 : 0;
		char text[128] = "";
		unsigned long len = 0;

		if (head > 0 && head < sizeof text)
			memcpy(text, line, head);
		if (c->count == INPUTS_MAX || sscanf(text, "%63s %lu\n", one->name, &len) != 2 || len > INPUT_MAX
			|| head + len + 1 > c->size - at)
			stop("this is no corpus", path);
		one->bytes = line + head;
		one->len = len;
		c->count++;
		at += head + len + 1;
	}
}

static void find_corpus(const char *program, struct corpus *c)
{
	const char *source = getenv("PARKMESH_SOURCE"), *name = strrchr(program, '/');
	char path[PATH_MAX];

	if (!text_format(path, sizeof path, "%s/tests/fuzz/corpus/%s.pack", source ? source : ".", name ? name + 1 : program))
		stop("too long", program);
	read_file(path, c);
	unpack(path, c);
}

/* One to eight changes: bytes, a run of bytes moved, or the end of another input. */
static size_t mutate(struct chance *chance, const struct corpus *c, uint8_t *bytes, size_t len)
{
	for (uint64_t i = 1 + chance_below(chance, 8); i > 0; i--) {
		const struct input *other = &c->input[chance_below(chance, c->count)];
		size_t from = other->len ? chance_below(chance, other->len) : 0, at = len ? chance_below(chance, len) : 0;
		size_t run = other->len - from;

		if (chance_below(chance, 8) != 0 && len > 0 && len < INPUT_MAX) {
			len = chance_mutate(chance, (char *)bytes, len);
		} else if (run > 0 && at + run <= INPUT_MAX) {
			memcpy(bytes + at, other->bytes + from, run);
			len = at + run;
		}
	}
	return len;
}

static void run_one(struct place *place)
{
	char *copy = fuzz_copy(place->bytes, place->len);

	alarm(HANG_S);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)copy, place->len);
	place->done++;
	free(copy);
}

static void run_all(const struct corpus *c, uint64_t seed, unsigned long mutations, struct place *place)
{
	for (size_t i = 0; i < c->count; i++) {
		struct chance chance = {seed + i};

		text_copy(place->name, sizeof place->name, c->input[i].name);
		for (unsigned long k = 0; k <= mutations; k++) {
			place->len = c->input[i].len;
			memcpy(place->bytes, c->input[i].bytes, place->len);
			if (k > 0)
				place->len = mutate(&chance, c, place->bytes, place->len);
			run_one(place);
		}
	}
}

static void keep(const char *program, const struct place *place)
{
	char path[PATH_MAX];
	FILE *out;

	if (!text_format(path, sizeof path, "%s.crash", program))
		return;
	out = fopen(path, "we");
	if (!out || fwrite(place->bytes, 1, place->len, out) != place->len || fclose(out) != 0)
		return;
	printf("# by a change of the input %s, or that itself; it is kept. Again: %s %s\n", place->name, program, path);
}

static int tell(const char *program, const struct corpus *c, uint64_t seed, unsigned long mutations, struct place *place)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		run_all(c, seed, mutations, place);
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		stop("cannot run", program);
	printf("%s 1 - %zu inputs, %lu mutations of each, seed %llu\n", status == 0 && place->done > 0 ? "ok" : "not ok", c->count,
		mutations, (unsigned long long)seed);
	if (WIFSIGNALED(status))
		printf("# ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (status != 0)
		keep(program, place);
	printf("1..1\n");
	return status != 0 || place->done == 0;
}

int main(int argc, char **argv)
{
	static struct corpus corpus;
	struct place *place = mmap(NULL, sizeof *place, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long mutations = 0;
	bool told = false;
	uint64_t seed = SEED;
	int i = 1, result;

	if (place == MAP_FAILED)
		stop("no memory", argv[0]);
	for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
		if (strcmp(argv[i], "--seed") == 0)
			seed = strtoull(argv[i + 1], NULL, 10);
		else if ((told = strcmp(argv[i], "--mutations") == 0))
			mutations = strtoul(argv[i + 1], NULL, 10);
		else
			stop("no such option", argv[i]);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (i < argc) {
		read_file(argv[i], &corpus);
		corpus.input[0] = (struct input){.name = "FILE", .bytes = corpus.file, .len = corpus.size < INPUT_MAX ? corpus.size : INPUT_MAX};
		corpus.count = 1;
	} else {
		find_corpus(argv[0], &corpus);
		mutations = told || corpus.count == 0 ? mutations : 1 + RUNS / corpus.count;
	}
	result = tell(argv[0], &corpus, seed, mutations, place);
	free(corpus.file);
	munmap(place, sizeof *place);
	return result;
}
