/* SPDX-License-Identifier: MIT */
/* Queues: cancelled, closed, joined, between threads, in a select; nothing is lost or doubled. */
#include "sync/case.h"
#include "sync/queue_suite.h"

/* ---- cancelled */

IN_VIRTUAL_TIME(a_getter_that_was_served_keeps_its_item_whatever_cancels_it)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(1, TRINE_FIFO);
    struct child served = { queue, 0, 0 }, late = { queue, 0, 0 };
    trine_group_open(&group, NULL);
    struct trine_future *first = start(&group, get_one, &served);
    struct trine_future *second = start(&group, get_one, &late);
    put(queue, 7);
    trine_cancel(first);
    trine_cancel(second);
    put(queue, 8);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(served.error, 0);
    assert_int_equal(served.item, 7);
    assert_int_equal(late.error, -ECANCELED);
    assert_int_equal(get(queue), 8);
    trine_queue_free(queue);
    return 0;
}

IN_VIRTUAL_TIME(a_put_that_is_cancelled_puts_nothing_and_lets_the_next_one_come)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(1, TRINE_FIFO);
    struct child first = { queue, 2, 0 }, second = { queue, 3, 0 };
    trine_group_open(&group, NULL);
    put(queue, 1);
    struct trine_future *cancelled = start(&group, put_one, &first);
    start(&group, put_one, &second);
    trine_cancel(cancelled);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(first.error, -ECANCELED);
    assert_int_equal(get(queue), 1);
    assert_int_equal(get(queue), 3);
    assert_int_equal(try_get(queue), -EAGAIN);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(trine_queue_inspect(queue).unfinished, 2);
    trine_queue_free(queue);
    return 0;
}

IN_VIRTUAL_TIME(a_cancelled_caller_does_nothing_even_if_it_need_not_wait)
{
    struct trine_queue *queue = new_queue(2, TRINE_FIFO);
    struct trine_scope scope;
    int item = 5;
    put(queue, 1);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, NULL);
    assert_int_equal(trine_queue_put(queue, &item), -ECANCELED);
    assert_int_equal(trine_queue_get(queue, &item), -ECANCELED);
    assert_int_equal(trine_queue_join(queue), -ECANCELED);
    trine_scope_close(&scope);
    assert_int_equal(trine_queue_inspect(queue).length, 1);
    trine_queue_free(queue);
    return 0;
}

IN_VIRTUAL_TIME(hours_of_waiting_end_when_the_item_comes)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(1, TRINE_FIFO);
    struct child getter = { queue, 0, 0 };
    trine_group_open(&group, NULL);
    start(&group, get_one, &getter);
    assert_int_equal(trine_sleep(hour), 0);
    assert_int_equal(getter.error, 1);
    put(queue, 4);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(getter.item, 4);
    trine_queue_free(queue);
    return 0;
}

/* ---- the end */

IN_VIRTUAL_TIME(close_refuses_putters_and_lets_getters_drain)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(2, TRINE_FIFO);
    struct child putter = { queue, 3, 0 };
    int item = 0;
    trine_group_open(&group, NULL);
    put(queue, 1);
    put(queue, 2);
    start(&group, put_one, &putter);
    trine_queue_close(queue);
    trine_queue_close(queue);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(putter.error, -EPIPE);
    assert_int_equal(trine_queue_put(queue, &item), -EPIPE);
    assert_int_equal(try_put(queue, 4), -EPIPE);
    assert_int_equal(get(queue), 1);
    assert_int_equal(try_get(queue), 2);
    assert_int_equal(trine_queue_get(queue, &item), -EPIPE);
    assert_int_equal(try_get(queue), -EPIPE);
    assert_int_equal(trine_group_close(&group), 0);
    trine_queue_free(queue);
    assert_int_equal(undelivered_count, 0);
    return 0;
}

