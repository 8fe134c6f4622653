/*
 * All that the replication logic sees of the world: two tables of callbacks, links and rows. p2pd fills them with libwebsockets
 * and the database; a test or a simulation fills them with queues and whatever ledger it likes.
 *
 * None of these functions calls back into the mesh. What happens on a link is told through mesh.h, later.
 */
#ifndef PARKMESH_P2PD_MESH_IO_H
#define PARKMESH_P2PD_MESH_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "domain/ledger.h"
#include "domain/warnings.h"
#include "seal/auth.h"
#include "seal/seal.h"
#include "store/logs.h"
#include "store/marks.h"
#include "store/site.h"
#include "wire/message.h"

#define LINK_NONE 0 /* no link has this number */

/* Connections. A link is named by a number that is never used twice. */
struct mesh_links {
	void *self;
	/* Begin to dial, by TLS or not; mesh_opened or mesh_closed follows. ERR_SYSTEM or ERR_MEMORY: nothing follows. */
	enum err (*dial)(void *self, const char *host, int port, bool tls, uint64_t *link);
	/* Is this open link one of TLS? hash gets the SHA-256 of the listener's certificate, ours if it was accepted. */
	bool (*certificate)(void *self, uint64_t link, unsigned char hash[CERT_HASH_BYTES]);
	/* Queue one message. bytes are copied. */
	void (*send)(void *self, uint64_t link, const char *bytes, size_t len);
	/* Bytes queued that have not left yet. */
	size_t (*queued)(void *self, uint64_t link);
	/* The other side has proven itself: messages up to MESSAGE_MAX from now on, and it no longer counts among the strangers. */
	void (*trust)(void *self, uint64_t link);
	/* Go on or stop reading from it. */
	void (*reading)(void *self, uint64_t link, bool on);
	/* Send what is queued (within 2 s), then close. For the mesh the link is gone at once; nothing more is told of it. */
	void (*close)(void *self, uint64_t link, const char *why);
};

/* Rows of this central's database. */
struct mesh_rows {
	void *self;
	/* As log_each_changed. */
	enum err (*changed)(void *self, int64_t after, bool (*each)(void *arg, const struct log_row *row), void *arg);
	/* As ledger_read_page, outside a transaction. */
	enum err (*read_page)(void *self, const char *log, int64_t first, size_t max_records, size_t max_bytes, struct buf *lines,
		struct page *out);
	/* As record_chain, outside a transaction. */
	enum err (*chain_at)(void *self, const char *log, int64_t seq, struct chain *out);

	/* As mark_find, outside a transaction. */
	enum err (*mark)(void *self, const char *log, struct mark *out);

	/* One transaction for several pages (by `taking`, see below); a take that fails after it wrote something (out->wrote), or not for a
	 * fault of the page (mesh_page_alone), is followed by rollback. read: the page as incoming_read gave it; NULL: not read yet. */
	enum err (*begin)(void *self);
	enum err (*take)(void *self, const struct page *page, struct incoming *read, struct take_result *out, struct fault *fault);
	enum err (*commit)(void *self);
	void (*rollback)(void *self);
	/* Does somebody else wait to write now, as db_wanted? */
	bool (*wanted)(void *self);
	/* A checkpoint, if one is due, outside a transaction; it holds up others as long as one: longer, but more seldom, while no gates
	 * are at work. false: none was. */
	bool (*checkpoint)(void *self, bool beside_gates);
	/* Is there too little room on the disk (below 5 %) to store what peers send? */
	bool (*disk_low)(void *self);

	/* In a transaction of its own, as ledger_pin. */
	enum err (*pin)(void *self, const char *id, const unsigned char public_key[KEY_BYTES]);
	/* As warning_raise and warning_over, without a transaction if there is nothing to write. */
	enum err (*warn)(void *self, const struct happening *what);
	enum err (*over)(void *self, enum warning_code code, const char *central);
	/* Is this the key that id is pinned to? Outside a transaction. */
	bool (*pinned)(void *self, const char *id, const unsigned char public_key[KEY_BYTES]);
	/* Finish a row of `commands`. rtt_ms -1: none. */
	void (*answer)(void *self, int64_t command, bool ok, double rtt_ms, const struct reason *why);
};

/*
 * A thread beside the loop. What it does touches nothing of the mesh: one batch, and the database by a connection of its own. So gates
 * that are waited for, commits and long pages hold up neither reading nor heartbeats, and both processors work at a catch-up.
 */
struct mesh_aside {
	void *self;
	/* Have work(arg), which is about so many records, done; mesh_worked is called once it is, later, by the loop. One at a time. false: it
	 * is not worth it, and the caller's to do. NULL: there is no such thread. */
	bool (*begin)(void *self, size_t records, void (*work)(void *arg), void *arg);
	/* Returns when the work is done, or is not begun any more; mesh_worked does not follow. */
	void (*stop)(void *self);
};

/* taking: the rows by which pages are taken (begin to checkpoint alone), in the thread beside the loop, or in the loop as long as nothing
 * is done there. Without such a thread it may be the same as rows. */
struct mesh_io { struct mesh_links links; struct mesh_rows rows, taking; struct mesh_aside aside; };

#endif
