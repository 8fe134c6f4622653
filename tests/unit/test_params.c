#include "fcgi/params.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static const struct field fields[] = {
	{"name", FIELD_TEXT, FROM_BODY, true, 1, 5, NULL},
	{"side", FIELD_CHOICE, FROM_BODY, false, 0, 0, "ENTRY|EXIT"},
	{"count", FIELD_INTEGER, FROM_BODY, false, 1, 1000, NULL},
	{"share", FIELD_REAL, FROM_BODY, false, 0, 1, NULL},
	{"force", FIELD_BOOL, FROM_BODY, false, 0, 0, NULL},
	{"part", FIELD_OBJECT, FROM_BODY, false, 0, 0, NULL},
	{"list", FIELD_LIST, FROM_BODY, false, 0, 0, NULL},
	{"limit", FIELD_INTEGER, FROM_QUERY, false, 1, 1000, NULL},
	{"today", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
};
#define COUNT (sizeof fields / sizeof *fields)

static const struct field form_fields[] = {
	{"act", FIELD_CHOICE, FROM_BODY, false, 0, 0, "save|add"},
	{"peer", FIELD_TEXTS, FROM_BODY, false, 0, 5, NULL},
};

static struct params got;
static struct fault fault;

static enum err read_json(const char *query, const char *body)
{
	params_free(&got);
	fault = (struct fault){0};
	return params_read(fields, COUNT, query, BODY_JSON, body, strlen(body), &got, &fault);
}

static enum err read_form(const char *body)
{
	params_free(&got);
	fault = (struct fault){0};
	return params_read(form_fields, 2, "", BODY_FORM, body, strlen(body), &got, &fault);
}

TEST(values_of_every_kind)
{
	CHECK_INT(read_json("limit=20&today=1&other=x", "{\"name\":\"Đào\",\"side\":\"EXIT\",\"count\":1000,\"share\":0.5,"
		"\"force\":true,\"part\":{},\"list\":[],\"unknown\":[1]}"), ERR_NONE);
	CHECK_STR(params_text(&got, "name"), "Đào");
	CHECK_STR(params_text(&got, "side"), "EXIT");
	CHECK_INT(params_integer(&got, "count", 7), 1000);
	CHECK(params_real(&got, "share", -1) == 0.5);
	CHECK(params_truth(&got, "force"));
	CHECK(cJSON_IsObject(params_json(&got, "part")));
	CHECK(cJSON_IsArray(params_json(&got, "list")));
	CHECK_INT(params_integer(&got, "limit", 7), 20);
	CHECK(params_truth(&got, "today"));
	params_free(&got);
}

TEST(missing_values)
{
	CHECK_INT(read_json("limit=&today=", "{\"name\":\"a\",\"side\":null,\"count\":null}"), ERR_NONE);
	CHECK(!params_given(&got, "side"));
	CHECK(!params_text(&got, "side"));
	CHECK_INT(params_integer(&got, "count", 7), 7);
	CHECK(params_real(&got, "share", -1) == -1);
	CHECK_INT(params_integer(&got, "limit", 100), 100);
	CHECK(!params_truth(&got, "today"));
	CHECK_INT(read_json("", "{}"), ERR_FIELD);
	CHECK_STR(fault.field, "name");
	CHECK_STR(fault.code, "missing_field");
	CHECK_INT(read_json("", "{\"name\":null}"), ERR_FIELD);
	params_free(&got);
}

static void refused(const char *query, const char *body, enum err e, const char *code, const char *field)
{
	if (read_json(query, body) != e || strcmp(fault.code, code) != 0 || strcmp(fault.field, field) != 0)
		test_fail(__FILE__, __LINE__, "%s?%s: %s, %s", body, query, fault.code, fault.field);
	params_free(&got);
}

TEST(wrong_types)
{
	refused("", "{\"name\":5}", ERR_FIELD, "wrong_type", "name");
	refused("", "{\"name\":\"a\",\"side\":1}", ERR_FIELD, "wrong_type", "side");
	refused("", "{\"name\":\"a\",\"count\":\"1\"}", ERR_FIELD, "wrong_type", "count");
	refused("", "{\"name\":\"a\",\"count\":1.5}", ERR_FIELD, "wrong_type", "count");
	refused("", "{\"name\":\"a\",\"count\":1e300}", ERR_FIELD, "wrong_type", "count");
	refused("", "{\"name\":\"a\",\"share\":1e999}", ERR_FIELD, "wrong_type", "share");
	refused("", "{\"name\":\"a\",\"force\":1}", ERR_FIELD, "wrong_type", "force");
	refused("", "{\"name\":\"a\",\"part\":[]}", ERR_FIELD, "wrong_type", "part");
	refused("", "{\"name\":\"a\",\"list\":{}}", ERR_FIELD, "wrong_type", "list");
	refused("limit=ten", "{\"name\":\"a\"}", ERR_FIELD, "wrong_type", "limit");
	refused("limit=0x10", "{\"name\":\"a\"}", ERR_FIELD, "wrong_type", "limit");
	refused("limit=1%20", "{\"name\":\"a\"}", ERR_FIELD, "wrong_type", "limit");
	refused("today=maybe", "{\"name\":\"a\"}", ERR_FIELD, "wrong_type", "today");
}

