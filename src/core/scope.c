/* SPDX-License-Identifier: MIT */
/* Scopes form the tree that cancellation follows.
 *
 *     run's scope <- root family <- [main task: scope <- group A <- scope]
 *                                                          ^
 *                                      [child task: scope] [child task]
 *
 * Upwards, each scope knows its parent; the base of a task's chain is its family's scope, which
 * lives in the parent's chain. Downwards, a family knows its children. Whether a call must fail is
 * the state of the outermost cancelled scope above it, up to the first shield; each task keeps that
 * as one number, brought up to date when a cancel walks down the tree (cancels are rare, blocking
 * calls are not). A plain thread has no timers: its scopes compare deadlines with the clock. */
#include "base/list.h"
#include "base/must.h"
#include "core/quick.h"
#include "core/reason.h"
#include "core/thread_context.h"
#include "sys/sys.h"

/* ---- looking up */

static int state_of(const struct trine_scope *scope)
{
    return __atomic_load_n(&scope->state, __ATOMIC_RELAXED);
}

static void set_state(struct trine_scope *scope, int code)
{
    __atomic_store_n(&scope->state, code, __ATOMIC_SEQ_CST); /* before looking who sleeps */
}

struct trine__cause trine__cause_above(const struct trine__context *context)
{
    struct trine__cause cause = { 0 };
    const struct trine_scope *scope = context->scope;
    for (;;) {
        for (; scope != NULL && scope->context == context; scope = scope->parent) {
            int state = state_of(scope);
            if (state != 0)
                cause = (struct trine__cause){ state, scope, NULL };
            if (scope->shield)
                return cause;
        }
        if (__atomic_load_n(&context->cancelled_by, __ATOMIC_RELAXED) != 0)
            cause = (struct trine__cause){ -ECANCELED, NULL, context };
        if (scope == NULL)
            return cause;
        context = scope->context;
    }
}

int trine__scope_code(const struct trine__context *context)
{
    return trine__cause_above(context).code;
}

int trine__scope_deliver(struct trine__context *context)
{
    struct trine__cause cause = trine__cause_above(context);
    if (cause.code == 0)
        return 0;
    struct trine__context *owner = context;
    for (struct trine_scope *scope = context->scope; scope != NULL; scope = scope->parent) {
        if (scope->context != owner) {
            if (owner == cause.self)
                break;
            owner = scope->context;
        }
        __atomic_store_n(&scope->delivered, cause.code, __ATOMIC_RELAXED);
        if (scope == cause.scope)
            break;
    }
    return cause.code;
}

int64_t trine__scope_deadline(const struct trine__context *context)
{
    int64_t deadline = TRINE_FOREVER;
    for (const struct trine_scope *scope = context->scope; scope != NULL; scope = scope->parent) {
        if (scope->deadline < deadline)
            deadline = scope->deadline;
        if (scope->shield)
            break;
    }
    return deadline;
}

/* A plain thread's scopes whose time has come; `waited`: the call has tried and would block. */
void trine__scope_expire_thread(struct trine__context *context, int64_t now, bool waited)
{
    for (struct trine_scope *scope = context->scope; scope != NULL; scope = scope->parent) {
        if (scope->deadline <= now && (waited || !scope->once) && state_of(scope) == 0)
            set_state(scope, -ETIMEDOUT);
        if (scope->shield)
            break;
    }
}

/* ---- cancelling: down the tree */

static void deliver_to_task(struct trine__mail *mail);

static struct trine__loop *loop_of(const struct trine__task *task)
{
    return __atomic_load_n(&task->context.loop, __ATOMIC_SEQ_CST);
}

/* Whether `task` is of this loop, and if so whether it has started. One that has not may be taken
 * by another loop at any time: its number is brought up to date while that cannot happen, and it
 * has nothing below it. `letter`: a cancel for it has arrived; its box is then free again. */
