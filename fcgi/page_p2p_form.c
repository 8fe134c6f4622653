#include "page_p2p_form.h"

#include <limits.h>
#include <string.h>

#include "base/text.h"
#include "domain/site.h"

#define PORT_USUAL "9000"

static const char *put_port(struct p2p_form *f, size_t at, int port)
{
	text_format(f->port_text[at], PORT_TEXT, "%d", port);
	return f->port_text[at];
}

void p2p_form_from_config(const struct site_config *c, struct p2p_form *out)
{
	*out = (struct p2p_form){.id = c->id, .ip = c->ip, .secret = "", .count = c->peer_count};
	out->p2p_port = put_port(out, PEERS_MAX, c->p2p_port);
	out->api_port = put_port(out, PEERS_MAX + 1, c->api_port);
	config_tag(c, out->tag);
	out->version = out->tag;
	for (size_t i = 0; i < c->peer_count; i++) {
		const struct peer_row *p = &c->peers[i];

		text_format(out->weight_text[i], PORT_TEXT, "%d", p->weight);
		out->row[i] = (struct form_row){.id = p->id, .ip = p->ip, .port = put_port(out, i, p->p2p_port),
			.weight = out->weight_text[i], .dialect = p->dialect, .tls = p->tls ? "yes" : "no"};
	}
}

void p2p_form_from_params(const struct params *p, struct p2p_form *out)
{
	const char *id;

	*out = (struct p2p_form){.id = params_typed(p, "central_id"), .ip = params_typed(p, "central_ip"), .p2p_port = params_typed(p, "p2p_port"),
		.api_port = params_typed(p, "api_port"), .secret = params_typed(p, "mesh_secret"), .version = params_typed(p, "version")};
	for (size_t i = 0; (id = params_nth(p, "peer_id", i)) != NULL; i++) {
		const char *ip = params_nth(p, "peer_ip", i), *port = params_nth(p, "peer_port", i), *weight = params_nth(p, "peer_weight", i);
		const char *dialect = params_nth(p, "peer_dialect", i), *tls = params_nth(p, "peer_tls", i);

		if (!*id && (!ip || !*ip))
			continue;
		if (out->count == PEERS_MAX) {
			out->too_many = true;
			return;
		}
		out->row[out->count++] = (struct form_row){.id = id, .ip = ip ? ip : "", .port = port ? port : "",
			.weight = weight ? weight : "", .dialect = dialect ? dialect : "",
			.tls = tls ? tls : ""};
	}
}

void p2p_form_add_row(struct p2p_form *f)
{
	if (f->count < PEERS_MAX)
		f->row[f->count++] = (struct form_row){.id = "", .ip = "", .port = PORT_USUAL, .weight = "", .dialect = "native",
			.tls = "yes"};
	else
		f->too_many = true;
}

void p2p_form_add_found(struct p2p_form *f, const struct discovered *found)
{
	if (f->count == PEERS_MAX) {
		f->too_many = true;
		return;
	}
	f->row[f->count] = (struct form_row){.id = found->id, .ip = found->ip, .port = put_port(f, f->count, found->port), .weight = "",
		.dialect = "native", .tls = "yes"};
	f->count++;
}

/* --- checking -------------------------------------------------------------------------------------------------------- */

static struct site_config probe(void)
{
	struct site_config c = {.id = "probe", .ip = "127.0.0.1", .p2p_port = 9000, .api_port = 8000};

	c.peers[0] = (struct peer_row){.id = "probe-peer", .ip = "127.0.0.1", .p2p_port = 9000, .weight = 1, .dialect = "native"};
	return c;
}

static bool fits(const struct site_config *c)
{
	struct fault unused;

	return site_config_check(c, &unused) == ERR_NONE;
}

static unsigned check_text(char *place, size_t size, const char *text, const struct site_config *c, enum wrong wrong)
{
	return text_copy(place, size, text) && fits(c) ? 0 : wrong;
}

/* other: this central's other port, which has to differ. */
static unsigned check_port(int *place, int *other, const char *text, const struct site_config *c, enum wrong wrong)
{
	int64_t number;

	if (!number_parse(text, 65535, &number))
		return wrong;
	*place = (int)number;
	*other = number == 1 ? 2 : 1;
	return fits(c) ? 0 : wrong;
}

static unsigned check_own(const struct p2p_form *f)
{
	struct site_config c = probe();
	unsigned wrong = check_text(c.id, sizeof c.id, f->id, &c, WRONG_ID);

	c = probe();
	wrong |= check_text(c.ip, sizeof c.ip, f->ip, &c, WRONG_IP);
	c = probe();
	wrong |= check_port(&c.p2p_port, &c.api_port, f->p2p_port, &c, WRONG_P2P_PORT);
	c = probe();
	return wrong | check_port(&c.api_port, &c.p2p_port, f->api_port, &c, WRONG_API_PORT);
}

