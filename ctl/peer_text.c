#include "peer_text.h"

#include <string.h>

#include "base/text.h"
#include "domain/site.h"

const char *port_from_text(const char *text, int *out)
{
	int64_t port;

	if (!number_parse(text, 65535, &port) || port == 0)
		return "a port is a number from 1 to 65535";
	*out = (int)port;
	return NULL;
}

const char *peer_from_text(const char *text, const char *dialect, struct peer_row *out)
{
	const char *equals = strchr(text, '='), *colon = strrchr(text, ':');
	const char *ip = equals ? equals + 1 : NULL, *end = colon;

	if (!equals || !colon || colon <= ip)
		return "a peer is ID=ADDRESS:PORT";
	if (ip[0] == '[' && end[-1] == ']') {
		ip++;
		end--;
	}
	site_peer_begin(out);
	if (!text_copy(out->dialect, sizeof out->dialect, dialect))
		return "this dialect is not known";
	out->tls = site_tls_default(dialect);
	if (!text_format(out->id, sizeof out->id, "%.*s", (int)(equals - text), text)
		|| !text_format(out->ip, sizeof out->ip, "%.*s", (int)(end - ip), ip))
		return "this id or address is too long";
	return port_from_text(colon + 1, &out->p2p_port);
}
