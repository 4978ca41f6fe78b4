/* SPDX-License-Identifier: MIT */
/* Mutexes and conditions under a crowd: a thousand tasks of several loops and plain threads, exact
 * counts; and circles of every kind, closed from everywhere at once, of which none may stay. */
#include "races.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine/debug.h>
#include <trine/group.h>
#include <trine/run.h>
#include <trine/sync.h>
#include <unistd.h>

#define THREADS 4
#define TASKS   1000
#define ROUNDS  20

/* fn in THREADS plain threads of TASKS / 10 rounds each, and in TASKS tasks of as many loops. */
static int (*work)(unsigned *seed);

static int work_in_a_task(void *arg)
{
    unsigned seed = new_seed();
    for (int i = 0; i < ROUNDS; i++) {
        int error = work(&seed);
        if (error < 0)
            return error;
    }
    return 0;
}

static void *work_in_a_thread(void *arg)
{
    unsigned seed = new_seed();
    for (int i = 0; i < ROUNDS * TASKS / 10; i++)
        must(work(&seed) == 0);
    return NULL;
}

static int spawn_all(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < TASKS; i++)
        trine_spawn(&group, work_in_a_task, NULL);
    return trine_group_close(&group);
}

#define ALL_ROUNDS (ROUNDS * TASKS + THREADS * (ROUNDS * TASKS / 10))

static void by_all(int (*fn)(unsigned *seed))
{
    pthread_t threads[THREADS];
    struct trine_run_options several = { .loops = 4 };
    work = fn;
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, work_in_a_thread, NULL) == 0);
    must(trine_run(spawn_all, NULL, &several) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- one owner */

static struct trine_mutex mutex;
static long count; /* under the mutex */
static _Atomic(long) given_up;

static int count_one(unsigned *seed)
{
    int error = 0;
    switch (chance(seed, 4)) {
    case 0:
        while ((error = trine_mutex_try_lock(&mutex)) == -EBUSY)
            trine_yield();
        break;
    case 1:
        error = TRINE_WITHIN(TRINE_MICROSECONDS(50), trine_mutex_lock(&mutex));
        if (error == -ETIMEDOUT) {
            given_up++;
            return 0;
        }
        break;
    default:
        error = trine_mutex_lock(&mutex);
    }
    if (error < 0)
        return error;
    long before = count;
    if (chance(seed, 16) == 0)
        trine_yield();
    count = before + 1;
    return trine_mutex_unlock(&mutex);
}

static void a_mutex_has_one_owner(void)
{
    by_all(count_one);
    must(count + given_up == ALL_ROUNDS);
    must(!trine_mutex_locked(&mutex));
}

/* ---- no notify is lost, none is taken twice */

static struct trine_condition condition;
static long tokens, taken, put; /* under the mutex */

static bool has_token(void *arg)
{
    return tokens > 0;
}

/* Puts a token or, no more often, takes one. */
static int put_or_take(unsigned *seed)
{
    int error = trine_mutex_lock(&mutex);
    if (error < 0)
        return error;
    if (chance(seed, 2) == 0 || put <= taken) {
        tokens++;
        put++;
        trine_condition_notify(&condition, 1);
    } else {
        taken++; /* promised, and kept unless it gives up */
        if (chance(seed, 2) == 0)
            error = TRINE_WITHIN(TRINE_MICROSECONDS(50),
                                 trine_condition_wait_for(&condition, &mutex, has_token, NULL));
        else
            error = trine_condition_wait_for(&condition, &mutex, has_token, NULL);
        if (error == 0)
            tokens--;
        else
            taken--;
    }
    must(trine_mutex_unlock(&mutex) == 0);
    return error == -ETIMEDOUT ? 0 : error;
}

static void no_notify_is_lost(void)
{
    by_all(put_or_take);
    must(tokens == put - taken);
    must(condition.waits.first == NULL && !trine_mutex_locked(&mutex));
}

/* ---- circles: everybody takes several of a few locks in random order */

#define LOCKS 6
static struct trine_mutex locks[LOCKS];
static long counts[LOCKS]; /* each under its lock */
static _Atomic(long) counted[LOCKS];
static _Atomic(long) circles, refused, dead;

static void count_circles(const char *message, void *arg)
{
    if (strstr(message, "wait for each other in a circle") != NULL)
        circles++;
    else if (strstr(message, "ended while it held a lock") != NULL)
        dead++;
}

static int take(int lock)
{
    int error = trine_mutex_lock(&locks[lock]);
    if (error == -EDEADLK) {
        refused++;
        return error;
    }
    must(error == 0 || error == TRINE_EOWNERDEAD);
    counts[lock]++;
    counted[lock]++;
    return 0;
}

static int child_takes_one(void *arg)
{
    int lock = (int)(intptr_t)arg;
    if (take(lock) == 0)
        must(trine_mutex_unlock(&locks[lock]) == 0);
    return 0;
}

/* What a holder may do besides locking more: wait for a child that locks. */
static void wait_for_a_child(unsigned *seed)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    void *lock = (void *)(intptr_t)chance(seed, LOCKS);
    struct trine_future *child = trine_spawn(&group, child_takes_one, lock);
    if (chance(seed, 2) == 0 && trine_await(child, NULL) == -EDEADLK)
        refused++;
    if (chance(seed, 2) == 0 && trine_gather(&child, 1, TRINE_GATHER_KEEP) == -EDEADLK)
        refused++;
    must(trine_group_close(&group) == 0);
}

