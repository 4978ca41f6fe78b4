/* SPDX-License-Identifier: MIT */
/* Cancelling: before, during and after; a value always wins, and no byte is ever lost. */
#include "poll/suite.h"

static void an_operation_not_yet_handed_over_is_taken_back_at_once(void **state)
{
    int fds[2];
    char byte = 0;
    struct call reader;
    open_pair(fds);
    prepare(&reader, TRINE__OP_READ, fds[0], &byte, 1);
    assert_true(start(&reader));
    assert_int_equal(trine__poller_cancel(poller, &reader.op), TRINE__CANCELLED);
    assert_int_equal(write(fds[1], "x", 1), 1);
    turn();
    turn();
    assert_int_equal(reader.done, 0);
    assert_int_equal(run(TRINE__OP_READ, fds[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close_both(fds);
}

static void a_parked_operation_ends_and_leaves_the_data(void **state)
{
    int fds[2];
    char byte = 0;
    struct call reader;
    open_pair(fds);
    prepare(&reader, TRINE__OP_RECV, fds[0], &byte, 1);
    assert_true(start(&reader));
    turn();
    assert_int_equal(cancel(&reader), -ECANCELED);
    assert_int_equal(write(fds[1], "x", 1), 1);
    turn();
    assert_int_equal(byte, 0);
    assert_int_equal(run(TRINE__OP_RECV, fds[0], &byte, 1), 1);
    close_both(fds);
}

static void every_verb_that_can_park_can_be_cancelled(void **state)
{
    int fds[2];
    static char block[1 << 20];
    struct sockaddr_in address;
    struct call calls[5];
    open_pair(fds);
    int listener = listen_on_loopback(&address);
    while (write(fds[0], block, sizeof block) > 0)
        continue;
    prepare(&calls[0], TRINE__OP_ACCEPT, listener, NULL, 0);
    prepare(&calls[1], TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN | POLLOUT;
    prepare(&calls[2], TRINE__OP_SEND, fds[0], block, sizeof block);
    prepare(&calls[3], TRINE__OP_WRITE, fds[0], block, sizeof block);
    prepare(&calls[4], TRINE__OP_READ, fds[0], block, 1);
    for (int i = 0; i < 5; i++)
        assert_true(start(&calls[i]));
    turn();
    for (int i = 0; i < 5; i++)
        assert_int_equal(cancel(&calls[i]), -ECANCELED);
    close_both(fds);
    close(listener);
}

static void a_connect_to_nowhere_can_be_cancelled(void **state)
{
    struct sockaddr_in address;
    struct call call;
    int clients[8], listener = listen_on_loopback(&address);
    assert_int_equal(listen(listener, 0), 0); /* its queue is soon full: further ones hang */
    int64_t result = 0;
    int count = 0;
    while (count < 8 && result == 0) {
        clients[count] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        prepare(&call, TRINE__OP_CONNECT, clients[count++], &address, sizeof address);
        if (start(&call)) {
            int64_t limit = from_now(50 * MILLISECOND);
            while (!call.done && trine__clock_monotonic() < limit)
                trine__poller_wait(poller, limit);
        }
        result = call.done ? call.op.result : cancel(&call);
    }
    assert_int_equal(result, -ECANCELED);
    while (count > 0)
        close(clients[--count]);
    close(listener);
}

static void a_completed_operation_keeps_its_value(void **state)
{
    int fds[2];
    char byte = 0;
    struct call reader;
    open_pair(fds);
    prepare(&reader, TRINE__OP_READ, fds[0], &byte, 1);
    assert_true(start(&reader));
    turn();
    assert_int_equal(write(fds[1], "x", 1), 1);
    int64_t result = cancel(&reader);
    if (result == -ECANCELED)
        result = run(TRINE__OP_READ, fds[0], &byte, 1);
    assert_int_equal(result, 1);
    assert_int_equal(byte, 'x');
    close_both(fds);
}

static void a_second_cancel_changes_nothing(void **state)
{
    int fds[2];
    char byte;
    struct call reader;
    open_pair(fds);
    prepare(&reader, TRINE__OP_READ, fds[0], &byte, 1);
    assert_true(start(&reader));
    turn();
    if (trine__poller_cancel(poller, &reader.op) == TRINE__CANCEL_PENDING) {
        assert_int_equal(trine__poller_cancel(poller, &reader.op), TRINE__CANCEL_PENDING);
        assert_int_equal(finish(&reader), -ECANCELED);
    }
    turn();
    assert_false(reader.done > 1);
    close_both(fds);
}

/* ---- the byte stream stays whole */

struct stream {
    int to;
    unsigned count;
};

static void *write_stream(void *arg)
{
    struct stream *stream = arg;
    for (unsigned i = 0; i < stream->count; i++) {
        assert_int_equal(write(stream->to, &i, sizeof i), sizeof i);
        if (i % 16 == 0)
            sched_yield();
    }
    close(stream->to);
    return NULL;
}

/* Cancels every second read at a changing moment; what the reads brought must be all there is. */
static void cancelled_reads_lose_no_byte(void **state)
{
    enum { COUNT = 10000 };
    int fds[2];
    unsigned expected = 0, cancelled = 0;
    pthread_t writer;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
    struct stream stream = { fds[1], COUNT };
    pthread_create(&writer, NULL, write_stream, &stream);
    for (unsigned round = 0; expected < COUNT; round++) {
        unsigned value = UINT32_MAX;
        struct call reader;
        prepare(&reader, TRINE__OP_READ, fds[0], &value, sizeof value);
        bool pending = start(&reader);
        if (pending && round % 3 == 1)
            turn();
        int64_t result = pending && round % 2 ? cancel(&reader) : finish(&reader);
        if (result == -ECANCELED) {
            cancelled++;
            continue;
        }
        assert_int_equal(result, sizeof value);
        assert_int_equal(value, expected);
        expected++;
    }
    pthread_join(writer, NULL);
    print_message("%u reads cancelled\n", cancelled);
    close(fds[0]);
}

static void ten_thousand_rounds_of_read_cancel_read(void **state)
{
    int fds[2];
    open_pair(fds);
    for (unsigned round = 0; round < 10000; round++) {
        unsigned value = 0;
        struct call reader;
        prepare(&reader, TRINE__OP_RECV, fds[0], &value, sizeof value);
        assert_true(start(&reader));
        if (round % 2)
            turn();
        if (round % 3 == 0)
            assert_int_equal(write(fds[1], &round, sizeof round), sizeof round);
        int64_t result = cancel(&reader);
        if (round % 3 != 0)
            assert_int_equal(write(fds[1], &round, sizeof round), sizeof round);
        if (result == -ECANCELED)
            result = run(TRINE__OP_RECV, fds[0], &value, sizeof value);
        assert_int_equal(result, sizeof value);
        assert_int_equal(value, round);
    }
    close_both(fds);
}

static void no_accepted_descriptor_is_lost(void **state)
{
    enum { COUNT = 200 };
    struct sockaddr_in address;
    int listener = listen_on_loopback(&address), accepted = 0;
    for (int i = 0; i < COUNT; i++) {
        struct call acceptor;
        prepare(&acceptor, TRINE__OP_ACCEPT, listener, NULL, 0);
        assert_true(start(&acceptor));
        if (i % 2)
            turn();
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
        int64_t result = cancel(&acceptor);
        if (result == -ECANCELED)
            result = run(TRINE__OP_ACCEPT, listener, NULL, 0);
        assert_true(result >= 0);
        accepted++;
        close((int)result);
        close(client);
    }
    assert_int_equal(accepted, COUNT);
    close(listener);
}

static void cancelling_more_than_the_ring_holds_works(void **state)
{
    enum { COUNT = 1500 };
    static struct call calls[COUNT];
    static char bytes[COUNT];
    int fds[2];
    open_pair(fds);
    for (int i = 0; i < COUNT; i++) {
        prepare(&calls[i], TRINE__OP_RECV, fds[0], &bytes[i], 1);
        assert_true(start(&calls[i]));
    }
    turn();
    bool pending[COUNT];
    for (int i = 0; i < COUNT; i++)
        pending[i] = trine__poller_cancel(poller, &calls[i].op) == TRINE__CANCEL_PENDING;
    for (int i = 0; i < COUNT; i++) {
        if (pending[i])
            assert_int_equal(finish(&calls[i]), -ECANCELED);
    }
    close_both(fds);
}

/* ---- from inside done() */

static struct call victim;

static void cancel_the_victim(struct trine__op *op)
{
    call_done(op);
    if (!victim.done)
        trine__poller_cancel(poller, &victim.op);
}

static void done_may_cancel_another_that_completed_in_the_same_turn(void **state)
{
    int fds[2];
    struct call killer;
    open_pair(fds);
    prepare(&killer, TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN;
    prepare(&victim, TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN;
    killer.op.done = cancel_the_victim;
    assert_true(start(&killer));
    assert_true(start(&victim));
    turn();
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(finish(&killer), POLLIN);
    assert_int_equal(finish(&victim), POLLIN);
    close_both(fds);
}

static int rounds_left;

static void start_again(struct trine__op *op)
{
    call_done(op);
    if (rounds_left-- > 0)
        trine__poller_submit(poller, op);
}

static void done_may_submit_the_same_operation_again(void **state)
{
    int fds[2];
    struct call call;
    open_pair(fds);
    assert_int_equal(write(fds[1], "x", 1), 1);
    prepare(&call, TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN;
    call.op.done = start_again;
    rounds_left = 99;
    assert_true(start(&call));
    int64_t limit = from_now(PATIENCE);
    while (call.done < 100 && trine__clock_monotonic() < limit)
        trine__poller_wait(poller, limit);
    assert_int_equal(call.done, 100);
    close_both(fds);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH(an_operation_not_yet_handed_over_is_taken_back_at_once),
        ON_EACH(a_parked_operation_ends_and_leaves_the_data),
        ON_EACH(every_verb_that_can_park_can_be_cancelled),
        ON_EACH(a_connect_to_nowhere_can_be_cancelled),
        ON_EACH(a_completed_operation_keeps_its_value),
        ON_EACH(a_second_cancel_changes_nothing),
        ON_EACH(cancelled_reads_lose_no_byte),
        ON_EACH(ten_thousand_rounds_of_read_cancel_read),
        ON_EACH(no_accepted_descriptor_is_lost),
        ON_EACH(cancelling_more_than_the_ring_holds_works),
        ON_EACH(done_may_cancel_another_that_completed_in_the_same_turn),
        ON_EACH(done_may_submit_the_same_operation_again),
    };
    return run_on_each_backend(tests, sizeof tests / sizeof tests[0]);
}
