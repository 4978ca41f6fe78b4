/* SPDX-License-Identifier: MIT */
/* Test runs: one loop on the simulated poller, whose next task a seed picks. */
#include "base/error.h"
#include "core/loop.h"
#include "sys/sys.h"
#include <stdlib.h>
#include <trine/run.h>
#include <trine/test.h>

/* What was random before the run is random after it. */
static void forget_seed(void)
{
    uint64_t fresh;
    if (trine__random_bytes(&fresh, sizeof fresh) == 0)
        trine__random_seed(fresh);
}

int trine_test_run(trine_fn fn, void *arg, const struct trine_test_options *options)
{
    static const struct trine_test_options defaults;
    struct trine__runtime runtime;
    if (options == NULL)
        options = &defaults;
    struct trine_run_options simulated = { .poller = "sim",
                                           .stack_size = options->stack_size,
                                           .timeout = options->timeout,
                                           .ignore_sigint = true };
    int error = trine__run_begin(&runtime, &simulated);
    if (error == 0)
        error = trine__run_start(&runtime, fn, arg);
    if (error == 0) {
        runtime.loops[0]->shuffled = options->seed != 0;
        if (options->seed != 0)
            trine__random_seed(options->seed);
        trine__loop_run(runtime.loops[0], trine__run_main_ended);
    }
    int outcome = trine__run_end(&runtime, error);
    if (options->seed != 0)
        forget_seed();
    return outcome;
}

int trine_test_seeds(trine_fn fn, void *arg, unsigned count, uint64_t *ret_seed)
{
    const char *only = trine__getenv("TRINE_SEED");
    uint64_t seed = only != NULL ? strtoull(only, NULL, 10) : 1;
    int outcome = 0;
    for (unsigned left = only != NULL ? 1 : count; left > 0; left--, seed++) {
        outcome = trine_test_run(fn, arg, &(struct trine_test_options){ .seed = seed });
        if (outcome >= 0)
            continue;
        trine__report("the test run under seed %llu failed: %s; TRINE_SEED=%llu runs it alone",
                      (unsigned long long)seed, trine_strerror(outcome), (unsigned long long)seed);
        if (ret_seed != NULL)
            *ret_seed = seed;
        break;
    }
    return outcome;
}

/* ---- waiting for all others to block */

static enum trine__cancel stop_waiting(void *arg)
{
    struct trine__parker *parker = arg, **link = &parker->context->loop->settling;
    for (; *link != NULL; link = &(*link)->next) {
        if (*link == parker) {
            *link = parker->next;
            return TRINE__CANCELLED;
        }
    }
    return TRINE__CANCEL_PENDING;
}

int trine_test_wait_blocked(void)
{
    struct trine__parker parker;
    int error = trine__checkpoint();
    if (error == 0)
        error = trine__parker_init(&parker);
    if (error < 0)
        return error;
    struct trine__loop *loop = parker.context->loop;
    if (loop == NULL)
        return TRINE_ENOLOOP;
    parker.next = loop->settling;
    loop->settling = &parker;
    return trine__park(&parker, stop_waiting, &parker, "all others to block");
}
