/* SPDX-License-Identifier: MIT */
/* Event loops are made, run to the end and closed by trine_run(); there is no loop object to hold.
 *
 *     outside: no task, and a group says "No loop runs in this thread: call it from inside
 * trine_run()" run 1: task 'main' returned 1 run 2: task 'main' returned 2 a run inside a run:
 * Resource deadlock avoided 64 busy tasks on 2 loops used 2 threads
 *
 * Python's get_running_loop(), new_event_loop(), run_until_complete() and close() in one call. */
#include <stdio.h>
#include <trine.h>
#include <unistd.h>

static int say_who(void *arg)
{
    int *run = arg;
    printf("run %d: task '%s' ", *run, trine_task_name());
    return *run; /* the result of the first task is the result of the run */
}

static int nest(void *arg)
{
    int run = 3;
    int error = trine_run(say_who, &run, NULL); /* refused: this thread's loop would stand still */
    printf("a run inside a run: %s\n", trine_strerror(error));
    return 0;
}

static int work(void *arg)
{
    pid_t *thread = arg;
    *thread = gettid();
    int64_t until = trine_now() + TRINE_MILLISECONDS(10);
    while (trine_now() < until) /* never pauses: an idle loop takes tasks that have not started */
        continue;
    return 0;
}

static int spread(void *arg)
{
    pid_t threads[64];
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 64; i++)
        trine_spawn(&group, work, &threads[i]);
    int error = trine_group_close(&group);

    int used = 1;
    for (int i = 1; i < 64 && used == 1; i++)
        used += threads[i] != threads[0];
    printf("64 busy tasks on 2 loops used %d threads\n", used);
    return error;
}

int main(void)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    printf("outside: %s task, and a group says \"%s\"\n", trine_self() == NULL ? "no" : "a",
           trine_strerror(trine_group_close(&group)));

    for (int run = 1; run <= 2; run++)
        printf("returned %d\n", trine_run(say_who, &run, NULL));
    if (trine_run(nest, NULL, NULL) < 0)
        return 1;
    return trine_run(spread, NULL, &(struct trine_run_options){ .loops = 2 }) < 0;
}
