/* SPDX-License-Identifier: MIT */
#include "sys/sys.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MILLISECOND = 1000000 };

static int back_to_real_time(void **state)
{
    trine__clock_real();
    return 0;
}

static void real_time_moves_forward(void **state)
{
    int64_t start = trine__clock_monotonic(), now = start;
    for (int i = 0; i < 1000 && now == start; i++) {
        now = trine__clock_monotonic();
        assert_true(now >= start);
    }
    assert_true(now > start);
    assert_false(trine__clock_simulated());
}

static void simulated_time_stands_still_until_advanced(void **state)
{
    trine__clock_simulate(1000);
    assert_true(trine__clock_simulated());
    assert_int_equal(trine__clock_monotonic(), 1000);
    assert_int_equal(trine__clock_monotonic(), 1000);
    trine__clock_advance_to(5000);
    assert_int_equal(trine__clock_monotonic(), 5000);
}

static void simulated_time_never_goes_back(void **state)
{
    trine__clock_simulate(1000);
    trine__clock_advance_to(400);
    assert_int_equal(trine__clock_monotonic(), 1000);
}

static void real_time_returns_after_a_simulation(void **state)
{
    int64_t before = trine__clock_monotonic();
    trine__clock_simulate(1);
    trine__clock_real();
    assert_true(trine__clock_monotonic() >= before);
}

static void the_wall_clock_is_not_simulated(void **state)
{
    const int64_t year_2020 = INT64_C(1577836800) * 1000 * MILLISECOND;
    trine__clock_simulate(0);
    assert_true(trine__clock_wall() > year_2020);
}

static void processor_time_grows_with_work(void **state)
{
    int64_t process = trine__clock_cpu(), thread = trine__clock_thread_cpu();
    volatile unsigned work = 0;
    for (int round = 0; round < 1000 && trine__clock_thread_cpu() == thread; round++)
        for (unsigned i = 0; i < 10000; i++)
            work = work + i;
    assert_true(trine__clock_thread_cpu() > thread);
    assert_true(trine__clock_cpu() > process);
}

static void a_simulated_deadline_in_the_past_only_looks(void **state)
{
    uint32_t word = 7;
    trine__clock_simulate(INT64_C(1) << 60);
    assert_int_equal(trine__futex_wait(&word, 7, (INT64_C(1) << 60) - 1), -ETIMEDOUT);
    assert_int_equal(trine__sys_poll(NULL, 0, INT64_C(1) << 60), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_time_moves_forward),
        cmocka_unit_test_teardown(simulated_time_stands_still_until_advanced, back_to_real_time),
        cmocka_unit_test_teardown(simulated_time_never_goes_back, back_to_real_time),
        cmocka_unit_test_teardown(real_time_returns_after_a_simulation, back_to_real_time),
        cmocka_unit_test_teardown(the_wall_clock_is_not_simulated, back_to_real_time),
        cmocka_unit_test(processor_time_grows_with_work),
        cmocka_unit_test_teardown(a_simulated_deadline_in_the_past_only_looks, back_to_real_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