enum place { ELSEWHERE, NOT_STARTED, HERE };
static enum place place_of(struct trine__task *task, struct trine__loop *loop, bool letter)
{
    trine__fresh_hold(loop);
    enum place place = ELSEWHERE;
    if (loop_of(task) == loop)
        place = task->context.state == TRINE__TASK_NEW ? NOT_STARTED : HERE;
    if (place == NOT_STARTED)
        __atomic_store_n(&task->context.cancelled, trine__scope_code(&task->context),
                         __ATOMIC_RELAXED);
    if (place != ELSEWHERE && letter)
        atomic_store(&task->context.mail_state, TRINE__MAIL_IDLE);
    trine__fresh_release(loop);
    return place;
}

/* Tells one task. A task of another loop is told by mail, and its children by that loop. True if
 * the walk goes on below it here. */
static bool tell(struct trine__task *task, struct trine__loop *loop)
{
    enum place place = place_of(task, loop, false);
    if (place == HERE)
        trine__task_interrupt(task);
    else if (place == ELSEWHERE)
        trine__task_mail_cancel(task, deliver_to_task);
    return place == HERE && task->context.state != TRINE__TASK_ENDED;
}

/* The next task in a walk of everything under `top`, families inside out; `scope` is the place
 * reached in `context`'s chain. NULL: the walk is over. `until` ends it at a scope of top's own
 * chain. */
static struct trine__task *next_below(struct trine__context *top, const struct trine_scope *until,
                                      struct trine__context *context, struct trine_scope *scope)
{
    for (;;) {
        for (; scope != NULL && scope->context == context; scope = scope->parent) {
            if (scope->family) {
                struct trine__family *family = TRINE__CONTAINER(scope, struct trine__family, scope);
                if (family->first != NULL)
                    return family->first;
            }
            if (context == top && scope == until)
                return NULL;
        }
        if (context == top)
            return NULL;
        struct trine__task *task = trine__task_of(context);
        if (task->sibling_next != NULL)
            return task->sibling_next;
        struct trine_scope *family = &task->family->scope;
        context = family->context;
        if (context == top && family == until)
            return NULL;
        scope = family->parent;
    }
}

/* Goes past `task` without going below it. */
static struct trine__task *next_beside(struct trine__context *top, const struct trine_scope *until,
                                       struct trine__task *task)
{
    return next_below(top, until, &task->context, NULL);
}

/* Tells `top` and everything below: in families of its chain up to and including `until` (NULL:
 * all). */
static void tell_tree(struct trine__context *top, const struct trine_scope *until)
{
    struct trine__loop *loop = trine__loop_here;
    if (top != &loop->root_context)
        trine__task_interrupt(trine__task_of(top));
    struct trine__task *task = next_below(top, until, top, top->scope);
    while (task != NULL) {
        if (tell(task, loop))
            task = next_below(top, until, &task->context, task->context.scope);
        else
            task = next_beside(top, until, task);
    }
}

struct trine__task *trine__tree_next(struct trine__context *top, struct trine__task *task)
{
    if (task == NULL)
        return next_below(top, NULL, top, top->scope);
    if (place_of(task, trine__loop_here, false) != HERE)
        return next_beside(top, NULL, task);
    return next_below(top, NULL, &task->context, task->context.scope);
}

static void deliver_to_task(struct trine__mail *mail)
{
    struct trine__task *task = TRINE__CONTAINER(mail, struct trine__task, mail);
    enum place place = place_of(task, trine__loop_here, true);
    if (place == ELSEWHERE) /* taken meanwhile */
        trine__loop_post(loop_of(task), mail);
    else if (place == HERE && task->context.state != TRINE__TASK_ENDED)
        tell_tree(&task->context, NULL);
}

void trine__scope_cancel_local(struct trine_scope *scope, int code, const char *reason)
{
    if (state_of(scope) != 0)
        return;
    trine__reason_give(scope, reason);
    set_state(scope, code);
    tell_tree(scope->context, scope);
}

void trine__task_cancel_self(struct trine__task *task)
{
    trine__reason_give_self(&task->context);
    struct trine__loop *loop = trine__loop_here;
    enum place place = loop != NULL ? place_of(task, loop, false) : ELSEWHERE;
    if (place == HERE)
        tell_tree(&task->context, NULL);
    else if (place == ELSEWHERE)
        trine__task_mail_cancel(task, deliver_to_task);
}

