/* SPDX-License-Identifier: MIT */
/* Measuring one model: a process of its own runs the map and tells of every item. */
#ifndef TRINE_CLI_COMPARE_MEASURE_H
#define TRINE_CLI_COMPARE_MEASURE_H

#include "cli/compare.h"

/* Called after each item and once before the first. */
typedef void (*trine__progress_fn)(const struct trine__measurement *so_far);

/* Runs `workload` in `model` and fills *ret. `workers`: 0 for the model's own number.
 * 0; -ECANCELED when a signal came (*ret tells what was done until then); an error when no process
 * can be started. A model whose process dies has failed in all items that it did not tell of. */
int trine__measure(const struct trine__workload *workload, enum trine__model model,
                   unsigned workers, trine__progress_fn progress, struct trine__measurement *ret);

#endif
