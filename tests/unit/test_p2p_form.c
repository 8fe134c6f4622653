/* The form of /settings/p2p and the change of configuration behind it and behind PUT /api/p2p/config. */
#include "fcgi/page_p2p_form.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/text.h"
#include "fcgi/pages.h"
#include "test.h"

static struct params params;
static struct p2p_form form;
static struct config_change change;
static struct fault fault;

static bool check(const char *body)
{
	params_free(&params);
	fault = (struct fault){0};
	change = (struct config_change){0};
	if (params_read(page_p2p_save_fields, sizeof page_p2p_save_fields / sizeof page_p2p_save_fields[0], "", BODY_FORM, body, strlen(body), &params, &fault) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "%s: %s", body, fault.sentence);
	p2p_form_from_params(&params, &form);
	return p2p_form_check(&form, &change);
}

#define OWN "act=save&central_id=central-1&central_ip=10.0.0.1&p2p_port=9000&api_port=8000"

TEST(a_good_form)
{
	CHECK(check(OWN "&peer_id=central-2&peer_ip=gate.example&peer_port=9002&peer_id=&peer_ip=&peer_port=9000"));
	CHECK_INT(form.count, 1);
	CHECK_STR(change.own.id, "central-1");
	CHECK_INT(change.own.api_port, 8000);
	CHECK(change.has_peers);
	CHECK_INT(change.peer_count, 1);
	CHECK_STR(change.peer[0].id, "central-2");
	CHECK_STR(change.peer[0].row.ip, "gate.example");
	CHECK_INT(change.peer[0].row.p2p_port, 9002);
	CHECK(!change.secret);
	CHECK(check(OWN "&mesh_secret=geheim"));
	CHECK_STR(change.secret, "geheim");
	CHECK_INT(change.peer_count, 0);
	params_free(&params);
}

TEST(each_wrong_field_is_marked)
{
	CHECK(!check("act=save&central_id=UP&central_ip=&p2p_port=0&api_port=65536"));
	CHECK_INT(form.wrong, WRONG_ID | WRONG_IP | WRONG_P2P_PORT | WRONG_API_PORT);
	CHECK(!check("act=save&central_id=central-1&central_ip=10.0.0.1&p2p_port=8000&api_port=8000"));
	CHECK_INT(form.wrong, WRONG_TAKEN);
	CHECK(!check("act=save&central_id=UP&central_ip=10.0.0.1&p2p_port=8000&api_port=8000"));
	CHECK_INT(form.wrong, WRONG_ID | WRONG_TAKEN);
	CHECK(check("act=save&central_id=central-1&central_ip=10.0.0.1&p2p_port=8000&api_port=9000"));
	CHECK(check("act=save&central_id=central-1&central_ip=10.0.0.1&p2p_port=1&api_port=2"));
	params_free(&params);
}

TEST(each_wrong_peer_is_marked)
{
	CHECK(!check(OWN "&peer_id=central-2&peer_ip=10.0.0.2&peer_port=9002"
		"&peer_id=central-2&peer_ip=bad_host&peer_port=9002"
		"&peer_id=central-1&peer_ip=10.0.0.3&peer_port=x"
		"&peer_id=-&peer_ip=10.0.0.4&peer_port=9000"
		"&peer_id=&peer_ip=10.0.0.5&peer_port="
		"&peer_id=central-6"));
	CHECK_INT(form.count, 6);
	CHECK_INT(form.row[0].wrong, 0);
	CHECK_INT(form.row[1].wrong, WRONG_TAKEN | WRONG_IP);
	CHECK_INT(form.row[2].wrong, WRONG_TAKEN | WRONG_P2P_PORT);
	CHECK_INT(form.row[3].wrong, WRONG_ID);
	CHECK_INT(form.row[4].wrong, WRONG_ID | WRONG_P2P_PORT);
	CHECK_INT(form.row[5].wrong, WRONG_IP | WRONG_P2P_PORT);
	CHECK_STR(form.row[1].ip, "bad_host");
	params_free(&params);
}

