/* SPDX-License-Identifier: MIT */
/* Queues: the order of items, what is refused, and who is served when. */
#include "core/loop.h"
#include "sync/queue_suite.h"
#include <pthread.h>

/* ---- order */

IN_BOTH(a_fifo_queue_gives_items_in_the_order_of_putting)
{
    struct trine_queue *queue = new_queue(3, TRINE_FIFO);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++)
            put(queue, i);
        for (int i = 0; i < 3; i++)
            assert_int_equal(get(queue), i);
    }
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(a_lifo_queue_gives_the_latest_item_first)
{
    struct trine_queue *queue = new_queue(3, TRINE_LIFO);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 3; i++)
            put(queue, i);
        assert_int_equal(get(queue), 2);
        put(queue, 7);
        assert_int_equal(get(queue), 7);
        assert_int_equal(get(queue), 1);
        assert_int_equal(get(queue), 0);
    }
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(a_priority_queue_gives_the_best_first_and_equal_ones_as_they_came)
{
    static const int in[] = { 31, 12, 50, 11, 32, 10, 13, 51, 0, 14 };
    static const int out[] = { 0, 12, 11, 10, 13, 14, 31, 32, 50, 51 };
    struct trine_queue *queue = new_queue(COUNT(in), TRINE_PRIORITY);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < COUNT(in); i++)
            put(queue, in[i]);
        for (size_t i = 0; i < COUNT(out); i++)
            assert_int_equal(get(queue), out[i]);
    }
    trine_queue_free(queue);
    return 0;
}

static void a_priority_queue_sorts_anything(void **state)
{
    struct trine_queue *queue = new_queue(200, TRINE_PRIORITY);
    unsigned seed = 1;
    for (int round = 0; round < 20; round++) {
        int before = -1, item;
        for (int i = 0; i < 200; i++) {
            seed = seed * 1664525 + 1013904223;
            assert_int_equal(try_put(queue, (int)(seed >> 16) % 1000 * 10), 0);
        }
        for (int i = 0; i < 200; i++, before = item)
            assert_true((item = try_get(queue)) >= before);
    }
    trine_queue_free(queue);
}

static void items_of_every_size_come_out_as_they_went_in(void **state)
{
    for (size_t size = 1; size <= 40; size++) {
        unsigned char in[40], out[41];
        struct trine_queue *queue =
            trine_queue_new(&(struct trine_queue_options){ .item_size = size, .capacity = 3 });
        for (unsigned round = 0; round < 8; round++) {
            for (size_t i = 0; i < size; i++)
                in[i] = (unsigned char)(round * 41 + i);
            memset(out, 0xEE, sizeof out);
            assert_int_equal(trine_queue_put(queue, in), 0);
            assert_int_equal(trine_queue_get(queue, out), 0);
            assert_memory_equal(in, out, size);
            assert_int_equal(out[size], 0xEE);
        }
        trine_queue_free(queue);
    }
}

static void options_that_make_no_sense_are_refused(void **state)
{
    static const struct trine_queue_options refused[] = {
        { .capacity = 1 },
        { .item_size = 4, .order = TRINE_LIFO },
        { .item_size = 4, .order = TRINE_PRIORITY, .compare = compare_tens },
        { .item_size = 4, .capacity = 1, .order = TRINE_PRIORITY },
        { .item_size = SIZE_MAX / 2, .capacity = 3 },
        { .item_size = 4, .capacity = 1, .order = (enum trine_queue_order)7 },
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        assert_null(trine_queue_new(&refused[i]));
        assert_int_equal(trine_error_code(trine_error_last()), -EINVAL);
    }
    trine_queue_free(NULL);
}

/* ---- full and empty */

