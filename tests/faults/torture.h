/* SPDX-License-Identifier: MIT */
/* Torture: a scenario is run once to count its fallible calls, then again and again with call k
 * failing, once or for good, and must each time succeed or fail with an error that makes sense: no
 * crash, no hang, nothing left behind.
 *
 * Points are sampled unless TRINE_TORTURE=all. Reference: curl's torture tests. */
#ifndef TRINE_TESTS_TORTURE_H
#define TRINE_TESTS_TORTURE_H

#include <stddef.h>

struct torture_scenario {
    const char *name;
    /* 0 when all is well, or the error it met. What must hold whatever fails, it checks itself,
     * with torture_must(). */
    int (*run)(void);
};

/* Runs all scenarios. The program's exit status. */
int torture(const struct torture_scenario *scenarios, size_t count);

#define torture_must(condition)                                                                    \
    ((condition) ? (void)0 : torture_broken(#condition, __FILE__, __LINE__))
_Noreturn void torture_broken(const char *condition, const char *file, int line);

/* How many of `total` points are tried, evenly spread. */
size_t torture_stride(size_t total, size_t sample);

/* What every run has to leave as it was: descriptors, slabs of tasks. */
struct torture_traces {
    int descriptors;
    size_t slabs;
};
struct torture_traces torture_traces(void);
void torture_must_be_clean(struct torture_traces before);
/* Where the run is, for the message if it breaks. */
void torture_at(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
