/* SPDX-License-Identifier: MIT */
/* Five jobs of 1 s on 3 threads, taken as they complete; one fails, the others do not care: 2 s.
 *
 *     job 1 returned 10
 *     job 2 failed: there is no job 2 (Invalid argument)
 *     job 3 returned 30                       1 to 3 in any order
 *     job 4 returned 40
 *     job 5 returned 50                       4 and 5 in any order
 *     5 jobs in 2.00 s
 *
 * Usage: thread_pool [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

#define JOBS 5

struct job {
    int number;
    int64_t duration;
};

static int work(void *arg)
{
    struct job *job = arg;
    int error = trine_sleep(job->duration);
    if (error < 0)
        return error;
    if (job->number == 2)
        return trine_fail(-EINVAL, "there is no job %d", job->number);
    return 10 * job->number; /* an outcome >= 0 is a result */
}

static void tell(struct trine_future *future)
{
    const struct job *job = trine_future_value(future);
    int outcome = trine_future_outcome(future);
    if (outcome >= 0)
        printf("job %d returned %d\n", job->number, outcome);
    else
        printf("job %d failed: %s (%s)\n", job->number,
               trine_error_message(trine_future_error(future)), trine_strerror(outcome));
}

int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    struct trine_executor *threads =
        trine_thread_pool_new(&(struct trine_thread_pool_options){ .workers = 3 });
    if (threads == NULL)
        return 1;

    int64_t start = trine_now();
    struct trine_future *futures[JOBS], *future;
    for (int i = 0; i < JOBS; i++) {
        struct job job = { .number = i + 1, .duration = second };
        futures[i] = trine_submit(threads, work, &job, sizeof job);
    }
    struct trine_completed done = TRINE_COMPLETED(futures, JOBS);
    while ((future = trine_completed_next(&done)) != NULL)
        tell(future);
    printf("%d jobs in %.2f s\n", JOBS, (double)(trine_now() - start) / TRINE_SECONDS(1));

    for (int i = 0; i < JOBS; i++)
        trine_future_unref(futures[i]);
    trine_executor_free(threads);
    return done.error < 0;
}
