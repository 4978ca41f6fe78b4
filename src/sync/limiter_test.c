/* SPDX-License-Identifier: MIT */
/* Capacity limiters: who has a token, and changing how many there are. */
#include "sync/line_suite.h"

static int borrow_and_return(void *limiter, uint32_t amount)
{
    int error = trine_limiter_acquire(limiter);
    return error < 0 ? error : trine_limiter_release(limiter);
}

static char names[1000];

static int borrow_for(void *limiter, uint32_t amount)
{
    return trine_limiter_acquire_for(limiter, &names[amount]);
}

static int set_tokens_soon(void *limiter, uint32_t amount)
{
    int error = trine_sleep(SOON);
    trine_limiter_set_tokens(limiter, amount);
    return error;
}

static void assert_empty(const struct trine_limiter *limiter)
{
    assert_int_equal(trine_limiter_borrowed(limiter), 0);
    assert_null(limiter->borrowers);
    assert_null(limiter->waits.first);
}

IN_BOTH(a_borrower_has_one_token_and_only_its_own)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(2);
    assert_int_equal(trine_limiter_release(&limiter), -EPERM);
    assert_int_equal(trine_limiter_acquire(&limiter), 0);
    assert_int_equal(trine_limiter_acquire(&limiter), -EALREADY);
    assert_int_equal(trine_limiter_try_acquire(&limiter), -EALREADY);
    assert_int_equal(trine_limiter_release_for(&limiter, &limiter), -EPERM);
    assert_int_equal(trine_limiter_borrowed(&limiter), 1);
    assert_int_equal(trine_limiter_release(&limiter), 0);
    assert_int_equal(trine_limiter_release(&limiter), -EPERM);
    assert_empty(&limiter);
    return 0;
}

IN_BOTH(a_limit_of_zero_tries_once)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(1);
    assert_int_equal(TRINE_WITHIN(0, trine_limiter_acquire_for(&limiter, &names[0])), 0);
    assert_int_equal(TRINE_WITHIN(0, trine_limiter_acquire(&limiter)), -ETIMEDOUT);
    assert_int_equal(TRINE_WITHIN(SOON, trine_limiter_acquire(&limiter)), -ETIMEDOUT);
    assert_int_equal(trine_limiter_try_acquire(&limiter), -EAGAIN);
    assert_int_equal(trine_limiter_release_for(&limiter, &names[0]), 0);
    assert_empty(&limiter);
    return 0;
}

IN_BOTH(many_borrowers_are_told_apart)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(trine_limiter_acquire_for(&limiter, &names[i]), 0);
    assert_int_equal(trine_limiter_try_acquire(&limiter), -EAGAIN);
    for (size_t i = 0; i < COUNT(names); i++) {
        size_t k = i * 7 % COUNT(names);
        assert_int_equal(trine_limiter_try_acquire_for(&limiter, &names[k]), -EALREADY);
        assert_int_equal(trine_limiter_release_for(&limiter, &names[k]), 0);
        assert_int_equal(trine_limiter_release_for(&limiter, &names[k]), -EPERM);
    }
    assert_empty(&limiter);
    return 0;
}

