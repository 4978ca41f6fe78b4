/* SPDX-License-Identifier: MIT */
/* One connection is one task and reads like the protocol: wait, read a head, let it be answered,
 * drop the body, again. While nothing is under way a connection holds no buffer. */
#include "http/server.h"
#include "net/address.h"
#include "sys/sys.h"
#include <stdio.h>
#include <string.h>
#include <trine.h>

#define HEAD_MAX        (16 * 1024)
#define BODY_MAX        (1024 * 1024)
#define CONNECTIONS_MAX 10000
#define PIECE           (64 * 1024) /* of a body made piece by piece */
#define REPLY_HEAD_MAX  1024
/* A body up to this size travels with its head in one write. */
#define SMALL_BODY_MAX (16 * 1024)
/* How long a peer whose request was refused may go on sending. */
#define LINGER TRINE_SECONDS(1)
/* How long a listener rests when there are no descriptors, before it looks again. */
#define ACCEPT_REST TRINE_MILLISECONDS(50)

struct server {
    struct trine__http_limits limits;
    trine__http_handler handler;
    void *arg;
};

struct connection {
    struct server *server;
    int fd;
    char *buffer; /* head_max bytes, or NULL while idle */
    size_t have;  /* bytes in it */
    char peer[TRINE__PEER_MAX + 1];
    struct trine__h1_request request;
};

/* ---- writing */

static int write_all(struct connection *connection, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = TRINE_WITHIN(connection->server->limits.write_timeout,
                                       trine_write(connection->fd, data, len));
        if (written < 0)
            return (int)written;
        data += written;
        len -= (size_t)written;
    }
    return 0;
}

/* Statuses that end with their head, and whose head speaks of no body (RFC 9110 8.6, 15.4.5). */
static bool without_body(int status)
{
    return status == 204 || status == 304;
}

static int format_head(const struct trine__reply *reply, bool keep_alive, char *head, size_t size)
{
    const char *extra = reply->extra != NULL ? reply->extra : "";
    const char *close = keep_alive ? "" : "Connection: close\r\n";
    if (without_body(reply->status))
        return snprintf(head, size, "HTTP/1.1 %d %s\r\n%s%s\r\n", reply->status,
                        trine__h1_phrase(reply->status), extra, close);
    return snprintf(head, size,
                    "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %llu\r\n%s%s\r\n",
                    reply->status, trine__h1_phrase(reply->status),
                    reply->type != NULL ? reply->type : "text/plain; charset=utf-8",
                    (unsigned long long)reply->len, extra, close);
}

static void copy_body(const struct trine__reply *reply, uint64_t offset, char *to, size_t len)
{
    if (reply->body != NULL)
        memcpy(to, reply->body + offset, len);
    else if (len > 0)
        reply->fill(reply->fill_arg, offset, to, len);
}

/* The head, with as much of the body as fits into the piece behind it; then piece after piece. */
static int send_pieces(struct connection *connection, const struct trine__reply *reply, char *piece,
                       size_t size, size_t head_len, uint64_t body_len)
{
    size_t first = body_len < size - head_len ? (size_t)body_len : size - head_len;
    copy_body(reply, 0, piece + head_len, first);
    int error = write_all(connection, piece, head_len + first);
    for (uint64_t offset = first; error == 0 && offset < body_len;) {
        size_t len = body_len - offset < size ? (size_t)(body_len - offset) : size;
        copy_body(reply, offset, piece, len);
        error = write_all(connection, piece, len);
        offset += len;
    }
    return error;
}

static int send_reply(struct connection *connection, const struct trine__reply *reply,
                      bool keep_alive, bool head_only)
{
    uint64_t body_len = head_only || without_body(reply->status) ? 0 : reply->len;
    size_t size = REPLY_HEAD_MAX + (body_len <= SMALL_BODY_MAX ? (size_t)body_len : PIECE);
    char *piece = trine__alloc(size);
    if (piece == NULL)
        return -ENOMEM;
    int head_len = format_head(reply, keep_alive, piece, REPLY_HEAD_MAX);
    int error = head_len < REPLY_HEAD_MAX
                    ? send_pieces(connection, reply, piece, size, (size_t)head_len, body_len)
                    : -EMSGSIZE;
    trine__free(piece);
    return error;
}

/* Says no more and passes over what the peer still sends: a close with bytes unread would reset the
 * connection and could take the answer with it (RFC 9112 9.6). */