static unsigned check_weight(int *place, const char *text, const struct site_config *c)
{
	int64_t number = *place;

	if (*text && !number_parse(text, INT_MAX, &number))
		return WRONG_WEIGHT;
	*place = (int)number;
	return fits(c) ? 0 : WRONG_WEIGHT;
}

static bool is_old(const struct form_row *r)
{
	return *r->dialect && site_dialect_old(r->dialect);
}

static unsigned check_tls(const struct form_row *r)
{
	return is_old(r) || !*r->tls || strcmp(r->tls, "yes") == 0 || strcmp(r->tls, "no") == 0 ? 0 : WRONG_TLS;
}

static unsigned check_row(const struct form_row *r)
{
	struct site_config c = probe();
	struct peer_row *p = &c.peers[0];
	unsigned wrong;

	c.peer_count = 1;
	wrong = check_text(p->id, sizeof p->id, r->id, &c, WRONG_ID);
	text_copy(p->id, sizeof p->id, "probe-peer");
	wrong |= check_text(p->ip, sizeof p->ip, r->ip, &c, WRONG_IP);
	text_copy(p->ip, sizeof p->ip, "127.0.0.1");
	wrong |= check_port(&p->p2p_port, &c.api_port, r->port, &c, WRONG_P2P_PORT);
	c = probe();
	c.peer_count = 1;
	wrong |= check_weight(&p->weight, r->weight, &c);
	c = probe();
	c.peer_count = 1;
	wrong |= check_tls(r);
	return wrong | (*r->dialect ? check_text(p->dialect, sizeof p->dialect, r->dialect, &c, WRONG_DIALECT) : 0);
}

static int port_of(const char *text)
{
	int64_t number = 0;

	number_parse(text, 65535, &number);
	return (int)number;
}

/* Ports that are good alone, but not together. */
static unsigned check_together(const struct p2p_form *f)
{
	struct site_config c = probe();

	if (f->wrong & (WRONG_P2P_PORT | WRONG_API_PORT))
		return 0;
	c.p2p_port = port_of(f->p2p_port);
	c.api_port = port_of(f->api_port);
	return fits(&c) ? 0 : WRONG_TAKEN;
}

/* Ids that two rows, or a row and this central, have in common. */
static unsigned check_taken(struct p2p_form *f)
{
	struct site_config all = probe();
	unsigned wrong = 0;

	if (!(f->wrong & WRONG_ID))
		text_copy(all.id, sizeof all.id, f->id);
	for (size_t i = 0; i < f->count; i++) {
		struct peer_row *p = &all.peers[all.peer_count++];

		*p = (struct peer_row){.ip = "127.0.0.1", .p2p_port = 9000, .weight = 1, .dialect = "native"};
		text_copy(p->id, sizeof p->id, f->row[i].id);
		if (fits(&all))
			continue;
		all.peer_count--;
		if (!(f->row[i].wrong & WRONG_ID))
			f->row[i].wrong |= WRONG_TAKEN;
		wrong |= f->row[i].wrong;
	}
	return wrong;
}

static void fill_change(const struct p2p_form *f, struct config_change *out)
{
	*out = (struct config_change){.has_id = true, .has_ip = true, .has_p2p_port = true, .has_api_port = true, .has_peers = true,
		.peer_count = f->count, .secret = *f->secret ? f->secret : NULL,
		.if_match = *f->version ? f->version : NULL};
	text_copy(out->own.id, sizeof out->own.id, f->id);
	text_copy(out->own.ip, sizeof out->own.ip, f->ip);
	out->own.p2p_port = port_of(f->p2p_port);
	out->own.api_port = port_of(f->api_port);
	for (size_t i = 0; i < f->count; i++) {
		struct peer_change *p = &out->peer[i];

		p->has_ip = p->has_port = true;
		text_copy(p->id, sizeof p->id, f->row[i].id);
		text_copy(p->row.ip, sizeof p->row.ip, f->row[i].ip);
		p->row.p2p_port = port_of(f->row[i].port);
		p->has_weight = *f->row[i].weight != '\0';
		p->row.weight = port_of(f->row[i].weight);
		p->has_dialect = *f->row[i].dialect != '\0';
		text_copy(p->row.dialect, sizeof p->row.dialect, f->row[i].dialect);
		p->has_tls = *f->row[i].tls != '\0' && !is_old(&f->row[i]);
		p->row.tls = strcmp(f->row[i].tls, "yes") == 0;
	}
}

bool p2p_form_check(struct p2p_form *f, struct config_change *change)
{
	unsigned wrong;

	f->wrong = check_own(f);
	f->wrong |= check_together(f);
	wrong = f->wrong;
	for (size_t i = 0; i < f->count; i++)
		wrong |= f->row[i].wrong = check_row(&f->row[i]);
	wrong |= check_taken(f);
	if (wrong || f->too_many)
		return false;
	fill_change(f, change);
	return true;
}
