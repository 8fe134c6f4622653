#include "attempts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define KEY_SIZE 96  /* an address with its scope, a blank, a name */
#define WAIT_FIRST_MS 30000
#define WAIT_LONGEST_MS (15 * 60000)
#define FORGET_MS (30 * 60000)
#define NETWORK_BYTES 8

struct entry { char key[KEY_SIZE]; bool used; int tries; int64_t last_ms; };
struct kind { int free_tries; struct entry entry[ATTEMPTS_KEPT]; };

struct attempts {
	pthread_mutex_t lock;
	struct kind account, address, known, change;
};

enum err attempts_open(struct attempts **out)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return ERR_MEMORY;
	pthread_mutex_init(&(*out)->lock, NULL);
	(*out)->account.free_tries = (*out)->known.free_tries = (*out)->change.free_tries = ATTEMPTS_OF_ACCOUNT;
	(*out)->address.free_tries = ATTEMPTS_OF_ADDRESS;
	return ERR_NONE;
}

void attempts_close(struct attempts *a)
{
	if (!a)
		return;
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* A socket for both families tells an IPv4 address as ::ffff:a.b.c.d. */
static void address_key(const char *address, char out[KEY_SIZE])
{
	struct in6_addr in;

	if (inet_pton(AF_INET6, address, &in) != 1)
		text_copy(out, KEY_SIZE, address);
	else if (IN6_IS_ADDR_V4MAPPED(&in))
		inet_ntop(AF_INET, &in.s6_addr[12], out, KEY_SIZE);
	else
		hex_encode(out, in.s6_addr, NETWORK_BYTES);
}

struct keys { char address[KEY_SIZE], account[KEY_SIZE], both[KEY_SIZE]; };

static void keys_make(struct keys *k, const char *address, const char *account)
{
	address_key(address, k->address);
	text_copy(k->account, KEY_SIZE, account);
	text_format(k->both, KEY_SIZE, "%s %s", k->address, account);
}

static struct entry *find(struct kind *k, const char *key)
{
	for (size_t i = 0; i < ATTEMPTS_KEPT; i++) {
		if (k->entry[i].used && strcmp(k->entry[i].key, key) == 0)
			return &k->entry[i];
	}
	return NULL;
}

static int64_t wait_of(const struct kind *k, const struct entry *e, int64_t now_ms)
{
	int64_t wait = WAIT_FIRST_MS, passed = e ? now_ms - e->last_ms : 0;

	if (!e || e->tries < k->free_tries || passed >= FORGET_MS)
		return 0;
	for (int i = k->free_tries; i < e->tries && wait < WAIT_LONGEST_MS; i++)
		wait *= 2;
	if (wait > WAIT_LONGEST_MS)
		wait = WAIT_LONGEST_MS;
	return passed < wait ? wait - passed : 0;
}

static struct entry *longest_quiet(struct kind *k)
{
	struct entry *found = &k->entry[0];

	for (size_t i = 0; i < ATTEMPTS_KEPT && found->used; i++) {
		if (!k->entry[i].used || k->entry[i].last_ms < found->last_ms)
			found = &k->entry[i];
	}
	return found;
}

static struct entry *find_or_take(struct kind *k, const char *key)
{
	struct entry *e = find(k, key);

	if (e)
		return e;
	e = longest_quiet(k);
	*e = (struct entry){.used = true};
	text_copy(e->key, KEY_SIZE, key);
	return e;
}

static void count(struct kind *k, const char *key, int64_t now_ms)
{
	struct entry *e = find_or_take(k, key);

	if (now_ms - e->last_ms >= FORGET_MS)
		e->tries = 0;
	e->tries++;
	e->last_ms = now_ms;
}

static void forget(struct kind *k, const char *key)
{
	struct entry *e = find(k, key);

	if (e)
		e->used = false;
}

/* --- log-ins --------------------------------------------------------------------------------------------------------- */

/* Locked. */
static void know(struct attempts *a, const struct keys *k, int64_t now_ms)
{
	struct entry *e = find_or_take(&a->known, k->both);

	e->tries = 0;
	e->last_ms = now_ms;
}

int64_t attempts_begin(struct attempts *a, const char *address, const char *account, int64_t now_ms)
{
	struct keys k;
	struct kind *of;
	const char *key;
	int64_t wait, other;

	keys_make(&k, address, account);
	pthread_mutex_lock(&a->lock);
	of = find(&a->known, k.both) ? &a->known : &a->account;
	key = of == &a->known ? k.both : k.account;
	wait = wait_of(&a->address, find(&a->address, k.address), now_ms);
	other = wait_of(of, find(of, key), now_ms);
	if (other > wait)
		wait = other;
	if (wait == 0) {
		count(&a->address, k.address, now_ms);
		count(of, key, now_ms);
	}
	pthread_mutex_unlock(&a->lock);
	return wait;
}

void attempts_good(struct attempts *a, const char *address, const char *account, int64_t now_ms)
{
	struct keys k;
	struct entry *e;

	keys_make(&k, address, account);
	pthread_mutex_lock(&a->lock);
	if (!find(&a->known, k.both))
		forget(&a->account, k.account);
	know(a, &k, now_ms);
	e = find(&a->address, k.address);
	if (e && e->tries > 0)
		e->tries--;
	pthread_mutex_unlock(&a->lock);
}

void attempts_know(struct attempts *a, const char *address, const char *account, int64_t now_ms)
{
	struct keys k;

	keys_make(&k, address, account);
	pthread_mutex_lock(&a->lock);
	know(a, &k, now_ms);
	pthread_mutex_unlock(&a->lock);
}

/* --- new passwords --------------------------------------------------------------------------------------------------- */

int64_t attempts_change_begin(struct attempts *a, const char *account, int64_t now_ms)
{
	int64_t wait;

	pthread_mutex_lock(&a->lock);
	wait = wait_of(&a->change, find(&a->change, account), now_ms);
	if (wait == 0)
		count(&a->change, account, now_ms);
	pthread_mutex_unlock(&a->lock);
	return wait;
}

void attempts_change_good(struct attempts *a, const char *account)
{
	pthread_mutex_lock(&a->lock);
	forget(&a->change, account);
	pthread_mutex_unlock(&a->lock);
}
