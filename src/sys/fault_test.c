/* SPDX-License-Identifier: MIT */
#include "sys/fault.h"
#include "sys/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static int forget_plan(void **state)
{
    return trine__fault_plan(NULL);
}

/* Which of `count` allocations fail: bit i for the one after i others. */
static unsigned failures(int count)
{
    unsigned failed = 0;
    for (int i = 0; i < count; i++) {
        void *memory = trine__alloc(1);
        failed |= (unsigned)(memory == NULL) << i;
        trine__free(memory);
    }
    return failed;
}

static void without_a_plan_nothing_fails_or_counts(void **state)
{
    assert_int_equal(failures(4), 0);
    assert_int_equal(trine__fault_calls(), 0);
    assert_int_equal(trine__fault_hits(), 0);
}

static void fail_k_fails_that_call_alone(void **state)
{
    assert_int_equal(trine__fault_plan("fail:3"), 0);
    assert_int_equal(failures(6), 1 << 2);
    assert_int_equal(trine__fault_calls(), 6);
    assert_int_equal(trine__fault_hits(), 1);
}

static void fail_k_plus_fails_it_and_all_after(void **state)
{
    assert_int_equal(trine__fault_plan("fail:3+"), 0);
    assert_int_equal(failures(6), 0x3c);
    assert_int_equal(trine__fault_hits(), 4);
}

static void op_counts_only_calls_of_that_name(void **state)
{
    struct stat info;
    assert_int_equal(trine__fault_plan("fail:2:op=stat"), 0);
    assert_int_equal(failures(3), 0);
    assert_int_equal(trine__sys_stat("/", &info), 0);
    assert_int_equal(trine__sys_stat("/", &info), -EIO);
    assert_int_equal(trine__sys_stat("/", &info), 0);
    assert_int_equal(trine__fault_calls(), 6);
    assert_int_equal(trine__fault_calls_of("stat"), 3);
    assert_int_equal(trine__fault_calls_of("alloc"), 3);
    assert_int_equal(trine__fault_calls_of("no such operation"), 0);
}

static void the_error_can_be_chosen_by_name_or_number(void **state)
{
    struct stat info;
    assert_int_equal(trine__fault_plan("fail:1:op=stat:errno=EACCES"), 0);
    assert_int_equal(trine__sys_stat("/", &info), -EACCES);
    assert_int_equal(trine__fault_plan("fail:1:errno=36:op=stat"), 0);
    assert_int_equal(trine__sys_stat("/", &info), -36);
}

static void several_plans_count_for_themselves(void **state)
{
    struct stat info;
    assert_int_equal(trine__fault_plan("fail:2:op=alloc,fail:1:op=stat,fail:5:errno=EPERM"), 0);
    assert_int_equal(failures(3), 1 << 1);
    assert_int_equal(trine__sys_stat("/", &info), -EIO);
    assert_int_equal(trine__sys_stat("/", &info), -EPERM);
    assert_int_equal(trine__sys_stat("/", &info), 0);
    assert_int_equal(trine__fault_hits(), 3);
}

static void a_new_plan_starts_from_zero(void **state)
{
    trine__fault_plan("fail:2");
    assert_int_equal(failures(1), 0);
    trine__fault_plan("fail:2");
    assert_int_equal(failures(2), 1 << 1);
    assert_int_equal(trine__fault_calls(), 2);
    trine__fault_plan("");
    assert_int_equal(trine__fault_calls(), 0);
    assert_int_equal(failures(3), 0);
}

