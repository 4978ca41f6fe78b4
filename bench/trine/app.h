/* SPDX-License-Identifier: MIT */
/* How our measuring programs enter the world of tasks: main() hands its arguments to app(), the
 * first task, and a failure is a sentence and an exit status. */
#ifndef BENCH_TRINE_APP_H
#define BENCH_TRINE_APP_H

#include "../common/bench.h"
#include <trine.h>

struct bench_args {
    int argc;
    char **argv;
};

static inline void bench_must(int error, const char *what)
{
    if (error >= 0)
        return;
    fprintf(stderr, "%s: %s\n", what, trine_strerror(error));
    exit(1);
}

static inline int bench_run(trine_fn app, int argc, char **argv)
{
    struct bench_args args = { argc, argv };
    bench_must(trine_run(app, &args, NULL), "trine_run");
    return 0;
}

#endif
