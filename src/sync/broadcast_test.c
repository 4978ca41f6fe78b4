/* SPDX-License-Identifier: MIT */
/* Broadcast: everybody gets everything, and who is too slow is told what it missed. */
#include "core/suite.h"
#include <trine/channel.h>
#include <trine/group.h>

static int next_of(struct trine_subscriber *subscriber, uint64_t *ret_lost)
{
    int item = -1, error = trine_subscriber_next(subscriber, &item, ret_lost);
    return error < 0 ? error : item;
}

static int send_to(struct trine_broadcast *broadcast, int item)
{
    return trine_broadcast_send(broadcast, &item);
}

IN_BOTH(every_subscriber_gets_what_is_sent_after_it_came)
{
    struct trine_broadcast *broadcast = trine_broadcast_new(sizeof(int), 4);
    assert_int_equal(send_to(broadcast, 1), 0);
    struct trine_subscriber *first = trine_subscribe(broadcast);
    assert_int_equal(send_to(broadcast, 2), 1);
    struct trine_subscriber *second = trine_subscribe(broadcast);
    assert_int_equal(send_to(broadcast, 3), 2);
    trine_broadcast_close(broadcast);
    assert_int_equal(next_of(first, NULL), 2);
    assert_int_equal(next_of(first, NULL), 3);
    assert_int_equal(next_of(first, NULL), -EPIPE);
    assert_int_equal(next_of(second, NULL), 3);
    assert_int_equal(next_of(second, NULL), -EPIPE);
    trine_unsubscribe(first);
    trine_unsubscribe(second);
    trine_unsubscribe(NULL);
    trine_broadcast_close(NULL);
    return 0;
}

IN_BOTH(a_slow_subscriber_loses_the_oldest_and_is_told_how_many)
{
    struct trine_broadcast *broadcast = trine_broadcast_new(sizeof(int), 3);
    struct trine_subscriber *slow = trine_subscribe(broadcast), *fast = trine_subscribe(broadcast);
    uint64_t lost = 99;
    for (int i = 0; i < 10; i++) {
        send_to(broadcast, i);
        assert_int_equal(next_of(fast, &lost), i);
        assert_int_equal(lost, 0);
    }
    assert_int_equal(next_of(slow, &lost), 7);
    assert_int_equal(lost, 7);
    assert_int_equal(next_of(slow, &lost), 8);
    assert_int_equal(lost, 0);
    assert_int_equal(next_of(slow, &lost), 9);
    assert_int_equal(TRINE_WITHIN(SOON, next_of(slow, &lost)), -ETIMEDOUT);
    trine_unsubscribe(slow);
    trine_unsubscribe(fast);
    trine_broadcast_close(broadcast);
    return 0;
}

struct reader {
    struct trine_subscriber *subscriber;
    int item, error, sum;
    uint64_t lost;
};

static int read_one(void *arg)
{
    struct reader *reader = arg;
    reader->error = trine_subscriber_next(reader->subscriber, &reader->item, &reader->lost);
    return 0;
}

static struct trine_future *start(struct trine_group *group, struct reader *reader)
{
    reader->error = 1;
    struct trine_future *future = trine_spawn(group, read_one, reader);
    assert_int_equal(trine_yield(), 0);
    return future;
}

IN_VIRTUAL_TIME(who_waits_gets_its_item_even_if_the_ring_turns_round_before_it_runs)
{
    struct trine_group group;
    struct trine_broadcast *broadcast = trine_broadcast_new(sizeof(int), 1);
    struct reader reader = { .subscriber = trine_subscribe(broadcast), .lost = 9 };
    trine_group_open(&group, NULL);
    struct trine_future *future = start(&group, &reader);
    assert_int_equal(next_of(reader.subscriber, NULL), -EBUSY);
    send_to(broadcast, 1);
    send_to(broadcast, 2);
    send_to(broadcast, 3);
    trine_cancel(future);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(reader.error, 0);
    assert_int_equal(reader.item, 1);
    assert_int_equal(reader.lost, 0);
    assert_int_equal(next_of(reader.subscriber, &reader.lost), 3);
    assert_int_equal(reader.lost, 1);
    trine_unsubscribe(reader.subscriber);
    trine_broadcast_close(broadcast);
    return 0;
}

