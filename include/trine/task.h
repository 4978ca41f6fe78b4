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
struct trine_loop;

/* "file.c:12 function": where something was started, as one literal. */
#define TRINE_SITE(what) TRINE__HERE " " #what

struct trine_spawn_options {
    const char *name;        /* kept, not copied; NULL: the function's name as written */
    size_t stack_size;       /* bytes; 0: the run's */
    bool eager;              /* runs at once, up to its first blocking call, before spawn returns */
    struct trine_loop *loop; /* starts there (a loop of the same run) and stays; NULL: any */
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

/* The same, but never waits for room. *ret_child (NULL: not wanted) is the child's future as
 * trine_spawn returns it.
 *
 * Returns: 0; -EAGAIN: the group has a limit, and so many children run or others wait for room;
 *          -ENOMEM; TRINE_ENOLOOP: the group is broken. On error nothing was started and the group
 *          is as before.
 * Threads: any, while the group is open. From another thread than its loop's, a group with a limit
 *          has to be asked: the caller waits for a turn of that loop (and not beyond it, also when
 *          cancelled). */
#define trine_try_spawn(group, fn, arg, ret_child)                                                 \
    trine_try_spawn_at((group), (fn), (arg), NULL, TRINE_SITE(fn), (ret_child))
TRINE_PUBLIC int trine_try_spawn_at(struct trine_group *group, trine_fn fn, void *arg,
                                    const struct trine_spawn_options *options, const char *site,
                                    struct trine_future **ret_child);

/* Starts fn(arg) as a task that nobody joins but the end of the run, which cancels it and waits.
 * `arg` has to live as long. The scopes around the caller do not reach it. Prefer a group.
 *
 * Returns: 0; TRINE_ENOLOOP outside trine_run() or when the run is over; -ENOMEM.
 * Owns:    *ret_task (NULL: not wanted) is a reference to give back with trine_future_unref().
 * Errors:  if it fails and nobody reads that from its future, it is reported once, with its name
 *          and spawn site.
 * Threads: one that runs a loop: tasks and callbacks. */
#define trine_spawn_detached(fn, arg, ret_task)                                                    \
    trine_spawn_detached_at((fn), (arg), NULL, TRINE_SITE(fn), (ret_task))
TRINE_PUBLIC int trine_spawn_detached_at(trine_fn fn, void *arg,
                                         const struct trine_spawn_options *options,
                                         const char *site, struct trine_future **ret_task);

/* The running task's future (borrowed), name and spawn site; NULL outside tasks. */
TRINE_PUBLIC struct trine_future *trine_self(void);
TRINE_PUBLIC const char *trine_task_name(void);
TRINE_PUBLIC const char *trine_task_site(void);
/* Renames the running task, for reports. `name` is kept, not copied; NULL: its function's name
 * again. TRINE_ENOLOOP outside tasks. */
TRINE_PUBLIC int trine_task_set_name(const char *name);

#ifdef __cplusplus
}
#endif
#endif
