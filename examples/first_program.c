/* SPDX-License-Identifier: MIT */
/* The first program: two sleeps of 1 s and 2 s take 2 s, not 3.
 *
 *     hello          after 1 s
 *     world          after 2 s
 *
 * A task is an ordinary function on a stack of its own. Its argument lives in the frame of its
 * parent: a group joins its children before it closes, so nothing can dangle. */
#include <stdio.h>
#include <trine.h>

struct line {
    int64_t delay;
    const char *what;
};

static int say_after(void *arg)
{
    struct line *line = arg;
    int error = trine_sleep(line->delay); /* parks this task; the thread goes on */
    if (error < 0)
        return error; /* -ECANCELED leaves like any other error */
    puts(line->what);
    return 0;
}

static int app(void *arg)
{
    struct line hello = { TRINE_SECONDS(1), "hello" }, world = { TRINE_SECONDS(2), "world" };
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, say_after, &hello);
    trine_spawn(&group, say_after, &world);
    return trine_group_close(&group); /* joins both */
}

int main(void)
{
    return trine_run(app, NULL, NULL) < 0;
}
