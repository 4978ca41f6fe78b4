/* SPDX-License-Identifier: MIT */
/* TRINE_TASKS: a job is the mirror of a task in the loop's root family. The task's end completes
 * the job, even when the task never found a stack to run on. */
#include "base/error.h"
#include "base/list.h"
#include "core/loop.h"
#include "exec/executor.h"
#include "exec/job.h"

struct task_job {
    struct trine__job job;
    struct trine_future *task;
    struct trine__waiter waiter; /* for the task's end */
};

static struct task_job *job_of(struct trine_future *future)
{
    return TRINE__CONTAINER(future, struct task_job, job.future);
}

static int cancel(struct trine_future *future)
{
    return trine_cancel(job_of(future)->task);
}

static void free_job(struct trine_future *future)
{
    trine_future_unref(job_of(future)->task);
    trine__job_free(future);
}

static const struct trine__future_kind kind = { .name = "job",
                                                .cancel = cancel,
                                                .value = trine__job_value,
                                                .site = trine__job_site,
                                                .free = free_job };

/* Under the lock of the task's future, whose outcome and error are written. */
static void task_ended(struct trine__waiter *waiter)
{
    struct task_job *job = TRINE__CONTAINER(waiter, struct task_job, waiter);
    struct trine_future *task = job->task;
    trine__future_complete(&job->job.future, task->outcome, trine__error_ref(task->error));
    trine_future_unref(&job->job.future);
}

static struct trine_future *submit(struct trine_executor *executor, trine_fn fn, const void *record,
                                   size_t size, const char *site)
{
    struct trine__loop *loop = trine__loop_here;
    if (loop == NULL)
        return trine__job_refused(fn, record, size, site, TRINE_ENOLOOP,
                                  trine__error_newf(TRINE_ENOLOOP,
                                                    "trine_submit(TRINE_TASKS, %s) in a "
                                                    "thread that runs no loop: call it from inside "
                                                    "trine_run()",
                                                    trine__site_name(site)));
    struct trine__job *job =
        trine__job_new(sizeof(struct task_job), &kind, 2, fn, record, size, site);
    if (job == NULL)
        return NULL;
    struct trine__task *task = trine__loop_spawn_root(loop, fn, trine__job_record(job), NULL, site);
    if (task == NULL) {
        trine__job_free(&job->future);
        return NULL;
    }
    struct task_job *mirror = job_of(&job->future);
    mirror->task = trine_future_ref(&task->future);
    mirror->waiter = (struct trine__waiter){ .wake = task_ended };
    trine__future_mark_read(&task->future); /* the job tells */
    trine__future_watch(&task->future, &mirror->waiter);
    return &job->future;
}

static unsigned workers(const struct trine_executor *executor)
{
    return 1;
}

static const struct trine__executor_ops ops = { .name = "tasks",
                                                .workers = workers,
                                                .submit = submit };
static struct trine_executor tasks = { &ops };
struct trine_executor *const TRINE_TASKS = &tasks;
