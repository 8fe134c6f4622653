#include "hello.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "base/trust.h"
#include "state.h"
#include "suspect.h"

bool hello_address_allowed(struct mesh *m, struct peer *p)
{
	if (m->self.mesh_secret[0] || address_is_loopback(p->address))
		return true;
	peer_end(m, p, END_NO_SECRET, "Set a mesh secret: without one only centrals on the same machine may connect, and %s is not.",
		p->address);
	return false;
}

void hello_send(struct mesh *m, struct peer *p)
{
	struct message msg = {.type = MESSAGE_HELLO};
	struct hello *h = &msg.data.hello;
	world_random(m->world, p->nonce, sizeof(p->nonce));
	h->version = MESH_DIALECT_VERSION;
	(void)text_copy(h->mesh, sizeof(h->mesh), m->self.mesh);
	(void)text_copy(h->id, sizeof(h->id), m->self.id);
	memcpy(h->public_key, m->self.keys.public_key, sizeof(h->public_key));
	memcpy(h->nonce, p->nonce, sizeof(h->nonce));
	(void)text_copy(h->software, sizeof(h->software), "parkmesh " PACKAGE_VERSION);
	peer_send(m, p, &msg);
}

static void wrong_id(struct mesh *m, struct peer *p)
{
	struct reason why;
	reason_set(&why, CAUSE_WRONG_ID, p->hello.id, 0, "Wrong id: at %s answers %s, not %s; correct the address or the id.", p->address,
		p->hello.id, p->id);
	peer_end_why(m, p, END_WRONG_ID, &why);
}

/* Who has it too is refused only when it has proven the mesh secret: before, anybody could make this central warn of it. */
static bool has_our_id(const struct mesh *m, const struct peer *p)
{
	return strcmp(p->hello.id, m->self.id) == 0;
}

static void ourselves(struct mesh *m, struct peer *p)
{
	struct reason why;
	reason_set(&why, CAUSE_OURSELVES, NULL, 0, "At %s is this central itself; correct the address.", p->address);
	peer_end_why(m, p, END_OWN_ID, &why);
}

/* With a nonce of ours, too, it is this central, or who mirrors it. */
static bool is_ourselves(const struct mesh *m, const struct peer *p)
{
	for (size_t k = 0; has_our_id(m, p) && k < m->peers; k++)
		if (memcmp(m->peer[k]->nonce, p->hello.nonce, sizeof(p->hello.nonce)) == 0)
			return true;
	return false;
}

bool hello_check(struct mesh *m, struct peer *p, const struct message *msg)
{
	const struct hello *h = &msg->data.hello;
	p->hello = *h;
	text_tame(p->hello.software);
	if (!central_id_valid(h->id))
		peer_end(m, p, END_FAULT, "The id in HELLO is none.");
	else if (h->version < 1)
		peer_end(m, p, END_VERSION, "%s speaks version %d, which is none.", h->id, h->version);
	else if (strcmp(h->mesh, m->self.mesh) != 0)
		peer_end(m, p, END_WRONG_MESH, "%s belongs to another mesh; give both the same mesh name.", h->id);
	else if (is_ourselves(m, p))
		ourselves(m, p);
	else if (p->dialled && strcmp(h->id, p->id) != 0 && !has_our_id(m, p))
		wrong_id(m, p);
	else
		return true;
	return false;
}

static void session_of(const struct mesh *m, const struct peer *p, struct auth_session *out)
{
	const struct auth_party own = {m->self.id, m->self.keys.public_key, p->nonce};
	const struct auth_party other = {p->hello.id, p->hello.public_key, p->hello.nonce};
	*out = (struct auth_session){
		.mesh = m->self.mesh,
		.version = p->hello.version < MESH_DIALECT_VERSION ? p->hello.version : MESH_DIALECT_VERSION,
		.dialler = p->dialled ? own : other,
		.listener = p->dialled ? other : own,
	};
	memcpy(out->cert_hash, p->certificate, sizeof(out->cert_hash));
}

bool auth_send(struct mesh *m, struct peer *p)
{
	struct auth_session s;
	session_of(m, p, &s);
	struct message msg = {.type = MESSAGE_AUTH};
	enum err e = auth_make(&s, p->dialled ? AUTH_DIALLER : AUTH_LISTENER, m->self.mesh_key, &m->self.keys, &msg.data.auth);
	if (e) {
		peer_end(m, p, END_FULL, "The proof for AUTH could not be made (%s).", err_name(e));
		return false;
	}
	peer_send(m, p, &msg);
	return true;
}

