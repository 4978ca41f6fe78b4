/* SPDX-License-Identifier: MIT */
#include "exec/process_pool.h"
#include "base/error.h"
#include "base/list.h"
#include "base/must.h"
#include "core/task.h"
#include "exec/registry.h"
#include "sys/sys.h"
#include <poll.h>
#include <string.h>

#define BACKLOG_DEFAULT      4096
#define MAX_DEATHS_DEFAULT   8
#define DEATH_WINDOW_DEFAULT TRINE_SECONDS(10)
#define WORKERS_MAX          4096

static struct trine__process_pool *pool_of(const struct trine_executor *executor)
{
    return (struct trine__process_pool *)(void *)executor;
}

static struct trine__process_job *job_of(struct trine_future *future)
{
    return TRINE__CONTAINER(future, struct trine__process_job, job.future);
}

static void unref_pool(struct trine__process_pool *pool)
{
    if (atomic_fetch_sub_explicit(&pool->refs, 1, memory_order_acq_rel) != 1)
        return;
    pthread_mutex_destroy(&pool->lock);
    trine__free(pool->workers);
    trine__free(pool->fds);
    trine__free(pool->deaths);
    trine__free(pool->broken);
    trine__free(pool);
}

/* ---- the queue; lock held */

void trine__process_enqueue(struct trine__process_pool *pool, struct trine__process_job *job)
{
    job->next = NULL;
    job->prev = pool->last;
    if (pool->last != NULL)
        pool->last->next = job;
    else
        pool->first = job;
    pool->last = job;
    job->queued = true;
    pool->queued++;
}

void trine__process_enqueue_first(struct trine__process_pool *pool, struct trine__process_job *job)
{
    job->prev = NULL;
    job->next = pool->first;
    if (pool->first != NULL)
        pool->first->prev = job;
    else
        pool->last = job;
    pool->first = job;
    job->queued = true;
    pool->queued++;
}

void trine__process_unqueue(struct trine__process_pool *pool, struct trine__process_job *job)
{
    if (job->prev != NULL)
        job->prev->next = job->next;
    else
        pool->first = job->next;
    if (job->next != NULL)
        job->next->prev = job->prev;
    else
        pool->last = job->prev;
    job->queued = false;
    pool->queued--;
}

struct trine_error *trine__process_broken_error(const struct trine__process_pool *pool)
{
    return trine__error_newf(TRINE_EPOOLBROKEN, "%s", pool->broken);
}

/* ---- jobs */

/* Whoever takes the job out of the queue drops the pool's reference. */
static int cancel(struct trine_future *future)
{
    struct trine__process_job *job = job_of(future);
    struct trine__process_pool *pool = job->pool;
    if (!trine__future_claim(future))
        return 0;
    pthread_mutex_lock(&pool->lock);
    bool queued = job->queued;
    if (queued) {
        trine__process_unqueue(pool, job);
        trine__process_dispatch(pool); /* there is room now */
    }
    trine__process_unlock(pool);
    trine__future_complete(future, -ECANCELED, NULL);
    if (queued)
        trine_future_unref(future);
    return 1;
}

static void free_job(struct trine_future *future)
{
    struct trine__process_pool *pool = job_of(future)->pool;
    trine__job_free(future);
    unref_pool(pool);
}

static const struct trine__future_kind kind = { .name = "job",
                                                .cancel = cancel,
                                                .value = trine__job_value,
                                                .site = trine__job_site,
                                                .free = free_job };

/* Whether the batch can travel: 0, or the code and a sentence why it cannot. */
static int object(const struct trine__batch *batch, const struct trine__job_entry *entry,
                  struct trine_error **ret)
{
    const char *name = trine__site_name(batch->site);
    int code = 0;
    if (entry == NULL)
        *ret = trine__error_newf(code = TRINE_ENOJOB,
                                 "function %s is not registered: add "
                                 "TRINE_JOB(%s, struct ...);",
                                 name, name);
    else if (entry->size != batch->size)
        *ret = trine__error_newf(code = -EINVAL,
                                 "a record of %zu bytes for %s, which is registered "
                                 "with a type of %zu",
                                 batch->size, entry->name, entry->size);
    else if (batch->size > TRINE__PAYLOAD_MAX || batch->count * batch->size > TRINE__PAYLOAD_MAX)
        *ret = trine__error_newf(code = TRINE_ELIMIT,
                                 "%zu bytes for %s: at most 1 MiB travels to a "
                                 "process",
                                 batch->count * batch->size, entry->name);
    else if (strlen(entry->name) > TRINE__NAME_MAX)
        *ret =
            trine__error_newf(code = -ENAMETOOLONG, "the name %.40s... is too long", entry->name);
    return code;
}

