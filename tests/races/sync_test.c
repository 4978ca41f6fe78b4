/* SPDX-License-Identifier: MIT */
/* Primitives under stress: a thousand tasks of several loops and four plain threads at the same
 * one, with limits that often run out. What went in must have come out, exactly. */
#include "races.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <trine/debug.h>
#include <trine/group.h>
#include <trine/run.h>
#include <trine/select.h>
#include <trine/sync.h>
#include <unistd.h>

#define THREADS 4
#define LOOPS   3
#define TASKS   1000
#define ROUNDS  5 /* of a task */
#define PERMITS 3

/* A limit that sometimes runs out before or while a call waits. */
static int64_t some_time(unsigned *seed)
{
    return chance(seed, 2) == 0 ? TRINE_SECONDS(60) : TRINE_MICROSECONDS(chance(seed, 200));
}

static bool is_time_up(int error)
{
    must(error == 0 || error == -ETIMEDOUT);
    return error < 0;
}

/* ---- what is done, by every task ROUNDS times and by every thread as often as 300 tasks */

typedef void (*visit_fn)(unsigned *seed);

static int visit_in_a_task(void *visit)
{
    unsigned seed = new_seed();
    for (int i = 0; i < ROUNDS; i++) {
        ((visit_fn)visit)(&seed);
        if (chance(&seed, 3) == 0)
            must(trine_yield() == 0);
    }
    return 0;
}

static void *visit_in_a_thread(void *visit)
{
    for (int i = 0; i < 300; i++)
        visit_in_a_task(visit);
    return NULL;
}

static int visit_in_tasks(void *visit)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < TASKS; i++)
        must(trine_spawn(&group, visit_in_a_task, visit) != NULL);
    return trine_group_close(&group);
}

