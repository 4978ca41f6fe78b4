/* SPDX-License-Identifier: MIT */
/* Conditions: who is notified, that the mutex is always held on return, and that no notify is lost
 * to a cancel. */
#include "sync/line_suite.h"
#include <poll.h>

struct room {
    struct trine_mutex mutex;
    struct trine_condition condition;
    int tokens, inside; /* under the mutex */
};

static int checked_in(struct room *room, int error)
{
    assert_int_equal(room->inside++, 0);
    if (error != -EPERM)
        assert_int_equal(trine_mutex_try_lock(&room->mutex), room->mutex.recursive ? 0 : -EBUSY);
    if (room->mutex.recursive)
        assert_int_equal(trine_mutex_unlock(&room->mutex), 0);
    room->inside--;
    return error;
}

/* Waits once. */
static int wait_once(void *arg, uint32_t amount)
{
    struct room *room = arg;
    int error = trine_mutex_lock(&room->mutex);
    if (error < 0)
        return error;
    error = checked_in(room, trine_condition_wait(&room->condition, &room->mutex));
    assert_int_equal(trine_mutex_unlock(&room->mutex), 0);
    return error;
}

static bool has_token(void *arg)
{
    return ((struct room *)arg)->tokens > 0;
}

/* Takes a token, waiting until there is one. */
static int take_token(void *arg, uint32_t amount)
{
    struct room *room = arg;
    int error = trine_mutex_lock(&room->mutex);
    if (error < 0)
        return error;
    error = trine_condition_wait_for(&room->condition, &room->mutex, has_token, room);
    if (error == 0)
        room->tokens--;
    assert_int_equal(trine_mutex_unlock(&room->mutex), 0);
    return error;
}

static void put_tokens(struct room *room, int count)
{
    assert_int_equal(trine_mutex_lock(&room->mutex), 0);
    room->tokens += count;
    trine_condition_notify(&room->condition, (size_t)count);
    assert_int_equal(trine_mutex_unlock(&room->mutex), 0);
}

IN_A_TASK(as_many_as_notified_go_on_in_the_order_of_coming)
{
    struct room room = { .tokens = 0 };
    struct line line;
    line_open(&line);
    for (int i = 0; i < 6; i++)
        line_add(&line, wait_once, &room, 0);
    trine_condition_notify(&room.condition, 1);
    assert_through(&line, "0");
    trine_condition_notify(&room.condition, 0);
    assert_through(&line, "");
    trine_condition_notify(&room.condition, 2);
    assert_through(&line, "12");
    trine_condition_notify_all(&room.condition);
    assert_through(&line, "345");
    trine_condition_notify_all(&room.condition);
    line_close(&line);
    return 0;
}

IN_A_TASK(the_notified_wait_for_the_mutex_in_its_line)
{
    struct room room = { .tokens = 0 };
    struct line line;
    line_open(&line);
    for (int i = 0; i < 3; i++)
        line_add(&line, wait_once, &room, 0);
    assert_int_equal(trine_mutex_lock(&room.mutex), 0);
    trine_condition_notify_all(&room.condition);
    assert_through(&line, "");
    assert_null(room.condition.waits.first);
    assert_non_null(room.mutex.waits.first); /* moved, not woken */
    assert_int_equal(trine_mutex_unlock(&room.mutex), 0);
    assert_through(&line, "012");
    line_close(&line);
    return 0;
}

IN_A_TASK(a_predicate_is_waited_for)
{
    struct room room = { .tokens = 0 };
    struct line line;
    line_open(&line);
    for (int i = 0; i < 3; i++)
        line_add(&line, take_token, &room, 0);
    trine_condition_notify_all(&room.condition); /* for nothing */
    assert_through(&line, "");
    put_tokens(&room, 1);
    assert_through(&line, "0"); /* who is notified in vain stands at the end of the line again */
    put_tokens(&room, 2);
    assert_through(&line, "12");
    line_close(&line);
    return 0;
}

IN_BOTH(only_the_owner_of_the_mutex_waits)
{
    struct room room = { .tokens = 0 };
    assert_int_equal(trine_condition_wait(&room.condition, &room.mutex), -EPERM);
    assert_int_equal(trine_condition_wait_for(&room.condition, &room.mutex, has_token, &room),
                     -EPERM);
    assert_null(room.condition.waits.first);
    return 0;
}

IN_BOTH(whoever_gives_up_has_the_mutex_again)
{
    struct room room = { .tokens = 0 };
    assert_int_equal(trine_mutex_lock(&room.mutex), 0);
    int error = TRINE_WITHIN(SOON, trine_condition_wait(&room.condition, &room.mutex));
    assert_int_equal(checked_in(&room, error), -ETIMEDOUT);
    error = TRINE_WITHIN(0, trine_condition_wait(&room.condition, &room.mutex));
    assert_int_equal(checked_in(&room, error), -ETIMEDOUT);
    room.tokens = 1;
    assert_int_equal(trine_condition_wait_for(&room.condition, &room.mutex, has_token, &room), 0);
    return trine_mutex_unlock(&room.mutex);
}

