/* SPDX-License-Identifier: MIT */
/* A server made for the client's tests, of plain sockets and threads: the path says how it behaves.
 */
#ifndef TRINE_HTTP_CLIENT_SUITE_H
#define TRINE_HTTP_CLIENT_SUITE_H

#include "core/suite.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <trine/group.h>
#include <trine/http.h>

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Many: 1\r\nx-MANY: two \r\n\r\nhello"
#define FLOOD     (1024 * 1024)

struct peer {
    int listener;
    unsigned port;
    pthread_t thread;
    _Atomic(int) connections; /* so far */
    _Atomic(int) open;
    _Atomic(int) waiting; /* requests that get no answer, now */
};

static struct peer peer;

static inline void put(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        len -= (size_t)sent;
    }
}

static inline void put_many(int fd, const char *text, int count)
{
    for (int i = 0; i < count; i++)
        put(fd, text);
}

static inline void put_redirect(int fd, const char *path)
{
    char text[256];
    snprintf(
        text, sizeof text,
        "HTTP/1.1 302 Found\r\nX-Many: redirect\r\nLocation: %s\r\nContent-Length: 3\r\n\r\nno!",
        path);
    put(fd, text);
}

static inline void put_long_line(int fd)
{
    put(fd, "HTTP/1.1 200 OK\r\nX-Long: ");
    put_many(fd, "0123456789012345678901234567890123456789", 5000);
    put(fd, "\r\n\r\n");
}

static inline void reset(int fd)
{
    struct linger linger = { .l_onoff = 1 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

/* Until the other side closes. */
static inline void say_nothing(int fd)
{
    char byte;
    atomic_fetch_add(&peer.waiting, 1);
    while (recv(fd, &byte, 1, 0) > 0)
        ;
    atomic_fetch_sub(&peer.waiting, 1);
}

/* True: the connection stays. */
static inline bool answer(int fd, const char *path)
{
    if (strcmp(path, "/ok") == 0)
        put(fd, OK_ANSWER);
    else if (strcmp(path, "/pause") == 0)
        usleep(50000), put(fd, OK_ANSWER);
    else if (strcmp(path, "/hop") == 0)
        put_redirect(fd, "/ok");
    else if (strcmp(path, "/loop") == 0)
        put_redirect(fd, "/loop");
    else if (strcmp(path, "/elsewhere") == 0)
        put_redirect(fd, "ftp://127.0.0.1/");
    else if (strcmp(path, "/chunks") == 0)
        put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Many: first\r\n\r\n"
                "2\r\nab\r\n3\r\ncde\r\n0\r\nX-Many: trailer\r\n\r\n");
    else
        return false;
    return true;
}

static inline void misbehave(int fd, const char *path)
{
    if (strcmp(path, "/reset") == 0)
        reset(fd);
    else if (strcmp(path, "/cut") == 0)
        put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
    else if (strcmp(path, "/cut-chunk") == 0)
        put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly");
    else if (strcmp(path, "/bad-chunk") == 0)
        put(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nonly");
    else if (strcmp(path, "/too-long") == 0)
        put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes, and more");
    else if (strcmp(path, "/endless-head") == 0)
        put(fd, "HTTP/1.1 200 OK\r\n"), put_many(fd, "X-Filler: 0123456789012345\r\n", 100000);
    else if (strcmp(path, "/long-line") == 0)
        put_long_line(fd);
    else if (strcmp(path, "/flood") == 0)
        put(fd, "HTTP/1.1 200 OK\r\n\r\n"), put_many(fd, "0123456789abcdef", FLOOD / 16);
    else if (strcmp(path, "/no-http") == 0)
        put(fd, "220 mail.example ready\r\n");
    else if (strcmp(path, "/half") == 0)
        put(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"), say_nothing(fd);
    else if (strcmp(path, "/never") == 0)
        say_nothing(fd);
}

/* The next request's path. False: there is none. */
static inline bool read_path(int fd, char ret[64])
{
    char head[4096];
    size_t len = 0;
    do {
        ssize_t got = recv(fd, head + len, sizeof head - 1 - len, 0);
        if (got <= 0)
            return false;
        len += (size_t)got;
        head[len] = '\0';
        if (head[0] == 0x16) { /* TLS: said plainly that it is not spoken here */
            put(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            return false;
        }
    } while (strstr(head, "\r\n\r\n") == NULL);
    return sscanf(head, "GET %63s ", ret) == 1;
}

static inline void *serve_connection(void *arg)
{
    int fd = (int)(intptr_t)arg;
    char path[64];
    while (read_path(fd, path)) {
        if (!answer(fd, path)) {
            misbehave(fd, path);
            break;
        }
    }
    close(fd);
    atomic_fetch_sub(&peer.open, 1);
    return NULL;
}

static inline void *serve_all(void *arg)
{
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (;;) {
        pthread_t thread;
        int fd = accept(peer.listener, NULL, NULL);
        if (fd < 0)
            break;
        atomic_fetch_add(&peer.connections, 1);
        atomic_fetch_add(&peer.open, 1);
        assert_int_equal(pthread_create(&thread, &small, serve_connection, (void *)(intptr_t)fd),
                         0);
    }
    pthread_attr_destroy(&small);
    return NULL;
}

static inline int start_peer(void **state)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    unsetenv("http_proxy"); /* the machine's, which would stand between */
    unsetenv("ALL_PROXY");
    unsetenv("all_proxy");
    peer.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(peer.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(peer.listener, 1024), 0);
    assert_int_equal(getsockname(peer.listener, (struct sockaddr *)&address, &len), 0);
    peer.port = ntohs(address.sin_port);
    return pthread_create(&peer.thread, NULL, serve_all, NULL);
}

static inline int stop_peer(void **state)
{
    shutdown(peer.listener, SHUT_RDWR);
    pthread_join(peer.thread, NULL);
    close(peer.listener);
    return 0;
}

/* Waits for what another thread does; gives up where it must have happened. In a task the loop goes
 * on: io_uring lets go of a closed socket when it is entered again. */
static inline void wait_until(_Atomic(int) *value, int wanted)
{
    for (int64_t begin = trine_now(); atomic_load(value) != wanted;
         trine_sleep(TRINE_MILLISECONDS(1)))
        assert_true(trine_now() - begin < PATIENCE);
}

static inline int count_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

#endif
