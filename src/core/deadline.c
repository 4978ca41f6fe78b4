/* SPDX-License-Identifier: MIT */
/* Deadlines that are moved while their scope is open. */
#include "base/must.h"
#include "core/loop.h"
#include "core/thread_context.h"
#include "sys/sys.h"

static bool opened_here(const struct trine_scope *scope)
{
    const struct trine__context *here = trine__here();
    return scope->context == (here != NULL ? here : &trine__loop_here->root_context);
}

static bool is_over(const struct trine_scope *scope, int64_t now)
{
    return __atomic_load_n(&scope->state, __ATOMIC_RELAXED) != 0 || scope->deadline <= now;
}

/* All or nothing: what can fail comes first. */
static int move_timer(struct trine__loop *loop, struct trine_scope *scope, int64_t when)
{
    if (scope->timer.number == 0 && when != TRINE_FOREVER &&
        trine__timers_reserve(&loop->timers) < 0)
        return -ENOMEM;
    trine__timer_stop(&loop->timers, &scope->timer);
    scope->deadline = when;
    return when != TRINE_FOREVER ? trine__scope_limit(scope, when) : 0;
}

static int move(struct trine_scope *scope, int64_t now, int64_t when, bool once)
{
    struct trine__loop *loop = scope->context->loop;
    if (trine__thread_here.orphan && loop != trine__loop_here)
        return TRINE_EFORKED;
    trine_must(opened_here(scope),
               "a scope's deadline may be moved by the task that opened it only");
    if (is_over(scope, now))
        return -EALREADY;
    if (loop != NULL && move_timer(loop, scope, when) < 0)
        return -ENOMEM;
    scope->deadline = when;
    scope->once = once;
    return 0;
}

int trine_scope_set_limit(struct trine_scope *scope, int64_t limit)
{
    if (scope == NULL)
        return TRINE_ENOLOOP;
    int64_t now = trine__clock_monotonic();
    if (limit < 0)
        limit = 0;
    return move(scope, now, limit < TRINE_FOREVER - now ? now + limit : TRINE_FOREVER, limit == 0);
}

int trine_scope_set_deadline(struct trine_scope *scope, int64_t when)
{
    return scope != NULL ? move(scope, trine__clock_monotonic(), when, false) : TRINE_ENOLOOP;
}

int64_t trine_scope_deadline(const struct trine_scope *scope)
{
    return scope != NULL ? scope->deadline : TRINE_FOREVER;
}
