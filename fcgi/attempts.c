#include "attempts.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define KEY_SIZE 72
#define WAIT_FIRST_MS 30000
#define WAIT_LONGEST_MS (15 * 60000)
#define FORGET_MS (30 * 60000)
#define NETWORK_BYTES 8

struct entry { char key[KEY_SIZE]; int tries; int64_t last_ms; };  /* tries 0: free */
struct kind { int free_tries; struct entry entry[ATTEMPTS_KEPT]; };

struct attempts {
	pthread_mutex_t lock;
	struct kind account, address;
};

enum err attempts_open(struct attempts **out)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return ERR_MEMORY;
	pthread_mutex_init(&(*out)->lock, NULL);
	(*out)->account.free_tries = ATTEMPTS_OF_ACCOUNT;
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

static void address_key(const char *address, char out[KEY_SIZE])
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET6, address, bytes) == 1)
		hex_encode(out, bytes, NETWORK_BYTES);
	else
		text_copy(out, KEY_SIZE, address);
}

static struct entry *find(struct kind *k, const char *key)
{
	for (size_t i = 0; i < ATTEMPTS_KEPT; i++) {
		if (k->entry[i].tries > 0 && strcmp(k->entry[i].key, key) == 0)
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

	for (size_t i = 0; i < ATTEMPTS_KEPT && found->tries > 0; i++) {
		if (k->entry[i].tries == 0 || k->entry[i].last_ms < found->last_ms)
			found = &k->entry[i];
	}
	return found;
}

static void count(struct kind *k, const char *key, int64_t now_ms)
{
	struct entry *e = find(k, key);

	if (!e || now_ms - e->last_ms >= FORGET_MS) {
		e = e ? e : longest_quiet(k);
		*e = (struct entry){.tries = 0};
		text_copy(e->key, KEY_SIZE, key);
	}
	e->tries++;
	e->last_ms = now_ms;
}

int64_t attempts_begin(struct attempts *a, const char *address, const char *account, int64_t now_ms)
{
	char from[KEY_SIZE], of[KEY_SIZE];
	int64_t wait, other;

	address_key(address, from);
	text_copy(of, KEY_SIZE, account);
	pthread_mutex_lock(&a->lock);
	wait = wait_of(&a->address, find(&a->address, from), now_ms);
	other = wait_of(&a->account, find(&a->account, of), now_ms);
	if (other > wait)
		wait = other;
	if (wait == 0) {
		count(&a->address, from, now_ms);
		count(&a->account, of, now_ms);
	}
	pthread_mutex_unlock(&a->lock);
	return wait;
}

void attempts_good(struct attempts *a, const char *address, const char *account)
{
	char from[KEY_SIZE], of[KEY_SIZE];
	struct entry *e;

	address_key(address, from);
	text_copy(of, KEY_SIZE, account);
	pthread_mutex_lock(&a->lock);
	e = find(&a->account, of);
	if (e)
		e->tries = 0;
	e = find(&a->address, from);
	if (e)
		e->tries--;
	pthread_mutex_unlock(&a->lock);
}
