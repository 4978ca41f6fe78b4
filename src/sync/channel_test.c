/* SPDX-License-Identifier: MIT */
/* Channels: their ends are counted, and closing a handle concerns its own users only. */
#include "core/suite.h"
#include "sync/case.h"
#include <trine/channel.h>
#include <trine/group.h>

static int undelivered, undelivered_sum;

static void add_up(void *item, void *arg)
{
    undelivered++;
    undelivered_sum += *(int *)item;
}

struct pair {
    struct trine_sender *sender;
    struct trine_receiver *receiver;
};

static struct pair open_channel(size_t capacity)
{
    struct pair pair = { NULL, NULL };
    undelivered = undelivered_sum = 0;
    assert_int_equal(trine_channel_open(&pair.sender, &pair.receiver,
                                        &(struct trine_channel_options){ .item_size = sizeof(int),
                                                                         .capacity = capacity,
                                                                         .undelivered = add_up }),
                     0);
    return pair;
}

static void send_item(struct trine_sender *sender, int item)
{
    assert_int_equal(trine_send_item(sender, &item), 0);
}

static int receive(struct trine_receiver *receiver)
{
    int item = -1, error = trine_receive_item(receiver, &item);
    return error < 0 ? error : item;
}

static int try_send(struct trine_sender *sender, int item)
{
    return trine_try_send_item(sender, &item);
}

static int try_receive(struct trine_receiver *receiver)
{
    int item = -1, error = trine_try_receive_item(receiver, &item);
    return error < 0 ? error : item;
}

struct child {
    struct trine_sender *sender;
    struct trine_receiver *receiver;
    int item, error;
};

static int send_one(void *arg)
{
    struct child *child = arg;
    child->error = trine_send_item(child->sender, &child->item);
    return 0;
}

static int receive_one(void *arg)
{
    struct child *child = arg;
    child->error = trine_receive_item(child->receiver, &child->item);
    return 0;
}

static void start(struct trine_group *group, trine_fn fn, struct child *child)
{
    child->error = 1;
    trine_spawn(group, fn, child);
    assert_int_equal(trine_yield(), 0);
}

/* ---- ends */

IN_BOTH(receivers_drain_the_channel_when_all_senders_are_closed)
{
    struct pair pair = open_channel(4);
    struct trine_sender *clone = trine_sender_clone(pair.sender);
    send_item(pair.sender, 1);
    send_item(clone, 2);
    trine_sender_close(pair.sender);
    send_item(clone, 3);
    trine_sender_close(clone);
    for (int i = 1; i <= 3; i++)
        assert_int_equal(receive(pair.receiver), i);
    assert_int_equal(receive(pair.receiver), -EPIPE);
    assert_int_equal(try_receive(pair.receiver), -EPIPE);
    trine_receiver_close(pair.receiver);
    assert_int_equal(undelivered, 0);
    return 0;
}

IN_BOTH(senders_fail_when_all_receivers_are_closed)
{
    struct pair pair = open_channel(4);
    struct trine_receiver *clone = trine_receiver_clone(pair.receiver);
    int item = 9;
    send_item(pair.sender, 1);
    send_item(pair.sender, 2);
    trine_receiver_close(pair.receiver);
    assert_int_equal(receive(clone), 1);
    trine_receiver_close(clone);
    assert_int_equal(undelivered, 1);
    assert_int_equal(undelivered_sum, 2);
    assert_int_equal(trine_send_item(pair.sender, &item), -EPIPE);
    assert_int_equal(try_send(pair.sender, 3), -EPIPE);
    trine_sender_close(pair.sender);
    trine_sender_close(NULL);
    trine_receiver_close(NULL);
    return 0;
}

