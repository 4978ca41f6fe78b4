/* SPDX-License-Identifier: MIT */
/* Threads at odds with each other and with loops, many times over; made for ThreadSanitizer, and
 * for the assertions about who won. */
#include "races.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <trine/debug.h>
#include <trine/future.h>
#include <trine/group.h>
#include <trine/run.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS  2000

static void with_threads(void *(*fn)(void *arg), void *arg)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, fn, arg) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* ---- one promise: resolved, cancelled, awaited, called back */

static struct trine_future *promises[ROUNDS];
static _Atomic(int) winners[ROUNDS], called[ROUNDS], added[ROUNDS];

static void count_call(struct trine_future *future, void *arg)
{
    must(trine_future_done(future));
    atomic_fetch_add((_Atomic(int) *)arg, 1);
}

static void meet(int round, unsigned *seed)
{
    struct trine_future *promise = promises[round];
    int value = 7;
    switch (chance(seed, 4)) {
    case 0:
        atomic_fetch_add(&winners[round], trine_promise_resolve(promise, 7, &value) == 0);
        break;
    case 1:
        atomic_fetch_add(&winners[round], trine_cancel(promise));
        break;
    case 2:
        must(trine_future_on_done(promise, count_call, &called[round]) == 0);
        atomic_fetch_add(&added[round], 1);
        break;
    default:
        (void)TRINE_WITHIN(TRINE_MICROSECONDS(chance(seed, 20)), trine_await(promise, NULL));
        break;
    }
    /* Whoever comes last makes sure of an end. */
    atomic_fetch_add(&winners[round], trine_promise_resolve(promise, 7, &value) == 0);
    int outcome = 0;
    must(trine_await(promise, &outcome) == 0);
    must(outcome == 7 ? *(int *)trine_future_value(promise) == 7 : outcome == -ECANCELED);
}

static void *meet_in_a_thread(void *arg)
{
    unsigned seed = new_seed();
    for (int i = 0; i < ROUNDS; i++)
        meet(i, &seed);
    return NULL;
}

static void a_promise_has_exactly_one_winner(void)
{
    for (int i = 0; i < ROUNDS; i++)
        promises[i] = trine_promise_new(sizeof(int));
    with_threads(meet_in_a_thread, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        must(atomic_load(&winners[i]) == 1);
        must(atomic_load(&called[i]) == atomic_load(&added[i]));
        trine_future_unref(promises[i]);
    }
}

/* ---- wakes across threads */

static struct trine_future *balls[ROUNDS];

static void *throw_balls(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        (void)trine_promise_resolve(balls[i], i, NULL); /* four threads, one succeeds */
    return NULL;
}

static int catch_balls(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        int outcome = -1, error;
        while ((error = TRINE_WITHIN(TRINE_MICROSECONDS(i % 7), trine_await(balls[i], &outcome))) ==
               -ETIMEDOUT)
            ;
        must(error == 0 && outcome == i);
    }
    return 0;
}

static int catch_in_groups(void *arg)
{
    struct trine_group group;
    pthread_t threads[THREADS];
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        trine_spawn(&group, catch_balls, NULL);
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, throw_balls, NULL) == 0);
    int error = trine_group_close(&group);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return error;
}

static void no_wake_from_a_thread_is_lost(void)
{
    for (int loops = 1; loops <= 2; loops++) {
        struct trine_run_options options = { .loops = (unsigned)loops };
        for (int i = 0; i < ROUNDS; i++)
            balls[i] = trine_promise_new(0);
        must(trine_run(catch_in_groups, NULL, &options) == 0);
        for (int i = 0; i < ROUNDS; i++)
            trine_future_unref(balls[i]);
    }
}

/* ---- cancels and spawns from threads, while the group is open */

static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static struct trine_group *open_group;
static struct trine_scope *open_scope;
static _Atomic(bool) over;
static _Atomic(int) begun, ended;

static void publish(struct trine_group *group, struct trine_scope *scope)
{
    pthread_mutex_lock(&open_lock);
    open_group = group;
    open_scope = scope;
    pthread_mutex_unlock(&open_lock);
}

static int come_and_go(void *arg)
{
    atomic_fetch_add(&begun, 1);
    int error = trine_sleep(TRINE_MICROSECONDS((intptr_t)arg));
    if (error == 0)
        error = trine_yield();
    atomic_fetch_add(&ended, 1);
    return error;
}

static void disturb(unsigned *seed)
{
    struct trine_group *group = open_group;
    switch (chance(seed, 8)) {
    case 0:
        trine_group_cancel(group, "a thread wants it");
        break;
    case 1:
        trine_scope_cancel(open_scope, "a thread wants it");
        break;
    case 2: {
        struct trine_future *child = trine_spawn(group, come_and_go, (void *)30);
        must(child != NULL);
        trine_cancel(child);
        break;
    }
    default:
        must(trine_spawn(group, come_and_go, (void *)(intptr_t)chance(seed, 30)) != NULL);
        break;
    }
}

static void *disturb_from_a_thread(void *arg)
{
    unsigned seed = new_seed();
    while (!atomic_load(&over)) {
        pthread_mutex_lock(&open_lock);
        if (open_group != NULL)
            disturb(&seed);
        pthread_mutex_unlock(&open_lock);
        if (chance(&seed, 4) == 0)
            sched_yield();
    }
    return NULL;
}

