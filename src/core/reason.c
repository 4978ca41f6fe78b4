/* SPDX-License-Identifier: MIT */
#include "core/reason.h"
#include "core/canceller.h"
#include "core/loop.h"

/* Who cancels, where it is no task. */
static const char by_loop[] = "the loop", by_thread[] = "a thread";

static const char *nobody_of(void)
{
    return trine__loop_here != NULL ? by_loop : by_thread;
}

/* What is kept of whoever cancels outlives it. */
static void give_source(struct trine__canceller *source)
{
    const struct trine__task *task = trine__task_here();
    const char *none = NULL, *name = task != NULL ? trine__task_name_of(task) : nobody_of();
    if (__atomic_compare_exchange_n(&source->name, &none, name, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_RELAXED))
        __atomic_store_n(&source->site, task != NULL ? task->owner.site : NULL, __ATOMIC_RELEASE);
}

void trine__reason_give(struct trine_scope *scope, const char *reason)
{
    const char *none = NULL;
    __atomic_compare_exchange_n(&scope->reason, &none, reason, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    give_source(&scope->cancelled_by);
}

void trine__reason_give_self(struct trine__context *context)
{
    const struct trine__task *task = trine__task_here();
    const char *site = task != NULL ? task->owner.site : nobody_of();
    trine__canceller_give(context, trine__canceller_number(site));
}

const char *trine__reason_of(const struct trine_scope *scope)
{
    return __atomic_load_n(&scope->reason, __ATOMIC_SEQ_CST);
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

static struct trine__cause cause_here(void)
{
    const struct trine__context *context = trine__here();
    return context != NULL ? trine__cause_above(context) : (struct trine__cause){ 0 };
}

const char *trine_cancel_reason(void)
{
    struct trine__cause cause = cause_here();
    if (cause.code == 0)
        return NULL;
    const char *reason = cause.scope != NULL ? trine__reason_of(cause.scope) : NULL;
    return reason != NULL ? reason : "cancelled";
}

bool trine_cancel_source(const char **ret_name, const char **ret_site)
{
    struct trine__cause cause = cause_here();
    if (cause.code == 0)
        return false;
    struct trine__canceller source =
        cause.scope != NULL ? source_of_scope(cause.scope) : source_of_self(cause.self);
    bool deadline = cause.code == -ETIMEDOUT;
    *ret_name = deadline ? "the deadline" : source.name != NULL ? source.name : by_thread;
    *ret_site = deadline ? NULL : source.site;
    return true;
}
