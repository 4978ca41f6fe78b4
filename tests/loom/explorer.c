/* SPDX-License-Identifier: MIT */
#include "explorer.h"
#include "fiber/fiber.h" /* which says what build it is */
#include "run.h"
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 4096 /* decisions in a run */
#define RUNS_MAX  UINT64_C(50000000)

/* Sanitizers make a run ten to fifty times as long; the orders are the same without them. */
#if defined(TRINE__ASAN) || defined(TRINE__TSAN)
#define LESS 1
#else
#define LESS 0
#endif

struct decision {
    uint8_t options[LOOM_THREADS];
    uint8_t count, chosen;
};

static const struct loom_scenario *scenario;
static struct decision path[DEPTH_MAX];
static size_t depth, known; /* decisions made in this run; those to be made as before */
static uint64_t runs;
static unsigned asleep; /* threads, one bit each */
static bool redundant;
static int limit; /* preemptions in the runs now made */

static const char unrepeatable[] = "the scenario does not repeat: something depends on chance";

/* ---- the tree of decisions */

static int choose(const uint8_t *options, size_t count)
{
    if (count == 1)
        return options[0];
    if (depth == DEPTH_MAX)
        loom_fail("more decisions than there is room for");
    struct decision *decision = &path[depth];
    if (depth >= known) {
        memcpy(decision->options, options, count);
        decision->count = (uint8_t)count;
        decision->chosen = 0;
    } else if (decision->count != count || memcmp(decision->options, options, count) != 0) {
        loom_fail(unrepeatable);
    }
    return path[depth++].options[decision->chosen];
}

/* In either order the same comes out. */
static bool independent(int thread, int other)
{
    struct loom_step a = loom_next(thread), b = loom_next(other);
    return a.object != NULL && b.object != NULL && (a.object != b.object || (a.reads && b.reads));
}

/* Asleep are those whose next step was tried from here before, while nothing has come in between
 * that would make it another. */
static void fall_asleep(const uint8_t *tried, size_t count, int chosen)
{
    unsigned before = asleep;
    for (size_t i = 0; i < count; i++)
        before |= 1u << tried[i];
    asleep = 0;
    for (int i = 0; i < LOOM_THREADS; i++) {
        if ((before >> i & 1) && i != chosen && independent(i, chosen))
            asleep |= 1u << i;
    }
}

/* Of all orders that come to the same, one. Reference: Godefroid, "Partial-Order Methods for the
 * Verification of Concurrent Systems", 1996: sleep sets. */
static int choose_awake(const uint8_t *options, size_t count)
{
    uint8_t awake[LOOM_THREADS];
    size_t left = 0, tried = 0;
    for (size_t i = 0; i < count && !redundant; i++) {
        if (!(asleep >> options[i] & 1))
            awake[left++] = options[i];
    }
    redundant = left == 0; /* the rest of this run was seen already; it only has to end */
    if (redundant)
        return options[0];
    int chosen = choose(awake, left);
    while (awake[tried] != chosen)
        tried++;
    fall_asleep(awake, tried, chosen);
    return chosen;
}

int loom_decide(const uint8_t *options, size_t count)
{
    return limit == LOOM_ALL ? choose_awake(options, count) : choose(options, count);
}

static bool run_once(void)
{
    depth = asleep = 0;
    redundant = false;
    runs++;
    return loom_run(scenario, limit);
}

/* To the next leaf of the tree. False: that was the last. */
static bool advance(void)
{
    while (depth > 0 && path[depth - 1].chosen + 1 == path[depth - 1].count)
        depth--;
    if (depth == 0)
        return false;
    path[depth - 1].chosen++;
    known = depth;
    return true;
}

static bool explore_within_limit(void)
{
    bool fine;
    known = 0;
    runs = 0;
    do {
        fine = run_once();
    } while (fine && advance() && runs < RUNS_MAX);
    return fine;
}

/* Fewer preemptions first: the failure that is found is then a simple one. Code may remember
 * something from its first runs in the process; then it begins anew, once. */
static bool explore(int most)
{
    bool warm = false;
    for (limit = most < LOOM_ALL ? 0 : LOOM_ALL; limit <= most; limit++) {
        if (explore_within_limit())
            continue;
        if (warm || strcmp(loom_failure(), unrepeatable) != 0)
            return false;
        warm = true;
        limit--;
    }
    return true;
}

static void print_schedule(void)
{
    printf("    --bound %d --replay '%s' --schedule ", limit, scenario->name);
    for (size_t i = 0; i < depth; i++)
        printf("%s%d", i > 0 ? "," : "", path[i].options[path[i].chosen]);
    printf("%s\n", depth == 0 ? "-" : "");
}

