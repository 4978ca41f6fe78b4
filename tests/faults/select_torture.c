/* SPDX-License-Identifier: MIT */
/* Selects under every fault and every cancel: a small trade between tasks, where each step is a
 * select of all kinds of cases, with the k-th fallible call failing or the whole cancelled after
 * its k-th step. Whatever happens, an item is in exactly one place: not put, in a queue, or got. */
#include "core/loop.h"
#include "sys/sys.h"
#include "torture.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <trine.h>
#include <unistd.h>

#define ITEMS 12
#define MANY  12 /* cases: more than fit into a frame */
#define WHILE TRINE_MILLISECONDS(2)

struct trade {
    struct trine_queue *goods, *money;
    struct trine_sender *sender;
    struct trine_receiver *receiver;
    struct trine_future *promise;
    struct trine_event event;
    int fds[2]; /* -1: not in virtual time */
    int sent, got;
};

/* Each item once, and in the order of putting. */
static int sell(void *arg)
{
    struct trade *trade = arg;
    while (trade->sent < ITEMS) {
        int coin;
        struct trine_case cases[] = { TRINE_CASE_PUT(trade->goods, &trade->sent),
                                      TRINE_CASE_GET(trade->money, &coin),
                                      TRINE_CASE_FUTURE(trade->promise), TRINE_CASE_AFTER(WHILE) };
        int chosen = trine_select(cases, 4, 0);
        if (chosen < 0)
            return chosen;
        if (chosen == 0 && cases[0].result < 0)
            return -ECANCELED; /* nobody buys any more */
        trade->sent += chosen == 0;
    }
    trine_queue_close(trade->goods);
    return 0;
}

static int buy_one(struct trade *trade)
{
    struct trine_case cases[MANY];
    int items[MANY], coin = 0;
    for (int i = 0; i < MANY; i++)
        cases[i] = (struct trine_case)TRINE_CASE_GET(trade->goods, &items[i]);
    cases[0] = (struct trine_case)TRINE_CASE_PUT(trade->money, &coin);
    cases[1] = (struct trine_case)TRINE_CASE_EVENT(&trade->event);
    cases[2] = (struct trine_case)TRINE_CASE_RECEIVE(trade->receiver, &coin);
    cases[3] = (struct trine_case)TRINE_CASE_AFTER(WHILE);
    cases[4] = (struct trine_case)TRINE_CASE_NONE;
    if (trade->fds[0] >= 0)
        cases[4] = (struct trine_case)TRINE_CASE_FD(trade->fds[0], TRINE_READABLE);
    int chosen = trine_select(cases, MANY, 0);
    if (chosen < 5)
        return chosen;
    if (cases[chosen].result == 0)
        torture_must(items[chosen] == trade->got++);
    return cases[chosen].result;
}

static int buy(void *arg)
{
    struct trade *trade = arg;
    int error;
    while ((error = buy_one(trade)) >= 0) {
        int byte;
        if (trade->fds[0] >= 0 && error == 4 && trine__sys_read(trade->fds[0], &byte, 1) < 0)
            return -EIO;
    }
    return error == -EPIPE ? 0 : error;
}

static int disturb(void *arg)
{
    struct trade *trade = arg;
    int error = trine_sleep(WHILE / 2);
    trine_event_set(&trade->event);
    if (trade->fds[1] >= 0)
        (void)trine__sys_write(trade->fds[1], "x", 1);
    if (error == 0)
        error = trine_sleep(WHILE / 2);
    trine_promise_resolve(trade->promise, 0, NULL);
    return error;
}

static int run_trade(struct trade *trade)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, sell, trade);
    trine_spawn(&group, buy, trade);
    trine_spawn(&group, disturb, trade);
    return trine_group_close(&group);
}

/* Nobody waits any more, and what was sent is in the queue or was got. */
static void audit(const struct trade *trade)
{
    struct trine_queue_state goods = trine_queue_inspect(trade->goods);
    struct trine_queue_state money = trine_queue_inspect(trade->money);
    torture_must(goods.putters == 0 && goods.getters == 0);
    torture_must(money.putters == 0 && money.getters == 0);
    torture_must((size_t)trade->sent == (size_t)trade->got + goods.length);
}

static struct trine_queue *new_queue(size_t capacity)
{
    return trine_queue_new(
        &(struct trine_queue_options){ .item_size = sizeof(int), .capacity = capacity });
}

