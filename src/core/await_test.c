/* SPDX-License-Identifier: MIT */
/* Operations, awaited: what a cancel may cost. A call that reports a cancel did not happen. */
#include "core/crowd.h"
#include <fcntl.h>
#include <trine/future.h>

struct reading {
    int fd;
    char byte;
    int64_t result;
};

static int read_a_byte(void *arg)
{
    struct reading *reading = arg;
    struct trine__op op;
    trine__op_init(&op, TRINE__OP_READ, reading->fd);
    op.buf = &reading->byte;
    op.len = 1;
    reading->result = trine__op_await(&op, "a byte");
    return 0;
}

static void open_pipe(int fds[2])
{
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
}

static void close_pipe(int fds[2])
{
    close(fds[0]);
    close(fds[1]);
}

/* Either the reading has the byte or the pipe still has it. */
static void assert_byte_not_lost(const struct reading *reading)
{
    char byte = 0;
    if (reading->result == 1) {
        assert_int_equal(reading->byte, 'x');
        assert_int_equal(read(reading->fd, &byte, 1), -1);
    } else {
        assert_int_equal(reading->result, -ECANCELED);
        assert_int_equal(read(reading->fd, &byte, 1), 1);
    }
}

IN_A_TASK(a_read_waits_and_has_its_value)
{
    int fds[2];
    struct crowd crowd;
    open_pipe(fds);
    struct reading reading = { .fd = fds[0] };
    crowd_open(&crowd);
    crowd_start(&crowd, read_a_byte, &reading, 0);
    assert_int_equal(trine_sleep(SOON), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_byte_not_lost(&reading);
    assert_int_equal(reading.result, 1);
    close_pipe(fds);
    return 0;
}

IN_A_TASK(what_is_there_is_read_but_not_under_a_cancel)
{
    int fds[2];
    struct trine_scope scope;
    open_pipe(fds);
    struct reading reading = { .fd = fds[0] };
    assert_int_equal(write(fds[1], "x", 1), 1);
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, "test");
    read_a_byte(&reading);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    assert_byte_not_lost(&reading);
    assert_int_equal(reading.result, -ECANCELED);
    close_pipe(fds);
    return 0;
}

IN_A_TASK(a_limit_of_0_reads_what_is_there_and_does_not_wait)
{
    int fds[2];
    struct trine_scope scope;
    open_pipe(fds);
    struct reading reading = { .fd = fds[0] };
    assert_int_equal(write(fds[1], "x", 1), 1);
    trine_scope_open(&scope, 0);
    read_a_byte(&reading);
    assert_int_equal(reading.result, 1);
    read_a_byte(&reading);
    assert_int_equal(reading.result, -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    close_pipe(fds);
    return 0;
}

IN_A_TASK(a_cancelled_read_ends_and_the_next_byte_is_the_next_readers)
{
    int fds[2];
    struct crowd crowd;
    open_pipe(fds);
    struct reading reading = { .fd = fds[0] };
    crowd_open(&crowd);
    struct trine__task *task = crowd_start(&crowd, read_a_byte, &reading, 0);
    assert_int_equal(trine_sleep(SOON), 0);
    trine_cancel(&task->future);
    assert_int_equal(crowd_close(&crowd), 0);
    assert_int_equal(reading.result, -ECANCELED);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_byte_not_lost(&reading);
    close_pipe(fds);
    return 0;
}

/* The write and the cancel come together, in both orders, at many distances. */
IN_A_TASK(no_byte_is_lost_to_a_cancel)
{
    int fds[2], values = 0, cancels = 0;
    open_pipe(fds);
    for (int i = 0; i < 300; i++) {
        struct crowd crowd;
        struct reading reading = { .fd = fds[0] };
        crowd_open(&crowd);
        struct trine__task *task = crowd_start(&crowd, read_a_byte, &reading, 0);
        assert_int_equal(trine_yield(), 0);
        if (i % 2 == 0)
            assert_int_equal(write(fds[1], "x", 1), 1);
        for (int k = 0; k < i % 5; k++)
            assert_int_equal(trine_yield(), 0);
        trine_cancel(&task->future);
        if (i % 2 != 0)
            assert_int_equal(write(fds[1], "x", 1), 1);
        assert_int_equal(crowd_close(&crowd), 0);
        values += reading.result == 1;
        cancels += reading.result == -ECANCELED;
        assert_byte_not_lost(&reading);
    }
    assert_int_equal(values + cancels, 300);
    assert_true(values > 0); /* where the value had come first, it won */
    close_pipe(fds);
    return 0;
}

static void write_soon(void *fd)
{
    assert_int_equal(write(*(int *)fd, "x", 1), 1);
}

IN_A_TASK(nor_to_a_deadline_when_another_thread_writes)
{
    int fds[2];
    open_pipe(fds);
    for (int i = 0; i < 100; i++) {
        struct reading reading = { .fd = fds[0] };
        struct helper helper;
        struct trine_scope scope;
        start_helper(&helper, write_soon, &fds[1]);
        trine_scope_open(&scope, TRINE_MICROSECONDS(i));
        read_a_byte(&reading);
        trine_scope_close(&scope);
        join_helper(&helper);
        if (reading.result == -ETIMEDOUT)
            reading.result = -ECANCELED;
        assert_byte_not_lost(&reading);
    }
    close_pipe(fds);
    return 0;
}

IN_A_TASK(a_failed_submit_is_an_error_and_nothing_hangs)
{
    int fds[2];
    open_pipe(fds);
    for (int k = 1; k <= 4; k++) {
        char plan[32];
        struct reading reading = { .fd = fds[0] };
        struct trine_scope scope;
        snprintf(plan, sizeof plan, "fail:%d", k);
        trine_scope_open(&scope, SOON);
        trine__fault_plan(plan);
        read_a_byte(&reading);
        trine__fault_plan(NULL);
        trine_scope_close(&scope);
        assert_true(reading.result <
                    0); /* of the fault, or of the limit if that call was made again */
    }
    assert_int_equal(trine_sleep(1), 0);
    close_pipe(fds);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(a_read_waits_and_has_its_value),
        TEST(what_is_there_is_read_but_not_under_a_cancel),
        TEST(a_limit_of_0_reads_what_is_there_and_does_not_wait),
        TEST(a_cancelled_read_ends_and_the_next_byte_is_the_next_readers),
        TEST(no_byte_is_lost_to_a_cancel),
        TEST(nor_to_a_deadline_when_another_thread_writes),
        TEST(a_failed_submit_is_an_error_and_nothing_hangs),
    };
    return RUN_TESTS(tests);
}
