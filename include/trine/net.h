/* SPDX-License-Identifier: MIT */
/* Connections. Python: asyncio.open_connection, start_server. Read and write them with
 * trine/file.h. */
#ifndef TRINE_NET_H
#define TRINE_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_tcp_options {
    int64_t connect_timeout; /* for each address; 0: none but the scope's */
};

/* Resolves `host`, connects to its addresses in turn and returns a descriptor (no-delay set).
 * `service`: a number or name. `options`: borrowed, may be NULL.
 * Errors:  TRINE_ERESOLVE (trine_error_last() has the sentence), -ECONNREFUSED and the like of the
 *          last address tried; -ECANCELED, -ETIMEDOUT: no descriptor is left. */
TRINE_PUBLIC int trine_tcp_connect(const char *host, const char *service,
                                   const struct trine_tcp_options *options);

struct trine_listen_options {
    int backlog;     /* 0: 1,024 */
    bool reuse_port; /* several listeners share the port */
};
/* Listens on "host:port"; port 0 takes a free one, told in *ret_port (may be NULL). A descriptor.
 */
TRINE_PUBLIC int trine_tcp_listen(const char *address, const struct trine_listen_options *options,
                                  uint16_t *ret_port);
/* Waits for a connection: its descriptor (no-delay set, if trine_tcp_listen() made the listener). A
 * cancelled accept has lost no connection. */
TRINE_PUBLIC int trine_accept(int listener);

#ifdef __cplusplus
}
#endif
#endif
