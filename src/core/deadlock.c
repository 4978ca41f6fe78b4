/* SPDX-License-Identifier: MIT */
#include "core/deadlock.h"
#include "base/error.h"
#include "core/loop.h"

/* What `task` of this loop is parked on; NULL if it is not. */
static struct trine__parker *parker_of(const struct trine__loop *loop,
                                       const struct trine__task *task)
{
    return task->context.loop == loop && task->context.state == TRINE__TASK_PARKED ? task->parker
                                                                                   : NULL;
}

void trine__deadlock_report(struct trine__loop *loop)
{
    trine__report(
        "everything is blocked: no task is ready, no timer is armed, nothing is under way");
    struct trine__task *task = trine__tree_next(&loop->root_context, NULL);
    for (; task != NULL; task = trine__tree_next(&loop->root_context, task)) {
        const struct trine__parker *parker = parker_of(loop, task);
        if (parker != NULL)
            trine__report("  task '%s' (spawned at %s) waits for %s", trine__task_name_of(task),
                          task->owner.site, parker->what);
    }
}

void trine__deadlock_break(struct trine__loop *loop)
{
    struct trine__task *task = trine__tree_next(&loop->root_context, NULL);
    for (; task != NULL; task = trine__tree_next(&loop->root_context, task)) {
        struct trine__parker *parker = parker_of(loop, task);
        if (parker == NULL || parker->cancel == NULL ||
            parker->cancel(parker->arg) != TRINE__CANCELLED)
            continue;
        parker->cancel = NULL;
        parker->result = -EDEADLK;
        trine__unpark(parker);
    }
}
