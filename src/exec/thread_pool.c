/* SPDX-License-Identifier: MIT */
/* The thread pool: workers that take jobs from one ring, and sleep when there are none.
 *
 *     busy --nothing to take--> searching (spins for a while) --nothing came--> sleeping
 *      ^                            |   ^                                          |
 *      '-------- found a job -------'   '------ woken, with a token ---------------'
 *
 * How many search and sleep is one word. A wake from another core costs microseconds on both sides,
 * so one is only given when nobody searches; a searcher that finds a job sees to it that another
 * searches if there is more. Whoever takes a sleeper out of the count leaves a token for exactly
 * one.
 *
 * A worker that waits for a job of its own pool runs it itself if nobody has started it, and one
 * that submits to its own full pool runs the job at once: a pool cannot wait for itself. */
#include "base/error.h"
#include "base/must.h"
#include "exec/executor.h"
#include "exec/job_ring.h"
#include "exec/room.h"
#include "sys/sys.h"
#include "thread/pause.h"
#include <stdio.h>

#define BACKLOG_DEFAULT 65536
#define BACKLOG_MAX     (1u << 30)
#define WORKERS_MAX     4096
/* How long a searcher looks: between these, longer when it paid off the last time. */
#define SPINS_MIN 16
#define SPINS_MAX 1024

struct thread_pool;

struct worker {
    struct trine__job_range claimed;
    struct thread_pool *pool;
    pthread_t thread;
    unsigned spins;
};

struct thread_pool {
    struct trine_executor executor;
    struct trine__job_ring ring;
    struct worker *workers;
    unsigned count; /* of workers */
    unsigned searchers_max;
    unsigned cores;
    unsigned age;
    char name[16];
    pthread_mutex_t lock; /* of the room */
    struct trine__room room;
    struct trine__parker *closer;
    _Atomic(bool) closing;
    _Atomic(unsigned) alive;
    _Alignas(128) _Atomic(uint32_t) idle; /* SLEEPER * sleepers + SEARCHER * searchers */
    _Alignas(128) _Atomic(uint32_t) tokens;
};

enum { SEARCHER = 1, SLEEPER = 1 << 16, SEARCHERS = SLEEPER - 1 };

struct pool_job {
    struct trine__job job;
    struct thread_pool *pool; /* for help only; it may be gone */
};

static __thread struct worker *worker_here;

static struct thread_pool *pool_of(const struct trine_executor *executor)
{
    return (struct thread_pool *)(void *)executor;
}

/* ---- waking and sleeping */

static void hand_token(struct thread_pool *pool)
{
    atomic_fetch_add(&pool->tokens, 1);
    trine__futex_wake(&pool->tokens, 1);
}

/* Takes one out of the sleepers, as a searcher. `unless`: bits that must be clear. */
static bool take_sleeper(struct thread_pool *pool, uint32_t unless)
{
    uint32_t idle = atomic_load(&pool->idle);
    while (idle >= SLEEPER && !(idle & unless)) {
        if (atomic_compare_exchange_weak(&pool->idle, &idle, idle - SLEEPER + SEARCHER))
            return true;
    }
    return false;
}

/* There is something to take: somebody should be looking. */
static inline void see_to_searcher(struct thread_pool *pool)
{
    uint32_t idle = atomic_load(&pool->idle);
    if (idle >= SLEEPER && !(idle & SEARCHERS) && take_sleeper(pool, SEARCHERS))
        hand_token(pool);
}

static void await_token(struct thread_pool *pool)
{
    uint32_t tokens = atomic_load(&pool->tokens);
    for (;;) {
        if (tokens == 0) {
            trine__futex_wait(&pool->tokens, 0, TRINE_FOREVER);
            tokens = atomic_load(&pool->tokens);
        } else if (atomic_compare_exchange_weak(&pool->tokens, &tokens, tokens - 1)) {
            return;
        }
    }
}

static bool has_work(struct thread_pool *pool)
{
    if (!trine__job_ring_empty(&pool->ring))
        return true;
    for (unsigned i = 0; i < pool->count; i++) {
        if (!trine__job_range_empty(&pool->workers[i].claimed))
            return true;
    }
    return false;
}

/* First the word, then the look: those who append do the reverse. Returns as a searcher. */
static void sleep_as_searcher(struct thread_pool *pool)
{
    atomic_fetch_add(&pool->idle, SLEEPER - SEARCHER);
    if ((has_work(pool) || atomic_load(&pool->closing)) && take_sleeper(pool, 0))
        return;
    await_token(pool);
}

/* ---- taking */

static struct trine__job *find(struct worker *worker)
{
    struct thread_pool *pool = worker->pool;
    struct trine__job *job = trine__job_ring_take(&pool->ring, &worker->claimed, pool->count * 2);
    unsigned self = (unsigned)(worker - pool->workers);
    for (unsigned i = 1; job == NULL && i < pool->count; i++)
        job = trine__job_ring_steal(&pool->ring, &worker->claimed,
                                    &pool->workers[(self + i) % pool->count].claimed);
    return job;
}