static void hang_up(struct connection *connection)
{
    struct trine_scope scope;
    trine__sys_shutdown(connection->fd, SHUT_WR);
    trine_scope_open(&scope, LINGER);
    while (trine_read(connection->fd, connection->buffer, connection->server->limits.head_max) > 0)
        ;
    (void)trine_scope_close(&scope);
}

/* The last answer of a connection: < 0, or 0. */
static int refuse(struct connection *connection, int status, const char *text)
{
    struct trine__reply reply = { .status = status, .body = (char *)text, .len = strlen(text) };
    int error = send_reply(connection, &reply, false, false);
    if (error == 0)
        hang_up(connection);
    return error;
}

/* ---- reading */

static void take(struct connection *connection, size_t len)
{
    connection->have -= len;
    memmove(connection->buffer, connection->buffer + len, connection->have);
}

/* More bytes into the buffer: how many; 0 at the end of the stream. */
static ssize_t fill(struct connection *connection)
{
    size_t room = connection->server->limits.head_max - connection->have;
    ssize_t got = trine_read(connection->fd, connection->buffer + connection->have, room);
    if (got > 0)
        connection->have += (size_t)got;
    return got;
}

/* Waits for the next request without holding a buffer: 0, or < 0. */
static int wait_for_request(struct connection *connection)
{
    if (connection->have > 0)
        return 0;
    trine__free(connection->buffer);
    connection->buffer = NULL;
    int ready = TRINE_WITHIN(connection->server->limits.idle_timeout,
                             trine_wait_fd(connection->fd, TRINE_READABLE));
    if (ready < 0)
        return ready;
    connection->buffer = trine__alloc(connection->server->limits.head_max);
    return connection->buffer != NULL ? 0 : -ENOMEM;
}

/* Empty lines before a request are passed over (RFC 9112 2.2). */
static void skip_empty_lines(struct connection *connection)
{
    while (connection->have >= 2 && memcmp(connection->buffer, "\r\n", 2) == 0)
        take(connection, 2);
}

/* Reads until a whole head stands in the buffer: its length, 0 at the end of the stream,
 * TRINE_ELIMIT. */
static ssize_t read_head(struct connection *connection)
{
    size_t scanned = 0;
    for (;;) {
        skip_empty_lines(connection);
        size_t len = trine__h1_head_len(connection->buffer, connection->have, scanned);
        if (len > 0)
            return (ssize_t)len;
        if (connection->have == connection->server->limits.head_max)
            return TRINE_ELIMIT;
        scanned = connection->have;
        ssize_t got = fill(connection);
        if (got <= 0)
            return got == 0 && connection->have > 0 ? TRINE_EEOF : got;
    }
}

static int drop_sized_body(struct connection *connection, uint64_t left)
{
    for (;;) {
        size_t part = left < connection->have ? (size_t)left : connection->have;
        take(connection, part);
        left -= part;
        if (left == 0)
            return 0;
        ssize_t got = fill(connection);
        if (got <= 0)
            return got == 0 ? TRINE_EEOF : (int)got;
    }
}

static int drop_chunked_body(struct connection *connection)
{
    struct trine__h1_chunks chunks = { 0 };
    for (bool done = false;;) {
        int64_t part = trine__h1_skip_chunks(&chunks, connection->buffer, connection->have, &done);
        if (part < 0)
            return (int)part;
        take(connection, (size_t)part);
        if (done)
            return 0;
        if (chunks.total > connection->server->limits.body_max)
            return TRINE_ELIMIT;
        ssize_t got = fill(connection);
        if (got <= 0)
            return got == 0 ? TRINE_EEOF : (int)got;
    }
}

static int drop_body(struct connection *connection, uint64_t len, bool chunked)
{
    int64_t limit = connection->server->limits.head_timeout;
    return chunked ? TRINE_WITHIN(limit, drop_chunked_body(connection))
                   : TRINE_WITHIN(limit, drop_sized_body(connection, len));
}

/* ---- one request */

static int answer(struct connection *connection, bool keep_alive)
{
    const struct trine__h1_request *request = &connection->request;
    struct trine__reply reply = { .status = 404 };
    int error = connection->server->handler(request, &reply, connection->server->arg);
    if (error < 0 && trine_cancelled() != 0) { /* a handler's own time-out is an answer, too */
        trine__free(reply.body);
        return error;
    }
    if (error < 0) {
        trine__free(reply.body);
        reply =
            (struct trine__reply){ .status = 500, .body = trine__strdup(trine_strerror(error)) };
        reply.len = reply.body != NULL ? strlen(reply.body) : 0;
    }
    bool head_only = request->method.len == 4 && memcmp(request->method.data, "HEAD", 4) == 0;
    error = send_reply(connection, &reply, keep_alive, head_only);
    trine__free(reply.body);
    return error;
}

