/* SPDX-License-Identifier: MIT */
/* Select: wait for several things, do exactly one. Go: select; tokio: select!.
 *
 *     struct trine_case cases[] = {
 *         TRINE_CASE_GET(orders, &order),
 *         TRINE_CASE_PUT(log, &line),
 *         TRINE_CASE_AFTER(TRINE_SECONDS(1)),
 *     };
 *     switch (trine_select(cases, 3, 0)) {
 *     case 0: ...     an order was got (or cases[0].result is -EPIPE: the queue is closed)
 *
 * Exactly one case happens; the others have no effect: nothing was put, got or taken, and nobody
 * waits at their objects any more. The same object may stand in several cases; a get and a put of
 * the same queue never meet each other. */
#ifndef TRINE_SELECT_H
#define TRINE_SELECT_H

#include <stddef.h>
#include <stdint.h>
#include <trine/channel.h>
#include <trine/file.h>
#include <trine/future.h>
#include <trine/queue.h>
#include <trine/sync.h>

#ifdef __cplusplus
extern "C" {
#endif

enum trine__case_kind {
    TRINE__CASE_NONE,
    TRINE__CASE_GET,
    TRINE__CASE_PUT,
    TRINE__CASE_RECEIVE,
    TRINE__CASE_SEND,
    TRINE__CASE_EVENT,
    TRINE__CASE_FUTURE,
    TRINE__CASE_TIMER,
    TRINE__CASE_FD
};

struct trine_case {
    enum trine__case_kind kind; /* private, set by the macros below */
    void *object;
    void *item;
    int64_t when;
    int fd, events;
    int result; /* of the case that happened: 0, an error (-EPIPE: closed), a descriptor's events */
};

/* The macros give values for a struct trine_case. */
#define TRINE_CASE_GET(queue, ret_item)                                                            \
    {                                                                                              \
        TRINE__CASE_GET, (queue), (ret_item), 0, 0, 0, 0                                           \
    }
#define TRINE_CASE_PUT(queue, item)                                                                \
    {                                                                                              \
        TRINE__CASE_PUT, (queue), (void *)(item), 0, 0, 0, 0                                       \
    }
#define TRINE_CASE_RECEIVE(receiver, ret_item)                                                     \
    {                                                                                              \
        TRINE__CASE_RECEIVE, (receiver), (ret_item), 0, 0, 0, 0                                    \
    }
#define TRINE_CASE_SEND(sender, item)                                                              \
    {                                                                                              \
        TRINE__CASE_SEND, (sender), (void *)(item), 0, 0, 0, 0                                     \
    }
#define TRINE_CASE_EVENT(event)                                                                    \
    {                                                                                              \
        TRINE__CASE_EVENT, (event), 0, 0, 0, 0, 0                                                  \
    }
/* Done; its outcome is read from it. */
#define TRINE_CASE_FUTURE(future)                                                                  \
    {                                                                                              \
        TRINE__CASE_FUTURE, (future), 0, 0, 0, 0, 0                                                \
    }
#define TRINE_CASE_AT(when)                                                                        \
    {                                                                                              \
        TRINE__CASE_TIMER, 0, 0, (when), 0, 0, 0                                                   \
    }
#define TRINE_CASE_AFTER(duration)                                                                 \
    {                                                                                              \
        TRINE__CASE_TIMER, 0, 0, trine_after(duration), 0, 0, 0                                    \
    }
/* `wanted`: TRINE_READABLE | TRINE_WRITABLE; .result is what it is ready for. */
#define TRINE_CASE_FD(fd, wanted)                                                                  \
    {                                                                                              \
        TRINE__CASE_FD, 0, 0, 0, (fd), (wanted), 0                                                 \
    }
/* Takes no part: for cases that are switched off. */
#define TRINE_CASE_NONE                                                                            \
    {                                                                                              \
        TRINE__CASE_NONE, 0, 0, 0, 0, 0, 0                                                         \
    }

enum {
    TRINE_BIASED = 1, /* among cases that can happen, the first; otherwise one by chance */
    TRINE_TRY = 2     /* do not wait: -EAGAIN when none can happen now */
};

/* Waits until one of the cases can happen and makes it happen. Go: the select statement, whose
 * algorithm this is.
 *
 * Where several can happen at once, each is as likely; timers come after the others (what is there
 * beats a time that is over), the earliest first. With TRINE_BIASED the first in the array happens,
 * timers included: what ends a loop belongs before what may always be ready.
 *
 * Cases:   borrowed; what they point to is read or written by the one that happens only, and its
 *          .result is set. TRINE_CASE_AFTER() counts from where it is written: in a loop, write it
 *          anew or use TRINE_CASE_AT().
 * Returns: its index, also if it ended with an error: see .result. Negative, and none happened:
 *          -ECANCELED, -ETIMEDOUT; -EAGAIN (TRINE_TRY); -EINVAL: no case takes part, or one is none
 *          at all; -ENOMEM: a future is NULL, or there are more than 8 cases and no memory to wait
 *          with; -EDEADLK: the task's own future, or in a loop's own thread; -ENOTSUP: descriptors
 *          in virtual time; another error of polling descriptors.
 * Waits:   this task; a plain thread blocks. When a case can happen at once, it does not switch. A
 *          cancel loses nothing: an item that was handed over meanwhile is reported as a success.
 *          (A plain thread that waits for descriptors sees another thread's cancel within 20 ms.)
 * Threads: any. */
TRINE_PUBLIC int trine_select(struct trine_case *cases, size_t count, unsigned flags);

#ifdef __cplusplus
}
#endif
#endif