IN_A_TASK(a_cancelled_waiter_waits_for_the_mutex_through_the_cancel)
{
    struct room room = { .tokens = 0 };
    struct line line;
    line_open(&line);
    line_add(&line, wait_once, &room, 0);
    assert_int_equal(trine_mutex_lock(&room.mutex), 0);
    trine_cancel(line.callers[0].future);
    assert_through(&line, ""); /* it is cancelled, but not out */
    assert_int_equal(trine_mutex_unlock(&room.mutex), 0);
    assert_through(&line, "0!");
    assert_int_equal(line.callers[0].result, -ECANCELED);
    line_close(&line);
    return 0;
}

/* gh-112202: of two waiters one is notified and then cancelled. */
IN_A_TASK(a_notify_is_not_lost_to_a_cancel)
{
    for (int held = 0; held < 2; held++) {
        struct room room = { .tokens = 0 };
        struct line line;
        line_open(&line);
        line_add(&line, take_token, &room, 0);
        line_add(&line, take_token, &room, 0);
        assert_int_equal(trine_mutex_lock(&room.mutex), 0);
        room.tokens = 1;
        trine_condition_notify(&room.condition, 1);
        if (held == 0)
            assert_int_equal(trine_mutex_unlock(&room.mutex), 0);
        trine_cancel(line.callers[0].future);
        if (held == 1)
            assert_int_equal(trine_mutex_unlock(&room.mutex), 0);
        assert_through(&line, "0"); /* notified is notified */
        assert_int_equal(room.tokens, 0);
        trine_cancel(line.callers[1].future);
        assert_through(&line, "1!");
        line_close(&line);
    }
    return 0;
}

IN_A_TASK(a_cancelled_waiter_takes_no_notify)
{
    struct room room = { .tokens = 0 };
    struct line line;
    line_open(&line);
    line_add(&line, take_token, &room, 0);
    line_add(&line, take_token, &room, 0);
    trine_cancel(line.callers[0].future); /* has not run yet */
    put_tokens(&room, 1);
    assert_through(&line, "10!");
    line_close(&line);
    return 0;
}

IN_BOTH(a_recursive_mutex_is_let_go_whole_and_comes_back_as_deep)
{
    struct room room = { .mutex = TRINE_RECURSIVE_MUTEX_INIT };
    assert_int_equal(trine_mutex_lock(&room.mutex), 0);
    assert_int_equal(trine_mutex_lock(&room.mutex), 0);
    int error = TRINE_WITHIN(SOON, trine_condition_wait(&room.condition, &room.mutex));
    assert_int_equal(checked_in(&room, error), -ETIMEDOUT);
    assert_int_equal(trine_mutex_unlock(&room.mutex), 0);
    assert_true(trine_mutex_locked(&room.mutex));
    assert_int_equal(trine_mutex_unlock(&room.mutex), 0);
    assert_false(trine_mutex_locked(&room.mutex));
    return 0;
}

static int notify_and_end(void *arg)
{
    struct room *room = arg;
    int error = trine_mutex_lock(&room->mutex);
    trine_condition_notify(&room->condition, 1);
    return error;
}

IN_A_TASK(an_owner_that_ended_is_told_to_whoever_was_notified)
{
    struct room room = { .tokens = 0 };
    struct line line;
    line_open(&line);
    line_add(&line, wait_once, &room, 0);
    trine_spawn(&line.group, notify_and_end, &room);
    assert_through(&line, "0!");
    assert_reported("ended while it held a lock", "condition_test.c");
    assert_int_equal(line.callers[0].result, TRINE_EOWNERDEAD);
    line_close(&line);
    return 0;
}

/* The mutex' owner waits for the very task that is notified by somebody else. */
static int own_and_await(void *arg)
{
    struct line *line = ((struct caller *)arg)->line;
    struct room *room = ((struct caller *)arg)->object;
    assert_int_equal(trine_mutex_lock(&room->mutex), 0);
    int error = trine_await(line->callers[0].future, NULL);
    assert_int_equal(trine_mutex_unlock(&room->mutex), 0);
    return error == -EDEADLK ? 0 : -EINVAL;
}

IN_A_TASK(a_notify_that_closes_a_circle_has_it_broken)
{
    struct room room = { .tokens = 0 };
    struct line line;
    line_open(&line);
    line_add(&line, wait_once, &room, 0);
    struct caller owner = { .line = &line, .object = &room };
    struct trine_future *own = trine_spawn(&line.group, own_and_await, &owner);
    settle();
    trine_condition_notify(&room.condition, 1);
    assert_through(&line, "0");
    assert_int_equal(trine_future_outcome(own), 0);
    assert_reported("2 wait for each other in a circle; task 'own_and_await'", "-EDEADLK");
    assert_reported("task 'make_call'", "by task 'own_and_await'");
    assert_reported("task 'own_and_await'", "awaits task 'make_call'");
    line_close(&line);
    return 0;
}