IN_VIRTUAL_TIME(closing_one_clone_fails_its_own_users_only)
{
    struct trine_group group;
    struct pair pair = open_channel(0);
    struct trine_receiver *clone = trine_receiver_clone(pair.receiver);
    struct child closed = { .receiver = clone }, other = { .receiver = pair.receiver };
    trine_group_open(&group, NULL);
    start(&group, receive_one, &closed);
    start(&group, receive_one, &other);
    trine_receiver_close(clone);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(closed.error, -EPIPE);
    assert_int_equal(other.error, 1);
    send_item(pair.sender, 6);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(other.item, 6);
    trine_sender_close(pair.sender);
    trine_receiver_close(pair.receiver);
    return 0;
}

IN_VIRTUAL_TIME(closing_one_sender_keeps_its_blocked_item_out)
{
    struct trine_group group;
    struct pair pair = open_channel(1);
    struct trine_sender *clone = trine_sender_clone(pair.sender);
    struct child closed = { .sender = clone, .item = 2 },
                 other = { .sender = pair.sender, .item = 3 };
    trine_group_open(&group, NULL);
    send_item(pair.sender, 1);
    start(&group, send_one, &closed);
    start(&group, send_one, &other);
    trine_sender_close(clone);
    assert_int_equal(receive(pair.receiver), 1);
    assert_int_equal(receive(pair.receiver), 3);
    assert_int_equal(try_receive(pair.receiver), -EAGAIN);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(closed.error, -EPIPE);
    assert_int_equal(other.error, 0);
    trine_sender_close(pair.sender);
    trine_receiver_close(pair.receiver);
    return 0;
}

/* Both handles go while somebody still waits on each: the memory has to stay for them. */
IN_VIRTUAL_TIME(every_handle_may_be_closed_under_its_users)
{
    struct trine_group group;
    struct pair pair = open_channel(0);
    struct child receivers[2] = { { .receiver = pair.receiver }, { .receiver = pair.receiver } };
    trine_group_open(&group, NULL);
    start(&group, receive_one, &receivers[0]);
    start(&group, receive_one, &receivers[1]);
    trine_sender_close(pair.sender);
    trine_receiver_close(pair.receiver);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(receivers[0].error, -EPIPE);
    assert_int_equal(receivers[1].error, -EPIPE);
    return 0;
}

IN_VIRTUAL_TIME(with_capacity_0_each_send_meets_a_receive)
{
    struct trine_group group;
    struct pair pair = open_channel(0);
    struct child sender = { .sender = pair.sender, .item = 4 };
    trine_group_open(&group, NULL);
    assert_int_equal(try_send(pair.sender, 1), -EAGAIN);
    start(&group, send_one, &sender);
    assert_int_equal(sender.error, 1);
    assert_int_equal(try_receive(pair.receiver), 4);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(sender.error, 0);
    trine_sender_close(pair.sender);
    trine_receiver_close(pair.receiver);
    return 0;
}

IN_BOTH(a_send_that_times_out_did_not_happen)
{
    struct pair pair = open_channel(1);
    int item = 2;
    send_item(pair.sender, 1);
    assert_int_equal(TRINE_WITHIN(SOON, trine_send_item(pair.sender, &item)), -ETIMEDOUT);
    assert_int_equal(receive(pair.receiver), 1);
    assert_int_equal(TRINE_WITHIN(SOON, trine_receive_item(pair.receiver, &item)), -ETIMEDOUT);
    assert_int_equal(item, 2);
    trine_sender_close(pair.sender);
    trine_receiver_close(pair.receiver);
    return 0;
}

static void options_that_make_no_sense_are_refused(void **state)
{
    struct trine_sender *sender = NULL;
    struct trine_receiver *receiver = NULL;
    assert_int_equal(
        trine_channel_open(&sender, &receiver, &(struct trine_channel_options){ .capacity = 3 }),
        -EINVAL);
    assert_null(sender);
    assert_null(receiver);
}

/* ---- threads */

#define MANY 5000

static void send_many(void *arg)
{
    struct trine_sender *sender = arg;
    int sent = 0;
    while (sent < MANY && trine_send_item(sender, &sent) == 0)
        sent++;
    trine_sender_close(sender);
}

