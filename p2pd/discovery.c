#include "discovery.h"

#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>
#include <avahi-common/alternative.h>
#include <avahi-common/domain.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/simple-watch.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/world.h"
#include "sighting.h"

#define SERVICE "_parkmesh._tcp"
#define LOOK_MS 1000        /* a wake-up may get lost in libavahi when it comes just before the wait */
#define NO_BUS_LOOKS 60     /* without a bus it is tried again after so many */
#define JOIN_PATIENCE_MS 2000

struct sighting {
	bool used;
	AvahiServiceResolver *resolver;     /* NULL: it failed, and is tried again at the next look */
	AvahiIfIndex interface;
	AvahiProtocol protocol;
	char name[AVAHI_LABEL_MAX], domain[AVAHI_DOMAIN_NAME_MAX];
	bool known, failed;                 /* what it says is in what; it could not be asked */
	struct discovered what;
};

struct discovery {
	pthread_t thread;
	AvahiSimplePoll *poll;
	pthread_mutex_t lock;               /* of what follows up to the thread's own part */
	struct announcement wanted;
	uint64_t asked;                     /* counts changes of wanted */
	bool ending, changed;
	struct discovered found[DISCOVERED_MAX];
	size_t count;
	/* the thread's own */
	struct announcement own;            /* what is announced */
	uint64_t heard;                     /* the count it is of */
	AvahiClient *client;
	AvahiEntryGroup *group;
	AvahiServiceBrowser *browser;
	char *name;                         /* of our service; another than the id if that is taken in this network */
	bool broken;                        /* the client has to be made anew */
	struct sighting seen[SIGHTINGS_MAX];
};

/* ---- what is found ---- */

static bool same(const struct discovered *a, size_t a_count, const struct discovered *b, size_t b_count)
{
	for (size_t i = 0; a_count == b_count && i < a_count; i++)
		if (strcmp(a[i].id, b[i].id) != 0 || strcmp(a[i].ip, b[i].ip) != 0 || a[i].port != b[i].port ||
			strcmp(a[i].fingerprint, b[i].fingerprint) != 0)
			return false;
	return a_count == b_count;
}

static void publish(struct discovery *d)
{
	struct discovered found[DISCOVERED_MAX];
	size_t count = 0;
	for (size_t i = 0; i < SIGHTINGS_MAX; i++)
		if (d->seen[i].used && d->seen[i].known)
			sighting_add(found, &count, &d->seen[i].what);
	pthread_mutex_lock(&d->lock);
	if (!same(found, count, d->found, d->count)) {
		memcpy(d->found, found, sizeof(found));
		d->count = count;
		d->changed = true;
	}
	pthread_mutex_unlock(&d->lock);
}

/* The value of a TXT entry; free with avahi_free. NULL: there is none. */
static char *txt_value(AvahiStringList *txt, const char *key)
{
	char *value = NULL;
	AvahiStringList *entry = avahi_string_list_find(txt, key);
	if (entry && avahi_string_list_get_pair(entry, NULL, &value, NULL) < 0)
		return NULL;
	return value;
}

static void read_service(struct discovery *d, struct sighting *s, const AvahiAddress *address, uint16_t port, AvahiStringList *txt)
{
	char text[AVAHI_ADDRESS_STR_MAX] = "";
	char *id = txt_value(txt, "id"), *mesh = txt_value(txt, "mesh"), *key = txt_value(txt, "key");
	const struct sighting_said said = {id, mesh, key, avahi_address_snprint(text, sizeof(text), address), port};
	s->known = sighting_read(&said, &d->own, &s->what);
	avahi_free(id);
	avahi_free(mesh);
	avahi_free(key);
}

static void on_resolved(AvahiServiceResolver *r, AvahiIfIndex interface, AvahiProtocol protocol, AvahiResolverEvent event,
	const char *name, const char *type, const char *domain, const char *host, const AvahiAddress *address, uint16_t port,
	AvahiStringList *txt, AvahiLookupResultFlags flags, void *arg)
{
	struct discovery *d = arg;
	(void)interface, (void)protocol, (void)name, (void)type, (void)domain, (void)host, (void)flags;
	for (size_t i = 0; i < SIGHTINGS_MAX; i++) {
		struct sighting *s = &d->seen[i];
		if (s->resolver != r)
			continue;
		s->known = false;
		s->failed = event == AVAHI_RESOLVER_FAILURE;
		if (!s->failed)
			read_service(d, s, address, port, txt);
	}
	publish(d);
}

static bool is(const struct sighting *s, AvahiIfIndex interface, AvahiProtocol protocol, const char *name)
{
	return s->used && s->interface == interface && s->protocol == protocol && strcmp(s->name, name) == 0;
}