static int take_some(unsigned *seed)
{
    int mine[3], holding = 0;
    while (holding < 3) {
        int lock = (int)chance(seed, LOCKS);
        bool again = false;
        for (int i = 0; i < holding; i++)
            again |= mine[i] == lock;
        if (again)
            continue;
        if (take(lock) < 0)
            break;
        mine[holding++] = lock;
        if (chance(seed, 4) == 0)
            trine_yield();
        if (trine_self() != NULL && chance(seed, 8) == 0)
            wait_for_a_child(seed);
    }
    while (holding > 0)
        must(trine_mutex_unlock(&locks[mine[--holding]]) == 0);
    return 0;
}

static void every_circle_is_broken_once(void)
{
    by_all(take_some);
    for (int i = 0; i < LOCKS; i++) {
        must(!trine_mutex_locked(&locks[i]));
        must(counts[i] == counted[i]);
    }
    printf("  %ld circles\n", (long)circles);
    must(circles == refused); /* each one refused exactly one */
    must(circles > 0);
}

/* ---- owners that end, now and then, in tasks and threads */

static void *lock_and_end(void *arg)
{
    (void)take((int)(intptr_t)arg);
    return NULL;
}

static int lock_and_end_task(void *arg)
{
    (void)lock_and_end(arg);
    return 0;
}

static int end_as_owner(unsigned *seed)
{
    void *lock = (void *)(intptr_t)chance(seed, LOCKS);
    if (trine_self() != NULL && chance(seed, 16) == 0) {
        struct trine_group group;
        trine_group_open(&group, NULL);
        trine_spawn(&group, lock_and_end_task, lock);
        return trine_group_close(&group);
    }
    if (trine_self() == NULL && chance(seed, 256) == 0) {
        pthread_t thread;
        must(pthread_create(&thread, NULL, lock_and_end, lock) == 0);
        return pthread_join(thread, NULL);
    }
    return take_some(seed);
}

static void locks_survive_their_owners(void)
{
    circles = refused = 0;
    by_all(end_as_owner);
    for (int i = 0; i < LOCKS; i++) {
        must(!trine_mutex_locked(&locks[i]));
        must(counts[i] == counted[i]);
    }
    must(circles == refused && dead > 0);
}

static const struct {
    const char *name;
    void (*run)(void);
} races[] = {
    { "a mutex has one owner", a_mutex_has_one_owner },
    { "no notify is lost", no_notify_is_lost },
    { "every circle is broken once", every_circle_is_broken_once },
    { "locks survive their owners", locks_survive_their_owners },
};

int main(void)
{
    const size_t races_count = sizeof races / sizeof races[0];
    setvbuf(stdout, NULL, _IOLBF, 0);
    trine_set_report(count_circles, NULL);
    for (size_t i = 0; i < races_count; i++) {
        alarm(240);
        printf("%s\n", races[i].name);
        races[i].run();
    }
    printf("%zu passed, 0 failed\n", races_count);
    return 0;
}
