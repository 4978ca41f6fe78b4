/* SPDX-License-Identifier: MIT */
/* The loop drives the transfers of its tasks.
 *
 *     task: trine_http_get --start mail--> engine --> shard (a CURLM, at most 256 transfers)
 *       ^ parked                                        |  libcurl says which sockets it waits for
 *       |                                               v
 *       +------------- unpark <-- a transfer ends <-- watch: one poll operation of the loop each
 *
 * There is an engine for each client on each loop. Everything in it runs on the loop's own stack:
 * tasks send mail. A completed poll only queues its watch; libcurl is called when the poller is
 * done, so that it may start and cancel operations freely.
 *
 * Shards, because libcurl looks for a connection to reuse through all of one host's: with 10,000
 * transfers in one multi handle that takes most of the time. */
#include "base/list.h"
#include "core/loop.h"
#include "http/client.h"
#include "sys/sys.h"

#define SHARD_MAX 256 /* transfers, and connections kept */
#define IDLE_MAX  256 /* easy handles kept for the next transfers */

struct shard {
    CURLM *multi;
    struct trine__engine *engine;
    struct trine__timer timer;
    struct job *jobs;      /* its transfers */
    unsigned count;        /* of them */
    struct watch *watches; /* its sockets */
    int doom;              /* why all its transfers have to end; 0 */
    struct shard *next;
};

struct trine__engine {
    struct trine__loop_exit exit;
    struct trine__loop *loop;
    struct trine_client *client; /* NULL: it is gone */
    struct trine__engine *next;  /* of the client's */
    struct trine__mail work, farewell;
    bool work_posted, farewell_posted, closed;
    struct watch *ready_first, *ready_last;
    struct shard *shards;
    CURL *idle[IDLE_MAX];
    unsigned idle_count;
};

/* A socket that libcurl waits for. It is freed when libcurl has let go of it and neither the poller
 * nor the ready list has it any more. */
struct watch {
    struct trine__op op;
    struct shard *shard;
    struct watch *next, *prev; /* of the shard's */
    struct watch *next_ready;
    short wanted; /* POLLIN, POLLOUT */
    bool armed, queued, acting, gone;
};

/* A task's request. It outlives the call where a cancel's mail is still on its way. */
struct job {
    struct trine__transfer transfer;
    struct trine__parker parker;
    struct trine__mail start, abort;
    struct shard *shard; /* NULL: not running */
    CURL *easy;
    struct job *next, *prev; /* of the shard's */
    bool abort_posted, finished, left;
};

/* Guards the engines' lists and engine->client: a client may be freed in another thread. */
static pthread_mutex_t engines_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- work for later in this turn */

static void want_work(struct trine__engine *engine)
{
    if (engine->work_posted)
        return;
    engine->work_posted = true;
    trine__loop_post(engine->loop, &engine->work);
}

/* Ends all transfers of the shard soon: it cannot wait for them any more. */
static void doom(struct shard *shard, int error)
{
    shard->doom = error;
    want_work(shard->engine);
}

/* ---- jobs */

static void finish(struct job *job)
{
    job->finished = true;
    trine__unpark(&job->parker);
}

static CURL *take_easy(struct trine__engine *engine)
{
    return engine->idle_count > 0 ? engine->idle[--engine->idle_count] : trine__transfer_handle();
}

static void give_easy(struct trine__engine *engine, CURL *easy)
{
    if (engine->idle_count == IDLE_MAX) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    engine->idle[engine->idle_count++] = easy;
}

static void enter_shard(struct job *job, struct shard *shard)
{
    job->shard = shard;
    job->prev = NULL;
    job->next = shard->jobs;
    if (job->next != NULL)
        job->next->prev = job;
    shard->jobs = job;
    shard->count++;
}

/* Takes the job out of libcurl's hands. Mid-transfer this closes its connection. */
static void leave_shard(struct job *job)
{
    struct shard *shard = job->shard;
    curl_multi_remove_handle(shard->multi, job->easy);
    give_easy(shard->engine, job->easy);
    if (job->prev != NULL)
        job->prev->next = job->next;
    else
        shard->jobs = job->next;
    if (job->next != NULL)
        job->next->prev = job->prev;
    shard->count--;
    job->shard = NULL;
}

/* Wakes the tasks whose transfers have ended. */
static void reap(struct shard *shard)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(shard->multi, &left)) != NULL) {
        char *private = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &private);
        struct job *job = (struct job *)private;
        trine__transfer_end(&job->transfer, job->easy, message->data.result);
        leave_shard(job);
        finish(job);
    }
}

