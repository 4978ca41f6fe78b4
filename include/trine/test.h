/* SPDX-License-Identifier: MIT */
/* Tests of concurrent programs: virtual time and an order of running that a seed decides.
 * trio: MockClock, wait_all_tasks_blocked(); Kotlin: runTest; Go: synctest.
 *
 * In a test run the clock stands still while anything can run and jumps to the next deadline when
 * nothing can, so hours of timeouts pass in milliseconds; and each time several tasks are ready,
 * the seed decides which runs next. The same seed gives the same run. A program that is right must
 * be right under every seed; one that fails under one can be run again under just that one. */
#ifndef TRINE_TEST_H
#define TRINE_TEST_H

#include <stdint.h>
#include <trine/task.h>
#include <trine/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_test_options {
    uint64_t seed;     /* 0: in order of becoming ready, as outside tests */
    int64_t timeout;   /* of virtual time, for the whole run; 0: none */
    size_t stack_size; /* as struct trine_run_options */
};

/* Runs fn(arg) as the first task of a test run and returns as trine_run() does.
 *
 * Errors:  -EDEADLK when everything is blocked for ever: each blocked task is reported with what it
 *          waits for (trine_set_report()), and blocking calls fail with that code.
 * Limits:  what waits for the outside (sockets, pipes) is refused with -ENOTSUP; files work, and
 *          threads, for whom virtual time stands still. One loop.
 * Threads: one test run at a time in a process: the clock is everybody's. */
TRINE_PUBLIC int trine_test_run(trine_fn fn, void *arg, const struct trine_test_options *options);

/* Runs fn(arg) under the seeds 1 to `count`, until one fails. The environment's TRINE_SEED, where
 * set, is the only one run.
 *
 * Returns: 0 or more when all did; else the outcome under the first that failed, which is named on
 *          the report hook and stored in *ret_seed (may be NULL). */
TRINE_PUBLIC int trine_test_seeds(trine_fn fn, void *arg, unsigned count, uint64_t *ret_seed);

/* Waits until every other task is blocked: until time would have to pass for anything to happen.
 * Then what was started has gone as far as it can.
 *
 * Errors:  -ECANCELED, -ETIMEDOUT; TRINE_ENOLOOP in a plain thread.
 * Waits:   this task. In ordinary runs too, for the tasks of this loop. */
TRINE_PUBLIC int trine_test_wait_blocked(void);

#ifdef __cplusplus
}
#endif
#endif
