/* SPDX-License-Identifier: MIT */
/* Guests: a run inside a foreign loop, here one of poll(2), which sleeps for it. */
#include "core/crowd.h"
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <trine/future.h>
#include <trine/loop.h>

#define TURNS_MAX 100000

/* The foreign loop; returns how many turns the guest took. */
static int host(struct trine_guest *guest)
{
    struct pollfd watched = { .fd = trine_guest_fd(guest), .events = POLLIN };
    for (int turns = 0; turns < TURNS_MAX; turns++) {
        assert_int_equal(poll(&watched, 1, 20000), 1);
        int more = trine_guest_turn(guest);
        assert_true(more >= 0);
        if (more == 0)
            return turns + 1;
    }
    fail_msg("the guest does not end");
    return -1;
}

static int run_as_guest(trine_fn fn, void *arg, int *ret_turns)
{
    struct trine_guest *guest;
    assert_int_equal(trine_guest_open(&guest, fn, arg, NULL), 0);
    *ret_turns = host(guest);
    return trine_guest_close(guest);
}

static int answer(void *arg)
{
    return *(int *)arg;
}

static void the_outcome_is_the_first_tasks(void **state)
{
    int turns, value = 42;
    assert_int_equal(run_as_guest(answer, &value, &turns), 42);
    value = -EIO;
    assert_int_equal(run_as_guest(answer, &value, &turns), -EIO);
    assert_null(trine_loop_here());
}

static int sleep_thrice(void *arg)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(trine_sleep(TRINE_MILLISECONDS(20)), 0);
    return 0;
}

static void while_tasks_sleep_the_foreign_loop_sleeps_too(void **state)
{
    int turns;
    int64_t start = trine_now();
    assert_int_equal(run_as_guest(sleep_thrice, NULL, &turns), 0);
    assert_true(trine_now() - start >= TRINE_MILLISECONDS(60));
    assert_true(turns < 30); /* a turn for each wake, not a spin */
}

static int yield_often(void *arg)
{
    for (int i = 0; i < 5000; i++)
        assert_int_equal(trine_yield(), 0);
    return 0;
}

static void ready_tasks_keep_the_descriptor_readable(void **state)
{
    int turns;
    assert_int_equal(run_as_guest(yield_often, NULL, &turns), 0);
    assert_true(turns > 5);
}

/* ---- descriptors and threads */

static int read_a_byte(void *arg)
{
    char byte = 0;
    struct trine__op op;
    trine__op_init(&op, TRINE__OP_READ, *(int *)arg);
    op.buf = &byte;
    op.len = 1;
    assert_int_equal(trine__op_await(&op, "read"), 1);
    return byte;
}

static void write_late(void *arg)
{
    usleep(20000);
    assert_int_equal(write(*(int *)arg, "x", 1), 1);
}

static void a_completion_makes_it_readable(void **state)
{
    int fds[2], turns;
    struct helper writer;
    assert_int_equal(pipe(fds), 0);
    start_helper(&writer, write_late, &fds[1]);
    assert_int_equal(run_as_guest(read_a_byte, &fds[0], &turns), 'x');
    join_helper(&writer);
    assert_true(turns < 30);
    close(fds[0]);
    close(fds[1]);
}

static int read_rings(void *arg)
{
    for (int i = 0; i < 5; i++) {
        uint64_t rings = 0;
        struct trine__op op;
        trine__op_init(&op, TRINE__OP_POLL, *(int *)arg);
        op.flags = POLLIN;
        assert_int_equal(trine__op_await(&op, "rings"), POLLIN);
        assert_int_equal(read(*(int *)arg, &rings, sizeof rings), sizeof rings);
    }
    return 0;
}

/* Linux may leave one eventfd silent that another one should ring. */
static void each_ring_of_an_eventfd_makes_it_readable(void **state)
{
    struct trine_guest *guest;
    int more = 1, fd = eventfd(0, EFD_NONBLOCK);
    assert_int_equal(trine_guest_open(&guest, read_rings, &fd, NULL), 0);
    struct pollfd watched = { .fd = trine_guest_fd(guest), .events = POLLIN };
    for (int i = 0; i < 5; i++) {
        while (more == 1 && poll(&watched, 1, 10) == 1)
            more = trine_guest_turn(guest);
        assert_int_equal(write(fd, &(uint64_t){ 1 }, 8), 8);
        assert_int_equal(poll(&watched, 1, 20000), 1);
    }
    host(guest);
    assert_int_equal(trine_guest_close(guest), 0);
    close(fd);
}

