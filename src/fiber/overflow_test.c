/* SPDX-License-Identifier: MIT */
/* Overflow: the report names who and how much; other faults are none of our business. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <cmocka.h>

#include "child.h"
#include "fiber.h"
#include "guard.h"
#include "stack.h"

enum { EARLIER = 78 };

static _Thread_local struct trine__fiber thread;

/* Not inlined into a loop, whatever the compiler thinks of endless recursion. */
static int descend(volatile int *depth)
{
    volatile int mine[64] = { *depth + 1 };
    return *depth < 1 << 24 ? descend(mine) + mine[0] : 0;
}

static void recurse(void *arg)
{
    volatile int depth = 0;
    descend(&depth);
    abort();
}

/* A page that may be read only: a fault that memory checkers do not count as an error of their own.
 */
static char *forbidden(void)
{
    static char *volatile page; /* set before the fault, which the handler looks back at */
    if (!page)
        page = mmap(NULL, trine__page_size(), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page;
}

static void wild_write(void *arg)
{
    *(volatile char *)forbidden() = 1;
}

static void raise_it(void *arg)
{
    raise(SIGSEGV);
    _exit(1);
}

/* Runs `body` in a fiber on a stack of `size`, reports installed. */
static void run_guarded(void (*body)(void *arg), size_t size)
{
    struct trine__stack_cache *cache;
    struct trine__stack *stack;
    if (trine__overflow_install() < 0 || trine__overflow_install() < 0 ||
        trine__overflow_enter_thread() < 0 || trine__stack_cache_new(&cache) < 0 ||
        trine__stack_take(cache, size, &stack) < 0)
        _exit(1);
    stack->owner = &(struct trine__owner){ "reader", "program.c:34" };
    struct trine__fiber fiber;
    trine__fiber_init_thread(&thread);
    trine__fiber_init(&fiber, stack->low, stack, body, NULL);
    trine__fiber_switch(&thread, &fiber);
}

static void overflow_default(void *arg)
{
    run_guarded(recurse, 0);
}

static void overflow_large(void *arg)
{
    run_guarded(recurse, 2 << 20);
}

static void overflow_protected(void *arg)
{
    trine__guard_limit(TRINE__GUARD_MPROTECT, 100);
    run_guarded(recurse, 0);
}

static void *overflow_here(void *arg)
{
    overflow_default(NULL);
    return NULL;
}

static void overflow_in_second_thread(void *arg)
{
    pthread_t second;
    pthread_create(&second, NULL, overflow_here, NULL);
    pthread_join(second, NULL);
}

static void assert_dies_reporting(void (*body)(void *arg), const char *line)
{
    struct child child = run_in_child(body, NULL);
    assert_true(WIFSIGNALED(child.status));
    assert_int_equal(WTERMSIG(child.status), SIGSEGV);
    assert_string_equal(child.said, line);
}

static void overflow_names_the_task_its_site_and_its_size(void **state)
{
    assert_dies_reporting(overflow_default,
                          "trine: stack overflow in task 'reader' (spawned at program.c:34): its "
                          "64 KiB stack is full; give it more with .stack_size\n");
    assert_dies_reporting(overflow_large,
                          "trine: stack overflow in task 'reader' (spawned at program.c:34): its "
                          "2048 KiB stack is full; give it more with .stack_size\n");
}

static void overflow_is_reported_in_every_thread(void **state)
{
    assert_dies_reporting(overflow_in_second_thread,
                          "trine: stack overflow in task 'reader' (spawned at program.c:34): its "
                          "64 KiB stack is full; give it more with .stack_size\n");
}

static void overflow_into_a_protected_page_is_the_same(void **state)
{
    assert_dies_reporting(overflow_protected,
                          "trine: stack overflow in task 'reader' (spawned at program.c:34): its "
                          "64 KiB stack is full; give it more with .stack_size\n");
}

static void earlier(int signal)
{
    _exit(EARLIER);
}

static void earlier_info(int signal, siginfo_t *info, void *context)
{
    _exit(info->si_addr == forbidden() ? EARLIER : 1);
}

static void wild_with_earlier(void *arg)
{
    signal(SIGSEGV, earlier);
    run_guarded(wild_write, 0);
}

static void wild_with_earlier_info(void *arg)
{
    struct sigaction action = { .sa_sigaction = earlier_info, .sa_flags = SA_SIGINFO };
    sigaction(SIGSEGV, &action, NULL);
    run_guarded(wild_write, 0);
}

static void wild_with_default(void *arg)
{
    signal(SIGSEGV, SIG_DFL);
    run_guarded(wild_write, 0);
}

static void raised_with_default(void *arg)
{
    signal(SIGSEGV, SIG_DFL);
    run_guarded(raise_it, 0);
}

static void other_faults_reach_the_handler_that_was_there(void **state)
{
    void (*bodies[])(void *) = { wild_with_earlier, wild_with_earlier_info };
    for (int i = 0; i < 2; i++) {
        struct child child = run_in_child(bodies[i], NULL);
        assert_true(WIFEXITED(child.status));
        assert_int_equal(WEXITSTATUS(child.status), EARLIER);
        assert_string_equal(child.said, "");
    }
}

static void without_a_handler_other_faults_end_the_process(void **state)
{
    void (*bodies[])(void *) = { wild_with_default, raised_with_default };
    for (int i = 0; i < 2; i++) {
        struct child child = run_in_child(bodies[i], NULL);
        assert_true(WIFSIGNALED(child.status));
        assert_int_equal(WTERMSIG(child.status), SIGSEGV);
        assert_string_equal(child.said, "");
    }
}

static void leaving_a_thread_takes_its_alternate_stack_away(void **state)
{
    stack_t before, during, after;
    assert_int_equal(sigaltstack(NULL, &before), 0);
    assert_int_equal(trine__overflow_enter_thread(), 0);
    assert_int_equal(sigaltstack(NULL, &during), 0);
    assert_false(during.ss_flags & SS_DISABLE);
    trine__overflow_leave_thread();
    assert_int_equal(sigaltstack(NULL, &after), 0);
    assert_int_equal(after.ss_flags, before.ss_flags);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overflow_names_the_task_its_site_and_its_size),
        cmocka_unit_test(overflow_is_reported_in_every_thread),
        cmocka_unit_test(overflow_into_a_protected_page_is_the_same),
        cmocka_unit_test(other_faults_reach_the_handler_that_was_there),
        cmocka_unit_test(without_a_handler_other_faults_end_the_process),
        cmocka_unit_test(leaving_a_thread_takes_its_alternate_stack_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