/* Spinning helps only while a core has nothing better to do. */
static bool may_spin(struct thread_pool *pool, uint32_t idle)
{
    unsigned busy = pool->count - (idle >> 16) - (idle & SEARCHERS);
    return (idle & SEARCHERS) <= pool->searchers_max && busy + (idle & SEARCHERS) < pool->cores;
}

static struct trine__job *spin(struct worker *worker)
{
    struct thread_pool *pool = worker->pool;
    for (unsigned i = 0; i < worker->spins; i++) {
        trine__pause();
        struct trine__job *job = trine__job_ring_empty(&pool->ring) ? NULL : find(worker);
        if (job != NULL) {
            worker->spins = worker->spins < SPINS_MAX ? worker->spins * 2 : SPINS_MAX;
            return job;
        }
    }
    worker->spins = worker->spins > SPINS_MIN ? worker->spins / 2 : SPINS_MIN;
    return NULL;
}

/* Searches and sleeps until there is a job. NULL: the pool closes and none is left. */
static struct trine__job *search(struct worker *worker)
{
    struct thread_pool *pool = worker->pool;
    uint32_t idle = atomic_fetch_add(&pool->idle, SEARCHER) + SEARCHER;
    struct trine__job *job = NULL;
    while (job == NULL) {
        if (may_spin(pool, idle))
            job = spin(worker);
        if (job != NULL || (job = find(worker)) != NULL)
            break;
        if (atomic_load(&pool->closing) && !has_work(pool))
            break;
        sleep_as_searcher(pool);
        job = find(worker);
        idle = atomic_load(&pool->idle);
    }
    atomic_fetch_sub(&pool->idle, SEARCHER);
    return job;
}

/* ---- working */

static void admit(struct thread_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    struct trine__room_place *place;
    while ((place = pool->room.first) != NULL && trine__job_ring_append(&pool->ring, place->job)) {
        trine__room_leave(&pool->room, place);
        trine__unpark(&place->parker);
    }
    pthread_mutex_unlock(&pool->lock);
}

static void run(struct thread_pool *pool, struct trine__job *job)
{
    if (trine__future_claim(&job->future))
        trine__job_run(job);
    trine_future_unref(&job->future);
}

static void end(struct thread_pool *pool)
{
    while (take_sleeper(pool, 0)) /* the others may end, too */
        hand_token(pool);
    struct trine__parker *closer = pool->closer;
    if (atomic_fetch_sub(&pool->alive, 1) == 1 && closer != NULL)
        trine__unpark(closer);
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct thread_pool *pool = worker->pool;
    worker_here = worker;
    trine__sys_thread_name(pool->name);
    for (;;) {
        struct trine__job *job = find(worker);
        if (job == NULL && (job = search(worker)) == NULL)
            break;
        if (atomic_load(&pool->room.count) > 0)
            admit(pool);
        if (atomic_load(&pool->idle) >= SLEEPER && has_work(pool))
            see_to_searcher(pool);
        run(pool, job);
    }
    end(pool);
    return NULL;
}

/* ---- jobs */

static void help(struct trine_future *future)
{
    struct pool_job *job = (struct pool_job *)(void *)future;
    if (worker_here != NULL && worker_here->pool == job->pool && trine__future_claim(future))
        trine__job_run(&job->job);
}

static const struct trine__future_kind kind = { .name = "job",
                                                .elsewhere = true,
                                                .cancel = trine__job_cancel,
                                                .help = help,
                                                .value = trine__job_value,
                                                .site = trine__job_site,
                                                .free = trine__job_free };

static void fail_unqueued(struct trine__job *job, int code, struct trine_error *error)
{
    if (trine__future_claim(&job->future))
        trine__job_fail(job, code, error);
    else
        trine__error_unref(error);
    trine_future_unref(&job->future);
}

/* The backlog is full, or others wait already. */
static void submit_when_room(struct thread_pool *pool, struct trine__job *job)
{
    struct trine__room_place place = { .job = job };
    int error = trine__checkpoint();
    if (error == 0)
        error = trine__parker_init(&place.parker);
    if (error < 0) {
        fail_unqueued(job, error, NULL);
        return;
    }
    pthread_mutex_lock(&pool->lock);
    trine__room_enter(&pool->room, &place);
    pthread_mutex_unlock(&pool->lock);
    admit(pool); /* a place may have become free before anybody could see this one */
    see_to_searcher(pool);
    error = trine__room_wait(&place);
    if (error < 0)
        fail_unqueued(job, error, NULL);
    else
        see_to_searcher(pool);
}