TEST(weights)
{
	CHECK(check(OWN "&peer_id=central-2&peer_ip=10.0.0.2&peer_port=9002&peer_weight=0"
		"&peer_id=central-3&peer_ip=10.0.0.3&peer_port=9002&peer_weight="
		"&peer_id=central-4&peer_ip=10.0.0.4&peer_port=9002&peer_weight=1000"));
	CHECK(change.peer[0].has_weight && change.peer[2].has_weight);
	CHECK_INT(change.peer[0].row.weight, 0);
	CHECK(!change.peer[1].has_weight);
	CHECK_INT(change.peer[2].row.weight, 1000);
	CHECK(!check(OWN "&peer_id=central-2&peer_ip=10.0.0.2&peer_port=9002&peer_weight=1001"
		"&peer_id=central-3&peer_ip=10.0.0.3&peer_port=x&peer_weight=-1"));
	CHECK_INT(form.row[0].wrong, WRONG_WEIGHT);
	CHECK_INT(form.row[1].wrong, WRONG_P2P_PORT | WRONG_WEIGHT);
	CHECK_STR(form.row[1].weight, "-1");
	params_free(&params);
}

#define TWO OWN "&peer_id=central-2&peer_ip=10.0.0.2&peer_port=9002&peer_id=central-3&peer_ip=10.0.0.3&peer_port=9003"

TEST(dialects_and_tls)
{
	CHECK(check(TWO "&peer_dialect=native&peer_tls=no&peer_dialect=legacy-http&peer_tls=yes"));
	CHECK(change.peer[0].has_tls && !change.peer[0].row.tls);
	CHECK_STR(change.peer[1].row.dialect, "legacy-http");
	CHECK(!change.peer[1].has_tls); /* it knows none */
	CHECK(check(TWO "&peer_tls=yes"));
	CHECK(change.peer[0].has_tls && change.peer[0].row.tls);
	CHECK(!change.peer[1].has_tls && !change.peer[0].has_dialect && !change.peer[1].has_dialect);
	CHECK(!check(TWO "&peer_dialect=klingon&peer_tls=perhaps&peer_dialect=native&peer_tls=perhaps"));
	CHECK_INT(form.row[0].wrong, WRONG_DIALECT | WRONG_TLS);
	CHECK_INT(form.row[1].wrong, WRONG_TLS);
	params_free(&params);
}

TEST(a_form_of_a_configuration_changes_nothing)
{
	struct site_config c = {.id = "central-1", .ip = "10.0.0.1", .p2p_port = 9000, .api_port = 8000, .peer_count = 3}, same = c;
	struct peer_row *p = c.peers;
	char before[CONFIG_TAG_SIZE], after[CONFIG_TAG_SIZE];

	p[0] = (struct peer_row){.id = "central-2", .ip = "10.0.0.2", .p2p_port = 9002, .weight = 3, .dialect = "native", .tls = true};
	p[1] = (struct peer_row){.id = "central-3", .ip = "10.0.0.3", .p2p_port = 9003, .weight = 1, .dialect = "native"};
	p[2] = (struct peer_row){.id = "central-4", .ip = "10.0.0.4", .p2p_port = 9004, .weight = 1, .dialect = "legacy"};
	p2p_form_from_config(&c, &form);
	change = (struct config_change){0};
	CHECK(p2p_form_check(&form, &change));
	memcpy(same.peers, c.peers, sizeof same.peers);
	CHECK_INT(config_change_apply(&change, &same, &fault), ERR_NONE);
	config_tag(&c, before);
	config_tag(&same, after);
	CHECK_STR(after, before);
	same.peers[0].tls = false;
	config_tag(&same, after);
	CHECK(strcmp(after, before) != 0);
	same = c;
	memcpy(same.peers[1].dialect, "legacy", sizeof "legacy");
	config_tag(&same, after);
	CHECK(strcmp(after, before) != 0);
}

