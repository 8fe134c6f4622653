#include "base/trust.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"

/* --- addresses ------------------------------------------------------------------------------------------------------- */

#define V4_BITS_BEFORE 96

static bool address_read(const char *text, unsigned char out[16], bool *v4)
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

	*v4 = inet_pton(AF_INET, text, out + 12) == 1;
	if (*v4) {
		memcpy(out, mapped, sizeof mapped);
		return true;
	}
	return inet_pton(AF_INET6, text, out) == 1;
}

void trust_init(struct trust *t)
{
	t->loopback = true;
	t->count = 0;
}

/* Of an address that was given with its network the network. */
static void network_only(struct cidr *c)
{
	for (int bit = c->bits; bit < 128; bit++)
		c->bytes[bit / 8] &= (unsigned char)~(0x80 >> bit % 8);
}

bool trust_add(struct trust *t, const char *cidr)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(cidr, '/');
	size_t len = slash ? (size_t)(slash - cidr) : strlen(cidr);
	struct cidr c;
	int64_t bits;
	bool v4;

	if (strcmp(cidr, "none") == 0) {
		t->loopback = false;
		return true;
	}
	if (t->count == TRUST_MAX || !text_format(address, sizeof address, "%.*s", (int)len, cidr))
		return false;
	if (!address_read(address, c.bytes, &v4))
		return false;
	bits = v4 ? 32 : 128;
	if (slash && !number_parse(slash + 1, bits, &bits))
		return false;
	c.bits = (int)bits + (v4 ? V4_BITS_BEFORE : 0);
	network_only(&c);
	t->entry[t->count++] = c;
	return true;
}

static bool cidr_has(const struct cidr *c, const unsigned char address[16])
{
	size_t whole = (size_t)c->bits / 8;
	int rest = c->bits % 8;

	if (memcmp(c->bytes, address, whole) != 0)
		return false;
	return rest == 0 || ((c->bytes[whole] ^ address[whole]) >> (8 - rest)) == 0;
}

static bool bytes_are_loopback(const unsigned char address[16])
{
	static const struct cidr v4 = {.bytes = {[10] = 0xff, [11] = 0xff, [12] = 127}, .bits = V4_BITS_BEFORE + 8};
	static const struct cidr v6 = {.bytes = {[15] = 1}, .bits = 128};

	return cidr_has(&v4, address) || cidr_has(&v6, address);
}

bool address_is_numeric(const char *text)
{
	unsigned char bytes[16];
	bool v4;

	return address_read(text, bytes, &v4);
}

bool address_is_loopback(const char *address)
{
	unsigned char bytes[16];
	bool v4;

	return address_read(address, bytes, &v4) && bytes_are_loopback(bytes);
}

bool address_same(const char *a, const char *b)
{
	unsigned char x[16], y[16];
	bool v4;

	return address_read(a, x, &v4) && address_read(b, y, &v4) && memcmp(x, y, sizeof x) == 0;
}

bool trust_has(const struct trust *t, const char *address)
{
	unsigned char bytes[16];
	bool v4;

	if (!address_read(address, bytes, &v4))
		return false;
	if (t->loopback && bytes_are_loopback(bytes))
		return true;
	for (size_t i = 0; i < t->count; i++) {
		if (cidr_has(&t->entry[i], bytes))
			return true;
	}
	return false;
}

/* "10.0.0.0/8" */
static void cidr_text(const struct cidr *c, struct buf *out)
{
	static const struct cidr mapped = {.bytes = {[10] = 0xff, [11] = 0xff}, .bits = V4_BITS_BEFORE};
	bool v4 = c->bits >= V4_BITS_BEFORE && cidr_has(&mapped, c->bytes);
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop(v4 ? AF_INET : AF_INET6, c->bytes + (v4 ? 12 : 0), text, sizeof text);
	buf_printf(out, "%s/%d", text, c->bits - (v4 ? V4_BITS_BEFORE : 0));
}

