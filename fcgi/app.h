/* What all requests share, handed around instead of globals; and what one request is served with. */
#ifndef PARKMESH_FCGI_APP_H
#define PARKMESH_FCGI_APP_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/world.h"
#include "params.h"
#include "request.h"
#include "response.h"
#include "route.h"
#include "session.h"
#include "traffic.h"
#include "words.h"

struct attempts;
struct db;
struct edges;
struct hashing;
struct in_force;
struct metrics;
struct outline;
struct quorum_wait;
struct recent;
struct views;
struct writer;

struct app {
	const char *db_path;
	struct world world;
	struct in_force *in_force;
	struct writer *writer;
	struct views *views;
	struct catalogue catalogue;
	struct edges *edges;
	struct attempts *attempts;
	struct hashing *hashing;
	struct metrics *metrics;
	struct recent *recent;
	struct outline *outline;         /* of history, for its lists */
	struct quorum_wait *quorum;
	unsigned char flash_key[32];     /* signs what pages say once; of this run alone */
	int stop_fd;                     /* an eventfd: readable once the program is to end */
	int64_t started_ms;              /* by the monotonic clock */
	int64_t started_wall_ms;
	int threads;                     /* that serve requests */
	atomic_int waiting;              /* of them, those that wait for p2pd */
	atomic_int streaming;            /* of them, those that send a file */
	struct traffic traffic;
	_Atomic int64_t zone_due_ms;     /* when the site's time zone is to be looked at again */
};

/* What a request thread keeps between requests. */
struct desk {
	struct app *app;
	struct db *db;                   /* its own DB_READ connection; NULL until first needed */
};

struct call {
	struct app *app;
	struct desk *desk;
	const struct rules *rules;       /* in force when it came */
	struct request request;
	struct response response;
	struct params params;
	struct caller caller;            /* who calls, once that was checked */
	enum language language;          /* of its pages */
	char token[TOKEN_SIZE];          /* the browser's: of its session, or, while nobody is logged in, one for its forms alone; "" none */
	bool fresh_token;                /* the answer has to set it */
	const struct route *route;       /* NULL none */
	const char *segment;             /* of the route's {name}, "" none */
	bool keyed, kept;                /* it has an Idempotency-Key; the answer is the one kept under it */
	bool reading;                    /* a read transaction is open on desk->db */
};

#endif
