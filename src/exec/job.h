/* SPDX-License-Identifier: MIT */
/* A job: a future, a function and a copy of its record in one allocation.
 *
 *     queued --claim--> running --complete--> done
 *        '-----claim by trine_cancel()-------> done, -ECANCELED
 *
 * The claim of the future decides between the worker and the cancel. Two hold a reference: the
 * caller and the executor, until it has completed the job or found it cancelled. */
#ifndef TRINE_EXEC_JOB_H
#define TRINE_EXEC_JOB_H

#include "core/future.h"
#include <stdint.h>
#include <trine/task.h>

struct trine__job {
    struct trine_future future; /* first: the job's future is the job */
    trine_fn fn;
    const char *site;
    size_t size;
    uint32_t record_at; /* bytes from the job's beginning */
    uint32_t block;     /* see job_memory.h */
};

static inline void *trine__job_record(struct trine__job *job)
{
    return (char *)job + job->record_at;
}

/* A job whose own struct has `head` bytes and begins with struct trine__job; a copy of `size` bytes
 * of `record` (NULL: zeros) follows. `refs` references. NULL: no memory. */
struct trine__job *trine__job_new(size_t head, const struct trine__future_kind *kind, unsigned refs,
                                  trine_fn fn, const void *record, size_t size, const char *site);
/* What every kind of job has. */
void *trine__job_value(struct trine_future *future);
const char *trine__job_site(struct trine_future *future);
void trine__job_free(struct trine_future *future);
int trine__job_cancel(struct trine_future *future); /* claims it: done with -ECANCELED */

/* Runs a claimed job here, in this task or thread, and completes it. */
void trine__job_run(struct trine__job *job);
/* Completes a claimed job with an error and a sentence (taken; may be NULL). */
void trine__job_fail(struct trine__job *job, int code, struct trine_error *error);
/* The name of the job's function, as written. */
const char *trine__job_name(const struct trine__job *job);

/* The error that fn left behind, if it is the one it returned. */
struct trine_error *trine__error_of(int outcome, const char *site);

/* A future that is done already with an error, for jobs that cannot be started. NULL: no memory. */
struct trine_future *trine__job_refused(trine_fn fn, const void *record, size_t size,
                                        const char *site, int code, struct trine_error *error);

#endif