static void forget(struct sighting *s)
{
	if (s->resolver)
		avahi_service_resolver_free(s->resolver);
	*s = (struct sighting){0};
}

static void ask(struct discovery *d, struct sighting *s)
{
	s->failed = false;
	s->resolver = avahi_service_resolver_new(d->client, s->interface, s->protocol, s->name, SERVICE, s->domain, AVAHI_PROTO_UNSPEC, 0,
		on_resolved, d);
}

static void seen(struct discovery *d, AvahiIfIndex interface, AvahiProtocol protocol, const char *name, const char *domain)
{
	struct sighting *free_place = NULL;
	for (size_t i = 0; i < SIGHTINGS_MAX; i++) {
		if (is(&d->seen[i], interface, protocol, name))
			return;
		if (!d->seen[i].used && !free_place)
			free_place = &d->seen[i];
	}
	if (!free_place || !text_copy(free_place->name, sizeof(free_place->name), name) ||
		!text_copy(free_place->domain, sizeof(free_place->domain), domain))
		return;
	free_place->used = true;
	free_place->interface = interface;
	free_place->protocol = protocol;
	ask(d, free_place);
}

static void ask_again(struct discovery *d)
{
	for (size_t i = 0; i < SIGHTINGS_MAX; i++) {
		struct sighting *s = &d->seen[i];
		if (!s->used || (s->resolver && !s->failed))
			continue;
		if (s->resolver)
			avahi_service_resolver_free(s->resolver);
		ask(d, s);
	}
}

static void on_browsed(AvahiServiceBrowser *b, AvahiIfIndex interface, AvahiProtocol protocol, AvahiBrowserEvent event,
	const char *name, const char *type, const char *domain, AvahiLookupResultFlags flags, void *arg)
{
	struct discovery *d = arg;
	(void)b, (void)type, (void)flags;
	switch (event) {
	case AVAHI_BROWSER_NEW:
		seen(d, interface, protocol, name, domain);
		break;
	case AVAHI_BROWSER_REMOVE:
		for (size_t i = 0; i < SIGHTINGS_MAX; i++)
			if (is(&d->seen[i], interface, protocol, name))
				forget(&d->seen[i]);
		publish(d);
		break;
	case AVAHI_BROWSER_FAILURE:
		d->broken = true;
		break;
	case AVAHI_BROWSER_CACHE_EXHAUSTED:
	case AVAHI_BROWSER_ALL_FOR_NOW:
		break;
	}
}

/* ---- what is announced ---- */

static void announce(struct discovery *d);

static void on_group(AvahiEntryGroup *g, AvahiEntryGroupState state, void *arg)
{
	struct discovery *d = arg;
	(void)g;
	if (state != AVAHI_ENTRY_GROUP_COLLISION)
		return;
	char *other = avahi_alternative_service_name(d->name);
	avahi_free(d->name);
	d->name = other;
	announce(d);
}

static int fill_group(struct discovery *d)
{
	char id[CENTRAL_ID_SIZE + 8], mesh[MESH_SIZE + 8], key[FINGERPRINT_SIZE + 8];
	text_format(id, sizeof(id), "id=%s", d->own.id);
	text_format(mesh, sizeof(mesh), "mesh=%s", d->own.mesh);
	text_format(key, sizeof(key), "key=%s", d->own.fingerprint);
	int e = avahi_entry_group_add_service(d->group, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, 0, d->name, SERVICE, NULL, NULL,
		(uint16_t)d->own.port, id, mesh, key, NULL);
	return e < 0 ? e : avahi_entry_group_commit(d->group);
}

/* As d->own says. The daemon must be running. */
static void announce(struct discovery *d)
{
	if (d->group)
		avahi_entry_group_reset(d->group);
	if (!d->own.port || avahi_client_get_state(d->client) != AVAHI_CLIENT_S_RUNNING)
		return;
	if (!d->group)
		d->group = avahi_entry_group_new(d->client, on_group, d);
	if (!d->name)
		d->name = avahi_strdup(d->own.id);
	int e = d->group && d->name ? fill_group(d) : AVAHI_ERR_NO_MEMORY;
	if (e == AVAHI_ERR_COLLISION) /* this machine has such a service already */
		on_group(d->group, AVAHI_ENTRY_GROUP_COLLISION, d);
	else if (e < 0)
		journal_warning("event=not_announced why=\"%s\"", avahi_strerror(e));
	else
		journal_info("event=announced name=\"%s\" port=%d", d->name, d->own.port);
}

/* ---- the client ---- */

