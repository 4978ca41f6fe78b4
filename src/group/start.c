/* SPDX-License-Identifier: MIT */
/* A child that reports when it is ready. The starter and the child agree by one word:
 *
 *                  trine_started() ---> STARTED   the starter goes on; its frame may be gone
 *     STARTING ---<
 *         |        child ends --------> ENDED     its error is the starter's
 *         v                               ^
 *     GIVEN_UP (the starter is cancelled)-+       the child is cancelled; its end is waited for
 *
 * Whoever makes the step to STARTED or ENDED wakes the starter, once. The child keeps its half in a
 * scope at the bottom of its stack, where trine_started() finds it. */
#include "base/error.h"
#include "base/list.h"
#include "core/canceller.h"
#include "core/circle.h"
#include "core/loop.h"
#include "core/thread_context.h"
#include "group/spawn.h"
#include <stdio.h>

enum { STARTING, STARTED, GIVEN_UP, ENDED };

/* The starter's half. */
struct start {
    struct trine__waiter end; /* of the child */
    struct trine__parker parker;
    struct trine__need need;
    struct trine_future *child;
    trine_fn fn;
    void *arg, *value;
    bool given_up;
    int outcome; /* of a child that ended without having started */
    struct trine_error *error;
    _Atomic(uint32_t) state;
};

/* The child's half. */
struct handshake {
    struct trine_scope scope;
    struct start *start; /* NULL once it has started */
};

static bool step(struct start *start, uint32_t from, uint32_t to)
{
    return atomic_compare_exchange_strong(&start->state, &from, to);
}

/* ---- in the child */

static struct handshake *find_handshake(struct trine__context *context)
{
    struct trine_scope *scope = context != NULL ? context->scope : NULL;
    for (; scope != NULL && scope->context == context; scope = scope->parent) {
        if (scope->handshake)
            return TRINE__CONTAINER(scope, struct handshake, scope);
    }
    return NULL;
}

int trine_started(void *value)
{
    struct handshake *handshake = find_handshake(trine__here());
    if (handshake == NULL)
        return -EINVAL;
    struct start *start = handshake->start;
    if (start == NULL)
        return -EALREADY;
    start->value = value;
    if (!step(start, STARTING, STARTED))
        return -ECANCELED;
    handshake->start = NULL;
    trine__unpark(&start->parker);
    return 0;
}

/* The group is to see neither a success nor a failure. */
static int end_as_cancelled(struct trine__task *self)
{
    trine__canceller_give(&self->context, TRINE__CANCELLER_UNKNOWN);
    __atomic_store_n(&self->context.cancelled, -ECANCELED, __ATOMIC_RELAXED);
    return -ECANCELED;
}

static void leave_error(struct start *start, struct trine__task *self, int outcome)
{
    struct trine_error *error = trine__error_take();
    start->outcome = outcome;
    if (outcome >= 0) {
        trine__error_unref(error);
        start->outcome = -ECHILD;
        error = trine__error_newf(-ECHILD, "%s returned without calling trine_started()",
                                  trine__task_name_of(self));
    } else if (trine_error_code(error) != outcome) {
        trine__error_unref(error);
        error = trine__error_newf(outcome, "%s: %s", trine__task_name_of(self),
                                  trine_strerror(outcome));
    }
    trine__error_set_origin(error, self->owner.site);
    start->error = error;
}

static int run_child(void *arg)
{
    struct trine__task *self = trine__task_here();
    struct handshake handshake = { .start = arg };
    trine_scope_open(&handshake.scope, TRINE_FOREVER);
    handshake.scope.handshake = true;
    self->arg = handshake.start->arg; /* what trine_future_value() gives */
    int outcome = handshake.start->fn(self->arg);
    if (self->context.scope != &handshake.scope)
        return outcome; /* with scopes left open, in frames that a call would overwrite */
    trine_scope_close(&handshake.scope);
    if (handshake.start == NULL)
        return outcome;
    leave_error(handshake.start, self, outcome);
    return end_as_cancelled(self);
}

/* ---- in the starter */

/* Under the lock of the child's future. */
static void child_ended(struct trine__waiter *waiter)
{
    struct start *start = TRINE__CONTAINER(waiter, struct start, end);
    if (step(start, STARTING, ENDED) || step(start, GIVEN_UP, ENDED))
        trine__unpark(&start->parker);
}

static enum trine__cancel give_up(void *arg)
{
    struct start *start = arg;
    start->given_up = step(start, STARTING, GIVEN_UP);
    if (start->given_up)
        trine_cancel(start->child);
    return TRINE__CANCEL_PENDING;
}

static void follow_start(struct trine__need *need, struct trine__walk *walk)
{
    struct start *start = TRINE__CONTAINER(need, struct start, need);
    uint32_t state = atomic_load(&start->state);
    if (state == STARTING || state == GIVEN_UP)
        trine__walk_on(walk, &trine__task_of_future(start->child)->context);
}

/* The child has to end, come what may. */
static enum trine__refusal refuse_start(struct trine__need *need, bool at_last)
{
    return TRINE__REFUSED_NOT;
}

static void describe_start(struct trine__need *need, char *text, size_t size)
{
    snprintf(text, size, "waits for the start of");
}

static const struct trine__need_kind start_kind = { follow_start, refuse_start, describe_start };

/* Waits until the child has started or ended. */
static void wait_for_child(struct start *start)
{
    if (trine__future_watch(start->child, &start->end)) {
        trine__need_open(&start->need, &start_kind, start->parker.context);
        (void)trine__park(&start->parker, give_up, start, "the start of a child");
        trine__need_close(&start->need);
        (void)trine__future_unwatch(start->child, &start->end);
    } else if (!step(start, STARTING, ENDED)) { /* it started, and its wake is on the way */
        (void)trine__park(&start->parker, NULL, NULL, "the start of a child");
    }
}

/* Why the child did not start: the starter's cancel, or what the child left, or, if it never ran,
 * its future's outcome. */
static int judge_end(struct start *start)
{
    if (start->given_up) {
        trine__error_unref(start->error);
        return trine__scope_deliver(start->parker.context);
    }
    if (start->outcome == 0) {
        start->outcome = trine_future_outcome(start->child);
        start->error = trine__error_ref(start->child->error);
    }
    trine__error_keep(start->error);
    return start->outcome < 0 ? start->outcome : -ECHILD;
}

static int refuse(const struct trine_group *group)
{
    if (group->broken)
        return TRINE_ENOLOOP;
    return trine__thread_here.orphan ? TRINE_EFORKED : trine__checkpoint();
}

int trine_start_at(struct trine_group *group, trine_fn fn, void *arg,
                   const struct trine_spawn_options *options, const char *site, void **ret_value)
{
    struct start start = { .end.wake = child_ended, .fn = fn, .arg = arg };
    int error = refuse(group);
    if (error == 0)
        error = trine__parker_init(&start.parker);
    if (error < 0)
        return error;
    start.child = trine__spawn_kept(group, run_child, &start, options, site);
    if (start.child == NULL)
        return -ENOMEM;
    wait_for_child(&start);
    if (atomic_load(&start.state) == STARTED) {
        if (ret_value != NULL)
            *ret_value = start.value;
    } else {
        error = judge_end(&start);
    }
    trine_future_unref(start.child);
    return error;
}
