/* SPDX-License-Identifier: MIT */
/* Messages of one size go up a pipe: one for each item that has ended, and one with the figures.
 * The clocks run around the whole of what the model costs: its pool is started, the map runs, the
 * pool is ended; worker processes have been reaped by then, so that their CPU time is known. */
#include "cli/compare_measure.h"
#include "cli/compare_child.h"
#include "cli/compare_family.h"
#include "cli/sentence.h"
#include "sys/sys.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <trine/http.h>
#include <trine/map.h>

struct message {
    enum { ITEM, FIGURES, TROUBLE } kind;
    int outcome; /* of the item or the map; TROUBLE: why nothing could run */
    size_t item; /* from 1 */
    unsigned workers;
    int64_t wall_ns, cpu_ns, starved_ns, peak_kib;
    char sentence[TRINE__SENTENCE_MAX];
};

/* ---- in the model's process */

struct run {
    const struct trine__workload *workload;
    enum trine__model model;
    unsigned workers;
    int to;
};

static void send_message(int to, const struct message *message)
{
    (void)trine__sys_write(to, message, sizeof *message); /* below PIPE_BUF: all or nothing */
}

static void explain(struct message *message, const char *in_record)
{
    const char *sentence = in_record[0] != '\0' ? in_record : trine__sentence(message->outcome);
    snprintf(message->sentence, sizeof message->sentence, "%s", sentence);
}

static void item_done(void *item, size_t index, int outcome, void *arg)
{
    struct run *run = arg;
    struct message message = { .kind = ITEM, .item = index + 1, .outcome = outcome };
    if (outcome < 0)
        explain(&message, item);
    send_message(run->to, &message);
}

static struct trine_executor *executor_new(enum trine__model model, unsigned workers)
{
    switch (model) {
    case TRINE__MODEL_THREADS:
        return trine_thread_pool_new(&(struct trine_thread_pool_options){ .workers = workers });
    case TRINE__MODEL_PROCESSES:
        return trine_process_pool_new(&(struct trine_process_pool_options){ .workers = workers });
    case TRINE__MODEL_COROUTINES:
        return TRINE_TASKS;
    default:
        return TRINE_SERIAL;
    }
}

static void executor_end(struct trine_executor *executor)
{
    if (executor != TRINE_SERIAL && executor != TRINE_TASKS)
        trine_executor_free(executor);
}

static int64_t nanoseconds(struct timeval time)
{
    return TRINE_SECONDS(time.tv_sec) + TRINE_MICROSECONDS(time.tv_usec);
}

static int64_t cpu_of(int who)
{
    struct rusage usage = { 0 };
    trine__sys_getrusage(who, &usage);
    return nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
}

static void run_model(void *arg, int to)
{
    struct run *run = arg;
    const struct trine__workload *workload = run->workload;
    struct message message = { .kind = FIGURES };
    struct trine_map_options options = { .collect = true,
                                         .chunk = 1, /* a worker that dies costs one item */
                                         .on_done = item_done,
                                         .on_done_arg = run };
    run->to = to;
    trine_client_free(trine_client_new(NULL)); /* starts the library, which is no model's cost */
    int64_t cpu = trine__clock_cpu() + cpu_of(RUSAGE_CHILDREN),
            starved = trine__family_starved_ns();
    int64_t start = trine__clock_monotonic();
    struct trine_executor *executor = executor_new(run->model, run->workers);
    if (executor == NULL) {
        message.kind = TROUBLE;
        message.outcome = trine_error_code(trine_error_last());
        explain(&message, "");
        send_message(to, &message);
        return;
    }
    message.outcome = trine_map(executor, workload->fn, workload->items, workload->count,
                                workload->size, &options);
    if (message.outcome < 0)
        explain(&message, "");
    message.workers = trine_executor_workers(executor);
    int64_t looking = trine__clock_monotonic();
    message.peak_kib = trine__family_peak_kib();
    looking = trine__clock_monotonic() - looking;
    executor_end(executor);
    message.wall_ns = trine__clock_monotonic() - start - looking;
    message.cpu_ns = trine__clock_cpu() + cpu_of(RUSAGE_CHILDREN) - cpu;
    message.starved_ns = trine__family_starved_ns() - starved;
    send_message(to, &message);
}

