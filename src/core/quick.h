/* SPDX-License-Identifier: MIT */
/* What spawning, switching, ending and joining consist of, inline: each is a handful of loads and
 * stores, and the registers that a call saves would be more of them than the work itself.
 *
 * The rare halves are functions in loop.c, task.c and park.c. */
#ifndef TRINE_CORE_QUICK_H
#define TRINE_CORE_QUICK_H

#include "core/fresh.h"
#include "core/local.h"
#include "core/loop.h"
#include "core/strand.h"
#include "core/task_slab.h"

#define trine__likely(condition)   __builtin_expect(!!(condition), 1)
#define trine__unlikely(condition) __builtin_expect(!!(condition), 0)

/* Blocking calls that a task may make without blocking before the others get a turn (tokio's
 * figure). */
#define TRINE__BUDGET 128

/* ---- the ready queue */

static inline void trine__queue_push(struct trine__task_queue *queue, struct trine__task *task)
{
    task->next = NULL;
    if (queue->first == NULL)
        queue->first = task;
    else
        queue->last->next = task;
    queue->last = task;
}

static inline void trine__queue_push_front(struct trine__task_queue *queue,
                                           struct trine__task *task)
{
    task->next = queue->first;
    if (queue->first == NULL)
        queue->last = task;
    queue->first = task;
}

static inline struct trine__task *trine__queue_pop(struct trine__task_queue *queue)
{
    struct trine__task *task = queue->first;
    if (task != NULL)
        queue->first = task->next;
    return task;
}

/* Appends a task that has started to the ready queue. On the loop's thread. */
static inline void trine__loop_ready(struct trine__loop *loop, struct trine__task *task)
{
    task->context.state = TRINE__TASK_READY;
    trine__queue_push(&loop->ready, task);
}

/* Queues a task that has not started. On the loop's thread. */
static inline void trine__loop_start(struct trine__loop *loop, struct trine__task *task)
{
    if (trine__likely(loop->alone))
        trine__queue_push(&loop->ready, task);
    else
        trine__fresh_start(loop, task);
}

/* ---- strands */

static inline void trine__strand_occupy(struct trine__strand *strand, struct trine__task *task)
{
    trine__strand_stack(strand)->owner = &task->owner;
    task->strand = strand;
}

/* Takes the one that rests the shortest. */
static inline struct trine__strand *trine__strand_wake(struct trine__loop *loop)
{
    struct trine__strand *strand = loop->resting;
    loop->resting = strand->next;
    if (--loop->resting_count < loop->resting_least)
        loop->resting_least = loop->resting_count;
    return strand;
}

/* ---- dispatch */

/* Among very many tasks every one is cold, and farther away than one switch is long. While one
 * runs, fetches the record of the third after it, the strand of the second, and the frame that the
 * next goes on in. Always inline: a call that only fetches ahead counts as without effect, and the
 * compiler leaves it out. */
static inline __attribute__((always_inline)) void trine__look_ahead(const struct trine__task *next)
{
    const struct trine__task *second = next->next;
    if (second == NULL)
        return;
    __builtin_prefetch(
        (const void *)((uintptr_t)second->next + offsetof(struct trine__task, next)));
    if (second->strand != NULL)
        __builtin_prefetch(second->strand);
    if (next->strand == NULL)
        return;
    const char *frame = next->strand->fiber.sp;
    __builtin_prefetch(frame);
    __builtin_prefetch(frame + 64);
}

/* The next task to run, made current; NULL: go to the loop. */
static inline struct trine__task *trine__loop_take(struct trine__loop *loop)
{
    struct trine__task *task = loop->credits > 0 ? loop->ready.first : NULL;
    loop->current = task;
    if (trine__unlikely(task == NULL))
        return NULL;
    struct trine__task *next = task->next;
    loop->ready.first = next;
    loop->credits--;
    task->context.state = TRINE__TASK_RUNNING;
    task->context.budget = TRINE__BUDGET;
    if (next != NULL)
        trine__look_ahead(next);
    return task;
}

