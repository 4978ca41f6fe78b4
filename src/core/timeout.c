/* SPDX-License-Identifier: MIT */
/* Timers of the user's: a function instead of a waiting task. */
#include "base/list.h"
#include "base/must.h"
#include "core/loop.h"
#include "sys/sys.h"
#include <trine/timer.h>

static void fire(struct trine__timer *timer)
{
    struct trine_timer *it = TRINE__CONTAINER(timer, struct trine_timer, timer);
    it->fn(it->arg); /* may free it */
}

static int loop_missing(void)
{
    return trine__thread_here.forked ? TRINE_EFORKED : TRINE_ENOLOOP;
}

static int start(struct trine_timer *timer, int64_t delay)
{
    int64_t now = trine__clock_monotonic();
    if (delay < 0)
        delay = 0;
    return trine__timer_start(&timer->loop->timers, &timer->timer,
                              delay < TRINE_FOREVER - now ? now + delay : TRINE_FOREVER);
}

int trine_timer_start(struct trine_timer *timer, int64_t delay, trine_timer_fn fn, void *arg)
{
    if (trine__loop_here == NULL)
        return loop_missing();
    if (timer->timer.number != 0)
        return -EALREADY;
    *timer =
        (struct trine_timer){ .timer.fire = fire, .fn = fn, .arg = arg, .loop = trine__loop_here };
    return start(timer, delay);
}

int trine_timer_stop(struct trine_timer *timer)
{
    if (timer->timer.number == 0 || trine__thread_here.orphan)
        return 0;
    trine_must(timer->loop == trine__loop_here,
               "a timer may be stopped and reset in the thread that started it only");
    trine__timer_stop(&timer->loop->timers, &timer->timer);
    return 1;
}

int trine_timer_reset(struct trine_timer *timer, int64_t delay)
{
    if (trine__loop_here == NULL)
        return loop_missing();
    if (timer->fn == NULL)
        return -EINVAL;
    int waited = trine_timer_stop(timer);
    timer->loop = trine__loop_here;
    int error = start(timer, delay);
    return error < 0 ? error : waited;
}
