/* SPDX-License-Identifier: MIT */
/* Addresses as text: "host:port", "[v6]:port". */
#ifndef TRINE_NET_ADDRESS_H
#define TRINE_NET_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

/* Longest host name (RFC 1035) and service name that are accepted. */
#define TRINE__HOST_MAX    255
#define TRINE__SERVICE_MAX 31

struct trine__address_text {
    char host[TRINE__HOST_MAX + 1];
    char service[TRINE__SERVICE_MAX + 1];
};

/* Splits "host:port" at its last colon; brackets around a v6 address are dropped. -EINVAL with a
 * sentence when there is no port, or a part is empty or too long. */
int trine__address_split(const char *text, struct trine__address_text *ret);

/* Longest text of a numeric host address. */
#define TRINE__PEER_MAX 63
/* The numeric host at the other end of `fd`; "" where there is none to tell. */
void trine__address_of_peer(int fd, char ret[TRINE__PEER_MAX + 1]);

#endif