IN_VIRTUAL_TIME(close_fails_those_who_wait_for_an_item)
{
    struct trine_group group;
    for (size_t capacity = 0; capacity < 2; capacity++) {
        struct trine_queue *queue = new_queue(capacity, TRINE_FIFO);
        struct child children[2] = { { queue, 0, 0 }, { queue, 0, 0 } };
        trine_group_open(&group, NULL);
        start(&group, get_one, &children[0]);
        start(&group, get_one, &children[1]);
        trine_queue_close(queue);
        assert_int_equal(trine_group_close(&group), 0);
        assert_int_equal(children[0].error, -EPIPE);
        assert_int_equal(children[1].error, -EPIPE);
        trine_queue_free(queue);
    }
    return 0;
}

static void shutdown_hands_what_is_left_to_undelivered_in_order(void **state)
{
    static const struct {
        enum trine_queue_order order;
        int left[3];
    } cases[] = { { TRINE_FIFO, { 20, 30, 10 } },
                  { TRINE_LIFO, { 10, 30, 20 } },
                  { TRINE_PRIORITY, { 10, 20, 30 } } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct trine_queue *queue = new_queue(3, cases[i].order);
        put(queue, 0);
        assert_int_equal(get(queue), 0);
        put(queue, 20);
        put(queue, 30);
        put(queue, 10);
        trine_queue_close(queue);
        trine_queue_shutdown(queue);
        trine_queue_shutdown(queue);
        assert_int_equal(undelivered_count, 3);
        assert_memory_equal(undelivered, cases[i].left, sizeof cases[i].left);
        assert_int_equal(try_get(queue), -EPIPE);
        assert_int_equal(try_put(queue, 1), -EPIPE);
        assert_int_equal(trine_queue_inspect(queue).length, 0);
        assert_int_equal(trine_queue_inspect(queue).unfinished, 1);
        trine_queue_free(queue);
        assert_int_equal(undelivered_count, 3);
    }
}

static void free_hands_what_is_left_to_undelivered(void **state)
{
    struct trine_queue *queue = new_queue(3, TRINE_FIFO);
    put(queue, 1);
    put(queue, 2);
    trine_queue_free(queue);
    assert_int_equal(undelivered_count, 2);
}

/* ---- join */

IN_VIRTUAL_TIME(join_waits_until_every_item_is_done)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(2, TRINE_FIFO);
    struct child joiner = { queue, 0, 0 };
    trine_group_open(&group, NULL);
    assert_int_equal(trine_queue_join(queue), 0);
    assert_int_equal(trine_queue_task_done(queue), -EINVAL);
    put(queue, 1);
    put(queue, 2);
    start(&group, join, &joiner);
    get(queue);
    get(queue);
    assert_int_equal(trine_queue_task_done(queue), 0);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(joiner.error, 1);
    assert_int_equal(trine_queue_task_done(queue), 0);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(joiner.error, 0);
    assert_int_equal(trine_queue_task_done(queue), -EINVAL);
    trine_queue_free(queue);
    return 0;
}

IN_VIRTUAL_TIME(items_dropped_by_shutdown_count_as_done_and_those_taken_do_not)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(3, TRINE_FIFO);
    struct child joiner = { queue, 0, 0 };
    trine_group_open(&group, NULL);
    put(queue, 1);
    put(queue, 2);
    put(queue, 3);
    get(queue);
    start(&group, join, &joiner);
    trine_queue_shutdown(queue);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(joiner.error, 1);
    assert_int_equal(trine_queue_task_done(queue), 0);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(joiner.error, 0);
    trine_queue_free(queue);
    return 0;
}

static void state_tells_the_peak_and_not_more(void **state)
{
    struct trine_queue *queue = new_queue(10, TRINE_FIFO);
    for (int i = 0; i < 30; i++) {
        put(queue, i);
        put(queue, i);
        get(queue);
        get(queue);
    }
    struct trine_queue_state now = trine_queue_inspect(queue);
    assert_int_equal(now.peak, 2);
    assert_int_equal(now.length, 0);
    assert_int_equal(now.unfinished, 60);
    trine_queue_free(queue);
}

/* ---- threads */

#define MANY 20000

struct stream {
    struct trine_queue *queue;
    int error, count;
};