IN_BOTH(the_last_of_several_threads_ends_it)
{
    struct pair pair = open_channel(7);
    struct helper helpers[3];
    int count = 0, item;
    for (int i = 0; i < 3; i++)
        start_helper(&helpers[i], send_many, i < 2 ? trine_sender_clone(pair.sender) : pair.sender);
    while (trine_receive_item(pair.receiver, &item) == 0)
        count++;
    assert_int_equal(count, 3 * MANY);
    for (int i = 0; i < 3; i++)
        join_helper(&helpers[i]);
    trine_receiver_close(pair.receiver);
    return 0;
}

static void receive_some(void *arg)
{
    struct trine_receiver *receiver = arg;
    for (int i = 0; i < MANY / 2; i++)
        (void)receive(receiver);
    trine_receiver_close(receiver);
}

IN_BOTH(a_receiver_that_leaves_early_lets_the_sender_know)
{
    struct pair pair = open_channel(3);
    struct helper helper;
    int sent = 0, error;
    start_helper(&helper, receive_some, pair.receiver);
    while ((error = trine_send_item(pair.sender, &sent)) == 0)
        sent++;
    assert_int_equal(error, -EPIPE);
    join_helper(&helper);
    assert_int_equal(sent, MANY / 2 + undelivered);
    trine_sender_close(pair.sender);
    return 0;
}

/* ---- select's verbs */

static void a_handle_lives_until_the_select_is_through_with_it(void **state)
{
    struct pair pair = open_channel(1);
    struct trine__parker parker;
    struct trine__choice choice = { .winner = TRINE__UNDECIDED, .parker = &parker, .bell = -1 };
    struct trine__wait wait = { .choice = &choice, .number = 3 };
    struct trine__wake_list wake = { 0 };
    int item = 0;
    struct trine_case receive_case = TRINE_CASE_RECEIVE(pair.receiver, &item);
    assert_int_equal(trine__parker_init(&parker), 0);
    assert_int_equal(trine__case_receive.commit(&receive_case, &wake), -EAGAIN);
    wait.lock = trine__case_receive.lock(&receive_case);
    trine__case_receive.leave(&receive_case, &wait);
    trine_sender_close(pair.sender);
    trine_receiver_close(pair.receiver);
    assert_int_equal(choice.winner, 3);
    assert_int_equal(wait.result, -EPIPE);
    trine__sync_lock(wait.lock);
    assert_false(trine__wait_withdraw(&wait, &wake));
    trine__sync_unlock(wait.lock);
    trine__case_receive.done(&receive_case);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(receivers_drain_the_channel_when_all_senders_are_closed_in_a_task),
        TEST(receivers_drain_the_channel_when_all_senders_are_closed_in_a_thread),
        TEST(senders_fail_when_all_receivers_are_closed_in_a_task),
        TEST(senders_fail_when_all_receivers_are_closed_in_a_thread),
        TEST(closing_one_clone_fails_its_own_users_only),
        TEST(closing_one_sender_keeps_its_blocked_item_out),
        TEST(every_handle_may_be_closed_under_its_users),
        TEST(with_capacity_0_each_send_meets_a_receive),
        TEST(a_send_that_times_out_did_not_happen_in_a_task),
        TEST(a_send_that_times_out_did_not_happen_in_a_thread),
        TEST(options_that_make_no_sense_are_refused),
        TEST(the_last_of_several_threads_ends_it_in_a_task),
        TEST(the_last_of_several_threads_ends_it_in_a_thread),
        TEST(a_receiver_that_leaves_early_lets_the_sender_know_in_a_task),
        TEST(a_receiver_that_leaves_early_lets_the_sender_know_in_a_thread),
        TEST(a_handle_lives_until_the_select_is_through_with_it),
    };
    return RUN_TESTS(tests);
}