TEST(too_many_peers)
{
	char body[8192] = OWN;
	size_t len = strlen(body);

	for (int i = 0; i <= PEERS_MAX; i++) {
		CHECK(text_format(body + len, sizeof body - len, "&peer_id=central-%d&peer_ip=10.0.0.1&peer_port=1", i + 2));
		len += strlen(body + len);
	}
	CHECK(!check(body));
	CHECK_INT(form.count, PEERS_MAX);
	CHECK(form.too_many);
	params_free(&params);
}

/* --- the same for the API -------------------------------------------------------------------------------------------- */

static struct site_config held;

static enum err apply(const char *json)
{
	cJSON *object = cJSON_Parse(json);
	enum err e;

	held = (struct site_config){.id = "central-1", .ip = "10.0.0.1", .p2p_port = 9000, .api_port = 8000, .peer_count = 1};
	held.peers[0] = (struct peer_row){.id = "central-2", .ip = "10.0.0.2", .p2p_port = 9002, .weight = 3, .dialect = "native"};
	change = (struct config_change){0};
	fault = (struct fault){0};
	e = config_change_read(cJSON_GetObjectItem(object, "this_central"), cJSON_GetObjectItem(object, "peer_centrals"), &change,
		&fault);
	if (e == ERR_NONE)
		e = config_change_apply(&change, &held, &fault);
	cJSON_Delete(object);
	return e;
}

TEST(what_is_not_named_keeps_its_value)
{
	CHECK_INT(apply("{}"), ERR_NONE);
	CHECK_INT(held.peer_count, 1);
	CHECK_INT(apply("{\"this_central\":{\"api_port\":8001},\"peer_centrals\":[{\"id\":\"central-3\",\"ip\":\"h\","
		"\"p2p_port\":9003},{\"id\":\"central-2\",\"p2p_port\":9012}]}"), ERR_NONE);
	CHECK_STR(held.id, "central-1");
	CHECK_INT(held.api_port, 8001);
	CHECK_INT(held.peer_count, 2);
	CHECK_INT(held.peers[0].weight, 1);
	CHECK_STR(held.peers[0].dialect, "native");
	CHECK_STR(held.peers[1].ip, "10.0.0.2");
	CHECK_INT(held.peers[1].p2p_port, 9012);
	CHECK_INT(held.peers[1].weight, 3);
	CHECK_INT(apply("{\"peer_centrals\":[]}"), ERR_NONE);
	CHECK_INT(held.peer_count, 0);
}

static void refused(const char *json, enum err e, const char *field)
{
	if (apply(json) != e || strcmp(fault.field, field) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s, %s", json, fault.field, fault.sentence);
}

TEST(faults_name_their_field)
{
	refused("{\"this_central\":{\"id\":5}}", ERR_FIELD, "this_central.id");
	refused("{\"this_central\":{\"api_port\":\"8000\"}}", ERR_FIELD, "this_central.api_port");
	refused("{\"peer_centrals\":[{\"id\":\"central-2\"},7]}", ERR_FIELD, "peer_centrals[1]");
	refused("{\"peer_centrals\":[{\"ip\":\"h\"}]}", ERR_FIELD, "peer_centrals[0].id");
	refused("{\"peer_centrals\":[{\"id\":\"central-2\"},{\"id\":\"central-3\",\"p2p_port\":1}]}", ERR_FIELD,
		"peer_centrals[1].ip");
	refused("{\"peer_centrals\":[{\"id\":\"central-3\",\"ip\":\"h\"}]}", ERR_FIELD, "peer_centrals[0].p2p_port");
	refused("{\"peer_centrals\":[{\"id\":\"123456789012345678901234567890123\"}]}", ERR_INVALID, "peer_centrals[0].id");
	refused("{\"peer_centrals\":[{\"id\":\"central-2\",\"p2p_port\":1e10}]}", ERR_INVALID, "peer_centrals[0].p2p_port");
}

TEST_MAIN