static void resolve_late(void *promise)
{
    usleep(20000);
    assert_int_equal(trine_promise_resolve(promise, 5, NULL), 0);
}

static int await_promise(void *promise)
{
    int outcome;
    assert_int_equal(trine_await(promise, &outcome), 0);
    return outcome;
}

static void a_wake_from_a_thread_makes_it_readable(void **state)
{
    for (int i = 0; i < 5; i++) {
        int turns;
        struct helper resolver;
        struct trine_future *promise = trine_promise_new(0);
        start_helper(&resolver, resolve_late, promise);
        assert_int_equal(run_as_guest(await_promise, promise, &turns), 5);
        join_helper(&resolver);
        assert_true(turns < 30);
        trine_future_unref(promise);
    }
}

/* ---- what is refused, and the early end */

static void between_turns_nothing_may_block(void **state)
{
    struct trine_guest *guest;
    assert_int_equal(trine_guest_open(&guest, sleep_thrice, NULL, NULL), 0);
    assert_int_equal(trine_sleep(1), -EDEADLK);
    assert_int_equal(trine_run(sleep_thrice, NULL, NULL), -EDEADLK);
    host(guest);
    assert_int_equal(trine_guest_close(guest), 0);
}

static int note_cancel(void *ended)
{
    int error = trine_sleep(TRINE_FOREVER);
    *(int *)ended = 1;
    return error;
}

static void closing_early_cancels_and_joins(void **state)
{
    struct trine_guest *guest;
    int ended = 0;
    assert_int_equal(trine_guest_open(&guest, note_cancel, &ended, NULL), 0);
    assert_int_equal(trine_guest_turn(guest), 1);
    assert_int_equal(ended, 0);
    assert_int_equal(trine_guest_close(guest), -ECANCELED);
    assert_int_equal(ended, 1);
    assert_int_equal(trine_guest_close(NULL), 0);
}

static struct trine_guest *shared;

static int turn_inside(void *arg)
{
    assert_int_equal(trine_guest_turn(shared), -EPERM);
    assert_int_equal(trine_guest_close(shared), -EPERM);
    return 0;
}

static void turn_elsewhere(void *arg)
{
    assert_int_equal(trine_guest_turn(arg), -EPERM);
}

static void turns_are_for_the_opening_thread_outside_tasks(void **state)
{
    struct helper other;
    assert_int_equal(trine_guest_open(&shared, turn_inside, NULL, NULL), 0);
    start_helper(&other, turn_elsewhere, shared);
    join_helper(&other);
    host(shared);
    assert_int_equal(trine_guest_close(shared), 0);
}

static void simulated_time_is_refused(void **state)
{
    struct trine_guest *guest = NULL;
    assert_int_equal(trine_guest_open(&guest, sleep_thrice, NULL, &virtual_time), -ENOTSUP);
    assert_null(guest);
    assert_null(trine_loop_here());
}

static void whatever_fails_at_the_opening_nothing_is_left_and_nothing_ran(void **state)
{
    int ended = 0, failures = 0;
    for (int at = 1; at < 200; at++) {
        struct trine_guest *guest = NULL;
        char plan[32];
        snprintf(plan, sizeof plan, "fail:%d", at);
        trine__fault_plan(plan);
        int error = trine_guest_open(&guest, note_cancel, &ended, NULL);
        trine__fault_plan(NULL);
        if (error < 0) {
            failures++;
            assert_null(guest);
            assert_int_equal(ended, 0);
            continue;
        }
        assert_int_equal(trine_guest_close(guest), -ECANCELED);
        ended = 0;
    }
    assert_true(failures > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_outcome_is_the_first_tasks),
        TEST(while_tasks_sleep_the_foreign_loop_sleeps_too),
        TEST(ready_tasks_keep_the_descriptor_readable),
        TEST(a_completion_makes_it_readable),
        TEST(each_ring_of_an_eventfd_makes_it_readable),
        TEST(a_wake_from_a_thread_makes_it_readable),
        TEST(between_turns_nothing_may_block),
        TEST(closing_early_cancels_and_joins),
        TEST(turns_are_for_the_opening_thread_outside_tasks),
        TEST(simulated_time_is_refused),
        TEST(whatever_fails_at_the_opening_nothing_is_left_and_nothing_ran),
    };
    return RUN_TESTS(tests);
}
