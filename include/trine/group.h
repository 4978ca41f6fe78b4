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
/* Waits until all children so far have ended, and leaves the group open. -ECANCELED, -ETIMEDOUT. */
TRINE_PUBLIC int trine_group_join(struct trine_group *group);
/* Cancels all children, and what this task does inside the group. Idempotent.
 * Threads: any. */
TRINE_PUBLIC void trine_group_cancel(struct trine_group *group, const char *reason);
/* Children that have not ended. */
TRINE_PUBLIC size_t trine_group_live(const struct trine_group *group);

#ifdef __cplusplus
}
#endif
#endif
