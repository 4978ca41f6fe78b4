/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include "sync/select_suite.h"

/* ---- waiting */

struct partner {
    struct trine_queue *queue;
    struct trine_future *promise;
    int item, error;
};

static int put_item(void *arg)
{
    struct partner *partner = arg;
    partner->error = trine_queue_put(partner->queue, &partner->item);
    return 0;
}

static int get_item(void *arg)
{
    struct partner *partner = arg;
    partner->error = trine_queue_get(partner->queue, &partner->item);
    return 0;
}

static int resolve_it(void *arg)
{
    return trine_promise_resolve(((struct partner *)arg)->promise, 0, NULL);
}

static int close_it(void *arg)
{
    trine_queue_close(((struct partner *)arg)->queue);
    return 0;
}

IN_BOTH(a_waiting_select_is_handed_an_item)
{
    struct trine_queue *one = queue_with(0, 0), *other = queue_with(3, 0);
    struct partner partner = { .queue = other, .item = 42 };
    struct meanwhile meanwhile;
    int item = -1, wrong = -1;
    struct trine_case cases[] = { TRINE_CASE_GET(one, &wrong), TRINE_CASE_GET(other, &item),
                                  TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, put_item, &partner);
    assert_int_equal(trine_select(cases, 3, 0), 1);
    end_meanwhile(&meanwhile);
    assert_int_equal(item, 42);
    assert_int_equal(wrong, -1);
    assert_int_equal(partner.error, 0);
    assert_untouched(one, 0);
    assert_untouched(other, 0);
    trine_queue_free(one);
    trine_queue_free(other);
    return 0;
}

IN_BOTH(a_waiting_select_puts_when_there_is_room)
{
    struct trine_queue *queue = queue_with(1, 1);
    struct partner partner = { .queue = queue };
    struct meanwhile meanwhile;
    const int item = 43;
    struct trine_case cases[] = { TRINE_CASE_PUT(queue, &item), TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, get_item, &partner);
    assert_int_equal(trine_select(cases, 2, 0), 0);
    end_meanwhile(&meanwhile);
    assert_int_equal(partner.item, 0);
    assert_untouched(queue, 1);
    assert_int_equal(trine_queue_get(queue, &partner.item), 0);
    assert_int_equal(partner.item, 43);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(a_waiting_select_sees_a_future_done)
{
    struct trine_queue *queue = queue_with(1, 0);
    struct trine_future *never = trine_promise_new(0);
    struct partner partner = { .promise = trine_promise_new(0) };
    struct meanwhile meanwhile;
    int item;
    struct trine_case cases[] = { TRINE_CASE_FUTURE(never), TRINE_CASE_GET(queue, &item),
                                  TRINE_CASE_FUTURE(partner.promise), TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, resolve_it, &partner);
    assert_int_equal(trine_select(cases, 4, 0), 2);
    end_meanwhile(&meanwhile);
    assert_untouched(queue, 0);
    trine_future_unref(never);
    trine_future_unref(partner.promise);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(a_waiting_select_sees_a_queue_closed)
{
    struct partner partner = { .queue = queue_with(1, 0) };
    struct meanwhile meanwhile;
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_GET(partner.queue, &item),
                                  TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, close_it, &partner);
    assert_int_equal(trine_select(cases, 2, 0), 0);
    end_meanwhile(&meanwhile);
    assert_int_equal(cases[0].result, -EPIPE);
    assert_int_equal(item, -1);
    trine_queue_free(partner.queue);
    return 0;
}

static int select_to_get(void *arg)
{
    struct partner *partner = arg;
    struct trine_queue *never = queue_with(0, 0);
    int wrong = -1;
    struct trine_case cases[] = { TRINE_CASE_PUT(never, &wrong), TRINE_CASE_AFTER(PATIENCE),
                                  TRINE_CASE_GET(partner->queue, &partner->item) };
    int chosen = trine_select(cases, 3, 0);
    partner->error = chosen == 2 ? cases[2].result : -EIO;
    trine_queue_free(never);
    return 0;
}

IN_BOTH(two_selects_meet_at_a_queue_without_room)
{
    struct partner partner = { .queue = queue_with(0, 0), .item = -1, .error = -EIO };
    struct meanwhile meanwhile;
    const int item = 44;
    struct trine_case cases[] = { TRINE_CASE_PUT(partner.queue, &item),
                                  TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, select_to_get, &partner);
    assert_int_equal(trine_select(cases, 2, 0), 0);
    end_meanwhile(&meanwhile);
    assert_int_equal(partner.error, 0);
    assert_int_equal(partner.item, 44);
    assert_untouched(partner.queue, 0);
    trine_queue_free(partner.queue);
    return 0;
}

/* ---- events and channels */

static int set_event(void *event)
{
    trine_event_set(event);
    return 0;
}

IN_BOTH(a_waiting_select_sees_an_event_set)
{
    struct trine_event never = TRINE_EVENT_INIT, event = TRINE_EVENT_INIT;
    struct meanwhile meanwhile;
    struct trine_case cases[] = { TRINE_CASE_EVENT(&never), TRINE_CASE_EVENT(&event),
                                  TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, set_event, &event);
    assert_int_equal(trine_select(cases, 3, 0), 1);
    end_meanwhile(&meanwhile);
    assert_int_equal(trine_select(cases, 3, 0), 1);
    assert_true(trine_event_is_set(&event));
    return 0;
}

IN_BOTH(a_permit_of_an_auto_event_is_taken_by_its_case_only)
{
    struct trine_queue *queue = queue_with(1, 1);
    struct trine_event event = TRINE_AUTO_EVENT_INIT;
    int item;
    struct trine_case cases[] = { TRINE_CASE_GET(queue, &item), TRINE_CASE_EVENT(&event) };
    trine_event_set(&event);
    assert_int_equal(trine_select(cases, 2, TRINE_BIASED), 0);
    assert_true(trine_event_is_set(&event));
    assert_int_equal(trine_select(cases, 2, TRINE_BIASED), 1);
    assert_false(trine_event_is_set(&event));
    assert_int_equal(trine_select(cases, 2, TRINE_TRY), -EAGAIN);
    trine_queue_free(queue);
    return 0;
}

struct ends {
    struct trine_sender *sender;
    struct trine_receiver *receiver;
    int item;
};

static struct ends open_channel(size_t capacity)
{
    struct ends ends = { .item = 9 };
    const struct trine_channel_options options = { .item_size = sizeof(int), .capacity = capacity };
    assert_int_equal(trine_channel_open(&ends.sender, &ends.receiver, &options), 0);
    return ends;
}

static int send_it(void *arg)
{
    struct ends *ends = arg;
    return trine_send_item(ends->sender, &ends->item);
}

static int end_receiving(void *arg)
{
    trine_receiver_close(((struct ends *)arg)->receiver);
    return 0;
}

IN_BOTH(items_go_through_a_channel)
{
    struct ends ends = open_channel(0), full = open_channel(0);
    struct meanwhile meanwhile;
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_SEND(full.sender, &item),
                                  TRINE_CASE_RECEIVE(ends.receiver, &item),
                                  TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, send_it, &ends);
    assert_int_equal(trine_select(cases, 3, 0), 1);
    end_meanwhile(&meanwhile);
    assert_int_equal(item, 9);
    assert_int_equal(trine_try_receive_item(full.receiver, &item), -EAGAIN);
    trine_sender_close(ends.sender);
    assert_int_equal(trine_select(cases, 3, 0), 1);
    assert_int_equal(cases[1].result, -EPIPE);
    trine_receiver_close(ends.receiver);
    do_soon(&meanwhile, end_receiving, &full);
    cases[1] = (struct trine_case)TRINE_CASE_NONE;
    assert_int_equal(trine_select(cases, 3, 0), 0);
    end_meanwhile(&meanwhile);
    assert_int_equal(cases[0].result, -EPIPE);
    trine_sender_close(full.sender);
    return 0;
}

