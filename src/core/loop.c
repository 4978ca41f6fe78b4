/* SPDX-License-Identifier: MIT */
#include "core/loop.h"
#include "base/error.h"
#include "base/list.h"
#include "core/callback.h"
#include "core/deadlock.h"
#include "core/fresh.h"
#include "core/interrupt.h"
#include "core/quick.h"
#include "sys/cpus.h"
#include "sys/sys.h"
#include "thread/pause.h"
#include <assert.h>

/* Dispatches before the loop looks at its inbox, timers and completions again. A look costs some
 * hundred nanoseconds; a dispatch a few. */
#define TURN 256
/* Timers that fire in one turn, at most. Those they wake go before all others, and so many
 * dispatches are added to the turn: the ready queue has its TURN whatever the timers do. */
#define DUE_PER_TURN 1024
/* The least that a loop sleeps for a timer: the first, and more, up to the second (which is the
 * kernel's own slack for sleeping threads), for each timer that fired in the last turn. */
#define NAP_LEAST TRINE_MICROSECONDS(20)
#define NAP_MOST  TRINE_MICROSECONDS(50)
#define NAP_TIMER TRINE_MICROSECONDS(5)
/* Strands always kept warm for tasks to come. Above that, what nobody needed for TRIMS_UNUSED
 * periods goes back: a burst that comes again finds its stacks' pages still there, and a fresh page
 * costs more than a microsecond. */
#define RESTING_KEPT 256
#define TRIMS_UNUSED 5
#define TRIM_PERIOD  TRINE_SECONDS(1)
/* While another thread works for this one, how often it looks for mail before it falls asleep:
 * between these, longer when it paid off the last time. At most some tens of microseconds, which is
 * what a wake costs. */
#define SPINS_MIN 16
#define SPINS_MAX 2048
/* Among so many ready tasks chance picks the next one of a test run. */
#define SHUFFLE_WINDOW 64
/* Failures of the poller in a row before the run is given up. */
#define POLL_FAILURES_MAX 100

/* ---- queues */

/* Puts `queue` before what is in the ready queue. */
static void put_before(struct trine__task_queue *queue, struct trine__loop *loop)
{
    if (queue->first == NULL)
        return;
    queue->last->next = loop->ready.first;
    if (loop->ready.first == NULL)
        loop->ready.last = queue->last;
    loop->ready.first = queue->first;
}

/* ---- dispatch */

void trine__loop_refuse(struct trine__loop *loop, struct trine__task *task)
{
    trine__queue_push_front(&loop->ready, task);
    loop->current = NULL;
    loop->credits = 0;
}

void trine__loop_yield(struct trine__loop *loop, struct trine__task *first)
{
    struct trine__task *self = loop->current;
    trine__loop_ready(loop, self);
    if (first != NULL) {
        trine__queue_push_front(&loop->ready, first);
        loop->keep_first = true;
    }
    trine__loop_switch(loop, self);
}

/* Brings one of the first ready tasks, by chance, to the front. */
static void shuffle(struct trine__loop *loop)
{
    struct trine__task_queue *ready = &loop->ready;
    struct trine__task *before = NULL, *chosen = NULL, *task = ready->first;
    for (unsigned seen = 1; task->next != NULL && seen < SHUFFLE_WINDOW; seen++) {
        if (trine__random_u64() % (seen + 1) == 0)
            before = task;
        task = task->next;
    }
    if (before == NULL)
        return;
    chosen = before->next;
    before->next = chosen->next;
    if (ready->last == chosen)
        ready->last = before;
    trine__queue_push_front(ready, chosen);
}

static void run_next(struct trine__loop *loop)
{
    struct trine__task *task = trine__loop_take(loop);
    if (task->strand == NULL && trine__strand_bind(loop, task) < 0)
        trine__task_fail_unbound(loop, task);
    else
        trine__fiber_switch(&loop->fiber, &task->strand->fiber);
}

/* A test run comes back here for every task, so that the straight way need not ask. */
static void dispatch_by_chance(struct trine__loop *loop)
{
    for (unsigned left = TURN; left > 0 && loop->ready.first != NULL; left--) {
        if (!loop->keep_first)
            shuffle(loop);
        loop->keep_first = false;
        loop->credits = 1;
        run_next(loop);
    }
}