IN_BOTH(what_would_wait_is_refused_by_the_try_forms)
{
    static const enum trine_queue_order orders[] = { TRINE_FIFO, TRINE_LIFO, TRINE_PRIORITY };
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct trine_queue *queue = new_queue(1, orders[i]);
        assert_int_equal(try_get(queue), -EAGAIN);
        assert_int_equal(try_put(queue, 5), 0);
        assert_int_equal(try_put(queue, 6), -EAGAIN);
        assert_int_equal(try_get(queue), 5);
        assert_int_equal(try_get(queue), -EAGAIN);
        trine_queue_free(queue);
    }
    struct trine_queue *queue = new_queue(0, TRINE_FIFO);
    assert_int_equal(try_put(queue, 5), -EAGAIN);
    assert_int_equal(try_get(queue), -EAGAIN);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(waits_end_with_their_deadline_and_leave_no_trace)
{
    struct trine_queue *queue = new_queue(1, TRINE_FIFO);
    int item = 9;
    assert_int_equal(TRINE_WITHIN(SOON, trine_queue_get(queue, &item)), -ETIMEDOUT);
    assert_int_equal(item, 9);
    put(queue, 1);
    assert_int_equal(TRINE_WITHIN(SOON, trine_queue_put(queue, &item)), -ETIMEDOUT);
    assert_int_equal(trine_queue_inspect(queue).length, 1);
    assert_int_equal(trine_queue_inspect(queue).putters, 0);
    assert_int_equal(get(queue), 1);
    assert_int_equal(TRINE_WITHIN(SOON, trine_queue_join(queue)), -ETIMEDOUT);
    assert_int_equal(try_get(queue), -EAGAIN);
    trine_queue_free(queue);
    return 0;
}

static int set_flag(void *flag)
{
    *(bool *)flag = true;
    return 0;
}

IN_A_TASK(a_call_with_everything_there_never_switches)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(10, TRINE_FIFO);
    bool ran = false;
    trine_group_open(&group, NULL);
    trine_spawn(&group, set_flag, &ran);
    for (int i = 0; i < 10; i++)
        put(queue, i);
    for (int i = 0; i < 10; i++)
        get(queue);
    assert_false(ran);
    assert_int_equal(trine_group_close(&group), 0);
    trine_queue_free(queue);
    return 0;
}

/* ---- hand-over */

IN_VIRTUAL_TIME(putters_wait_while_it_is_full_and_come_in_one_by_one)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(2, TRINE_FIFO);
    struct child children[3] = { { queue, 3, 0 }, { queue, 4, 0 }, { queue, 5, 0 } };
    trine_group_open(&group, NULL);
    put(queue, 1);
    put(queue, 2);
    for (int i = 0; i < 3; i++)
        start(&group, put_one, &children[i]);
    assert_int_equal(trine_queue_inspect(queue).putters, 3);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(trine_queue_inspect(queue).length, i <= 4 ? 2 : 1);
        assert_int_equal(get(queue), i);
        assert_int_equal(trine_yield(), 0);
        for (int k = 0; k < 3; k++)
            assert_int_equal(children[k].error, k < i ? 0 : 1);
    }
    assert_int_equal(trine_group_close(&group), 0);
    trine_queue_free(queue);
    return 0;
}

IN_VIRTUAL_TIME(getters_are_served_in_the_order_of_coming)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(2, TRINE_FIFO);
    struct child children[3] = { { queue, 0, 0 }, { queue, 0, 0 }, { queue, 0, 0 } };
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        start(&group, get_one, &children[i]);
    assert_int_equal(trine_queue_inspect(queue).getters, 3);
    for (int i = 0; i < 3; i++)
        put(queue, 10 + i);
    assert_int_equal(trine_queue_inspect(queue).length, 0);
    assert_int_equal(trine_group_close(&group), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(children[i].item, 10 + i);
    assert_int_equal(trine_queue_inspect(queue).unfinished, 3);
    trine_queue_free(queue);
    return 0;
}

IN_VIRTUAL_TIME(with_capacity_0_a_put_ends_when_it_is_got)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(0, TRINE_FIFO);
    struct child putter = { queue, 1, 0 }, getter = { queue, 0, 0 };
    trine_group_open(&group, NULL);
    start(&group, put_one, &putter);
    assert_int_equal(putter.error, 1);
    assert_int_equal(try_get(queue), 1);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(putter.error, 0);
    start(&group, get_one, &getter);
    assert_int_equal(try_put(queue, 2), 0);
    assert_int_equal(try_put(queue, 3), -EAGAIN);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(getter.item, 2);
    assert_int_equal(trine_queue_inspect(queue).peak, 0);
    trine_queue_free(queue);
    return 0;
}

