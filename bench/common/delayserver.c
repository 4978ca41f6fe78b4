// SPDX-License-Identifier: MIT
/* The pages of W7: an HTTP server for /page/0 to /page/14, each sent after a delay of its own.
 *
 * Sizes are 56,765 to 468,461 bytes (3.2 MB in all), delays 20 to 98.1 ms (786 ms in all). One
 * thread on epoll, so that it disturbs the client as little as can be. It listens on a free
 * loopback port, says which on its first line, and ends when its standard input does. */
#include "bench.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define PAGES       15
#define CONNECTIONS 1024 /* descriptors past this are refused */

static const struct {
    size_t len;
    uint64_t delay_us;
} pages[PAGES] = {
    { 181420, 45300 }, { 56765, 31900 },  { 468461, 61200 }, { 120377, 98100 }, { 302118, 27400 },
    { 214903, 72600 }, { 98240, 20000 },  { 391552, 55800 }, { 160071, 83500 }, { 73389, 38700 },
    { 248816, 49900 }, { 333027, 66100 }, { 137664, 24600 }, { 205190, 78300 }, { 226007, 32600 },
};

struct connection {
    char request[2048];
    size_t request_len;
    uint64_t due; /* when to answer; 0 while nothing is asked for */
    size_t page;
    size_t sent; /* of head and body together */
    char head[128];
    size_t head_len;
};

static struct connection connections[CONNECTIONS];
static char body[500000];
static int epoll;

static void drop(int fd)
{
    connections[fd] = (struct connection){ 0 };
    close(fd);
}

/* Sends as much as the socket takes; true while the answer is not complete. */
static bool answer(int fd)
{
    struct connection *c = &connections[fd];
    size_t total = c->head_len + pages[c->page].len;
    while (c->sent < total) {
        bool in_head = c->sent < c->head_len;
        ssize_t n = in_head ? send(fd, c->head + c->sent, c->head_len - c->sent, MSG_MORE)
                            : send(fd, body, total - c->sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN ? true : (drop(fd), false);
        c->sent += (size_t)n;
    }
    c->due = 0;
    return false;
}

static void ask_for(int fd, size_t page)
{
    struct connection *c = &connections[fd];
    c->page = page % PAGES;
    c->due = bench_wall() + pages[c->page].delay_us * 1000;
    c->sent = 0;
    c->head_len = (size_t)snprintf(c->head, sizeof c->head,
                                   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                   "Content-Length: %zu\r\n\r\n",
                                   pages[c->page].len);
}

static void receive(int fd)
{
    struct connection *c = &connections[fd];
    ssize_t n = recv(fd, c->request + c->request_len, sizeof c->request - 1 - c->request_len, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            drop(fd);
        return;
    }
    c->request_len += (size_t)n;
    c->request[c->request_len] = 0;
    if (strstr(c->request, "\r\n\r\n") == NULL)
        return;
    unsigned page = 0;
    sscanf(c->request, "GET /page/%u", &page);
    c->request_len = 0;
    ask_for(fd, page);
}

static void accept_all(int listener)
{
    int fd, on = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd };
        if (fd >= CONNECTIONS) {
            close(fd);
            continue;
        }
        connections[fd] = (struct connection){ 0 };
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
}

/* Answers what is due and tells when the next one will be. */
static uint64_t turn(void)
{
    uint64_t now = bench_wall(), next = now + 1000000000u;
    for (int fd = 0; fd < CONNECTIONS; fd++) {
        uint64_t due = connections[fd].due;
        if (due != 0 && due <= now)
            answer(fd); /* the rest goes when the socket is writable again */
        else if (due != 0 && due < next)
            next = due;
    }
    return next;
}

/* The first line: where it listens, and what a client that has all pages has received. */
static void announce(int port)
{
    size_t bytes = 0;
    for (int i = 0; i < PAGES; i++)
        bytes += pages[i].len;
    printf("port %d bytes %zu\n", port, bytes);
    fflush(stdout);
}

static int listen_anywhere(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 512) != 0)
        bench_die("listen");
    getsockname(fd, (struct sockaddr *)&address, &len);
    announce(ntohs(address.sin_port));
    return fd;
}

static void watch(int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        bench_die("epoll_ctl");
}

int main(void)
{
    struct epoll_event events[64];
    int listener = listen_anywhere();
    epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(listener);
    watch(STDIN_FILENO);
    memset(body, 'x', sizeof body);
    for (;;) {
        uint64_t next = turn(), now = bench_wall();
        struct timespec timeout = { .tv_nsec = next > now ? (long)(next - now) % 1000000000 : 0 };
        int n = epoll_pwait2(epoll, events, 64, &timeout, NULL);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO)
                return 0;
            if (fd == listener)
                accept_all(listener);
            else if (events[i].events & EPOLLIN)
                receive(fd);
        }
    }
}
