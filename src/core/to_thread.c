/* SPDX-License-Identifier: MIT */
#include "core/to_thread.h"
#include "base/error.h"
#include "base/list.h"
#include "core/local.h"
#include "core/loop.h"
#include "core/thread_context.h"
#include "sys/sys.h"

/* Blocking calls wait for other machines and disks rather than compute, so there may be many more
 * of them than processors. */
#define CALLS_MAX 64

/* The caller may leave before the call ends, so the record is on the heap: who comes second frees
 * it. */
struct call {
    struct trine__work work;
    struct trine__shared_workers *workers;
    trine_fn fn;
    void *arg;
    void (*abandoned)(void *arg);
    struct trine__parker *parker; /* the caller, while it waits */
    struct trine__locals *locals; /* the caller's; NULL: none */
    int outcome;
    struct trine_error *error;
    _Atomic(int) state;
};

enum { WAITED_FOR, ENDED, LEFT };

/* The caller's side, in its frame. */
struct caller {
    struct trine__parker parker;
    struct call *call; /* NULL once it belongs to the worker */
};

static void run(struct trine__work *work)
{
    struct call *call = TRINE__CONTAINER(work, struct call, work);
    struct trine__locals **locals = &trine__thread_here.context.locals;
    *locals = call->locals;
    call->outcome = call->fn(call->arg);
    trine__locals_unref(*locals); /* its own by now, if it set any */
    *locals = NULL;
    call->error = trine__error_take();
    trine__shared_workers_over(call->workers);
    struct trine__parker *parker = call->parker;
    int waited_for = WAITED_FOR;
    if (atomic_compare_exchange_strong(&call->state, &waited_for, ENDED)) {
        trine__unpark(parker);
        return;
    }
    call->abandoned(call->arg);
    trine__error_unref(call->error);
    trine__free(call);
}

/* It never ran. */
static void forget(struct call *call)
{
    trine__locals_unref(call->locals);
    trine__free(call);
}

/* It never ran, or it goes on without us; else its end is waited for. */
static enum trine__cancel leave(void *arg)
{
    struct caller *caller = arg;
    struct call *call = caller->call;
    if (trine__shared_workers_withdraw(call->workers, &call->work)) {
        if (call->abandoned != NULL)
            call->abandoned(call->arg);
        forget(call);
        caller->call = NULL;
        return TRINE__CANCELLED;
    }
    int waited_for = WAITED_FOR;
    if (call->abandoned == NULL || !atomic_compare_exchange_strong(&call->state, &waited_for, LEFT))
        return TRINE__CANCEL_PENDING;
    caller->call = NULL;
    return TRINE__CANCELLED;
}

/* Simulated time stands still while a real thread works. */
static int park(struct caller *caller, const char *what)
{
    struct trine__loop *loop = caller->parker.context->loop;
    if (loop != NULL)
        loop->poller->pending++;
    int error = trine__park(&caller->parker, leave, caller, what);
    if (loop != NULL)
        loop->poller->pending--;
    return error;
}

static int outcome_of(struct call *call)
{
    if (call->outcome < 0)
        trine__error_keep(call->error);
    else
        trine__error_unref(call->error);
    return call->outcome;
}

static int submit(struct caller *caller, const struct call *what_to_do)
{
    int error = trine__checkpoint();
    if (error == 0)
        error = trine__parker_init(&caller->parker);
    struct call *call = error == 0 ? trine__alloc(sizeof *call) : NULL;
    if (call == NULL)
        return error < 0 ? error : -ENOMEM;
    *call = *what_to_do;
    call->parker = &caller->parker;
    if (trine__locals_here() != NULL)
        call->locals = trine__locals_ref(trine__locals_here());
    error = trine__shared_workers_submit(call->workers, &call->work);
    if (error < 0)
        forget(call);
    else
        caller->call = call;
    return error;
}

int trine__to_thread(struct trine__shared_workers *workers, trine_fn fn, void *arg,
                     void (*abandoned)(void *arg), const char *what)
{
    struct caller caller;
    int error = submit(
        &caller,
        &(struct call){
            .work.run = run, .workers = workers, .fn = fn, .arg = arg, .abandoned = abandoned });
    if (error < 0) {
        if (abandoned != NULL)
            abandoned(arg);
        return error;
    }
    error = park(&caller, what);
    if (error == 0)
        error = outcome_of(caller.call);
    trine__free(caller.call);
    return error;
}

int trine_to_thread_with(trine_fn fn, void *arg, const struct trine_to_thread_options *options)
{
    static struct trine__shared_workers workers =
        TRINE__SHARED_WORKERS("trine-blocking", CALLS_MAX);
    static const struct trine_to_thread_options defaults;
    if (options == NULL)
        options = &defaults;
    if (trine__loop_here == NULL && options->abandoned == NULL) {
        int error = trine__checkpoint();
        return error < 0 ? error : fn(arg);
    }
    return trine__to_thread(&workers, fn, arg, options->abandoned, "a blocking call");
}
