/* SPDX-License-Identifier: MIT */
/* Pipes, sockets, readiness: what every real backend must do with streams. */
#include "poll/suite.h"

/* ---- pipes, in both modes */

static void pipe_carries_bytes(int mode)
{
    int fds[2];
    char text[6] = "";
    struct call reader;
    assert_int_equal(pipe2(fds, O_CLOEXEC | mode), 0);
    prepare(&reader, TRINE__OP_READ, fds[0], text, sizeof text);
    assert_true(start(&reader));
    turn();
    assert_false(reader.done);
    assert_int_equal(run(TRINE__OP_WRITE, fds[1], "hello", 5), 5);
    assert_int_equal(finish(&reader), 5);
    assert_string_equal(text, "hello");
    close_both(fds);
}

static void a_parked_reader_gets_what_is_written_later(void **state)
{
    pipe_carries_bytes(O_NONBLOCK);
}

static void pipes_in_blocking_mode_do_not_block_the_loop(void **state)
{
    pipe_carries_bytes(0);
}

static void a_parked_reader_wakes_when_the_writer_closes(void **state)
{
    for (int mode = 0; mode <= O_NONBLOCK; mode += O_NONBLOCK) {
        int fds[2];
        char byte;
        struct call reader;
        assert_int_equal(pipe2(fds, O_CLOEXEC | mode), 0);
        prepare(&reader, TRINE__OP_READ, fds[0], &byte, 1);
        assert_true(start(&reader));
        turn();
        close(fds[1]);
        assert_int_equal(finish(&reader), 0);
        close(fds[0]);
    }
}

static void a_parked_writer_wakes_when_the_reader_closes(void **state)
{
    int fds[2];
    static char block[1 << 20];
    struct call writer;
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    while (write(fds[1], block, sizeof block) > 0)
        continue;
    prepare(&writer, TRINE__OP_WRITE, fds[1], block, sizeof block);
    assert_true(start(&writer));
    turn();
    close(fds[0]);
    assert_int_equal(finish(&writer), -EPIPE);
    close(fds[1]);
}

/* One loop is both ends: nothing may block, and every part must arrive in order. */
static void transfer(enum trine__verb put, int to, enum trine__verb get, int from, size_t size)
{
    char *out = malloc(size), *in = calloc(1, size);
    struct call sender, receiver;
    size_t sent = 0, got = 0;
    bool busy = false;
    for (size_t i = 0; i < size; i++)
        out[i] = (char)(i * 7 + i / 251);
    while (got < size) {
        if (busy && sender.done) {
            assert_true(sender.op.result > 0);
            sent += (size_t)sender.op.result;
            busy = false;
        }
        if (!busy && sent < size) {
            prepare(&sender, put, to, out + sent, size - sent);
            start(&sender);
            busy = true;
        }
        prepare(&receiver, get, from, in + got, size - got);
        start(&receiver);
        int64_t part = finish(&receiver);
        assert_true(part > 0);
        got += (size_t)part;
    }
    finish(&sender);
    assert_memory_equal(in, out, size);
    free(in);
    free(out);
}

static void a_long_write_to_a_blocking_pipe_ends_with_a_reader_on_the_same_loop(void **state)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    transfer(TRINE__OP_WRITE, fds[1], TRINE__OP_READ, fds[0], 300000);
    close_both(fds);
}

static void two_readers_of_one_pipe_are_served_in_turn(void **state)
{
    int fds[2];
    char first = 0, second = 0;
    struct call readers[2];
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    prepare(&readers[0], TRINE__OP_READ, fds[0], &first, 1);
    prepare(&readers[1], TRINE__OP_READ, fds[0], &second, 1);
    assert_true(start(&readers[0]));
    assert_true(start(&readers[1]));
    turn();
    assert_int_equal(write(fds[1], "a", 1), 1);
    int64_t limit = from_now(PATIENCE);
    while (readers[0].done + readers[1].done == 0 && trine__clock_monotonic() < limit)
        trine__poller_wait(poller, limit);
    assert_int_equal(readers[0].done + readers[1].done, 1);
    assert_int_equal(write(fds[1], "b", 1), 1);
    finish(&readers[0]);
    finish(&readers[1]);
    assert_int_equal(first + second, 'a' + 'b');
    close_both(fds);
}

