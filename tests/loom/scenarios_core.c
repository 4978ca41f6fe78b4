/* SPDX-License-Identifier: MIT */
/* What the core promises, in small: the future, the cancel of a thread that waits, the inbox of a
 * loop that falls asleep. */
#include "core/future.h"
#include "core/loop.h"
#include "scenarios.h"
#include <string.h>

static struct trine_scope scope;

static void open_scope(void *arg)
{
    trine_scope_open(&scope, TRINE_FOREVER);
}

static void close_scope(void *error)
{
    int closed = trine_scope_close(&scope);
    must(closed == (*(int *)error == -ECANCELED ? -ECANCELED : 0));
}

static void cancel_scope(void)
{
    trine_scope_cancel(&scope, "the explorer");
}

/* ---- a future: exactly one completion, seen by everybody */

static const struct trine__future_kind kind = { .name = "future" };
static struct trine_future future;
static int claims, awaited, outcome;

static void begin_future(void)
{
    trine__future_init(&future, &kind);
    claims = 0;
    awaited = 1;
    outcome = 0;
}

static void complete(void)
{
    if (trine__future_claim(&future)) {
        claims++;
        trine__future_complete(&future, 7, NULL);
    }
}

static void await(void)
{
    awaited = trine_await(&future, &outcome);
}

static void end_future(void)
{
    must(claims == 1);
    must(atomic_load(&future.word) == (TRINE__FUTURE_DONE | TRINE__FUTURE_CLAIMED));
    must(awaited == 0 && outcome == 7);
}

static void begin_cancelled_future(void)
{
    begin_future();
    loom_as(1, open_scope, NULL);
}

/* Done or cancelled: the future ends without waiters, and both tell the truth. */
static void end_cancelled_future(void)
{
    must(atomic_load(&future.word) == (TRINE__FUTURE_DONE | TRINE__FUTURE_CLAIMED));
    must(awaited == -ECANCELED || (awaited == 0 && outcome == 7));
    loom_as(1, close_scope, &awaited);
}

/* ---- a waiter is refused, woken or taken back: exactly one */

struct counter {
    struct trine__waiter waiter;
    int refused, woken, taken_back;
};
static struct counter counters[2];

static void count_wake(struct trine__waiter *waiter)
{
    TRINE__CONTAINER(waiter, struct counter, waiter)->woken++;
}

static void begin_watched(void)
{
    begin_future();
    memset(counters, 0, sizeof counters);
}

static void begin_watched_once(void)
{
    begin_watched();
    counters[1].refused = 1;
}

static void watch(struct counter *counter)
{
    counter->waiter.wake = count_wake;
    if (!trine__future_watch(&future, &counter->waiter)) {
        counter->refused++;
    } else if (trine__future_unwatch(&future, &counter->waiter)) {
        counter->taken_back++;
        memset(&counter->waiter, 0xee, sizeof counter->waiter); /* it is dead */
    }
}

static void watch_first(void)
{
    watch(&counters[0]);
}

static void watch_second(void)
{
    watch(&counters[1]);
}

static void end_watched(void)
{
    for (int i = 0; i < 2; i++)
        must(counters[i].refused + counters[i].woken + counters[i].taken_back == 1);
    must(atomic_load(&future.word) == (TRINE__FUTURE_DONE | TRINE__FUTURE_CLAIMED));
}

/* ---- the inbox: a loop that falls asleep misses no letter */

#define LETTERS 2

struct letter {
    struct trine__mail mail;
    int number;
};
static struct letter letters[LETTERS];
static struct trine__loop loop;
static struct trine__runtime runtime;
static uint32_t bell;
static int delivered, last;

static int sleep_at_bell(struct trine__poller *poller, int64_t deadline)
{
    while (deadline != 0 && __atomic_exchange_n(&bell, 0, __ATOMIC_SEQ_CST) == 0)
        (void)trine__futex_wait(&bell, 0, INT64_MAX);
    return 0;
}

static void ring_bell(struct trine__poller *poller)
{
    __atomic_store_n(&bell, 1, __ATOMIC_SEQ_CST);
    (void)trine__futex_wake(&bell, 1);
}

static const struct trine__poller_ops bell_ops = { .name = "bell",
                                                   .wait = sleep_at_bell,
                                                   .wake = ring_bell };
static struct trine__poller bell_poller = { &bell_ops, 0 };

static void receive(struct trine__mail *mail)
{
    delivered++;
    last = TRINE__CONTAINER(mail, struct letter, mail)->number;
}

static void begin_inbox(void)
{
    memset(&loop, 0, sizeof loop);
    memset(&runtime, 0, sizeof runtime);
    loop.alone = true;
    loop.runtime = &runtime;
    loop.poller = &bell_poller;
    bell = 0;
    delivered = 0;
    last = -1;
    for (int i = 0; i < LETTERS; i++)
        letters[i] = (struct letter){ .mail.deliver = receive, .number = i };
}

static bool all_delivered(struct trine__loop *of)
{
    return delivered == LETTERS;
}

static void run_loop(void)
{
    trine__loop_here = &loop;
    trine__loop_run(&loop, all_delivered);
}

static void post_both(void)
{
    trine__loop_post(&loop, &letters[0].mail);
    trine__loop_post(&loop, &letters[1].mail);
}

static void post_first(void)
{
    trine__loop_post(&loop, &letters[0].mail);
}

static void post_second(void)
{
    trine__loop_post(&loop, &letters[1].mail);
}

static void end_inbox(void)
{
    must(delivered == LETTERS);
    must(trine__inbox_empty(&loop.inbox));
    must(atomic_load(&loop.posters) == 0);
}

static void end_in_order(void)
{
    end_inbox();
    must(last == 1);
}

const struct loom_scenario loom_core[] = {
    { "future: complete, await", LOOM_ALL, begin_future, { complete, await }, end_future },
    { "future: two complete, one awaits",
      3,
      begin_future,
      { complete, await, complete },
      end_future },
    { "future: complete, await, cancel",
      3,
      begin_cancelled_future,
      { complete, await, cancel_scope },
      end_cancelled_future },
    { "future: complete, watch, watch",
      3,
      begin_watched,
      { complete, watch_first, watch_second },
      end_watched },
    { "future: complete, watch",
      LOOM_ALL,
      begin_watched_once,
      { complete, watch_first },
      end_watched },
    { "inbox: two letters of one sender",
      LOOM_ALL,
      begin_inbox,
      { run_loop, post_both },
      end_in_order },
    { "inbox: two senders", 3, begin_inbox, { run_loop, post_first, post_second }, end_inbox },
};
const size_t loom_core_count = sizeof loom_core / sizeof loom_core[0];