static struct trine__process_job *new_job(struct trine__process_pool *pool,
                                          const struct trine__batch *batch,
                                          const struct trine__job_entry *entry)
{
    size_t payload = batch->count * batch->size;
    size_t outcomes_at = (payload + sizeof(int32_t) - 1) & ~(sizeof(int32_t) - 1);
    struct trine__job *made =
        trine__job_new(sizeof(struct trine__process_job), &kind, 2, batch->fn, NULL,
                       outcomes_at + batch->count * sizeof(int32_t), batch->site);
    if (made == NULL)
        return NULL;
    struct trine__process_job *job = job_of(&made->future);
    char *records = trine__job_record(made);
    if (payload > 0)
        memcpy(records, batch->items, payload);
    made->size = payload;
    job->pool = pool;
    job->entry = entry;
    job->item_size = batch->size;
    job->count = (uint32_t)batch->count;
    job->collect = batch->collect;
    job->queued = job->claimed = job->answered = false;
    job->error = NULL;
    job->outcomes = (int32_t *)(void *)(records + outcomes_at);
    atomic_fetch_add_explicit(&pool->refs, 1, memory_order_relaxed);
    return job;
}

bool trine__batch_return(struct trine_future *future, const struct trine__batch *batch)
{
    struct trine__process_job *job = job_of(future);
    if (future->kind != &kind || !job->answered)
        return false;
    if (job->job.size > 0)
        memcpy(batch->items, trine__job_record(&job->job), job->job.size);
    memcpy(batch->outcomes, job->outcomes, batch->count * sizeof *batch->outcomes);
    return true;
}

/* ---- submitting */

static void fail_unqueued(struct trine__process_job *job, int code, struct trine_error *error)
{
    trine__future_claim(&job->job.future);
    trine__job_fail(&job->job, code, error);
    trine_future_unref(&job->job.future);
}

/* The lock is held, and given up. False: there is no room. */
static bool enter(struct trine__process_pool *pool, struct trine__process_job *job)
{
    if (pool->broken != NULL) {
        struct trine_error *error = trine__process_broken_error(pool);
        trine__process_unlock(pool);
        fail_unqueued(job, TRINE_EPOOLBROKEN, error);
        return true;
    }
    if (pool->queued >= pool->backlog || pool->room.first != NULL)
        return false;
    trine__process_enqueue(pool, job);
    trine__process_dispatch(pool);
    trine__process_unlock(pool);
    return true;
}

static void enter_when_room(struct trine__process_pool *pool, struct trine__process_job *job)
{
    struct trine__room_place place = { .job = &job->job };
    int error = trine__checkpoint();
    if (error == 0)
        error = trine__parker_init(&place.parker);
    if (error == 0) {
        pthread_mutex_lock(&pool->lock);
        if (enter(pool, job))
            return;
        trine__room_enter(&pool->room, &place);
        pthread_mutex_unlock(&pool->lock);
        error = trine__room_wait(&place);
    }
    if (error < 0)
        fail_unqueued(job, error, NULL);
}

static struct trine_future *submit_batch(struct trine_executor *executor,
                                         const struct trine__batch *batch)
{
    struct trine__process_pool *pool = pool_of(executor);
    const struct trine__job_entry *entry = trine__registry_by_fn(batch->fn);
    struct trine_error *error = NULL;
    int code = pool->age == trine__exec_age() ? object(batch, entry, &error) : TRINE_EFORKED;
    if (code < 0)
        return trine__job_refused(batch->fn, batch->items, batch->count * batch->size, batch->site,
                                  code, error);
    struct trine__process_job *job = new_job(pool, batch, entry);
    if (job == NULL)
        return NULL;
    pthread_mutex_lock(&pool->lock);
    if (!enter(pool, job)) {
        pthread_mutex_unlock(&pool->lock);
        enter_when_room(pool, job);
    }
    return &job->job.future;
}