/* From the loop's own stack: runs ready tasks until none is left or the turn is over. */
static void dispatch(struct trine__loop *loop)
{
    loop->credits = TURN + loop->due;
    if (loop->shuffled)
        dispatch_by_chance(loop);
    while (loop->credits > 0 && loop->ready.first != NULL)
        run_next(loop);
    loop->current = NULL;
}

/* ---- mail */

static void wake(struct trine__loop *loop)
{
    if (atomic_exchange(&loop->sleeping, false))
        trine__poller_wake(loop->poller);
}

void trine__loop_post(struct trine__loop *loop, struct trine__mail *mail)
{
    if (loop == trine__loop_here) {
        /* A signal handler may have come between the last look and the sleep. */
        if (trine__inbox_post(&loop->inbox, mail) && atomic_load(&loop->sleeping))
            wake(loop);
        return;
    }
    /* What the mail brings may let the run end before this thread has looked whether the loop
     * sleeps. */
    atomic_fetch_add(&loop->posters, 1);
    if (trine__inbox_post(&loop->inbox, mail))
        wake(loop);
    atomic_fetch_sub(&loop->posters, 1);
}

void trine__loop_deliver(struct trine__loop *loop)
{
    struct trine__mail *mail = trine__inbox_take(&loop->inbox);
    while (mail != NULL) {
        struct trine__mail *next = mail->next;
        mail->deliver(mail);
        mail = next;
    }
}

void trine__loop_settle(struct trine__loop *loop)
{
    if (trine__inbox_empty(&loop->inbox))
        return;
    if (loop->current == NULL) {
        trine__loop_deliver(loop);
        return;
    }
    loop->credits = 0;
    trine__loop_yield(loop, NULL);
}

/* ---- the turn */

static bool has_work(struct trine__loop *loop)
{
    return loop->ready.first != NULL || !trine__inbox_empty(&loop->inbox) ||
           atomic_load(&loop->fresh_count) > 0;
}

static void poll_failed(struct trine__loop *loop, int error)
{
    int cancelled = loop->root.scope.state;
    if (error == -EDEADLK) {
        if (cancelled != -EDEADLK)
            trine__deadlock_report(loop);
        if (cancelled == 0)
            trine__scope_cancel_local(&loop->root.scope, -EDEADLK, "deadlock");
        else
            trine__deadlock_break(loop);
    } else if (++loop->poll_failures == POLL_FAILURES_MAX) {
        trine__report("the loop cannot wait any more: %s; its tasks are cancelled",
                      trine_strerror(error));
        trine__scope_cancel_local(&loop->root.scope, error, "the poller failed");
    }
}

static void poll_until(struct trine__loop *loop, int64_t deadline)
{
    int error = trine__poller_wait(loop->poller, deadline);
    if (error < 0 && error != -EINTR)
        poll_failed(loop, error);
    else
        loop->poll_failures = 0;
}

/* The last task has ended: nobody may fall asleep any more. */
static bool over(struct trine__runtime *runtime)
{
    return atomic_load(&runtime->stopping) && atomic_load(&runtime->roots) == 0;
}

/* When to wake at the latest: for the next timer, or to give back stacks while nothing happens. */
static int64_t next_deadline(const struct trine__loop *loop)
{
    int64_t deadline = trine__timers_next(&loop->timers);
    if (loop->resting_count > RESTING_KEPT && loop->trim_at < deadline && !trine__clock_simulated())
        deadline = loop->trim_at;
    return deadline;
}

/* Falling asleep and waking costs about as much as a wait of NAP_LEAST. Where timers are closer
 * together than that, one sleep serves several of them. */
static int64_t not_too_soon(const struct trine__loop *loop, int64_t deadline)
{
    if (deadline == TRINE_FOREVER || trine__clock_simulated())
        return deadline;
    int64_t nap = loop->due * NAP_TIMER;
    nap = nap < NAP_LEAST ? NAP_LEAST : nap > NAP_MOST ? NAP_MOST : nap;
    int64_t soon = trine__clock_monotonic() + nap;
    return deadline < soon ? soon : deadline;
}

/* Looks for a while whether mail comes that a task is waiting for; so neither this thread has to
 * fall asleep nor the other to wake it. */
