/* Numeric addresses, as text. Pure. */
#ifndef PARKMESH_P2PD_ADDRESS_H
#define PARKMESH_P2PD_ADDRESS_H

#include <stdbool.h>

/* IPv4 or IPv6, not a host name. */
bool address_is_numeric(const char *text);
/* One of this machine's own: 127.0.0.0/8, ::1, or the former written as IPv6. */
bool address_is_loopback(const char *text);

#endif
