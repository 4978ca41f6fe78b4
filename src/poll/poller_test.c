/* SPDX-License-Identifier: MIT */
/* Choosing a backend, waiting for time, and waking. */
#include "poll/suite.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>

/* ---- time */

static void waiting_is_never_early_and_not_grossly_late(void **state)
{
    static const int64_t lengths[] = { 1000, 200000, 700000, 3 * MILLISECOND };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        int64_t begun = trine__clock_monotonic(), deadline = begun + lengths[i];
        for (int turns = 0; trine__clock_monotonic() < deadline; turns++) {
            assert_in_range(turns, 0, 3); /* it sleeps: a spinning wait takes many turns */
            assert_int_equal(trine__poller_wait(poller, deadline), 0);
        }
        assert_true(trine__clock_monotonic() - begun < 2 * SECOND);
    }
}

static void short_sleeps_cost_little(void **state)
{
    int64_t cpu = trine__clock_cpu(), begun = trine__clock_monotonic();
    for (int i = 0; i < 300; i++) {
        int64_t deadline = from_now(MILLISECOND);
        while (trine__clock_monotonic() < deadline)
            assert_int_equal(trine__poller_wait(poller, deadline), 0);
    }
    cpu = trine__clock_cpu() - cpu;
    assert_true(cpu < (trine__clock_monotonic() - begun) / 2);
}

static void only_looking_does_not_sleep(void **state)
{
    int fds[2];
    char byte;
    struct call reader;
    open_pair(fds);
    prepare(&reader, TRINE__OP_RECV, fds[0], &byte, 1);
    assert_true(start(&reader));
    int64_t begun = trine__clock_monotonic();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(trine__poller_wait(poller, 0), 0);
        assert_int_equal(trine__poller_wait(poller, begun), 0); /* a deadline in the past */
    }
    assert_true(trine__clock_monotonic() - begun < 10 * SECOND);
    assert_int_equal(cancel(&reader), -ECANCELED);
    close_both(fds);
}

static void pending_operations_do_not_make_waiting_spin(void **state)
{
    enum { COUNT = 10 };
    int fds[2];
    char bytes[COUNT];
    struct call readers[COUNT];
    open_pair(fds);
    for (int i = 0; i < COUNT; i++) {
        prepare(&readers[i], TRINE__OP_RECV, fds[0], &bytes[i], 1);
        assert_true(start(&readers[i]));
    }
    int64_t cpu = trine__clock_cpu(), deadline = from_now(300 * MILLISECOND);
    while (trine__clock_monotonic() < deadline)
        assert_int_equal(trine__poller_wait(poller, deadline), 0);
    assert_true(trine__clock_cpu() - cpu < 60 * MILLISECOND);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(cancel(&readers[i]), -ECANCELED);
    close_both(fds);
}

/* ---- wake */

static void a_wake_before_the_wait_is_not_lost(void **state)
{
    int64_t begun = trine__clock_monotonic();
    for (int i = 0; i < 100; i++) {
        trine__poller_wake(poller);
        trine__poller_wake(poller);
        assert_int_equal(trine__poller_wait(poller, from_now(PATIENCE)), 0);
    }
    assert_true(trine__clock_monotonic() - begun < PATIENCE / 2);
}

/* Two threads in turn: each waits for the other's move. A lost wake costs PATIENCE. */
struct table {
    _Atomic(int) move;
    int rounds;
};

static void *wake_each_round(void *arg)
{
    struct table *table = arg;
    for (int i = 0; i < table->rounds; i++) {
        while (atomic_load(&table->move) != 2 * i)
            sched_yield();
        atomic_store(&table->move, 2 * i + 1);
        trine__poller_wake(poller);
    }
    return NULL;
}

static void no_wake_from_another_thread_is_lost(void **state)
{
    struct table table = { .rounds = 5000 };
    pthread_t other;
    int64_t begun = trine__clock_monotonic();
    pthread_create(&other, NULL, wake_each_round, &table);
    for (int i = 0; i < table.rounds; i++) {
        while (atomic_load(&table.move) != 2 * i + 1)
            assert_int_equal(trine__poller_wait(poller, INT64_MAX), 0);
        atomic_store(&table.move, 2 * i + 2);
    }
    pthread_join(other, NULL);
    assert_true(trine__clock_monotonic() - begun < PATIENCE);
}

static volatile sig_atomic_t signals;

static void wake_from_handler(int signal)
{
    signals++;
    trine__poller_wake(poller);
}

static void a_signal_handler_may_wake(void **state)
{
    struct sigaction action = { .sa_handler = wake_from_handler, .sa_flags = SA_RESTART }, old;
    struct itimerval every = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
    sigaction(SIGALRM, &action, &old);
    signals = 0;
    int64_t begun = trine__clock_monotonic();
    setitimer(ITIMER_REAL, &every, NULL);
    while (signals < 100)
        assert_int_equal(trine__poller_wait(poller, INT64_MAX), 0);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &old, NULL);
    assert_true(trine__clock_monotonic() - begun < PATIENCE);
}

/* ---- choice */

static void the_name_decides(void **state)
{
    struct trine__poller *named;
    assert_int_equal(trine__poller_open("kqueue", &named), -EINVAL);
    assert_int_equal(trine__poller_open("epoll", &named), 0);
    assert_ptr_equal(named->ops, &trine__poller_epoll);
    trine__poller_close(named);
    trine__poller_close(NULL);
}

