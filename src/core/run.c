/* SPDX-License-Identifier: MIT */
/* One run: its loops, its first task, and the order in which everything ends.
 *
 *     first task ends -> tasks left over are cancelled -> each loop runs dry -> threads are joined
 */
#include "base/error.h"
#include "base/list.h"
#include "core/interrupt.h"
#include "core/loop.h"
#include "core/thread_context.h"
#include "sys/sys.h"
#include <trine/run.h>

#define LOOPS_MAX        1024
#define LOOP_STACK_BYTES (1024 * 1024)
#define STOP_PATIENCE    TRINE_SECONDS(5)

struct stopper {
    struct trine__mail mail;
    struct trine__loop *loop;
};

/* Names what does not stop, once. */
struct patience {
    struct trine__timer timer;
    struct trine__loop *loop;
};

static void out_of_patience(struct trine__timer *timer)
{
    struct trine__loop *loop = TRINE__CONTAINER(timer, struct patience, timer)->loop;
    struct trine__task *task = trine__tree_next(&loop->root_context, NULL);
    for (; task != NULL; task = trine__tree_next(&loop->root_context, task)) {
        if (task->context.loop != loop || task->context.state != TRINE__TASK_ENDED)
            trine__report("the run is over, but task '%s' (spawned at %s) does not stop",
                          trine__task_name_of(task), task->owner.site);
    }
}

static void cancel_leftovers(struct trine__mail *mail)
{
    struct trine__loop *loop = TRINE__CONTAINER(mail, struct stopper, mail)->loop;
    trine__scope_cancel_local(&loop->root.scope, -ECANCELED, "the run is over");
}

/* No task is left anywhere: children of one loop's tasks may live on another loop. */
static bool dry(struct trine__loop *loop)
{
    return atomic_load(&loop->runtime->roots) == 0;
}

bool trine__run_main_ended(struct trine__loop *loop)
{
    return loop->runtime->main_ended;
}

static bool stopped(struct trine__loop *loop)
{
    return atomic_load(&loop->runtime->stopping) && dry(loop);
}

static void *further_loop(void *arg)
{
    struct trine__loop *loop = arg;
    loop->error = trine__loop_enter(loop, loop->runtime->poller);
    atomic_store(&loop->entered, true);
    trine__futex_wake(&loop->entered, 1);
    if (loop->error == 0) {
        trine__loop_run(loop, stopped);
        trine__loop_leave(loop);
    }
    return NULL;
}

static int start_further(struct trine__loop *loop)
{
    sigset_t all, old;
    sigfillset(&all);
    trine__sys_sigmask(SIG_SETMASK, &all, &old); /* signals are the first thread's */
    int error = trine__sys_thread_start(&loop->thread, further_loop, loop, LOOP_STACK_BYTES);
    trine__sys_sigmask(SIG_SETMASK, &old, NULL);
    if (error < 0)
        return error;
    loop->has_thread = true;
    while (!atomic_load(&loop->entered))
        trine__futex_wait(&loop->entered, false, TRINE_FOREVER);
    return loop->error;
}

/* Cancels what is left on every loop and waits for its end. */
static void stop(struct trine__runtime *runtime)
{
    struct trine__loop *first = runtime->loops[0];
    struct patience patience = { .timer.fire = out_of_patience, .loop = first };
    struct stopper stoppers[LOOPS_MAX];
    atomic_store(&runtime->stopping, true);
    for (unsigned i = 1; i < runtime->loop_count; i++) {
        if (!runtime->loops[i]->has_thread)
            continue;
        stoppers[i] =
            (struct stopper){ .mail.deliver = cancel_leftovers, .loop = runtime->loops[i] };
        trine__loop_post(runtime->loops[i], &stoppers[i].mail);
    }
    trine__scope_cancel_local(&first->root.scope, -ECANCELED, "the run is over");
    if (!dry(first)) {
        trine__timer_start(&first->timers, &patience.timer,
                           trine__clock_monotonic() + STOP_PATIENCE);
        trine__loop_run(first, dry);
        trine__timer_stop(&first->timers, &patience.timer);
    }
    for (unsigned i = 1; i < runtime->loop_count; i++) {
        if (runtime->loops[i]->has_thread)
            trine__sys_thread_join(runtime->loops[i]->thread);
    }
}

