/* SPDX-License-Identifier: MIT */
#include "core/park.h"
#include "base/list.h"
#include "core/quick.h"
#include "core/thread_context.h"
#include "sys/cpus.h"
#include "sys/sys.h"
#include "thread/pause.h"

/* How often a plain thread looks before it sleeps. To fall asleep and be woken from another core
 * costs both some ten microseconds, and many waits are shorter; so it looks for longer where that
 * was worth it before, and hardly at all where waits are long. Now and then as long as it may,
 * since two that both sleep wake each other each time and would never find out that they need not.
 * Nothing is gained where there is one core. */
#define SPINS_MIN   20
#define SPINS_START 200
#define SPINS_MAX   500
#define EXPLORE     16

void trine__parker_deliver(struct trine__mail *mail)
{
    trine__unpark_here(TRINE__CONTAINER(mail, struct trine__parker, mail));
}

int trine__parker_init(struct trine__parker *parker)
{
    struct trine__context *context = trine__here();
    if (context == NULL)
        return -EDEADLK;
    if (context->loop == NULL && trine__thread_here.hosts != NULL)
        return -EDEADLK;
    if (context->loop == NULL && trine__thread_here.forked)
        return TRINE_EFORKED;
    parker->context = context;
    parker->mail.deliver = trine__parker_deliver;
    parker->result = 0;
    atomic_init(&parker->state, TRINE__PARKER_ARMED);
    return 0;
}

void trine__unpark(struct trine__parker *parker)
{
    struct trine__loop *loop = parker->context->loop;
    if (loop == NULL) {
        if (atomic_exchange_explicit(&parker->state, TRINE__PARKER_WOKEN, memory_order_acq_rel) ==
            TRINE__PARKER_SLEEPING)
            trine__futex_wake(&parker->state, 1);
    } else if (loop == trine__loop_here) {
        trine__unpark_here(parker);
    } else {
        trine__loop_post(loop, &parker->mail);
    }
}

/* ---- tasks */

static bool woken(struct trine__parker *parker)
{
    return atomic_load_explicit(&parker->state, memory_order_acquire) == TRINE__PARKER_WOKEN;
}

void trine__task_interrupt(struct trine__task *task)
{
    struct trine__context *context = &task->context;
    __atomic_store_n(&context->cancelled, trine__scope_code(context), __ATOMIC_RELAXED);
    if (context->cancelled == 0 || task->context.state != TRINE__TASK_PARKED)
        return;
    struct trine__parker *parker = task->parker;
    if (parker->cancel == NULL || woken(parker))
        return;
    trine__cancel_fn cancel = parker->cancel;
    parker->cancel = NULL; /* asked once */
    if (cancel(parker->arg) == TRINE__CANCELLED) {
        parker->result = trine__scope_deliver(context);
        trine__unpark_here(parker);
    }
}

static int park_task(struct trine__task *task, struct trine__parker *parker)
{
    if (task->context.cancelled != 0 && parker->cancel != NULL) {
        trine__cancel_fn cancel = parker->cancel;
        parker->cancel = NULL;
        if (cancel(parker->arg) == TRINE__CANCELLED)
            return trine__scope_deliver(&task->context);
    }
    if (woken(parker))
        return 0;
    task->parker = parker;
    task->context.state = TRINE__TASK_PARKED;
    trine__loop_switch(task->context.loop, task);
    return parker->result;
}

/* ---- plain threads */

/* Publishes the parker so that a cancel from another thread finds it; NULL takes it back, and waits
 * for a canceller that is just looking at it. */
static void publish(struct trine__parker *parker)
{
    struct trine__parker *before =
        atomic_load_explicit(&trine__thread_here.parked, memory_order_relaxed);
    struct trine__parker *plain;
    do {
        plain = (struct trine__parker *)((uintptr_t)before & ~(uintptr_t)1);
        before = plain;
    } while (!atomic_compare_exchange_weak_explicit(&trine__thread_here.parked, &before, parker,
                                                    memory_order_seq_cst, memory_order_relaxed));
}

void trine__thread_interrupt(struct trine__context *context)
{
    struct trine__thread_context *thread =
        TRINE__CONTAINER(context, struct trine__thread_context, context);
    struct trine__parker *parker = atomic_load_explicit(&thread->parked, memory_order_seq_cst);
    for (;;) {
        if (parker == NULL)
            return;
        if ((uintptr_t)parker & 1)
            parker = atomic_load_explicit(&thread->parked, memory_order_seq_cst);
        else if (atomic_compare_exchange_weak_explicit(
                     &thread->parked, &parker, (struct trine__parker *)((uintptr_t)parker | 1),
                     memory_order_seq_cst, memory_order_relaxed))
            break;
    }
    /* Holding it: the thread cannot leave park meanwhile. */
    uint32_t state = atomic_load(&parker->state);
    while (state != TRINE__PARKER_WOKEN &&
           !atomic_compare_exchange_weak(&parker->state, &state, TRINE__PARKER_KICKED))
        ;
    if (state == TRINE__PARKER_SLEEPING)
        trine__futex_wake(&parker->state, 1);
    atomic_store_explicit(&thread->parked, parker, memory_order_release);
}

