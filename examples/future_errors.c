/* SPDX-License-Identifier: MIT */
/* What may become of a future: cancelled before it began, too late, its worker dead, the pool
 * broken.
 *
 *     cancelled in the queue: Operation canceled
 *     waited too short a time: Timed out; later: Success
 *     its worker was killed: The worker process died
 *     the job after it: Success
 *     after the second death: The pool is broken: its workers died too often
 *
 * Python's CancelledError, TimeoutError and BrokenProcessPool. A death fails its own job only; the
 * pool breaks when .max_deaths come within .death_window. Usage: future_errors [MILLISECONDS that a
 * second lasts] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

static int nap(void *arg)
{
    return trine_sleep(*(int64_t *)arg);
}
TRINE_JOB(nap, int64_t);

static int die(void *arg)
{
    return raise(SIGKILL); /* what the kernel does to a process when memory ends */
}
TRINE_JOB(die, int64_t);

/* Waits for the future and takes it: its outcome, or why waiting failed. */
static int finish(struct trine_future *future)
{
    int outcome;
    int error = trine_await(future, &outcome);
    trine_future_unref(future);
    return error < 0 ? error : outcome;
}

int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1), none = 0;
    struct trine_executor *pool = trine_process_pool_new(
        &(struct trine_process_pool_options){ .workers = 1, .max_deaths = 2 });
    if (pool == NULL)
        return 1;

    struct trine_future *first = trine_submit(pool, nap, &second, sizeof second);
    struct trine_future *queued = trine_submit(pool, nap, &second, sizeof second);
    trine_cancel(queued);
    printf("cancelled in the queue: %s\n", trine_strerror(finish(queued)));

    int waited =
        TRINE_WITHIN(second / 4, trine_await(first, NULL)); /* ends the wait, not the job */
    printf("waited too short a time: %s", trine_strerror(waited));
    printf("; later: %s\n", trine_strerror(finish(first)));

    int outcome = finish(trine_submit(pool, die, &none, sizeof none));
    printf("its worker was killed: %s\n", trine_strerror(outcome));
    outcome = finish(trine_submit(pool, nap, &none, sizeof none));
    printf("the job after it: %s\n", trine_strerror(outcome));

    finish(trine_submit(pool, die, &none, sizeof none));
    outcome = finish(trine_submit(pool, nap, &none, sizeof none));
    printf("after the second death: %s\n", trine_strerror(outcome));
    trine_executor_free(pool);
    return 0;
}