/* (The ring leaves the order to the kernel and to who tries first.) */
static void on_epoll_a_late_receiver_does_not_overtake(void **state)
{
    int fds[2];
    char first = 0, second = 0;
    struct call readers[2];
    if (strcmp(backend, "epoll") != 0)
        skip();
    open_pair(fds);
    prepare(&readers[0], TRINE__OP_RECV, fds[0], &first, 1);
    prepare(&readers[1], TRINE__OP_READ, fds[0], &second, 1);
    assert_true(start(&readers[0]));
    assert_int_equal(write(fds[1], "12", 2), 2);
    assert_true(start(&readers[1]));
    assert_int_equal(finish(&readers[1]), 1);
    assert_int_equal(finish(&readers[0]), 1);
    assert_int_equal(first, '1');
    assert_int_equal(second, '2');
    close_both(fds);
}

/* ---- sockets */

static void data_that_is_there_is_received_at_once(void **state)
{
    int fds[2];
    char text[3] = "";
    struct call receiver;
    open_pair(fds);
    struct call sender;
    prepare(&sender, TRINE__OP_SEND, fds[1], "hi", 2);
    assert_false(start(&sender));
    prepare(&receiver, TRINE__OP_RECV, fds[0], text, sizeof text);
    start(&receiver);
    assert_int_equal(finish(&receiver), 2);
    assert_string_equal(text, "hi");
    close_both(fds);
}

static void a_parked_receiver_sees_data_and_then_the_end(void **state)
{
    int fds[2];
    char byte = 0;
    struct call receiver;
    open_pair(fds);
    prepare(&receiver, TRINE__OP_RECV, fds[0], &byte, 1);
    assert_true(start(&receiver));
    turn();
    assert_int_equal(run(TRINE__OP_SEND, fds[1], "x", 1), 1);
    assert_int_equal(finish(&receiver), 1);
    assert_int_equal(byte, 'x');
    prepare(&receiver, TRINE__OP_RECV, fds[0], &byte, 1);
    assert_true(start(&receiver));
    turn();
    shutdown(fds[1], SHUT_WR);
    assert_int_equal(finish(&receiver), 0);
    close_both(fds);
}

static void sockets_in_blocking_mode_do_not_block_the_loop(void **state)
{
    int fds[2];
    char bytes[2] = "";
    struct call receiver, reader;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
    prepare(&receiver, TRINE__OP_RECV, fds[0], &bytes[0], 1);
    prepare(&reader, TRINE__OP_READ, fds[1], &bytes[1], 1);
    assert_true(start(&receiver));
    assert_true(start(&reader));
    turn();
    assert_int_equal(run(TRINE__OP_SEND, fds[1], "r", 1), 1);
    assert_int_equal(run(TRINE__OP_WRITE, fds[0], "w", 1), 1);
    assert_int_equal(finish(&receiver), 1);
    assert_int_equal(finish(&reader), 1);
    assert_memory_equal(bytes, "rw", 2);
    close_both(fds);
}

static void a_large_send_goes_out_in_parts_while_the_peer_reads(void **state)
{
    int fds[2];
    open_pair(fds);
    transfer(TRINE__OP_SEND, fds[1], TRINE__OP_RECV, fds[0], 4 << 20);
    close_both(fds);
}

static void sending_to_a_closed_peer_is_an_error_and_no_signal(void **state)
{
    int fds[2];
    open_pair(fds);
    close(fds[1]);
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(run(TRINE__OP_SEND, fds[0], "x", 1), -EPIPE);
    signal(SIGPIPE, SIG_IGN);
    close(fds[0]);
}

static void dontwait_is_answered_and_not_parked(void **state)
{
    int fds[2];
    char byte;
    struct call receiver;
    open_pair(fds);
    prepare(&receiver, TRINE__OP_RECV, fds[0], &byte, 1)->flags = MSG_DONTWAIT;
    start(&receiver);
    assert_int_equal(finish(&receiver), -EAGAIN);
    close_both(fds);
}

static void accept_and_connect_meet(void **state)
{
    for (int mode = 0; mode <= SOCK_NONBLOCK; mode += SOCK_NONBLOCK) {
        struct sockaddr_in address;
        struct call acceptor;
        int listener = listen_on_loopback(&address);
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | mode, 0);
        prepare(&acceptor, TRINE__OP_ACCEPT, listener, NULL, 0);
        assert_true(start(&acceptor));
        turn();
        assert_int_equal(run(TRINE__OP_CONNECT, client, &address, sizeof address), 0);
        int served = (int)finish(&acceptor);
        assert_true(served >= 0);
        assert_true(fcntl(served, F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(served, F_GETFD) & FD_CLOEXEC);
        assert_int_equal(!!(fcntl(client, F_GETFL) & O_NONBLOCK), mode != 0);
        char byte = 0;
        assert_int_equal(run(TRINE__OP_SEND, client, "z", 1), 1);
        assert_int_equal(run(TRINE__OP_RECV, served, &byte, 1), 1);
        assert_int_equal(byte, 'z');
        close(served);
        close(client);
        close(listener);
    }
}

