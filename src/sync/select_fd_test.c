/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include "sync/select_suite.h"
#include <fcntl.h>
#include <sys/socket.h>

struct pipe_and_queue {
    int fds[2];
    struct trine_queue *queue;
};

static struct pipe_and_queue open_both(void)
{
    struct pipe_and_queue both = { .queue = queue_with(1, 0) };
    assert_int_equal(trine__sys_pipe(both.fds, O_NONBLOCK), 0);
    return both;
}

static void close_both(struct pipe_and_queue *both)
{
    assert_untouched(both->queue, 0);
    trine_queue_free(both->queue);
    trine__sys_close(both->fds[0]);
    if (both->fds[1] >= 0)
        trine__sys_close(both->fds[1]);
}

static int write_byte(void *arg)
{
    return trine__sys_write(((struct pipe_and_queue *)arg)->fds[1], "x", 1) == 1 ? 0 : -EIO;
}

static int put_number(void *arg)
{
    return trine_queue_put(((struct pipe_and_queue *)arg)->queue, &(int){ 8 });
}

static int hang_up(void *arg)
{
    int *fd = &((struct pipe_and_queue *)arg)->fds[1];
    int error = trine__sys_close(*fd);
    *fd = -1;
    return error;
}

IN_BOTH(a_descriptor_that_is_ready_can_happen)
{
    struct pipe_and_queue both = open_both();
    int item;
    struct trine_case cases[] = { TRINE_CASE_GET(both.queue, &item),
                                  TRINE_CASE_FD(both.fds[0], TRINE_READABLE) };
    assert_int_equal(trine_select(cases, 2, TRINE_TRY), -EAGAIN);
    assert_int_equal(write_byte(&both), 0);
    assert_int_equal(trine_select(cases, 2, TRINE_TRY), 1);
    assert_int_equal(cases[1].result, TRINE_READABLE);
    assert_int_equal(trine_select(cases, 2, 0), 1);
    close_both(&both);
    return 0;
}

IN_BOTH(a_waiting_select_sees_a_descriptor_become_ready)
{
    struct pipe_and_queue both = open_both();
    struct trine_future *never = trine_promise_new(0);
    struct meanwhile meanwhile;
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_FD(both.fds[0], TRINE_READABLE),
                                  TRINE_CASE_GET(both.queue, &item), TRINE_CASE_FUTURE(never),
                                  TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, write_byte, &both);
    assert_int_equal(trine_select(cases, 4, 0), 0);
    end_meanwhile(&meanwhile);
    assert_int_equal(cases[0].result, TRINE_READABLE);
    assert_int_equal(item, -1);
    trine_future_unref(never);
    close_both(&both);
    return 0;
}

IN_BOTH(a_select_that_waits_for_descriptors_is_handed_an_item)
{
    struct pipe_and_queue both = open_both();
    struct meanwhile meanwhile;
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_FD(both.fds[0], TRINE_READABLE),
                                  TRINE_CASE_FD(both.fds[0], TRINE_READABLE),
                                  TRINE_CASE_GET(both.queue, &item), TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, put_number, &both);
    assert_int_equal(trine_select(cases, 4, 0), 2);
    end_meanwhile(&meanwhile);
    assert_int_equal(item, 8);
    close_both(&both);
    return 0;
}

static int resolve_it(void *promise)
{
    return trine_promise_resolve(promise, 0, NULL);
}

IN_BOTH(a_select_that_waits_for_descriptors_sees_a_future_done)
{
    struct pipe_and_queue both = open_both();
    struct trine_future *promise = trine_promise_new(0);
    struct meanwhile meanwhile;
    struct trine_case cases[] = { TRINE_CASE_FD(both.fds[0], TRINE_READABLE),
                                  TRINE_CASE_FUTURE(promise), TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, resolve_it, promise);
    assert_int_equal(trine_select(cases, 3, 0), 1);
    end_meanwhile(&meanwhile);
    trine_future_unref(promise);
    close_both(&both);
    return 0;
}

IN_BOTH(a_peer_that_hangs_up_makes_all_that_was_asked_for_ready)
{
    struct pipe_and_queue both = open_both();
    struct meanwhile meanwhile;
    struct trine_case cases[] = { TRINE_CASE_FD(both.fds[0], TRINE_READABLE),
                                  TRINE_CASE_AFTER(PATIENCE) };
    do_soon(&meanwhile, hang_up, &both);
    assert_int_equal(trine_select(cases, 2, 0), 0);
    end_meanwhile(&meanwhile);
    assert_int_equal(cases[0].result, TRINE_READABLE);
    close_both(&both);
    return 0;
}

