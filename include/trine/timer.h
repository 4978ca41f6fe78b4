/* SPDX-License-Identifier: MIT */
/* Timers that call a function, and tickers. Python: loop.call_later(), loop.call_at().
 *
 * Both are structs of the caller's and cost no memory besides. To wait once, trine_sleep() is
 * enough; to bound a wait, see <trine/scope.h>. */
#ifndef TRINE_TIMER_H
#define TRINE_TIMER_H

#include <stddef.h>
#include <stdint.h>
#include <trine/error.h>
#include <trine/scope.h>
#include <trine/time.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*trine_timer_fn)(void *arg);

/* Zeroed before its first start. Its memory must stay until it has fired or is stopped. */
struct trine_timer {
    struct trine__timer timer; /* all private */
    trine_timer_fn fn;
    void *arg;
    struct trine__loop *loop;
};

/* Calls fn(arg) once, `delay` from now (0 or less: soon), as a turn of the loop: never from inside
 * this call, never early, and among equal times in the order of starting. fn may not block
 * (blocking calls fail with -EDEADLK there); it may spawn, complete a promise, or start timers,
 * this one too. What still waits when the run ends never fires; zero it before it is used again.
 *
 * Returns: 0; -EALREADY: it waits already (see reset); -ENOMEM; TRINE_ENOLOOP: no loop runs in this
 *          thread, so nothing could call fn. A plain thread sleeps instead.
 * Threads: one that runs a loop; stop and reset from the same. */
TRINE_PUBLIC int trine_timer_start(struct trine_timer *timer, int64_t delay, trine_timer_fn fn,
                                   void *arg);
/* Returns: 1: fn will not be called; 0: it had fired or was not started. Idempotent. */
TRINE_PUBLIC int trine_timer_stop(struct trine_timer *timer);
/* Starts the timer anew with the same function, from now, whether it waits or has fired; among
 * equal times it is then the last.
 *
 * Returns: 1: it had been waiting; 0: it had fired or was stopped; -EINVAL: it was never started;
 *          -ENOMEM, TRINE_ENOLOOP: as start. */
TRINE_PUBLIC int trine_timer_reset(struct trine_timer *timer, int64_t delay);

/* What becomes of ticks whose time passes while the caller is busy: at a period of 10, with the
 * caller back only at 35 (ticks at 20 and 30 were due meanwhile):
 *
 *     BURST   35 35 40 50   all, at once: as many ticks as periods
 *     DELAY   35 45 55      one, and a whole period after it: never closer than a period
 *     SKIP    35 40 50      one, and then in the old rhythm */
enum trine_missed { TRINE_MISSED_BURST, TRINE_MISSED_DELAY, TRINE_MISSED_SKIP };

struct trine_ticker {
    int64_t period;
    int64_t next; /* when the next tick is due; may be set, to begin at once or at a round time */
    enum trine_missed missed;
};

/* Ticks every `period` (> 0), for the first time one period from now. There is nothing to end. */
TRINE_PUBLIC void trine_ticker_init(struct trine_ticker *ticker, int64_t period,
                                    enum trine_missed missed);
/* Waits for the next tick. Lateness does not add up: each is due a period after the one before was
 * due, however long the waking took (but for DELAY, after a miss). Reference: tokio's Interval.
 *
 * Returns: how many due ticks were dropped before this one (DELAY, SKIP; else 0).
 * Waits:   this task (a plain thread blocks). A tick already due: no switch. A cancel loses
 *          nothing: the tick stays due.
 * Errors:  -ECANCELED, -ETIMEDOUT, -ENOMEM, -EDEADLK in a loop's own thread. */
TRINE_PUBLIC int trine_ticker_next(struct trine_ticker *ticker);

#ifdef __cplusplus
}
#endif
#endif
