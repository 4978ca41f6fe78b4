/* SPDX-License-Identifier: MIT */
#include "group/several_suite.h"
#include <stdatomic.h>

static size_t index_of(const struct children *children, const struct trine_future *future)
{
    for (size_t i = 0; i < children->count; i++) {
        if (children->futures[i] == future)
            return i;
    }
    return SIZE_MAX;
}

IN_VIRTUAL_TIME(each_comes_once_in_the_order_of_completion)
{
    struct plan plans[] = { { 4, 0 }, { 1, 0 }, { 3, -EIO }, { 2, 0 } };
    static const size_t expected[] = { 1, 3, 2, 0 };
    struct children children;
    start_children(&children, plans, 4);
    struct trine_completed done = TRINE_COMPLETED(children.futures, children.count);
    for (int i = 0; i < 4; i++) {
        struct trine_future *future = trine_completed_next(&done);
        assert_int_equal(index_of(&children, future), expected[i]);
        assert_true(trine_future_done(future));
        assert_int_equal(steps_since(&children), i + 1);
    }
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, 0);
    assert_null(trine_completed_next(&done)); /* and again */
    trine_completed_close(&done);
    return end_children(&children);
}

IN_VIRTUAL_TIME(those_done_already_come_first_without_a_wait)
{
    struct plan plans[] = { { 9, 0 }, { 0, 0 }, { 1, 0 } };
    struct children children;
    start_children(&children, plans, 3);
    assert_int_equal(trine_sleep(2 * STEP), 0);
    struct trine_completed done = TRINE_COMPLETED(children.futures, children.count);
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 1);
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 2);
    assert_int_equal(steps_since(&children), 2);
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 0);
    assert_null(trine_completed_next(&done));
    return end_children(&children);
}

IN_VIRTUAL_TIME(it_may_be_left_early)
{
    struct plan plans[] = { { 1, 0 }, { 2, 0 }, { 3, 0 } };
    struct children children;
    start_children(&children, plans, 3);
    struct trine_completed done = TRINE_COMPLETED(children.futures, children.count);
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 0);
    trine_completed_close(&done);
    trine_completed_close(&done);
    assert_int_equal(trine_group_join(&children.group), 0); /* nobody was cancelled */
    assert_int_equal(plans[2].ended_with, 0);
    return end_children(&children);
}

IN_VIRTUAL_TIME(a_timeout_is_no_end_and_next_may_be_called_again)
{
    struct plan plans[] = { { 1, 0 }, { 5, 0 } };
    struct children children;
    struct trine_scope scope;
    start_children(&children, plans, 2);
    struct trine_completed done = TRINE_COMPLETED(children.futures, children.count);
    assert_non_null(trine_completed_next(&done));
    trine_scope_open(&scope, STEP);
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 1);
    assert_int_equal(done.error, 0);
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, 0);
    return end_children(&children);
}

IN_VIRTUAL_TIME(of_nothing_there_is_nothing)
{
    struct trine_completed done = TRINE_COMPLETED(NULL, 0);
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, 0);
    return 0;
}

IN_VIRTUAL_TIME(a_future_that_could_not_be_made_is_no_memory)
{
    struct trine_future *missing = NULL;
    struct trine_completed done = TRINE_COMPLETED(&missing, 1);
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, -ENOMEM);
    trine_completed_close(&done);
    return 0;
}

IN_VIRTUAL_TIME(without_memory_it_says_so_and_may_be_tried_again)
{
    struct plan plans[] = { { 1, 0 } };
    struct children children;
    start_children(&children, plans, 1);
    struct trine_completed done = TRINE_COMPLETED(children.futures, 1);
    for (int k = 1; k <= 2; k++) {
        char plan[32];
        snprintf(plan, sizeof plan, "fail:%d:op=alloc", k);
        trine__fault_plan(plan);
        assert_null(trine_completed_next(&done));
        trine__fault_plan(NULL);
        assert_int_equal(done.error, -ENOMEM);
    }
    assert_non_null(trine_completed_next(&done));
    assert_null(trine_completed_next(&done));
    return end_children(&children);
}

static _Atomic(int) wanted;

/* One at a time, when it is wanted: so the order is certain. */
static void resolve_all(void *arg)
{
    struct trine_future **promises = arg;
    for (int i = 7; i >= 0; i--) {
        while (atomic_load(&wanted) != i)
            usleep(100);
        trine_promise_resolve(promises[i], i, NULL);
    }
}

static void take_all(struct trine_future **promises)
{
    struct trine_completed done = TRINE_COMPLETED(promises, 8);
    for (int i = 7; i >= 0; i--) {
        atomic_store(&wanted, i);
        assert_int_equal(trine_future_outcome(trine_completed_next(&done)), i);
    }
    assert_null(trine_completed_next(&done));
}

static void make_promises(struct trine_future **promises)
{
    for (int i = 0; i < 8; i++)
        promises[i] = trine_promise_new(0);
}

static void drop_promises(struct trine_future **promises)
{
    for (int i = 0; i < 8; i++)
        trine_future_unref(promises[i]);
}

