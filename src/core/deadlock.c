/* SPDX-License-Identifier: MIT */
#include "core/deadlock.h"
#include "base/error.h"
#include "core/loop.h"

void trine__deadlock_report(struct trine__loop *loop)
{
    trine__report("everything is blocked: no task is ready, no timer is armed, nothing is under way");
    struct trine__task *task = trine__tree_next(&loop->root_context, NULL);
    for (; task != NULL; task = trine__tree_next(&loop->root_context, task)) {
        if (task->context.loop == loop && task->state == TRINE__TASK_PARKED &&
            task->strand->parker != NULL)
            trine__report("  task '%s' (spawned at %s) waits for %s", trine__task_name_of(task),
                          task->site, task->strand->parker->what);
    }
}
