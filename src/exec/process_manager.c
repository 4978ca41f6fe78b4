/* SPDX-License-Identifier: MIT */
/* The thread of a process pool: it alone talks to the workers, in one poll. */
#include "base/error.h"
#include "exec/process_pool.h"
#include "exec/registry.h"
#include "sys/sys.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define WORDS      160
#define POLL_PAUSE TRINE_MILLISECONDS(10) /* when even poll() fails */

enum { BELL, SERVER, FIRST_WORKER };

/* ---- telling: completing futures runs other people's code, so never under the lock */

static void tell(struct trine__process_pool *pool, struct trine__process_job *job, int outcome,
                 struct trine_error *error)
{
    job->outcome = outcome;
    job->error = error;
    job->next = NULL;
    *pool->told_last = job;
    pool->told_last = &job->next;
}

void trine__process_unlock(struct trine__process_pool *pool)
{
    struct trine__process_job *job = pool->told_first;
    pool->told_first = NULL;
    pool->told_last = &pool->told_first;
    pthread_mutex_unlock(&pool->lock);
    while (job != NULL) {
        struct trine__process_job *next = job->next;
        trine__job_fail(&job->job, job->outcome, job->error);
        trine_future_unref(&job->job.future);
        job = next;
    }
}

void trine__process_ring_bell(struct trine__process_pool *pool)
{
    const uint64_t once = 1;
    while (trine__sys_write(pool->bell, &once, sizeof once) == -EIO) /* a fault plan's; it passes */
        ;
}

/* ---- the fork server */

static void ask_server(struct trine__process_pool *pool, uint32_t what, uint32_t slot, int fd)
{
    struct trine__server_request request = { what, slot };
    if (!pool->server_lost &&
        trine__message_send(pool->server.fd, &request, sizeof request, fd) < 0) {
        pool->server_lost = true;
        trine__process_ring_bell(pool);
    }
}

/* ---- the end of the pool's soundness */

static void break_pool(struct trine__process_pool *pool, const char *cause)
{
    pool->broken = trine__asprintf("the process pool gave up after %s", cause);
    if (pool->broken == NULL) {
        static const char without[] = "the process pool gave up, and there is no memory to say why";
        pool->broken = trine__alloc(sizeof without);
        if (pool->broken == NULL)
            return; /* still to be broken, at the next death */
        memcpy(pool->broken, without, sizeof without);
    }
    while (pool->first != NULL) {
        struct trine__process_job *job = pool->first;
        trine__process_unqueue(pool, job);
        if (job->claimed || trine__future_claim(&job->job.future))
            tell(pool, job, TRINE_EPOOLBROKEN, trine__process_broken_error(pool));
        else
            trine_future_unref(&job->job.future);
    }
    trine__process_dispatch(pool); /* those who wait for room */
}

/* Whether the budget of deaths allows to go on. */
static bool note_death(struct trine__process_pool *pool, const char *cause)
{
    int64_t now = trine__clock_monotonic();
    pool->deaths[pool->death_at] = now;
    pool->death_at = (pool->death_at + 1) % pool->max_deaths;
    int64_t oldest = pool->deaths[pool->death_at];
    if (oldest == INT64_MIN || now - oldest > pool->death_window || pool->broken != NULL)
        return pool->broken == NULL;
    char text[WORDS * 2];
    snprintf(text, sizeof text, "%u worker deaths within %g s; the last: %s", pool->max_deaths,
             (double)pool->death_window / 1e9, cause);
    break_pool(pool, text);
    return false;
}

/* ---- workers */

/* Its end is near, or is brought about. */
static void lose(struct trine__process_pool *pool, struct trine__process_worker *worker,
                 const char *fault)
{
    if (worker->state != TRINE__WORKER_READY)
        return;
    worker->state = TRINE__WORKER_LOST;
    worker->fault = fault;
    ask_server(pool, TRINE__SERVER_KILL, (uint32_t)(worker - pool->workers), -1);
}

static int start_worker(struct trine__process_pool *pool, struct trine__process_worker *worker)
{
    int fds[2];
    int error = trine__sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
    if (error < 0)
        return error;
    *worker = (struct trine__process_worker){ .state = TRINE__WORKER_READY, .fd = fds[0] };
    ask_server(pool, TRINE__SERVER_SPAWN, (uint32_t)(worker - pool->workers), fds[1]);
    trine__sys_close(fds[1]);
    return 0;
}

static bool wanted(const struct trine__process_pool *pool)
{
    return pool->broken == NULL && (!pool->closing || pool->first != NULL);
}

