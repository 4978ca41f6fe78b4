/* SPDX-License-Identifier: MIT */
/* The frame of the poller tests: every test runs on every real backend that this machine has, with
 * a poller of its own, and fails if it leaves a descriptor open or an operation pending. */
#ifndef TRINE_POLL_SUITE_H
#define TRINE_POLL_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/list.h"
#include "poll/poller.h"
#include "sys/fault.h"
#include "sys/sys.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#define MILLISECOND INT64_C(1000000)
#define SECOND      (1000 * MILLISECOND)
#define PATIENCE    (20 * SECOND) /* for what must happen */

/* A backend, and the plan of faults under which it is opened: the ring with fewer and fewer
 * features. */
struct variant {
    const char *title, *backend, *plan;
};

static const char *backend;
static const char *open_plan;
static struct trine__poller *poller;
static int descriptors_before;

struct call {
    struct trine__op op;
    int done; /* how often */
};

static inline void call_done(struct trine__op *op)
{
    TRINE__CONTAINER(op, struct call, op)->done++;
}

static inline int count_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static inline int64_t from_now(int64_t length)
{
    return trine__clock_monotonic() + length;
}

static inline int open_poller(void **state)
{
    descriptors_before = count_descriptors();
    trine__fault_plan(open_plan);
    int result = trine__poller_open(backend, &poller);
    trine__fault_plan(NULL);
    return result;
}

static inline int close_poller(void **state)
{
    if (poller->pending !=
        0) { /* a test that failed half-way; closing would be against the rules */
        print_error("%zu operations left pending\n", poller->pending);
        return -1;
    }
    trine__poller_close(poller);
    int left = count_descriptors() - descriptors_before;
    if (left != 0)
        print_error("%d descriptors left open\n", left);
    return left != 0 ? -1 : 0;
}

#define ON_EACH(test) cmocka_unit_test_setup_teardown(test, open_poller, close_poller)

/* Sets `call` up; more fields may be set before start(). */
static inline struct trine__op *prepare(struct call *call, enum trine__verb verb, int fd, void *buf,
                                        size_t len)
{
    trine__op_init(&call->op, verb, fd);
    call->op.buf = buf;
    call->op.len = len;
    call->op.done = call_done;
    call->done = 0;
    return &call->op;
}

/* True: it is pending now. */
static inline bool start(struct call *call)
{
    int answer = trine__poller_submit(poller, &call->op);
    assert_in_range(answer, 0, 1);
    call->done = answer;
    return answer == 0;
}

static inline int64_t finish(struct call *call)
{
    int64_t limit = from_now(PATIENCE);
    while (!call->done && trine__clock_monotonic() < limit)
        assert_int_equal(trine__poller_wait(poller, limit), 0);
    assert_int_equal(call->done, 1);
    return call->op.result;
}

static inline int64_t run(enum trine__verb verb, int fd, void *buf, size_t len)
{
    struct call call;
    prepare(&call, verb, fd, buf, len);
    start(&call);
    return finish(&call);
}

/* Cancels and sees it through: -ECANCELED, or the value that won. */
static inline int64_t cancel(struct call *call)
{
    if (call->done)
        return call->op.result;
    if (trine__poller_cancel(poller, &call->op) == TRINE__CANCELLED)
        return -ECANCELED;
    return finish(call);
}

/* Lets the kernel see everything submitted and gives completions a chance. */
static inline void turn(void)
{
    assert_int_equal(trine__poller_wait(poller, 0), 0);
}

static inline void close_both(const int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

static inline void open_pair(int fds[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
}

static inline int listen_on_loopback(struct sockaddr_in *ret)
{
    *ret = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof *ret;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)ret, size), 0);
    assert_int_equal(listen(fd, 128), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)ret, &size), 0);
    return fd;
}

/* Some tests want a few thousand descriptors. */
static inline void raise_descriptor_limit(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Number of failed tests over all backends. Epoll comes first: the end of a ring is finished in the
 * background and may cut short a call that wrongly blocks. */
static inline int run_on_each_backend(const struct CMUnitTest *tests, size_t count)
{
    static const struct variant variants[] = {
        { "epoll", "epoll", NULL },
        { "uring", "uring", NULL },
        { "uring, completions run at once", "uring", "fail:1:op=ring_open:errno=EINVAL" },
        { "uring, no flags", "uring",
          "fail:1:op=ring_open:errno=EINVAL,fail:2:op=ring_open:errno=EINVAL" },
    };
    int failed = 0;
    signal(SIGPIPE, SIG_IGN);
    raise_descriptor_limit();
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        backend = variants[i].backend;
        open_plan = variants[i].plan;
        int result = open_poller(NULL);
        if (result < 0) {
            print_message("%s does not run here (%d), its tests are left out\n", variants[i].title,
                          result);
            continue;
        }
        trine__poller_close(poller);
        failed += _cmocka_run_group_tests(variants[i].title, tests, count, NULL, NULL);
    }
    return failed;
}

#endif
