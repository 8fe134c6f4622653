#include "prometheus.h"

#include <inttypes.h>
#include <stddef.h>

#define SECOND_MS 1000
#define SECOND_US 1000000

static void add_escaped(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_str(out, "\\n");
		else if (*text == '\\' || *text == '"')
			buf_printf(out, "\\%c", *text);
		else
			buf_char(out, *text);
	}
}

void prometheus_family(struct buf *out, const struct family *f)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", f->name, f->help, f->name, f->type);
}

/* One label; *first: none was written yet. */
static void add_label(struct buf *out, bool *first, const char *name, const char *value)
{
	buf_printf(out, "%c%s=\"", *first ? '{' : ',', name);
	add_escaped(out, value);
	buf_char(out, '"');
	*first = false;
}

/* Name and labels; le NULL: none. */
static void begin(struct buf *out, const struct family *f, const char *suffix, const char *const *value, const char *le)
{
	bool first = true;

	buf_str(out, f->name);
	buf_str(out, suffix);
	for (size_t i = 0; i < PROMETHEUS_LABELS && f->label[i]; i++)
		add_label(out, &first, f->label[i], value[i]);
	if (le)
		add_label(out, &first, "le", le);
	buf_str(out, first ? " " : "} ");
}

/* number / unit, a power of ten, without loss and without zeros at the end. */
static void add_quotient(struct buf *out, int64_t number, int64_t unit)
{
	uint64_t all = number < 0 ? -(uint64_t)number : (uint64_t)number, part = all % (uint64_t)unit;
	int digits = 0;

	buf_printf(out, "%s%" PRIu64, number < 0 ? "-" : "", all / (uint64_t)unit);
	if (part == 0)
		return;
	for (; unit > 1; unit /= 10)
		digits++;
	for (; part % 10 == 0; part /= 10)
		digits--;
	buf_printf(out, ".%0*" PRIu64, digits, part);
}

static void add_sample(struct buf *out, const struct family *f, const char *const *value, int64_t number, int64_t unit)
{
	begin(out, f, "", value, NULL);
	add_quotient(out, number, unit);
	buf_char(out, '\n');
}

void prometheus_integer(struct buf *out, const struct family *f, const char *const *value, int64_t number)
{
	add_sample(out, f, value, number, 1);
}

void prometheus_ms(struct buf *out, const struct family *f, const char *const *value, int64_t ms)
{
	add_sample(out, f, value, ms, SECOND_MS);
}

void prometheus_us(struct buf *out, const struct family *f, const char *const *value, int64_t us)
{
	add_sample(out, f, value, us, SECOND_US);
}

void prometheus_real(struct buf *out, const struct family *f, const char *const *value, double number)
{
	begin(out, f, "", value, NULL);
	buf_printf(out, "%.9g\n", number);
}

void prometheus_histogram(struct buf *out, const struct family *f, const char *const *value, const struct histogram *h,
	const int64_t bounds[HISTOGRAM_BOUNDS], int64_t unit)
{
	uint64_t count = 0;
	struct buf le;

	buf_init(&le, 32);
	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		count += atomic_load_explicit(&h->bucket[i], memory_order_relaxed);
		buf_reset(&le);
		if (i < HISTOGRAM_BOUNDS)
			add_quotient(&le, bounds[i], unit);
		begin(out, f, "_bucket", value, i < HISTOGRAM_BOUNDS ? buf_text(&le) : "+Inf");
		buf_printf(out, "%" PRIu64 "\n", count);
	}
	out->failed = out->failed || le.failed;
	buf_free(&le);
	begin(out, f, "_sum", value, NULL);
	add_quotient(out, (int64_t)atomic_load_explicit(&h->sum, memory_order_relaxed), unit);
	buf_char(out, '\n');
	begin(out, f, "_count", value, NULL);
	buf_printf(out, "%" PRIu64 "\n", count);
}