IN_VIRTUAL_TIME(a_cancelled_reader_loses_nothing)
{
    struct trine_group group;
    struct trine_broadcast *broadcast = trine_broadcast_new(sizeof(int), 2);
    struct reader reader = { .subscriber = trine_subscribe(broadcast) };
    trine_group_open(&group, NULL);
    trine_cancel(start(&group, &reader));
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(reader.error, -ECANCELED);
    send_to(broadcast, 5);
    assert_int_equal(next_of(reader.subscriber, NULL), 5);
    trine_unsubscribe(reader.subscriber);
    trine_broadcast_close(broadcast);
    return 0;
}

IN_VIRTUAL_TIME(closing_ends_those_who_wait)
{
    struct trine_group group;
    struct trine_broadcast *broadcast = trine_broadcast_new(sizeof(int), 2);
    struct reader reader = { .subscriber = trine_subscribe(broadcast) };
    trine_group_open(&group, NULL);
    start(&group, &reader);
    trine_broadcast_close(broadcast);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(reader.error, -EPIPE);
    assert_int_equal(next_of(reader.subscriber, NULL), -EPIPE);
    trine_unsubscribe(reader.subscriber);
    return 0;
}

static void options_that_make_no_sense_are_refused(void **state)
{
    assert_null(trine_broadcast_new(0, 4));
    assert_int_equal(trine_error_code(trine_error_last()), -EINVAL);
    assert_null(trine_broadcast_new(4, 0));
    assert_null(trine_broadcast_new(SIZE_MAX / 2, 4));
    assert_int_equal(trine_error_code(trine_error_last()), -EINVAL);
}

/* ---- threads */

#define SENT 5000

static void read_all(void *arg)
{
    struct reader *reader = arg;
    int item, before = -1;
    uint64_t lost;
    while ((reader->error = trine_subscriber_next(reader->subscriber, &item, &lost)) == 0) {
        assert_int_equal(item, before + 1 + (int)lost);
        before = item;
        reader->sum += 1 + (int)lost;
    }
    trine_unsubscribe(reader->subscriber);
}

IN_BOTH(what_threads_read_and_lose_is_all_that_was_sent)
{
    struct trine_broadcast *broadcast = trine_broadcast_new(sizeof(int), 16);
    struct reader readers[3];
    struct helper helpers[3];
    for (int i = 0; i < 3; i++) {
        readers[i] = (struct reader){ .subscriber = trine_subscribe(broadcast) };
        start_helper(&helpers[i], read_all, &readers[i]);
    }
    for (int i = 0; i < SENT; i++)
        assert_int_equal(send_to(broadcast, i), 3);
    trine_broadcast_close(broadcast);
    for (int i = 0; i < 3; i++) {
        join_helper(&helpers[i]);
        assert_int_equal(readers[i].error, -EPIPE);
        assert_int_equal(readers[i].sum, SENT);
    }
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(every_subscriber_gets_what_is_sent_after_it_came_in_a_task),
        TEST(every_subscriber_gets_what_is_sent_after_it_came_in_a_thread),
        TEST(a_slow_subscriber_loses_the_oldest_and_is_told_how_many_in_a_task),
        TEST(a_slow_subscriber_loses_the_oldest_and_is_told_how_many_in_a_thread),
        TEST(who_waits_gets_its_item_even_if_the_ring_turns_round_before_it_runs),
        TEST(a_cancelled_reader_loses_nothing),
        TEST(closing_ends_those_who_wait),
        TEST(options_that_make_no_sense_are_refused),
        TEST(what_threads_read_and_lose_is_all_that_was_sent_in_a_task),
        TEST(what_threads_read_and_lose_is_all_that_was_sent_in_a_thread),
    };
    return RUN_TESTS(tests);
}