IN_BOTH(a_bad_descriptor_is_its_cases_error)
{
    struct trine_queue *queue = queue_with(1, 1);
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_FD(-1, TRINE_READABLE), TRINE_CASE_GET(queue, &item) };
    assert_int_equal(trine_select(cases, 2, TRINE_BIASED), 0);
    assert_int_equal(cases[0].result, -EBADF);
    cases[0].fd = 19999;
    assert_int_equal(trine_select(cases, 2, TRINE_BIASED), 0);
    assert_int_equal(cases[0].result, -EBADF);
    cases[0].events = 0;
    assert_int_equal(trine_select(cases, 2, TRINE_BIASED), -EINVAL);
    assert_untouched(queue, 1);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(a_timer_ends_a_wait_for_descriptors)
{
    struct pipe_and_queue both = open_both();
    int item;
    int64_t begin = trine_now();
    struct trine_case cases[] = { TRINE_CASE_FD(both.fds[0], TRINE_READABLE),
                                  TRINE_CASE_GET(both.queue, &item), TRINE_CASE_AFTER(SOON) };
    assert_int_equal(trine_select(cases, 3, 0), 2);
    assert_true(trine_now() - begin >= SOON);
    close_both(&both);
    return 0;
}

IN_BOTH(a_cancel_ends_a_wait_for_descriptors)
{
    struct pipe_and_queue both = open_both();
    struct trine_scope scope;
    struct meanwhile meanwhile;
    int item;
    struct trine_case cases[] = { TRINE_CASE_FD(both.fds[0], TRINE_READABLE),
                                  TRINE_CASE_GET(both.queue, &item) };
    open_to_be_cancelled(&meanwhile, &scope);
    assert_int_equal(trine_select(cases, 2, 0), -ECANCELED);
    close_cancelled(&meanwhile, &scope);
    assert_int_equal(TRINE_WITHIN(SOON, trine_select(cases, 2, 0)), -ETIMEDOUT);
    close_both(&both);
    return 0;
}

IN_BOTH(both_directions_of_a_socket_are_told)
{
    int fds[2];
    assert_int_equal(trine__sys_socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    struct trine_case cases[] = { TRINE_CASE_FD(fds[0], TRINE_READABLE | TRINE_WRITABLE),
                                  TRINE_CASE_AFTER(PATIENCE) };
    assert_int_equal(trine_select(cases, 2, 0), 0);
    assert_int_equal(cases[0].result, TRINE_WRITABLE);
    assert_int_equal(trine__sys_write(fds[1], "x", 1), 1);
    assert_int_equal(trine_select(cases, 2, 0), 0);
    assert_int_equal(cases[0].result, TRINE_READABLE | TRINE_WRITABLE);
    trine__sys_close(fds[0]);
    trine__sys_close(fds[1]);
    return 0;
}

IN_BOTH(descriptors_and_queues_share_the_chance)
{
    struct pipe_and_queue both = open_both();
    struct trine_queue *queue = queue_with(1000, 1000);
    int counts[3] = { 0 }, item;
    struct trine_case cases[] = { TRINE_CASE_FD(both.fds[1], TRINE_WRITABLE),
                                  TRINE_CASE_GET(queue, &item),
                                  TRINE_CASE_FD(both.fds[1], TRINE_WRITABLE) };
    for (int i = 0; i < 1000; i++)
        counts[trine_select(cases, 3, 0)]++;
    for (int i = 0; i < 3; i++)
        assert_in_range(counts[i], 200, 500);
    trine_queue_free(queue);
    close_both(&both);
    return 0;
}

/* Without the descriptor's loop, no operation is pending in it when the select is over. */
IN_A_TASK(the_loop_gives_every_operation_back)
{
    struct pipe_and_queue both = open_both();
    const size_t before = trine__loop_here->poller->pending;
    int item;
    for (int i = 0; i < 50; i++) {
        struct trine_case cases[] = { TRINE_CASE_FD(both.fds[0], TRINE_READABLE),
                                      TRINE_CASE_GET(both.queue, &item),
                                      TRINE_CASE_AFTER(TRINE_MICROSECONDS(i)) };
        assert_int_equal(trine_select(cases, 3, 0), 2);
        assert_int_equal(trine__loop_here->poller->pending, before);
    }
    close_both(&both);
    return 0;
}

static int select_fd(void *arg)
{
    struct trine_case cases[] = { TRINE_CASE_FD(0, TRINE_READABLE) };
    return trine_select(cases, 1, 0);
}

/* Virtual time has no outside, as with every other operation on descriptors. */
static void descriptors_have_no_place_in_virtual_time(void **state)
{
    int fds[2], kept = dup(0);
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    assert_int_equal(dup2(fds[0], 0), 0);
    assert_int_equal(trine_run(select_fd, NULL, &virtual_time), -ENOTSUP);
    dup2(kept, 0);
    close(kept);
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_descriptor_that_is_ready_can_happen),
        BOTH(a_waiting_select_sees_a_descriptor_become_ready),
        BOTH(a_select_that_waits_for_descriptors_is_handed_an_item),
        BOTH(a_select_that_waits_for_descriptors_sees_a_future_done),
        BOTH(a_peer_that_hangs_up_makes_all_that_was_asked_for_ready),
        BOTH(a_bad_descriptor_is_its_cases_error),
        BOTH(a_timer_ends_a_wait_for_descriptors),
        BOTH(a_cancel_ends_a_wait_for_descriptors),
        BOTH(both_directions_of_a_socket_are_told),
        BOTH(descriptors_and_queues_share_the_chance),
        TEST(the_loop_gives_every_operation_back),
        TEST(descriptors_have_no_place_in_virtual_time),
    };
    return RUN_TESTS(tests);
}
