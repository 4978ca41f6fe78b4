/* SPDX-License-Identifier: MIT */
/* Queues and selects in small: an item is put or got or neither, whatever a cancel meets, and a
 * select does exactly one thing. */
#include "core/future.h"
#include "scenarios.h"
#include "scopes.h"

/* ---- queue */

static struct trine_queue *queues[2];

static void make_queues(size_t capacity)
{
    begin_scopes();
    for (int i = 0; i < 2; i++) {
        queues[i] = trine_queue_new(
            &(struct trine_queue_options){ .item_size = sizeof(int), .capacity = capacity });
        must(queues[i] != NULL);
    }
}

static void begin_rendezvous(void)
{
    make_queues(0);
}

static void begin_queue(void)
{
    make_queues(1);
}

static void put(int thread, int queue, int item)
{
    errors[thread] = trine_queue_put(queues[queue], &item);
}

static void get(int thread, int queue)
{
    errors[thread] = trine_queue_get(queues[queue], &items[thread]);
}

static void get_first(void)
{
    get(0, 0);
}

static void put_second(void)
{
    put(1, 0, 11);
}

static void put_two_second(void)
{
    put(1, 0, 11);
    if (errors[1] == 0)
        put(1, 0, 12);
}

static void get_two_first(void)
{
    int before;
    get(0, 0);
    before = items[0];
    must(errors[0] == 0 && before == 11);
    get(0, 0);
}

static void get_third(void)
{
    get(2, 0);
}

static void cancel_both(void)
{
    trine_scope_cancel(&scopes[0], "the explorer");
    trine_scope_cancel(&scopes[1], "the explorer");
    errors[2] = 0;
}

static void close_queue(void)
{
    trine_queue_close(queues[0]);
    errors[2] = 0;
}

static size_t length(int queue)
{
    struct trine_queue_state state = trine_queue_inspect(queues[queue]);
    must(state.putters == 0 && state.getters == 0);
    return state.length;
}

/* Both or neither. */
static void end_rendezvous(void)
{
    must(length(0) == 0);
    must(errors[0] == errors[1] && (errors[0] == 0 || errors[0] == -ECANCELED));
    must(items[0] == (errors[0] == 0 ? 11 : -1));
    end_scopes();
}

/* Got or still there. */
static void end_queue(void)
{
    must(errors[1] == 0);
    must(errors[0] == 0 || errors[0] == -ECANCELED);
    must(length(0) == (errors[0] == 0 ? 0 : 1));
    must(items[0] == (errors[0] == 0 ? 11 : -1));
    end_scopes();
}

static void end_two_items(void)
{
    must(errors[0] == 0 && errors[1] == 0 && items[0] == 12);
    must(length(0) == 0);
}

static void end_two_getters(void)
{
    must(errors[0] == 0 && errors[1] == 0 && errors[2] == 0);
    must(items[0] + items[2] == 11 + 12 && length(0) == 0);
}

static void end_closed(void)
{
    must(errors[1] == 0 || errors[1] == -EPIPE);
    must(errors[0] == errors[1]);
    must(items[0] == (errors[0] == 0 ? 11 : -1));
    must(length(0) == 0);
}

/* ---- select: exactly one */

static int chosen[LOOM_THREADS];

static void select_first(void)
{
    int taken[2] = { -1, -1 };
    struct trine_case cases[] = { TRINE_CASE_GET(queues[0], &taken[0]),
                                  TRINE_CASE_GET(queues[1], &taken[1]) };
    errors[0] = chosen[0] = trine_select(cases, 2, TRINE_BIASED);
    for (int i = 0; i < 2; i++)
        must(taken[i] == (chosen[0] == i ? 11 + i : -1));
}

static void put_other_third(void)
{
    put(2, 1, 12);
}

