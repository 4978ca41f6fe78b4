/* SPDX-License-Identifier: MIT */
/* The simulated backend: time is virtual, and waiting moves it.
 *
 * wait() never sleeps for time: with nothing else to do it sets the clock to the deadline. With no
 * deadline either, everything is blocked for good and it says so: -EDEADLK, unless somebody rang.
 * Verbs that end at once (files) are done by plain calls, so that programs which sleep, compute and
 * write files run; those that would wait for the outside are refused.
 *
 * Real threads have no place in virtual time. Whoever waits for one raises `pending` meanwhile:
 * time then stands still, and wait() sleeps until the thread rings. */
#include "poll/plain.h"
#include "poll/poller.h"
#include "sys/sys.h"
#include <assert.h>
#include <errno.h>
#include <stdatomic.h>

struct sim_poller {
    struct trine__poller base;
    _Atomic(uint32_t) rung;
    bool own_clock; /* we turned the simulation on */
};

static bool ends_at_once(const struct trine__op *op)
{
    switch ((enum trine__verb)op->verb) {
    case TRINE__OP_OPEN:
    case TRINE__OP_CLOSE:
    case TRINE__OP_FSYNC:
        return true;
    case TRINE__OP_READ:
    case TRINE__OP_WRITE:
        return trine__plain_on_disk(op->fd) != 0; /* a bad descriptor fails at once, too */
    default:
        return false;
    }
}

static int sim_submit(struct trine__poller *base, struct trine__op *op)
{
    if (!ends_at_once(op))
        return -ENOTSUP;
    op->result = trine__plain_run(op);
    return 1;
}

/* Nothing is ever pending here, so there is nothing that a caller could cancel. */
static enum trine__cancel sim_cancel(struct trine__poller *base, struct trine__op *op)
{
    assert(!"no operation of the simulated backend is ever pending");
    return TRINE__CANCEL_PENDING;
}

static int sim_wait(struct trine__poller *base, int64_t deadline)
{
    struct sim_poller *poller = (struct sim_poller *)base;
    if (atomic_exchange(&poller->rung, 0) != 0)
        return 0;
    if (base->pending != 0 && deadline != 0) {
        trine__futex_wait(&poller->rung, 0, INT64_MAX);
        atomic_store(&poller->rung, 0);
        return 0;
    }
    if (deadline == INT64_MAX)
        return -EDEADLK;
    trine__clock_advance_to(deadline);
    return 0;
}

static void sim_wake(struct trine__poller *base)
{
    struct sim_poller *poller = (struct sim_poller *)base;
    atomic_store(&poller->rung, 1);
    trine__futex_wake(&poller->rung, 1);
}

/* Virtual time cannot be waited for by others. */
static int sim_watch(struct trine__poller *base, bool *ret_news)
{
    return -ENOTSUP;
}

static void sim_close(struct trine__poller *base)
{
    struct sim_poller *poller = (struct sim_poller *)base;
    if (poller->own_clock)
        trine__clock_real();
    trine__free(poller);
}

static int sim_open(struct trine__poller **ret)
{
    struct sim_poller *poller = trine__alloc_zero(1, sizeof *poller);
    if (poller == NULL)
        return -ENOMEM;
    poller->base.ops = &trine__poller_sim;
    poller->own_clock = !trine__clock_simulated();
    if (poller->own_clock)
        trine__clock_simulate(trine__clock_monotonic());
    *ret = &poller->base;
    return 0;
}

const struct trine__poller_ops trine__poller_sim = {
    .name = "sim",
    .open = sim_open,
    .submit = sim_submit,
    .cancel = sim_cancel,
    .wait = sim_wait,
    .wake = sim_wake,
    .watch = sim_watch,
    .close = sim_close,
};
