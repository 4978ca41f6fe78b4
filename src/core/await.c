/* SPDX-License-Identifier: MIT */
/* Waiting, as blocking calls use it: for a future, for an operation, for a while. */
#include "base/list.h"
#include "core/circle.h"
#include "core/quick.h"
#include "sys/sys.h"
#include <stdio.h>
#include <trine/time.h>

/* ---- a future */

struct future_wait {
    struct trine__waiter waiter;
    struct trine__parker parker;
    struct trine_future *future;
    struct trine__need need; /* if the future is a task */
    int refused;             /* -EDEADLK: waiting would close a circle */
};

static void wake_future_wait(struct trine__waiter *waiter)
{
    trine__unpark(&TRINE__CONTAINER(waiter, struct future_wait, waiter)->parker);
}

static enum trine__cancel cancel_future_wait(void *arg)
{
    struct future_wait *wait = arg;
    return trine__future_unwatch(wait->future, &wait->waiter) ? TRINE__CANCELLED
                                                              : TRINE__CANCEL_PENDING;
}

static void follow_await(struct trine__need *need, struct trine__walk *walk)
{
    struct future_wait *wait = TRINE__CONTAINER(need, struct future_wait, need);
    if (wait->refused == 0)
        trine__walk_on(walk, &trine__task_of_future(wait->future)->context);
}

static enum trine__refusal refuse_await(struct trine__need *need, bool at_last)
{
    struct future_wait *wait = TRINE__CONTAINER(need, struct future_wait, need);
    if (!trine__future_unwatch(wait->future, &wait->waiter))
        return TRINE__REFUSED_LATE;
    wait->refused = -EDEADLK;
    trine__unpark(&wait->parker);
    return TRINE__REFUSED;
}

static void describe_await(struct trine__need *need, char *text, size_t size)
{
    snprintf(text, size, "awaits");
}

static const struct trine__need_kind await_kind = { follow_await, refuse_await, describe_await };

static int wait_for(struct trine_future *future)
{
    struct future_wait wait;
    wait.waiter.wake = wake_future_wait;
    wait.future = future;
    wait.refused = 0;
    int error = trine__parker_init(&wait.parker);
    if (error < 0 || !trine__future_watch(future, &wait.waiter))
        return error;
    bool task = trine__task_of_future(future) != NULL;
    if (task)
        trine__need_open(&wait.need, &await_kind, wait.parker.context);
    struct trine__loop *loop = wait.parker.context->loop;
    bool elsewhere = loop != NULL && future->kind->elsewhere;
    if (elsewhere)
        loop->mail_expected++;
    error = trine__park(&wait.parker, cancel_future_wait, &wait, future->kind->name);
    if (elsewhere)
        loop->mail_expected--;
    if (task)
        trine__need_close(&wait.need);
    return error < 0 ? error : wait.refused;
}

int trine_await(struct trine_future *future, int *ret_outcome)
{
    if (future == NULL)
        return -ENOMEM;
    struct trine__task *self = trine__task_here();
    if (self != NULL && future == &self->future)
        return -EDEADLK;
    int error = 0;
    if (!trine__future_is_done(future))
        trine__future_help(future);
    if (!trine__future_is_done(future)) {
        error = trine__checkpoint();
        if (error == 0)
            error = wait_for(future);
        if (error < 0)
            return error;
    }
    int outcome = trine_future_outcome(future);
    if (ret_outcome != NULL)
        *ret_outcome = outcome;
    return 0;
}

/* ---- an operation */

static void op_done(struct trine__op *op)
{
    trine__unpark((struct trine__parker *)op->user);
}

static enum trine__cancel cancel_op(void *arg)
{
    return trine__poller_cancel(trine__loop_here->poller, arg);
}

int64_t trine__op_await(struct trine__op *op, const char *what)
{
    struct trine__parker parker;
    int error = trine__checkpoint();
    if (error == 0)
        error = trine__parker_init(&parker);
    if (error < 0)
        return error;
    op->done = op_done;
    op->user = &parker;
    error = trine__poller_submit(trine__loop_here->poller, op);
    if (error < 0)
        return error;
    if (error == 0) {
        error = trine__park(&parker, cancel_op, op, what);
        if (error < 0)
            return error;
        if (op->result == -ECANCELED) /* the kernel's word for our own cancel */
            return trine__scope_deliver(parker.context);
    }
    return op->result;
}

/* ---- a while */

struct nap {
    struct trine__timer timer;
    struct trine__parker parker;
};

static void nap_over(struct trine__timer *timer)
{
    trine__unpark(&TRINE__CONTAINER(timer, struct nap, timer)->parker);
}

static enum trine__cancel cancel_nap(void *arg)
{
    struct nap *nap = arg;
    if (nap->timer.number == 0)
        return TRINE__CANCEL_PENDING;
    trine__timer_stop(&trine__loop_here->timers, &nap->timer);
    return TRINE__CANCELLED;
}

static enum trine__cancel let_go(void *arg)
{
    return TRINE__CANCELLED;
}

/* In a plain thread: nobody will wake it, so the deadline itself is the end that was wanted. */
static int sleep_thread(struct trine__parker *parker, int64_t when)
{
    int error = trine__park_until(parker, when, let_go, NULL, "sleep");
    if (error == -ETIMEDOUT && trine__scope_code(parker->context) == 0)
        return 0;
    return error;
}

int trine_sleep_until(int64_t when)
{
    struct nap nap = { .timer.fire = nap_over };
    int error = trine__checkpoint();
    if (error == 0)
        error = trine__parker_init(&nap.parker);
    if (error < 0)
        return error;
    struct trine__loop *loop = nap.parker.context->loop;
    if (loop == NULL)
        return sleep_thread(&nap.parker, when);
    error = trine__timer_start(&loop->timers, &nap.timer, when);
    if (error < 0)
        return error;
    return trine__park(&nap.parker, cancel_nap, &nap, "sleep");
}

int trine_sleep(int64_t duration)
{
    if (duration <= 0)
        return trine_yield();
    return trine_sleep_until(trine_after(duration));
}

int trine_yield(void)
{
    struct trine__loop *loop = trine__loop_here;
    if (loop == NULL) {
        trine__sys_thread_yield();
        return trine__checkpoint();
    }
    struct trine__task *task = loop->current;
    if (task == NULL)
        return -EDEADLK;
    if (task->context.cancelled == 0)
        trine__loop_yield_quick(loop, task);
    return task->context.cancelled != 0 ? trine__scope_deliver(&task->context) : 0;
}

int64_t trine_now(void)
{
    return trine__clock_monotonic();
}

int64_t trine_after(int64_t duration)
{
    int64_t now = trine__clock_monotonic();
    return duration < TRINE_FOREVER - now ? now + duration : TRINE_FOREVER;
}
