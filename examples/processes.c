/* SPDX-License-Identifier: MIT */
/* Four worker processes that each work for 2 s, joined: 2 s, not 8. The order of the lines varies.
 *
 *     parent is process 4000
 *     0.00 s  worker 1 starts in process 4002
 *     0.00 s  worker 2 starts in process 4003
 *     0.00 s  worker 3 starts in process 4004
 *     0.00 s  worker 4 starts in process 4005
 *     2.00 s  worker 1 ends
 *     ...
 *     all joined after 2.00 s
 *
 * Usage: processes [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>
#include <unistd.h>

#define WORKERS 4

/* Flat, since it travels: it holds no pointer, and a worker shares no variable with the parent. */
struct worker {
    char name[16];
    int64_t start, duration;
};

static double seconds_since(int64_t start)
{
    return (double)(trine_now() - start) / TRINE_SECONDS(1);
}

static int work(void *arg)
{
    struct worker *worker = arg;
    printf("%.2f s  %s starts in process %d\n", seconds_since(worker->start), worker->name,
           getpid());
    fflush(stdout);
    int error = trine_sleep(worker->duration);
    printf("%.2f s  %s ends\n", seconds_since(worker->start), worker->name);
    fflush(stdout);
    return error;
}
TRINE_JOB(work, struct worker); /* makes the function known to worker processes */

int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    struct trine_executor *processes =
        trine_process_pool_new(&(struct trine_process_pool_options){ .workers = WORKERS });
    if (processes == NULL)
        return 1;
    printf("parent is process %d\n", getpid());
    fflush(stdout);

    struct worker workers[WORKERS];
    int64_t start = trine_now();
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){ .start = start, .duration = 2 * second };
        snprintf(workers[i].name, sizeof workers[i].name, "worker %d", i + 1);
    }
    int error = trine_map(processes, work, workers, WORKERS, sizeof workers[0], NULL);
    printf("all joined after %.2f s\n", seconds_since(start));
    trine_executor_free(processes);
    return error < 0;
}
