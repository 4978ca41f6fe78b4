/* SPDX-License-Identifier: MIT */
/* The classic tools, the same for tasks and for threads: a mutex, a semaphore, an event, a queue,
 * and waiting for the end.
 *
 *     tasks: 100 items, sum 5050
 *     threads: 100 items, sum 5050 */
#include <stdio.h>
#include <trine.h>

#define WORKERS 4
struct office {
    struct trine_mutex mutex;     /* guards the two numbers */
    struct trine_semaphore desks; /* so many may work at once */
    struct trine_event open;      /* nobody begins before */
    struct trine_queue *queue;    /* what is to be done */
    int items, sum;               /* what was done */
};

static int do_item(struct office *office, int item)
{
    int error = trine_semaphore_acquire(&office->desks);
    if (error < 0)
        return error;
    (void)trine_sleep(TRINE_MICROSECONDS(200));
    if ((error = trine_mutex_lock(&office->mutex)) == 0) {
        office->items++;
        office->sum += item;
        trine_mutex_unlock(&office->mutex);
    }
    trine_semaphore_release(&office->desks);
    return error;
}

static int worker(void *arg)
{
    struct office *office = *(struct office **)arg; /* a job's record is a copy: here, a pointer */
    int item, error = trine_event_wait(&office->open);
    while (error == 0 && (error = trine_queue_get(office->queue, &item)) == 0)
        error = do_item(office, item);
    return error == -EPIPE ? 0 : error; /* closed and drained: done */
}

static int work_in(struct trine_executor *executor)
{
    struct trine_queue_options options = { .item_size = sizeof(int), .capacity = 10 };
    struct office office = { .desks = TRINE_SEMAPHORE_INIT(2), .queue = trine_queue_new(&options) };
    struct office *shared = &office;
    struct trine_future *workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        workers[i] = trine_submit(executor, worker, &shared, sizeof shared);
    trine_event_set(&office.open);
    int error = 0, outcome = 0;
    for (int item = 1; item <= 100 && error == 0; item++)
        error = trine_queue_put(office.queue, &item);
    trine_queue_close(office.queue);
    for (int i = 0; i < WORKERS; i++) { /* join */
        if (trine_await(workers[i], &outcome) < 0 || outcome < 0)
            error = outcome;
        trine_future_unref(workers[i]);
    }
    printf("%s: %d items, sum %d\n", trine_executor_name(executor), office.items, office.sum);
    trine_queue_free(office.queue);
    return error;
}

static int app(void *arg)
{
    struct trine_executor *threads = trine_thread_pool_new(NULL);
    int error = threads == NULL ? -ENOMEM : work_in(TRINE_TASKS);
    if (error == 0)
        error = work_in(threads);
    trine_executor_free(threads);
    return error;
}

int main(void)
{
    return trine_run(app, NULL, NULL) < 0;
}
