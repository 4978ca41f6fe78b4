/* SPDX-License-Identifier: MIT */
#include "exec/job.h"
#include "base/error.h"
#include "base/list.h"
#include "core/context.h"
#include "core/task.h"
#include "exec/job_memory.h"
#include <string.h>

#define ALIGNMENT 16

static struct trine__job *job_of(struct trine_future *future)
{
    return TRINE__CONTAINER(future, struct trine__job, future);
}

void *trine__job_value(struct trine_future *future)
{
    return trine__job_record(job_of(future));
}

const char *trine__job_site(struct trine_future *future)
{
    return job_of(future)->site;
}

void trine__job_free(struct trine_future *future)
{
    struct trine__job *job = job_of(future);
    trine__job_memory_give(job, job->block);
}

int trine__job_cancel(struct trine_future *future)
{
    if (!trine__future_claim(future))
        return 0;
    trine__future_complete(future, -ECANCELED, NULL);
    return 1;
}

struct trine__job *trine__job_new(size_t head, const struct trine__future_kind *kind, unsigned refs,
                                  trine_fn fn, const void *record, size_t size, const char *site)
{
    head = (head + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    uint32_t block;
    if (size > SIZE_MAX / 2)
        return NULL;
    struct trine__job *job = trine__job_memory_take(head + size, &block);
    if (job == NULL)
        return NULL;
    trine__future_init(&job->future, kind);
    atomic_init(&job->future.refs, refs);
    job->fn = fn;
    job->site = site;
    job->size = size;
    job->record_at = (uint32_t)head;
    job->block = block;
    if (record != NULL)
        memcpy(trine__job_record(job), record, size);
    else
        memset(trine__job_record(job), 0, size);
    return job;
}

struct trine_error *trine__error_of(int outcome, const char *site)
{
    if (outcome >= 0)
        return NULL;
    struct trine_error *error = trine__error_take();
    if (error != NULL && trine_error_code(error) != outcome) {
        trine__error_unref(error);
        return NULL;
    }
    trine__error_set_origin(error, site);
    return error;
}

void trine__job_run(struct trine__job *job)
{
    int outcome = job->fn(trine__job_record(job));
    trine__future_complete(&job->future, outcome, trine__error_of(outcome, job->site));
}

void trine__job_fail(struct trine__job *job, int code, struct trine_error *error)
{
    trine__error_set_origin(error, job->site);
    trine__future_complete(&job->future, code, error);
}

const char *trine__job_name(const struct trine__job *job)
{
    return trine__site_name(job->site);
}

static const struct trine__future_kind refused_kind = {
    .name = "job", .value = trine__job_value, .site = trine__job_site, .free = trine__job_free
};

struct trine_future *trine__job_refused(trine_fn fn, const void *record, size_t size,
                                        const char *site, int code, struct trine_error *error)
{
    struct trine__job *job = trine__job_new(sizeof *job, &refused_kind, 1, fn, record, size, site);
    if (job == NULL) {
        trine__error_unref(error);
        return NULL;
    }
    trine__job_fail(job, code, error);
    return &job->future;
}