/* ---- twice the same */

IN_BOTH(a_select_never_meets_itself)
{
    struct trine_queue *queue = queue_with(0, 0);
    int in = 1, out = -1;
    struct trine_case cases[] = { TRINE_CASE_GET(queue, &out), TRINE_CASE_PUT(queue, &in),
                                  TRINE_CASE_AFTER(SOON) };
    assert_int_equal(trine_select(cases, 3, 0), 2);
    assert_int_equal(out, -1);
    assert_untouched(queue, 0);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(one_queue_in_several_cases_is_served_once)
{
    struct partner partner = { .queue = queue_with(3, 0), .item = 45 };
    struct meanwhile meanwhile;
    int items[3] = { -1, -1, -1 };
    struct trine_case cases[] = { TRINE_CASE_GET(partner.queue, &items[0]),
                                  TRINE_CASE_GET(partner.queue, &items[1]),
                                  TRINE_CASE_GET(partner.queue, &items[2]) };
    do_soon(&meanwhile, put_item, &partner);
    int chosen = trine_select(cases, 3, 0);
    end_meanwhile(&meanwhile);
    for (int i = 0; i < 3; i++)
        assert_int_equal(items[i], i == chosen ? 45 : -1);
    assert_untouched(partner.queue, 0);
    trine_queue_free(partner.queue);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_waiting_select_is_handed_an_item),
        BOTH(a_waiting_select_puts_when_there_is_room),
        BOTH(a_waiting_select_sees_a_future_done),
        BOTH(a_waiting_select_sees_a_queue_closed),
        BOTH(two_selects_meet_at_a_queue_without_room),
        BOTH(a_waiting_select_sees_an_event_set),
        BOTH(a_permit_of_an_auto_event_is_taken_by_its_case_only),
        BOTH(items_go_through_a_channel),
        BOTH(a_select_never_meets_itself),
        BOTH(one_queue_in_several_cases_is_served_once),
    };
    return RUN_TESTS(tests);
}
