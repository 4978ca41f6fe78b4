/* SPDX-License-Identifier: MIT */
/* One after the other, then side by side: what a task is for.
 *
 *     one after the other: 3.00 s
 *     side by side:        2.00 s
 *     results: 10 and 20
 *
 * Usage: two_sleeps [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

struct nap {
    int64_t duration;
    int result;
};

static int take_nap(void *arg)
{
    struct nap *nap = arg;
    int error = trine_sleep(nap->duration);
    if (error < 0)
        return error;
    nap->result *= 10;
    return 0;
}

static double seconds_since(int64_t start)
{
    return (double)(trine_now() - start) / TRINE_SECONDS(1);
}

static int app(void *arg)
{
    int64_t second = *(int64_t *)arg;
    struct nap one = { second, 1 }, two = { 2 * second, 2 };

    int64_t start = trine_now();
    int error = trine_sleep(one.duration);
    if (error == 0)
        error = trine_sleep(two.duration);
    if (error < 0)
        return error;
    printf("one after the other: %.2f s\n", seconds_since(start));

    start = trine_now();
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, take_nap, &one);
    trine_spawn(&group, take_nap, &two);
    error = trine_group_close(&group);
    if (error < 0)
        return error;
    printf("side by side:        %.2f s\n", seconds_since(start));
    printf("results: %d and %d\n", one.result, two.result);
    return 0;
}

int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    return trine_run(app, &second, NULL) < 0;
}