TEST(values_outside_their_limits)
{
	refused("", "{\"name\":\"\"}", ERR_INVALID, "invalid_value", "name");
	refused("", "{\"name\":\"123456\"}", ERR_INVALID, "invalid_value", "name");
	refused("", "{\"name\":\"a\\nb\"}", ERR_INVALID, "invalid_value", "name");
	refused("", "{\"name\":\"a\",\"side\":\"ENT\"}", ERR_INVALID, "invalid_value", "side");
	refused("", "{\"name\":\"a\",\"side\":\"ENTRY|EXIT\"}", ERR_INVALID, "invalid_value", "side");
	refused("", "{\"name\":\"a\",\"side\":\"\"}", ERR_INVALID, "invalid_value", "side");
	refused("", "{\"name\":\"a\",\"count\":0}", ERR_INVALID, "invalid_value", "count");
	refused("", "{\"name\":\"a\",\"count\":1001}", ERR_INVALID, "invalid_value", "count");
	refused("", "{\"name\":\"a\",\"share\":1.01}", ERR_INVALID, "invalid_value", "share");
	refused("limit=-1", "{\"name\":\"a\"}", ERR_INVALID, "invalid_value", "limit");
}

TEST(bodies_that_cannot_be_read)
{
	static const char *const bad[] = {"", "{", "[]", "\"a\"", "{\"name\":\"a\"}x", "{\"name\":\"a\\u0000b\"}",
		"{\"name\":\"\xff\"}", "{'name':1}", "{\"name\":\"\\ud800\"}"};
	char *deep = malloc(60000);

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused("", bad[i], ERR_SYNTAX, "malformed_json", "");
	CHECK(deep);
	memset(deep, '[', 59999);
	deep[59999] = '\0';
	memcpy(deep, "{\"name\":", 8);
	refused("", deep, ERR_SYNTAX, "malformed_json", "");
	free(deep);
	CHECK_INT(params_read(fields, COUNT, "", BODY_JSON, "{\"name\":\"a\0b\"}", 14, &got, &fault), ERR_SYNTAX);
}

TEST(queries_that_cannot_be_read)
{
	refused("limit=%", "{\"name\":\"a\"}", ERR_SYNTAX, "malformed_query", "");
	refused("limit=%4", "{\"name\":\"a\"}", ERR_SYNTAX, "malformed_query", "");
	refused("limit=%zz", "{\"name\":\"a\"}", ERR_SYNTAX, "malformed_query", "");
	refused("a%00b=1", "{\"name\":\"a\"}", ERR_SYNTAX, "malformed_query", "");
	refused("a=%ff", "{\"name\":\"a\"}", ERR_SYNTAX, "malformed_query", "");
	CHECK_INT(read_json("limit=%35%30&&=&x", "{\"name\":\"a\"}"), ERR_NONE);
	CHECK_INT(params_integer(&got, "limit", 7), 50);
	CHECK_INT(read_json("limit=1&limit=2", "{\"name\":\"a\"}"), ERR_NONE);
	CHECK_INT(params_integer(&got, "limit", 7), 1);
}

TEST(too_many_pairs)
{
	char *many = malloc(4096);

	CHECK(many);
	memset(many, '&', 4095);
	many[4095] = '\0';
	refused(many, "{\"name\":\"a\"}", ERR_SYNTAX, "malformed_query", "");
	free(many);
}

TEST(forms)
{
	CHECK_INT(read_form("act=add&peer=a+b&peer=&peer=%c4%90"), ERR_NONE);
	CHECK_STR(params_text(&got, "act"), "add");
	CHECK_STR(params_nth(&got, "peer", 0), "a b");
	CHECK_STR(params_nth(&got, "peer", 1), "");
	CHECK_STR(params_nth(&got, "peer", 2), "Đ");
	CHECK(!params_nth(&got, "peer", 3));
	CHECK_INT(read_form("peer=123456"), ERR_INVALID);
	CHECK_STR(fault.field, "peer");
	CHECK_INT(read_form("act=other"), ERR_INVALID);
	CHECK_INT(read_form("act=%"), ERR_SYNTAX);
	CHECK_STR(fault.code, "malformed_form");
	params_free(&got);
}

TEST(an_empty_body_where_nothing_is_required)
{
	CHECK_INT(read_json("", ""), ERR_SYNTAX);
	CHECK_STR(fault.code, "malformed_json");
	params_free(&got);
	CHECK_INT(params_read(fields + 1, COUNT - 1, "limit=5", BODY_JSON, "", 0, &got, &fault), ERR_NONE);
	CHECK(!params_given(&got, "side"));
	CHECK_INT(params_integer(&got, "limit", 7), 5);
	params_free(&got);
	CHECK_INT(params_read(fields + 1, COUNT - 1, "", BODY_JSON, " ", 1, &got, &fault), ERR_SYNTAX);
	params_free(&got);
}

TEST(nested_objects)
{
	cJSON *object = cJSON_Parse("{\"name\":\"abcdef\"}");

	fault = (struct fault){0};
	CHECK_INT(params_from_object(fields, 1, object, "peers[2].", &got, &fault), ERR_INVALID);
	CHECK_STR(fault.field, "peers[2].name");
	CHECK_INT(params_from_object(fields, 1, NULL, "peers[2].", &got, &fault), ERR_FIELD);
	cJSON_Delete(object);
}

TEST_MAIN
