#include "domain/plate.h"

#include "base/text.h"

/* Đ is C4 90 and đ is C4 91 in UTF-8. C4 only ever begins a character, so no other one is taken for half of it. */
static bool is_d_with_stroke(const char *text)
{
	return text[0] == '\xc4' && (text[1] == '\x90' || text[1] == '\x91');
}

/* The one character of a plate that text begins with, '\0' if it is dropped. */
static char reduced(const char *text)
{
	if ((*text >= 'A' && *text <= 'Z') || (*text >= '0' && *text <= '9'))
		return *text;
	if (*text >= 'a' && *text <= 'z')
		return (char)(*text - 'a' + 'A');
	return is_d_with_stroke(text) ? 'D' : '\0';
}

size_t plate_reduce(const char *text, char out[PLATE_SIZE])
{
	size_t len = 0;

	for (; *text; text++) {
		char c = reduced(text);

		if (!c)
			continue;
		if (len < PLATE_MAX)
			out[len] = c;
		len++;
	}
	out[len < PLATE_MAX ? len : PLATE_MAX] = '\0';
	return len;
}

enum err plate_read(const char *text, char out[PLATE_SIZE], struct fault *fault)
{
	size_t len = plate_reduce(text, out);

	if (len < PLATE_MIN)
		return fault_limit(fault, PLATE_MIN,
			fault_set(fault, ERR_INVALID, "plate_too_short", "plate_id", "Invalid plate number (too short)"));
	if (len > PLATE_MAX)
		return fault_limit(fault, PLATE_MAX,
			fault_set(fault, ERR_INVALID, "plate_too_long", "plate_id", "Invalid plate number (too long)"));
	return ERR_NONE;
}

/*
 * The forms in use. In shape 9 is a digit, A a letter, M and D themselves; view takes the plate's characters one by one for its
 * digits and letters and adds the rest. The first shape that fits counts. A motorbike's old plate of four digits (29B1-1234)
 * reduces to the same characters as a car's new one (29B-112.34); cars are far more.
 */
static const struct {
	const char *shape, *view;
} forms[] = {
	{ "99A99999", "99A-999.99" },      /* cars */
	{ "99A9999", "99A-9999" },         /* cars, before 2010 */
	{ "99MD999999", "99MĐ9-999.99" },  /* electric motorbikes */
	{ "99MD99999", "99MĐ9-9999" },
	{ "99AA99999", "99AA-999.99" },    /* two-letter series: joint ventures (LD), projects (DA), small motorbikes (AA) */
	{ "99AA9999", "99AA-9999" },
	{ "99A999999", "99A9-999.99" },    /* motorbikes */
};

static bool shape_fits(const char *shape, const char *plate)
{
	for (; *shape && *plate; shape++, plate++) {
		bool digit = *plate >= '0' && *plate <= '9', letter = *plate >= 'A' && *plate <= 'Z';

		if (*shape == '9' ? !digit : *shape == 'A' ? !letter : *shape != *plate)
			return false;
	}
	return !*shape && !*plate;
}

/* view has room for every form: 12 bytes. */
static void fill(const char *view, const char *plate, char *out)
{
	for (; *view; view++) {
		if (*view == '-' || *view == '.') {
			*out++ = *view;
		} else if (is_d_with_stroke(view)) {
			*out++ = *view++;
			*out++ = *view;
			plate++;
		} else {
			*out++ = *plate++;
		}
	}
	*out = '\0';
}

void plate_view_make(const char *plate_id, char out[PLATE_VIEW_SIZE])
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		if (shape_fits(forms[i].shape, plate_id)) {
			fill(forms[i].view, plate_id, out);
			return;
		}
	}
	text_copy(out, PLATE_VIEW_SIZE, plate_id);
}
