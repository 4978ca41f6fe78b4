/* SPDX-License-Identifier: MIT */
#include "sys/fault.h"
#include "sys/sys.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What the generator's published form gives from the state that splitmix64 makes of 0. */
static void numbers_are_those_of_the_reference(void **state)
{
    static const uint64_t expected[] = {
        UINT64_C(0x99ec5f36cb75f2b4),
        UINT64_C(0xbf6e1f784956452a),
        UINT64_C(0x1a5f849d4933e6e0),
        UINT64_C(0x6aa594f1262d2d2c),
    };
    trine__random_seed(0);
    for (int i = 0; i < 4; i++)
        assert_true(trine__random_u64() == expected[i]);
}

static void one_seed_gives_one_sequence(void **state)
{
    uint64_t first[100];
    trine__random_seed(42);
    for (int i = 0; i < 100; i++)
        first[i] = trine__random_u64();
    trine__random_seed(42);
    for (int i = 0; i < 100; i++)
        assert_true(trine__random_u64() == first[i]);
    trine__random_seed(43);
    assert_true(trine__random_u64() != first[0]);
}

static void bits_are_set_half_of_the_time(void **state)
{
    int set[64] = { 0 };
    trine__random_seed(1);
    for (int i = 0; i < 10000; i++) {
        uint64_t number = trine__random_u64();
        for (int bit = 0; bit < 64; bit++)
            set[bit] += (int)(number >> bit & 1);
    }
    for (int bit = 0; bit < 64; bit++)
        assert_in_range(set[bit], 4700, 5300);
}

static void *take_one(void *arg)
{
    *(uint64_t *)arg = trine__random_u64();
    return NULL;
}

static void threads_have_sequences_of_their_own(void **state)
{
    uint64_t numbers[2];
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        assert_int_equal(trine__sys_thread_start(&thread, take_one, &numbers[i], 0), 0);
        trine__sys_thread_join(thread);
    }
    assert_true(numbers[0] != numbers[1]);
}

/* Runs in a thread that was never seeded by a test. */
static void *fork_and_compare(void *arg)
{
    int *differ = arg, fds[2];
    uint64_t child_number = 0;
    trine__random_u64();
    if (trine__sys_pipe(fds, 0) < 0)
        return NULL;
    pid_t child = trine__sys_fork();
    if (child == 0) {
        child_number = trine__random_u64();
        _exit(trine__sys_write(fds[1], &child_number, sizeof child_number) < 0);
    }
    trine__sys_read(fds[0], &child_number, sizeof child_number);
    *differ = child > 0 && child_number != trine__random_u64();
    trine__sys_waitid(P_PID, child, &(siginfo_t){ 0 }, WEXITED);
    trine__sys_close(fds[0]);
    trine__sys_close(fds[1]);
    return NULL;
}

static void a_forked_child_goes_its_own_way(void **state)
{
    int differ = 0;
    pthread_t thread;
    assert_int_equal(trine__sys_thread_start(&thread, fork_and_compare, &differ, 0), 0);
    trine__sys_thread_join(thread);
    assert_true(differ);
}

static void the_kernel_fills_any_length(void **state)
{
    unsigned char bytes[1000] = { 0 };
    int zeros = 0;
    assert_int_equal(trine__random_bytes(bytes, sizeof bytes), 0);
    for (size_t i = 0; i < sizeof bytes; i++)
        zeros += bytes[i] == 0;
    assert_in_range(zeros, 0, 30);
    assert_int_equal(trine__random_bytes(bytes, 0), 0);
}

static void the_kernels_numbers_can_fail_but_ours_cannot(void **state)
{
    char byte;
    trine__fault_plan("fail:1+");
    assert_int_equal(trine__random_bytes(&byte, 1), -EIO);
    trine__random_u64();
    assert_int_equal(trine__fault_calls(), 1);
    trine__fault_plan(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_reference),
        cmocka_unit_test(one_seed_gives_one_sequence),
        cmocka_unit_test(bits_are_set_half_of_the_time),
        cmocka_unit_test(threads_have_sequences_of_their_own),
        cmocka_unit_test(a_forked_child_goes_its_own_way),
        cmocka_unit_test(the_kernel_fills_any_length),
        cmocka_unit_test(the_kernels_numbers_can_fail_but_ours_cannot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