static void put_many(void *arg)
{
    struct stream *stream = arg;
    for (int i = 0; i < MANY && stream->error == 0; i++)
        stream->error = trine_queue_put(stream->queue, &i);
    trine_queue_close(stream->queue);
}

static int get_until_the_end(void *arg)
{
    struct stream *stream = arg;
    int item;
    while ((stream->error = trine_queue_get(stream->queue, &item)) == 0)
        assert_int_equal(item, stream->count++);
    return 0;
}

IN_BOTH(items_from_a_thread_come_complete_and_in_order)
{
    for (size_t capacity = 0; capacity <= 100; capacity = capacity * 10 + 1) {
        struct trine_queue *queue = new_queue(capacity, TRINE_FIFO);
        struct stream in = { queue, 0, 0 }, out = { queue, 0, 0 };
        struct helper helper;
        start_helper(&helper, put_many, &in);
        get_until_the_end(&out);
        join_helper(&helper);
        assert_int_equal(in.error, 0);
        assert_int_equal(out.error, -EPIPE);
        assert_int_equal(out.count, MANY);
        trine_queue_free(queue);
    }
    return 0;
}

static int put_many_in_a_task(void *arg)
{
    put_many(arg);
    return 0;
}

ON_SEVERAL_LOOPS(items_go_from_one_loop_to_another, 2)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(5, TRINE_FIFO);
    struct stream in = { queue, 0, 0 }, out = { queue, 0, 0 };
    trine_group_open(&group, NULL);
    trine_spawn(&group, put_many_in_a_task, &in);
    trine_spawn(&group, get_until_the_end, &out);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(out.count, MANY);
    trine_queue_free(queue);
    return 0;
}

/* ---- select's verbs */

struct half_select {
    struct trine__choice choice;
    struct trine__parker parker;
    struct trine__wait waits[2];
    struct trine_case cases[2];
};

static const struct trine__case_ops *ops_of(const struct trine_case *choice)
{
    return choice->kind == TRINE__CASE_GET ? &trine__case_get : &trine__case_put;
}

/* What select does when nothing can happen now: tries all, then leaves a wait with each. */
static void leave_waits(struct half_select *select, struct trine_case first,
                        struct trine_case second)
{
    struct trine__wake_list wake = { 0 };
    *select = (struct half_select){
        .choice = { .winner = TRINE__UNDECIDED, .parker = &select->parker, .bell = -1 },
        .cases = { first, second }
    };
    assert_int_equal(trine__parker_init(&select->parker), 0);
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(ops_of(&select->cases[i])->commit(&select->cases[i], &wake), -EAGAIN);
    for (uint32_t i = 0; i < 2; i++) {
        select->waits[i].choice = &select->choice;
        select->waits[i].number = i;
        select->waits[i].lock = ops_of(&select->cases[i])->lock(&select->cases[i]);
        ops_of(&select->cases[i])->leave(&select->cases[i], &select->waits[i]);
    }
}

static void take_waits_back(struct half_select *select)
{
    struct trine__wake_list wake = { 0 };
    for (int i = 0; i < 2; i++)
        (void)trine__wait_withdraw(&select->waits[i], &wake);
    trine__wake(&wake);
}

static void of_a_selects_cases_one_happens_and_the_other_not(void **state)
{
    struct trine_queue *one = new_queue(1, TRINE_FIFO), *other = new_queue(1, TRINE_FIFO);
    struct half_select select;
    int first = 0, second = 0;
    leave_waits(&select, (struct trine_case)TRINE_CASE_GET(one, &first),
                (struct trine_case)TRINE_CASE_GET(other, &second));
    assert_int_equal(trine_queue_inspect(other).getters, 1);
    assert_int_equal(try_put(other, 7), 0);
    assert_int_equal(trine_queue_inspect(one).getters, 0);
    assert_int_equal(try_put(one, 8), 0);
    assert_int_equal(select.choice.winner, 1);
    assert_int_equal(second, 7);
    assert_int_equal(first, 0);
    take_waits_back(&select);
    assert_int_equal(try_get(one), 8);
    assert_int_equal(try_get(other), -EAGAIN);
    trine_queue_free(one);
    trine_queue_free(other);
}

