/* SPDX-License-Identifier: MIT */
/* Several futures at once: the first of them, each as it completes, all of them.
 *
 *     1.00 s: the first is done, 1 of 3
 *     1.00 s: job 3 is done
 *     2.00 s: job 2 is done
 *     3.00 s: job 1 is done
 *     3.00 s: all are done, 3 of 3
 *
 * Usage: several_futures [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

#define COUNT 3

struct job {
    int number;
    int64_t duration;
};

static int work(void *arg)
{
    struct job *job = arg;
    return trine_sleep(job->duration);
}

static double seconds_since(int64_t start)
{
    return (double)(trine_now() - start) / TRINE_SECONDS(1);
}

static int wait_in_three_ways(struct trine_future **futures, int64_t start)
{
    bool is_done[COUNT];
    int count = trine_wait(futures, COUNT, TRINE_FIRST_COMPLETED, is_done);
    printf("%.2f s: the first is done, %d of %d\n", seconds_since(start), count, COUNT);

    struct trine_completed done = TRINE_COMPLETED(futures, COUNT);
    struct trine_future *future;
    while ((future = trine_completed_next(&done)) != NULL) {
        struct job *job = trine_future_value(future);
        printf("%.2f s: job %d is done\n", seconds_since(start), job->number);
    }
    if (done.error < 0)
        return done.error;

    count = trine_wait(futures, COUNT, TRINE_ALL_COMPLETED, NULL);
    printf("%.2f s: all are done, %d of %d\n", seconds_since(start), count, COUNT);
    return count < 0 ? count : 0;
}

/* No trine_run() here: a plain thread may wait for futures too, and then blocks. */
int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    struct trine_executor *threads =
        trine_thread_pool_new(&(struct trine_thread_pool_options){ .workers = COUNT });
    if (threads == NULL)
        return 1;
    struct trine_future *futures[COUNT];
    int64_t start = trine_now();
    for (int i = 0; i < COUNT; i++) {
        struct job job = { .number = i + 1, .duration = (COUNT - i) * second };
        futures[i] = trine_submit(threads, work, &job, sizeof job);
    }
    int error = wait_in_three_ways(futures, start);
    for (int i = 0; i < COUNT; i++)
        trine_future_unref(futures[i]);
    trine_executor_free(threads);
    return error < 0;
}