static void with_all(visit_fn visit)
{
    pthread_t threads[THREADS];
    struct trine_run_options several = { .loops = LOOPS };
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, visit_in_a_thread, (void *)visit) == 0);
    must(trine_run(visit_in_tasks, (void *)visit, &several) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- semaphore */

static struct trine_semaphore semaphore = TRINE_BOUNDED_SEMAPHORE_INIT(PERMITS);
static _Atomic(unsigned) inside;

static void use_permits(unsigned *seed)
{
    uint32_t count = 1 + chance(seed, PERMITS);
    int error =
        chance(seed, 4) == 0
            ? trine_semaphore_try_acquire_many(&semaphore, count)
            : TRINE_WITHIN(some_time(seed), trine_semaphore_acquire_many(&semaphore, count));
    if (error == -EAGAIN || is_time_up(error))
        return;
    must(atomic_fetch_add(&inside, count) + count <= PERMITS);
    if (chance(seed, 8) == 0)
        must(trine_yield() == 0);
    atomic_fetch_sub(&inside, count);
    must(trine_semaphore_release_many(&semaphore, count) == 0);
}

static void permits_do_not_drift(void)
{
    with_all(use_permits);
    must(trine_semaphore_permits(&semaphore) == PERMITS && semaphore.waits.first == NULL);
}

/* ---- an event that resets itself: each permit is for one */

static struct trine_event baton = TRINE_AUTO_EVENT_INIT, never = TRINE_AUTO_EVENT_INIT;
static unsigned long plain; /* who holds the baton may touch it */
static _Atomic(unsigned long) counted;

static int get_baton(unsigned *seed)
{
    struct trine_case cases[] = { TRINE_CASE_EVENT(&never), TRINE_CASE_EVENT(&baton) };
    if (chance(seed, 2) == 0)
        return trine_event_wait(&baton);
    int which = trine_select(cases, 2, 0);
    return which == 1 ? 0 : which;
}

static void pass_the_baton(unsigned *seed)
{
    if (is_time_up(TRINE_WITHIN(some_time(seed), get_baton(seed))))
        return;
    plain++;
    atomic_fetch_add(&counted, 1);
    trine_event_set(&baton);
}

static void there_is_one_permit(void)
{
    trine_event_set(&baton);
    with_all(pass_the_baton);
    must(trine_event_is_set(&baton) && !trine_event_is_set(&never));
    must(baton.waits.first == NULL && never.waits.first == NULL);
    must(plain == atomic_load(&counted) && plain > 0);
}

/* ---- capacity limiter */

static struct trine_limiter limiter = TRINE_LIMITER_INIT(PERMITS);

static void borrow(unsigned *seed)
{
    if (chance(seed, 16) == 0)
        trine_limiter_set_tokens(&limiter, 1 + chance(seed, PERMITS));
    if (is_time_up(TRINE_WITHIN(some_time(seed), trine_limiter_acquire(&limiter))))
        return;
    must(trine_limiter_acquire(&limiter) == -EALREADY);
    must(atomic_fetch_add(&inside, 1) < PERMITS);
    if (chance(seed, 8) == 0)
        must(trine_yield() == 0);
    atomic_fetch_sub(&inside, 1);
    must(trine_limiter_release(&limiter) == 0);
}

static void tokens_do_not_drift(void)
{
    with_all(borrow);
    must(trine_limiter_borrowed(&limiter) == 0);
    must(limiter.borrowers == NULL && limiter.waits.first == NULL);
}

/* ---- read-write lock */

static struct trine_rwlock rwlock = TRINE_RWLOCK_INIT;
static long pair[2], writes;
static _Atomic(long) written;

static void write_both(unsigned *seed)
{
    if (is_time_up(TRINE_WITHIN(some_time(seed), trine_rwlock_write(&rwlock))))
        return;
    pair[0]++;
    if (chance(seed, 8) == 0)
        must(trine_yield() == 0);
    pair[1]++;
    writes++;
    atomic_fetch_add(&written, 1);
    must(trine_rwlock_unlock(&rwlock) == 0);
}

static void read_or_write(unsigned *seed)
{
    if (chance(seed, 4) == 0) {
        write_both(seed);
        return;
    }
    if (is_time_up(TRINE_WITHIN(some_time(seed), trine_rwlock_read(&rwlock))))
        return;
    long before = writes;
    must(pair[0] == pair[1]);
    if (chance(seed, 8) == 0)
        must(trine_yield() == 0);
    must(pair[0] == pair[1] && before == writes);
    must(trine_rwlock_unlock(&rwlock) == 0);
}

static void a_writer_is_alone(void)
{
    with_all(read_or_write);
    must(pair[0] == pair[1] && writes == atomic_load(&written) && writes > 0);
    must(trine_rwlock_try_write(&rwlock) == 0 && trine_rwlock_unlock(&rwlock) == 0);
}

/* ---- barrier: a number of its own for each, in every round */

#define MEETINGS 50
#define PARTIES  (THREADS + 8)

static struct trine_barrier barrier = TRINE_BARRIER_INIT(PARTIES);
static _Atomic(unsigned) numbers[MEETINGS];

static int meet(void *arg)
{
    for (int i = 0; i < MEETINGS; i++) {
        int number = trine_barrier_wait(&barrier);
        must(number >= 0 && number < PARTIES);
        must((atomic_fetch_or(&numbers[i], 1u << number) & 1u << number) == 0);
    }
    return 0;
}

static void *meet_in_a_thread(void *arg)
{
    meet(arg);
    return NULL;
}

static int meet_in_tasks(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = THREADS; i < PARTIES; i++)
        must(trine_spawn(&group, meet, NULL) != NULL);
    return trine_group_close(&group);
}

static void each_has_a_number_of_its_own(void)
{
    pthread_t threads[THREADS];
    struct trine_run_options several = { .loops = LOOPS };
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, meet_in_a_thread, NULL) == 0);
    must(trine_run(meet_in_tasks, NULL, &several) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < MEETINGS; i++)
        must(atomic_load(&numbers[i]) == (1u << PARTIES) - 1);
}

int main(void)
{
    alarm(500);
    permits_do_not_drift();
    there_is_one_permit();
    tokens_do_not_drift();
    a_writer_is_alone();
    each_has_a_number_of_its_own();
    printf("5 passed, 0 failed\n");
    return 0;
}