static void act(struct shard *shard, curl_socket_t fd, int events)
{
    int running;
    if (curl_multi_socket_action(shard->multi, fd, events, &running) != CURLM_OK)
        doom(shard, -ENOMEM);
    reap(shard);
}

/* ---- sockets */

static void queue_watch(struct watch *watch)
{
    struct trine__engine *engine = watch->shard->engine;
    watch->queued = true;
    watch->next_ready = NULL;
    if (engine->ready_first == NULL)
        engine->ready_first = watch;
    else
        engine->ready_last->next_ready = watch;
    engine->ready_last = watch;
    want_work(engine);
}

static void free_if_unused(struct watch *watch)
{
    if (watch->gone && !watch->armed && !watch->queued && !watch->acting)
        trine__free(watch);
}

static void op_done(struct trine__op *op)
{
    struct watch *watch = TRINE__CONTAINER(op, struct watch, op);
    watch->armed = false;
    if (watch->gone) /* the engine may be gone, too */
        trine__free(watch);
    else
        queue_watch(watch);
}

static void arm(struct watch *watch)
{
    int fd = watch->op.fd;
    trine__op_init(&watch->op, TRINE__OP_POLL, fd);
    watch->op.flags = watch->wanted;
    watch->op.done = op_done;
    int answer = trine__poller_submit(trine__loop_here->poller, &watch->op);
    if (answer < 0)
        doom(watch->shard, answer);
    else if (answer > 0)
        queue_watch(watch);
    else
        watch->armed = true;
}

/* False: the poller still has it, and op_done will be called. */
static bool disarm(struct watch *watch)
{
    if (watch->armed &&
        trine__poller_cancel(trine__loop_here->poller, &watch->op) == TRINE__CANCELLED)
        watch->armed = false;
    return !watch->armed;
}

static struct watch *new_watch(struct shard *shard, curl_socket_t fd)
{
    struct watch *watch = trine__alloc_zero(1, sizeof *watch);
    if (watch == NULL) {
        doom(shard, -ENOMEM);
        return NULL;
    }
    watch->op.fd = fd;
    watch->shard = shard;
    watch->next = shard->watches;
    if (watch->next != NULL)
        watch->next->prev = watch;
    shard->watches = watch;
    curl_multi_assign(shard->multi, fd, watch);
    return watch;
}

static void let_go(struct watch *watch)
{
    struct shard *shard = watch->shard;
    if (watch->prev != NULL)
        watch->prev->next = watch->next;
    else
        shard->watches = watch->next;
    if (watch->next != NULL)
        watch->next->prev = watch->prev;
    watch->gone = true;
    (void)disarm(watch);
    free_if_unused(watch);
}

/* libcurl tells what it waits for. It must not be called back from here. */
static int socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct shard *shard = arg;
    struct watch *watch = socket_arg;
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(shard->multi, fd, NULL);
        if (watch != NULL)
            let_go(watch);
        return 0;
    }
    if (watch == NULL)
        watch = new_watch(shard, fd);
    if (watch == NULL)
        return 0;
    short wanted =
        (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
    bool same = watch->wanted == wanted;
    watch->wanted = wanted;
    if (watch->queued || watch->acting || (watch->armed && same))
        return 0;
    if (disarm(watch) && wanted != 0)
        arm(watch);
    return 0;
}

/* Tells libcurl what has come, then waits for more. */
static void serve(struct watch *watch)
{
    int64_t events = watch->op.result;
    int told = 0;
    if (events == -ECANCELED) {
        told = 0;
    } else if (events < 0 || events & (POLLERR | POLLHUP)) {
        told = CURL_CSELECT_IN | CURL_CSELECT_OUT; /* it finds the error where it tries */
    } else {
        told = (events & POLLIN ? CURL_CSELECT_IN : 0) | (events & POLLOUT ? CURL_CSELECT_OUT : 0);
    }
    watch->acting = true;
    if (told != 0)
        act(watch->shard, watch->op.fd, told);
    watch->acting = false;
    if (watch->gone)
        free_if_unused(watch);
    else if (watch->wanted != 0)
        arm(watch);
}

/* ---- time */

static void time_came(struct trine__timer *timer)
{
    act(TRINE__CONTAINER(timer, struct shard, timer), CURL_SOCKET_TIMEOUT, 0);
}