void trust_text(const struct trust *t, struct buf *out)
{
	if (!t->loopback)
		buf_str(out, "none");
	for (size_t i = 0; i < t->count; i++) {
		if (i > 0 || !t->loopback)
			buf_char(out, ' ');
		cidr_text(&t->entry[i], out);
	}
}

void trust_geo(const struct trust *t, struct buf *out)
{
	if (t->loopback)
		buf_str(out, "\t127.0.0.0/8 1;\n\t::1/128 1;\n");
	for (size_t i = 0; i < t->count; i++) {
		buf_char(out, '\t');
		cidr_text(&t->entry[i], out);
		buf_str(out, " 1;\n");
	}
}

/* --- hosts ----------------------------------------------------------------------------------------------------------- */

#define AUTHORITY_SIZE 300

/* "host", "host:port", "[v6]:port" -> host without brackets, port ("" none). */
static bool split(const char *authority, char host[AUTHORITY_SIZE], char port[8])
{
	bool v6 = *authority == '[';
	const char *begin = authority + v6;
	size_t len = strcspn(begin, v6 ? "]" : ":");
	const char *rest = begin + len;

	if (v6 && *rest++ != ']')
		return false;
	if (*rest && *rest != ':')
		return false;
	return text_format(host, AUTHORITY_SIZE, "%.*s", (int)len, begin) && text_copy(port, 8, *rest ? rest + 1 : "");
}

bool host_is_address(const char *host)
{
	char name[AUTHORITY_SIZE], port[8];
	unsigned char bytes[16];
	bool v4;

	if (!split(host, name, port))
		return false;
	return strcasecmp(name, "localhost") == 0 || address_read(name, bytes, &v4);
}

bool host_is(const char *host, const char *name)
{
	char own[AUTHORITY_SIZE], port[8];

	return *name && split(host, own, port) && strcasecmp(own, name) == 0;
}

bool origin_is_host(const char *origin, const char *host, const char *server_port)
{
	char origin_name[AUTHORITY_SIZE], name[AUTHORITY_SIZE], origin_port[8], port[8];
	bool tls = strncmp(origin, "https://", 8) == 0;

	if (!tls && strncmp(origin, "http://", 7) != 0)
		return false;
	if (!split(origin + (tls ? 8 : 7), origin_name, origin_port) || !split(host, name, port))
		return false;
	if (!*origin_port)
		text_copy(origin_port, sizeof origin_port, tls ? "443" : "80");
	if (!*port && server_port)
		text_copy(port, sizeof port, server_port);
	return strcasecmp(origin_name, name) == 0 && strcmp(origin_port, port) == 0;
}

bool origin_valid(const char *origin)
{
	size_t scheme = strncmp(origin, "https://", 8) == 0 ? 8 : strncmp(origin, "http://", 7) == 0 ? 7 : 0;
	char host[AUTHORITY_SIZE], port[8];

	return scheme > 0 && !strpbrk(origin + scheme, "/?#@ \"") && split(origin + scheme, host, port) && *host;
}

/* --- rules ----------------------------------------------------------------------------------------------------------- */

void rules_init(struct rules *r)
{
	*r = (struct rules){0};
	trust_init(&r->edges);
	trust_init(&r->admins);
}

bool rules_add_host(struct rules *r, const char *text)
{
	if (r->host_count == NAMES_MAX || !host_is(text, text))
		return false;
	r->host[r->host_count++] = text;
	return true;
}

bool rules_add_origin(struct rules *r, const char *text)
{
	if (r->origin_count == NAMES_MAX || !origin_valid(text))
		return false;
	r->origin[r->origin_count++] = text;
	return true;
}

bool rules_have_origin(const struct rules *r, const char *origin)
{
	for (size_t i = 0; i < r->origin_count; i++) {
		if (strcasecmp(r->origin[i], origin) == 0)
			return true;
	}
	return false;
}
