/* SPDX-License-Identifier: MIT */
/* A task whose calls never have to wait still lets the others run: after its budget of calls each
 * primitive gives the loop a turn. */
#include "sync/line_suite.h"
#include <trine/group.h>
#include <trine/queue.h>
#include <trine/select.h>
#include <trine/sync.h>

#define FAR_BEYOND 1000000 /* calls: who is not made to yield by then never is */

static bool others_ran;

static int say_so(void *arg)
{
    others_ran = true;
    return 0;
}

/* Calls `turn` until the other task has run. */
static void must_let_others_run(int (*turn)(void *object), void *object)
{
    struct trine_group group;
    int calls = 0;
    others_ran = false;
    trine_group_open(&group, NULL);
    trine_spawn(&group, say_so, NULL);
    for (; !others_ran && calls < FAR_BEYOND; calls++)
        assert_int_equal(turn(object), 0);
    assert_in_range(calls, 1, 1000);
    assert_int_equal(trine_group_close(&group), 0);
}

static int lock_and_unlock(void *mutex)
{
    int error = trine_mutex_lock((struct trine_mutex *)mutex);
    return error < 0 ? error : trine_mutex_unlock(mutex);
}

static int read_and_write(void *rwlock)
{
    int error = trine_rwlock_read((struct trine_rwlock *)rwlock);
    if (error == 0)
        error = trine_rwlock_unlock(rwlock);
    if (error == 0)
        error = trine_rwlock_write((struct trine_rwlock *)rwlock);
    return error < 0 ? error : trine_rwlock_unlock(rwlock);
}

static int acquire_and_release(void *semaphore)
{
    int error = trine_semaphore_acquire((struct trine_semaphore *)semaphore);
    return error < 0 ? error : trine_semaphore_release((struct trine_semaphore *)semaphore);
}

static int borrow_and_return(void *limiter)
{
    int error = trine_limiter_acquire(limiter);
    return error < 0 ? error : trine_limiter_release(limiter);
}

static int wait_for_set(void *event)
{
    return trine_event_wait(event);
}

static int put_and_get(void *queue)
{
    int item = 1, error = trine_queue_put(queue, &item);
    return error < 0 ? error : trine_queue_get(queue, &item);
}

static int select_a_put(void *queue)
{
    int item = 1;
    struct trine_case cases[] = { TRINE_CASE_PUT(queue, &item), TRINE_CASE_NONE };
    int happened = trine_select(cases, 2, 0);
    return happened < 0 ? happened : trine_queue_try_get(queue, &item);
}

IN_A_TASK(locks_and_signals_give_turns)
{
    struct trine_mutex mutex = TRINE_MUTEX_INIT;
    struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
    struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(1);
    struct trine_limiter limiter = TRINE_LIMITER_INIT(1);
    struct trine_event event = TRINE_EVENT_INIT;
    trine_event_set(&event);
    must_let_others_run(lock_and_unlock, &mutex);
    must_let_others_run(read_and_write, &rwlock);
    must_let_others_run(acquire_and_release, &semaphore);
    must_let_others_run(borrow_and_return, &limiter);
    must_let_others_run(wait_for_set, &event);
    return 0;
}

IN_A_TASK(queues_and_select_give_turns)
{
    for (int order = TRINE_FIFO; order <= TRINE_LIFO; order++) {
        struct trine_queue_options options = { .item_size = sizeof(int),
                                               .capacity = 4,
                                               .order = (enum trine_queue_order)order };
        struct trine_queue *queue = trine_queue_new(&options);
        assert_non_null(queue);
        must_let_others_run(put_and_get, queue);
        must_let_others_run(select_a_put, queue);
        trine_queue_free(queue);
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(locks_and_signals_give_turns),
        TEST(queues_and_select_give_turns),
    };
    return RUN_TESTS(tests);
}
