/* SPDX-License-Identifier: MIT */
/* The simulated backend: virtual time, and nothing else. */
#include "poll/suite.h"

static void waiting_moves_the_clock_and_takes_no_time(void **state)
{
    int64_t cpu = trine__clock_cpu(), start_time = trine__clock_monotonic();
    for (int hour = 1; hour <= 1000; hour++) {
        int64_t deadline = start_time + hour * 3600 * SECOND;
        assert_int_equal(trine__poller_wait(poller, deadline), 0);
        assert_int_equal(trine__clock_monotonic(), deadline);
    }
    assert_true(trine__clock_cpu() - cpu < 2 * SECOND);
}

static void looking_does_not_move_the_clock(void **state)
{
    int64_t now = trine__clock_monotonic();
    assert_int_equal(trine__poller_wait(poller, 0), 0);
    assert_int_equal(trine__poller_wait(poller, now - SECOND), 0);
    assert_int_equal(trine__clock_monotonic(), now);
}

static void waiting_for_nothing_is_a_deadlock(void **state)
{
    assert_int_equal(trine__poller_wait(poller, INT64_MAX), -EDEADLK);
    trine__poller_wake(poller);
    assert_int_equal(trine__poller_wait(poller, INT64_MAX), 0);
    assert_int_equal(trine__poller_wait(poller, INT64_MAX), -EDEADLK);
}

static void a_wake_keeps_the_clock_where_it_is(void **state)
{
    int64_t now = trine__clock_monotonic();
    trine__poller_wake(poller);
    assert_int_equal(trine__poller_wait(poller, now + SECOND), 0);
    assert_int_equal(trine__clock_monotonic(), now);
}

static void *wake_soon(void *arg)
{
    usleep(20 * 1000);
    trine__poller_wake(poller);
    return NULL;
}

static void while_a_real_thread_is_waited_for_time_stands_still(void **state)
{
    int64_t now = trine__clock_monotonic();
    pthread_t other;
    poller->pending++;
    pthread_create(&other, NULL, wake_soon, NULL);
    assert_int_equal(trine__poller_wait(poller, now + SECOND), 0);
    pthread_join(other, NULL);
    poller->pending--;
    assert_int_equal(trine__clock_monotonic(), now);
}

static void files_work_and_streams_are_refused(void **state)
{
    char byte = 0, path[] = "/tmp/trine-sim-XXXXXX";
    int fds[2], made = mkstemp(path);
    close(made);
    struct call call;
    prepare(&call, TRINE__OP_OPEN, AT_FDCWD, path, 0)->flags = O_RDWR;
    assert_false(start(&call));
    int fd = (int)call.op.result;
    assert_int_equal(run(TRINE__OP_WRITE, fd, "x", 1), 1);
    assert_int_equal(run(TRINE__OP_FSYNC, fd, NULL, 0), 0);
    prepare(&call, TRINE__OP_READ, fd, &byte, 1)->offset = 0;
    assert_false(start(&call));
    assert_int_equal(byte, 'x');
    assert_int_equal(run(TRINE__OP_CLOSE, fd, NULL, 0), 0);
    assert_int_equal(run(TRINE__OP_READ, fd, &byte, 1), -EBADF);
    unlink(path);
    open_pair(fds);
    prepare(&call, TRINE__OP_READ, fds[0], &byte, 1);
    assert_int_equal(trine__poller_submit(poller, &call.op), -ENOTSUP);
    prepare(&call, TRINE__OP_RECV, fds[0], &byte, 1);
    assert_int_equal(trine__poller_submit(poller, &call.op), -ENOTSUP);
    prepare(&call, TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN;
    assert_int_equal(trine__poller_submit(poller, &call.op), -ENOTSUP);
    close_both(fds);
}

static void the_clock_is_given_back_as_it_was(void **state)
{
    struct trine__poller *inner;
    assert_true(trine__clock_simulated());
    assert_int_equal(trine__poller_open("sim", &inner), 0);
    trine__poller_close(inner);
    assert_true(trine__clock_simulated()); /* the inner one did not turn it on */
}

static int clock_is_real(void **state)
{
    return trine__clock_simulated() ? -1 : 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH(waiting_moves_the_clock_and_takes_no_time),
        ON_EACH(looking_does_not_move_the_clock),
        ON_EACH(waiting_for_nothing_is_a_deadlock),
        ON_EACH(a_wake_keeps_the_clock_where_it_is),
        ON_EACH(while_a_real_thread_is_waited_for_time_stands_still),
        ON_EACH(files_work_and_streams_are_refused),
        ON_EACH(the_clock_is_given_back_as_it_was),
    };
    backend = "sim";
    return cmocka_run_group_tests(tests, clock_is_real, clock_is_real);
}
