/* SPDX-License-Identifier: MIT */
/* A future: submit a job, ask, call back, wait within a limit, read the result.
 *
 *     submitted: not done
 *     a limit of 1 s: Timed out, the job goes on
 *     called back: 15 = 3 x 5
 *     15 = 3 x 5 after 2.00 s
 *
 * Usage: futures [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

struct factor_job {
    int64_t pause; /* a stand-in for hard work */
    int n, factor;
};

static int factorize(void *arg)
{
    struct factor_job *job = arg;
    for (job->factor = 2; job->n % job->factor != 0; job->factor++)
        continue;
    return trine_sleep(job->pause);
}
TRINE_JOB(factorize, struct factor_job);

static void called_back(struct trine_future *future, void *arg)
{
    struct factor_job *job = trine_future_value(future);
    printf("called back: %d = %d x %d\n", job->n, job->factor, job->n / job->factor);
}

struct app {
    struct trine_executor *processes;
    int64_t second;
};

static int app(void *arg)
{
    struct app *app = arg;
    int64_t start = trine_now();
    struct factor_job job = { .pause = 2 * app->second, .n = 15 };
    struct trine_future *future =
        trine_submit(app->processes, factorize, &job, sizeof job); /* a copy of job travels */
    printf("submitted: %s\n", trine_future_done(future) ? "done" : "not done");
    int error = trine_future_on_done(future, called_back, NULL);
    if (error < 0)
        goto end;

    error = TRINE_WITHIN(app->second, trine_await(future, NULL));
    printf("a limit of 1 s: %s, the job goes on\n", trine_strerror(error));

    int outcome;
    error = trine_await(future, &outcome);                    /* did the WAITING work? */
    if (error == 0 && outcome == 0) {                         /* and what came of it? */
        struct factor_job *done = trine_future_value(future); /* the record as the job left it */
        printf("%d = %d x %d after %.2f s\n", done->n, done->factor, done->n / done->factor,
               (double)(trine_now() - start) / TRINE_SECONDS(1));
    }
end:
    trine_future_unref(future);
    return error;
}

int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    struct app state = { trine_process_pool_new(NULL), second };
    int error = state.processes != NULL ? trine_run(app, &state, NULL) : -ENOMEM;
    trine_executor_free(state.processes);
    return error < 0;
}
