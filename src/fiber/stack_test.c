/* SPDX-License-Identifier: MIT */
/* Stacks: cached, guarded in every way, coloured, and given back. */
#include "stack.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "child.h"
#include "guard.h"
#include "sys/fault.h"

enum { FAULTED = 77 };

static int set_up(void **state)
{
    trine__guard_limit(TRINE__GUARD_LIGHT, 0);
    return trine__stack_cache_new((struct trine__stack_cache **)state);
}

static int tear_down(void **state)
{
    trine__fault_plan(NULL);
    trine__stack_cache_free(*state);
    trine__guard_limit(TRINE__GUARD_LIGHT, 0);
    return 0;
}

static struct trine__stack *take(struct trine__stack_cache *cache, size_t size)
{
    struct trine__stack *stack;
    assert_int_equal(trine__stack_take(cache, size, &stack), 0);
    return stack;
}

static void the_last_given_is_the_first_taken(void **state)
{
    struct trine__stack *first = take(*state, 0), *second = take(*state, 0);
    assert_ptr_not_equal(first, second);
    trine__stack_give(*state, first);
    trine__stack_give(*state, second);
    assert_ptr_equal(take(*state, 0), second);
    assert_ptr_equal(take(*state, 0), first);
    assert_int_equal(trine__stack_cache_count(*state), 2);
    trine__stack_give(*state, first);
    trine__stack_give(*state, second);
}

static size_t slot_for(struct trine__stack_cache *cache, size_t size)
{
    struct trine__stack *stack = take(cache, size);
    memset((char *)stack - 4096, 1, 4096);
    *(volatile char *)stack->low = 1; /* all of it can be written */
    size_t slot = stack->size;
    assert_in_range((char *)stack - (char *)stack->low, slot - 2 * 4096, slot);
    trine__stack_give(cache, stack);
    return slot;
}

static void sizes_are_rounded_up_to_classes(void **state)
{
    assert_int_equal(slot_for(*state, 0), 64 << 10);
    assert_int_equal(slot_for(*state, 1), 16 << 10);
    assert_int_equal(slot_for(*state, 16 << 10), 16 << 10);
    assert_int_equal(slot_for(*state, (16 << 10) + 1), 64 << 10);
    assert_int_equal(slot_for(*state, 100 << 10), 256 << 10);
    assert_int_equal(slot_for(*state, 1 << 20), 1 << 20);
    assert_int_equal(slot_for(*state, (5 << 20) + 1), (5 << 20) + trine__page_size());
}

static void large_stacks_are_used_again_and_unmapped_by_trim(void **state)
{
    struct trine__stack *stack = take(*state, 8 << 20);
    trine__stack_give(*state, stack);
    assert_ptr_equal(take(*state, 6 << 20), stack);
    struct trine__stack *other = take(*state, 8 << 20);
    assert_ptr_not_equal(other, stack);
    trine__stack_give(*state, stack);
    trine__stack_cache_trim(*state);
    assert_int_equal(trine__stack_cache_count(*state), 1);
    *(volatile char *)other->low = 1;
    trine__stack_give(*state, other);
}

static void neighbours_have_different_colours(void **state)
{
    struct trine__stack *stacks[16];
    for (int i = 0; i < 16; i++)
        stacks[i] = take(*state, 0);
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < i; j++)
            assert_int_not_equal((uintptr_t)stacks[i] % 4096 / 64,
                                 (uintptr_t)stacks[j] % 4096 / 64);
    for (int i = 0; i < 16; i++)
        trine__stack_give(*state, stacks[i]);
}

static void on_fault(int signal)
{
    _exit(FAULTED);
}

static void write_below(void *arg)
{
    struct trine__stack *stack = arg;
    signal(SIGSEGV, on_fault);
    ((volatile char *)stack->low)[0] = 1;
    ((volatile char *)stack->low)[-1] = 1;
}

static void assert_guard_faults(struct trine__stack *stack)
{
    struct child child = run_in_child(write_below, stack);
    assert_true(WIFEXITED(child.status));
    assert_int_equal(WEXITSTATUS(child.status), FAULTED);
}

