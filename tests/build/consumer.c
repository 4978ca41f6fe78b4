/* SPDX-License-Identifier: MIT */
/* A user's program, built against the installed copy with what pkg-config says. */
#include <stdio.h>
#include <trine.h>

static int square(void *arg)
{
    int *number = arg;
    *number *= *number;
    return trine_yield();
}

static int first(void *arg)
{
    int numbers[] = { 1, 2, 3, 4 }, sum = 0;
    struct trine_group group;
    (void)arg;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 4; i++)
        trine_spawn(&group, square, &numbers[i]);
    int error = trine_group_close(&group);
    for (int i = 0; i < 4; i++)
        sum += numbers[i];
    printf("%d\n", sum);
    return error;
}

int main(void)
{
    return trine_run(first, NULL, NULL) == 0 ? 0 : 1;
}
