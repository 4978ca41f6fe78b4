/* SPDX-License-Identifier: MIT */
/* Task groups: children that cannot outlive their parent's block. Python: asyncio.TaskGroup.
 *
 * A group always joins its children before it closes, so a child may point into its parent's frame.
 * The first child that fails cancels its siblings, and its error is what close returns. Returning
 * from a task with an open group is a reported bug: the group is cancelled and joined for you. */
#ifndef TRINE_GROUP_H
#define TRINE_GROUP_H

#include <trine/future.h>
#include <trine/scope.h>
#include <trine/task.h>

#ifdef __cplusplus
extern "C" {
#endif

enum trine_policy {
    TRINE_FAIL_FAST,    /* the first error cancels the siblings; close returns it */
    TRINE_SUPERVISE,    /* errors cancel nobody; close returns the first after all have ended */
    TRINE_FIRST_SUCCESS /* the first child that succeeds cancels the others; close returns 0 then,
                         * or the last error when none did */
};

struct trine_group_options {
    int64_t timeout; /* from open to the end of the last child; 0: none */
    unsigned limit;  /* children running at once; 0: no limit. Spawn then waits */
    enum trine_policy policy;
    bool reap; /* release ended children at once (a server's connections): see trine_spawn */
};

struct trine__parker;

struct trine_group {
    struct trine__family family;                      /* all private */
    struct trine__parker *joiner;                     /* the parent, in close */
    struct trine__parker *room_first, *room_last;     /* spawners waiting for room, in order */
    struct trine__task *backlog_first, *backlog_last; /* spawned from elsewhere while full */
    struct trine_error *failure;
    unsigned live, limit;
    int error;
    uint8_t policy;
    bool reap, broken, succeeded, starved;
    bool plain; /* no limit, and a success decides nothing */
};

/* Opens a group here. `options`: borrowed; NULL for the defaults. Where no loop runs in this
 * thread, the group is broken: spawn returns NULL and close returns TRINE_ENOLOOP. */
TRINE_PUBLIC void trine_group_open(struct trine_group *group,
                                   const struct trine_group_options *options);
/* Waits until all children have ended, whatever happens, and ends the group.
 *
 * Returns: 0, the first child's error, -ETIMEDOUT (the group's limit came), -ECANCELED, -ENOMEM (a
 *          spawn failed). Details: trine_error_last() is then the group's error, with the others
 *          as children.
 * Waits:   this task. A cancel from outside reaches the children; close still waits for their end.
 */
TRINE_PUBLIC int trine_group_close(struct trine_group *group);
/* Waits until all children so far have ended, and leaves the group open. -ECANCELED, -ETIMEDOUT,
 * -EDEADLK (a child waits for this task, see sync.h). */
TRINE_PUBLIC int trine_group_join(struct trine_group *group);
/* Cancels all children, and what this task does inside the group. Idempotent.
 * Threads: any. */
TRINE_PUBLIC void trine_group_cancel(struct trine_group *group, const char *reason);
/* Children that have not ended. */
TRINE_PUBLIC size_t trine_group_live(const struct trine_group *group);
/* The group's scope, to move its deadline with trine_scope_set_limit(); the group opens and closes
 * it. NULL if the group is broken. */
TRINE_PUBLIC struct trine_scope *trine_group_scope(struct trine_group *group);

/* Starts a child and waits until it says that it is ready (a server that listens). Python: trio's
 * Nursery.start().
 *
 *     int serve(void *arg) { ...; trine_started(&address); ... }
 *     error = trine_start(&group, serve, &config, &address);
 *
 * Until it calls trine_started() the child is the caller's: its failure is the error of start and
 * not the group's, and a cancel of the caller cancels it. From then on it is a child of the group
 * like any other. A cancel of the group reaches it from the beginning.
 *
 * Returns: 0 and the value in *ret_value (NULL: not wanted). The child's error, with its sentence,
 *          if it ended before it started; -ECHILD if it returned >= 0 without having started.
 *          -ECANCELED, -ETIMEDOUT: the caller was cancelled; so was the child, which has ended.
 *          -ENOMEM, TRINE_ENOLOOP (a broken group), -EDEADLK (in a callback).
 * Waits:   this task (a plain thread blocks); in a group with a limit for room, as trine_spawn.
 * Threads: any, while the group is open. */
#define trine_start(group, fn, arg, ret_value)                                                     \
    trine_start_at((group), (fn), (arg), NULL, TRINE_SITE(fn), (ret_value))
TRINE_PUBLIC int trine_start_at(struct trine_group *group, trine_fn fn, void *arg,
                                const struct trine_spawn_options *options, const char *site,
                                void **ret_value);
/* In a child started by trine_start(), by the child itself: it is ready. Never waits. What `value`
 * points to stays the child's.
 *
 * Returns: 0; -EALREADY the second time; -ECANCELED when the starter has given up meanwhile;
 *          -EINVAL in any other task or thread. */
TRINE_PUBLIC int trine_started(void *value);

/* One of those who race. */
struct trine_candidate {
    trine_fn fn;
    void *arg;        /* kept until the race is over */
    const char *name; /* kept; NULL: "candidate" */
};

/* Runs candidates as tasks, one after the other: the next starts when the one before has failed, or
 * after `delay` (0: all at once; TRINE_FOREVER: only after failures). The first that succeeds wins;
 * the others are cancelled and have ended when this returns. "Happy eyeballs", RFC 8305, which
 * recommends 250 ms.
 *
 * A loser may have succeeded before its cancel came: a candidate leaves what it got in its `arg`,
 * where the caller finds it to release it.
 *
 * Returns: 0 and the winner's index in *ret_winner (NULL: not wanted). When none succeeds, the
 *          error that came last; the others are the children of trine_error_last(). -ECANCELED,
 *          -ETIMEDOUT: the caller was cancelled, and nobody had won. -EINVAL: `count` is 0.
 *          -ENOMEM, TRINE_ENOLOOP, -EDEADLK (in a callback).
 * Waits:   this task, until all that were started have ended. */
#define trine_race_staggered(candidates, count, delay, ret_winner)                                 \
    trine_race_staggered_at((candidates), (count), (delay), TRINE_SITE(candidate), (ret_winner))
TRINE_PUBLIC int trine_race_staggered_at(const struct trine_candidate *candidates, size_t count,
                                         int64_t delay, const char *site, size_t *ret_winner);

#ifdef __cplusplus
}
#endif
#endif