/* On kernels before 6.13 the best way there is, is the second. */
static void every_stack_is_guarded_by_a_page_that_faults(void **state)
{
    for (int i = 0; i < 100; i++) {
        struct trine__stack *stack = take(*state, 0);
        assert_in_range(stack->guard, TRINE__GUARD_LIGHT, TRINE__GUARD_MPROTECT);
        if (i % 33 == 0)
            assert_guard_faults(stack);
    }
    for (size_t size = TRINE__STACK_MIN; size < 8 << 20; size *= 4)
        assert_guard_faults(take(*state, size));
}

static void without_light_guards_mprotect_guards(void **state)
{
    trine__guard_limit(TRINE__GUARD_MPROTECT, 100);
    struct trine__stack *stack = take(*state, 0);
    assert_int_equal(stack->guard, TRINE__GUARD_MPROTECT);
    assert_guard_faults(stack);
}

static void past_the_budget_of_maps_canaries_guard(void **state)
{
    trine__guard_limit(TRINE__GUARD_MPROTECT, 10);
    for (int i = 0; i < 20; i++)
        assert_int_equal(take(*state, 0)->guard,
                         i < 10 ? TRINE__GUARD_MPROTECT : TRINE__GUARD_CANARY);
}

static void freeing_a_cache_frees_its_share_of_the_budget(void **state)
{
    trine__guard_limit(TRINE__GUARD_MPROTECT, 10);
    for (int round = 0; round < 3; round++) {
        struct trine__stack_cache *cache;
        assert_int_equal(trine__stack_cache_new(&cache), 0);
        for (int i = 0; i < 10; i++)
            assert_int_equal(take(cache, 0)->guard, TRINE__GUARD_MPROTECT);
        trine__stack_cache_free(cache);
    }
}

static void when_a_guard_is_refused_the_next_way_is_taken(void **state)
{
    trine__fault_plan("fail:1+:op=advise,fail:1+:op=protect");
    struct trine__stack *stack = take(*state, 0);
    assert_int_equal(stack->guard, TRINE__GUARD_CANARY);
    trine__fault_plan(NULL);
    trine__stack_give(*state, stack);
}

struct loan {
    struct trine__stack_cache *cache;
    struct trine__stack *stack;
};

static void overflow_and_give(void *arg)
{
    struct loan *loan = arg;
    ((char *)loan->stack->low)[-100] = 1;
    trine__stack_give(loan->cache, loan->stack);
}

static void a_dead_canary_is_reported_and_aborts(void **state)
{
    trine__guard_limit(TRINE__GUARD_CANARY, 0);
    struct loan loan = { *state, take(*state, 0) };
    loan.stack->owner = &(struct trine__owner){ "deep", "program.c:12" };
    struct child child = run_in_child(overflow_and_give, &loan);
    assert_true(WIFSIGNALED(child.status));
    assert_int_equal(WTERMSIG(child.status), SIGABRT);
    assert_non_null(strstr(child.said, "stack overflow in task 'deep' (spawned at program.c:12)"));
    memset(loan.stack->low, 1, 4096); /* all that is its own may be written */
    trine__stack_give(loan.cache, loan.stack);
}

static void without_memory_take_says_so(void **state)
{
    struct trine__stack *stack = NULL;
    trine__fault_plan("fail:1+:op=map");
    assert_int_equal(trine__stack_take(*state, 0, &stack), -ENOMEM);
    assert_int_equal(trine__stack_take(*state, 8 << 20, &stack), -ENOMEM);
    trine__fault_plan("fail:1");
    struct trine__stack_cache *cache = NULL;
    assert_int_equal(trine__stack_cache_new(&cache), -ENOMEM);
    trine__fault_plan(NULL);
    assert_int_equal(trine__stack_take(*state, SIZE_MAX, &stack), -ENOMEM);
    assert_null(stack);
    assert_int_equal(trine__stack_cache_count(*state), 0);
    trine__stack_give(*state, take(*state, 0)); /* and it works again */
}

static void a_smaller_slab_will_do_when_memory_is_short(void **state)
{
    trine__fault_plan("fail:1:op=map,fail:2:op=map");
    struct trine__stack *stack = take(*state, 0);
    assert_int_equal(trine__fault_hits(), 2);
    trine__stack_give(*state, stack);
}

