/* SPDX-License-Identifier: MIT */
#include "torture.h"
#include "core/task_slab.h"
#include "sys/fault.h"
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine/debug.h>
#include <unistd.h>

#define PATIENCE_SECONDS 10
#define SAMPLE           200

static char place[256] = "before the first point";

void torture_at(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(place, sizeof place, format, values);
    va_end(values);
}

static void print_place(void)
{
    static const char begin[] = "torture: at ";
    ssize_t written = write(2, begin, sizeof begin - 1);
    written += write(2, place, strlen(place));
    written += write(2, "\n", 1);
    (void)written;
}

static void on_signal(int number)
{
    print_place();
    signal(number, SIG_DFL);
    raise(number);
}

_Noreturn void torture_broken(const char *condition, const char *file, int line)
{
    fprintf(stderr, "torture: %s:%d: not so: %s\n", file, line, condition);
    abort();
}

size_t torture_stride(size_t total, size_t sample)
{
    const char *how = getenv("TRINE_TORTURE");
    if (how != NULL && strcmp(how, "all") == 0)
        return 1;
    return total > sample ? total / sample : 1;
}

struct torture_traces torture_traces(void)
{
    struct torture_traces traces = { .slabs = trine__task_slab_count() };
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        traces.descriptors++;
    closedir(dir);
    return traces;
}

void torture_must_be_clean(struct torture_traces before)
{
    struct torture_traces after = torture_traces();
    torture_must(after.descriptors == before.descriptors);
    torture_must(after.slabs == before.slabs);
}

static bool makes_sense(int error)
{
    static const int sensible[] = { 0, ENOMEM, EMFILE, EAGAIN, EIO, ENOSYS, EINVAL, ECANCELED };
    for (size_t i = 0; i < sizeof sensible / sizeof sensible[0]; i++) {
        if (error == -sensible[i])
            return true;
    }
    return false;
}

static void try_point(const struct torture_scenario *scenario, size_t k, const char *how)
{
    char plan[64];
    snprintf(plan, sizeof plan, "fail:%zu%s", k, how);
    torture_at("scenario '%s', %s", scenario->name, plan);
    struct torture_traces before = torture_traces();
    alarm(PATIENCE_SECONDS);
    trine__fault_plan(plan);
    int error = scenario->run();
    trine__fault_plan(NULL);
    alarm(0);
    if (!makes_sense(error))
        fprintf(stderr, "torture: the scenario ended with %d\n", error);
    torture_must(makes_sense(error));
    torture_must_be_clean(before);
}

static size_t try_scenario(const struct torture_scenario *scenario)
{
    torture_at("scenario '%s', no fault", scenario->name);
    alarm(PATIENCE_SECONDS);
    torture_must(scenario->run() == 0); /* once for what is made only once */
    trine__fault_plan("count");
    torture_must(scenario->run() == 0);
    size_t total = trine__fault_calls();
    trine__fault_plan(NULL);
    alarm(0);
    size_t stride = torture_stride(total, SAMPLE), points = 0;
    for (size_t k = 1; k <= total; k += stride) {
        try_point(scenario, k, "");
        try_point(scenario, k, "+");
        points += 2;
    }
    printf("%-24s %4zu calls, %4zu points\n", scenario->name, total, points);
    return points;
}

static void say_nothing(const char *message, void *arg)
{
}

int torture(const struct torture_scenario *scenarios, size_t count)
{
    signal(SIGALRM, on_signal);
    signal(SIGABRT, on_signal);
    trine_set_report(say_nothing, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    size_t points = 0;
    for (size_t i = 0; i < count; i++)
        points += try_scenario(&scenarios[i]);
    trine_set_report(NULL, NULL);
    printf("%zu passed, 0 failed\n", points);
    return 0;
}
