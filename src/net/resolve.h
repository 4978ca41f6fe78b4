/* SPDX-License-Identifier: MIT */
/* Names: getaddrinfo on threads of its own, so that a hung name server delays neither files nor
 * anybody's pool, and no loop ever. */
#ifndef TRINE_NET_RESOLVE_H
#define TRINE_NET_RESOLVE_H

#include <netdb.h>

/* Resolves for a stream socket; `flags` as in struct addrinfo. *ret: to be freed with
 * trine__sys_freeaddrinfo().
 * Waits:  this task; a cancel leaves the look-up to end by itself, unseen. A plain thread blocks.
 * Errors: TRINE_ERESOLVE with a sentence, -ECANCELED, -ETIMEDOUT, -ENOMEM. */
int trine__resolve(const char *host, const char *service, int flags, struct addrinfo **ret);

#endif
