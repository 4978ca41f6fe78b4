/* SPDX-License-Identifier: MIT */
/* Selects at odds: tasks of several loops and plain threads put and get through selects and plain
 * calls over the same queues, with deadlines that strike at random. Every item that was put is got
 * exactly once, every item that was not put is got by nobody, and no queue remembers anybody. */
#include "races.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>
#include <unistd.h>

#define QUEUES  4
#define THREADS 4
#define TASKS   1000
#define PARTY   8    /* items that each task and each lap of a thread puts */
#define LAPS    1000 /* of a thread */
#define NUMBERS ((TASKS + THREADS * LAPS) * PARTY)

static struct trine_queue *queues[QUEUES];
static _Atomic(unsigned char) was_put[NUMBERS], was_got[NUMBERS];
static _Atomic(uint32_t) next_number;
static _Atomic(long) given_up;
static _Atomic(long) left; /* items that are put and not got, or may still be put */
static struct trine_event over;

static void got(uint32_t number)
{
    must(number < NUMBERS);
    must(atomic_fetch_add(&was_got[number], 1) == 0);
    if (atomic_fetch_sub(&left, 1) == 1)
        trine_event_set(&over);
}

static void put(uint32_t number)
{
    must(atomic_fetch_add(&was_put[number], 1) == 0);
}

/* Puts `number` or gets another, whichever can happen: true if it was put. */
static bool put_or_get(uint32_t *number, unsigned *seed)
{
    uint32_t taken[2] = { UINT32_MAX, UINT32_MAX };
    unsigned at = chance(seed, QUEUES);
    struct trine_case cases[] = {
        TRINE_CASE_PUT(queues[at], number), TRINE_CASE_GET(queues[(at + 1) % QUEUES], &taken[0]),
        TRINE_CASE_PUT(queues[(at + 2) % QUEUES], number),
        TRINE_CASE_GET(queues[at], &taken[1]), /* the same, both ways */
    };
    unsigned flags = chance(seed, 4) == 0 ? TRINE_BIASED : 0;
    int64_t limit = TRINE_MICROSECONDS(chance(seed, 300));
    int chosen = TRINE_WITHIN(limit, trine_select(cases, 4, flags));
    must(chosen >= 0 || chosen == -ETIMEDOUT);
    atomic_fetch_add(&given_up, chosen < 0);
    must(chosen < 0 || cases[chosen].result == 0);
    for (int i = 0; i < 2; i++) {
        must((taken[i] != UINT32_MAX) == (chosen == 2 * i + 1));
        if (taken[i] != UINT32_MAX)
            got(taken[i]);
    }
    return chosen == 0 || chosen == 2;
}

static void take_part(unsigned *seed)
{
    for (int i = 0; i < PARTY; i++) {
        uint32_t number = atomic_fetch_add(&next_number, 1);
        if (chance(seed, 4) == 0) {
            /* Put even if it takes a helper: somebody gets it. */
            int error = TRINE_WITHIN(TRINE_MICROSECONDS(chance(seed, 100)),
                                     trine_queue_put(queues[chance(seed, QUEUES)], &number));
            must(error == 0 || error == -ETIMEDOUT);
            if (error == 0) {
                put(number);
                continue;
            }
        }
        while (!put_or_get(&number, seed))
            ;
        put(number);
    }
}

static int be_a_task(void *arg)
{
    unsigned seed = new_seed();
    take_part(&seed);
    return 0;
}

static void *be_a_thread(void *arg)
{
    unsigned seed = new_seed();
    for (int i = 0; i < LAPS; i++)
        take_part(&seed);
    return NULL;
}

/* Gets what nobody else got, until all is got. */
static int drain(void *arg)
{
    uint32_t number;
    for (;;) {
        struct trine_case cases[QUEUES + 1];
        for (int i = 0; i < QUEUES; i++)
            cases[i] = (struct trine_case)TRINE_CASE_GET(queues[i], &number);
        cases[QUEUES] = (struct trine_case)TRINE_CASE_EVENT(&over);
        int chosen = trine_select(cases, QUEUES + 1, 0);
        must(chosen >= 0);
        if (chosen == QUEUES)
            return 0;
        got(number);
    }
}

static int all_tasks(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < TASKS; i++)
        must(trine_spawn(&group, be_a_task, NULL) != NULL);
    for (int i = 0; i < 3; i++)
        must(trine_spawn(&group, drain, NULL) != NULL);
    return trine_group_close(&group);
}