static void a_refused_connection_says_so(void **state)
{
    struct sockaddr_in address;
    close(listen_on_loopback(&address));
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(run(TRINE__OP_CONNECT, client, &address, sizeof address), -ECONNREFUSED);
    close(client);
}

static void a_reset_reaches_a_parked_receiver(void **state)
{
    struct sockaddr_in address;
    struct call receiver;
    char byte;
    int listener = listen_on_loopback(&address);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(run(TRINE__OP_CONNECT, client, &address, sizeof address), 0);
    int served = (int)run(TRINE__OP_ACCEPT, listener, NULL, 0);
    prepare(&receiver, TRINE__OP_RECV, client, &byte, 1);
    assert_true(start(&receiver));
    turn();
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(served, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(served);
    assert_int_equal(finish(&receiver), -ECONNRESET);
    close(client);
    close(listener);
}

/* ---- readiness */

static void poll_reports_each_direction_by_itself(void **state)
{
    int fds[2];
    struct call in, out;
    open_pair(fds);
    prepare(&in, TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN;
    prepare(&out, TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLOUT;
    assert_true(start(&in));
    start(&out);
    assert_int_equal(finish(&out), POLLOUT);
    assert_false(in.done);
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(finish(&in), POLLIN);
    close_both(fds);
}

static void poll_for_both_reports_what_is_ready(void **state)
{
    int fds[2];
    struct call both;
    open_pair(fds);
    assert_int_equal(write(fds[1], "x", 1), 1);
    prepare(&both, TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN | POLLOUT;
    start(&both);
    assert_int_equal(finish(&both), POLLIN | POLLOUT);
    close_both(fds);
}

static void two_polls_of_one_direction_both_end(void **state)
{
    int fds[2];
    struct call polls[2];
    open_pair(fds);
    for (int i = 0; i < 2; i++) {
        prepare(&polls[i], TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN;
        assert_true(start(&polls[i]));
    }
    turn();
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(finish(&polls[0]), POLLIN);
    assert_int_equal(finish(&polls[1]), POLLIN);
    close_both(fds);
}

static void poll_sees_a_hang_up_it_did_not_ask_for(void **state)
{
    int fds[2];
    struct call call;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    prepare(&call, TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN;
    assert_true(start(&call));
    turn();
    close(fds[1]);
    assert_true(finish(&call) & POLLHUP);
    close(fds[0]);
}

static void a_parked_read_and_write_of_one_socket_do_not_disturb_each_other(void **state)
{
    int fds[2];
    static char block[1 << 20];
    char byte = 0;
    struct call receiver, sender;
    open_pair(fds);
    while (write(fds[0], block, sizeof block) > 0)
        continue;
    prepare(&receiver, TRINE__OP_RECV, fds[0], &byte, 1);
    prepare(&sender, TRINE__OP_SEND, fds[0], block, sizeof block);
    assert_true(start(&receiver));
    assert_true(start(&sender));
    turn();
    assert_int_equal(write(fds[1], "x", 1), 1);
    assert_int_equal(finish(&receiver), 1);
    assert_false(sender.done);
    while (read(fds[1], block, sizeof block) > 0)
        continue;
    assert_true(finish(&sender) > 0);
    close_both(fds);
}

/* ---- numbers and reuse */

static void a_thousand_pipes_at_once(void **state)
{
    enum { COUNT = 1000 };
    static int fds[COUNT][2];
    static struct call readers[COUNT];
    static char bytes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(pipe2(fds[i], O_CLOEXEC | O_NONBLOCK), 0);
        prepare(&readers[i], TRINE__OP_READ, fds[i][0], &bytes[i], 1);
        assert_true(start(&readers[i]));
    }
    turn();
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(write(fds[i][1], "x", 1), 1);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(finish(&readers[i]), 1);
        close_both(fds[i]);
    }
}

static void more_completions_than_the_ring_holds_are_not_lost(void **state)
{
    enum { COUNT = 12000 };
    int fds[2];
    struct call *calls = calloc(COUNT, sizeof *calls);
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    for (int i = 0; i < COUNT; i++) {
        prepare(&calls[i], TRINE__OP_POLL, fds[0], NULL, 0)->flags = POLLIN;
        start(&calls[i]);
    }
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(finish(&calls[i]), POLLIN);
    free(calls);
    close_both(fds);
}

static void a_number_closed_and_reused_behind_our_back_works(void **state)
{
    for (int round = 0; round < 100; round++) {
        int fds[2];
        char byte = 0;
        struct call reader;
        open_pair(fds); /* the same two numbers each time */
        prepare(&reader, TRINE__OP_RECV, fds[0], &byte, 1);
        assert_true(start(&reader));
        turn();
        if (round % 2 == 0) {
            assert_int_equal(cancel(&reader), -ECANCELED); /* leaves it armed */
        } else {
            assert_int_equal(write(fds[1], "x", 1), 1);
            assert_int_equal(finish(&reader), 1);
        }
        close_both(fds);
    }
}

static void an_old_file_kept_alive_elsewhere_does_not_confuse_its_number(void **state)
{
    int old[2], new[2];
    char byte = 0;
    struct call reader;
    open_pair(old);
    prepare(&reader, TRINE__OP_RECV, old[0], &byte, 1);
    assert_true(start(&reader));
    turn();
    assert_int_equal(cancel(&reader), -ECANCELED);
    int number = old[0], kept = dup(old[0]);
    open_pair(new);
    assert_int_equal(dup2(new[0], number), number);
    prepare(&reader, TRINE__OP_POLL, number, NULL, 0)->flags = POLLIN;
    assert_true(start(&reader));
    turn();
    assert_int_equal(write(old[1], "o", 1), 1); /* an event of the old file, under the old number */
    turn();
    assert_false(reader.done);
    assert_int_equal(write(new[1], "n", 1), 1);
    assert_int_equal(finish(&reader), POLLIN);
    close(kept);
    close_both(old);
    close_both(new);
}

/* (The ring holds the file for those who wait, so there they go on until they are cancelled.) */
static void closing_through_epoll_ends_those_who_wait(void **state)
{
    int fds[2];
    char byte;
    struct call receiver;
    if (strcmp(backend, "epoll") != 0)
        skip();
    open_pair(fds);
    prepare(&receiver, TRINE__OP_RECV, fds[0], &byte, 1);
    assert_true(start(&receiver));
    assert_int_equal(run(TRINE__OP_CLOSE, fds[0], NULL, 0), 0);
    assert_int_equal(finish(&receiver), -EBADF);
    close(fds[1]);
}

static void a_bad_descriptor_is_an_error_of_the_operation(void **state)
{
    char byte;
    struct call call;
    assert_int_equal(run(TRINE__OP_READ, -1, &byte, 1), -EBADF);
    assert_int_equal(run(TRINE__OP_RECV, 9999, &byte, 1), -EBADF);
    assert_int_equal(run(TRINE__OP_CLOSE, 9999, NULL, 0), -EBADF);
    prepare(&call, TRINE__OP_POLL, 9999, NULL, 0)->flags = POLLIN;
    start(&call);
    assert_int_equal(finish(&call), -EBADF);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH(a_parked_reader_gets_what_is_written_later),
        ON_EACH(pipes_in_blocking_mode_do_not_block_the_loop),
        ON_EACH(a_parked_reader_wakes_when_the_writer_closes),
        ON_EACH(a_parked_writer_wakes_when_the_reader_closes),
        ON_EACH(a_long_write_to_a_blocking_pipe_ends_with_a_reader_on_the_same_loop),
        ON_EACH(two_readers_of_one_pipe_are_served_in_turn),
        ON_EACH(on_epoll_a_late_receiver_does_not_overtake),
        ON_EACH(data_that_is_there_is_received_at_once),
        ON_EACH(a_parked_receiver_sees_data_and_then_the_end),
        ON_EACH(sockets_in_blocking_mode_do_not_block_the_loop),
        ON_EACH(a_large_send_goes_out_in_parts_while_the_peer_reads),
        ON_EACH(sending_to_a_closed_peer_is_an_error_and_no_signal),
        ON_EACH(dontwait_is_answered_and_not_parked),
        ON_EACH(accept_and_connect_meet),
        ON_EACH(a_refused_connection_says_so),
        ON_EACH(a_reset_reaches_a_parked_receiver),
        ON_EACH(poll_reports_each_direction_by_itself),
        ON_EACH(poll_for_both_reports_what_is_ready),
        ON_EACH(two_polls_of_one_direction_both_end),
        ON_EACH(poll_sees_a_hang_up_it_did_not_ask_for),
        ON_EACH(a_parked_read_and_write_of_one_socket_do_not_disturb_each_other),
        ON_EACH(a_thousand_pipes_at_once),
        ON_EACH(more_completions_than_the_ring_holds_are_not_lost),
        ON_EACH(a_number_closed_and_reused_behind_our_back_works),
        ON_EACH(an_old_file_kept_alive_elsewhere_does_not_confuse_its_number),
        ON_EACH(closing_through_epoll_ends_those_who_wait),
        ON_EACH(a_bad_descriptor_is_an_error_of_the_operation),
    };
    return run_on_each_backend(tests, sizeof tests / sizeof tests[0]);
}