void trine__process_start_workers(struct trine__process_pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++) {
        struct trine__process_worker *worker = &pool->workers[i];
        while (wanted(pool) && worker->state == TRINE__WORKER_ABSENT && !pool->server_lost) {
            int error = start_worker(pool, worker);
            char cause[WORDS];
            snprintf(cause, sizeof cause, "no socket for a worker: %s", trine_strerror(error));
            if (error < 0)
                (void)note_death(pool, cause);
        }
    }
}

static void release_worker(struct trine__process_worker *worker)
{
    trine__sys_shutdown(worker->fd, SHUT_RDWR); /* somebody may hold a copy */
    trine__sys_close(worker->fd);
    worker->state = TRINE__WORKER_ABSENT;
}

/* ---- a job at a worker */

static void begin_answer(struct trine__process_worker *worker)
{
    struct trine__process_job *job = worker->job;
    worker->in = (struct trine__transfer){ 0 };
    worker->in_message = false;
    trine__transfer_add(&worker->in, &worker->reply, sizeof worker->reply);
    trine__transfer_add(&worker->in, job->outcomes, job->count * sizeof *job->outcomes);
    trine__transfer_add(&worker->in, trine__job_record(&job->job), job->job.size);
}

static void assign(struct trine__process_pool *pool, struct trine__process_worker *worker,
                   struct trine__process_job *job)
{
    worker->job = job;
    pool->busy++;
    worker->request = (struct trine__request){ .magic = TRINE__WIRE_MAGIC,
                                               .id = ++pool->next_id,
                                               .name_len = (uint32_t)strlen(job->entry->name),
                                               .count = job->count,
                                               .size = job->item_size,
                                               .collect = job->collect,
                                               .namesakes = trine__registry_namesakes(job->entry) };
    worker->out = (struct trine__transfer){ 0 };
    trine__transfer_add(&worker->out, &worker->request, sizeof worker->request);
    trine__transfer_add(&worker->out, (void *)job->entry->name, worker->request.name_len);
    trine__transfer_add(&worker->out, trine__job_record(&job->job), job->job.size);
    begin_answer(worker);
}

/* The worker died before it had read the whole of its job, so the function has not begun: the job
 * is the next one's. */
static void reclaim(struct trine__process_pool *pool, struct trine__process_worker *worker)
{
    struct trine__process_job *job = worker->job;
    worker->job = NULL;
    worker->out = (struct trine__transfer){ 0 };
    pool->busy--;
    job->claimed = true;
    trine__process_enqueue_first(pool, job);
}

/* Sends what the socket takes. True: all of it, or never. */
static bool send_some(struct trine__process_pool *pool, struct trine__process_worker *worker)
{
    int result = trine__transfer_send(&worker->out, worker->fd, MSG_DONTWAIT);
    if (result < 0 && result != -EAGAIN) {
        reclaim(pool, worker);
        lose(pool, worker, "did not take its job");
    }
    return result != -EAGAIN;
}

static int first_error(const struct trine__process_job *job)
{
    for (uint32_t i = 0; i < job->count; i++) {
        if (job->outcomes[i] < 0)
            return job->outcomes[i];
    }
    return job->outcomes[job->count - 1];
}

static void take_back(struct trine__process_pool *pool, struct trine__process_worker *worker,
                      int outcome, struct trine_error *error)
{
    struct trine__process_job *job = worker->job;
    worker->job = NULL;
    pool->busy--;
    tell(pool, job, outcome, error);
}

static void answered(struct trine__process_pool *pool, struct trine__process_worker *worker)
{
    int outcome = first_error(worker->job);
    struct trine_error *error = NULL;
    worker->job->answered = true;
    worker->message[worker->reply.message_len] = '\0';
    if (worker->reply.message_len > 0 && worker->reply.code == outcome && outcome < 0)
        error = trine__error_newf(outcome, "%s", worker->message);
    take_back(pool, worker, outcome, error);
}

static bool sensible(const struct trine__process_worker *worker)
{
    return worker->reply.magic == TRINE__WIRE_MAGIC && worker->reply.id == worker->request.id &&
           worker->reply.message_len <= TRINE__MESSAGE_MAX && trine__transfer_done(&worker->out);
}

