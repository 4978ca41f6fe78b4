// SPDX-License-Identifier: MIT
/* W7, the limit: 15 pages over 15 connections on bare epoll; reads no more of HTTP than
 * Content-Length. Second argument: the server's port. */
#include "../common/bench.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define PAGES 15

struct transfer {
    int fd;
    char head[1024];
    size_t head_len;
    long left; /* body bytes to come; -1 while in the head */
};

static struct transfer transfers[PAGES];
static char buffer[262144];
static long bytes;

static void start(struct transfer *t, int epoll, int port, int page)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons((uint16_t)port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = t };
    char request[128];
    int len =
        snprintf(request, sizeof request, "GET /page/%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", page);
    t->left = -1;
    t->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(t->fd, (struct sockaddr *)&address, sizeof address) != 0)
        bench_die("connect");
    if (write(t->fd, request, (size_t)len) != len)
        bench_die("write");
    epoll_ctl(epoll, EPOLL_CTL_ADD, t->fd, &event);
}

/* Takes the head out of the first bytes; returns how many of them are body. */
static ssize_t read_head(struct transfer *t, ssize_t n)
{
    size_t before = t->head_len, room = sizeof t->head - 1 - before;
    size_t take = (size_t)n < room ? (size_t)n : room;
    memcpy(t->head + before, buffer, take);
    t->head_len += take;
    t->head[t->head_len] = 0;
    char *end = strstr(t->head, "\r\n\r\n"), *len = strcasestr(t->head, "content-length:");
    if (end == NULL || len == NULL)
        return 0;
    t->left = atol(len + strlen("content-length:"));
    return n - (end + 4 - t->head - (ssize_t)before);
}

/* Returns 1 when the page is complete. */
static int receive(struct transfer *t)
{
    ssize_t n = recv(t->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        bench_die("recv");
    if (t->left < 0)
        n = read_head(t, n);
    bytes += n;
    t->left -= t->left < 0 ? 0 : n;
    return t->left == 0;
}

int main(int argc, char **argv)
{
    struct epoll_event events[PAGES];
    int port = argc > 2 ? atoi(argv[2]) : 0, epoll = epoll_create1(EPOLL_CLOEXEC);
    uint64_t wall = bench_wall();
    for (int i = 0; i < PAGES; i++)
        start(&transfers[i], epoll, port, i);
    for (int done = 0; done < PAGES;) {
        int n = epoll_wait(epoll, events, PAGES, 5000);
        if (n <= 0)
            bench_die("epoll_wait");
        for (int i = 0; i < n; i++)
            done += receive(events[i].data.ptr);
    }
    bench_report("pages_wall", (double)(bench_wall() - wall) / 1e6, "ms");
    bench_report("pages_bytes", (double)bytes, "B");
    return 0;
}
