/* SPDX-License-Identifier: MIT */
/* A job is one operation on a worker thread. It comes back over a lock-free stack and a ring of the
 * bell, so the loop sleeps while jobs run. Jobs are kept for reuse: steady file traffic allocates
 * nothing. */
#include "poll/jobs.h"
#include "base/list.h"
#include "poll/plain.h"

#define THREADS 4

struct trine__job {
    struct trine__work work;
    struct trine__jobs *jobs;
    struct trine__op *op;
    struct trine__job *next;
};

/* On a worker thread. Between the push and the ring the loop may already have taken the job and be
 * about to close: that is safe because closing joins the threads before it frees the bell. */
static void run(struct trine__work *work)
{
    struct trine__job *job = TRINE__CONTAINER(work, struct trine__job, work);
    struct trine__jobs *jobs = job->jobs;
    job->op->result = trine__plain_run(job->op);
    job->next = atomic_load_explicit(&jobs->finished, memory_order_relaxed);
    while (!atomic_compare_exchange_weak(&jobs->finished, &job->next, job))
        continue;
    trine__bell_ring(jobs->bell);
}

static void recycle(struct trine__jobs *jobs, struct trine__job *job)
{
    job->next = jobs->spare;
    jobs->spare = job;
}

static struct trine__job *job_new(struct trine__jobs *jobs)
{
    struct trine__job *job = jobs->spare;
    if (job != NULL)
        jobs->spare = job->next;
    else
        job = trine__alloc(sizeof *job);
    if (job != NULL)
        *job = (struct trine__job){ .work.run = run, .jobs = jobs };
    return job;
}

int trine__jobs_submit(struct trine__jobs *jobs, struct trine__op *op)
{
    if (jobs->workers == NULL) {
        int result = trine__workers_new("trine-files", THREADS, &jobs->workers);
        if (result < 0)
            return result;
    }
    struct trine__job *job = job_new(jobs);
    if (job == NULL)
        return -ENOMEM;
    job->op = op;
    op->backend = (uintptr_t)job;
    int result = trine__workers_submit(jobs->workers, &job->work);
    if (result < 0)
        recycle(jobs, job);
    return result;
}

bool trine__jobs_withdraw(struct trine__jobs *jobs, struct trine__op *op)
{
    struct trine__job *job = (struct trine__job *)op->backend;
    if (!trine__workers_withdraw(jobs->workers, &job->work))
        return false;
    recycle(jobs, job);
    return true;
}

void trine__jobs_reap(struct trine__jobs *jobs, void *arg,
                      void (*take)(void *arg, struct trine__op *op))
{
    if (atomic_load_explicit(&jobs->finished, memory_order_relaxed) == NULL)
        return;
    struct trine__job *newest = atomic_exchange(&jobs->finished, NULL), *oldest = NULL;
    while (newest != NULL) {
        struct trine__job *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct trine__job *job = oldest;
        oldest = job->next;
        take(arg, job->op);
        recycle(jobs, job);
    }
}

void trine__jobs_done(struct trine__jobs *jobs)
{
    if (jobs->workers != NULL)
        trine__workers_free(jobs->workers);
    while (jobs->spare != NULL) {
        struct trine__job *job = jobs->spare;
        jobs->spare = job->next;
        trine__free(job);
    }
}
