/* SPDX-License-Identifier: MIT */
/* Descriptors, sockets, waiting and processes, on the real kernel. */
#include "sys/fault.h"
#include "sys/sys.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const int64_t millisecond = 1000000, second = 1000000000;

static int forget_plan(void **state)
{
    return trine__fault_plan(NULL);
}

static int64_t in(int64_t span)
{
    return trine__clock_monotonic() + span;
}

static void assert_cloexec(int fd)
{
    assert_true(fd >= 0);
    assert_int_equal(trine__sys_fcntl(fd, F_GETFD, 0) & FD_CLOEXEC, FD_CLOEXEC);
}

static void close_both(int fds[2])
{
    assert_int_equal(trine__sys_close(fds[0]), 0);
    assert_int_equal(trine__sys_close(fds[1]), 0);
}

static void no_descriptor_is_inherited_by_a_new_program(void **state)
{
    int pipe_fds[2], pair[2];
    assert_int_equal(trine__sys_pipe(pipe_fds, O_NONBLOCK), 0);
    assert_int_equal(trine__sys_socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    int fds[] = {
        pipe_fds[0],
        pipe_fds[1],
        pair[0],
        pair[1],
        trine__sys_openat(AT_FDCWD, "/", O_RDONLY, 0),
        trine__sys_dup(pair[0], 50),
        trine__sys_memfd("test"),
        trine__sys_epoll_create(),
        trine__sys_eventfd(0),
        trine__sys_socket(AF_INET, SOCK_STREAM, 0),
    };
    assert_true(fds[5] >= 50);
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        assert_cloexec(fds[i]);
        assert_int_equal(trine__sys_close(fds[i]), 0);
    }
}

static void errors_are_returned_not_left_in_errno(void **state)
{
    struct stat info;
    char byte;
    assert_int_equal(trine__sys_openat(AT_FDCWD, "/no/such/file", O_RDONLY, 0), -ENOENT);
    assert_int_equal(trine__sys_stat("/no/such/file", &info), -ENOENT);
    assert_int_equal(trine__sys_read(-1, &byte, 1), -EBADF);
    assert_int_equal(trine__sys_close(-1), -EBADF);
    assert_int_equal(
        trine__sys_exec("/no/such/file", (char *[]){ "file", NULL }, (char *[]){ NULL }), -ENOENT);
    assert_int_equal(trine__sys_isatty(-1), 0);
}