/* By TLS it may also be that the two ends were shown different certificates, and which of both it is cannot be told apart. */
static void wrong_secret(struct mesh *m, struct peer *p)
{
	struct reason why;
	reason_set(&why, p->tls ? CAUSE_BETWEEN : CAUSE_WRONG_SECRET, NULL, 0,
		"Wrong secret: %s does not prove the mesh secret; set the same one on both%s.", p->hello.id,
		p->tls ? ", or look who takes TLS apart between them" : "");
	peer_end_why(m, p, END_WRONG_SECRET, &why);
}

/* Only here, where it has proven who it is: before, anybody could make people believe that a peer comes without. */
static bool plain_allowed(struct mesh *m, struct peer *p)
{
	if (p->tls || !p->neighbour || !p->neighbour->row.tls)
		return true;
	peer_end(m, p, END_PLAIN, "%s came without TLS, which is demanded of it here; set TLS for this central there, too.", p->id);
	return false;
}

/* The id is pinned to its key, or it is now. */
static bool pin(struct mesh *m, struct peer *p)
{
	enum err e = m->io.rows.pin(m->io.rows.self, p->id, p->hello.public_key);
	if (!e)
		return true;
	if (e == ERR_DENIED) {
		suspect_key(m, p);
		peer_end(m, p, END_WRONG_KEY, "Wrong key: %s shows another key than the one pinned here; if it was set up anew, confirm its "
			"new key.", p->id);
	} else {
		peer_end(m, p, END_FULL, "The key of %s could not be stored (%s).", p->id, err_name(e));
	}
	return false;
}

bool auth_check(struct mesh *m, struct peer *p, const struct message *msg)
{
	struct auth_session s;
	session_of(m, p, &s);
	if (!auth_verify(&s, p->dialled ? AUTH_LISTENER : AUTH_DIALLER, m->self.mesh_key, &msg->data.auth)) {
		wrong_secret(m, p);
		return false;
	}
	if (has_our_id(m, p)) {
		suspect_own_id(m, p);
		peer_end(m, p, END_OWN_ID, "The central at %s has the id %s too; give each central its own id.", p->address, p->hello.id);
		return false;
	}
	(void)text_copy(p->id, sizeof(p->id), p->hello.id);
	if (!p->neighbour)
		p->neighbour = neighbour_find(m, p->id);
	if (!plain_allowed(m, p) || !pin(m, p))
		return false;
	if (!p->neighbour)
		p->neighbour = neighbour_add(m, p->id, false);
	if (p->neighbour)
		return true;
	peer_end(m, p, END_FULL, "There is no room for %s besides the centrals known already.", p->id);
	return false;
}

/* What they may say: their code, why that is, and our words for it (the other side's text is not shown: it is not proven). */
static const struct refusal { const char *code; enum peer_end end; enum cause cause; const char *sentence; } refusal[] = {
	{"wrong_mesh", END_WRONG_MESH, CAUSE_WRONG_MESH, "it belongs to another mesh; give both the same mesh name"},
	{"own_id", END_OWN_ID, CAUSE_OWN_ID, "it has this central's id; give each central its own id"},
	{"no_secret", END_NO_SECRET, CAUSE_NO_SECRET_THERE, "it has no mesh secret and so takes only centrals on its own machine"},
	{"wrong_secret", END_WRONG_SECRET, CAUSE_WRONG_SECRET, "wrong secret; set the same mesh secret on both"},
	{"wrong_key", END_WRONG_KEY, CAUSE_WRONG_KEY_THERE, "wrong key: another key is pinned there for this central; confirm the new one there"},
	{"tls_needed", END_PLAIN, CAUSE_PLAIN_THERE, "it takes this central by TLS only; set TLS for it here, too"},
	{"version", END_VERSION, CAUSE_VERSION, "it does not speak our version of the dialect"},
};

bool hello_refused(struct mesh *m, struct peer *p, const struct message *msg)
{
	struct reason why;
	const char *who = p->id[0] ? p->id : p->hello.id[0] ? p->hello.id : "The other side";
	for (size_t i = 0; i < sizeof(refusal) / sizeof(refusal[0]); i++)
		if (strcmp(msg->data.error.code, refusal[i].code) == 0) {
			suspect_refused(m, p, refusal[i].code);
			bool between = p->tls && refusal[i].cause == CAUSE_WRONG_SECRET;
			reason_set(&why, between ? CAUSE_BETWEEN : refusal[i].cause, NULL, 0, "%s refused: %s%s.", who, refusal[i].sentence,
				between ? ", or look who takes TLS apart between them" : "");
			peer_end_why(m, p, refusal[i].end, &why);
			return true;
		}
	if (p->state == PEER_READY)
		return false;
	peer_end(m, p, END_REFUSED, "%s refused the connection.", who);
	return true;
}