static int time_wanted(CURLM *multi, long milliseconds, void *arg)
{
    struct shard *shard = arg;
    struct trine__timers *timers = &shard->engine->loop->timers;
    trine__timer_stop(timers, &shard->timer);
    if (milliseconds < 0)
        return 0;
    int64_t when = trine__clock_monotonic() + TRINE_MILLISECONDS(milliseconds);
    int error = trine__timer_start(timers, &shard->timer, when);
    if (error < 0)
        doom(shard, error);
    return 0;
}

/* ---- shards */

static struct shard *new_shard(struct trine__engine *engine)
{
    struct shard *shard = trine__alloc_zero(1, sizeof *shard);
    if (shard == NULL)
        return NULL;
    shard->multi = curl_multi_init();
    if (shard->multi == NULL) {
        trine__free(shard);
        return NULL;
    }
    shard->engine = engine;
    shard->timer.fire = time_came;
    curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
    curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
    curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, time_wanted);
    curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
    curl_multi_setopt(shard->multi, CURLMOPT_MAXCONNECTS, (long)SHARD_MAX);
    shard->next = engine->shards;
    engine->shards = shard;
    return shard;
}

static struct shard *shard_with_room(struct trine__engine *engine)
{
    struct shard *shard = engine->shards;
    while (shard != NULL && (shard->count == SHARD_MAX || shard->doom != 0))
        shard = shard->next;
    return shard != NULL ? shard : new_shard(engine);
}

static void end_doomed(struct shard *shard)
{
    int error = shard->doom;
    shard->doom = 0;
    while (shard->jobs != NULL) {
        struct job *job = shard->jobs;
        job->transfer.error = error;
        leave_shard(job);
        finish(job);
    }
}

static void free_shard(struct shard *shard)
{
    curl_multi_cleanup(shard->multi);
    while (shard->watches != NULL)
        let_go(shard->watches);
    trine__timer_stop(&shard->engine->loop->timers, &shard->timer);
    trine__free(shard);
}

/* ---- engines */

static void free_if_over(struct trine__engine *engine)
{
    if (engine->closed && !engine->work_posted && !engine->farewell_posted)
        trine__free(engine);
}

static void deliver_work(struct trine__mail *mail)
{
    struct trine__engine *engine = TRINE__CONTAINER(mail, struct trine__engine, work);
    struct watch *watch = engine->ready_first;
    engine->work_posted = false;
    engine->ready_first = NULL;
    while (watch != NULL) { /* what gets ready meanwhile waits for the next turn */
        struct watch *next = watch->next_ready;
        watch->queued = false;
        if (watch->gone)
            free_if_unused(watch);
        else
            serve(watch);
        watch = next;
    }
    for (struct shard *shard = engine->shards; shard != NULL; shard = shard->next) {
        if (shard->doom != 0)
            end_doomed(shard);
    }
    free_if_over(engine);
}

static void close_engine(struct trine__engine *engine)
{
    engine->closed = true;
    while (engine->idle_count > 0)
        curl_easy_cleanup(engine->idle[--engine->idle_count]);
    while (engine->shards != NULL) {
        struct shard *shard = engine->shards;
        engine->shards = shard->next;
        free_shard(shard);
    }
}

/* The loop ends. */
static void leave_loop(struct trine__loop_exit *exit)
{
    struct trine__engine *engine = TRINE__CONTAINER(exit, struct trine__engine, exit);
    pthread_mutex_lock(&engines_lock);
    if (engine->client != NULL) {
        struct trine__engine **link = &engine->client->engines;
        while (*link != engine)
            link = &(*link)->next;
        *link = engine->next;
    }
    pthread_mutex_unlock(&engines_lock);
    close_engine(engine);
    free_if_over(engine);
}

/* The client is gone, the loop goes on; unless it ends just now. */
static void deliver_farewell(struct trine__mail *mail)
{
    struct trine__engine *engine = TRINE__CONTAINER(mail, struct trine__engine, farewell);
    engine->farewell_posted = false;
    if (!engine->closed) {
        struct trine__loop_exit **link = &engine->loop->exits;
        while (*link != &engine->exit)
            link = &(*link)->next;
        *link = engine->exit.next;
        close_engine(engine);
    }
    free_if_over(engine);
}

void trine__engines_dismiss(struct trine_client *client)
{
    pthread_mutex_lock(&engines_lock);
    while (client->engines != NULL) {
        struct trine__engine *engine = client->engines;
        client->engines = engine->next;
        engine->client = NULL;
        engine->farewell_posted = true;
        trine__loop_post(engine->loop, &engine->farewell); /* locked: the loop cannot end first */
    }
    pthread_mutex_unlock(&engines_lock);
}