static bool spin(struct trine__parker *parker)
{
    static __thread struct {
        unsigned spins, waits;
    } here = { .spins = SPINS_START };
    if (!trine__cpus_several())
        return woken(parker);
    unsigned limit = ++here.waits % EXPLORE == 0 ? SPINS_MAX : here.spins, spins = 0;
    while (!woken(parker) && spins < limit) {
        trine__pause();
        spins++;
    }
    if (spins == limit)
        here.spins -= (here.spins - SPINS_MIN) / 4;
    else if ((here.spins += spins) > SPINS_MAX)
        here.spins = SPINS_MAX;
    return spins < limit;
}

/* Asks for the parker back when a scope or the limit says so. True: it is back, *ret_code is why.
 */
static bool give_up(struct trine__context *context, struct trine__parker *parker, int64_t deadline,
                    int64_t limit, int *ret_code)
{
    int64_t now = deadline != TRINE_FOREVER ? trine__clock_monotonic() : 0;
    if (deadline <= now) /* a limit that came before a scope's end is not that scope's doing */
        trine__scope_expire_thread(context, limit < now ? limit : now, true);
    bool over = trine__scope_code(context) != 0 || limit <= now;
    if (parker->cancel == NULL || !over)
        return false;
    trine__cancel_fn cancel = parker->cancel;
    parker->cancel = NULL;
    if (cancel(parker->arg) == TRINE__CANCEL_PENDING)
        return false;
    int code = trine__scope_deliver(context);
    *ret_code = code != 0 ? code : -ETIMEDOUT;
    return true;
}

static int park_thread(struct trine__context *context, struct trine__parker *parker, int64_t limit)
{
    int code = 0;
    publish(parker);
    while (!woken(parker)) {
        uint32_t state = TRINE__PARKER_KICKED;
        atomic_compare_exchange_strong(&parker->state, &state, TRINE__PARKER_ARMED);
        int64_t deadline = trine__scope_deadline(context);
        if (limit < deadline)
            deadline = limit;
        if (give_up(context, parker, deadline, limit, &code))
            break;
        state = TRINE__PARKER_ARMED;
        if (atomic_compare_exchange_strong(&parker->state, &state, TRINE__PARKER_SLEEPING))
            trine__futex_wait(&parker->state, TRINE__PARKER_SLEEPING,
                              parker->cancel != NULL ? deadline : TRINE_FOREVER);
        state = TRINE__PARKER_SLEEPING;
        atomic_compare_exchange_strong(&parker->state, &state, TRINE__PARKER_ARMED);
    }
    publish(NULL);
    return code;
}

static int park_thread_spinning(struct trine__parker *parker, int64_t limit)
{
    return spin(parker) ? 0 : park_thread(parker->context, parker, limit);
}

int trine__park(struct trine__parker *parker, trine__cancel_fn cancel, void *arg, const char *what)
{
    struct trine__context *context = parker->context;
    parker->cancel = cancel;
    parker->arg = arg;
    parker->what = what;
    if (context->loop == NULL)
        return park_thread_spinning(parker, TRINE_FOREVER);
    return park_task(trine__task_of(context), parker);
}

/* ---- limits of one call */

struct limit {
    struct trine__timer timer;
    struct trine__parker *parker;
};

static void limit_reached(struct trine__timer *timer)
{
    struct trine__parker *parker = TRINE__CONTAINER(timer, struct limit, timer)->parker;
    if (parker->cancel == NULL || woken(parker))
        return;
    trine__cancel_fn cancel = parker->cancel;
    parker->cancel = NULL;
    if (cancel(parker->arg) == TRINE__CANCELLED) {
        parker->result = -ETIMEDOUT;
        trine__unpark_here(parker);
    }
}

int trine__park_until(struct trine__parker *parker, int64_t deadline, trine__cancel_fn cancel,
                      void *arg, const char *what)
{
    struct trine__context *context = parker->context;
    if (deadline == TRINE_FOREVER)
        return trine__park(parker, cancel, arg, what);
    parker->cancel = cancel;
    parker->arg = arg;
    parker->what = what;
    if (context->loop == NULL)
        return park_thread_spinning(parker, deadline);
    struct trine__task *task = trine__task_of(context);
    struct limit limit = { .timer.fire = limit_reached, .parker = parker };
    if (trine__timer_start(&context->loop->timers, &limit.timer, deadline) < 0)
        return cancel(arg) == TRINE__CANCELLED ? -ENOMEM : park_task(task, parker);
    int error = park_task(task, parker);
    trine__timer_stop(&context->loop->timers, &limit.timer);
    return error;
}

int trine__checkpoint(void)
{
    struct trine__context *context = trine__here();
    if (context == NULL)
        return -EDEADLK;
    if (context->loop == NULL) {
        if (trine__thread_here.forked)
            return TRINE_EFORKED;
        if (trine__thread_here.hosts != NULL)
            return -EDEADLK;
        if (context->scope == NULL)
            return 0;
        if (trine__scope_deadline(context) != TRINE_FOREVER)
            trine__scope_expire_thread(context, trine__clock_monotonic(), false);
        return trine__scope_deliver(context);
    }
    if (context->cancelled != 0)
        return trine__scope_deliver(context);
    struct trine__task *task = trine__task_of(context);
    if (--task->context.budget == 0) {
        trine__loop_yield(context->loop, NULL);
        if (context->cancelled != 0)
            return trine__scope_deliver(context);
    }
    return 0;
}
