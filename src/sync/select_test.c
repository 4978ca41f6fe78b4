/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include "sync/select_suite.h"

/* ---- what can happen at once */

IN_BOTH(an_item_that_is_there_is_got)
{
    struct trine_queue *queue = queue_with(2, 1);
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_GET(queue, &item) };
    assert_int_equal(trine_select(cases, 1, 0), 0);
    assert_int_equal(cases[0].result, 0);
    assert_int_equal(item, 0);
    assert_untouched(queue, 0);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(room_that_is_there_is_used)
{
    struct trine_queue *queue = queue_with(1, 0);
    const int item = 7;
    struct trine_case cases[] = { TRINE_CASE_NONE, TRINE_CASE_PUT(queue, &item) };
    assert_int_equal(trine_select(cases, 2, 0), 1);
    assert_untouched(queue, 1);
    assert_int_equal(trine_select(cases, 2, TRINE_TRY), -EAGAIN);
    assert_untouched(queue, 1);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(a_closed_queue_ends_its_case_with_an_error)
{
    struct trine_queue *open = queue_with(1, 0), *closed = queue_with(1, 0);
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_GET(open, &item), TRINE_CASE_GET(closed, &item) };
    trine_queue_close(closed);
    assert_int_equal(trine_select(cases, 2, 0), 1);
    assert_int_equal(cases[1].result, -EPIPE);
    assert_int_equal(item, -1);
    assert_untouched(open, 0);
    trine_queue_free(open);
    trine_queue_free(closed);
    return 0;
}

IN_BOTH(a_future_that_is_done_can_happen)
{
    struct trine_future *pending = trine_promise_new(0), *done = trine_promise_new(0);
    struct trine_case cases[] = { TRINE_CASE_FUTURE(pending), TRINE_CASE_FUTURE(done) };
    assert_int_equal(trine_select(cases, 2, TRINE_TRY), -EAGAIN);
    assert_int_equal(trine_promise_resolve(done, -EIO, NULL), 0);
    assert_int_equal(trine_select(cases, 2, 0), 1);
    assert_int_equal(cases[1].result, 0);
    assert_int_equal(trine_future_outcome(done), -EIO);
    trine_future_unref(pending);
    trine_future_unref(done);
    return 0;
}

IN_BOTH(without_any_case_it_refuses)
{
    struct trine_case none[] = { TRINE_CASE_NONE, TRINE_CASE_NONE };
    struct trine_case strange[] = { TRINE_CASE_NONE };
    strange[0].kind = 77;
    assert_int_equal(trine_select(NULL, 0, 0), -EINVAL);
    assert_int_equal(trine_select(none, 2, 0), -EINVAL);
    assert_int_equal(trine_select(none, 2, TRINE_TRY), -EINVAL);
    assert_int_equal(trine_select(strange, 1, 0), -EINVAL);
    return 0;
}

IN_BOTH(a_missing_future_is_a_lack_of_memory)
{
    struct trine_queue *queue = queue_with(1, 1);
    int item;
    struct trine_case cases[] = { TRINE_CASE_GET(queue, &item), TRINE_CASE_FUTURE(NULL) };
    assert_int_equal(trine_select(cases, 2, TRINE_BIASED), -ENOMEM);
    assert_untouched(queue, 1);
    trine_queue_free(queue);
    return 0;
}

IN_A_TASK(nobody_selects_itself)
{
    struct trine_case cases[] = { TRINE_CASE_FUTURE(trine_self()), TRINE_CASE_AFTER(SOON) };
    assert_int_equal(trine_select(cases, 2, 0), -EDEADLK);
    return 0;
}

static int count_turns(void *turns)
{
    while (trine_yield() == 0)
        ++*(int *)turns;
    return 0;
}

IN_A_TASK(what_can_happen_at_once_lets_nobody_else_run)
{
    struct trine_queue *queue = queue_with(50, 50);
    struct trine_group group;
    int turns = 0, item;
    trine_group_open(&group, NULL);
    trine_spawn(&group, count_turns, &turns);
    struct trine_case cases[] = { TRINE_CASE_GET(queue, &item), TRINE_CASE_AFTER(PATIENCE) };
    for (int i = 0; i < 50; i++)
        assert_int_equal(trine_select(cases, 2, 0), 0);
    assert_int_equal(turns, 0);
    trine_group_cancel(&group, NULL);
    (void)trine_group_close(&group);
    trine_queue_free(queue);
    return 0;
}

/* ---- chance */

IN_BOTH(each_of_those_that_can_happen_does_sometimes)
{
    struct trine_queue *queues[3];
    struct trine_future *done = trine_promise_new(0);
    int counts[4] = { 0 }, item;
    assert_int_equal(trine_promise_resolve(done, 0, NULL), 0);
    for (int i = 0; i < 3; i++)
        queues[i] = queue_with(4000, 4000);
    struct trine_case cases[] = { TRINE_CASE_GET(queues[0], &item),
                                  TRINE_CASE_GET(queues[1], &item),
                                  TRINE_CASE_GET(queues[2], &item), TRINE_CASE_FUTURE(done) };
    for (int i = 0; i < 4000; i++)
        counts[trine_select(cases, 4, 0)]++;
    for (int i = 0; i < 4; i++)
        assert_in_range(counts[i], 800, 1200);
    for (int i = 0; i < 3; i++)
        trine_queue_free(queues[i]);
    trine_future_unref(done);
    return 0;
}

IN_BOTH(a_biased_select_takes_the_first)
{
    struct trine_queue *first = queue_with(100, 100), *second = queue_with(1, 1);
    int item;
    struct trine_case cases[] = { TRINE_CASE_GET(first, &item), TRINE_CASE_GET(second, &item) };
    for (int i = 0; i < 100; i++)
        assert_int_equal(trine_select(cases, 2, TRINE_BIASED), 0);
    assert_int_equal(trine_select(cases, 2, TRINE_BIASED), 1);
    trine_queue_free(first);
    trine_queue_free(second);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(an_item_that_is_there_is_got),
        BOTH(room_that_is_there_is_used),
        BOTH(a_closed_queue_ends_its_case_with_an_error),
        BOTH(a_future_that_is_done_can_happen),
        BOTH(without_any_case_it_refuses),
        BOTH(a_missing_future_is_a_lack_of_memory),
        TEST(nobody_selects_itself),
        TEST(what_can_happen_at_once_lets_nobody_else_run),
        BOTH(each_of_those_that_can_happen_does_sometimes),
        BOTH(a_biased_select_takes_the_first),
    };
    return RUN_TESTS(tests);
}
