/* SPDX-License-Identifier: MIT */
/* Timers among the cases, a select that is cancelled, one of very many cases, one without memory,
 * and selects across tasks, threads and loops. */
#include "core/suite.h"
#include "sync/select_suite.h"

/* ---- time */

IN_BOTH(a_timer_ends_the_wait)
{
    struct trine_queue *queue = queue_with(1, 0);
    int item = -1;
    int64_t begin = trine_now();
    struct trine_case cases[] = { TRINE_CASE_GET(queue, &item), TRINE_CASE_AFTER(PATIENCE),
                                  TRINE_CASE_AFTER(SOON) };
    assert_int_equal(trine_select(cases, 3, 0), 2);
    assert_int_equal(cases[2].result, 0);
    assert_true(trine_now() - begin >= SOON);
    assert_int_equal(item, -1);
    assert_untouched(queue, 0);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(what_came_in_time_beats_a_timer_that_is_due)
{
    struct trine_queue *queue = queue_with(100, 100);
    int item;
    struct trine_case cases[] = { TRINE_CASE_AT(0), TRINE_CASE_GET(queue, &item) };
    for (int i = 0; i < 100; i++)
        assert_int_equal(trine_select(cases, 2, 0), 1);
    assert_int_equal(trine_select(cases, 2, 0), 0);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(a_biased_select_takes_a_due_timer_where_it_stands)
{
    struct trine_queue *queue = queue_with(1, 1);
    int item;
    struct trine_case cases[] = { TRINE_CASE_AT(0), TRINE_CASE_GET(queue, &item) };
    assert_int_equal(trine_select(cases, 2, TRINE_BIASED), 0);
    assert_untouched(queue, 1);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(of_due_timers_the_earliest_happens)
{
    struct trine_case cases[] = { TRINE_CASE_AT(3), TRINE_CASE_AT(1), TRINE_CASE_AT(1),
                                  TRINE_CASE_AT(2) };
    for (int i = 0; i < 10; i++)
        assert_int_equal(trine_select(cases, 4, 0), 1);
    assert_int_equal(trine_select(cases, 4, TRINE_TRY), 1);
    return 0;
}

IN_VIRTUAL_TIME(hours_pass_in_no_time)
{
    struct trine_future *never = trine_promise_new(0);
    int64_t begin = trine_now();
    struct trine_case cases[] = { TRINE_CASE_FUTURE(never), TRINE_CASE_AFTER(TRINE_FOREVER),
                                  TRINE_CASE_AFTER(hour) };
    assert_int_equal(trine_select(cases, 3, 0), 2);
    assert_int_equal(trine_now() - begin, hour);
    trine_future_unref(never);
    return 0;
}

/* ---- given up */

IN_BOTH(a_deadline_ends_the_wait_and_leaves_nothing)
{
    struct trine_queue *full = queue_with(1, 1), *empty = queue_with(1, 0);
    struct trine_future *never = trine_promise_new(0);
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_PUT(full, &item), TRINE_CASE_GET(empty, &item),
                                  TRINE_CASE_FUTURE(never), TRINE_CASE_AFTER(PATIENCE) };
    assert_int_equal(TRINE_WITHIN(SOON, trine_select(cases, 4, 0)), -ETIMEDOUT);
    assert_int_equal(TRINE_WITHIN(0, trine_select(cases, 4, 0)), -ETIMEDOUT);
    assert_untouched(full, 1);
    assert_untouched(empty, 0);
    assert_int_equal(item, -1);
    assert_int_equal(trine_promise_resolve(never, 0, NULL), 0);
    assert_int_equal(trine_select(cases, 4, 0), 2);
    trine_future_unref(never);
    trine_queue_free(full);
    trine_queue_free(empty);
    return 0;
}

IN_BOTH(a_cancel_ends_the_wait_and_leaves_nothing)
{
    struct trine_queue *empty = queue_with(1, 0);
    struct trine_scope scope;
    struct meanwhile meanwhile;
    int item = -1;
    struct trine_case cases[] = { TRINE_CASE_GET(empty, &item), TRINE_CASE_AFTER(PATIENCE) };
    open_to_be_cancelled(&meanwhile, &scope);
    assert_int_equal(trine_select(cases, 2, 0), -ECANCELED);
    assert_untouched(empty, 0);
    assert_int_equal(trine_select(cases, 2, 0), -ECANCELED);
    assert_int_equal(trine_select(cases, 2, TRINE_TRY), -EAGAIN);
    close_cancelled(&meanwhile, &scope);
    assert_int_equal(trine_queue_put(empty, &(int){ 5 }), 0);
    assert_untouched(empty, 1);
    trine_queue_free(empty);
    return 0;
}

struct selector {
    struct trine_queue *queue;
    int item, answer;
};

static int select_item(void *arg)
{
    struct selector *selector = arg;
    struct trine_case cases[] = { TRINE_CASE_GET(selector->queue, &selector->item),
                                  TRINE_CASE_AFTER(PATIENCE) };
    selector->answer = trine_select(cases, 2, 0);
    return 0;
}

IN_A_TASK(an_item_handed_over_beats_a_cancel_that_comes_with_it)
{
    struct selector selector = { .queue = queue_with(1, 0), .item = -1, .answer = -1 };
    struct trine_group group;
    trine_group_open(&group, NULL);
    struct trine_future *child = trine_spawn(&group, select_item, &selector);
    assert_int_equal(trine_yield(), 0);
    assert_int_equal(trine_queue_put(selector.queue, &(int){ 6 }), 0);
    trine_cancel(child);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(selector.answer, 0);
    assert_int_equal(selector.item, 6);
    assert_untouched(selector.queue, 0);
    trine_queue_free(selector.queue);
    return 0;
}

IN_A_TASK(an_item_that_comes_after_a_cancel_stays_in_the_queue)
{
    struct selector selector = { .queue = queue_with(1, 0), .item = -1, .answer = -1 };
    struct trine_group group;
    trine_group_open(&group, NULL);
    struct trine_future *child = trine_spawn(&group, select_item, &selector);
    assert_int_equal(trine_yield(), 0);
    trine_cancel(child);
    assert_int_equal(trine_queue_put(selector.queue, &(int){ 6 }), 0);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(selector.answer, -ECANCELED);
    assert_int_equal(selector.item, -1);
    assert_untouched(selector.queue, 1);
    trine_queue_free(selector.queue);
    return 0;
}

IN_A_TASK(selects_and_gets_are_served_in_the_order_of_coming)
{
    struct trine_queue *queue = queue_with(3, 0);
    struct selector selectors[3];
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++) {
        selectors[i] = (struct selector){ queue, -1, -1 };
        trine_spawn(&group, select_item, &selectors[i]);
    }
    assert_int_equal(trine_yield(), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(trine_queue_put(queue, &i), 0);
    assert_int_equal(trine_group_close(&group), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(selectors[i].item, i);
    trine_queue_free(queue);
    return 0;
}

/* ---- very many cases */

#define MANY 500

static int put_into_it(void *queue)
{
    return trine_queue_put(queue, &(int){ 17 });
}

/* Queues stand in no order, and each twice. */
IN_BOTH(very_many_cases_are_as_few)
{
    struct trine_queue *queues[MANY / 2];
    static struct trine_case cases[MANY];
    int items[MANY];
    struct meanwhile meanwhile;
    for (int i = 0; i < MANY / 2; i++)
        queues[i] = queue_with(1, 0);
    for (int i = 0; i < MANY; i++)
        cases[i] = (struct trine_case)TRINE_CASE_GET(queues[i * 7 % (MANY / 2)], &items[i]);
    assert_int_equal(trine_select(cases, MANY, TRINE_TRY), -EAGAIN);
    do_soon(&meanwhile, put_into_it, queues[100]);
    int chosen = trine_select(cases, MANY, 0);
    end_meanwhile(&meanwhile);
    assert_in_range(chosen, 0, MANY - 1);
    assert_ptr_equal(cases[chosen].object, queues[100]);
    assert_int_equal(items[chosen], 17);
    for (int i = 0; i < MANY / 2; i++) {
        assert_untouched(queues[i], 0);
        trine_queue_free(queues[i]);
    }
    return 0;
}

static int select_of(size_t count, struct trine_queue *queue, int64_t limit)
{
    static struct trine_case cases[MANY];
    static int items[MANY];
    for (size_t i = 0; i < count; i++)
        cases[i] = (struct trine_case)TRINE_CASE_GET(queue, &items[i]);
    return limit == 0 ? trine_select(cases, count, 0)
                      : TRINE_WITHIN(limit, trine_select(cases, count, 0));
}

IN_BOTH(a_few_cases_need_no_memory)
{
    struct trine_queue *queue = queue_with(1, 0);
    assert_int_equal(select_of(8, queue, 1), -ETIMEDOUT);
    trine__fault_plan("count");
    assert_int_equal(select_of(8, queue, 1), -ETIMEDOUT);
    assert_int_equal(trine__fault_calls_of("alloc"), 0);
    trine__fault_plan(NULL);
    trine_queue_free(queue);
    return 0;
}

IN_BOTH(without_memory_for_many_nothing_happens)
{
    struct trine_queue *queue = queue_with(1, 0);
    trine__fault_plan("fail:1:op=alloc");
    assert_int_equal(select_of(9, queue, 0), -ENOMEM);
    assert_untouched(queue, 0);
    trine__fault_plan("fail:1+:op=alloc");
    assert_int_equal(trine_queue_put(queue, &(int){ 1 }), 0);
    assert_in_range(select_of(9, queue, 0), 0, 8); /* what can happen at once needs none */
    trine__fault_plan(NULL);
    assert_untouched(queue, 0);
    trine_queue_free(queue);
    return 0;
}

/* ---- across */

#define ROUNDS 200

struct ends {
    struct trine_queue *numbers, *answers;
    int sum;
};

/* Doubles every number that comes, until there are no more. */
static void serve(void *arg)
{
    struct ends *ends = arg;
    int number;
    for (;;) {
        struct trine_case cases[] = { TRINE_CASE_GET(ends->numbers, &number),
                                      TRINE_CASE_AFTER(PATIENCE) };
        assert_int_equal(trine_select(cases, 2, 0), 0);
        if (cases[0].result == -EPIPE)
            return;
        number *= 2;
        struct trine_case reply[] = { TRINE_CASE_PUT(ends->answers, &number),
                                      TRINE_CASE_AFTER(PATIENCE) };
        assert_int_equal(trine_select(reply, 2, 0), 0);
    }
}

static int serve_in_a_task(void *arg)
{
    serve(arg);
    return 0;
}

/* Sends and receives, whichever can happen. */
static void ask(struct ends *ends)
{
    int sent = 0, received = 0, answer;
    while (received < ROUNDS) {
        struct trine_case cases[] = { TRINE_CASE_NONE, TRINE_CASE_GET(ends->answers, &answer),
                                      TRINE_CASE_AFTER(PATIENCE) };
        if (sent < ROUNDS)
            cases[0] = (struct trine_case)TRINE_CASE_PUT(ends->numbers, &sent);
        int chosen = trine_select(cases, 3, 0);
        assert_in_range(chosen, 0, 1);
        if (chosen == 0) {
            sent++;
        } else {
            received++;
            ends->sum += answer;
        }
    }
    trine_queue_close(ends->numbers);
    assert_int_equal(ends->sum, ROUNDS * (ROUNDS - 1));
}

static void ask_all_kinds(bool of_a_thread)
{
    for (size_t capacity = 0; capacity < 3; capacity++) {
        struct ends ends = { queue_with(capacity, 0), queue_with(capacity, 0), 0 };
        struct helper helper;
        struct trine_group group;
        if (of_a_thread) {
            start_helper(&helper, serve, &ends);
        } else {
            trine_group_open(&group, NULL);
            trine_spawn(&group, serve_in_a_task, &ends);
        }
        ask(&ends);
        if (of_a_thread)
            join_helper(&helper);
        else
            assert_int_equal(trine_group_close(&group), 0);
        trine_queue_free(ends.numbers);
        trine_queue_free(ends.answers);
    }
}

IN_BOTH(selects_meet_across_threads)
{
    ask_all_kinds(true);
    return 0;
}

ON_SEVERAL_LOOPS(selects_meet_in_tasks_of_several_loops, 3)
{
    ask_all_kinds(false);
    ask_all_kinds(true);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_timer_ends_the_wait),
        BOTH(what_came_in_time_beats_a_timer_that_is_due),
        BOTH(a_biased_select_takes_a_due_timer_where_it_stands),
        BOTH(of_due_timers_the_earliest_happens),
        TEST(hours_pass_in_no_time),
        BOTH(a_deadline_ends_the_wait_and_leaves_nothing),
        BOTH(a_cancel_ends_the_wait_and_leaves_nothing),
        TEST(an_item_handed_over_beats_a_cancel_that_comes_with_it),
        TEST(an_item_that_comes_after_a_cancel_stays_in_the_queue),
        TEST(selects_and_gets_are_served_in_the_order_of_coming),
        BOTH(very_many_cases_are_as_few),
        BOTH(a_few_cases_need_no_memory),
        BOTH(without_memory_for_many_nothing_happens),
        BOTH(selects_meet_across_threads),
        TEST(selects_meet_in_tasks_of_several_loops),
    };
    return RUN_TESTS(tests);
}