/* Reads what has come; a whole answer ends the job. */
static void receive_some(struct trine__process_pool *pool, struct trine__process_worker *worker)
{
    char stray;
    while (worker->job != NULL) {
        int result = trine__transfer_recv(&worker->in, worker->fd, MSG_DONTWAIT);
        if (result == -EAGAIN)
            return;
        if (result == -ECONNRESET && trine__transfer_done(&worker->out))
            reclaim(pool, worker); /* how the kernel says that it ended without having read all */
        if (result <= 0) {
            lose(pool, worker, NULL);
            return;
        }
        if (!worker->in_message && !sensible(worker)) {
            lose(pool, worker, "gave an answer that makes no sense");
            return;
        }
        if (worker->in_message || worker->reply.message_len == 0) {
            answered(pool, worker);
            return;
        }
        worker->in = (struct trine__transfer){ 0 };
        trine__transfer_add(&worker->in, worker->message, worker->reply.message_len);
        worker->in_message = true;
    }
    ssize_t len = trine__sys_recv(worker->fd, &stray, 1, MSG_DONTWAIT);
    if (len != -EAGAIN)
        lose(pool, worker, len > 0 ? "spoke without being asked" : NULL);
}

/* Those who wait come in first, in order; of a broken pool they all hear. */
static void let_in(struct trine__process_pool *pool)
{
    while (pool->room.first != NULL && (pool->queued < pool->backlog || pool->broken != NULL)) {
        struct trine__room_place *place = pool->room.first;
        struct trine__process_job *job = (struct trine__process_job *)(void *)place->job;
        trine__room_leave(&pool->room, place);
        if (pool->broken == NULL)
            trine__process_enqueue(pool, job);
        else if (trine__future_claim(&job->job.future))
            tell(pool, job, TRINE_EPOOLBROKEN, trine__process_broken_error(pool));
        trine__unpark(&place->parker);
    }
}

static struct trine__process_job *next_job(struct trine__process_pool *pool)
{
    while (pool->first != NULL) {
        struct trine__process_job *job = pool->first;
        trine__process_unqueue(pool, job);
        if (job->claimed || trine__future_claim(&job->job.future))
            return job;
        trine_future_unref(&job->job.future); /* cancelled at this very moment */
    }
    return NULL;
}

void trine__process_dispatch(struct trine__process_pool *pool)
{
    bool unsent = false;
    let_in(pool);
    for (unsigned i = 0; i < pool->count && pool->first != NULL; i++) {
        struct trine__process_worker *worker = &pool->workers[i];
        if (worker->state != TRINE__WORKER_READY || worker->job != NULL || worker->dismissed)
            continue;
        struct trine__process_job *job = next_job(pool);
        if (job == NULL)
            break;
        assign(pool, worker, job);
        unsent |= !send_some(pool, worker);
        let_in(pool);
    }
    if (unsent)
        trine__process_ring_bell(pool);
}

/* ---- what the fork server tells */

/* Takes the job from a worker that is no more. */
static void fail_job(struct trine__process_pool *pool, struct trine__process_worker *worker,
                     const char *how)
{
    struct trine__process_job *job = worker->job;
    take_back(pool, worker, TRINE_EWORKERDIED,
              trine__error_newf(TRINE_EWORKERDIED, "job %s: %s", job->entry->name, how));
}

static void worker_ended(struct trine__process_pool *pool, struct trine__process_worker *worker,
                         const struct trine__server_event *event)
{
    char end[WORDS / 2], how[WORDS];
    if (worker->state == TRINE__WORKER_READY)
        receive_some(pool, worker); /* it may have answered before */
    bool expected = worker->dismissed && worker->job == NULL;
    if (event->what == TRINE__SERVER_REFUSED)
        snprintf(how, sizeof how, "no worker process: %s", trine_strerror(event->code));
    else if (worker->fault != NULL)
        snprintf(how, sizeof how, "worker process %d %s and was ended", event->pid, worker->fault);
    else {
        trine__describe_end(event->code, event->status, end, sizeof end);
        snprintf(how, sizeof how, "worker process %d %s", event->pid, end);
    }
    if (worker->job != NULL)
        fail_job(pool, worker, how);
    release_worker(worker);
    if (!expected)
        (void)note_death(pool, how);
}

static bool has_workers(const struct trine__process_pool *pool)
{
    for (unsigned i = 0; i < pool->count; i++) {
        if (pool->workers[i].state != TRINE__WORKER_ABSENT)
            return true;
    }
    return false;
}

/* All workers have gone with it. */
static void server_gone(struct trine__process_pool *pool)
{
    char how[WORDS / 2], text[WORDS];
    int error = trine__server_replace(&pool->server, how, sizeof how);
    pool->server_lost = error < 0;
    snprintf(text, sizeof text, "the fork server %s", how);
    bool quiet = true;
    for (unsigned i = 0; i < pool->count; i++) {
        struct trine__process_worker *worker = &pool->workers[i];
        if (worker->state == TRINE__WORKER_ABSENT)
            continue;
        receive_some(pool, worker);
        if (worker->job != NULL)
            fail_job(pool, worker, text);
        quiet &= worker->dismissed;
        release_worker(worker);
    }
    bool go_on = quiet || note_death(pool, text);
    if (error < 0 && go_on && pool->broken == NULL) {
        char cause[WORDS * 2];
        snprintf(cause, sizeof cause, "%s and could not be started again: %s", text,
                 trine_error_message(trine_error_last()));
        break_pool(pool, cause);
    }
}