static int make_loops(struct trine__runtime *runtime)
{
    runtime->loops = trine__alloc_zero(runtime->loop_count, sizeof *runtime->loops);
    if (runtime->loops == NULL)
        return -ENOMEM;
    for (unsigned i = 0; i < runtime->loop_count; i++) {
        int error = trine__loop_new(runtime, i, &runtime->loops[i]);
        if (error < 0)
            return error;
    }
    return 0;
}

static void free_loops(struct trine__runtime *runtime)
{
    for (unsigned i = 0; runtime->loops != NULL && i < runtime->loop_count; i++)
        trine__loop_free(runtime->loops[i]);
    trine__free(runtime->loops);
}

/* A poller that was asked for by name is not replaced by another, so it is told which. */
static int explain_poller(const char *asked, int error)
{
    const char *name = asked != NULL ? asked : trine__getenv("TRINE_POLLER");
    if (name == NULL)
        return error;
    if (error == -EINVAL)
        return trine_fail(error, "there is no poller '%s': known are uring, epoll and sim%s", name,
                          asked == NULL ? "; see TRINE_POLLER" : "");
    return trine_fail(error, "the poller '%s' cannot run here: %s%s", name, trine_strerror(error),
                      asked == NULL ? "; see TRINE_POLLER" : "");
}

static int enter_loops(struct trine__runtime *runtime, const struct trine_run_options *options)
{
    struct trine__loop *loop = runtime->loops[0];
    int error = trine__loop_enter(loop, runtime->poller);
    if (error < 0 && loop->poller == NULL)
        error = explain_poller(runtime->poller, error);
    for (unsigned i = 1; i < runtime->loop_count && error == 0; i++)
        error = start_further(runtime->loops[i]);
    if (error == 0 && options->timeout > 0)
        error = trine__scope_limit(&loop->root.scope, trine__clock_monotonic() + options->timeout);
    return error;
}

int trine__run_begin(struct trine__runtime *runtime, const struct trine_run_options *options)
{
    static const struct trine_run_options defaults;
    *runtime = (struct trine__runtime){ 0 };
    if (options == NULL)
        options = &defaults;
    if (trine__loop_here != NULL || trine__thread_here.hosts != NULL)
        return trine_fail(-EDEADLK, "trine_run() inside a task: this thread runs a loop already");
    if (options->loops > LOOPS_MAX)
        return trine_fail(-EINVAL, "trine_run(): .loops = %u, at most %d", options->loops,
                          LOOPS_MAX);
    trine__context_prepare();
    trine__thread_here.forked = false;
    runtime->loop_count = options->loops > 0 ? options->loops : 1;
    runtime->stack_size = options->stack_size > 0 ? options->stack_size : TRINE__STACK_DEFAULT;
    runtime->poller = options->poller;
    runtime->takes_sigint = !options->ignore_sigint;
    int error = make_loops(runtime);
    return error == 0 ? enter_loops(runtime, options) : error;
}

int trine__run_start(struct trine__runtime *runtime, trine_fn fn, void *arg)
{
    struct trine__loop *loop = runtime->loops[0];
    runtime->main = trine__loop_spawn_root(loop, fn, arg, "main", "trine_run");
    if (runtime->main == NULL)
        return -ENOMEM;
    if (runtime->takes_sigint)
        trine__interrupt_open(loop);
    return 0;
}

int trine__run_end(struct trine__runtime *runtime, int error)
{
    struct trine__loop *loop = runtime->loops != NULL ? runtime->loops[0] : NULL;
    if (loop != NULL && trine__loop_here == loop) {
        trine__interrupt_close(loop);
        stop(runtime);
        trine__timer_stop(&loop->timers, &loop->root.scope.timer);
        trine__loop_leave(loop);
    }
    free_loops(runtime);
    if (error == 0)
        trine__error_keep(runtime->error); /* else the last error says why */
    return error < 0 ? error : runtime->outcome;
}

int trine_run(trine_fn fn, void *arg, const struct trine_run_options *options)
{
    struct trine__runtime runtime;
    int error = trine__run_begin(&runtime, options);
    if (error == 0)
        error = trine__run_start(&runtime, fn, arg);
    if (error == 0)
        trine__loop_run(runtime.loops[0], trine__run_main_ended);
    return trine__run_end(&runtime, error);
}