static struct trine_future *submit(struct trine_executor *executor, trine_fn fn, const void *record,
                                   size_t size, const char *site)
{
    struct thread_pool *pool = pool_of(executor);
    if (pool->age != trine__exec_age())
        return trine__job_refused(fn, record, size, site, TRINE_EFORKED, NULL);
    struct trine__job *job =
        trine__job_new(sizeof(struct pool_job), &kind, 2, fn, record, size, site);
    if (job == NULL)
        return NULL;
    ((struct pool_job *)(void *)job)->pool = pool;
    if (atomic_load(&pool->room.count) == 0 && trine__job_ring_append(&pool->ring, job))
        see_to_searcher(pool);
    else if (worker_here != NULL && worker_here->pool == pool)
        run(pool, job);
    else
        submit_when_room(pool, job);
    return &job->future;
}

/* ---- life */

static void release(struct thread_pool *pool)
{
    trine__job_ring_done(&pool->ring);
    pthread_mutex_destroy(&pool->lock);
    trine__free(pool->workers);
    trine__free(pool);
}

/* Waits until the workers have run everything and ended. */
static void drain(struct thread_pool *pool, struct trine__parker *closer)
{
    pool->closer = closer;
    atomic_store(&pool->closing, true);
    while (take_sleeper(pool, 0))
        hand_token(pool);
    if (closer != NULL)
        trine__park(closer, NULL, NULL, "the workers of a pool");
    for (unsigned i = 0; i < pool->count; i++)
        trine__sys_thread_join(pool->workers[i].thread);
}

static void free_pool(struct trine_executor *executor)
{
    struct thread_pool *pool = pool_of(executor);
    struct trine__parker closer;
    trine_must(worker_here == NULL || worker_here->pool != pool,
               "trine_executor_free() in a job of that executor: it would wait for itself");
    if (pool->age == trine__exec_age())
        drain(pool, trine__parker_init(&closer) == 0 ? &closer : NULL);
    release(pool);
}

static unsigned workers(const struct trine_executor *executor)
{
    return pool_of(executor)->count;
}

static const struct trine__executor_ops ops = {
    .name = "threads", .workers = workers, .submit = submit, .free = free_pool
};

static struct thread_pool *allocate(unsigned count, unsigned backlog, const char *name)
{
    struct thread_pool *pool = trine__alloc_aligned(_Alignof(struct thread_pool), sizeof *pool);
    if (pool == NULL)
        return NULL;
    *pool = (struct thread_pool){ .executor.ops = &ops, .age = trine__exec_age() };
    pool->cores = (unsigned)trine__sys_cpu_count();
    pool->searchers_max = pool->cores > 1 ? (pool->cores + 1) / 2 : 0;
    snprintf(pool->name, sizeof pool->name, "%s", name);
    pthread_mutex_init(&pool->lock, NULL);
    pool->room.lock = &pool->lock;
    pool->workers = trine__alloc_aligned(_Alignof(struct worker), count * sizeof *pool->workers);
    if (pool->workers == NULL || trine__job_ring_init(&pool->ring, backlog) < 0) {
        release(pool);
        return NULL;
    }
    return pool;
}

static int start_workers(struct thread_pool *pool, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        pool->workers[i] = (struct worker){ .pool = pool, .spins = SPINS_MAX };
    pool->count = count;
    atomic_store(&pool->alive, count);
    for (unsigned i = 0; i < count; i++) {
        int error = trine__exec_thread_start(&pool->workers[i].thread, work, &pool->workers[i]);
        if (error < 0) {
            atomic_store(&pool->closing, true);
            while (take_sleeper(pool, 0))
                hand_token(pool);
            while (i-- > 0)
                trine__sys_thread_join(pool->workers[i].thread);
            return error;
        }
    }
    return 0;
}

struct trine_executor *trine_thread_pool_new(const struct trine_thread_pool_options *options)
{
    static const struct trine_thread_pool_options defaults;
    if (options == NULL)
        options = &defaults;
    unsigned count = options->workers > 0 ? options->workers : (unsigned)trine__sys_cpu_count();
    unsigned backlog = options->backlog > 0 ? options->backlog : BACKLOG_DEFAULT;
    if (count > WORKERS_MAX || backlog > BACKLOG_MAX) {
        (void)trine_fail(-EINVAL,
                         "trine_thread_pool_new(): %u workers, a backlog of %u: at most %u "
                         "and %u",
                         count, backlog, WORKERS_MAX, BACKLOG_MAX);
        return NULL;
    }
    struct thread_pool *pool =
        allocate(count, backlog, options->name != NULL ? options->name : "trine-worker");
    int error = pool != NULL ? start_workers(pool, count) : -ENOMEM;
    if (error == 0)
        return &pool->executor;
    if (pool != NULL)
        release(pool);
    (void)trine_fail(error, "trine_thread_pool_new(): no %s for %u workers: %s",
                     pool != NULL ? "thread" : "memory", count, trine_strerror(error));
    return NULL;
}