static void every_item_comes_exactly_once(unsigned loops)
{
    pthread_t threads[THREADS];
    atomic_store(&next_number, 0);
    atomic_store(&left, NUMBERS);
    over = (struct trine_event)TRINE_EVENT_INIT;
    for (size_t i = 0; i < NUMBERS; i++) {
        atomic_store(&was_put[i], 0);
        atomic_store(&was_got[i], 0);
    }
    for (size_t i = 0; i < QUEUES; i++)
        queues[i] = trine_queue_new(&(struct trine_queue_options){ .item_size = sizeof(uint32_t),
                                                                   .capacity = i == 3 ? 20 : i });
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, be_a_thread, NULL) == 0);
    must(trine_run(all_tasks, NULL, &(struct trine_run_options){ .loops = loops }) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < NUMBERS; i++)
        must(atomic_load(&was_put[i]) == 1 && atomic_load(&was_got[i]) == 1);
    for (size_t i = 0; i < QUEUES; i++) {
        struct trine_queue_state state = trine_queue_inspect(queues[i]);
        must(state.length == 0 && state.putters == 0 && state.getters == 0);
        trine_queue_free(queues[i]);
    }
}

/* ---- one select, many who want it: a future, a queue, a descriptor and a time at once */

static struct trine_queue *ball;
static _Atomic(struct trine_future *) promise;
static _Atomic(int) thrown, caught;
static int hole[2];

static void *throw_all(void *arg)
{
    unsigned seed = new_seed();
    while (!trine_event_is_set(&over)) {
        struct trine_future *future = atomic_exchange(&promise, NULL);
        if (future != NULL) {
            (void)trine_promise_resolve(future, 0, NULL);
            trine_future_unref(future);
        }
        if (TRINE_WITHIN(TRINE_MICROSECONDS(20), trine_queue_put(ball, &seed)) == 0)
            atomic_fetch_add(&thrown, 1);
        if (chance(&seed, 8) == 0)
            must(write(hole[1], "x", 1) == 1);
    }
    return NULL;
}

static int catch_one(void *arg)
{
    unsigned seed = new_seed(), item;
    int counts[4] = { 0 };
    for (int i = 0; i < 1000; i++) {
        struct trine_future *future = trine_promise_new(0);
        struct trine_future *before = atomic_exchange(&promise, trine_future_ref(future));
        trine_future_unref(before);
        struct trine_case cases[] = { TRINE_CASE_FUTURE(future), TRINE_CASE_GET(ball, &item),
                                      TRINE_CASE_FD(hole[0], TRINE_READABLE),
                                      TRINE_CASE_AFTER(TRINE_MICROSECONDS(chance(&seed, 60))) };
        int chosen = trine_select(cases, 4, 0);
        must(chosen >= 0);
        counts[chosen]++;
        must(chosen != 0 || trine_future_done(future));
        if (chosen == 1)
            atomic_fetch_add(&caught, 1);
        char byte;
        if (chosen == 2)
            must(trine_read(hole[0], &byte, 1) == 1);
        trine_future_unref(future);
    }
    printf("    future %d, queue %d, descriptor %d, timer %d\n", counts[0], counts[1], counts[2],
           counts[3]);
    return 0;
}

static void everybody_throws_at_one_select(bool in_a_task)
{
    pthread_t threads[2];
    unsigned item;
    over = (struct trine_event)TRINE_EVENT_INIT;
    atomic_store(&thrown, 0);
    atomic_store(&caught, 0);
    ball = trine_queue_new(
        &(struct trine_queue_options){ .item_size = sizeof(unsigned), .capacity = in_a_task });
    must(pipe(hole) == 0);
    for (int i = 0; i < 2; i++)
        must(pthread_create(&threads[i], NULL, throw_all, NULL) == 0);
    must((in_a_task ? trine_run(catch_one, NULL, NULL) : catch_one(NULL)) == 0);
    trine_event_set(&over);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    while (trine_queue_try_get(ball, &item) == 0)
        atomic_fetch_add(&caught, 1);
    must(atomic_load(&thrown) == atomic_load(&caught));
    trine_future_unref(atomic_exchange(&promise, NULL));
    trine_queue_free(ball);
    close(hole[0]);
    close(hole[1]);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(300);
    for (unsigned loops = 1; loops <= 3; loops += 2) {
        printf("every item comes exactly once, %u loops\n", loops);
        every_item_comes_exactly_once(loops);
        printf("    %d items, %ld selects given up\n", NUMBERS, atomic_exchange(&given_up, 0));
    }
    for (int in_a_task = 0; in_a_task < 2; in_a_task++) {
        printf("everybody throws at one select, in a %s\n", in_a_task ? "task" : "thread");
        everybody_throws_at_one_select(in_a_task);
    }
    printf("4 passed, 0 failed\n");
    return 0;
}