static void selects_meet_each_other_but_not_themselves(void **state)
{
    struct trine_queue *queue = new_queue(0, TRINE_FIFO);
    struct half_select select;
    int in = 5, out = 0, back = 0;
    leave_waits(&select, (struct trine_case)TRINE_CASE_GET(queue, &out),
                (struct trine_case)TRINE_CASE_PUT(queue, &in));
    assert_int_equal(select.choice.winner, TRINE__UNDECIDED);
    struct trine_case other = TRINE_CASE_GET(queue, &back);
    struct trine__wake_list wake = { 0 };
    assert_int_equal(trine__case_get.commit(&other, &wake), 0);
    trine__wake(&wake);
    assert_int_equal(back, 5);
    assert_int_equal(select.choice.winner, 1);
    assert_int_equal(try_put(queue, 9), -EAGAIN);
    assert_int_equal(out, 0);
    take_waits_back(&select);
    assert_int_equal(trine_queue_inspect(queue).unfinished, 1);
    trine_queue_free(queue);
}

/* Between a select's look and its wait nobody may come in by the short way. */
static void after_a_select_has_looked_in_vain_items_go_to_its_wait(void **state)
{
    struct trine_queue *queue = new_queue(4, TRINE_FIFO);
    struct trine__wake_list wake = { 0 };
    int item = 0;
    struct trine_case choice = TRINE_CASE_GET(queue, &item);
    assert_int_equal(try_put(queue, 1), 0);
    assert_int_equal(trine__case_get.commit(&choice, &wake), 0);
    assert_true(queue->straight);
    assert_int_equal(trine__case_get.commit(&choice, &wake), -EAGAIN);
    assert_false(queue->straight);
    assert_int_equal(try_put(queue, 2), 0);
    assert_true(queue->straight);
    assert_int_equal(try_get(queue), 2);
    trine_queue_free(queue);
}

static void items_called_done_too_early_do_not_hold_up_a_join_after_shutdown(void **state)
{
    struct trine_queue_options options = { .item_size = sizeof(int), .capacity = 3 };
    struct trine_queue *queue = trine_queue_new(&options);
    for (int i = 0; i < 3; i++)
        assert_int_equal(trine_queue_put(queue, &i), 0);
    assert_int_equal(trine_queue_task_done(queue), 0);
    trine_queue_shutdown(queue);
    assert_int_equal(trine_queue_inspect(queue).unfinished, 0);
    assert_int_equal(TRINE_WITHIN(0, trine_queue_join(queue)), 0);
    trine_queue_free(queue);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_getter_that_was_served_keeps_its_item_whatever_cancels_it),
        TEST(a_put_that_is_cancelled_puts_nothing_and_lets_the_next_one_come),
        TEST(a_cancelled_caller_does_nothing_even_if_it_need_not_wait),
        TEST(hours_of_waiting_end_when_the_item_comes),
        TEST(close_refuses_putters_and_lets_getters_drain),
        TEST(close_fails_those_who_wait_for_an_item),
        TEST(shutdown_hands_what_is_left_to_undelivered_in_order),
        TEST(free_hands_what_is_left_to_undelivered),
        TEST(join_waits_until_every_item_is_done),
        TEST(items_dropped_by_shutdown_count_as_done_and_those_taken_do_not),
        TEST(state_tells_the_peak_and_not_more),
        TEST(items_from_a_thread_come_complete_and_in_order_in_a_task),
        TEST(items_from_a_thread_come_complete_and_in_order_in_a_thread),
        TEST(items_go_from_one_loop_to_another),
        TEST(of_a_selects_cases_one_happens_and_the_other_not),
        TEST(selects_meet_each_other_but_not_themselves),
        TEST(after_a_select_has_looked_in_vain_items_go_to_its_wait),
        TEST(items_called_done_too_early_do_not_hold_up_a_join_after_shutdown),
    };
    return RUN_TESTS(tests);
}