static struct trine__engine *find_engine(struct trine__loop *loop,
                                         const struct trine_client *client)
{
    for (struct trine__loop_exit *exit = loop->exits; exit != NULL; exit = exit->next) {
        struct trine__engine *engine = TRINE__CONTAINER(exit, struct trine__engine, exit);
        if (exit->run == leave_loop && engine->client == client)
            return engine;
    }
    return NULL;
}

static struct trine__engine *engine_for(struct trine__loop *loop, struct trine_client *client)
{
    struct trine__engine *engine;
    pthread_mutex_lock(&engines_lock);
    engine = find_engine(loop, client);
    if (engine == NULL && (engine = trine__alloc_zero(1, sizeof *engine)) != NULL) {
        engine->loop = loop;
        engine->client = client;
        engine->work.deliver = deliver_work;
        engine->farewell.deliver = deliver_farewell;
        engine->exit.run = leave_loop;
        engine->next = client->engines;
        client->engines = engine;
        trine__loop_at_exit(loop, &engine->exit);
    }
    pthread_mutex_unlock(&engines_lock);
    return engine;
}

/* ---- a request */

/* Lets a transfer just begun send its request at once where its connection stands at once, as on
 * this machine: otherwise the first request would wait until the last connection is made. */
static void get_going(struct shard *shard)
{
    const struct watch *before = shard->watches;
    act(shard, CURL_SOCKET_TIMEOUT, 0);
    const struct watch *newest = shard->watches;
    if (newest != NULL && newest != before && newest->wanted & POLLOUT)
        act(shard, newest->op.fd, CURL_CSELECT_OUT);
}

/* Hands the job to libcurl. */
static int start(struct job *job, struct trine__engine *engine)
{
    struct shard *shard = shard_with_room(engine);
    job->easy = shard != NULL ? take_easy(engine) : NULL;
    if (job->easy == NULL)
        return -ENOMEM;
    int error = trine__transfer_begin(&job->transfer, job->easy);
    if (error == 0 && (curl_easy_setopt(job->easy, CURLOPT_PRIVATE, job) != CURLE_OK ||
                       curl_multi_add_handle(shard->multi, job->easy) != CURLM_OK))
        error = -ENOMEM;
    if (error < 0) {
        give_easy(engine, job->easy);
        return error;
    }
    enter_shard(job, shard);
    get_going(shard);
    return 0;
}

static void deliver_start(struct trine__mail *mail)
{
    struct job *job = TRINE__CONTAINER(mail, struct job, start);
    struct trine_client *client = (struct trine_client *)job->transfer.client;
    int error = -ECANCELED;
    if (!job->abort_posted) {
        struct trine__engine *engine = engine_for(trine__loop_here, client);
        error = engine != NULL ? start(job, engine) : -ENOMEM;
    }
    if (error < 0) {
        job->transfer.error = error;
        finish(job);
    }
}

static void deliver_abort(struct trine__mail *mail)
{
    struct job *job = TRINE__CONTAINER(mail, struct job, abort);
    job->abort_posted = false;
    if (job->left) {
        trine__free(job);
    } else if (!job->finished) {
        job->transfer.error = -ECANCELED;
        leave_shard(job);
        finish(job);
    }
}

/* Runs on any task's stack, so it only sends word. A transfer that ends first has its value. */
static enum trine__cancel cancel_job(void *arg)
{
    struct job *job = arg;
    if (!job->finished) {
        job->abort_posted = true;
        trine__loop_post(trine__loop_here, &job->abort);
    }
    return TRINE__CANCEL_PENDING;
}

int trine__http_get_task(struct trine_client *client, const char *url, struct trine_response **ret)
{
    struct job *job = trine__alloc_zero(1, sizeof *job);
    if (job == NULL)
        return -ENOMEM;
    job->transfer.client = client;
    job->transfer.url = url;
    job->start.deliver = deliver_start;
    job->abort.deliver = deliver_abort;
    int error = trine__parker_init(&job->parker);
    if (error < 0) {
        trine__free(job);
        return error;
    }
    trine__loop_post(trine__loop_here, &job->start);
    (void)trine__park(&job->parker, cancel_job, job, "an HTTP transfer");
    if (job->transfer.error == -ECANCELED)
        job->transfer.error = trine__scope_deliver(job->parker.context);
    error = trine__transfer_result(&job->transfer, ret);
    job->left = true;
    if (!job->abort_posted)
        trine__free(job);
    return error;
}