static void a_file_is_written_renamed_and_removed(void **state)
{
    char folder[] = "/tmp/trine-calls-XXXXXX", old[64], new[64], buf[16] = "";
    struct stat info;
    assert_non_null(mkdtemp(folder));
    snprintf(old, sizeof old, "%s/sub/old", folder);
    snprintf(new, sizeof new, "%s/new", folder);
    *strrchr(old, '/') = '\0';
    assert_int_equal(trine__sys_mkdir(old, 0700), 0);
    old[strlen(old)] = '/';
    int fd = trine__sys_openat(AT_FDCWD, old, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_int_equal(trine__sys_pwrite(fd, "hello world", 11, 0), 11);
    assert_int_equal(trine__sys_pread(fd, buf, 5, 6), 5);
    assert_string_equal(buf, "world");
    assert_int_equal(trine__sys_ftruncate(fd, 5), 0);
    assert_int_equal(trine__sys_fdatasync(fd), 0);
    assert_int_equal(trine__sys_fsync(fd), 0);
    assert_int_equal(trine__sys_fstat(fd, &info), 0);
    assert_int_equal(info.st_size, 5);
    assert_int_equal(info.st_mode & 0777, 0600);
    assert_int_equal(trine__sys_close(fd), 0);
    assert_int_equal(trine__sys_rename(old, new), 0);
    assert_int_equal(trine__sys_stat(old, &info), -ENOENT);
    assert_int_equal(trine__sys_stat(new, &info), 0);
    assert_int_equal(trine__sys_unlink(new), 0);
    *strrchr(old, '/') = '\0';
    rmdir(old);
    rmdir(folder);
}

/* Were SIGPIPE raised, it would end this program. */
static void a_send_to_nobody_is_an_error_not_a_signal(void **state)
{
    int fds[2];
    struct iovec part = { "a", 1 };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    assert_int_equal(trine__sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    trine__sys_close(fds[1]);
    assert_int_equal(trine__sys_send(fds[0], "a", 1, 0), -EPIPE);
    assert_int_equal(trine__sys_sendmsg(fds[0], &message, 0), -EPIPE);
    trine__sys_close(fds[0]);
}

static void a_cut_message_keeps_the_callers_header(void **state)
{
    int fds[2];
    char first[2] = "", rest[4] = "";
    struct iovec parts[] = { { first, 1 }, { rest, 3 } };
    struct iovec out = { "abcd", 4 };
    struct msghdr received = { .msg_iov = parts, .msg_iovlen = 2 };
    struct msghdr sent = { .msg_iov = &out, .msg_iovlen = 1 };
    assert_int_equal(trine__sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    trine__fault_plan("short:1:op=sendmsg,short:1:op=recvmsg");
    assert_int_equal(trine__sys_sendmsg(fds[0], &sent, 0), 1);
    assert_int_equal(trine__sys_sendmsg(fds[0], &sent, 0), 4);
    assert_int_equal(trine__sys_recvmsg(fds[1], &received, 0), 1);
    assert_ptr_equal(received.msg_iov, parts);
    assert_int_equal(received.msg_iovlen, 2);
    assert_int_equal(trine__sys_recvmsg(fds[1], &received, 0), 4);
    assert_memory_equal(rest, "bcd", 3);
    close_both(fds);
}

static void a_connection_is_made_over_loopback(void **state)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int error = -1, on = 1;
    int listener = trine__sys_socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(trine__sys_setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(trine__sys_bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(trine__sys_getsockname(listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(trine__sys_listen(listener, 1), 0);
    int client = trine__sys_socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(trine__sys_connect(client, (struct sockaddr *)&address, len), 0);
    int server = trine__sys_accept(listener, NULL, NULL, SOCK_NONBLOCK);
    assert_cloexec(server);
    char byte;
    assert_int_equal(trine__sys_recv(server, &byte, 1, 0), -EAGAIN);
    assert_int_equal(trine__sys_send(client, "a", 1, 0), 1);
    struct pollfd readable = { .fd = server, .events = POLLIN };
    assert_int_equal(trine__sys_poll(&readable, 1, in(10 * second)), 1);
    assert_int_equal(trine__sys_recv(server, &byte, 1, 0), 1);
    assert_int_equal(trine__sys_shutdown(client, SHUT_WR), 0);
    len = sizeof error;
    assert_int_equal(trine__sys_getsockopt(client, SOL_SOCKET, SO_ERROR, &error, &len), 0);
    assert_int_equal(error, 0);
    close_both((int[2]){ client, server });
    trine__sys_close(listener);
}

static void a_number_is_resolved_and_a_wrong_name_explained(void **state)
{
    struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST }, *list = NULL;
    int code = -1;
    assert_int_equal(trine__sys_getaddrinfo("127.0.0.1", "80", &numeric, &list, &code), 0);
    assert_int_equal(code, 0);
    trine__sys_freeaddrinfo(list);
    list = NULL;
    assert_int_equal(trine__sys_getaddrinfo("not a number", NULL, &numeric, &list, &code), -ENOENT);
    assert_int_equal(code, EAI_NONAME);
    trine__fault_plan("fail:1:op=getaddrinfo");
    assert_int_equal(trine__sys_getaddrinfo("127.0.0.1", NULL, &numeric, &list, &code), -EAGAIN);
    assert_int_equal(code, EAI_AGAIN);
    assert_null(list);
    trine__sys_freeaddrinfo(NULL);
}

static void waiting_ends_at_the_deadline_and_not_before(void **state)
{
    struct epoll_event event;
    uint32_t word = 1;
    int epfd = trine__sys_epoll_create();
    int64_t deadline = in(3 * millisecond);
    assert_int_equal(trine__sys_poll(NULL, 0, deadline), 0);
    assert_true(trine__clock_monotonic() >= deadline);
    deadline = in(3 * millisecond);
    assert_int_equal(trine__sys_epoll_wait(epfd, &event, 1, deadline), 0);
    assert_true(trine__clock_monotonic() >= deadline);
    deadline = in(3 * millisecond);
    assert_int_equal(trine__futex_wait(&word, 1, deadline), -ETIMEDOUT);
    assert_true(trine__clock_monotonic() >= deadline);
    trine__sys_close(epfd);
}

static void a_deadline_in_the_past_only_looks(void **state)
{
    struct epoll_event event, wanted = { .events = EPOLLIN };
    uint32_t word = 1;
    int counter = trine__sys_eventfd(0), epfd = trine__sys_epoll_create();
    assert_int_equal(trine__sys_epoll_ctl(epfd, EPOLL_CTL_ADD, counter, &wanted), 0);
    assert_int_equal(trine__sys_epoll_wait(epfd, &event, 1, 0), 0);
    assert_int_equal(trine__sys_poll(NULL, 0, 0), 0);
    assert_int_equal(trine__futex_wait(&word, 1, 0), -ETIMEDOUT);
    assert_int_equal(trine__futex_wait(&word, 2, INT64_MAX), -EAGAIN);
    assert_int_equal(trine__sys_write(counter, &(uint64_t){ 1 }, 8), 8);
    assert_int_equal(trine__sys_epoll_wait(epfd, &event, 1, 0), 1);
    assert_int_equal(trine__sys_epoll_wait(epfd, &event, 1, INT64_MAX), 1);
    close_both((int[2]){ counter, epfd });
}

static _Atomic uint32_t gate;

static void *open_gate(void *arg)
{
    atomic_store(&gate, 1);
    trine__futex_wake(&gate, 1);
    return NULL;
}

static void a_futex_wakes_its_sleeper(void **state)
{
    pthread_t thread;
    int result = 0;
    atomic_store(&gate, 0);
    assert_int_equal(trine__sys_thread_start(&thread, open_gate, NULL, 1), 0);
    while (atomic_load(&gate) == 0 && result != -ETIMEDOUT)
        result = trine__futex_wait(&gate, 0, in(30 * second));
    assert_int_equal(atomic_load(&gate), 1);
    assert_int_equal(trine__sys_thread_join(thread), 0);
}

static _Atomic int interruptions;

static void count_interruption(int signal)
{
    atomic_fetch_add(&interruptions, 1);
}

struct interrupter {
    pthread_t victim;
    int fd;
    atomic_bool stop;
};

/* Interrupts the victim a few times, then writes the byte it reads. */
static void *interrupt_then_write(void *arg)
{
    struct interrupter *self = arg;
    for (int i = 0; i < 5; i++) {
        trine__sys_poll(NULL, 0, in(2 * millisecond));
        pthread_kill(self->victim, SIGUSR1);
    }
    trine__sys_write(self->fd, "a", 1);
    return NULL;
}

static void *interrupt_until_stopped(void *arg)
{
    struct interrupter *self = arg;
    while (!atomic_load(&self->stop)) {
        pthread_kill(self->victim, SIGUSR1);
        trine__sys_poll(NULL, 0, in(millisecond));
    }
    return NULL;
}

static int catch_signals(void **state)
{
    struct sigaction action = { .sa_handler = count_interruption };
    atomic_store(&interruptions, 0);
    return trine__sys_sigaction(SIGUSR1, &action, NULL);
}

static int ignore_signals(void **state)
{
    struct sigaction action = { .sa_handler = SIG_IGN };
    return trine__sys_sigaction(SIGUSR1, &action, NULL);
}

static void a_blocking_read_survives_signals(void **state)
{
    int fds[2];
    char byte = 0;
    pthread_t thread;
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    struct interrupter interrupter = { .victim = pthread_self(), .fd = fds[1] };
    assert_int_equal(trine__sys_thread_start(&thread, interrupt_then_write, &interrupter, 0), 0);
    assert_int_equal(trine__sys_read(fds[0], &byte, 1), 1);
    assert_int_equal(byte, 'a');
    trine__sys_thread_join(thread);
    assert_true(atomic_load(&interruptions) > 0);
    close_both(fds);
}

static void waiting_tells_of_a_signal(void **state)
{
    struct epoll_event event;
    uint32_t word = 0;
    pthread_t thread;
    int epfd = trine__sys_epoll_create();
    struct interrupter interrupter = { .victim = pthread_self() };
    assert_int_equal(trine__sys_thread_start(&thread, interrupt_until_stopped, &interrupter, 0), 0);
    assert_int_equal(trine__sys_poll(NULL, 0, in(30 * second)), -EINTR);
    assert_int_equal(trine__sys_epoll_wait(epfd, &event, 1, in(30 * second)), -EINTR);
    assert_int_equal(trine__futex_wait(&word, 0, in(30 * second)), -EINTR);
    assert_int_equal(trine__futex_wait(&word, 0, INT64_MAX), -EINTR);
    atomic_store(&interrupter.stop, true);
    trine__sys_thread_join(thread);
    trine__sys_close(epfd);
}

static void a_child_is_signalled_and_reaped_by_descriptor(void **state)
{
    pid_t child = trine__sys_fork();
    assert_true(child >= 0);
    if (child == 0) {
        trine__sys_poll(NULL, 0, in(60 * second));
        _exit(0);
    }
    int fd = trine__sys_pidfd_open(child);
    if (fd == -ENOSYS) { /* before 5.3, and under Valgrind */
        trine__sys_kill(child, SIGKILL);
        trine__sys_waitid(P_PID, child, &(siginfo_t){ 0 }, WEXITED);
        skip();
    }
    assert_cloexec(fd);
    assert_int_equal(trine__sys_kill(child, 0), 0);
    assert_int_equal(trine__sys_pidfd_signal(fd, SIGKILL), 0);
    struct pollfd ended = { .fd = fd, .events = POLLIN };
    assert_int_equal(trine__sys_poll(&ended, 1, in(30 * second)), 1);
    siginfo_t end = { 0 };
    assert_int_equal(trine__sys_waitid(P_PIDFD, fd, &end, WEXITED), 0);
    assert_int_equal(end.si_code, CLD_KILLED);
    assert_int_equal(end.si_status, SIGKILL);
    assert_int_equal(trine__sys_waitid(P_PID, child, &end, WEXITED), -ECHILD);
    trine__sys_close(fd);
}

static void a_range_of_descriptors_is_closed(void **state)
{
    int fd = trine__sys_dup(STDERR_FILENO, 200), next = trine__sys_dup(STDERR_FILENO, 201);
    assert_int_equal(trine__sys_close_range((unsigned)fd, (unsigned)fd), 0);
    assert_int_equal(trine__sys_close(fd), -EBADF);
    assert_int_equal(trine__sys_close(next), 0);
}

static void *read_own_name(void *arg)
{
    trine__sys_thread_name("a name of more than fifteen");
    pthread_getname_np(pthread_self(), arg, 16);
    return NULL;
}

static void a_long_thread_name_is_cut(void **state)
{
    char name[16];
    pthread_t thread;
    assert_int_equal(trine__sys_thread_start(&thread, read_own_name, name, 0), 0);
    trine__sys_thread_join(thread);
    assert_string_equal(name, "a name of more ");
}

static void starting_anything_can_fail(void **state)
{
    pthread_t thread;
    int fds[2];
    trine__fault_plan("fail:1+");
    assert_int_equal(trine__sys_fork(), -EAGAIN);
    assert_int_equal(trine__sys_thread_start(&thread, read_own_name, NULL, 0), -EAGAIN);
    assert_int_equal(trine__sys_pipe(fds, 0), -EMFILE);
    assert_int_equal(trine__sys_socket(AF_INET, SOCK_STREAM, 0), -EMFILE);
    assert_int_equal(trine__sys_accept(-1, NULL, NULL, 0), -EMFILE);
    assert_int_equal(trine__sys_connect(-1, NULL, 0), -ECONNREFUSED);
    assert_int_equal(trine__sys_epoll_create(), -EMFILE);
    assert_int_equal(trine__sys_eventfd(0), -EMFILE);
    assert_int_equal(trine__sys_openat(AT_FDCWD, "/", O_RDONLY, 0), -EMFILE);
}

static void the_environment_is_read(void **state)
{
    setenv("TRINE_CALLS_TEST", "here", 1);
    assert_string_equal(trine__getenv("TRINE_CALLS_TEST"), "here");
    unsetenv("TRINE_CALLS_TEST");
    assert_null(trine__getenv("TRINE_CALLS_TEST"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_descriptor_is_inherited_by_a_new_program),
        cmocka_unit_test(errors_are_returned_not_left_in_errno),
        cmocka_unit_test(a_file_is_written_renamed_and_removed),
        cmocka_unit_test(a_send_to_nobody_is_an_error_not_a_signal),
        cmocka_unit_test_teardown(a_cut_message_keeps_the_callers_header, forget_plan),
        cmocka_unit_test(a_connection_is_made_over_loopback),
        cmocka_unit_test_teardown(a_number_is_resolved_and_a_wrong_name_explained, forget_plan),
        cmocka_unit_test(waiting_ends_at_the_deadline_and_not_before),
        cmocka_unit_test(a_deadline_in_the_past_only_looks),
        cmocka_unit_test(a_futex_wakes_its_sleeper),
        cmocka_unit_test_setup_teardown(a_blocking_read_survives_signals, catch_signals,
                                        ignore_signals),
        cmocka_unit_test_setup_teardown(waiting_tells_of_a_signal, catch_signals, ignore_signals),
        cmocka_unit_test(a_child_is_signalled_and_reaped_by_descriptor),
        cmocka_unit_test(a_range_of_descriptors_is_closed),
        cmocka_unit_test(a_long_thread_name_is_cut),
        cmocka_unit_test_teardown(starting_anything_can_fail, forget_plan),
        cmocka_unit_test(the_environment_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
