/* SPDX-License-Identifier: MIT */
/* Fibers: control goes where it should and finds everything as it was left. */
#include "fiber.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stack.h"
#include "switch.h"

#if defined(__x86_64__)
#include "port_x86_64.h"
#elif defined(__aarch64__)
#include "port_aarch64.h"
#endif

static struct trine__stack_cache *cache;
static struct trine__fiber thread;

/* One fiber with its stack, and what the tests let it do. */
struct actor {
    struct trine__fiber fiber;
    struct trine__stack *stack;
    long count;
    uint64_t seen;
};

static struct actor *current;

static int set_up(void **state)
{
    trine__fiber_init_thread(&thread);
    return trine__stack_cache_new(&cache);
}

static int tear_down(void **state)
{
    trine__stack_cache_free(cache);
    return 0;
}

static void open_actor(struct actor *actor, void (*entry)(void *arg))
{
    memset(actor, 0, sizeof *actor);
    assert_int_equal(trine__stack_take(cache, 0, &actor->stack), 0);
    trine__fiber_init(&actor->fiber, actor->stack->low, actor->stack, entry, actor);
}

static void close_actor(struct actor *actor)
{
    trine__fiber_done(&actor->fiber);
    trine__stack_give(cache, actor->stack);
}

static void enter(struct actor *actor)
{
    current = actor;
    trine__fiber_switch(&thread, &actor->fiber);
}

static void back(struct actor *actor)
{
    trine__fiber_switch(&actor->fiber, &thread);
}

static void count_for_ever(void *arg)
{
    struct actor *actor = arg;
    for (;;) {
        actor->count++;
        back(actor);
    }
}

static void control_goes_back_and_forth(void **state)
{
    struct actor actor;
    open_actor(&actor, count_for_ever);
    for (int i = 1; i <= 1000; i++) {
        enter(&actor);
        assert_int_equal(actor.count, i);
    }
    close_actor(&actor);
}

static void note_frame(void *arg)
{
    struct actor *actor = arg;
    actor->seen = (uintptr_t)__builtin_frame_address(0);
    trine__fiber_switch(&actor->fiber, &thread);
}

static void entry_gets_its_argument_on_its_own_stack(void **state)
{
    struct actor actor;
    open_actor(&actor, note_frame);
    enter(&actor);
    assert_in_range(actor.seen, (uintptr_t)actor.stack->low, (uintptr_t)actor.stack);
    assert_int_equal(actor.seen % 16, 0);
    close_actor(&actor);
}

static void pause_thread(void)
{
    enter(current);
}

static void pause_actor(void)
{
    back(current);
}

static void lose_registers(void *arg)
{
    struct actor *actor = arg;
    for (;;)
        actor->seen += registers_lost(5000 + (uint64_t)actor->count++, pause_actor);
}

static void callee_saved_registers_are_kept(void **state)
{
    struct actor actor;
    open_actor(&actor, lose_registers);
    enter(&actor);
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(registers_lost(9000 + i, pause_thread), 0);
    assert_int_equal(actor.seen, 0);
    assert_int_equal(actor.count, 11);
    close_actor(&actor);
}

static void change_words(void *arg)
{
    struct actor *actor = arg;
    set_words(ODD_WORDS);
    back(actor);
    actor->seen = trine__fiber_words();
    back(actor);
}

static void control_words_belong_to_the_fiber(void **state)
{
    struct actor actor;
    uint64_t before = trine__fiber_words();
    open_actor(&actor, change_words);
    enter(&actor);
    assert_int_equal(trine__fiber_words(), before);
    enter(&actor);
    assert_int_equal(trine__fiber_words(), before);
    assert_int_equal(actor.seen, ODD_WORDS);
    assert_int_not_equal(before, ODD_WORDS);
    close_actor(&actor);
}

static void change_words_and_leave(void *arg)
{
    struct actor *actor = arg;
    set_words(ODD_WORDS);
    trine__fiber_switch(&actor->fiber, &thread);
}

static void a_fiber_that_leaves_takes_its_words_along(void **state)
{
    struct actor actor;
    uint64_t before = trine__fiber_words();
    open_actor(&actor, change_words_and_leave);
    enter(&actor);
    assert_int_equal(trine__fiber_words(), before);
    close_actor(&actor);
}

static void note_words(void *arg)
{
    struct actor *actor = arg;
    actor->seen = trine__fiber_words();
    back(actor);
}

static void new_fibers_begin_with_the_words_of_their_thread(void **state)
{
    struct actor actor;
    uint64_t before = trine__fiber_words();
    set_words(ODD_WORDS);
    open_actor(&actor, note_words);
    enter(&actor);
    set_words(before);
    assert_int_equal(actor.seen, before);
    close_actor(&actor);
}

/* Its frames hold some bytes each, so that deep is deep in any build. */
static long descend(long depth)
{
    volatile char weight[64];
    weight[0] = (char)depth;
    return depth ? descend(depth - 1) + 1 + (weight[0] != (char)depth) : 0;
}

static void recurse(void *arg)
{
    struct actor *actor = arg;
    actor->count = descend(100);
    back(actor);
}

static void a_fiber_may_recurse(void **state)
{
    struct actor actor;
    open_actor(&actor, recurse);
    enter(&actor);
    assert_int_equal(actor.count, 100);
    close_actor(&actor);
}

static struct trine__fiber *ring_next;

static void hand_on(void *arg)
{
    struct actor *actor = arg;
    actor->count++;
    trine__fiber_switch(&actor->fiber, ring_next);
}

static void fibers_switch_among_themselves(void **state)
{
    struct actor first, second;
    open_actor(&first, hand_on);
    open_actor(&second, note_frame);
    ring_next = &second.fiber;
    enter(&first);
    assert_int_equal(first.count, 1);
    assert_int_not_equal(second.seen, 0);
    close_actor(&first);
    close_actor(&second);
}

static void ten_thousand_fibers_take_turns(void **state)
{
    enum { MANY = 10000, TURNS = 3 };
    struct actor *actors = calloc(MANY, sizeof *actors);
    assert_non_null(actors);
    for (int i = 0; i < MANY; i++)
        open_actor(&actors[i], count_for_ever);
    for (int turn = 0; turn < TURNS; turn++)
        for (int i = 0; i < MANY; i++)
            enter(&actors[i]);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(actors[i].count, TURNS);
        close_actor(&actors[i]);
    }
    free(actors);
}

static void a_stack_serves_many_fibers(void **state)
{
    struct trine__stack *first = NULL;
    for (int i = 0; i < 100; i++) {
        struct actor actor;
        open_actor(&actor, note_frame);
        first = first ? first : actor.stack;
        enter(&actor);
        assert_ptr_equal(actor.stack, first);
        close_actor(&actor);
    }
}

static void this_thread_can_run_fibers(void **state)
{
    assert_int_equal(trine__fiber_supported(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_thread_can_run_fibers),
        cmocka_unit_test(control_goes_back_and_forth),
        cmocka_unit_test(entry_gets_its_argument_on_its_own_stack),
        cmocka_unit_test(callee_saved_registers_are_kept),
        cmocka_unit_test(control_words_belong_to_the_fiber),
        cmocka_unit_test(a_fiber_that_leaves_takes_its_words_along),
        cmocka_unit_test(new_fibers_begin_with_the_words_of_their_thread),
        cmocka_unit_test(a_fiber_may_recurse),
        cmocka_unit_test(fibers_switch_among_themselves),
        cmocka_unit_test(ten_thousand_fibers_take_turns),
        cmocka_unit_test(a_stack_serves_many_fibers),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
