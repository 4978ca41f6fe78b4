/* SPDX-License-Identifier: MIT */
/* The little arithmetic of a comparison. */
#include "cli/compare.h"
#include <stdlib.h>
#include <string.h>

const char *trine__model_name(enum trine__model model)
{
    static const char *const names[TRINE__MODELS] = { "serial", "threads", "coroutines",
                                                      "processes" };
    return names[model];
}

double trine__speedup(const struct trine__measurement *all, size_t count,
                      const struct trine__measurement *one)
{
    for (size_t i = 0; i < count; i++)
        if (all[i].workload == one->workload && all[i].model == TRINE__MODEL_SERIAL &&
            all[i].finished && one->finished && one->wall_ns > 0)
            return (double)all[i].wall_ns / (double)one->wall_ns;
    return 0;
}

static int by_wall(const void *left, const void *right)
{
    const struct trine__measurement *a = left, *b = right;
    return (a->wall_ns > b->wall_ns) - (a->wall_ns < b->wall_ns);
}

struct trine__measurement trine__median(struct trine__measurement *runs, size_t count)
{
    qsort(runs, count, sizeof runs[0], by_wall);
    struct trine__measurement median = runs[(count - 1) / 2];
    for (size_t i = 0; i < count; i++)
        if (runs[i].failed > median.failed) {
            median.failed = runs[i].failed;
            memcpy(median.failures, runs[i].failures, sizeof median.failures);
        }
    return median;
}
