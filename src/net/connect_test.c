/* SPDX-License-Identifier: MIT */
/* Connecting, listening and accepting, all on loopback: what works, what fails and how it is told,
 * and that what is given up leaves neither a descriptor nor a lost connection. */
#include "core/descriptor_suite.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <trine.h>
#include <trine/file.h>
#include <trine/net.h>

static int listen_here(char port[8], const struct trine_listen_options *options)
{
    uint16_t number = 0;
    int listener = trine_tcp_listen("127.0.0.1:0", options, &number);
    assert_true(listener >= 0);
    assert_true(number != 0);
    snprintf(port, 8, "%u", number);
    return listener;
}

static void assert_sentence(const char *part, const char *another)
{
    const char *message = trine_error_message(trine_error_last());
    if (strstr(message, part) == NULL || strstr(message, another) == NULL)
        fail_msg("no '%s' and '%s' in: %s", part, another, message);
}

static int accept_within(int listener, int64_t limit)
{
    return TRINE_WITHIN(limit, trine_accept(listener));
}

static void assert_connected(int client, int server)
{
    char got[4];
    assert_int_equal(trine_write(client, "ping", 4), 4);
    assert_int_equal(trine_read_all(server, got, 4), 4);
    assert_memory_equal(got, "ping", 4);
}

/* ---- what works */

IN_BOTH(a_client_and_a_server_meet)
{
    char port[8];
    int listener = listen_here(port, NULL);
    int client = trine_tcp_connect("127.0.0.1", port, NULL);
    int server = accept_within(listener, PATIENCE);
    assert_true(client >= 0 && server >= 0);
    assert_connected(client, server);
    assert_connected(server, client);
    for (int i = 0; i < 2; i++) {
        int no_delay = 0;
        socklen_t len = sizeof no_delay;
        int fd = i == 0 ? client : server;
        assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &len), 0);
        assert_true(no_delay);
    }
    assert_true(fcntl(client, F_GETFD) & fcntl(server, F_GETFD) & FD_CLOEXEC);
    close(client);
    close(server);
    close(listener);
    return 0;
}

IN_BOTH(names_and_v6_hosts_are_connected_to)
{
    uint16_t number;
    char port[8];
    int listener = trine_tcp_listen("localhost:0", NULL, &number);
    assert_true(listener >= 0);
    snprintf(port, sizeof port, "%u", number);
    int client = trine_tcp_connect("localhost", port, NULL);
    assert_true(client >= 0);
    close(client);
    close(listener);
    listener = trine_tcp_listen("[::1]:0", NULL, &number);
    if (listener < 0) /* a machine without v6 */
        return 0;
    snprintf(port, sizeof port, "%u", number);
    client = trine_tcp_connect("::1", port, NULL);
    assert_true(client >= 0);
    close(client);
    close(listener);
    return 0;
}

/* ---- what fails */

IN_BOTH(a_refusal_names_host_and_port)
{
    char port[8];
    close(listen_here(port, NULL));
    assert_int_equal(trine_tcp_connect("127.0.0.1", port, NULL), -ECONNREFUSED);
    assert_sentence("127.0.0.1", port);
    assert_int_equal(trine_tcp_connect("nosuch.invalid", port, NULL), TRINE_ERESOLVE);
    assert_sentence("nosuch.invalid", "resolve");
    return 0;
}

IN_BOTH(an_address_in_use_is_told)
{
    char port[8], address[32];
    int listener = listen_here(port, NULL);
    snprintf(address, sizeof address, "127.0.0.1:%s", port);
    assert_int_equal(trine_tcp_listen(address, NULL, NULL), -EADDRINUSE);
    assert_sentence(address, trine_strerror(-EADDRINUSE));
    assert_int_equal(trine_tcp_listen("127.0.0.1", NULL, NULL), -EINVAL);
    assert_int_equal(trine_tcp_listen("nosuch.invalid:0", NULL, NULL), TRINE_ERESOLVE);
    close(listener);
    return 0;
}

IN_BOTH(listeners_that_agree_share_a_port)
{
    const struct trine_listen_options shared = { .reuse_port = true };
    char port[8], address[32];
    int first = listen_here(port, &shared);
    snprintf(address, sizeof address, "127.0.0.1:%s", port);
    uint16_t number = 0;
    int second = trine_tcp_listen(address, &shared, &number);
    assert_true(second >= 0);
    assert_int_equal(number, atoi(port));
    assert_int_equal(trine_tcp_listen(address, NULL, NULL), -EADDRINUSE);
    close(first);
    close(second);
    return 0;
}

/* Every step of listening and connecting that can fail closes what the steps before it opened. */
IN_BOTH(each_step_that_fails_leaves_nothing_open)
{
    static const char *const listening[] = { "socket", "setsockopt", "bind", "listen",
                                             "getsockname" };
    char plan[64], port[8];
    uint16_t number;
    int listener = listen_here(port, NULL), open = count_descriptors();
    for (size_t i = 0; i < COUNT(listening); i++) {
        snprintf(plan, sizeof plan, "fail:1:op=%s:errno=EMFILE", listening[i]);
        trine__fault_plan(plan);
        assert_int_equal(trine_tcp_listen("127.0.0.1:0", NULL, &number), -EMFILE);
        assert_sentence("127.0.0.1:0", trine_strerror(-EMFILE));
        trine__fault_plan(NULL);
        assert_int_equal(count_descriptors(), open);
    }
    trine__fault_plan("fail:1:op=socket:errno=EMFILE");
    assert_int_equal(trine_tcp_connect("127.0.0.1", port, NULL), -EMFILE);
    trine__fault_plan("fail:1:op=connect:errno=ENETUNREACH");
    assert_int_equal(trine_tcp_connect("127.0.0.1", port, NULL), -ENETUNREACH);
    trine__fault_plan(NULL);
    assert_int_equal(count_descriptors(), open);
    close(listener);
    return 0;
}

