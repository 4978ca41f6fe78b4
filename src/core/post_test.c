/* SPDX-License-Identifier: MIT */
/* Posted calls: from the loop itself, from threads, from signal handlers, and at the end of a
 * run. */
#include "core/crowd.h"
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <trine/future.h>
#include <trine/loop.h>

#define POSTERS   4
#define EACH      2000
#define SIGNALS   50
#define NUMBER(x) ((void *)(intptr_t)(x))

static struct trine_future *woken;

static void resolve(void *promise)
{
    assert_null(trine__task_here()); /* outside any task */
    assert_non_null(trine_loop_here());
    assert_int_equal(trine_promise_resolve(promise, 7, NULL), 0);
}

IN_A_TASK(a_call_posted_by_a_task_runs_after_it_and_outside_any)
{
    woken = trine_promise_new(0);
    struct trine_posted post = TRINE_POSTED_INIT(resolve, woken);
    assert_int_equal(trine_post(trine_loop_here(), &post), 0);
    assert_false(trine_future_done(woken));
    int outcome = 0;
    assert_int_equal(trine_await(woken, &outcome), 0);
    assert_int_equal(outcome, 7);
    trine_future_unref(woken);
    return 0;
}

IN_A_TASK(a_post_under_way_is_refused_and_free_again_after_its_call)
{
    struct trine_future *first = trine_promise_new(0), *second = trine_promise_new(0);
    struct trine_posted post = TRINE_POSTED_INIT(resolve, first);
    assert_int_equal(trine_post(trine_loop_here(), &post), 0);
    assert_int_equal(trine_post(trine_loop_here(), &post), -EALREADY);
    assert_int_equal(trine_await(first, NULL), 0);
    post.arg = second;
    assert_int_equal(trine_post(trine_loop_here(), &post), 0);
    assert_int_equal(trine_await(second, NULL), 0);
    trine_future_unref(first);
    trine_future_unref(second);
    return 0;
}

/* ---- from threads */

struct numbered {
    struct trine_posted post;
    int poster, number;
};

static struct numbered calls[POSTERS][EACH];
static int next_of[POSTERS], came;

static void count(void *arg)
{
    struct numbered *call = arg;
    assert_int_equal(call->number, next_of[call->poster]); /* in the order of posting */
    next_of[call->poster]++;
    if (++came == POSTERS * EACH)
        assert_int_equal(trine_promise_resolve(woken, 0, NULL), 0);
}

static struct trine_loop *target;

static void post_many(void *arg)
{
    int poster = (int)(intptr_t)arg;
    for (int i = 0; i < EACH; i++) {
        struct numbered *call = &calls[poster][i];
        *call = (struct numbered){ .post = TRINE_POSTED_INIT(count, call),
                                   .poster = poster,
                                   .number = i };
        assert_int_equal(trine_post(target, &call->post), 0);
    }
}

IN_A_TASK(calls_of_many_threads_all_come_each_threads_in_order)
{
    struct helper posters[POSTERS];
    woken = trine_promise_new(0);
    target = trine_loop_here();
    came = 0;
    memset(next_of, 0, sizeof next_of);
    for (int i = 0; i < POSTERS; i++)
        start_helper(&posters[i], post_many, NUMBER(i));
    assert_int_equal(trine_await(woken, NULL), 0);
    for (int i = 0; i < POSTERS; i++)
        join_helper(&posters[i]);
    assert_int_equal(came, POSTERS * EACH);
    trine_future_unref(woken);
    return 0;
}

/* ---- from a signal handler */

static struct trine_posted from_signal;
static int told;

static void tell(void *arg)
{
    if (++told == SIGNALS)
        assert_int_equal(trine_promise_resolve(woken, 0, NULL), 0);
}

static void on_signal(int signal)
{
    int error = trine_post(target, &from_signal);
    if (error < 0 && error != -EALREADY)
        abort();
}

static void send_signals(void *arg)
{
    while (!trine_future_done(woken)) {
        pthread_kill(*(pthread_t *)arg, SIGUSR1);
        usleep(200);
    }
}

