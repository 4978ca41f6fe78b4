/* SPDX-License-Identifier: MIT */
#include "tests/loom/explorer.h"
#include "core/thread_context.h"
#include "fiber/fiber.h"
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE (256 * 1024)
#define ARENA_SIZE (64 * 1024)
#define DEPTH_MAX  4096  /* decisions in a run */
#define STEPS_MAX  20000 /* points in a run: more is no end */
#define RUNS_MAX   UINT64_C(50000000)
#define UNLIMITED  INT_MAX
#define LOOKS_MAX  16
#define IDLE_MAX   10
#define TRACE_MAX  200

enum state { ABLE, YIELDED, BLOCKED, ENDED };

struct thread {
    struct trine__fiber fiber;
    struct trine__thread_context here;
    struct trine__loop *loop;
    enum state state;
    const void *word; /* BLOCKED at this futex */
    unsigned looks;   /* points since it changed anything */
    void (*fn)(void);
};

struct decision {
    uint8_t options[LOOM_THREADS];
    uint8_t count, chosen;
};

static struct thread threads[LOOM_THREADS];
static _Alignas(64) char stacks[LOOM_THREADS][STACK_SIZE];
static _Alignas(128) char arena[ARENA_SIZE];
static size_t arena_used;
static struct trine__fiber explorer;
static int current; /* who runs; -1: the explorer */
static int in_the_name_of;

static const struct loom_scenario *scenario;
static struct decision path[DEPTH_MAX];
static size_t depth, known; /* decisions made in this run; those to be made as before */
static int preemptions, limit;
static int idle_looks; /* since something was changed */
static size_t steps;
static uint64_t runs;
static char failure[256];

/* The last steps of a run. */
struct note {
    int thread;
    const char *operation;
    const volatile void *object;
    int line;
    const char *file;
};
static struct note trace[TRACE_MAX];

/* ---- the end of a run that went wrong */

static void print_schedule(void)
{
    printf("    --replay '%s' --schedule ", scenario->name);
    for (size_t i = 0; i < depth; i++)
        printf("%s%d", i > 0 ? "," : "", path[i].options[path[i].chosen]);
    printf("%s\n", depth == 0 ? "-" : "");
}

static void go_to(int next)
{
    struct trine__fiber *from = current >= 0 ? &threads[current].fiber : &explorer;
    struct trine__fiber *to = next >= 0 ? &threads[next].fiber : &explorer;
    current = next;
    if (from != to)
        trine__fiber_switch(from, to);
}

/* The other fibers stay where they are for ever. */
static void fail_run(const char *why)
{
    if (failure[0] == '\0')
        snprintf(failure, sizeof failure, "%s", why);
    if (current < 0)
        return;
    go_to(-1);
    abort();
}

static sigjmp_buf in_explorer;

