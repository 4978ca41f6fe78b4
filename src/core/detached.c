/* SPDX-License-Identifier: MIT */
/* Detached tasks: children of the loop's root family, which only the end of the run joins. */
#include "base/must.h"
#include "core/quick.h"
#include "core/thread_context.h"
#include <trine/task.h>

/* In a callback of a run that has ended nothing can start any more. */
static bool is_over(struct trine__loop *loop)
{
    return loop->current == NULL && atomic_load(&loop->runtime->stopping) &&
           atomic_load(&loop->runtime->roots) == 0;
}

static void start(struct trine__loop *loop, struct trine__task *task, bool eager)
{
    atomic_fetch_add(&loop->runtime->roots, 1);
    trine__family_add(&loop->root, task);
    if (task->context.loop != loop) {
        trine__fresh_start_there(task);
    } else if (eager && loop->current != NULL) {
        trine__loop_yield(loop, task);
    } else {
        trine__loop_ready(loop, task);
        task->context.state = TRINE__TASK_NEW;
    }
}

int trine_spawn_detached_at(trine_fn fn, void *arg, const struct trine_spawn_options *options,
                            const char *site, struct trine_future **ret_task)
{
    static const struct trine_spawn_options defaults;
    struct trine__loop *loop = trine__loop_here;
    if (loop == NULL && trine__thread_here.forked)
        return TRINE_EFORKED;
    if (loop == NULL || is_over(loop))
        return TRINE_ENOLOOP;
    if (options == NULL)
        options = &defaults;
    struct trine__task *task =
        trine__task_new(loop, &loop->root, fn, arg, options->name, site, options->stack_size);
    if (task == NULL)
        return -ENOMEM;
    struct trine__loop *wanted = (struct trine__loop *)(void *)options->loop;
    trine_must(wanted == NULL || wanted->runtime == loop->runtime,
               "a detached task may be spawned on a loop of the same run only");
    if (wanted != NULL)
        task->context.loop = wanted;
    if (ret_task != NULL)
        *ret_task = trine_future_ref(&task->future);
    start(loop, task, options->eager);
    return 0;
}