/* ---- in the comparison */

static void add_failure(struct trine__measurement *measurement, size_t item, const char *sentence)
{
    if (measurement->failed < TRINE__FAILURES_MAX) {
        struct trine__failure *failure = &measurement->failures[measurement->failed];
        failure->item = item;
        snprintf(failure->sentence, sizeof failure->sentence, "%s", sentence);
    }
    measurement->failed++;
}

static void take(struct trine__measurement *measurement, bool *told, const struct message *message)
{
    if (message->kind == FIGURES) {
        measurement->finished = true;
        measurement->workers = message->workers;
        measurement->wall_ns = message->wall_ns;
        measurement->cpu_ns = message->cpu_ns;
        measurement->starved_ns = message->starved_ns;
        measurement->peak_kib = message->peak_kib;
        return;
    }
    measurement->done++;
    told[message->item - 1] = true;
    if (message->outcome < 0)
        add_failure(measurement, message->item, message->sentence);
}

/* The items that nobody told of have not run. */
static void give_up(struct trine__measurement *measurement, const bool *told, const char *why)
{
    for (size_t i = 0; i < measurement->workload->count; i++)
        if (!told[i])
            add_failure(measurement, i + 1, why[0] != '\0' ? why : "what became of it got lost");
    measurement->finished = true;
}

/* Reads messages until the pipe ends, or -ECANCELED. `trouble`: why, if the model could not start.
 */
static int listen_to(int from, struct trine__measurement *measurement, bool *told, char *trouble,
                     trine__progress_fn progress)
{
    struct pollfd fds[] = { { .fd = trine__stop_fd(), .events = POLLIN },
                            { .fd = from, .events = POLLIN } };
    struct message message;
    for (;;) {
        progress(measurement);
        int error = trine__sys_poll(fds, 2, INT64_MAX);
        if (trine__stop_signal() != 0)
            return -ECANCELED;
        if (error < 0 || fds[1].revents == 0)
            continue;
        ssize_t got = trine__sys_read(from, &message, sizeof message);
        if (got != (ssize_t)sizeof message)
            return got < 0 ? (int)got : 0;
        if (message.kind != ITEM)
            snprintf(trouble, TRINE__SENTENCE_MAX, "%s", message.sentence);
        if (message.kind != TROUBLE)
            take(measurement, told, &message);
    }
}

static int by_item(const void *left, const void *right)
{
    const struct trine__failure *a = left, *b = right;
    return (a->item > b->item) - (a->item < b->item);
}

/* Failures came in the order of time. */
static void sort_failures(struct trine__measurement *measurement)
{
    size_t kept =
        measurement->failed < TRINE__FAILURES_MAX ? measurement->failed : TRINE__FAILURES_MAX;
    qsort(measurement->failures, kept, sizeof measurement->failures[0], by_item);
}

static void tell_end(const siginfo_t *how, char *why)
{
    if (why[0] != '\0')
        return;
    if (how->si_code == CLD_EXITED)
        snprintf(why, TRINE__SENTENCE_MAX, "the model's process %d ended with status %d",
                 (int)how->si_pid, how->si_status);
    else
        snprintf(why, TRINE__SENTENCE_MAX, "the model's process %d was killed by signal %d",
                 (int)how->si_pid, how->si_status);
}

int trine__measure(const struct trine__workload *workload, enum trine__model model,
                   unsigned workers, trine__progress_fn progress, struct trine__measurement *ret)
{
    struct run run = { .workload = workload, .model = model, .workers = workers };
    struct trine__child child;
    char why[TRINE__SENTENCE_MAX] = "";
    siginfo_t how;
    *ret = (struct trine__measurement){ .workload = workload, .model = model };
    bool *told = trine__alloc_zero(workload->count, sizeof *told);
    if (told == NULL)
        return -ENOMEM;
    int error = trine__child_start(&child, run_model, &run);
    if (error == 0) {
        error = listen_to(child.from, ret, told, why, progress);
        trine__child_end(&child, 1, &how);
        if (error == 0 && !ret->finished)
            tell_end(&how, why);
        if (error == 0)
            give_up(ret, told, why);
        sort_failures(ret);
    }
    trine__free(told);
    return error;
}
