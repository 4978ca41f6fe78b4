// SPDX-License-Identifier: MIT
/* W3, Trine: what is measured of a lock. Alone, while the process has one thread and when it has
 * had two; contended by two tasks of one loop, each of which keeps it over a switch, and by two
 * threads.
 *
 * Before it includes this, a program says what NAME is in its keys and how to take() and give().
 */
#ifndef BENCH_TRINE_LOCK_H
#define BENCH_TRINE_LOCK_H

#include "../common/pair.h"
#include "app.h"

static void turns(long count)
{
    for (long i = 0; i < count; i++) {
        bench_must(take(), "to take it");
        bench_turns++;
        bench_must(give(), "to give it");
    }
}

static int turns_with_a_switch(void *arg)
{
    for (long i = 0, count = *(long *)arg; i < count; i++) {
        bench_must(take(), "to take it");
        bench_must(trine_yield(), "trine_yield");
        bench_turns++;
        bench_must(give(), "to give it");
    }
    return 0;
}

static void two_tasks(long count)
{
    struct trine_group group;
    long half = count / 2;
    trine_group_open(&group, NULL);
    trine_spawn(&group, turns_with_a_switch, &half);
    trine_spawn(&group, turns_with_a_switch, &half);
    bench_must(trine_group_close(&group), "trine_group_close");
}

static int with_tasks(void *arg)
{
    const struct bench_args *args = arg;
    long count = bench_count(args->argc, args->argv, 10000000);
    bench_alone(NAME "_alone", turns, count);
    bench_alone(NAME "_tasks", two_tasks, count / 5);
    return 0;
}

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 10000000);
    bench_run(with_tasks, argc, argv);
    bench_two_threads(NAME "_threads", turns, count / 5); /* from here on there have been two */
    bench_alone(NAME "_alone_safe", turns, count);
    return 0;
}

#endif