/* One of the two items was taken, the other is where it was put. */
static void end_two_putters(void)
{
    must(chosen[0] >= 0 && errors[1] == 0 && errors[2] == 0);
    must(length(0) == (chosen[0] != 0) && length(1) == (chosen[0] != 1));
    errors[0] = 0;
    end_scopes();
}

/* Handed over or not put; got or not taken. */
static void end_cancelled_select(void)
{
    must(chosen[0] == 0 || chosen[0] == -ECANCELED);
    must(errors[1] == 0);
    must(length(0) == (chosen[0] != 0) && length(1) == 0);
    end_scopes();
}

/* Puts into one queue or gets from the other, which the other thread does the other way round. */
static void trade(int thread)
{
    int item = 20 + thread, taken = -1;
    struct trine_case cases[] = { TRINE_CASE_PUT(queues[thread], &item),
                                  TRINE_CASE_GET(queues[1 - thread], &taken) };
    chosen[thread] = trine_select(cases, 2, TRINE_BIASED);
    must(taken == (chosen[thread] == 1 ? 20 + 1 - thread : -1));
}

static void trade_first(void)
{
    trade(0);
}

static void trade_second(void)
{
    trade(1);
}

static void end_trade(void)
{
    must((chosen[0] == 0 && chosen[1] == 1) || (chosen[0] == 1 && chosen[1] == 0));
    must(length(0) == 0 && length(1) == 0);
}

/* A future among the cases. */
static const struct trine__future_kind kind = { .name = "future" };
static struct trine_future future;

static void begin_future_case(void)
{
    make_queues(1);
    trine__future_init(&future, &kind);
}

static void select_future_first(void)
{
    struct trine_case cases[] = { TRINE_CASE_FUTURE(&future),
                                  TRINE_CASE_GET(queues[0], &items[0]) };
    errors[0] = chosen[0] = trine_select(cases, 2, TRINE_BIASED);
}

static void complete_third(void)
{
    must(trine__future_claim(&future));
    trine__future_complete(&future, 0, NULL);
    errors[2] = 0;
}

static void end_future_case(void)
{
    must(trine__future_is_done(&future) && errors[1] == 0);
    must(chosen[0] == 0 || chosen[0] == 1);
    must(length(0) == (chosen[0] == 0));
    must(atomic_load(&future.word) == (TRINE__FUTURE_DONE | TRINE__FUTURE_CLAIMED));
}

const struct loom_scenario loom_queue[] = {
    { "queue: hand-over", LOOM_ALL, begin_rendezvous, { get_first, put_second }, end_rendezvous },
    { "queue: get, put", LOOM_ALL, begin_queue, { get_first, put_second }, end_queue },
    { "select: put", 4, begin_queue, { select_first, put_second }, end_cancelled_select },
    { "queue: hand-over, both cancelled",
      2,
      begin_rendezvous,
      { get_first, put_second, cancel_both },
      end_rendezvous },
    { "queue: get, put, cancel",
      3,
      begin_queue,
      { get_first, put_second, cancel_first },
      end_queue },
    { "queue: two items through one place",
      3,
      begin_queue,
      { get_two_first, put_two_second },
      end_two_items },
    { "queue: two items for two",
      2,
      begin_queue,
      { get_first, put_two_second, get_third },
      end_two_getters },
    { "queue: hand-over, close",
      2,
      begin_rendezvous,
      { get_first, put_second, close_queue },
      end_closed },
    { "select: two putters",
      2,
      begin_queue,
      { select_first, put_second, put_other_third },
      end_two_putters },
    { "select: put, cancel",
      2,
      begin_queue,
      { select_first, put_second, cancel_first },
      end_cancelled_select },
    { "select: two selects trade", 3, begin_rendezvous, { trade_first, trade_second }, end_trade },
    { "select: a future and a queue",
      2,
      begin_future_case,
      { select_future_first, put_second, complete_third },
      end_future_case },
};
const size_t loom_queue_count = sizeof loom_queue / sizeof loom_queue[0];
