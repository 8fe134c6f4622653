/* lib/domain/plate. */
#include <stdlib.h>

#include "chance.h"
#include "domain/plate.h"
#include "test.h"

TEST(plates_are_reduced)
{
	static const struct { const char *text, *plate; } row[] = {
		{ "29A-123.45", "29A12345" },
		{ "29a-123.45", "29A12345" },
		{ " 29 A 123 45\n", "29A12345" },
		{ "29MĐ1-123.45", "29MD112345" },
		{ "29mđ1 123.45", "29MD112345" },
		{ "29D\xcc\xb5" "12345", "29D12345" }, /* D with a combining stroke */
		{ "", "" },
		{ "-. ", "" },
		{ "biển số 51F-999.99", "BINS51F99999" },
		{ "２９A12345", "A12345" }, /* full-width digits are no digits of a plate */
		{ "29Ð12345", "2912345" },  /* U+00D0, eth, is another letter */
		{ "\xc4", "" },             /* half a character at the end */
		{ "29A\xc4" "90123", "29A90123" },
		{ "ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP" },
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char out[PLATE_SIZE];

		CHECK_INT(plate_reduce(row[i].text, out), strlen(row[i].plate));
		CHECK_STR(out, row[i].plate);
	}
}

TEST(a_long_plate_is_cut_and_told)
{
	char out[PLATE_SIZE];

	CHECK_INT(plate_reduce("ABCDEFGHIJKLMNOPQ", out), 17);
	CHECK_STR(out, "ABCDEFGHIJKLMNOP");
	CHECK_INT(plate_reduce("29MĐ1-123.45 29MĐ1-123.45", out), 20);
	CHECK_STR(out, "29MD11234529MD11");
}

TEST(views_of_the_forms_in_use)
{
	static const struct { const char *plate, *view; } row[] = {
		{ "29A12345", "29A-123.45" },
		{ "30K99999", "30K-999.99" },
		{ "29A1234", "29A-1234" },
		{ "29LD12345", "29LD-123.45" },
		{ "51LD0123", "51LD-0123" },
		{ "29AA12345", "29AA-123.45" },
		{ "29B112345", "29B1-123.45" },
		{ "59X300001", "59X3-000.01" },
		{ "29MD112345", "29MĐ1-123.45" },
		{ "29MD11234", "29MĐ1-1234" },
		/* anything else is shown as it is */
		{ "", "" },
		{ "29A123", "29A123" },
		{ "29A123456X", "29A123456X" },
		{ "A2912345", "A2912345" },
		{ "2912345", "2912345" },
		{ "NG80A123", "NG80A123" },
		{ "29AB112345", "29AB112345" },
		{ "TEST1234", "TEST1234" },
		{ "ABCDEFGHIJKLMNOP", "ABCDEFGHIJKLMNOP" },
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		char out[PLATE_VIEW_SIZE];

		plate_view_make(row[i].plate, out);
		CHECK_STR(out, row[i].view);
	}
}

TEST(a_view_leads_back_to_its_plate)
{
	static const char signs[] = "AMDBL0192";
	struct chance c = { 7 };

	for (int i = 0; i < 200000; i++) {
		char plate[PLATE_SIZE], back[PLATE_SIZE], view[PLATE_VIEW_SIZE];
		size_t len = PLATE_MIN + chance_below(&c, PLATE_MAX - PLATE_MIN + 1);

		for (size_t k = 0; k < len; k++)
			plate[k] = k < 2 ? (char)('0' + chance_below(&c, 10)) : signs[chance_below(&c, k < 4 ? 9 : 5) + (k < 4 ? 0 : 4)];
		plate[len] = '\0';
		plate_view_make(plate, view);
		CHECK_INT(plate_reduce(view, back), len);
		CHECK_STR(back, plate);
	}
}

TEST(any_bytes_give_a_plate_of_its_alphabet)
{
	struct chance c = { 11 };

	for (int i = 0; i < 20000; i++) {
		char out[PLATE_SIZE];
		size_t len = chance_below(&c, 60), reduced;
		char *text = malloc(len + 1);

		CHECK(text);
		for (size_t k = 0; k < len; k++)
			text[k] = (char)(1 + chance_below(&c, 255));
		text[len] = '\0';
		reduced = plate_reduce(text, out);
		free(text);
		CHECK_INT(strlen(out), reduced < PLATE_MAX ? reduced : PLATE_MAX);
		CHECK_INT(strspn(out, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"), strlen(out));
	}
}

TEST_MAIN
