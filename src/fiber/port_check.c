/* SPDX-License-Identifier: MIT */
/* The fiber floor on a processor for which there is nothing but a compiler and an emulator: the
 * essence of fiber_test.c and overflow_test.c with no test library. tools/test-aarch64 runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "child.h"
#include "fiber.h"
#include "stack.h"
#include "switch.h"

#if defined(__x86_64__)
#include "port_x86_64.h"
#elif defined(__aarch64__)
#include "port_aarch64.h"
#endif

static struct trine__fiber thread, fiber;
static struct trine__stack_cache *cache;
static struct trine__stack *stack;
static uint64_t lost, words;
static long count;

static void begin(void (*entry)(void *arg))
{
    trine__fiber_init(&fiber, stack->low, stack, entry, &fiber);
}

static void enter(void)
{
    trine__fiber_switch(&thread, &fiber);
}

static void back(void)
{
    trine__fiber_switch(&fiber, &thread);
}

static void count_for_ever(void *arg)
{
    for (;;) {
        count += arg == &fiber;
        back();
    }
}

static int ping_pong(void)
{
    begin(count_for_ever);
    for (int i = 0; i < 1000; i++)
        enter();
    return count == 1000;
}

static void lose_registers(void *arg)
{
    for (;;)
        lost += registers_lost(5000, back);
}

static int registers_are_kept(void)
{
    begin(lose_registers);
    enter();
    uint64_t ours = 0;
    for (int i = 0; i < 10; i++)
        ours += registers_lost(9000, enter);
    return ours == 0 && lost == 0;
}

static void change_words(void *arg)
{
    set_words(ODD_WORDS);
    back();
    words = trine__fiber_words();
    back();
}

static int control_words_are_kept(void)
{
    uint64_t before = trine__fiber_words();
    begin(change_words);
    enter();
    int kept = trine__fiber_words() == before;
    enter();
    return kept && words == ODD_WORDS && trine__fiber_words() == before && before != ODD_WORDS;
}

static int descend(volatile int *depth)
{
    volatile int mine[64] = { *depth + 1 };
    return *depth < 1 << 24 ? descend(mine) + mine[0] : 0;
}

static void recurse(void *arg)
{
    volatile int depth = 0;
    descend(&depth);
}

static void overflow(void *arg)
{
    static const struct trine__owner deep = { .name = "deep" };
    stack->owner = &deep;
    trine__overflow_install();
    trine__overflow_enter_thread();
    begin(recurse);
    enter();
}

static int overflow_is_reported(void)
{
    struct child child = run_in_child(overflow, NULL);
    return stack->guard != TRINE__GUARD_CANARY && WIFSIGNALED(child.status) &&
           WTERMSIG(child.status) == SIGSEGV &&
           strstr(child.said, "trine: stack overflow in task 'deep'");
}

static int fibers_are_supported(void)
{
    return trine__fiber_supported() == 0;
}

static const struct {
    const char *name;
    int (*check)(void);
} checks[] = {
    { "fibers are supported", fibers_are_supported },
    { "ping-pong", ping_pong },
    { "callee-saved registers are kept", registers_are_kept },
    { "control words are kept", control_words_are_kept },
    { "overflow is reported", overflow_is_reported },
};

int main(void)
{
    int passed = 0, failed = 0;
    setvbuf(stdout, NULL, _IONBF, 0); /* what was said before a crash is kept */
    trine__fiber_init_thread(&thread);
    if (trine__stack_cache_new(&cache) < 0 || trine__stack_take(cache, 0, &stack) < 0)
        return 1;
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        int fine = checks[i].check();
        printf("%-7s %s\n", fine ? "ok" : "FAILED", checks[i].name);
        fine ? passed++ : failed++;
    }
    trine__stack_give(cache, stack);
    trine__stack_cache_free(cache);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
