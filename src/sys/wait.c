/* SPDX-License-Identifier: MIT */
/* Waiting: poll, epoll and futex, all until a deadline on the monotonic clock.
 *
 * The kernel is given the time that is left on our clock, not the deadline itself, because that
 * clock may be simulated. */
#include "sys/answer.h"
#include "sys/deadline.h"
#include "sys/fault_point.h"
#include "sys/sys.h"
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { NANOSECONDS_PER_SECOND = 1000000000, NANOSECONDS_PER_MILLISECOND = 1000000 };

int64_t trine__wait_left(int64_t deadline)
{
    if (deadline == INT64_MAX)
        return INT64_MAX;
    if (deadline <= 0)
        return 0;
    int64_t now = trine__clock_monotonic();
    return deadline > now ? deadline - now : 0;
}

/* NULL, for ever, where there is no limit. */
static struct timespec *left_until(int64_t deadline, struct timespec *into)
{
    int64_t left = trine__wait_left(deadline);
    if (left == INT64_MAX)
        return NULL;
    into->tv_sec = left / NANOSECONDS_PER_SECOND;
    into->tv_nsec = left % NANOSECONDS_PER_SECOND;
    return into;
}

int trine__sys_poll(struct pollfd *fds, size_t count, int64_t deadline)
{
    struct timespec left;
    return trine__fault(TRINE__FAULT_POLL)
               ?: (int)trine__answer(ppoll(fds, count, left_until(deadline, &left), NULL));
}

int trine__sys_epoll_create(void)
{
    return trine__fault(TRINE__FAULT_EPOLL_CREATE)
               ?: (int)trine__answer(epoll_create1(EPOLL_CLOEXEC));
}

int trine__sys_epoll_ctl(int epfd, int operation, int fd, struct epoll_event *event)
{
    return trine__fault(TRINE__FAULT_EPOLL_CTL)
               ?: (int)trine__answer(epoll_ctl(epfd, operation, fd, event));
}

/* Rounded up: waking before the deadline would make the caller spin through the last millisecond.
 */
static int wait_in_milliseconds(int epfd, struct epoll_event *events, int max, int64_t deadline)
{
    int64_t left = trine__wait_left(deadline);
    int64_t whole = left / NANOSECONDS_PER_MILLISECOND + (left % NANOSECONDS_PER_MILLISECOND > 0);
    int timeout = left == INT64_MAX ? -1 : whole < INT_MAX ? (int)whole : INT_MAX;
    return (int)trine__answer(epoll_wait(epfd, events, max, timeout));
}

int trine__sys_epoll_wait(int epfd, struct epoll_event *events, int max, int64_t deadline)
{
    static atomic_bool only_milliseconds;
    int fault = trine__fault(TRINE__FAULT_EPOLL_WAIT);
    if (fault < 0)
        return fault;
    if (!atomic_load_explicit(&only_milliseconds, memory_order_relaxed)) {
        struct timespec left;
        int found =
            (int)trine__answer(epoll_pwait2(epfd, events, max, left_until(deadline, &left), NULL));
        if (found != -ENOSYS && found != -EPERM) /* EPERM: how older seccomp filters say ENOSYS */
            return found;
        atomic_store_explicit(&only_milliseconds, true, memory_order_relaxed);
    }
    return wait_in_milliseconds(epfd, events, max, deadline);
}

int trine__sys_eventfd(unsigned initial)
{
    return trine__fault(TRINE__FAULT_EVENTFD)
               ?: (int)trine__answer(eventfd(initial, EFD_CLOEXEC | EFD_NONBLOCK));
}

void trine__sys_eventfd_ring(int fd)
{
    const uint64_t one = 1;
    int saved = errno;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    errno = saved;
}

int trine__sys_timerfd(void)
{
    return trine__fault(TRINE__FAULT_TIMERFD)
               ?: (int)trine__answer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
}

int trine__sys_timerfd_set(int fd, int64_t deadline)
{
    struct itimerspec at = { 0 };
    if (deadline != INT64_MAX) {
        int64_t when = deadline > 0 ? deadline : 1; /* zero would disarm it */
        at.it_value.tv_sec = when / NANOSECONDS_PER_SECOND;
        at.it_value.tv_nsec = when % NANOSECONDS_PER_SECOND;
    }
    return (int)trine__answer(timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL));
}

int trine__futex_wait(const void *word, uint32_t expected, int64_t deadline)
{
    struct timespec left;
    return (int)trine__answer(syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
                                      left_until(deadline, &left), NULL, 0));
}

int trine__futex_wake(const void *word, int count)
{
    return (int)trine__answer(syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0));
}

void trine__sys_thread_yield(void)
{
    sched_yield();
}
