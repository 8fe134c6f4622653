#include "renewal.h"

#include <string.h>
#include <sys/stat.h>

#include "base/journal.h"
#include "base/text.h"
#include "tls.h"

enum err renewal_init(struct renewal *r, const char *db, struct tls *tls, const struct world *world)
{
	const char *slash = strrchr(db, '/');
	int folder = slash ? (int)(slash - db) + 1 : 0;
	*r = (struct renewal){.world = world, .tls = tls};
	bool fits = text_format(r->made_cert, sizeof(r->made_cert), "%.*stls.crt", folder, db) &&
		text_format(r->made_key, sizeof(r->made_key), "%.*stls.key", folder, db);
	return fits ? ERR_NONE : ERR_INVALID;
}

void renewal_name(struct renewal *r, const char *cert, const char *key)
{
	r->cert = cert;
	r->key = key;
}

static void stamp_file(const char *path, struct file_stamp *out)
{
	struct stat seen;
	if (stat(path, &seen) != 0)
		return;
	out->dev = seen.st_dev;
	out->ino = seen.st_ino;
	out->size = seen.st_size;
	out->changed_ns = (int64_t)seen.st_ctim.tv_sec * 1000000000 + seen.st_ctim.tv_nsec;
}

static void stamp(const struct renewal *r, struct pair_stamp *out)
{
	memset(out, 0, sizeof(*out));
	stamp_file(r->cert ? r->cert : r->made_cert, &out->cert);
	stamp_file(r->key ? r->key : r->made_key, &out->key);
}

static bool same(const struct pair_stamp *a, const struct pair_stamp *b)
{
	const struct file_stamp *x[] = {&a->cert, &a->key}, *y[] = {&b->cert, &b->key};
	for (size_t i = 0; i < 2; i++)
		if (x[i]->dev != y[i]->dev || x[i]->ino != y[i]->ino || x[i]->size != y[i]->size || x[i]->changed_ns != y[i]->changed_ns)
			return false;
	return true;
}

static enum err show(struct renewal *r, const char *cert, const char *key, char *why, size_t size)
{
	char before[CERTIFICATE_FINGERPRINT_SIZE];
	struct certificate *c;
	enum err e = certificate_read(cert, key, &c, why, size);
	if (e)
		return e;
	(void)text_copy(before, sizeof(before), r->fingerprint);
	certificate_fingerprint(c, r->fingerprint);
	tls_show(r->tls, c);
	r->shown = true;
	if (strcmp(before, r->fingerprint) != 0)
		journal_info("event=certificate file=\"%s\" sha256=%s", cert, r->fingerprint);
	return ERR_NONE;
}

/* The self-made one; made, if there is none that can be used. */
static enum err show_made(struct renewal *r, const char *central, char *why, size_t size)
{
	enum err e = show(r, r->made_cert, r->made_key, why, size);
	if (!e)
		return e;
	e = certificate_make(r->made_cert, r->made_key, central, r->world, why, size);
	stamp(r, &r->tried);
	return e ? e : show(r, r->made_cert, r->made_key, why, size);
}

static void failed(struct renewal *r, const char *why)
{
	(void)text_format(r->error, sizeof(r->error), "The certificate cannot be used; %s (%s).",
		!r->shown ? "none is shown, and nobody can connect by TLS" : "the one before, or the self-made one, is still shown", why);
	journal_error("event=certificate_unusable why=\"%s\" shown=\"%s\"", why, r->fingerprint);
}

static void try(struct renewal *r, const char *central)
{
	char why[RENEWAL_ERROR] = "", worse[RENEWAL_ERROR] = "";
	stamp(r, &r->tried); /* before they are read: what is put there meanwhile is seen at the next look */
	enum err e = r->cert ? show(r, r->cert, r->key, why, sizeof(why)) : show_made(r, central, why, sizeof(why));
	if (e && r->cert && !r->shown && show_made(r, central, worse, sizeof(worse)) != ERR_NONE)
		journal_error("event=certificate_not_made why=\"%s\"", worse);
	r->error[0] = '\0';
	if (e)
		failed(r, why);
	r->began = true;
	r->settling = false;
}

void renewal_look(struct renewal *r, const char *central, bool now)
{
	struct pair_stamp current;
	stamp(r, &current);
	bool rested = r->settling && same(&current, &r->seen);
	if (!r->began || now || (rested && !same(&current, &r->tried))) {
		try(r, central);
		return;
	}
	r->settling = !same(&current, &r->tried);
	r->seen = current;
}
