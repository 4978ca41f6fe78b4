/* SPDX-License-Identifier: MIT */
/* Workers of the whole process: made at first use, and made anew in a child of fork(). */
#include "sys/sys.h"
#include "thread/shared_workers.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

static struct trine__shared_workers shared = TRINE__SHARED_WORKERS("test-shared", 1);
static _Atomic(int) ran;
static _Atomic(bool) gate_open;

static void count(struct trine__work *work)
{
    trine__shared_workers_over(&shared);
    atomic_fetch_add(&ran, 1);
}

static void wait_at_the_gate(struct trine__work *work)
{
    while (!atomic_load(&gate_open))
        usleep(1000);
    count(work);
}

static void wait_until_ran(int times)
{
    for (int i = 0; i < 20000 && atomic_load(&ran) < times; i++)
        usleep(1000);
    assert_int_equal(atomic_load(&ran), times);
}

static void what_is_submitted_runs(void **state)
{
    struct trine__work work[5] = { { count }, { count }, { count }, { count }, { count } };
    atomic_store(&ran, 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(trine__shared_workers_submit(&shared, &work[i]), 0);
    wait_until_ran(5);
    assert_int_equal(atomic_load(&shared.under_way), 0);
}

static void what_is_queued_can_be_withdrawn(void **state)
{
    struct trine__work first = { wait_at_the_gate }, second = { count };
    atomic_store(&ran, 0);
    assert_int_equal(trine__shared_workers_submit(&shared, &first), 0);
    assert_int_equal(trine__shared_workers_submit(&shared, &second), 0);
    assert_int_equal(trine__shared_workers_withdraw(&shared, &second), 1);
    assert_int_equal(trine__shared_workers_withdraw(&shared, &second), 0);
    assert_int_equal(atomic_load(&shared.under_way), 1);
    atomic_store(&gate_open, true);
    wait_until_ran(1);
    assert_int_equal(atomic_load(&shared.under_way), 0);
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NO_THREADS_AFTER_FORK 1 /* its runtime ends such a child */
#endif
#endif

static void a_child_of_fork_has_its_own(void **state)
{
#ifdef NO_THREADS_AFTER_FORK
    skip();
#endif
    struct trine__work before = { count };
    atomic_store(&ran, 0);
    assert_int_equal(trine__shared_workers_submit(&shared, &before), 0);
    wait_until_ran(1);
    pid_t child = fork();
    if (child == 0) {
        struct trine__work work = { count };
        bool right = shared.workers == NULL && trine__shared_workers_submit(&shared, &work) == 0;
        for (int i = 0; right && i < 20000 && atomic_load(&ran) < 2; i++)
            usleep(1000);
        _exit(right && atomic_load(&ran) == 2 ? 0 : 1);
    }
    int status = -1;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_submitted_runs),
        cmocka_unit_test(what_is_queued_can_be_withdrawn),
        cmocka_unit_test(a_child_of_fork_has_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
