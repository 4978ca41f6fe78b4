/* SPDX-License-Identifier: MIT */
#include "run.h"
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
#define STEPS_MAX  20000 /* points in a run: more is no end */
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
    struct loom_step next;
    void (*fn)(void);
};

static struct thread threads[LOOM_THREADS];
static _Alignas(64) char stacks[LOOM_THREADS][STACK_SIZE];
static _Alignas(128) char arena[ARENA_SIZE];
static size_t arena_used;
static struct trine__fiber explorer;
static bool has_fiber;
static int current; /* who runs; -1: the explorer */
static int in_the_name_of;

static const struct loom_scenario *scenario;
static int preemptions, limit;
static int idle_looks; /* since something was changed */
static size_t steps;
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

static void go_to(int next)
{
    struct trine__fiber *from = current >= 0 ? &threads[current].fiber : &explorer;
    struct trine__fiber *to = next >= 0 ? &threads[next].fiber : &explorer;
    current = next;
    if (from != to)
        trine__fiber_switch(from, to);
}

/* The other fibers stay where they are for ever. */
void loom_fail(const char *why)
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
    loom_fail(text);
    siglongjmp(in_explorer, 1);
}

/* ---- who goes on */

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
    loom_fail(text);
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
        loom_fail("it does not come to an end");
    int next = loom_decide(options, count);
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
    threads[current].next = (struct loom_step){ object, operation[0] == 'l' };
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
    threads[current].next = (struct loom_step){ 0 };
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
    if (!has_fiber)
        trine__fiber_init_thread(&explorer);
    has_fiber = true;
    steps = arena_used = 0;
    memset(trace, 0, sizeof trace);
    preemptions = idle_looks = 0;
    failure[0] = '\0';
    current = -1;
    for (int i = 0; i < LOOM_THREADS; i++) {
        struct thread *thread = &threads[i];
        thread->here = (struct trine__thread_context){ 0 };
        thread->loop = NULL;
        thread->state = ABLE;
        thread->looks = 0;
        thread->next = (struct loom_step){ 0 };
        thread->fn = scenario->threads[i];
        if (thread->fn != NULL)
            trine__fiber_init(&thread->fiber, stacks[i], stacks[i] + STACK_SIZE, run_thread,
                              thread);
    }
}

bool loom_run(const struct loom_scenario *of, int bound)
{
    scenario = of;
    limit = bound;
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
    return failure[0] == '\0';
}

/* ---- what it was, or is */

struct loom_step loom_next(int thread)
{
    return threads[thread].next;
}

const char *loom_failure(void)
{
    return failure;
}

void loom_print_trace(void)
{
    for (size_t i = steps > TRACE_MAX ? steps - TRACE_MAX + 1 : 1; i <= steps; i++) {
        const struct note *note = &trace[i % TRACE_MAX];
        if (note->operation == NULL) /* somebody went on without an operation */
            continue;
        printf("    thread %d: %s %p, %s:%d\n", note->thread, note->operation,
               (const void *)note->object, note->file, note->line);
    }
}
