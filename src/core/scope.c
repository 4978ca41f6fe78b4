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
#include "core/canceller.h"
#include "core/quick.h"
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

/* The outermost cause of a cancel above `context`: a scope, or a context that was cancelled itself.
 */
struct cause {
    int code;
    const struct trine_scope *scope;
    const struct trine__context *self;
};

static struct cause cause_above(const struct trine__context *context)
{
    struct cause cause = { 0 };
    const struct trine_scope *scope = context->scope;
    for (;;) {
        for (; scope != NULL && scope->context == context; scope = scope->parent) {
            int state = state_of(scope);
            if (state != 0)
                cause = (struct cause){ state, scope, NULL };
            if (scope->shield)
                return cause;
        }
        if (__atomic_load_n(&context->cancelled_by, __ATOMIC_RELAXED) != 0)
            cause = (struct cause){ -ECANCELED, NULL, context };
        if (scope == NULL)
            return cause;
        context = scope->context;
    }
}

int trine__scope_code(const struct trine__context *context)
{
    return cause_above(context).code;
}

int trine__scope_deliver(struct trine__context *context)
{
    struct cause cause = cause_above(context);
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
    trine__loop_hold_fresh(loop);
    enum place place = ELSEWHERE;
    if (loop_of(task) == loop)
        place = task->context.state == TRINE__TASK_NEW ? NOT_STARTED : HERE;
    if (place == NOT_STARTED)
        __atomic_store_n(&task->context.cancelled, trine__scope_code(&task->context),
                         __ATOMIC_RELAXED);
    if (place != ELSEWHERE && letter)
        atomic_store(&task->context.mail_state, TRINE__MAIL_IDLE);
    trine__loop_release_fresh(loop);
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

/* The first reason given counts. */
static void give_reason(struct trine_scope *scope, const char *reason)
{
    const char *none = NULL;
    __atomic_compare_exchange_n(&scope->reason, &none, reason, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
}

static const char *reason_of(const struct trine_scope *scope)
{
    return __atomic_load_n(&scope->reason, __ATOMIC_SEQ_CST);
}

/* Who cancels, where it is no task. */
static const char by_loop[] = "the loop", by_thread[] = "a thread";

/* Who cancels here and now. The first one counts, and what is kept of it outlives it. */
static void give_source(struct trine__canceller *source)
{
    const struct trine__task *task = trine__task_here();
    const char *none = NULL, *name = trine__loop_here != NULL ? by_loop : by_thread;
    if (task != NULL)
        name = trine__task_name_of(task);
    if (__atomic_compare_exchange_n(&source->name, &none, name, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
        __atomic_store_n(&source->site, task != NULL ? task->owner.site : NULL, __ATOMIC_RELEASE);
}

/* The same as a number, for a task's record. */
static void give_source_number(struct trine__context *context)
{
    const struct trine__task *task = trine__task_here();
    const char *site = trine__loop_here != NULL ? by_loop : by_thread;
    trine__canceller_give(context, trine__canceller_number(task != NULL ? task->owner.site : site));
}

static struct trine__canceller source_of_self(const struct trine__context *context)
{
    const char *site = trine__canceller_site(context);
    if (site == by_loop || site == by_thread)
        return (struct trine__canceller){ site, NULL };
    return (struct trine__canceller){ site != NULL ? trine__site_name(site) : NULL, site };
}

static struct trine__canceller source_of_scope(const struct trine_scope *scope)
{
    const char *name = __atomic_load_n(&scope->cancelled_by.name, __ATOMIC_ACQUIRE);
    const char *site =
        name != NULL ? __atomic_load_n(&scope->cancelled_by.site, __ATOMIC_ACQUIRE) : NULL;
    return (struct trine__canceller){ name, site };
}

void trine__scope_cancel_local(struct trine_scope *scope, int code, const char *reason)
{
    if (state_of(scope) != 0)
        return;
    give_reason(scope, reason);
    give_source(&scope->cancelled_by);
    set_state(scope, code);
    tell_tree(scope->context, scope);
}

void trine__task_cancel_self(struct trine__task *task)
{
    give_source_number(&task->context);
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
    trine__scope_cancel_local(scope, -ECANCELED, reason_of(scope));
    __atomic_store_n(&scope->posted, 2, __ATOMIC_RELEASE);
}

void trine_scope_cancel(struct trine_scope *scope, const char *reason)
{
    struct trine__context *context = scope->context;
    if (context->loop == NULL) {
        give_reason(scope, reason);
        give_source(&scope->cancelled_by);
        set_state(scope, -ECANCELED);
        trine__thread_interrupt(context);
    } else if (context->loop == trine__loop_here) {
        trine__scope_cancel_local(scope, -ECANCELED, reason);
    } else {
        uint32_t none = 0;
        if (!__atomic_compare_exchange_n(&scope->posted, &none, 1, false, __ATOMIC_ACQ_REL,
                                         __ATOMIC_RELAXED))
            return;
        give_reason(scope, reason);
        give_source(&scope->cancelled_by);
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

const char *trine_cancel_reason(void)
{
    struct trine__context *context = trine__here();
    if (context == NULL)
        return NULL;
    struct cause cause = cause_above(context);
    if (cause.code == 0)
        return NULL;
    const char *reason = cause.scope != NULL ? reason_of(cause.scope) : "cancelled";
    return reason != NULL ? reason : "cancelled";
}

bool trine_cancel_source(const char **ret_name, const char **ret_site)
{
    struct trine__context *context = trine__here();
    struct cause cause = { 0 };
    if (context != NULL)
        cause = cause_above(context);
    if (cause.code == 0)
        return false;
    struct trine__canceller source =
        cause.scope != NULL ? source_of_scope(cause.scope) : source_of_self(cause.self);
    bool deadline = cause.code == -ETIMEDOUT;
    *ret_name = deadline ? "the deadline" : source.name != NULL ? source.name : by_thread;
    *ret_site = deadline ? NULL : source.site;
    return true;
}