static void what_is_not_a_plan_is_refused_and_changes_nothing(void **state)
{
    static const char many[] = "count,count,count,count,count,count,count,count,count,count,"
                               "count,count,count,count,count,count,count";
    static const char *const wrong[] = {
        "x",
        "fail",
        "fail:",
        "fail:0",
        "fail:-1",
        "fail:1x",
        "fail:++",
        "fail:1:",
        "fail:1:op=",
        "fail:1:op",
        "fail:1:errno",
        "fail:1:op=nothing",
        "fail:1:errno=",
        "fail:1:errno=ENOTHING",
        "fail:1:errno=0",
        "fail:1:errno=4096",
        "fail:1:color=red",
        "fail:1,",
        ",fail:1",
        "fail:1,,fail:2",
        "count:1",
        "short:1:op=alloc",
        "short:1:errno=EIO",
        "fail:1+:errno=EINTR",
        "fail:9999999999999999999",
        many,
    };
    assert_int_equal(trine__fault_plan("fail:2"), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        if (trine__fault_plan(wrong[i]) != -EINVAL)
            fail_msg("taken for a plan: %s", wrong[i]);
    assert_int_equal(failures(3), 1 << 1);
}

static void short_moves_one_byte_of_that_transfer(void **state)
{
    char buf[8];
    int fds[2];
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    assert_int_equal(trine__fault_plan("short:2"), 0);
    assert_int_equal(trine__sys_write(fds[1], "abcd", 4), 4);
    assert_int_equal(trine__sys_write(fds[1], "efgh", 4), 1);
    assert_int_equal(trine__sys_read(fds[0], buf, 8), 5);
    assert_memory_equal(buf, "abcde", 5);
    assert_int_equal(trine__fault_hits(), 1);
    trine__sys_close(fds[0]);
    trine__sys_close(fds[1]);
}

static void short_onwards_still_gets_everything_through(void **state)
{
    char buf[8] = "";
    int fds[2];
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    assert_int_equal(trine__fault_plan("short:1+:op=readv"), 0);
    assert_int_equal(trine__sys_write(fds[1], "abcd", 4), 4);
    for (int i = 0; i < 4; i++) {
        struct iovec parts[] = { { NULL, 0 }, { buf + i, 2 }, { buf + 6, 2 } };
        assert_int_equal(trine__sys_readv(fds[0], parts, 3), 1);
    }
    assert_string_equal(buf, "abcd");
    trine__sys_close(fds[0]);
    trine__sys_close(fds[1]);
}

static void messages_and_counters_are_never_cut(void **state)
{
    uint64_t value = 3;
    char buf[4];
    int fds[2], counter = trine__sys_eventfd(0);
    assert_int_equal(trine__sys_socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
    assert_int_equal(trine__fault_plan("short:1+"), 0);
    assert_int_equal(trine__sys_write(counter, &value, 8), 8);
    assert_int_equal(trine__sys_read(counter, &value, 8), 8);
    assert_int_equal(trine__sys_send(fds[0], "abcd", 4, 0), 4);
    assert_int_equal(trine__sys_recv(fds[1], buf, 4, 0), 4);
    assert_int_equal(trine__fault_hits(), 0);
    trine__sys_close(fds[0]);
    trine__sys_close(fds[1]);
    trine__sys_close(counter);
}

static void a_fault_before_a_short_one_wins(void **state)
{
    int fds[2];
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    assert_int_equal(trine__fault_plan("short:1,fail:1"), 0);
    assert_int_equal(trine__sys_write(fds[1], "abcd", 4), -EIO);
    assert_int_equal(trine__sys_write(fds[1], "abcd", 4), 4);
    assert_int_equal(trine__fault_hits(), 1);
    trine__sys_close(fds[0]);
    trine__sys_close(fds[1]);
}

static void an_interrupted_call_is_made_again(void **state)
{
    int fds[2];
    char byte;
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    assert_int_equal(trine__fault_plan("fail:1:op=write:errno=EINTR,fail:1:op=read:errno=4"), 0);
    assert_int_equal(trine__sys_write(fds[1], "a", 1), 1);
    assert_int_equal(trine__sys_read(fds[0], &byte, 1), 1);
    assert_int_equal(trine__fault_hits(), 2);
    assert_int_equal(trine__fault_calls_of("write"), 2);
    assert_int_equal(trine__fault_calls_of("read"), 2);
    trine__sys_close(fds[0]);
    trine__sys_close(fds[1]);
}

static void no_call_is_interrupted_for_ever(void **state)
{
    struct epoll_event event;
    int epfd = trine__sys_epoll_create();
    assert_int_equal(trine__fault_plan("fail:1+:op=epoll_wait"), 0);
    assert_int_equal(trine__sys_epoll_wait(epfd, &event, 1, 0), -EINTR);
    assert_int_equal(trine__sys_epoll_wait(epfd, &event, 1, 0), 0);
    trine__sys_close(epfd);
}

static void a_faulted_close_closes(void **state)
{
    int fds[2];
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    assert_int_equal(trine__fault_plan("fail:1+:op=close"), 0);
    assert_int_equal(trine__sys_close(fds[0]), -EIO);
    assert_int_equal(trine__sys_close(fds[1]), -EIO);
    assert_int_equal(trine__fault_plan(NULL), 0);
    assert_int_equal(trine__sys_fcntl(fds[0], F_GETFD, 0), -EBADF);
    assert_int_equal(trine__sys_fcntl(fds[1], F_GETFD, 0), -EBADF);
}

static void *allocate_often(void *arg)
{
    for (int i = 0; i < 100; i++)
        failures(10);
    return NULL;
}

static void counting_is_exact_across_threads(void **state)
{
    pthread_t threads[4];
    assert_int_equal(trine__fault_plan("count,fail:2000"), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(trine__sys_thread_start(&threads[i], allocate_often, NULL, 0), 0);
    for (int i = 0; i < 4; i++)
        trine__sys_thread_join(threads[i]);
    assert_int_equal(trine__fault_calls_of("alloc"), 4000);
    assert_int_equal(trine__fault_hits(), 1);
    assert_int_equal(trine__fault_plan(NULL), 0); /* or `count` would print at exit */
}

/* Runs this program again with TRINE_FAULT set; gives what it wrote to stderr and how it ended. */
static int run_with_plan(const char *plan, char *ret_text, size_t size)
{
    int fds[2], used = 0;
    char setting[128], program[4096] = "";
    snprintf(setting, sizeof setting, "TRINE_FAULT=%s", plan);
    char *argv[] = { "fault_test", "use-the-seam", NULL };
    char *envp[] = { setting, NULL };
    assert_true(readlink("/proc/self/exe", program, sizeof program - 1) > 0);
    assert_int_equal(trine__sys_pipe(fds, 0), 0);
    pid_t child = trine__sys_fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        trine__sys_exec(program, argv, envp);
        _exit(127);
    }
    trine__sys_close(fds[1]);
    for (ssize_t got = 1; got > 0; used += (int)got)
        got = trine__sys_read(fds[0], ret_text + used, size - 1 - (size_t)used);
    ret_text[used] = '\0';
    trine__sys_close(fds[0]);
    siginfo_t end = { 0 };
    assert_int_equal(trine__sys_waitid(P_PID, child, &end, WEXITED), 0);
    return end.si_status;
}

static void count_prints_totals_at_exit(void **state)
{
    char text[1000];
    assert_int_equal(run_with_plan("count", text, sizeof text), 10);
    assert_string_equal(text, "trine fault: alloc 3\n"
                              "trine fault: stat 1\n"
                              "trine fault: total 4\n");
}

static void the_environment_sets_a_plan(void **state)
{
    char text[1000];
    assert_int_equal(run_with_plan("fail:2:op=alloc", text, sizeof text), 12);
    assert_string_equal(text, "");
}

static void bad_text_in_the_environment_ends_the_program(void **state)
{
    char text[1000];
    assert_int_equal(run_with_plan("fail:0", text, sizeof text), 2);
    assert_string_equal(text, "trine: TRINE_FAULT is not a fault plan: fail:0\n");
}

/* What run_with_plan() runs: its exit status is 10 and a bit for each allocation that failed. */
static int use_the_seam(void)
{
    struct stat info;
    trine__sys_stat("/", &info);
    return 10 + (int)failures(3);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "use-the-seam") == 0)
        return use_the_seam();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_a_plan_nothing_fails_or_counts, forget_plan),
        cmocka_unit_test_teardown(fail_k_fails_that_call_alone, forget_plan),
        cmocka_unit_test_teardown(fail_k_plus_fails_it_and_all_after, forget_plan),
        cmocka_unit_test_teardown(op_counts_only_calls_of_that_name, forget_plan),
        cmocka_unit_test_teardown(the_error_can_be_chosen_by_name_or_number, forget_plan),
        cmocka_unit_test_teardown(several_plans_count_for_themselves, forget_plan),
        cmocka_unit_test_teardown(a_new_plan_starts_from_zero, forget_plan),
        cmocka_unit_test_teardown(what_is_not_a_plan_is_refused_and_changes_nothing, forget_plan),
        cmocka_unit_test_teardown(short_moves_one_byte_of_that_transfer, forget_plan),
        cmocka_unit_test_teardown(short_onwards_still_gets_everything_through, forget_plan),
        cmocka_unit_test_teardown(messages_and_counters_are_never_cut, forget_plan),
        cmocka_unit_test_teardown(a_fault_before_a_short_one_wins, forget_plan),
        cmocka_unit_test_teardown(an_interrupted_call_is_made_again, forget_plan),
        cmocka_unit_test_teardown(no_call_is_interrupted_for_ever, forget_plan),
        cmocka_unit_test_teardown(a_faulted_close_closes, forget_plan),
        cmocka_unit_test_teardown(counting_is_exact_across_threads, forget_plan),
        cmocka_unit_test(count_prints_totals_at_exit),
        cmocka_unit_test(the_environment_sets_a_plan),
        cmocka_unit_test(bad_text_in_the_environment_ends_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