IN_A_TASK(a_signal_handler_may_post_while_the_loop_sleeps)
{
    struct sigaction action = { .sa_handler = on_signal }, old;
    struct helper sender;
    pthread_t self = pthread_self();
    woken = trine_promise_new(0);
    target = trine_loop_here();
    told = 0;
    from_signal = (struct trine_posted)TRINE_POSTED_INIT(tell, NULL);
    sigaction(SIGUSR1, &action, &old);
    start_helper(&sender, send_signals, &self);
    assert_int_equal(trine_await(woken, NULL), 0);
    join_helper(&sender);
    sigaction(SIGUSR1, &old, NULL);
    assert_true(told >= SIGNALS);
    trine_future_unref(woken);
    return 0;
}

/* ---- at the end, and between loops */

static int last_words;

static void speak(void *arg)
{
    last_words++;
}

static int post_and_return(void *arg)
{
    return trine_post(trine_loop_here(), arg);
}

static void what_was_posted_before_the_end_is_called(void **state)
{
    struct trine_posted post = TRINE_POSTED_INIT(speak, NULL);
    last_words = 0;
    assert_int_equal(trine_run(post_and_return, &post, NULL), 0);
    assert_int_equal(last_words, 1);
}

static _Atomic(unsigned) ran_on = 99;

static void note_loop(void *promise)
{
    atomic_store(&ran_on, trine_loop_number(trine_loop_here()));
    assert_int_equal(trine_promise_resolve(promise, 0, NULL), 0);
    trine_future_unref(promise); /* the one who waited may be gone */
}

ON_SEVERAL_LOOPS(a_call_runs_on_the_loop_it_was_posted_to, 3)
{
    assert_int_equal(trine_loop_number(trine_loop_here()), 0);
    assert_ptr_equal(trine_loop_at(0), trine_loop_here());
    assert_null(trine_loop_at(3));
    struct trine_future *promise = trine_promise_new(0);
    struct trine_posted post = TRINE_POSTED_INIT(note_loop, trine_future_ref(promise));
    assert_int_equal(trine_post(trine_loop_at(2), &post), 0);
    assert_int_equal(trine_await(promise, NULL), 0);
    assert_int_equal(atomic_load(&ran_on), 2);
    trine_future_unref(promise);
    return 0;
}

static void outside_runs_there_is_no_loop(void **state)
{
    assert_null(trine_loop_here());
    assert_null(trine_loop_at(0));
}

/* ---- from a handler that strikes at any moment, also on the way to sleep. ThreadSanitizer keeps
 * handlers back until the next call it knows, and it does not know the ring: nothing to see. */

#define STRIKES (UNDER_TSAN ? 0 : 3000)

static struct trine_loop *struck;
static struct trine_future *strike;

static void resolve_strike(void *arg)
{
    assert_int_equal(trine_promise_resolve(strike, 0, NULL), 0);
}

static struct trine_posted strike_post = TRINE_POSTED_INIT(resolve_strike, NULL);

static void post_strike(int signal)
{
    trine_post(struck, &strike_post);
}

IN_A_TASK(a_handler_on_the_way_to_sleep_wakes_the_loop)
{
    struct sigaction action = { .sa_handler = post_strike, .sa_flags = SA_RESTART }, old;
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
    timer_t timer;
    struck = trine_loop_here();
    assert_int_equal(sigaction(SIGUSR2, &action, &old), 0);
    assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    for (int i = 0; i < STRIKES; i++) {
        struct itimerspec soon = { .it_value.tv_nsec = 1 + i * 7 % 6000 };
        strike = trine_promise_new(0);
        assert_int_equal(timer_settime(timer, 0, &soon, NULL), 0);
        assert_int_equal(TRINE_WITHIN(PATIENCE, trine_await(strike, NULL)), 0);
        trine_future_unref(strike);
    }
    timer_delete(timer);
    return sigaction(SIGUSR2, &old, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_call_posted_by_a_task_runs_after_it_and_outside_any),
        TEST(a_post_under_way_is_refused_and_free_again_after_its_call),
        TEST(calls_of_many_threads_all_come_each_threads_in_order),
        TEST(a_signal_handler_may_post_while_the_loop_sleeps),
        TEST(what_was_posted_before_the_end_is_called),
        TEST(a_call_runs_on_the_loop_it_was_posted_to),
        TEST(outside_runs_there_is_no_loop),
        TEST(a_handler_on_the_way_to_sleep_wakes_the_loop),
    };
    return RUN_TESTS(tests);
}
