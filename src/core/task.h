/* SPDX-License-Identifier: MIT */
/* A task: a future, a context, and what to run. Its record is small and comes from the loop's slab;
 * the stack, and with it the strand at the stack's top, is bound when the task first runs:
 *
 *     low | guard | ...untouched... | frames of fn | strand | struct trine__stack | high
 *
 * so a task that has not started costs its record only, tasks that never block share one warm
 * stack, and a parked task costs its record and one page. */
#ifndef TRINE_CORE_TASK_H
#define TRINE_CORE_TASK_H

#include "core/context.h"
#include "core/future.h"
#include "core/park.h"
#include "fiber/fiber.h"
#include "fiber/stack.h"
#include <trine/task.h>

enum trine__task_state {
    TRINE__TASK_NEW,   /* spawned; has no stack */
    TRINE__TASK_READY, /* in a loop's ready queue, or on the way there */
    TRINE__TASK_RUNNING,
    TRINE__TASK_PARKED,
    TRINE__TASK_ENDED
};

struct trine__strand {
    struct trine__fiber fiber;
    size_t size;                /* as asked for: which tasks it fits */
    struct trine__strand *next; /* at rest between two tasks */
};

/* 160 bytes: a parked task costs little more than its page. What a yield needs lies in one cache
 * line, for that is a pair of 32 bytes. */
struct trine__task {
    _Alignas(32) struct trine_future future; /* first: a task's future is the task */
    struct trine__family *family;
    void *arg;
    struct trine__task *sibling_prev, *sibling_next; /* in the family */

    union {
        struct trine__task *next;     /* in the ready queue, the slab's free list, a backlog */
        struct trine__parker *parker; /* while its state is PARKED, when it is in none of these */
    };
    struct trine__strand *strand; /* NULL until it first runs and after it ended */
    struct trine__context context;

    struct trine__owner owner; /* its name and where it was spawned */
    struct trine__mail mail;   /* between loops: a cancel on the way in, the end on the way out */
};
_Static_assert(sizeof(struct trine__task) == 160, "a million tasks are a million records");

static inline struct trine__stack *trine__strand_stack(struct trine__strand *strand)
{
    return (struct trine__stack *)(void *)(strand + 1);
}

static inline struct trine__task *trine__task_of(struct trine__context *context)
{
    return (struct trine__task *)(void *)((char *)context - offsetof(struct trine__task, context));
}

extern const struct trine__future_kind trine__task_kind;

/* The task whose future this is; NULL: it is of another kind. */
static inline struct trine__task *trine__task_of_future(struct trine_future *future)
{
    return future->kind == &trine__task_kind ? (struct trine__task *)(void *)future : NULL;
}

/* "function" of "file.c:12 function". */
const char *trine__site_name(const char *site);

/* A walk of every task below `top`, parents first: begins with NULL, ends with NULL. */
struct trine__task *trine__tree_next(struct trine__context *top, struct trine__task *task);
const char *trine__task_name_of(const struct trine__task *task);

/* The task's one letter between loops, by mail->deliver on the receiving loop. A cancel that finds
 * the letter in use is not sent: the start will see it, or the end is on its way and nothing needs
 * it. A task does not end while a cancel is on its way. */
enum { TRINE__MAIL_IDLE, TRINE__MAIL_START, TRINE__MAIL_CANCEL, TRINE__MAIL_END };
void trine__task_mail_cancel(struct trine__task *task, void (*deliver)(struct trine__mail *mail));

/* trine_cancel() of the task itself. On any loop's thread. */
void trine__task_cancel_self(struct trine__task *task);
/* A cancel has reached `task`: bring its context up to date and, if it is parked, ask it to go on.
 * On the task's own loop. */
void trine__task_interrupt(struct trine__task *task);

#endif
