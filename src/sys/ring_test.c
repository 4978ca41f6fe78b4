/* SPDX-License-Identifier: MIT */
/* io_uring. Where the kernel refuses it, every test is skipped. */
#include "sys/fault.h"
#include "sys/sys.h"
#include <errno.h>
#include <liburing.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static const int64_t millisecond = 1000000, second = 1000000000;

static struct io_uring ring;
static bool is_open;

static int open_ring(void **state)
{
    struct io_uring_params params = { 0 };
    is_open = trine__ring_open(8, &ring, &params) == 0;
    return 0;
}

static int close_ring(void **state)
{
    trine__fault_plan(NULL);
    if (is_open)
        trine__ring_close(&ring);
    is_open = false;
    return 0;
}

static void need_ring(void)
{
    if (!is_open)
        skip();
}

static int64_t in(int64_t span)
{
    return trine__clock_monotonic() + span;
}

/* Prepares an entry that completes at once, marked `mark`. */
static void prepare_nothing(uint64_t mark)
{
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    io_uring_prep_nop(entry);
    entry->user_data = mark;
}

/* The mark of the oldest completion, or 0. */
static uint64_t take(void)
{
    struct io_uring_cqe *done;
    if (io_uring_peek_cqe(&ring, &done) < 0)
        return 0;
    uint64_t mark = done->user_data;
    io_uring_cqe_seen(&ring, done);
    return mark;
}

static void entries_are_submitted_and_complete(void **state)
{
    need_ring();
    prepare_nothing(1);
    prepare_nothing(2);
    assert_int_equal(trine__ring_submit(&ring), 2);
    assert_int_equal(trine__ring_submit_and_wait(&ring, in(30 * second)), 0);
    assert_int_equal(take(), 1);
    assert_int_equal(take(), 2);
    prepare_nothing(3);
    assert_int_equal(trine__ring_submit_and_wait(&ring, INT64_MAX), 0);
    assert_int_equal(take(), 3);
}

static void waiting_ends_at_the_deadline_and_not_before(void **state)
{
    need_ring();
    int64_t deadline = in(3 * millisecond);
    assert_int_equal(trine__ring_submit_and_wait(&ring, deadline), -ETIME);
    assert_true(trine__clock_monotonic() >= deadline);
}

static void a_deadline_in_the_past_submits_and_looks(void **state)
{
    need_ring();
    assert_int_equal(trine__ring_submit_and_wait(&ring, 0), -ETIME);
    prepare_nothing(4);
    assert_int_equal(trine__ring_submit_and_wait(&ring, 0), 0);
    assert_int_equal(take(), 4);
}

static _Atomic int interruptions;

static void count_interruption(int signal)
{
    atomic_fetch_add(&interruptions, 1);
}

struct interrupter {
    pthread_t victim;
    atomic_bool stop;
};

static void *interrupt_until_stopped(void *arg)
{
    struct interrupter *self = arg;
    while (!atomic_load(&self->stop)) {
        trine__sys_poll(NULL, 0, in(100 * millisecond));
        pthread_kill(self->victim, SIGUSR1);
    }
    return NULL;
}

/* An entry that does not complete is taken along with the wait: the first signal must still end the
 * wait, and the entry must still be there afterwards. */