static int be_disturbed(void *arg)
{
    pthread_t threads[THREADS];
    unsigned seed = new_seed();
    atomic_store(&over, false);
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, disturb_from_a_thread, NULL) == 0);
    for (int i = 0; i < ROUNDS / 4; i++) {
        struct trine_scope scope;
        struct trine_group group;
        struct trine_group_options options = { .limit = chance(&seed, 2) * 3,
                                               .policy = TRINE_SUPERVISE,
                                               .timeout = TRINE_MICROSECONDS(chance(&seed, 200)) };
        trine_scope_open(&scope, TRINE_FOREVER);
        trine_group_open(&group, &options);
        publish(&group, &scope);
        for (int k = 0; k < 8; k++)
            trine_spawn(&group, come_and_go, (void *)(intptr_t)chance(&seed, 50));
        (void)trine_sleep(TRINE_MICROSECONDS(chance(&seed, 50)));
        publish(NULL, NULL);
        int error = trine_group_close(&group);
        must(error == 0 || error == -ECANCELED || error == -ETIMEDOUT);
        trine_scope_close(&scope);
        must(atomic_load(&begun) == atomic_load(&ended));
        must(trine_yield() == 0);
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static void groups_stand_cancels_and_spawns_from_threads(void)
{
    for (int loops = 1; loops <= 3; loops += 2)
        must(trine_run(be_disturbed, NULL,
                       &(struct trine_run_options){ .loops = (unsigned)loops }) == 0);
}

/* ---- a plain thread's scope */

static void *cancel_scopes(void *arg)
{
    while (!atomic_load(&over)) {
        pthread_mutex_lock(&open_lock);
        if (open_scope != NULL)
            trine_scope_cancel(open_scope, "a thread wants it");
        pthread_mutex_unlock(&open_lock);
        sched_yield();
    }
    return NULL;
}

static void plain_threads_are_cancelled_by_others(void)
{
    pthread_t threads[THREADS];
    struct trine_future *never = trine_promise_new(0);
    atomic_store(&over, false);
    for (int i = 0; i < THREADS; i++)
        must(pthread_create(&threads[i], NULL, cancel_scopes, NULL) == 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct trine_scope scope;
        trine_scope_open(&scope, TRINE_FOREVER);
        publish(NULL, &scope);
        must(trine_await(never, NULL) == -ECANCELED);
        publish(NULL, NULL);
        must(trine_scope_close(&scope) == -ECANCELED);
    }
    atomic_store(&over, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    trine_future_unref(never);
}

/* ---- tasks of several loops that cancel each other, started or not */

static int cancel_each_other(void *arg)
{
    struct trine_group group;
    struct trine_future *children[16];
    unsigned seed = new_seed();
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    for (int i = 0; i < 16; i++)
        children[i] = trine_spawn(&group, come_and_go, (void *)(intptr_t)chance(&seed, 100));
    for (int i = 0; i < 16; i++) {
        if (chance(&seed, 3) == 0)
            trine_cancel(children[chance(&seed, 16)]);
        if (chance(&seed, 3) == 0)
            (void)trine_yield();
    }
    if (chance(&seed, 2) == 0)
        trine_group_cancel(&group, "enough");
    (void)trine_group_close(&group);
    return 0;
}

static int fight(void *arg)
{
    for (int i = 0; i < ROUNDS / 40; i++) {
        struct trine_group group;
        trine_group_open(&group, NULL);
        struct trine_future *children[20];
        for (int k = 0; k < 20; k++)
            children[k] = trine_spawn(&group, cancel_each_other, NULL);
        for (int k = 0; k < 20; k += 3)
            trine_cancel(children[k]);
        (void)trine_yield();
        if (i % 4 == 0)
            trine_group_cancel(&group, "enough of this");
        int error = trine_group_close(&group);
        must(error == 0 || error == -ECANCELED);
        must(atomic_load(&begun) == atomic_load(&ended));
    }
    return 0;
}

static void tasks_of_several_loops_cancel_each_other(void)
{
    must(trine_run(fight, NULL, &(struct trine_run_options){ .loops = 4 }) == 0);
}

/* ---- callbacks, while loops come and go */

static struct trine_future *shared[16];
static _Atomic(int) shared_calls;

static int add_callbacks(void *arg)
{
    for (int i = 0; i < 16; i++)
        must(trine_future_on_done(shared[i], count_call, &shared_calls) == 0);
    return trine_yield();
}

static void *add_callbacks_from_runs(void *arg)
{
    for (int i = 0; i < 20; i++)
        must(trine_run(add_callbacks, NULL, NULL) == 0);
    return NULL;
}

static void *resolve_slowly(void *arg)
{
    for (int i = 0; i < 16; i++) {
        usleep(100);
        must(trine_promise_resolve(shared[i], 0, NULL) == 0);
    }
    return NULL;
}

static void loops_end_while_their_callbacks_come(void)
{
    for (int round = 0; round < 20; round++) {
        pthread_t resolver;
        for (int i = 0; i < 16; i++)
            shared[i] = trine_promise_new(0);
        must(pthread_create(&resolver, NULL, resolve_slowly, NULL) == 0);
        with_threads(add_callbacks_from_runs, NULL);
        pthread_join(resolver, NULL);
        for (int i = 0; i < 16; i++)
            trine_future_unref(shared[i]);
    }
}

static const struct {
    const char *name;
    void (*run)(void);
} races[] = {
    { "a promise has exactly one winner", a_promise_has_exactly_one_winner },
    { "no wake from a thread is lost", no_wake_from_a_thread_is_lost },
    { "groups stand cancels and spawns from threads",
      groups_stand_cancels_and_spawns_from_threads },
    { "plain threads are cancelled by others", plain_threads_are_cancelled_by_others },
    { "tasks of several loops cancel each other", tasks_of_several_loops_cancel_each_other },
    { "loops end while their callbacks come", loops_end_while_their_callbacks_come },
};

int main(void)
{
    const size_t count = sizeof races / sizeof races[0];
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; i < count; i++) {
        alarm(120);
        printf("%s\n", races[i].name);
        races[i].run();
    }
    printf("%zu passed, 0 failed\n", count);
    return 0;
}
