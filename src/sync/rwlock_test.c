/* SPDX-License-Identifier: MIT */
/* Read-write locks: who may be in together, in which order, and the writer as owner. */
#include "sync/line_suite.h"

static int read_it(void *rwlock, uint32_t amount)
{
    return trine_rwlock_read(rwlock);
}

static int write_it(void *rwlock, uint32_t amount)
{
    return trine_rwlock_write(rwlock);
}

static int write_and_unlock(void *rwlock, uint32_t amount)
{
    int error = trine_rwlock_write(rwlock);
    if (error == 0)
        error = trine_yield();
    return error < 0 ? error : trine_rwlock_unlock(rwlock);
}

static int unlock_it(void *rwlock, uint32_t amount)
{
    return trine_rwlock_unlock(rwlock);
}

static void assert_free(struct trine_rwlock *rwlock)
{
    assert_int_equal(trine_rwlock_try_write(rwlock), 0);
    assert_int_equal(trine_rwlock_unlock(rwlock), 0);
    assert_int_equal(trine_rwlock_unlock(rwlock), -EPERM);
    assert_null(rwlock->waits.first);
}

IN_BOTH(many_read_and_one_writes)
{
    struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
    assert_int_equal(trine_rwlock_unlock(&rwlock), -EPERM);
    assert_int_equal(trine_rwlock_read(&rwlock), 0);
    assert_int_equal(trine_rwlock_read(&rwlock), 0);
    assert_int_equal(trine_rwlock_try_read(&rwlock), 0);
    assert_int_equal(trine_rwlock_try_write(&rwlock), -EBUSY);
    assert_int_equal(TRINE_WITHIN(0, trine_rwlock_write(&rwlock)), -ETIMEDOUT);
    assert_int_equal(TRINE_WITHIN(SOON, trine_rwlock_write(&rwlock)), -ETIMEDOUT);
    for (int i = 0; i < 3; i++)
        assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_int_equal(TRINE_WITHIN(0, trine_rwlock_write(&rwlock)), 0);
    assert_int_equal(trine_rwlock_try_read(&rwlock), -EBUSY);
    assert_int_equal(trine_rwlock_read(&rwlock), -EDEADLK);
    assert_int_equal(trine_rwlock_write(&rwlock), -EDEADLK);
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_free(&rwlock);
    return 0;
}

IN_BOTH(nobody_unlocks_what_another_writes)
{
    struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
    struct caller caller;
    assert_int_equal(trine_rwlock_write(&rwlock), 0);
    start_caller(&caller, unlock_it, &rwlock, 0);
    assert_int_equal(end_caller(&caller), -EPERM);
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_free(&rwlock);
    return 0;
}

/* Where the readers 1 and 2 come in together, and the reader 4 behind the writer 3. */
IN_VIRTUAL_TIME(they_come_in_in_the_order_of_coming)
{
    struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
    struct line line;
    assert_int_equal(trine_rwlock_read(&rwlock), 0);
    line_open(&line);
    line_add(&line, write_and_unlock, &rwlock, 0);
    line_add(&line, read_it, &rwlock, 0);
    line_add(&line, read_it, &rwlock, 0);
    line_add(&line, write_and_unlock, &rwlock, 0);
    line_add(&line, read_it, &rwlock, 0);
    assert_int_equal(trine_rwlock_try_read(&rwlock), -EBUSY); /* a writer was before */
    assert_through(&line, "");
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_through(&line, "012");
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_through(&line, "");
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_through(&line, "34");
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_free(&rwlock);
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(readers_come_in_when_the_writer_before_them_gives_up)
{
    struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
    struct line line;
    assert_int_equal(trine_rwlock_read(&rwlock), 0);
    line_open(&line);
    line_add(&line, write_it, &rwlock, 0);
    line_add(&line, read_it, &rwlock, 0);
    line_add(&line, read_it, &rwlock, 0);
    trine_cancel(line.callers[0].future);
    assert_through(&line, "120!");
    for (int i = 0; i < 3; i++)
        assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_free(&rwlock);
    line_close(&line);
    return 0;
}

IN_VIRTUAL_TIME(the_next_hears_that_a_writer_ended_without_unlocking)
{
    struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
    struct line line;
    line_open(&line);
    line_add(&line, write_it, &rwlock, 0); /* and ends */
    assert_through(&line, "0");
    assert_reported("rwlock_test.c", "");
    assert_int_equal(trine_rwlock_read(&rwlock), TRINE_EOWNERDEAD);
    assert_int_equal(trine_rwlock_read(&rwlock), 0);
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_free(&rwlock);
    line_close(&line);
    return 0;
}

struct two_locks {
    struct trine_rwlock first, second;
};

static int write_second_then_first(void *locks, uint32_t amount)
{
    struct two_locks *two = locks;
    int error = trine_rwlock_write(&two->second);
    if (error == 0)
        error = trine_yield();
    if (error == 0 && (error = trine_rwlock_write(&two->first)) == 0)
        error = trine_rwlock_unlock(&two->first);
    int unlocked = trine_rwlock_unlock(&two->second);
    return error < 0 ? error : unlocked;
}

IN_VIRTUAL_TIME(a_circle_of_writers_is_refused)
{
    struct two_locks two = { TRINE_RWLOCK_INIT, TRINE_RWLOCK_INIT };
    struct line line;
    assert_int_equal(trine_rwlock_write(&two.first), 0);
    line_open(&line);
    line_add(&line, write_second_then_first, &two, 0);
    assert_through(&line, "");
    assert_int_equal(trine_rwlock_read(&two.second), -EDEADLK);
    assert_reported("deadlock", "is refused");
    assert_reported("rwlock_test.c", "a read-write lock");
    assert_reported("rwlock_test.c", "a read-write lock");
    assert_int_equal(trine_rwlock_unlock(&two.first), 0);
    assert_through(&line, "0");
    assert_free(&two.first);
    assert_free(&two.second);
    line_close(&line);
    return 0;
}

/* ---- across */

IN_BOTH(a_thread_waits_for_its_turn)
{
    struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
    struct caller caller;
    assert_int_equal(trine_rwlock_read(&rwlock), 0);
    start_caller(&caller, write_and_unlock, &rwlock, 0);
    until_somebody_waits(&rwlock.lock, &rwlock.waits);
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_int_equal(TRINE_WITHIN(PATIENCE, trine_rwlock_write(&rwlock)), 0);
    assert_int_equal(trine_rwlock_unlock(&rwlock), 0);
    assert_int_equal(end_caller(&caller), 0);
    assert_free(&rwlock);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(many_read_and_one_writes),
        BOTH(nobody_unlocks_what_another_writes),
        TEST(they_come_in_in_the_order_of_coming),
        TEST(readers_come_in_when_the_writer_before_them_gives_up),
        TEST(the_next_hears_that_a_writer_ended_without_unlocking),
        TEST(a_circle_of_writers_is_refused),
        BOTH(a_thread_waits_for_its_turn),
    };
    return RUN_TESTS(tests);
}