static int wait_in_vain(void *arg)
{
    struct room *room = arg;
    assert_int_equal(trine_mutex_lock(&room->mutex), 0);
    int error = trine_condition_wait_for(&room->condition, &room->mutex, has_token, room);
    assert_int_equal(trine_mutex_unlock(&room->mutex), -EPERM);
    return error;
}

/* Neither a close nor a return from a condition fails gladly. */
IN_A_TASK(a_parent_that_closes_with_the_mutex_held)
{
    for (int notified = 0; notified < 2; notified++) {
        struct room room = { .tokens = 0 };
        struct trine_group group;
        trine_group_open(&group, NULL);
        trine_spawn(&group, wait_in_vain, &room);
        settle();
        assert_int_equal(trine_mutex_lock(&room.mutex), 0);
        if (notified == 1)
            trine_condition_notify(&room.condition, 1);
        else
            trine_group_cancel(&group, NULL);
        assert_int_equal(trine_group_close(&group), -EDEADLK);
        assert_reported("2 wait for each other in a circle; task 'wait_in_vain'", "-EDEADLK");
        assert_reported(" ", "wait_in_vain");
        assert_reported(" ", "wait_in_vain");
        assert_int_equal(trine_mutex_unlock(&room.mutex), 0);
        assert_false(trine_mutex_locked(&room.mutex));
    }
    return 0;
}

/* ---- threads, loops */

struct exchange {
    struct room room;
    int rounds;
    _Atomic(int) cancelled;
};

static int take_many(void *arg, uint32_t amount)
{
    struct exchange *exchange = arg;
    for (int i = 0; i < exchange->rounds; i++) {
        int error = take_token(&exchange->room, 0);
        if (error < 0)
            return error;
    }
    return 0;
}

static int take_many_task(void *exchange)
{
    return take_many(exchange, 0);
}

static int put_many(void *arg, uint32_t amount)
{
    struct exchange *exchange = arg;
    for (int i = 0; i < exchange->rounds; i++)
        put_tokens(&exchange->room, 1);
    return 0;
}

static int put_many_task(void *exchange)
{
    return put_many(exchange, 0);
}

ON_SEVERAL_LOOPS(tokens_pass_between_tasks_and_threads, 2)
{
    struct exchange exchange = { .rounds = CROWD(1000) };
    struct caller threads[4];
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 4; i++)
        start_caller(&threads[i], i % 2 == 0 ? take_many : put_many, &exchange, 0);
    for (int i = 0; i < 8; i++)
        trine_spawn(&group, i % 2 == 0 ? take_many_task : put_many_task, &exchange);
    assert_int_equal(trine_group_close(&group), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(end_caller(&threads[i]), 0);
    assert_int_equal(exchange.room.tokens, 0);
    return 0;
}

/* ---- what a wait leaves alone */

static int stranger[2]; /* a pipe that nobody has to do with */

/* So that what the next call forgets to set is the number of a descriptor. */
static __attribute__((noinline)) void fill_frames_below(void)
{
    volatile int numbers[2048];
    for (size_t i = 0; i < COUNT(numbers); i++)
        numbers[i] = stranger[1];
}

static int wait_above_filled_frames(void *arg)
{
    struct room *room = arg;
    assert_int_equal(trine_mutex_lock(&room->mutex), 0);
    fill_frames_below();
    assert_int_equal(trine_condition_wait(&room->condition, &room->mutex), 0);
    return trine_mutex_unlock(&room->mutex);
}

IN_A_TASK(a_wait_that_is_handed_the_mutex_writes_to_no_descriptor)
{
    struct room room = { 0 };
    struct trine_group group;
    struct pollfd written;
    assert_int_equal(pipe(stranger), 0);
    trine_group_open(&group, NULL);
    trine_spawn(&group, wait_above_filled_frames, &room);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_mutex_lock(&room.mutex), 0);
    trine_condition_notify_all(&room.condition);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_mutex_unlock(&room.mutex), 0);
    assert_int_equal(trine_group_close(&group), 0);
    written = (struct pollfd){ .fd = stranger[0], .events = POLLIN };
    assert_int_equal(poll(&written, 1, 0), 0);
    close(stranger[0]);
    close(stranger[1]);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(as_many_as_notified_go_on_in_the_order_of_coming),
        TEST(the_notified_wait_for_the_mutex_in_its_line),
        TEST(a_predicate_is_waited_for),
        BOTH(only_the_owner_of_the_mutex_waits),
        BOTH(whoever_gives_up_has_the_mutex_again),
        TEST(a_cancelled_waiter_waits_for_the_mutex_through_the_cancel),
        TEST(a_notify_is_not_lost_to_a_cancel),
        TEST(a_cancelled_waiter_takes_no_notify),
        BOTH(a_recursive_mutex_is_let_go_whole_and_comes_back_as_deep),
        TEST(an_owner_that_ended_is_told_to_whoever_was_notified),
        TEST(a_notify_that_closes_a_circle_has_it_broken),
        TEST(a_parent_that_closes_with_the_mutex_held),
        TEST(tokens_pass_between_tasks_and_threads),
        TEST(a_wait_that_is_handed_the_mutex_writes_to_no_descriptor),
    };
    return RUN_TESTS(tests);
}