IN_BOTH(running_out_of_descriptors_is_told_and_survived)
{
    char port[8];
    int listener = listen_here(port, NULL);
    int client = trine_tcp_connect("127.0.0.1", port, NULL);
    struct rlimit before, none;
    getrlimit(RLIMIT_NOFILE, &before);
    none = before;
    int lowest = dup(0); /* descriptors are taken lowest first */
    none.rlim_cur = (rlim_t)lowest;
    close(lowest);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int server = accept_within(listener, PATIENCE);
    int another = trine_tcp_connect("127.0.0.1", port, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(server, -EMFILE);
    assert_int_equal(another, -EMFILE);
    server = accept_within(listener, PATIENCE); /* it has waited */
    assert_true(server >= 0);
    assert_connected(client, server);
    close(client);
    close(server);
    close(listener);
    return 0;
}

/* ---- what takes too long */

/* Fills a listener's queue until a connection is left unanswered. */
static int fill_backlog(const char *port, int *fds, int room)
{
    const struct trine_tcp_options briefly = { .connect_timeout = TRINE_MILLISECONDS(50) };
    int count = 0, fd;
    while ((fd = trine_tcp_connect("127.0.0.1", port, &briefly)) >= 0) {
        assert_true(count < room);
        fds[count++] = fd;
    }
    assert_int_equal(fd, -ETIMEDOUT);
    assert_sentence("127.0.0.1", port);
    return count;
}

IN_BOTH(a_connect_that_nobody_answers_ends_in_time)
{
    char port[8];
    int fds[16];
    int listener = listen_here(port, &(struct trine_listen_options){ .backlog = 1 });
    int count = fill_backlog(port, fds, COUNT(fds)), open = count_descriptors();
    assert_int_equal(TRINE_WITHIN(SOON, trine_tcp_connect("127.0.0.1", port, NULL)), -ETIMEDOUT);
    struct trine_scope scope;
    trine_scope_open(&scope, SOON);
    assert_int_equal(trine_tcp_connect("127.0.0.1", port, NULL), -ETIMEDOUT);
    assert_int_equal(trine_tcp_connect("127.0.0.1", port, NULL), -ETIMEDOUT);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(count_descriptors(), open);
    while (count > 0)
        close(fds[--count]);
    close(listener);
    return 0;
}

/* ---- accepts that are given up */

IN_BOTH(a_cancelled_accept_has_lost_no_connection)
{
    enum { ROUNDS = 200 };
    char port[8];
    int listener = listen_here(port, NULL), accepted = 0;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t limit = (int64_t)(trine__random_u64() % TRINE_MICROSECONDS(100));
        int client = trine_tcp_connect("127.0.0.1", port, NULL);
        assert_true(client >= 0);
        int server = -ETIMEDOUT;
        for (int tries = 0; server < 0 && tries < 1000; tries++) {
            server = accept_within(listener, limit);
            assert_true(server >= 0 || server == -ETIMEDOUT);
        }
        if (server < 0)
            server = accept_within(listener, PATIENCE);
        assert_true(server >= 0);
        assert_connected(client, server);
        accepted++;
        close(client);
        close(server);
        assert_int_equal(accept_within(listener, limit), -ETIMEDOUT);
    }
    assert_int_equal(accepted, ROUNDS);
    close(listener);
    return 0;
}

struct acceptor {
    int listener, fd;
};

static int accept_one(void *arg)
{
    struct acceptor *acceptor = arg;
    acceptor->fd = trine_accept(acceptor->listener);
    return 0;
}

/* The connection and the cancel arrive in the same turn of the loop. */
IN_A_TASK(an_accept_cancelled_while_somebody_connects_has_lost_no_connection)
{
    char port[8];
    struct acceptor acceptor = { .listener = listen_here(port, NULL) };
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    getsockname(acceptor.listener, (struct sockaddr *)&address, &len);
    for (int i = 0; i < 200; i++) {
        struct trine_group group;
        trine_group_open(&group, NULL);
        trine_spawn(&group, accept_one, &acceptor);
        for (int turns = i % 3; turns >= 0; turns--)
            trine_yield();
        int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(client, (struct sockaddr *)&address, len), 0);
        if (i % 2 == 0)
            trine_yield();
        trine_group_cancel(&group, NULL);
        trine_group_close(&group);
        assert_true(acceptor.fd >= 0 || acceptor.fd == -ECANCELED);
        int server = acceptor.fd >= 0 ? acceptor.fd : accept_within(acceptor.listener, PATIENCE);
        assert_true(server >= 0);
        assert_connected(client, server);
        close(client);
        close(server);
    }
    close(acceptor.listener);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_client_and_a_server_meet),
        BOTH(names_and_v6_hosts_are_connected_to),
        BOTH(a_refusal_names_host_and_port),
        BOTH(an_address_in_use_is_told),
        BOTH(listeners_that_agree_share_a_port),
        BOTH(each_step_that_fails_leaves_nothing_open),
        BOTH(running_out_of_descriptors_is_told_and_survived),
        BOTH(a_connect_that_nobody_answers_ends_in_time),
        BOTH(a_cancelled_accept_has_lost_no_connection),
        ONE(an_accept_cancelled_while_somebody_connects_has_lost_no_connection),
    };
    return RUN_TESTS(tests);
}