static int open_trade(struct trade *trade, bool descriptors)
{
    *trade = (struct trade){ .fds = { -1, -1 }, .event = TRINE_AUTO_EVENT_INIT };
    trade->goods = new_queue(2);
    trade->money = new_queue(0);
    trade->promise = trine_promise_new(0);
    int error = trine_channel_open(&trade->sender, &trade->receiver,
                                   &(struct trine_channel_options){ .item_size = sizeof(int) });
    if (error == 0 && descriptors)
        error = trine__sys_pipe(trade->fds, O_NONBLOCK);
    bool whole = trade->goods != NULL && trade->money != NULL && trade->promise != NULL;
    return whole ? error : -ENOMEM;
}

static void close_trade(struct trade *trade)
{
    trine_queue_free(trade->goods);
    trine_queue_free(trade->money);
    trine_sender_close(trade->sender);
    trine_receiver_close(trade->receiver);
    trine_future_unref(trade->promise);
    for (int i = 0; i < 2; i++) {
        if (trade->fds[i] >= 0)
            (void)trine__sys_close(trade->fds[i]);
    }
}

static int trade_body(void *descriptors)
{
    struct trade trade;
    int error = open_trade(&trade, descriptors != NULL);
    if (error == 0) {
        error = run_trade(&trade);
        audit(&trade);
        torture_must(error < 0 || trade.got == ITEMS);
    }
    close_trade(&trade);
    return error;
}

/* ---- faults */

static int run_with_descriptors(void)
{
    return trine_run(trade_body, "descriptors", NULL);
}

static int run_without(void)
{
    return trine_run(trade_body, NULL, NULL);
}

/* The buyer is a plain thread. */
struct shop {
    struct trade trade;
    int error;
};

static void *buy_in_a_thread(void *arg)
{
    struct shop *shop = arg;
    shop->error = buy(&shop->trade);
    trine_queue_close(shop->trade.goods); /* without a buyer, the seller has to end, too */
    return NULL;
}

static int run_in_threads(void)
{
    struct shop shop = { 0 };
    pthread_t thread;
    int error = open_trade(&shop.trade, true);
    if (error == 0 && pthread_create(&thread, NULL, buy_in_a_thread, &shop) == 0) {
        error = sell(&shop.trade);
        trine_event_set(&shop.trade.event);
        trine_queue_close(shop.trade.goods); /* and the other way round */
        pthread_join(thread, NULL);
        audit(&shop.trade);
    }
    close_trade(&shop.trade);
    return shop.error < 0 ? shop.error : error;
}

/* ---- cancels, in virtual time: after each step */

struct attempt {
    size_t after, steps;
};

static int drive(void *arg)
{
    struct attempt *attempt = arg;
    struct trine_group group;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    struct trine_future *child = trine_spawn(&group, trade_body, NULL);
    for (; attempt->steps < attempt->after && !trine_future_done(child); attempt->steps++) {
        struct trine__loop *loop = trine__loop_here;
        int64_t next = trine__timers_next(&loop->timers);
        bool turn = loop->ready.first != NULL || next == INT64_MAX;
        torture_must((turn ? trine_yield() : trine_sleep_until(next)) == 0);
    }
    if (attempt->after != SIZE_MAX)
        trine_cancel(child);
    int closed = trine_group_close(&group);
    torture_must(trine__loop_here->timers.count == 0);
    return closed;
}

static size_t cancel_after(size_t after)
{
    struct attempt attempt = { .after = after };
    struct torture_traces before = torture_traces();
    torture_at("cancelled after %zu steps", after);
    alarm(10);
    int error = trine_run(drive, &attempt, &(struct trine_run_options){ .poller = "sim" });
    alarm(0);
    torture_must(error == 0 || (after != SIZE_MAX && error == -ECANCELED));
    torture_must_be_clean(before);
    return attempt.steps;
}

static void cancel_at_every_step(void)
{
    size_t steps = cancel_after(SIZE_MAX);
    for (size_t after = 0; after <= steps; after++)
        cancel_after(after);
    printf("%-24s %4zu steps, all cancelled\n", "trade in virtual time", steps);
}

int main(void)
{
    static const struct torture_scenario scenarios[] = {
        { "trade", run_without },
        { "trade and descriptors", run_with_descriptors },
        { "trade between threads", run_in_threads },
    };
    cancel_at_every_step();
    return torture(scenarios, sizeof scenarios / sizeof scenarios[0]);
}