/* An assertion of the code itself. */
static void on_abort(int number)
{
    printf("%s: signal %d after %" PRIu64 " interleavings\n", scenario->name, number, runs);
    print_schedule();
    fflush(stdout);
    signal(number, SIG_DFL);
    raise(number);
}

static void tell_success(int bound)
{
    printf("%-36s %9" PRIu64 " interleavings, ", scenario->name, runs);
    if (runs == RUNS_MAX)
        printf("then cut off\n");
    else if (bound == LOOM_ALL)
        printf("all there are\n");
    else
        printf("%d preemptions\n", bound);
}

static void tell_failure(void)
{
    printf("%s: after %" PRIu64 " interleavings: %s\n", scenario->name, runs, loom_failure());
    loom_print_trace();
    print_schedule();
}

/* Thread numbers, one for each decision; after the last, whoever comes first. */
static int replay(const char *schedule_text, int bound)
{
    limit = bound;
    known = 0;
    const char *next = schedule_text;
    bool fine = true;
    /* Each run is told one decision more, until all are. */
    for (size_t told = 0; fine && *next >= '0' && *next <= '9'; told++) {
        int wanted = *next - '0';
        next += next[1] == ',' ? 2 : 1;
        fine = run_once() || depth > told;
        for (path[told].chosen = 0; path[told].chosen < path[told].count; path[told].chosen++) {
            if (path[told].options[path[told].chosen] == wanted)
                break;
        }
        if (depth <= told || path[told].chosen == path[told].count) {
            printf("no decision %zu with thread %d\n", told, wanted);
            return 2;
        }
        known = told + 1;
    }
    fine = run_once();
    loom_print_trace();
    printf("%s: %s\n", scenario->name, fine ? "nothing is wrong" : loom_failure());
    return fine ? 0 : 1;
}

/* ---- the program */

static int usage(void)
{
    printf("usage: loom [--bound N]                         at most N preemptions in a run\n"
           "            [--find NAME]                       0 if it fails, as it should\n"
           "            [--replay NAME --schedule 0,1,...]  one run, told step by step\n");
    return 2;
}

static const struct loom_scenario *find(const struct loom_scenario *scenarios, size_t count,
                                        const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(scenarios[i].name, name) == 0)
            return &scenarios[i];
    }
    printf("there is no scenario '%s'\n", name);
    return NULL;
}

static int find_failure(int bound)
{
    if (explore(bound)) {
        printf("%s: nothing found in %" PRIu64 " interleavings\n", scenario->name, runs);
        return 1;
    }
    printf("%s: found after %" PRIu64 " interleavings: %s\n", scenario->name, runs, loom_failure());
    print_schedule();
    return 0;
}

static int bound_of(int more)
{
    if (scenario->preemptions == LOOM_ALL)
        return LESS > 0 ? 3 : LOOM_ALL;
    return scenario->preemptions + more - LESS;
}

static int explore_all(const struct loom_scenario *scenarios, size_t count, int wanted, int more)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        scenario = &scenarios[i];
        int bound = wanted >= 0 ? wanted : bound_of(more);
        if (explore(bound)) {
            tell_success(bound);
        } else {
            tell_failure();
            failed++;
        }
    }
    printf("%zu passed, %zu failed\n", count - failed, failed);
    return failed > 0;
}

int loom_main(const struct loom_scenario *scenarios, size_t count, int argc, char **argv)
{
    const char *wanted = NULL, *schedule_text = NULL, *torture = getenv("TRINE_TORTURE");
    bool finding = false;
    int bound = -1, more = torture != NULL && strcmp(torture, "all") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return usage();
        if (strcmp(argv[i], "--bound") == 0)
            bound = atoi(argv[i + 1]);
        else if (strcmp(argv[i], "--find") == 0 || strcmp(argv[i], "--replay") == 0)
            wanted = argv[i + 1];
        else if (strcmp(argv[i], "--schedule") == 0)
            schedule_text = argv[i + 1];
        else
            return usage();
        finding = finding || strcmp(argv[i], "--find") == 0;
    }
    signal(SIGABRT, on_abort);
    if (wanted == NULL)
        return explore_all(scenarios, count, bound, more);
    scenario = find(scenarios, count, wanted);
    if (scenario == NULL)
        return 2;
    return finding
               ? find_failure(bound >= 0 ? bound : scenario->preemptions)
               : replay(schedule_text != NULL ? schedule_text : "", bound >= 0 ? bound : LOOM_ALL);
}