/* Where to go on with `task`, which was taken: its fiber; or the loop's, if there is none or no
 * memory for its stack. */
static inline struct trine__fiber *trine__loop_fiber_of(struct trine__loop *loop,
                                                        struct trine__task *task)
{
    if (trine__unlikely(task == NULL))
        return &loop->fiber;
    if (task->strand != NULL)
        return &task->strand->fiber;
    if (trine__likely(loop->resting != NULL && task->context.stack_class == 0)) {
        struct trine__strand *strand = trine__strand_wake(loop);
        trine__strand_occupy(strand, task);
        return &strand->fiber;
    }
    if (trine__strand_bind(loop, task) == 0)
        return &task->strand->fiber;
    trine__loop_refuse(loop, task);
    return &loop->fiber;
}

/* From `self`, which runs, goes on with the next task or with the loop; returns when `self` is
 * resumed. */
static inline void trine__loop_switch(struct trine__loop *loop, struct trine__task *self)
{
    struct trine__task *next = trine__loop_take(loop);
    if (next != self)
        trine__fiber_switch(&self->strand->fiber, trine__loop_fiber_of(loop, next));
}

/* Puts the running task at the end of the ready queue and goes on with the first. */
static inline void trine__loop_yield_quick(struct trine__loop *loop, struct trine__task *self)
{
    trine__loop_ready(loop, self);
    trine__loop_switch(loop, self);
}

/* ---- tasks */

/* log2 of the stack's size, rounded up. */
static inline uint8_t trine__stack_class_of(size_t stack_size)
{
    return stack_size < 2 ? 1 : (uint8_t)(64 - __builtin_clzll(stack_size - 1));
}

/* Fills the record `task`, field by field: clearing all of it first would cost as much again. */
static inline void trine__task_fill(struct trine__task *task, struct trine__loop *loop,
                                    struct trine__family *family, trine_fn fn, void *arg)
{
    trine__future_init(&task->future, &trine__task_kind);
    task->family = family;
    task->arg = arg;
    task->sibling_next = NULL;
    task->strand = NULL;
    task->context =
        (struct trine__context){ .scope = &family->scope, .loop = loop, .fn = fn }; /* NEW, IDLE */
}

/* Makes a task of `family` for `loop`; not in the family's list and not queued yet. NULL: no
 * memory. */
static inline struct trine__task *trine__task_new(struct trine__loop *loop,
                                                  struct trine__family *family, trine_fn fn,
                                                  void *arg, const char *name, const char *site,
                                                  size_t stack_size)
{
    struct trine__task *task = loop != NULL ? loop->free_tasks : NULL;
    if (trine__likely(task != NULL))
        loop->free_tasks = task->next;
    else if ((task = trine__task_slab_take(loop)) == NULL)
        return NULL;
    trine__task_fill(task, loop, family, fn, arg);
    struct trine__locals *locals = trine__locals_here();
    if (trine__unlikely(locals != NULL))
        task->context.locals = trine__locals_ref(locals);
    task->owner = (struct trine__owner){ name, site };
    if (stack_size != 0)
        task->context.stack_class = trine__stack_class_of(stack_size) & 0x7f;
    return task;
}

/* Gives an ended task's record back to the slab of the loop of this thread, */
static inline void trine__task_free_to(struct trine__loop *loop, struct trine__task *task)
{
    if (trine__unlikely(task->context.locals != NULL))
        trine__locals_unref(task->context.locals);
    task->next = loop->free_tasks;
    loop->free_tasks = task;
}

/* if there is one. */
static inline void trine__task_free(struct trine__task *task)
{
    struct trine__loop *loop = trine__loop_here;
    if (trine__likely(loop != NULL)) {
        trine__task_free_to(loop, task);
        return;
    }
    if (task->context.locals != NULL)
        trine__locals_unref(task->context.locals);
    trine__task_slab_give(task);
}

/* Whether nothing above a child of `family` is cancelled. The parent's own number holds for the
 * child where no inner scope stands between. */
