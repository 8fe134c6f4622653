/*
 * The folder of a central, and where the programs and their files are.
 *
 * In a build tree (beside the running parkmesh-central there is ../fcgi/parkmesh.fcgi) programs are taken from it, and templates
 * and static files from the source tree, to which configure left the link `share` there. Else they are where make install
 * put them.
 */
#ifndef PARKMESH_CTL_PLACE_H
#define PARKMESH_CTL_PLACE_H

#include <stdbool.h>

#include "base/trust.h"
#include "store/site.h"

#define PLACE_SIZE 512 /* bytes of a path here */

struct place {
	char dir[PLACE_SIZE - 64];
	char database[PLACE_SIZE], notify[PLACE_SIZE], socket[PLACE_SIZE], live[PLACE_SIZE], nginx_conf[PLACE_SIZE];
	char fcgi[PLACE_SIZE], p2pd[PLACE_SIZE], watch[PLACE_SIZE];
	char share[PLACE_SIZE]; /* holds templates/, static/ and nginx/ */
	int lock_fd;            /* held for the life of the process: one parkmesh-central a folder */
	int listen_fd;          /* of parkmesh.fcgi's socket; held here so that its restart loses no connection */
};

/* Make the folder and what is in it before the programs start, and take its lock. false: stderr says why. */
bool place_make(const char *dir, struct place *out);
/* Write nginx.conf for this address and port, with the edges that it does not limit. false: stderr says why. */
bool place_write_nginx_conf(const struct place *place, const char *ip, int port, const struct trust *edges);

/* ADDRESS:PORT, with brackets around an IPv6 address. */
#define ENDPOINT_SIZE (HOST_SIZE + 10)
void endpoint_text(const char *ip, int port, char out[ENDPOINT_SIZE]);

#endif