_Noreturn void loom_broken(const char *condition, const char *file, int line)
{
    const char *base = strrchr(file, '/');
    char text[sizeof failure];
    snprintf(text, sizeof text, "not so: %s (%s:%d)", condition, base != NULL ? base + 1 : file,
             line);
    fail_run(text);
    siglongjmp(in_explorer, 1);
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

/* ---- who goes on */

static const char unrepeatable[] = "the scenario does not repeat: something depends on chance";

static bool is_able(int thread)
{
    return threads[thread].fn != NULL && threads[thread].state == ABLE;
}

static size_t options_now(uint8_t *options)
{
    size_t count = 0;
    bool may_stay = current >= 0 && is_able(current);
    if (may_stay)
        options[count++] = (uint8_t)current;
    for (int i = 0; i < LOOM_THREADS; i++) {
        if (i != current && is_able(i) && (!may_stay || preemptions < limit))
            options[count++] = (uint8_t)i;
    }
    return count;
}

static int decide(const uint8_t *options, size_t count)
{
    if (count == 1)
        return options[0];
    if (depth == DEPTH_MAX)
        fail_run("more decisions than there is room for");
    struct decision *decision = &path[depth];
    if (depth >= known) {
        memcpy(decision->options, options, count);
        decision->count = (uint8_t)count;
        decision->chosen = 0;
    } else if (decision->count != count || memcmp(decision->options, options, count) != 0) {
        fail_run(unrepeatable);
    }
    return path[depth++].options[decision->chosen];
}

/* All who yielded may look again once somebody has changed something. */
static bool forgive(void)
{
    bool any = false;
    for (int i = 0; i < LOOM_THREADS; i++) {
        if (threads[i].state == YIELDED) {
            threads[i].state = ABLE;
            any = true;
        }
    }
    return any;
}

static void describe_deadlock(void)
{
    char text[sizeof failure] = "nobody can go on:";
    for (int i = 0; i < LOOM_THREADS; i++) {
        size_t length = strlen(text);
        if (threads[i].fn != NULL && threads[i].state != ENDED)
            snprintf(text + length, sizeof text - length, " thread %d %s;", i,
                     threads[i].state == BLOCKED ? "sleeps" : "spins");
    }
    fail_run(text);
}

static bool all_ended(void)
{
    for (int i = 0; i < LOOM_THREADS; i++) {
        if (threads[i].fn != NULL && threads[i].state != ENDED)
            return false;
    }
    return true;
}

/* The current thread's state is set. Returns when it goes on. */
static void schedule(void)
{
    uint8_t options[LOOM_THREADS];
    if (all_ended()) {
        go_to(-1);
        return;
    }
    size_t count = options_now(options);
    if (count == 0 && idle_looks++ < IDLE_MAX && forgive())
        count = options_now(options);
    if (count == 0)
        describe_deadlock();
    if (++steps > STEPS_MAX)
        fail_run("it does not come to an end");
    int next = decide(options, count);
    preemptions += current >= 0 && next != current && is_able(current);
    go_to(next);
}

/* ---- what the instrumented code calls */

static void note(const char *operation, const volatile void *object, const char *file, int line)
{
    const char *base = strrchr(file, '/');
    trace[steps % TRACE_MAX] =
        (struct note){ current, operation, object, line, base != NULL ? base + 1 : file };
}

/* Who has looked so often without changing anything may be in a loop that waits for others. */
void loom_point(const char *operation, const volatile void *object, const char *file, int line)
{
    if (current < 0)
        return;
    if (++threads[current].looks % LOOKS_MAX == 0)
        threads[current].state = YIELDED;
    schedule();
    note(operation, object, file, line);
}

void loom_changed(void)
{
    if (current < 0)
        return;
    threads[current].looks = 0;
    idle_looks = 0;
    (void)forgive();
}

void loom_yield(void)
{
    if (current < 0)
        return;
    threads[current].state = YIELDED;
    schedule();
}

int loom_futex_wait(const void *word, uint32_t expected, int64_t deadline)
{
    loom_point("futex wait", word, __FILE__, __LINE__);
    must(deadline == INT64_MAX);
    if (*(const volatile uint32_t *)word != expected)
        return -EAGAIN;
    loom_changed();
    threads[current].state = BLOCKED;
    threads[current].word = word;
    schedule();
    return 0;
}

int loom_futex_wake(const void *word, int count)
{
    int woken = 0;
    loom_point("futex wake", word, __FILE__, __LINE__);
    for (int i = 0; i < LOOM_THREADS && woken < count; i++) {
        if (threads[i].state == BLOCKED && threads[i].word == word) {
            threads[i].state = ABLE;
            loom_changed();
            woken++;
        }
    }
    return woken;
}

static struct thread *here(void)
{
    return &threads[current >= 0 ? current : in_the_name_of];
}

struct trine__thread_context *loom_thread_here(void)
{
    return &here()->here;
}

struct trine__loop **loom_loop_here(void)
{
    return &here()->loop;
}

void *loom_alloc(size_t size)
{
    size_t rounded = (size + 127) / 128 * 128;
    must(rounded <= ARENA_SIZE - arena_used);
    void *memory = arena + arena_used;
    arena_used += rounded;
    return memory;
}

void loom_as(int thread, void (*fn)(void *arg), void *arg)
{
    in_the_name_of = thread;
    fn(arg);
    in_the_name_of = 0;
}

/* ---- one run */

static void run_thread(void *arg)
{
    struct thread *thread = arg;
    thread->fn();
    thread->state = ENDED;
    schedule();
    abort(); /* nobody goes on here */
}

static void begin_run(void)
{
    depth = steps = arena_used = 0;
    preemptions = idle_looks = 0;
    failure[0] = '\0';
    current = -1;
    for (int i = 0; i < LOOM_THREADS; i++) {
        struct thread *thread = &threads[i];
        thread->here = (struct trine__thread_context){ 0 };
        thread->loop = NULL;
        thread->state = ABLE;
        thread->looks = 0;
        thread->fn = scenario->threads[i];
        if (thread->fn != NULL)
            trine__fiber_init(&thread->fiber, stacks[i], stacks[i] + STACK_SIZE, run_thread,
                              thread);
    }
}

/* True if nothing is wrong. */
static bool run_once(void)
{
    begin_run();
    if (sigsetjmp(in_explorer, 0) == 0) {
        scenario->begin();
        schedule();
        if (failure[0] == '\0')
            scenario->end();
    }
    for (int i = 0; i < LOOM_THREADS; i++) {
        if (threads[i].fn != NULL)
            trine__fiber_done(&threads[i].fiber);
    }
    runs++;
    return failure[0] == '\0';
}

/* ---- all runs */

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

/* Code may remember something from its first runs in the process: then all begins anew, once. */
static bool explore(int bound)
{
    bool again = false, fine;
    limit = bound;
    do {
        known = 0;
        runs = 0;
        do {
            fine = run_once();
        } while (fine && advance() && runs < RUNS_MAX);
        again = !fine && strcmp(failure, unrepeatable) == 0 && !again;
    } while (again);
    return fine;
}

static void print_trace(void)
{
    for (size_t i = steps > TRACE_MAX ? steps - TRACE_MAX + 1 : 1; i <= steps; i++) {
        const struct note *note = &trace[i % TRACE_MAX];
        printf("    thread %d: %s %p, %s:%d\n", note->thread, note->operation,
               (const void *)note->object, note->file, note->line);
    }
}

static void tell_failure(void)
{
    printf("%s: after %" PRIu64 " interleavings: %s\n", scenario->name, runs, failure);
    print_trace();
    print_schedule();
}

/* Thread numbers, one for each decision; after the last, whoever comes first. */
static int replay(const char *schedule_text)
{
    limit = UNLIMITED;
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
    print_trace();
    printf("%s: %s\n", scenario->name, fine ? "nothing is wrong" : failure);
    return fine ? 0 : 1;
}

/* ---- the program */

static int usage(void)
{
    printf("usage: explorer [--bound N]                          N preemptions in a run\n"
           "                [--find NAME]                        0 if it fails, as it should\n"
           "                [--replay NAME --schedule 0,1,...]   one run, told step by step\n");
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
    printf("%s: found after %" PRIu64 " interleavings: %s\n", scenario->name, runs, failure);
    print_schedule();
    return 0;
}

static int explore_all(const struct loom_scenario *scenarios, size_t count, int more)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        scenario = &scenarios[i];
        int bound = more >= 0 ? more : scenario->preemptions;
        if (explore(bound)) {
            printf("%-40s %9" PRIu64 " interleavings, %d preemptions\n", scenario->name, runs,
                   bound);
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
    int bound = torture != NULL && strcmp(torture, "all") == 0 ? 3 : -1;
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
    trine__fiber_init_thread(&explorer);
    if (wanted == NULL)
        return explore_all(scenarios, count, bound);
    scenario = find(scenarios, count, wanted);
    if (scenario == NULL)
        return 2;
    return finding ? find_failure(bound >= 0 ? bound : scenario->preemptions)
                   : replay(schedule_text != NULL ? schedule_text : "");
}
