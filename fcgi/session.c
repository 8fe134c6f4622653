#include "session.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
	t->count = 0;
	trust_add(t, "127.0.0.0/8");
	trust_add(t, "::1");
}

bool trust_add(struct trust *t, const char *cidr)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(cidr, '/');
	size_t len = slash ? (size_t)(slash - cidr) : strlen(cidr);
	struct cidr c;
	int64_t bits;
	bool v4;

	if (t->count == TRUST_MAX || !text_format(address, sizeof address, "%.*s", (int)len, cidr))
		return false;
	if (!address_read(address, c.bytes, &v4))
		return false;
	bits = v4 ? 32 : 128;
	if (slash && !number_parse(slash + 1, bits, &bits))
		return false;
	c.bits = (int)bits + (v4 ? V4_BITS_BEFORE : 0);
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

bool trust_has(const struct trust *t, const char *address)
{
	unsigned char bytes[16];
	bool v4;

	if (!address_read(address, bytes, &v4))
		return false;
	for (size_t i = 0; i < t->count; i++) {
		if (cidr_has(&t->entry[i], bytes))
			return true;
	}
	return false;
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

bool request_from_page(const struct request *r)
{
	return r->origin || r->sec_fetch_site;
}

/* --- who may --------------------------------------------------------------------------------------------------------- */

static enum err deny(struct fault *fault, const char *code, const char *sentence)
{
	return fault_set(fault, ERR_DENIED, code, "", "%s", sentence);
}

static enum err check_path_here(const struct request *r, const char *own_host, struct fault *fault)
{
	if (r->forwarded || r->x_forwarded_for)
		return deny(fault, "forwarded", "A request that came through a proxy is not trusted by its address.");
	if (!r->host || !(host_is_address(r->host) || (own_host && host_is(r->host, own_host))))
		return deny(fault, "unknown_host", "Call this central by its IP address, by localhost or by its configured address.");
	return ERR_NONE;
}

/* A browser says where a request was made: "none" is the person (address bar, bookmark), who can do no more than look. */
static enum err check_page(const struct request *r, struct fault *fault)
{
	static const char sentence[] = "This request was made by a page of another site; open this page directly.";
	bool looked = r->method == METHOD_GET && r->sec_fetch_site && strcmp(r->sec_fetch_site, "none") == 0;

	if (r->origin && !origin_is_host(r->origin, r->host, r->server_port))
		return deny(fault, "cross_origin", sentence);
	if (r->sec_fetch_site && !looked && strcmp(r->sec_fetch_site, "same-origin") != 0)
		return deny(fault, "cross_origin", sentence);
	return ERR_NONE;
}

enum err session_check(enum access access, const struct request *r, const struct trust *trust, const char *own_host,
	struct fault *fault)
{
	struct trust loopback;
	enum err e;

	if (access == ACCESS_ANYONE)
		return ERR_NONE;
	trust_init(&loopback);
	if (!r->remote_addr || !trust_has(access == ACCESS_PAGE ? &loopback : trust, r->remote_addr))
		return deny(fault, "address_not_trusted", "Calls from this address are not allowed here.");
	e = check_path_here(r, own_host, fault);
	if (e != ERR_NONE)
		return e;
	if (access == ACCESS_PAGE)
		return check_page(r, fault);
	if (request_from_page(r))
		return deny(fault, "from_a_page", "The API is not open to pages in a browser.");
	return ERR_NONE;
}