static bool mail_comes_soon(struct trine__loop *loop)
{
    if (loop->mail_expected == 0 || !trine__cpus_several() ||
        (loop->timers.count > 0 && next_deadline(loop) <= not_too_soon(loop, 0)))
        return false;
    for (unsigned i = 0; i < loop->spins; i++) {
        if (!trine__inbox_empty(&loop->inbox)) {
            loop->spins = loop->spins < SPINS_MAX ? loop->spins * 2 : SPINS_MAX;
            return true;
        }
        trine__pause();
    }
    loop->spins = loop->spins > SPINS_MIN ? loop->spins / 2 : SPINS_MIN;
    return false;
}

static void sleep_until_something(struct trine__loop *loop)
{
    atomic_store(&loop->sleeping,
                 true); /* first the flag, then the look: a poster does the reverse */
    if (!loop->alone)
        atomic_fetch_add(&loop->runtime->idle, 1);
    bool stay = !has_work(loop) && !trine__fresh_anywhere(loop) && !over(loop->runtime);
    if (stay || loop->poller->pending > 0)
        poll_until(loop, stay ? not_too_soon(loop, next_deadline(loop)) : 0);
    if (!loop->alone)
        atomic_fetch_sub(&loop->runtime->idle, 1);
    atomic_store(&loop->sleeping, false);
}

static void trim(struct trine__loop *loop)
{
    int64_t now = trine__clock_monotonic();
    if (now < loop->trim_at)
        return;
    loop->trim_at = now + TRIM_PERIOD;
    bool judge = ++loop->trims % TRIMS_UNUSED == 0;
    size_t keep = loop->resting_count;
    if (judge && loop->resting_least > RESTING_KEPT)
        keep = keep - loop->resting_least + RESTING_KEPT;
    trine__strands_trim(loop, keep);
    if (judge)
        loop->resting_least = loop->resting_count;
}

/* A deadline is a promise of time, the ready queue one of order only: those whose time has come go
 * before those who wait for their turn, among themselves in the order of their deadlines. */
static void fire_timers(struct trine__loop *loop)
{
    struct trine__task_queue waiting = loop->ready;
    loop->ready = (struct trine__task_queue){ 0 };
    loop->due = (unsigned)trine__timers_fire(&loop->timers, trine__clock_monotonic(), DUE_PER_TURN);
    struct trine__task_queue due = loop->ready;
    loop->ready = waiting;
    put_before(&due, loop);
}

/* Completions and mail first, timers after them: a value that came in time beats its deadline. */
static void gather_news(struct trine__loop *loop)
{
    trine__loop_deliver(loop);
    trine__interrupt_check(loop);
    loop->due = 0;
    if (loop->timers.count > 0)
        fire_timers(loop);
    if (!loop->alone)
        trine__fresh_take(loop);
    if (loop->resting_count > RESTING_KEPT || loop->retired != NULL)
        trim(loop);
}

static bool nothing_to_run(struct trine__loop *loop)
{
    return loop->ready.first == NULL && trine__inbox_empty(&loop->inbox);
}

/* After one more look that finds nothing to run, whoever waits for just that goes on. */
static void settle(struct trine__loop *loop)
{
    poll_until(loop, 0);
    gather_news(loop);
    if (!nothing_to_run(loop))
        return;
    struct trine__parker *parker = loop->settling;
    loop->settling = NULL;
    while (parker != NULL) {
        struct trine__parker *next = parker->next;
        trine__unpark(parker);
        parker = next;
    }
}

/* In simulated time what is pending is a thread at work: it will bring something to run. */
static bool may_settle(struct trine__loop *loop)
{
    return loop->settling != NULL && !(trine__clock_simulated() && loop->poller->pending > 0);
}

static void turn(struct trine__loop *loop)
{
    if (nothing_to_run(loop) && may_settle(loop)) {
        settle(loop);
        return;
    }
    if (nothing_to_run(loop) && !mail_comes_soon(loop))
        sleep_until_something(loop);
    else if (loop->poller->pending > 0)
        poll_until(loop, 0);
    gather_news(loop);
}

bool trine__loop_glance(struct trine__loop *loop)
{
    atomic_store(&loop->sleeping, false);
    poll_until(loop, 0);
    gather_news(loop);
    dispatch(loop);
    return has_work(loop);
}