/* 1: the connection goes on. 0: it ends as it should. < 0: it ends because of that. */
static int serve_request(struct connection *connection)
{
    int error = wait_for_request(connection);
    if (error < 0)
        return error;
    ssize_t len = TRINE_WITHIN(connection->server->limits.head_timeout, read_head(connection));
    if (len == TRINE_ELIMIT)
        return refuse(connection, 431, "the request's head is too long\n");
    if (len == -ETIMEDOUT)
        return refuse(connection, 408, "the request's head did not come in time\n");
    if (len <= 0)
        return (int)len;
    struct trine__h1_refusal refusal = { 400, "" };
    if (trine__h1_parse(connection->buffer, (size_t)len, &connection->request, &refusal) < 0)
        return refuse(connection, refusal.status, refusal.reason);
    connection->request.peer = connection->peer;
    const struct trine__h1_request *request = &connection->request;
    uint64_t body = (uint64_t)request->content_length;
    bool chunked = request->chunked, keep_alive = request->keep_alive;
    if (body > connection->server->limits.body_max)
        return refuse(connection, 413, "the request's body is too large\n");
    if (request->expect_continue && (body > 0 || chunked)) {
        error = write_all(connection, "HTTP/1.1 100 Continue\r\n\r\n", 25);
        if (error < 0)
            return error;
    }
    error = answer(connection, keep_alive);
    if (error < 0)
        return error;
    take(connection, (size_t)len);
    error = drop_body(connection, body, chunked);
    return error < 0 ? error : keep_alive;
}

static int serve_connection(void *arg)
{
    struct connection *connection = arg;
    int more;
    do {
        more = serve_request(connection);
    } while (more == 1);
    trine__free(connection->buffer);
    trine_close(connection->fd);
    trine__free(connection);
    return 0; /* what ends a connection concerns nobody else */
}

/* ---- accepting */

static bool out_of_something(int error)
{
    return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

/* Errors of the connection that was accepted, not of the listener (accept(2), "Error handling"). */
static bool of_the_peer(int error)
{
    return error == -ECONNABORTED || error == -EPROTO || error == -ENETDOWN ||
           error == -EHOSTDOWN || error == -EHOSTUNREACH || error == -ENETUNREACH ||
           error == -ENONET || error == -EPERM;
}

static int start_connection(struct server *server, struct trine_group *group, int fd)
{
    struct connection *connection = trine__alloc_zero(1, sizeof *connection);
    if (connection == NULL) {
        trine_close(fd);
        return -ENOMEM;
    }
    connection->server = server;
    connection->fd = fd;
    trine__address_of_peer(fd, connection->peer);
    if (trine_spawn(group, serve_connection, connection) == NULL) {
        trine_close(fd);
        trine__free(connection);
        return -ENOMEM;
    }
    return 0;
}

static int accept_for_ever(struct server *server, struct trine_group *group, int listener)
{
    for (;;) {
        int fd = trine_accept(listener);
        int error = fd >= 0 ? start_connection(server, group, fd) : fd;
        if (out_of_something(error))
            error = trine_sleep(ACCEPT_REST);
        if (error < 0 && !of_the_peer(error))
            return error;
    }
}

int trine__http_serve(int listener, trine__http_handler handler, void *arg,
                      const struct trine__http_limits *limits)
{
    struct server server = { .handler = handler, .arg = arg };
    if (limits != NULL)
        server.limits = *limits;
    struct trine__http_limits *own = &server.limits;
    own->head_max = own->head_max > 0 ? own->head_max : HEAD_MAX;
    own->body_max = own->body_max > 0 ? own->body_max : BODY_MAX;
    own->connections_max = own->connections_max > 0 ? own->connections_max : CONNECTIONS_MAX;
    own->head_timeout = own->head_timeout > 0 ? own->head_timeout : TRINE_SECONDS(10);
    own->idle_timeout = own->idle_timeout > 0 ? own->idle_timeout : TRINE_SECONDS(60);
    own->write_timeout = own->write_timeout > 0 ? own->write_timeout : TRINE_SECONDS(60);
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE,
                                                            .limit = own->connections_max,
                                                            .reap = true });
    int error = accept_for_ever(&server, &group, listener);
    trine_group_cancel(&group, "the server stops");
    (void)trine_group_close(&group);
    return error;
}