static struct trine_future *submit(struct trine_executor *executor, trine_fn fn, const void *record,
                                   size_t size, const char *site)
{
    struct trine__batch batch = {
        .fn = fn, .items = (void *)record, .size = size, .count = 1, .site = site
    };
    return submit_batch(executor, &batch);
}

/* ---- life */

static unsigned workers(const struct trine_executor *executor)
{
    return pool_of(executor)->count;
}

static void free_pool(struct trine_executor *executor)
{
    struct trine__process_pool *pool = pool_of(executor);
    struct trine__parker closer;
    if (pool->age == trine__exec_age()) {
        bool parked = trine__parker_init(&closer) == 0;
        pthread_mutex_lock(&pool->lock);
        pool->closing = true;
        pool->closer = parked ? &closer : NULL;
        pthread_mutex_unlock(&pool->lock);
        trine__process_ring_bell(pool);
        if (parked)
            trine__park(&closer, NULL, NULL, "the workers of a pool");
        trine__sys_thread_join(pool->manager);
    }
    trine__sys_close(pool->bell);
    unref_pool(pool);
}

static const struct trine__executor_ops ops = { .name = "processes",
                                                .workers = workers,
                                                .submit = submit,
                                                .submit_batch = submit_batch,
                                                .free = free_pool };

static struct trine__process_pool *allocate(const struct trine_process_pool_options *options,
                                            unsigned count)
{
    struct trine__process_pool *pool = trine__alloc_zero(1, sizeof *pool);
    if (pool == NULL)
        return NULL;
    pool->executor.ops = &ops;
    atomic_init(&pool->refs, 1);
    pool->age = trine__exec_age();
    pthread_mutex_init(&pool->lock, NULL);
    pool->room.lock = &pool->lock;
    pool->told_last = &pool->told_first;
    pool->count = count;
    pool->backlog = options->backlog > 0 ? options->backlog : BACKLOG_DEFAULT;
    pool->max_deaths = options->max_deaths > 0 ? options->max_deaths : MAX_DEATHS_DEFAULT;
    pool->death_window = options->death_window > 0 ? options->death_window : DEATH_WINDOW_DEFAULT;
    pool->workers = trine__alloc_zero(count, sizeof *pool->workers);
    pool->fds = trine__alloc_zero(count + 2, sizeof *pool->fds);
    pool->deaths = trine__alloc_zero(pool->max_deaths, sizeof *pool->deaths);
    if (pool->workers == NULL || pool->fds == NULL || pool->deaths == NULL) {
        unref_pool(pool);
        return NULL;
    }
    for (unsigned i = 0; i < pool->max_deaths; i++)
        pool->deaths[i] = INT64_MIN;
    return pool;
}

/* The server before the thread: it can only be forked while there is none. */
static int open_pool(struct trine__process_pool *pool)
{
    pool->bell = trine__sys_eventfd(0);
    if (pool->bell < 0)
        return trine_fail(pool->bell, "no eventfd for a process pool: %s",
                          trine_strerror(pool->bell));
    int error = trine__server_acquire(&pool->server);
    if (error == 0) {
        error = trine__exec_thread_start(&pool->manager, trine__process_manager, pool);
        if (error < 0) {
            trine__server_release(&pool->server);
            (void)trine_fail(error, "no thread for a process pool: %s", trine_strerror(error));
        }
    }
    if (error < 0)
        trine__sys_close(pool->bell);
    return error;
}

struct trine_executor *trine_process_pool_new(const struct trine_process_pool_options *options)
{
    static const struct trine_process_pool_options defaults;
    if (options == NULL)
        options = &defaults;
    unsigned count = options->workers > 0 ? options->workers : (unsigned)trine__sys_cpu_count();
    if (count > WORKERS_MAX || options->max_deaths > WORKERS_MAX) {
        (void)trine_fail(-EINVAL,
                         "trine_process_pool_new(): %u workers, %u deaths: at most %u each", count,
                         options->max_deaths, WORKERS_MAX);
        return NULL;
    }
    struct trine__process_pool *pool = allocate(options, count);
    if (pool == NULL) {
        (void)trine_fail(-ENOMEM, "trine_process_pool_new(): no memory for %u workers", count);
        return NULL;
    }
    if (open_pool(pool) == 0)
        return &pool->executor;
    unref_pool(pool);
    return NULL;
}