int trine__loop_watch(struct trine__loop *loop, int64_t *ret_until)
{
    bool news = false;
    atomic_store(&loop->sleeping, true); /* as sleep_until_something() */
    int fd = trine__poller_watch(loop->poller, &news);
    *ret_until = news || has_work(loop) ? 0 : next_deadline(loop);
    return fd;
}

void trine__loop_run(struct trine__loop *loop, bool (*finished)(struct trine__loop *loop))
{
    for (;;) {
        dispatch(loop);
        if (finished(loop))
            return;
        turn(loop);
    }
}

/* ---- life */

static void root_ended(struct trine__family *family, struct trine__task *task)
{
    struct trine__loop *loop = TRINE__CONTAINER(family, struct trine__loop, root);
    struct trine__runtime *runtime = loop->runtime;
    trine__family_remove(family, task);
    if (loop->number == 0 && !runtime->main_ended && runtime->main == task) {
        runtime->outcome = task->future.outcome;
        runtime->error = trine__error_ref(task->future.error);
        runtime->main_ended = true;
        trine__future_mark_read(&task->future);
    }
    if (task->future.outcome < 0 && task->future.outcome == task->context.cancelled)
        trine__future_mark_read(&task->future); /* it ended as the end of the run made it end */
    trine_future_unref(&task->future);
    if (atomic_fetch_sub(&runtime->roots, 1) == 1 && atomic_load(&runtime->stopping)) {
        for (unsigned i = 0; i < runtime->loop_count; i++)
            wake(runtime->loops[i]);
    }
}

struct trine__task *trine__loop_spawn_root(struct trine__loop *loop, trine_fn fn, void *arg,
                                           const char *name, const char *site)
{
    struct trine__task *task = trine__task_new(loop, &loop->root, fn, arg, name, site, 0);
    if (task == NULL)
        return NULL;
    trine__family_add(&loop->root, task);
    atomic_fetch_add(&loop->runtime->roots, 1);
    trine__loop_ready(loop, task);
    task->context.state = TRINE__TASK_NEW;
    return task;
}

int trine__loop_new(struct trine__runtime *runtime, unsigned number, struct trine__loop **ret)
{
    struct trine__loop *loop = trine__alloc_aligned(_Alignof(struct trine__loop), sizeof *loop);
    if (loop == NULL)
        return -ENOMEM;
    *loop = (struct trine__loop){ .runtime = runtime,
                                  .number = number,
                                  .alone = runtime->loop_count == 1,
                                  .spins = SPINS_MAX,
                                  .root_context = { .loop = loop },
                                  .root = { .ended = root_ended } };
    loop->root.scope = (struct trine_scope){ .context = &loop->root_context,
                                             .deadline = TRINE_FOREVER,
                                             .family = true };
    loop->root_context.scope = &loop->root.scope;
    *ret = loop;
    return 0;
}

int trine__loop_enter(struct trine__loop *loop, const char *poller)
{
    int error = trine__fiber_supported();
    if (error == 0)
        error = trine__poller_open(poller, &loop->poller);
    if (error == 0)
        error = trine__stack_cache_new(&loop->stacks);
    if (error == 0)
        error = trine__overflow_install();
    if (error == 0)
        error = trine__overflow_enter_thread();
    if (error < 0)
        return error;
    trine__fiber_init_thread(&loop->fiber);
    trine__loop_here = loop;
    return 0;
}

void trine__loop_at_exit(struct trine__loop *loop, struct trine__loop_exit *exit)
{
    exit->next = loop->exits;
    loop->exits = exit;
}

void trine__loop_leave(struct trine__loop *loop)
{
    while (loop->exits != NULL) {
        struct trine__loop_exit *exit = loop->exits;
        loop->exits = exit->next;
        exit->run(exit);
    }
    trine__callbacks_drop(loop);
    while (loop->poller != NULL && loop->poller->pending > 0)
        poll_until(loop, TRINE_FOREVER);
    trine__loop_deliver(loop);
    while (atomic_load(&loop->posters) > 0)
        trine__sys_thread_yield();
    trine__strands_trim(loop, 0);
    trine__overflow_leave_thread();
    trine__loop_here = NULL;
}

void trine__loop_free(struct trine__loop *loop)
{
    if (loop == NULL)
        return;
    trine__poller_close(loop->poller);
    trine__stack_cache_free(loop->stacks);
    trine__timers_done(&loop->timers);
    trine__task_slab_return(loop);
    trine__free(loop);
}
