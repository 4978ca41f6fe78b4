/* SPDX-License-Identifier: MIT */
/* An HTTP/1.1 server: a task per connection, limits on everything. First cut, behind httpbin. */
#ifndef TRINE_HTTP_SERVER_H
#define TRINE_HTTP_SERVER_H

#include "http/h1.h"
#include <trine/time.h>

/* Writes `len` bytes of the body from `offset` on into `to`. */
typedef void (*trine__reply_fill)(void *arg, uint64_t offset, char *to, size_t len);

/* What a handler answers; begins as 404 without a body. */
struct trine__reply {
    int status;
    const char *type;       /* Content-Type; static */
    const char *extra;      /* further header lines, each with CRLF; static, or NULL */
    char *body;             /* from trine__alloc; freed by the server; or NULL and ... */
    trine__reply_fill fill; /* ... the body is made piece by piece */
    void *fill_arg;
    uint64_t len;
};

/* Answers one request, in a task of its own connection; the request is valid during the call. < 0:
 * the answer becomes 500 with the error's sentence. */
typedef int (*trine__http_handler)(const struct trine__h1_request *request,
                                   struct trine__reply *reply, void *arg);

struct trine__http_limits {
    size_t head_max;          /* bytes of a request's head; 0: 16 KiB */
    uint64_t body_max;        /* bytes of a request's body, which is read and dropped; 0: 1 MiB */
    unsigned connections_max; /* served at once, more wait in the backlog; 0: 10,000 */
    int64_t head_timeout;     /* from a request's first byte to the end of its head; 0: 10 s */
    int64_t idle_timeout;     /* between requests; 0: 60 s */
    int64_t write_timeout;    /* without the peer taking a byte; 0: 60 s */
};

/* Accepts and serves on `listener` until it is cancelled. Closes neither it nor anything of the
 * caller's. Returns -ECANCELED or -ETIMEDOUT, or why accepting is not possible any more. In a task.
 */
int trine__http_serve(int listener, trine__http_handler handler, void *arg,
                      const struct trine__http_limits *limits);

#endif