static void a_signal_ends_the_wait_and_loses_no_entry(void **state)
{
    struct sigaction action = { .sa_handler = count_interruption }, old;
    struct interrupter interrupter = { .victim = pthread_self() };
    pthread_t thread;
    int fds[2];
    char byte = 0;
    need_ring();
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    assert_int_equal(trine__sys_sigaction(SIGUSR1, &action, &old), 0);
    assert_int_equal(trine__sys_thread_start(&thread, interrupt_until_stopped, &interrupter, 0), 0);
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
    io_uring_prep_read(entry, fds[0], &byte, 1, 0);
    entry->user_data = 5;
    atomic_store(&interruptions, 0);
    assert_int_equal(trine__ring_submit_and_wait(&ring, INT64_MAX), -EINTR);
    assert_int_equal(atomic_load(&interruptions), 1);
    assert_int_equal(trine__ring_submit_and_wait(&ring, in(60 * second)), -EINTR);
    atomic_store(&interrupter.stop, true);
    trine__sys_thread_join(thread);
    assert_int_equal(trine__sys_write(fds[1], "a", 1), 1);
    while (trine__ring_submit_and_wait(&ring, in(30 * second)) == -EINTR)
        continue;
    assert_int_equal(take(), 5);
    assert_int_equal(byte, 'a');
    trine__sys_sigaction(SIGUSR1, &old, NULL);
    trine__sys_close(fds[0]);
    trine__sys_close(fds[1]);
}

static void a_failed_submission_keeps_the_entries(void **state)
{
    need_ring();
    prepare_nothing(6);
    trine__fault_plan("fail:1:op=ring_submit,fail:2:op=ring_submit:errno=EINTR");
    assert_int_equal(trine__ring_submit(&ring), -EAGAIN);
    assert_int_equal(trine__ring_submit_and_wait(&ring, in(second)), -EINTR);
    assert_int_equal(trine__ring_submit_and_wait(&ring, in(30 * second)), 0);
    assert_int_equal(take(), 6);
    assert_int_equal(trine__fault_calls_of("ring_submit"), 3);
}

static void a_refused_ring_is_an_error(void **state)
{
    struct io_uring other;
    struct io_uring_params params = { 0 };
    trine__fault_plan("fail:1:op=ring_open:errno=EPERM,fail:2:op=ring_open");
    assert_int_equal(trine__ring_open(8, &other, &params), -EPERM);
    assert_int_equal(trine__ring_open(8, &other, &params), -ENOSYS);
}

static void single_operations_fail_under_the_name_of_their_call(void **state)
{
    size_t len = 100;
    trine__fault_plan("fail:1:op=read,fail:1:op=accept,fail:1:op=ring_other,short:2:op=read");
    assert_int_equal(trine__ring_fault(IORING_OP_READ, &len), -EIO);
    assert_int_equal(trine__ring_fault(IORING_OP_ACCEPT, &len), -EMFILE);
    assert_int_equal(trine__ring_fault(IORING_OP_STATX, &len), -ENOMEM);
    assert_int_equal(len, 100);
    assert_int_equal(trine__ring_fault(IORING_OP_READ, &len), 0);
    assert_int_equal(len, 1);
}

static void closing_and_cancelling_never_fail(void **state)
{
    size_t len = 0;
    trine__fault_plan("fail:1+");
    assert_int_equal(trine__ring_fault(IORING_OP_CLOSE, &len), 0);
    assert_int_equal(trine__ring_fault(IORING_OP_ASYNC_CANCEL, &len), 0);
    assert_int_equal(trine__ring_fault(IORING_OP_TIMEOUT, &len), 0);
    assert_int_equal(trine__fault_calls(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_are_submitted_and_complete, open_ring, close_ring),
        cmocka_unit_test_setup_teardown(waiting_ends_at_the_deadline_and_not_before, open_ring,
                                        close_ring),
        cmocka_unit_test_setup_teardown(a_deadline_in_the_past_submits_and_looks, open_ring,
                                        close_ring),
        cmocka_unit_test_setup_teardown(a_signal_ends_the_wait_and_loses_no_entry, open_ring,
                                        close_ring),
        cmocka_unit_test_setup_teardown(a_failed_submission_keeps_the_entries, open_ring,
                                        close_ring),
        cmocka_unit_test_setup_teardown(a_refused_ring_is_an_error, NULL, close_ring),
        cmocka_unit_test_setup_teardown(single_operations_fail_under_the_name_of_their_call, NULL,
                                        close_ring),
        cmocka_unit_test_setup_teardown(closing_and_cancelling_never_fail, NULL, close_ring),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
