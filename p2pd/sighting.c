#include "sighting.h"

#include <string.h>
#include <strings.h>

#include "base/trust.h"

/* An address of a link alone (fe80::/10) means another machine on every other one. */
static bool reachable(const char *address)
{
	return address_is_numeric(address) && !address_is_loopback(address) && strncasecmp(address, "fe8", 3) != 0
		&& strncasecmp(address, "fe9", 3) != 0 && strncasecmp(address, "fea", 3) != 0 && strncasecmp(address, "feb", 3) != 0;
}

bool sighting_read(const struct sighting_said *said, const struct announcement *own, struct discovered *out)
{
	*out = (struct discovered){.port = said->port};
	if (!said->id || !said->mesh || !said->key || !said->address)
		return false;
	return central_id_valid(said->id) && text_copy(out->id, sizeof(out->id), said->id) && strcmp(said->mesh, own->mesh) == 0 &&
		fingerprint_parse(said->key, out->fingerprint) && strcmp(out->fingerprint, own->fingerprint) != 0 &&
		reachable(said->address) && text_copy(out->ip, sizeof(out->ip), said->address) && said->port >= 1 && said->port <= 65535;
}

void sighting_add(struct discovered list[DISCOVERED_MAX], size_t *count, const struct discovered *one)
{
	for (size_t i = 0; i < *count; i++) {
		struct discovered *held = &list[i];
		if (strcmp(held->id, one->id) != 0 || strcmp(held->fingerprint, one->fingerprint) != 0)
			continue;
		if (strchr(held->ip, ':') && !strchr(one->ip, ':'))
			*held = *one;
		return;
	}
	if (*count < DISCOVERED_MAX)
		list[(*count)++] = *one;
}
