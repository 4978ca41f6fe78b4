/* SPDX-License-Identifier: MIT */
/* What `trine compare` is about: workloads, models, and what was measured when one met the other.
 */
#ifndef TRINE_CLI_COMPARE_H
#define TRINE_CLI_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trine/task.h>

enum trine__model {
    TRINE__MODEL_SERIAL,
    TRINE__MODEL_THREADS,
    TRINE__MODEL_COROUTINES,
    TRINE__MODEL_PROCESSES,
    TRINE__MODELS
};
/* "serial", "threads", "coroutines" or "processes". */
const char *trine__model_name(enum trine__model model);

/* The items are flat records that begin with the sentence of their failure, empty if there is none.
 */
#define TRINE__SENTENCE_MAX 256

struct trine__workload {
    const char *name;
    trine_fn fn; /* of one item; registered with TRINE_JOB */
    void *items;
    size_t count, size;
    unsigned threads; /* workers of the thread pool, where the user does not say */
};

#define TRINE__FAILURES_MAX 16 /* told one by one; more are only counted */

struct trine__failure {
    size_t item; /* from 1 */
    char sentence[TRINE__SENTENCE_MAX];
};

struct trine__measurement {
    const struct trine__workload *workload;
    enum trine__model model;
    bool finished; /* else it was interrupted: only `done` and the failures mean something */
    unsigned workers;
    size_t done, failed;
    int64_t wall_ns, cpu_ns, peak_kib;
    int64_t
        starved_ns; /* of the wall time: ready to run, but others had the processor; first thread */
    struct trine__failure failures[TRINE__FAILURES_MAX]; /* the first `failed` of them */
};

/* How many times as fast as the serial run of the same workload among `all`; 0 where that is
 * missing. */
double trine__speedup(const struct trine__measurement *all, size_t count,
                      const struct trine__measurement *one);
/* The run with the median wall time; failures are told from the run with the most. Sorts `runs`. */
struct trine__measurement trine__median(struct trine__measurement *runs, size_t count);

/* The command: `argv` begins with its name. Returns the exit status. */
int trine__compare(int argc, char **argv);

#endif