static void the_environment_decides_where_no_name_is_given(void **state)
{
    struct trine__poller *opened;
    char *old = getenv("TRINE_POLLER");
    old = old != NULL ? strdup(old) : NULL;
    setenv("TRINE_POLLER", "epoll", 1);
    assert_int_equal(trine__poller_open(NULL, &opened), 0);
    assert_string_equal(opened->ops->name, "epoll");
    trine__poller_close(opened);
    setenv("TRINE_POLLER", "nonsense", 1);
    assert_int_equal(trine__poller_open(NULL, &opened), -EINVAL);
    setenv("TRINE_POLLER", "sim", 1);
    assert_int_equal(trine__poller_open("epoll", &opened), 0);
    assert_string_equal(opened->ops->name, "epoll");
    trine__poller_close(opened);
    setenv("TRINE_POLLER", "", 1);
    assert_int_equal(trine__poller_open(NULL, &opened), 0);
    assert_string_not_equal(opened->ops->name, "sim");
    trine__poller_close(opened);
    unsetenv("TRINE_POLLER");
    if (old != NULL)
        setenv("TRINE_POLLER", old, 1);
    free(old);
}

/* Makes io_uring_setup fail with `error` in this process, for good. */
static int forbid_rings(int error)
{
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ((unsigned)error & SECCOMP_RET_DATA)),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog filter = { sizeof program / sizeof program[0], program };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0 ? -errno : 0;
}

/* In a child: exit status 0 when all is well, 77 when seccomp is not to be had, else which step
 * failed. */
static int live_without_rings(int error)
{
    struct trine__poller *opened;
    int before = count_descriptors();
    unsetenv("TRINE_POLLER");
    if (forbid_rings(error) < 0)
        return 77;
    if (trine__poller_open("uring", &opened) != -error)
        return 1;
    if (trine__poller_open(NULL, &opened) != 0)
        return 2;
    if (strcmp(opened->ops->name, "epoll") != 0)
        return 3;
    if (trine__poller_wait(opened, from_now(MILLISECOND)) != 0)
        return 4;
    trine__poller_close(opened);
    return count_descriptors() == before ? 0 : 5;
}

static void refused_rings_fall_back_to_epoll(void **state)
{
    static const int errors[] = { EPERM, ENOSYS, ENOMEM, EINVAL };
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        int status;
        pid_t child = fork();
        if (child == 0)
            _exit(live_without_rings(errors[i]));
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77)
            skip();
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}

/* ---- faults */

static void opening_fails_cleanly_at_every_point(void **state)
{
    int before = count_descriptors();
    for (int point = 1; point < 50; point++) {
        char plan[32];
        struct trine__poller *opened;
        snprintf(plan, sizeof plan, "fail:%d", point);
        assert_int_equal(trine__fault_plan(plan), 0);
        int result = trine__poller_open(backend, &opened);
        bool reached = trine__fault_hits() > 0;
        trine__fault_plan(NULL);
        if (result == 0)
            trine__poller_close(opened);
        assert_int_equal(count_descriptors(), before);
        assert_true(reached == (result < 0));
        if (!reached)
            return;
    }
    fail_msg("opening a poller has no end");
}

/* An interrupted or refused io_uring_enter or epoll_wait must not lose what was submitted. */
static void a_failed_entry_loses_nothing(void **state)
{
    static const char *const plans[] = {
        "fail:1:op=ring_submit:errno=EINTR,fail:1:op=epoll_wait:errno=EINTR",
        "fail:1:op=ring_submit:errno=EAGAIN",
        "fail:1:op=ring_submit:errno=EBUSY",
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        int fds[2];
        char byte = 0;
        struct call reader;
        open_pair(fds);
        prepare(&reader, TRINE__OP_READ, fds[0], &byte, 1);
        assert_true(start(&reader));
        assert_int_equal(trine__fault_plan(plans[i]), 0);
        turn();
        trine__fault_plan(NULL);
        assert_int_equal(write(fds[1], "x", 1), 1);
        assert_int_equal(finish(&reader), 1);
        close_both(fds);
    }
}

static void operations_fail_and_shorten_by_plan(void **state)
{
    int fds[2];
    char text[4];
    open_pair(fds);
    assert_int_equal(write(fds[1], "abcd", 4), 4);
    assert_int_equal(trine__fault_plan("fail:1:op=read:errno=EIO"), 0);
    assert_int_equal(run(TRINE__OP_READ, fds[0], text, 4), -EIO);
    assert_int_equal(trine__fault_plan("short:1:op=read"), 0);
    assert_int_equal(run(TRINE__OP_READ, fds[0], text, 4), 1);
    assert_int_equal(trine__fault_plan("fail:1:op=recv:errno=ECONNRESET"), 0);
    assert_int_equal(run(TRINE__OP_RECV, fds[0], text, 4), -ECONNRESET);
    trine__fault_plan(NULL);
    assert_int_equal(run(TRINE__OP_RECV, fds[0], text, 4), 3);
    assert_memory_equal(text, "bcd", 3);
    close_both(fds);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH(waiting_is_never_early_and_not_grossly_late),
        ON_EACH(short_sleeps_cost_little),
        ON_EACH(only_looking_does_not_sleep),
        ON_EACH(pending_operations_do_not_make_waiting_spin),
        ON_EACH(a_wake_before_the_wait_is_not_lost),
        ON_EACH(no_wake_from_another_thread_is_lost),
        ON_EACH(a_signal_handler_may_wake),
        ON_EACH(opening_fails_cleanly_at_every_point),
        ON_EACH(a_failed_entry_loses_nothing),
        ON_EACH(operations_fail_and_shorten_by_plan),
    };
    static const struct CMUnitTest choice[] = {
        cmocka_unit_test(the_name_decides),
        cmocka_unit_test(the_environment_decides_where_no_name_is_given),
        cmocka_unit_test(refused_rings_fall_back_to_epoll),
    };
    int failed = run_on_each_backend(tests, sizeof tests / sizeof tests[0]);
    return failed + cmocka_run_group_tests(choice, NULL, NULL);
}