/* asyncio's get_nowait() takes what a woken getter was promised. */
IN_VIRTUAL_TIME(a_try_does_not_overtake_who_was_served_and_has_not_run_yet)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(1, TRINE_FIFO);
    struct child getter = { queue, 0, 0 }, putter = { queue, 8, 0 };
    trine_group_open(&group, NULL);
    start(&group, get_one, &getter);
    assert_int_equal(try_put(queue, 7), 0);
    assert_int_equal(try_get(queue), -EAGAIN);
    assert_int_equal(try_put(queue, 1), 0);
    start(&group, put_one, &putter);
    assert_int_equal(getter.item, 7);
    assert_int_equal(try_get(queue), 1);
    assert_int_equal(try_put(queue, 9), -EAGAIN);
    assert_int_equal(try_get(queue), 8);
    assert_int_equal(trine_group_close(&group), 0);
    trine_queue_free(queue);
    return 0;
}

IN_VIRTUAL_TIME(putters_of_a_priority_queue_come_in_as_they_came_not_by_priority)
{
    struct trine_group group;
    struct trine_queue *queue = new_queue(1, TRINE_PRIORITY);
    struct child worse = { queue, 90, 0 }, better = { queue, 10, 0 };
    trine_group_open(&group, NULL);
    put(queue, 50);
    start(&group, put_one, &worse);
    start(&group, put_one, &better);
    assert_int_equal(get(queue), 50);
    assert_int_equal(get(queue), 90);
    assert_int_equal(get(queue), 10);
    assert_int_equal(trine_group_close(&group), 0);
    trine_queue_free(queue);
    return 0;
}

static void *feed(void *arg)
{
    struct trine_queue *queue = arg;
    for (int i = 0; i < 20; i++)
        put(queue, i);
    return NULL;
}

/* While it waits for a thread its loop spins before it sleeps; with other tasks it need not. */
IN_A_TASK(a_loop_looks_out_for_mail_only_while_a_thread_is_waited_for)
{
    struct trine_queue *queue = new_queue(0, TRINE_FIFO);
    struct trine_group group;
    struct child child = { .queue = queue };
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, feed, queue), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(get(queue), i);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(trine__loop_here->mail_expected, 0);
    queue->get.waits_for_mail = true; /* however it went just now */
    assert_int_equal(TRINE_WITHIN(SOON, trine_queue_get(queue, &child.item)), -ETIMEDOUT);
    assert_int_equal(trine__loop_here->mail_expected, 0);
    trine_group_open(&group, NULL);
    start(&group, get_one, &child);
    assert_int_equal(trine__loop_here->mail_expected, 1);
    put(queue, 3);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine__loop_here->mail_expected, 0);
    assert_int_equal(child.item, 3);
    assert_int_equal(trine_group_close(&group), 0);
    trine_queue_free(queue);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_fifo_queue_gives_items_in_the_order_of_putting_in_a_task),
        TEST(a_fifo_queue_gives_items_in_the_order_of_putting_in_a_thread),
        TEST(a_lifo_queue_gives_the_latest_item_first_in_a_task),
        TEST(a_lifo_queue_gives_the_latest_item_first_in_a_thread),
        TEST(a_priority_queue_gives_the_best_first_and_equal_ones_as_they_came_in_a_task),
        TEST(a_priority_queue_gives_the_best_first_and_equal_ones_as_they_came_in_a_thread),
        TEST(a_priority_queue_sorts_anything),
        TEST(items_of_every_size_come_out_as_they_went_in),
        TEST(options_that_make_no_sense_are_refused),
        TEST(what_would_wait_is_refused_by_the_try_forms_in_a_task),
        TEST(what_would_wait_is_refused_by_the_try_forms_in_a_thread),
        TEST(waits_end_with_their_deadline_and_leave_no_trace_in_a_task),
        TEST(waits_end_with_their_deadline_and_leave_no_trace_in_a_thread),
        TEST(a_call_with_everything_there_never_switches),
        TEST(putters_wait_while_it_is_full_and_come_in_one_by_one),
        TEST(getters_are_served_in_the_order_of_coming),
        TEST(with_capacity_0_a_put_ends_when_it_is_got),
        TEST(a_try_does_not_overtake_who_was_served_and_has_not_run_yet),
        TEST(a_loop_looks_out_for_mail_only_while_a_thread_is_waited_for),
        TEST(putters_of_a_priority_queue_come_in_as_they_came_not_by_priority),
    };
    return RUN_TESTS(tests);
}