static void hear_server(struct trine__process_pool *pool)
{
    for (;;) {
        struct trine__server_event event;
        int fd, len = trine__message_recv(pool->server.fd, &event, sizeof event, &fd, MSG_DONTWAIT);
        if (len == -EAGAIN)
            return;
        if (len != (int)sizeof event || event.slot >= pool->count) {
            pool->server_lost = true;
            return;
        }
        struct trine__process_worker *worker = &pool->workers[event.slot];
        if (event.what == TRINE__SERVER_STARTED)
            worker->pid = event.pid;
        else if (worker->state != TRINE__WORKER_ABSENT)
            worker_ended(pool, worker, &event);
    }
}

/* ---- the thread */

static void hush_bell(struct trine__process_pool *pool)
{
    uint64_t times;
    (void)trine__sys_read(pool->bell, &times, sizeof times);
}

static size_t gather(struct trine__process_pool *pool)
{
    struct pollfd *fds = pool->fds;
    fds[BELL] = (struct pollfd){ pool->bell, POLLIN, 0 };
    fds[SERVER] = (struct pollfd){ pool->server_lost ? -1 : pool->server.fd, POLLIN, 0 };
    for (unsigned i = 0; i < pool->count; i++) {
        const struct trine__process_worker *worker = &pool->workers[i];
        short events = trine__transfer_done(&worker->out) ? POLLIN : POLLIN | POLLOUT;
        fds[FIRST_WORKER + i] =
            (struct pollfd){ worker->state == TRINE__WORKER_READY ? worker->fd : -1, events, 0 };
    }
    return FIRST_WORKER + pool->count;
}

/* When poll() itself fails, everything is looked at, a hundred times a second. */
static void await_events(struct trine__process_pool *pool, size_t count)
{
    int error = trine__sys_poll(pool->fds, count, INT64_MAX);
    if (error >= 0)
        return;
    static uint32_t nobody;
    if (error != -EINTR)
        trine__futex_wait(&nobody, 0, trine__clock_monotonic() + POLL_PAUSE);
    for (size_t i = 0; i < count; i++)
        pool->fds[i].revents = POLLIN;
}

static void serve(struct trine__process_pool *pool)
{
    if (pool->fds[BELL].revents != 0)
        hush_bell(pool);
    for (unsigned i = 0; i < pool->count; i++) {
        struct trine__process_worker *worker = &pool->workers[i];
        if (pool->fds[FIRST_WORKER + i].revents == 0 || worker->state != TRINE__WORKER_READY)
            continue;
        (void)send_some(pool, worker);
        receive_some(pool, worker);
    }
    if (pool->fds[SERVER].revents != 0 && !pool->server_lost)
        hear_server(pool);
    if (pool->server_lost && (pool->broken == NULL || has_workers(pool)))
        server_gone(pool);
    trine__process_start_workers(pool);
    trine__process_dispatch(pool);
}

/* Nothing to do any more: sends the workers home. True when all have gone. */
static bool dismiss(struct trine__process_pool *pool)
{
    bool all_gone = true;
    if (!pool->closing || pool->first != NULL || pool->busy > 0 || pool->room.first != NULL)
        return false;
    for (unsigned i = 0; i < pool->count; i++) {
        struct trine__process_worker *worker = &pool->workers[i];
        if (worker->state != TRINE__WORKER_ABSENT && !worker->dismissed) {
            worker->dismissed = true;
            if (trine__sys_shutdown(worker->fd, SHUT_WR) < 0)
                lose(pool, worker, NULL);
        }
        all_gone &= worker->state == TRINE__WORKER_ABSENT;
    }
    return all_gone;
}

void *trine__process_manager(void *arg)
{
    struct trine__process_pool *pool = arg;
    trine__sys_thread_name("trine-manager");
    pthread_mutex_lock(&pool->lock);
    trine__process_start_workers(pool);
    trine__process_dispatch(pool);
    while (!dismiss(pool)) {
        size_t count = gather(pool);
        trine__process_unlock(pool);
        await_events(pool, count);
        pthread_mutex_lock(&pool->lock);
        serve(pool);
    }
    struct trine__parker *closer = pool->closer;
    trine__process_unlock(pool);
    trine__server_release(&pool->server);
    if (closer != NULL)
        trine__unpark(closer);
    return NULL;
}