static void on_client(AvahiClient *client, AvahiClientState state, void *arg)
{
	struct discovery *d = arg;
	d->client = client; /* it is told before avahi_client_new returns it */
	switch (state) {
	case AVAHI_CLIENT_S_RUNNING:
		if (!d->browser)
			d->browser = avahi_service_browser_new(client, AVAHI_IF_UNSPEC, AVAHI_PROTO_UNSPEC, SERVICE, NULL, 0, on_browsed, d);
		d->broken = d->browser == NULL;
		announce(d);
		break;
	case AVAHI_CLIENT_S_REGISTERING:
	case AVAHI_CLIENT_S_COLLISION:
		if (d->group)
			avahi_entry_group_reset(d->group); /* the machine's name changes; told again when it runs */
		break;
	case AVAHI_CLIENT_FAILURE:
		d->broken = true; /* the daemon or the bus has gone */
		break;
	case AVAHI_CLIENT_CONNECTING:
		break;
	}
}

static bool make_client(struct discovery *d)
{
	int e = 0;
	if (!avahi_client_new(avahi_simple_poll_get(d->poll), AVAHI_CLIENT_NO_FAIL, on_client, d, &e))
		d->client = NULL;
	return d->client != NULL;
}

/* Everything of the client's goes with it. */
static void drop_client(struct discovery *d)
{
	for (size_t i = 0; i < SIGHTINGS_MAX; i++)
		forget(&d->seen[i]);
	if (d->client)
		avahi_client_free(d->client);
	d->client = NULL;
	d->group = NULL;
	d->browser = NULL;
	d->broken = false;
	avahi_free(d->name);
	d->name = NULL;
	publish(d);
}

/* ---- the thread ---- */

/* Take over what is to be announced. false: it is to end. */
static bool listen_up(struct discovery *d)
{
	pthread_mutex_lock(&d->lock);
	bool go_on = !d->ending, other = d->heard != d->asked;
	d->own = d->wanted;
	d->heard = d->asked;
	pthread_mutex_unlock(&d->lock);
	if (go_on && other)
		drop_client(d); /* what others said was looked at for what was announced before */
	return go_on;
}

static void *work(void *arg)
{
	struct discovery *d = arg;
	int looks = 0; /* until a client is made */
	while (listen_up(d)) {
		if (d->broken)
			drop_client(d); /* made anew after a look */
		else if (!d->client && --looks < 0)
			looks = make_client(d) ? 0 : NO_BUS_LOOKS;
		if (d->client)
			ask_again(d);
		if (avahi_simple_poll_iterate(d->poll, LOOK_MS) < 0 && errno != EINTR) {
			journal_warning("event=discovery_failed why=\"it cannot wait\"");
			break;
		}
	}
	drop_client(d);
	return NULL;
}

/* ---- from the loop ---- */

enum err discovery_open(struct discovery **out)
{
	struct discovery *d = calloc(1, sizeof(*d));
	*out = NULL;
	if (!d)
		return ERR_MEMORY;
	d->poll = avahi_simple_poll_new();
	(void)pthread_mutex_init(&d->lock, NULL);
	if (!d->poll || pthread_create(&d->thread, NULL, work, d) != 0) {
		if (d->poll)
			avahi_simple_poll_free(d->poll);
		free(d);
		return ERR_SYSTEM;
	}
	*out = d;
	return ERR_NONE;
}

static void wake(struct discovery *d)
{
	avahi_simple_poll_wakeup(d->poll);
}

void discovery_announce(struct discovery *d, const struct announcement *what)
{
	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	bool other = strcmp(d->wanted.id, what->id) != 0 || strcmp(d->wanted.mesh, what->mesh) != 0 ||
		strcmp(d->wanted.fingerprint, what->fingerprint) != 0 || d->wanted.port != what->port;
	d->wanted = *what;
	d->asked += other;
	pthread_mutex_unlock(&d->lock);
	if (other)
		wake(d);
}

bool discovery_take(struct discovery *d, struct discovered out[DISCOVERED_MAX], size_t *count)
{
	pthread_mutex_lock(&d->lock);
	bool changed = d->changed;
	if (changed) {
		memcpy(out, d->found, sizeof(d->found));
		*count = d->count;
	}
	d->changed = false;
	pthread_mutex_unlock(&d->lock);
	return changed;
}

void discovery_close(struct discovery *d, const struct world *world)
{
	if (!d)
		return;
	int64_t until = world_wall_ms(world) + JOIN_PATIENCE_MS;
	const struct timespec patience = {.tv_sec = until / 1000, .tv_nsec = until % 1000 * 1000000};
	pthread_mutex_lock(&d->lock);
	d->ending = true;
	pthread_mutex_unlock(&d->lock);
	wake(d);
	if (pthread_timedjoin_np(d->thread, NULL, &patience) != 0)
		return; /* the daemon hangs, and so does the thread; the process ends without it */
	(void)pthread_mutex_destroy(&d->lock);
	avahi_simple_poll_free(d->poll);
	free(d);
}
