/* SPDX-License-Identifier: MIT */
/* Groups and scopes: limits in number and in time.
 *
 *     6 children of 1 s, 2 at once:     3.00 s, Success
 *     a child of 9 s in a group of 2 s: 2.00 s, Timed out
 *     a scope of 2 s around 9 s:        2.00 s, Timed out
 *     one call that gets 1 s:           1.00 s, Timed out
 *
 * Usage: groups_and_deadlines [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

static int nap(void *arg)
{
    return trine_sleep(*(int64_t *)arg);
}

static void tell(const char *what, int64_t start, int error)
{
    double took = (double)(trine_now() - start) / TRINE_SECONDS(1);
    printf("%-33s %.2f s, %s\n", what, took, trine_strerror(error));
}

static int two_at_once(int64_t second)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .limit = 2 });
    for (int i = 0; i < 6; i++)
        trine_spawn(&group, nap, &second); /* waits while 2 are running */
    return trine_group_close(&group);      /* all children have ended */
}

static int in_time(int64_t duration, int64_t timeout)
{
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .timeout = timeout });
    trine_spawn(&group, nap, &duration);
    return trine_group_close(&group);
}

/* A deadline, and a cancel button, for a region of code without children. */
static int region(int64_t second)
{
    struct trine_scope scope;
    trine_scope_open(&scope, 2 * second);
    for (int i = 0; i < 9 && trine_sleep(second) == 0; i++)
        continue;
    return trine_scope_close(&scope); /* tells, even though the loop above did not */
}

static int app(void *arg)
{
    int64_t second = *(int64_t *)arg, start = trine_now();
    tell("6 children of 1 s, 2 at once:", start, two_at_once(second));

    start = trine_now();
    tell("a child of 9 s in a group of 2 s:", start, in_time(9 * second, 2 * second));

    start = trine_now();
    tell("a scope of 2 s around 9 s:", start, region(second));

    start = trine_now();
    tell("one call that gets 1 s:", start, TRINE_WITHIN(second, trine_sleep(9 * second)));
    return 0;
}

int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    return trine_run(app, &second, NULL) < 0;
}