static inline bool trine__family_calm(const struct trine__family *family)
{
    const struct trine__context *parent = family->scope.context;
    return parent->cancelled == 0 && family->scope.state == 0 && parent->scope == &family->scope;
}

static inline void trine__family_link(struct trine__family *family, struct trine__task *task)
{
    task->sibling_prev = family->last;
    if (family->last != NULL)
        family->last->sibling_next = task;
    else
        family->first = task;
    family->last = task;
}

/* Enters `task` in the family's list; on the family's loop. */
static inline void trine__family_add(struct trine__family *family, struct trine__task *task)
{
    trine__family_link(family, task);
    if (trine__unlikely(!trine__family_calm(family) ||
                        __atomic_load_n(&task->context.cancelled_by, __ATOMIC_SEQ_CST) != 0))
        task->context.cancelled = trine__scope_code(&task->context);
}

static inline void trine__family_remove(struct trine__family *family, struct trine__task *task)
{
    if (task->sibling_prev != NULL)
        task->sibling_prev->sibling_next = task->sibling_next;
    else
        family->first = task->sibling_next;
    if (task->sibling_next != NULL)
        task->sibling_next->sibling_prev = task->sibling_prev;
    else
        family->last = task->sibling_prev;
}

/* ---- scopes */

/* Opens `scope` in `context`, without a deadline. */
static inline void trine__scope_enter(struct trine_scope *scope, struct trine__context *context)
{
    scope->parent = context->scope;
    scope->context = context;
    scope->deadline = TRINE_FOREVER;
    scope->timer.number = 0;
    scope->reason = NULL;
    scope->cancelled_by.name = scope->cancelled_by.site = NULL;
    scope->mail.deliver = trine__scope_deliver_cancel;
    scope->state = scope->delivered = 0;
    scope->posted = 0;
    scope->shield = scope->once = scope->family = scope->handshake = false;
    context->scope = scope;
}

/* Whether trine_scope_close() in `context` would only go back to the parent: then this has. */
static inline bool trine__scope_left(struct trine_scope *scope, struct trine__context *context)
{
    if (context->scope != scope || context->cancelled != 0 || scope->timer.number != 0 ||
        scope->shield || __atomic_load_n(&scope->posted, __ATOMIC_ACQUIRE) == 1)
        return false;
    context->scope = scope->parent;
    return true;
}

/* ---- park and wake */

/* Whether trine__checkpoint() would only count: then this has, and `task` may park. */
static inline bool trine__checkpoint_passed(struct trine__task *task)
{
    if (trine__unlikely(task == NULL || task->context.cancelled != 0 || task->context.budget <= 1))
        return false;
    task->context.budget--;
    return true;
}

/* The same as trine__parker_init() for the running task. */
static inline void trine__parker_init_task(struct trine__parker *parker, struct trine__task *task)
{
    parker->context = &task->context;
    parker->mail.deliver = trine__parker_deliver;
    parker->result = 0;
    atomic_init(&parker->state, TRINE__PARKER_ARMED);
}

/* trine__park() in the running task, which is not cancelled (or `cancel` is NULL), before anybody
 * can have woken it. */
static inline int trine__park_task(struct trine__loop *loop, struct trine__task *task,
                                   struct trine__parker *parker, trine__cancel_fn cancel, void *arg,
                                   const char *what)
{
    parker->cancel = cancel;
    parker->arg = arg;
    parker->what = what;
    task->parker = parker;
    task->context.state = TRINE__TASK_PARKED;
    trine__loop_switch(loop, task);
    return parker->result;
}

/* A wake on the loop of the parked task. */
static inline void trine__unpark_here(struct trine__parker *parker)
{
    struct trine__task *task = trine__task_of(parker->context);
    atomic_store_explicit(&parker->state, TRINE__PARKER_WOKEN, memory_order_relaxed);
    if (task->context.state == TRINE__TASK_PARKED && task->parker == parker)
        trine__loop_ready(task->context.loop, task);
}

#endif
