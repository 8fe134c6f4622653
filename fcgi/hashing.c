#include "hashing.h"

#include <pthread.h>
#include <stdlib.h>

struct hashing {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	int running, waiting;
};

enum err hashing_open(struct hashing **out)
{
	*out = calloc(1, sizeof **out);
	if (!*out)
		return ERR_MEMORY;
	pthread_mutex_init(&(*out)->lock, NULL);
	pthread_cond_init(&(*out)->ended, NULL);
	return ERR_NONE;
}

void hashing_close(struct hashing *h)
{
	if (!h)
		return;
	pthread_cond_destroy(&h->ended);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

static enum err busy(struct fault *fault)
{
	return fault_set(fault, ERR_UNAVAILABLE, "busy", "", "Too many people log in at this moment; try again in a second.");
}

static enum err begin(struct hashing *h, struct fault *fault)
{
	bool full;

	pthread_mutex_lock(&h->lock);
	full = h->running == HASHING_AT_ONCE && h->waiting == HASHING_WAITING;
	if (!full) {
		h->waiting++;
		while (h->running == HASHING_AT_ONCE)
			pthread_cond_wait(&h->ended, &h->lock);
		h->waiting--;
		h->running++;
	}
	pthread_mutex_unlock(&h->lock);
	return full ? busy(fault) : ERR_NONE;
}

static void end(struct hashing *h)
{
	pthread_mutex_lock(&h->lock);
	h->running--;
	pthread_cond_signal(&h->ended);
	pthread_mutex_unlock(&h->lock);
}

enum err hashing_check(struct hashing *h, const char *hash, const char *password, bool *fits, struct fault *fault)
{
	enum err e = begin(h, fault);

	if (e != ERR_NONE)
		return e;
	*fits = password_fits(hash, password);
	end(h);
	return ERR_NONE;
}

enum err hashing_make(struct hashing *h, const char *password, char out[PASSWORD_HASH_SIZE], struct fault *fault)
{
	enum err e = begin(h, fault);
	bool made;

	if (e != ERR_NONE)
		return e;
	made = password_hash(password, out);
	end(h);
	return made ? ERR_NONE : busy(fault);
}
