/* SPDX-License-Identifier: MIT */
#include "steps.h"
#include "core/loop.h"
#include "torture.h"
#include <stdio.h>
#include <stdlib.h>
#include <trine/debug.h>
#include <trine/group.h>
#include <trine/run.h>
#include <unistd.h>

enum way { NOT_AT_ALL, THE_TASK, THE_GROUP, BY_DEADLINE, WAYS };
static const char *const ways[] = { "nothing", "the task", "the group", "a deadline" };

static int taken, given, overdrawn;

void steps_take(void)
{
    taken++;
}

void steps_give(void)
{
    given++;
    overdrawn += given > taken;
}

bool steps_balanced(void)
{
    bool balanced = taken == given && overdrawn == 0;
    taken = given = overdrawn = 0;
    return balanced;
}

struct attempt {
    trine_fn scenario;
    enum way way;
    size_t after; /* steps */
    size_t steps; /* it took in all */
};

/* One step. False: the child has ended. */
static bool step(struct trine_future *child)
{
    struct trine__loop *loop = trine__loop_here;
    if (trine_future_done(child))
        return false;
    int64_t next = trine__timers_next(&loop->timers);
    int error =
        loop->ready.first != NULL || next == INT64_MAX ? trine_yield() : trine_sleep_until(next);
    torture_must(error == 0);
    return true;
}

static int drive(void *arg)
{
    struct attempt *attempt = arg;
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    struct trine_future *child = trine_spawn(&group, attempt->scenario, NULL);
    while (attempt->steps < attempt->after && step(child))
        attempt->steps++;
    if (attempt->way == THE_TASK)
        trine_cancel(child);
    else if (attempt->way == THE_GROUP)
        trine_group_cancel(&group, "torture");
    else if (attempt->way == BY_DEADLINE)
        torture_must(trine_scope_set_limit(trine_group_scope(&group), 0) == 0);
    int closed = trine_group_close(&group);
    torture_must(trine__loop_here->timers.count == 0);
    torture_must(trine_yield() == 0);
    return closed;
}

static size_t try_once(const struct steps_scenario *scenario, enum way way, size_t after)
{
    static const struct trine_run_options virtual_time = { .poller = "sim" };
    struct attempt attempt = { scenario->run, way, after, 0 };
    torture_at("scenario '%s', %s cancelled after %zu steps", scenario->name, ways[way], after);
    struct torture_traces before = torture_traces();
    alarm(10);
    int error = trine_run(drive, &attempt, &virtual_time);
    alarm(0);
    if (error != 0 && error != -ECANCELED && error != -ETIMEDOUT)
        fprintf(stderr, "torture: it ended with %d\n", error);
    torture_must(error == 0 || (way != NOT_AT_ALL && error == -ECANCELED) ||
                 (way == BY_DEADLINE && error == -ETIMEDOUT));
    torture_must(steps_balanced());
    torture_must_be_clean(before);
    return attempt.steps;
}

static size_t try_scenario(const struct steps_scenario *scenario)
{
    size_t steps = try_once(scenario, NOT_AT_ALL, SIZE_MAX), points = 0;
    size_t stride = torture_stride(steps, 200);
    for (enum way way = THE_TASK; way < WAYS; way++) {
        for (size_t after = 0; after <= steps; after += stride, points++)
            try_once(scenario, way, after);
    }
    printf("%-24s %4zu steps, %4zu points\n", scenario->name, steps, points);
    return points;
}

static void refuse_report(const char *message, void *arg)
{
    fprintf(stderr, "torture: reported was: %s\n", message);
    abort();
}

size_t steps_try_all(const struct steps_scenario *scenarios, size_t count)
{
    size_t points = 0;
    trine_set_report(refuse_report, NULL);
    for (size_t i = 0; i < count; i++)
        points += try_scenario(&scenarios[i]);
    trine_set_report(NULL, NULL);
    return points;
}

int steps_work(void *arg)
{
    steps_take();
    int error = trine_sleep(STEPS_WHILE);
    if (error == 0)
        error = trine_sleep(STEPS_WHILE);
    steps_give();
    return error;
}

int steps_run(trine_fn scenario)
{
    int error = trine_run(scenario, NULL, &(struct trine_run_options){ .poller = "sim" });
    torture_must(steps_balanced());
    return error;
}

int steps_main(const struct steps_scenario *cancelled, const struct torture_scenario *failing,
               size_t count)
{
    torture_at("the beginning");
    printf("%zu points cancelled\n", steps_try_all(cancelled, count));
    return torture(failing, count);
}