static void it_works_in_a_plain_thread(void **state)
{
    struct trine_future *promises[8];
    struct helper helper;
    make_promises(promises);
    start_helper(&helper, resolve_all, promises);
    take_all(promises);
    join_helper(&helper);
    drop_promises(promises);
}

IN_A_TASK(completions_of_another_thread_come_in_its_order)
{
    struct trine_future *promises[8];
    struct helper helper;
    make_promises(promises);
    start_helper(&helper, resolve_all, promises);
    take_all(promises);
    join_helper(&helper);
    drop_promises(promises);
    return 0;
}

/* ---- with a time limit */

IN_VIRTUAL_TIME(until_a_time_those_come_that_are_done_by_then)
{
    struct plan plans[] = { { 1, 0 }, { 2, 0 }, { 9, 0 } };
    struct children children;
    start_children(&children, plans, 3);
    struct trine_completed done =
        TRINE_COMPLETED_UNTIL(children.futures, 3, children.begin + 3 * STEP);
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 0);
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 1);
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, -ETIMEDOUT);
    assert_int_equal(steps_since(&children), 3);
    assert_int_equal(trine_cancelled(), 0);
    assert_null(trine_completed_next(&done)); /* and again, without waiting */
    assert_int_equal(steps_since(&children), 3);
    trine_completed_close(&done);
    assert_int_equal(trine_group_join(&children.group), 0); /* nobody was cancelled */
    assert_int_equal(plans[2].ended_with, 0);
    return end_children(&children);
}

IN_VIRTUAL_TIME(the_time_may_be_moved_and_what_is_done_comes_even_after_it)
{
    struct plan plans[] = { { 2, 0 }, { 4, 0 } };
    struct children children;
    start_children(&children, plans, 2);
    struct trine_completed done = TRINE_COMPLETED_UNTIL(children.futures, 2, trine_now() + STEP);
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, -ETIMEDOUT);
    assert_int_equal(trine_sleep(2 * STEP), 0);
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 0);
    assert_int_equal(done.error, 0);
    done.deadline = TRINE_FOREVER;
    assert_int_equal(index_of(&children, trine_completed_next(&done)), 1);
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, 0);
    return end_children(&children);
}

static int count_them(void *arg)
{
    int count = 0;
    struct trine_completed *done = arg;
    while (trine_completed_next(done) != NULL)
        count++;
    return done->error < 0 ? done->error : count;
}

IN_VIRTUAL_TIME(within_a_limit_the_rest_runs_on)
{
    struct plan plans[] = { { 1, 0 }, { 2, 0 }, { 9, 0 } };
    struct children children;
    start_children(&children, plans, 3);
    struct trine_completed done = TRINE_COMPLETED(children.futures, 3);
    assert_int_equal(TRINE_WITHIN(3 * STEP, count_them(&done)), -ETIMEDOUT);
    assert_int_equal(count_them(&done), 1);
    assert_int_equal(plans[2].ended_with, 0);
    return end_children(&children);
}

static void a_plain_thread_waits_no_longer_either(void **state)
{
    struct trine_future *promises[8];
    make_promises(promises);
    struct trine_completed done = TRINE_COMPLETED_UNTIL(promises, 8, trine_now() + SOON);
    assert_null(trine_completed_next(&done));
    assert_int_equal(done.error, -ETIMEDOUT);
    trine_promise_resolve(promises[3], 0, NULL);
    assert_ptr_equal(trine_completed_next(&done), promises[3]);
    trine_completed_close(&done);
    drop_promises(promises);
}

IN_VIRTUAL_TIME(the_same_one_twice_comes_twice)
{
    struct plan plans[] = { { 1, 0 } };
    struct children children;
    start_children(&children, plans, 1);
    struct trine_future *twice[] = { children.futures[0], children.futures[0] };
    struct trine_completed done = TRINE_COMPLETED(twice, 2);
    assert_ptr_equal(trine_completed_next(&done), twice[0]);
    assert_ptr_equal(trine_completed_next(&done), twice[0]);
    assert_null(trine_completed_next(&done));
    return end_children(&children);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(each_comes_once_in_the_order_of_completion),
        TEST(those_done_already_come_first_without_a_wait),
        TEST(it_may_be_left_early),
        TEST(a_timeout_is_no_end_and_next_may_be_called_again),
        TEST(of_nothing_there_is_nothing),
        TEST(a_future_that_could_not_be_made_is_no_memory),
        TEST(without_memory_it_says_so_and_may_be_tried_again),
        TEST(it_works_in_a_plain_thread),
        TEST(completions_of_another_thread_come_in_its_order),
        TEST(until_a_time_those_come_that_are_done_by_then),
        TEST(the_time_may_be_moved_and_what_is_done_comes_even_after_it),
        TEST(within_a_limit_the_rest_runs_on),
        TEST(a_plain_thread_waits_no_longer_either),
        TEST(the_same_one_twice_comes_twice),
    };
    return RUN_TESTS(tests);
}