IN_VIRTUAL_TIME(tokens_go_to_the_longest_waiter_and_no_try_overtakes)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(1);
    struct line line;
    line_open(&line);
    for (uint32_t i = 0; i < 3; i++)
        line_add(&line, borrow_for, &limiter, i);
    assert_through(&line, "0");
    assert_int_equal(trine_limiter_release_for(&limiter, &names[1]), -EPERM); /* it waits */
    assert_int_equal(trine_limiter_try_acquire_for(&limiter, &names[1]), -EALREADY);
    assert_int_equal(trine_limiter_release_for(&limiter, &names[0]), 0);
    assert_int_equal(trine_limiter_try_acquire(&limiter), -EAGAIN);
    assert_through(&line, "1");
    assert_int_equal(trine_limiter_release_for(&limiter, &names[1]), 0);
    assert_through(&line, "2");
    assert_int_equal(trine_limiter_release_for(&limiter, &names[2]), 0);
    assert_empty(&limiter);
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(who_gave_up_can_ask_again)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(0);
    struct line line;
    line_open(&line);
    line_add(&line, borrow_for, &limiter, 0);
    line_add(&line, borrow_for, &limiter, 1);
    trine_cancel(line.callers[0].future);
    assert_through(&line, "0!");
    line_add(&line, borrow_for, &limiter, 0);
    trine_limiter_set_tokens(&limiter, 2);
    assert_through(&line, "12");
    assert_int_equal(trine_limiter_release_for(&limiter, &names[0]), 0);
    assert_int_equal(trine_limiter_release_for(&limiter, &names[1]), 0);
    assert_empty(&limiter);
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(tasks_borrow_for_themselves)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(1);
    struct line line;
    assert_int_equal(trine_limiter_acquire(&limiter), 0);
    line_open(&line);
    line_add(&line, borrow_and_return, &limiter, 0);
    line_add(&line, borrow_and_return, &limiter, 0);
    assert_through(&line, "");
    assert_int_equal(trine_limiter_release(&limiter), 0);
    assert_through(&line, "01");
    assert_empty(&limiter);
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(tokens_can_become_more_and_fewer_at_any_time)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(3);
    struct line line;
    line_open(&line);
    for (uint32_t i = 0; i < 5; i++)
        line_add(&line, borrow_for, &limiter, i);
    assert_through(&line, "012");
    trine_limiter_set_tokens(&limiter, 1);
    assert_int_equal(trine_limiter_borrowed(&limiter), 3);
    assert_int_equal(trine_limiter_release_for(&limiter, &names[0]), 0);
    assert_int_equal(trine_limiter_release_for(&limiter, &names[1]), 0);
    assert_through(&line, "");
    assert_int_equal(trine_limiter_release_for(&limiter, &names[2]), 0);
    assert_through(&line, "3");
    trine_limiter_set_tokens(&limiter, 0);
    assert_int_equal(trine_limiter_release_for(&limiter, &names[3]), 0);
    assert_through(&line, "");
    trine_limiter_set_tokens(&limiter, 100);
    assert_through(&line, "4");
    assert_int_equal(trine_limiter_release_for(&limiter, &names[4]), 0);
    assert_empty(&limiter);
    line_close(&line);
    return 0;
}

static void without_memory(void **state)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(1);
    trine__fault_plan("fail:1");
    int error = trine_limiter_acquire(&limiter);
    trine__fault_plan(NULL);
    assert_int_equal(error, -ENOMEM);
    assert_empty(&limiter);
}

IN_BOTH(a_thread_brings_tokens)
{
    struct trine_limiter limiter = TRINE_LIMITER_INIT(0);
    struct caller caller;
    start_caller(&caller, set_tokens_soon, &limiter, 1);
    assert_int_equal(TRINE_WITHIN(PATIENCE, trine_limiter_acquire(&limiter)), 0);
    assert_int_equal(end_caller(&caller), 0);
    start_caller(&caller, borrow_and_return, &limiter, 0);
    until_somebody_waits(&limiter.lock, &limiter.waits);
    assert_int_equal(trine_limiter_release(&limiter), 0);
    assert_int_equal(end_caller(&caller), 0);
    assert_empty(&limiter);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_borrower_has_one_token_and_only_its_own),
        BOTH(a_limit_of_zero_tries_once),
        BOTH(many_borrowers_are_told_apart),
        TEST(tokens_go_to_the_longest_waiter_and_no_try_overtakes),
        TEST(who_gave_up_can_ask_again),
        TEST(tasks_borrow_for_themselves),
        TEST(tokens_can_become_more_and_fewer_at_any_time),
        TEST(without_memory),
        BOTH(a_thread_brings_tokens),
    };
    return RUN_TESTS(tests);
}