void trine__scope_deliver_cancel(struct trine__mail *mail)
{
    struct trine_scope *scope = TRINE__CONTAINER(mail, struct trine_scope, mail);
    trine__scope_cancel_local(scope, -ECANCELED, trine__reason_of(scope));
    __atomic_store_n(&scope->posted, 2, __ATOMIC_RELEASE);
}

void trine_scope_cancel(struct trine_scope *scope, const char *reason)
{
    struct trine__context *context = scope->context;
    if (context->loop == NULL) {
        trine__reason_give(scope, reason);
        set_state(scope, -ECANCELED);
        trine__thread_interrupt(context);
    } else if (context->loop == trine__loop_here) {
        trine__scope_cancel_local(scope, -ECANCELED, reason);
    } else {
        uint32_t none = 0;
        if (!__atomic_compare_exchange_n(&scope->posted, &none, 1, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            return;
        trine__reason_give(scope, reason);
        trine__loop_post(context->loop, &scope->mail);
    }
}

static void expire(struct trine__timer *timer)
{
    struct trine_scope *scope = TRINE__CONTAINER(timer, struct trine_scope, timer);
    trine__scope_cancel_local(scope, -ETIMEDOUT, "deadline");
}

/* ---- opening and closing */

/* Outside tasks on a loop's own thread nothing can block, so nothing is bounded either. */
static struct trine__context *context_for_scope(void)
{
    struct trine__context *context = trine__here();
    return context != NULL ? context : &trine__loop_here->root_context;
}

int trine__scope_limit(struct trine_scope *scope, int64_t deadline)
{
    struct trine__loop *loop = scope->context->loop;
    scope->deadline = deadline;
    scope->timer.fire = expire;
    return loop != NULL ? trine__timer_start(&loop->timers, &scope->timer, deadline) : 0;
}

void trine__scope_open_until(struct trine_scope *scope, int64_t deadline)
{
    struct trine__context *context = context_for_scope();
    trine__scope_enter(scope, context);
    if (deadline != TRINE_FOREVER && trine__scope_limit(scope, deadline) < 0)
        trine__scope_cancel_local(scope, -ENOMEM, "no memory for its timer");
}

void trine_scope_open(struct trine_scope *scope, int64_t limit)
{
    if (limit == TRINE_FOREVER) {
        trine__scope_open_until(scope, TRINE_FOREVER);
        return;
    }
    int64_t now = trine__clock_monotonic();
    if (limit < 0)
        limit = 0;
    trine__scope_open_until(scope, limit < TRINE_FOREVER - now ? now + limit : TRINE_FOREVER);
    scope->once = limit == 0;
}

int trine_scope_close(struct trine_scope *scope)
{
    struct trine__context *context = scope->context;
    if (trine__thread_here.orphan && context->loop != trine__loop_here)
        return TRINE_EFORKED;
    trine_must(context == context_for_scope() && context->scope == scope,
               "scopes and groups must be closed in the reverse order of opening, by the task that "
               "opened them");
    if (scope->timer.number != 0)
        trine__timer_stop(&context->loop->timers, &scope->timer);
    while (__atomic_load_n(&scope->posted, __ATOMIC_ACQUIRE) == 1)
        trine__loop_settle(context->loop); /* a cancel from elsewhere is on its way to this frame */
    context->scope = scope->parent;
    if (context->cancelled != 0 || scope->shield)
        context->cancelled = context->loop != NULL ? trine__scope_code(context) : 0;
    return scope->delivered;
}

void trine_shield_open(struct trine_scope *scope, int64_t limit)
{
    trine_scope_open(scope, limit);
    scope->shield = true;
    scope->context->cancelled = scope->state;
}

int trine_shield_close(struct trine_scope *scope)
{
    return trine_scope_close(scope);
}

int trine_cancelled(void)
{
    struct trine__context *context = trine__here();
    if (context == NULL)
        return 0;
    if (context->loop == NULL && context->scope != NULL)
        trine__scope_expire_thread(context, trine__clock_monotonic(), false);
    return trine__scope_code(context);
}
