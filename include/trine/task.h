/* SPDX-License-Identifier: MIT */
/* Tasks: ordinary functions on stacks of their own. Python: asyncio.create_task(), current_task().
 */
#ifndef TRINE_TASK_H
#define TRINE_TASK_H

#include <stdbool.h>
#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The shape of everything that can run as a task, in a pool or under a map. Arguments and results
 * live in a record that the caller owns; the return value is >= 0 or an error. */
typedef int (*trine_fn)(void *arg);

struct trine_group;
struct trine_future;

/* "file.c:12 function": where something was started, as one literal. */
#define TRINE__TEXT2(x)  #x
#define TRINE__TEXT(x)   TRINE__TEXT2(x)
#define TRINE_SITE(what) __FILE__ ":" TRINE__TEXT(__LINE__) " " #what

struct trine_spawn_options {
    const char *name;  /* kept, not copied; NULL: the function's name as written */
    size_t stack_size; /* bytes; 0: the run's */
    bool eager;        /* runs at once, up to its first blocking call, before spawn returns */
};

/* Starts fn(arg) as a child of `group`. It is queued and runs at this task's next blocking call. A
 * child always starts, even in a group already cancelled, so that its clean-up runs.
 *
 * Returns: the child's future, borrowed from the group: valid until the group closes (with .reap:
 *          until this task's next blocking call, unless a reference is taken). NULL when there is
 *          no memory: the group then fails with -ENOMEM, so call sites need not check.
 * Waits:   only in a group with a limit, while that many children run. A cancel meanwhile: the
 *          child is started all the same and finds itself cancelled.
 * Threads: any, while the group is open. From another thread the group's loop starts the child;
 *          with .reap the returned future may be gone by then and is of no use there. */
#define trine_spawn(group, fn, arg) trine_spawn_at((group), (fn), (arg), NULL, TRINE_SITE(fn))
/* The options last: &(struct trine_spawn_options){ .name = "reader", .eager = true } */
#define trine_spawn_with(group, fn, arg, ...)                                                      \
    trine_spawn_at((group), (fn), (arg), __VA_ARGS__, TRINE_SITE(fn))
TRINE_PUBLIC struct trine_future *trine_spawn_at(struct trine_group *group, trine_fn fn, void *arg,
                                                 const struct trine_spawn_options *options,
                                                 const char *site);

/* The running task's future (borrowed), name and spawn site; NULL outside tasks. */
TRINE_PUBLIC struct trine_future *trine_self(void);
TRINE_PUBLIC const char *trine_task_name(void);
TRINE_PUBLIC const char *trine_task_site(void);

#ifdef __cplusplus
}
#endif
#endif