static size_t count_maps(void)
{
    FILE *file = fopen("/proc/self/maps", "r");
    size_t lines = 0;
    assert_non_null(file);
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static size_t resident_pages(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t total = 0, resident = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu %zu", &total, &resident), 2);
    fclose(file);
    return resident;
}

/* Links the taken stacks, so that the test holds no array of them. */
static struct trine__stack *take_many(struct trine__stack_cache *cache, size_t count)
{
    struct trine__stack *list = NULL;
    for (size_t i = 0; i < count; i++) {
        struct trine__stack *stack = take(cache, 0);
        stack->next = list;
        list = stack;
    }
    return list;
}

static void give_all(struct trine__stack_cache *cache, struct trine__stack *list)
{
    while (list) {
        struct trine__stack *next = list->next;
        trine__stack_give(cache, list);
        list = next;
    }
}

static void many_stacks_are_few_mappings(void **state)
{
    enum { MANY = 100000 };
    struct trine__stack *first = take(*state, 0);
    int light = first->guard == TRINE__GUARD_LIGHT;
    size_t before = count_maps();
    struct trine__stack *list = take_many(*state, light ? MANY : MANY / 100);
    if (light)
        assert_in_range(count_maps() - before, 0, 20);
    trine__stack_give(*state, first);
    give_all(*state, list);
}

/* Sanitizers keep their own memory, which says nothing about ours; so only that it shrank. */
static void trim_returns_pages_of_stacks_that_went_deep(void **state)
{
    enum { MANY = 500, DEEP = 32 << 10 };
    struct trine__stack *list = take_many(*state, MANY);
    for (struct trine__stack *stack = list; stack; stack = stack->next)
        memset((char *)stack - DEEP, 1, DEEP);
    give_all(*state, list);
    size_t before = resident_pages();
    trine__stack_cache_trim(*state);
    assert_in_range(before - resident_pages(), 300 * 5, MANY * 9);
    assert_int_equal(trine__stack_cache_count(*state), MANY);
}

static void after_a_burst_trim_unmaps_whole_slabs(void **state)
{
    struct trine__stack *kept = take(*state, 0);
    struct trine__stack *list = take_many(*state, 5000);
    trine__stack_cache_trim(*state);
    assert_int_equal(trine__stack_cache_count(*state), 5001);
    give_all(*state, list);
    trine__stack_cache_trim(*state);
    assert_in_range(trine__stack_cache_count(*state), 1, 64);
    trine__stack_give(*state, kept);
    list = take_many(*state, 5000); /* and it all works again */
    assert_int_equal(trine__stack_cache_count(*state), 5000);
    give_all(*state, list);
}

static void *use_a_cache(void *arg)
{
    for (int round = 0; round < 20; round++) {
        struct trine__stack_cache *cache;
        if (trine__stack_cache_new(&cache) < 0)
            return arg;
        for (int i = 0; i < 100; i++) {
            struct trine__stack *stack;
            if (trine__stack_take(cache, (size_t)i << 14, &stack) < 0)
                return arg;
            *(volatile char *)stack->low = 1;
            trine__stack_give(cache, stack);
        }
        trine__stack_cache_free(cache);
    }
    return NULL;
}

static void caches_of_several_threads_do_not_meet(void **state)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_a_cache, state), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_given_is_the_first_taken),
        TEST(sizes_are_rounded_up_to_classes),
        TEST(large_stacks_are_used_again_and_unmapped_by_trim),
        TEST(neighbours_have_different_colours),
        TEST(every_stack_is_guarded_by_a_page_that_faults),
        TEST(without_light_guards_mprotect_guards),
        TEST(past_the_budget_of_maps_canaries_guard),
        TEST(freeing_a_cache_frees_its_share_of_the_budget),
        TEST(when_a_guard_is_refused_the_next_way_is_taken),
        TEST(a_dead_canary_is_reported_and_aborts),
        TEST(without_memory_take_says_so),
        TEST(a_smaller_slab_will_do_when_memory_is_short),
        TEST(many_stacks_are_few_mappings),
        TEST(trim_returns_pages_of_stacks_that_went_deep),
        TEST(after_a_burst_trim_unmaps_whole_slabs),
        TEST(caches_of_several_threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
