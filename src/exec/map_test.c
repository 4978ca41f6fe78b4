/* SPDX-License-Identifier: MIT */
/* One map over four executors: each test that can be is run over all of them. */
#include "core/suite.h"
#include <stdatomic.h>
#include <trine/executor.h>
#include <trine/group.h>
#include <trine/map.h>

#define ITEMS 300

struct item {
    long n, result;
    int64_t nap;
    int fail;
    void *live; /* struct live of this process, or NULL */
};

struct live {
    _Atomic(int) now, most, ran;
};

static int work(void *arg)
{
    struct item *item = arg;
    struct live *live = item->live;
    if (live != NULL) {
        int now = atomic_fetch_add(&live->now, 1) + 1, most = atomic_load(&live->most);
        while (now > most && !atomic_compare_exchange_weak(&live->most, &most, now))
            ;
        atomic_fetch_add(&live->ran, 1);
    }
    int error = item->nap > 0 ? trine_sleep(item->nap) : 0;
    item->result = item->n * 2;
    if (live != NULL)
        atomic_fetch_sub(&live->now, 1);
    if (error == 0 && item->fail != 0)
        error = trine_fail(item->fail, "item %ld is bad", item->n);
    return error;
}
TRINE_JOB(work, struct item);

static int die(void *arg)
{
    struct item *item = arg;
    if (item->fail)
        raise(SIGKILL);
    item->result = item->n * 2;
    return 0;
}
TRINE_JOB(die, struct item);

/* ---- the executors */

static struct trine_executor *threads, *processes;

static int open_pools(void **state)
{
    processes = trine_process_pool_new(&(struct trine_process_pool_options){ .workers = 2 });
    threads = trine_thread_pool_new(&(struct trine_thread_pool_options){ .workers = 3 });
    return threads == NULL || processes == NULL ? -1 : 0;
}

static int close_pools(void **state)
{
    trine_executor_free(threads);
    trine_executor_free(processes);
    return 0;
}

static void over_all(void (*check)(struct trine_executor *executor))
{
    check(TRINE_SERIAL);
    check(TRINE_TASKS);
    check(threads);
    check(processes);
}

static int check_in_task(void *arg)
{
    over_all(*(void (**)(struct trine_executor *))arg);
    return 0;
}

/* From a plain thread, and from a task. */
static void everywhere(void (*check)(struct trine_executor *executor))
{
    over_all(check);
    assert_int_equal(trine_run(check_in_task, &check, NULL), 0);
}

static struct item *new_items(size_t count)
{
    struct item *items = calloc(count, sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i].n = (long)i;
    return items;
}

static bool shares_memory(struct trine_executor *executor)
{
    return executor != processes;
}

/* ---- results */

static void check_results(struct trine_executor *executor)
{
    struct item *items = new_items(ITEMS);
    int outcomes[ITEMS];
    struct trine_map_options options = { .outcomes = outcomes };
    assert_int_equal(trine_map(executor, work, items, ITEMS, sizeof *items, &options), 0);
    for (int i = 0; i < ITEMS; i++) {
        assert_int_equal(items[i].result, 2 * i);
        assert_int_equal(outcomes[i], 0);
    }
    assert_int_equal(trine_map(executor, work, items, 0, sizeof *items, NULL), 0);
    assert_int_equal(trine_map(executor, work, items, 1, sizeof *items, NULL), 0);
    free(items);
}

static void every_item_is_worked_on_in_place(void **state)
{
    everywhere(check_results);
}

static void check_chunks(struct trine_executor *executor)
{
    static const size_t chunks[] = { 1, 2, 7, ITEMS - 1, ITEMS, 5 * ITEMS };
    for (size_t i = 0; i < COUNT(chunks); i++) {
        struct item *items = new_items(ITEMS);
        struct trine_map_options options = { .chunk = chunks[i] };
        assert_int_equal(trine_map(executor, work, items, ITEMS, sizeof *items, &options), 0);
        for (int k = 0; k < ITEMS; k++)
            assert_int_equal(items[k].result, 2 * k);
        free(items);
    }
}

static void chunks_of_any_size_cover_every_item(void **state)
{
    everywhere(check_chunks);
}

static void check_limit(struct trine_executor *executor)
{
    struct item *items = new_items(40);
    struct live live = { 0 };
    for (int i = 0; i < 40; i++) {
        items[i].live = shares_memory(executor) ? &live : NULL;
        items[i].nap = TRINE_MICROSECONDS(100);
    }
    struct trine_map_options options = { .limit = 2 };
    assert_int_equal(trine_map(executor, work, items, 40, sizeof *items, &options), 0);
    assert_true(live.most <= 2);
    if (shares_memory(executor))
        assert_int_equal(live.ran, 40);
    free(items);
}

static void the_limit_bounds_what_runs_at_once(void **state)
{
    everywhere(check_limit);
}

/* ---- errors */

static void check_first_error(struct trine_executor *executor)
{
    struct item *items = new_items(ITEMS);
    int outcomes[ITEMS], never = 0;
    struct trine_map_options options = { .outcomes = outcomes, .limit = 4 };
    items[5].fail = -ENOENT;
    assert_int_equal(trine_map(executor, work, items, ITEMS, sizeof *items, &options), -ENOENT);
    assert_string_equal(trine_error_message(trine_error_last()), "item 5 is bad");
    assert_non_null(strstr(trine_error_origin(trine_error_last()), "map_test.c"));
    assert_int_equal(outcomes[5], -ENOENT);
    for (int i = 0; i < ITEMS; i++) {
        assert_true(outcomes[i] == 0 || outcomes[i] == -ECANCELED || i == 5);
        never += outcomes[i] == -ECANCELED;
    }
    assert_true(never > ITEMS / 2);
    free(items);
}

static void the_first_error_skips_the_rest(void **state)
{
    everywhere(check_first_error);
}

static void check_collect(struct trine_executor *executor)
{
    struct item *items = new_items(ITEMS);
    int outcomes[ITEMS];
    struct trine_map_options options = { .outcomes = outcomes, .collect = true };
    for (int i = 3; i < ITEMS; i += 10)
        items[i].fail = -ENOENT;
    assert_int_equal(trine_map(executor, work, items, ITEMS, sizeof *items, &options), -ENOENT);
    for (int i = 0; i < ITEMS; i++) {
        assert_int_equal(outcomes[i], i % 10 == 3 ? -ENOENT : 0);
        assert_int_equal(items[i].result, 2 * i);
    }
    free(items);
}

static void collecting_runs_all_and_tells_each_outcome(void **state)
{
    everywhere(check_collect);
}

IN_A_TASK(an_error_cancels_running_tasks)
{
    struct item items[3] = { { .nap = hour }, { .nap = SOON, .fail = -EIO }, { .nap = hour } };
    int outcomes[3];
    struct trine_map_options options = { .outcomes = outcomes };
    assert_int_equal(trine_map(TRINE_TASKS, work, items, 3, sizeof items[0], &options), -EIO);
    assert_int_equal(outcomes[0], -ECANCELED);
    assert_int_equal(outcomes[2], -ECANCELED);
    return 0;
}

static void a_dead_worker_fails_its_items_and_collect_goes_on(void **state)
{
    struct item *items = new_items(20);
    int outcomes[20];
    struct trine_map_options options = { .outcomes = outcomes, .collect = true, .chunk = 1 };
    items[7].fail = 1;
    assert_int_equal(trine_map(processes, die, items, 20, sizeof *items, &options),
                     TRINE_EWORKERDIED);
    assert_non_null(strstr(trine_error_message(trine_error_last()), "SIGKILL"));
    for (int i = 0; i < 20; i++)
        assert_int_equal(outcomes[i], i == 7 ? TRINE_EWORKERDIED : 0);
    free(items);
}

static int nobody_knows(void *item)
{
    return 0;
}

static void an_unregistered_function_is_refused(void **state)
{
    struct item *items = new_items(3);
    assert_int_equal(trine_map(processes, nobody_knows, items, 3, sizeof *items, NULL),
                     TRINE_ENOJOB);
    assert_non_null(strstr(trine_error_message(trine_error_last()), "add TRINE_JOB(nobody_knows"));
    free(items);
}

/* ---- time and cancel */

static void check_timeout(struct trine_executor *executor)
{
    struct item *items = new_items(50);
    int outcomes[50];
    struct trine_map_options options = { .outcomes = outcomes,
                                         .timeout = TRINE_MILLISECONDS(20),
                                         .chunk = 1 };
    for (int i = 0; i < 50; i++)
        items[i].nap = TRINE_MILLISECONDS(15);
    int64_t begin = trine_now();
    if (executor == TRINE_TASKS) {
        for (int i = 0; i < 50; i++)
            items[i].nap = hour;
    }
    assert_int_equal(trine_map(executor, work, items, 50, sizeof *items, &options), -ETIMEDOUT);
    assert_true(trine_now() - begin < TRINE_MILLISECONDS(500));
    assert_true(outcomes[49] == -ECANCELED || outcomes[49] == -ETIMEDOUT);
    free(items);
}

static void a_time_limit_ends_the_whole(void **state)
{
    everywhere(check_timeout);
}

static void check_outer_deadline(struct trine_executor *executor)
{
    struct item *items = new_items(50);
    for (int i = 0; i < 50; i++)
        items[i].nap = TRINE_MILLISECONDS(10);
    if (executor == TRINE_TASKS)
        items[0].nap = hour;
    int error = TRINE_WITHIN(SOON, trine_map(executor, work, items, 50, sizeof *items, NULL));
    assert_int_equal(error, -ETIMEDOUT);
    free(items);
}

static void a_deadline_around_it_ends_it(void **state)
{
    everywhere(check_outer_deadline);
}

/* ---- on_done */

struct log {
    size_t told[ITEMS], len;
    int errors;
    pthread_t thread;
};

static void write_down(void *item, size_t index, int outcome, void *arg)
{
    struct log *log = arg;
    assert_int_equal(((struct item *)item)->n, index);
    assert_true(pthread_equal(pthread_self(), log->thread));
    log->errors += outcome < 0;
    log->told[log->len++] = index;
}

static void check_on_done(struct trine_executor *executor)
{
    for (int ordered = 0; ordered < 2; ordered++) {
        struct item *items = new_items(ITEMS);
        struct log log = { .thread = pthread_self() };
        bool seen[ITEMS] = { false };
        struct trine_map_options options = { .ordered = ordered,
                                             .collect = true,
                                             .chunk = 3,
                                             .on_done = write_down,
                                             .on_done_arg = &log };
        items[10].fail = -EIO;
        for (int i = 0; i < ITEMS; i += 17)
            items[i].nap = TRINE_MICROSECONDS(300);
        assert_int_equal(trine_map(executor, work, items, ITEMS, sizeof *items, &options), -EIO);
        assert_int_equal(log.len, ITEMS);
        assert_int_equal(log.errors, 1);
        for (size_t i = 0; i < ITEMS; i++) {
            assert_false(seen[log.told[i]]);
            seen[log.told[i]] = true;
            if (ordered)
                assert_int_equal(log.told[i], i);
        }
        free(items);
    }
}

static void on_done_hears_of_each_item_in_the_caller(void **state)
{
    everywhere(check_on_done);
}

/* ---- nesting */

static int map_again(void *arg)
{
    struct item *item = arg;
    struct item *items = new_items(10);
    int error = trine_map(item->live, work, items, 10, sizeof *items, NULL);
    for (int i = 0; i < 10; i++)
        item->result += items[i].result;
    free(items);
    return error;
}

static void maps_nest_in_one_pool(void **state)
{
    struct item *items = new_items(20);
    for (int i = 0; i < 20; i++)
        items[i].live = threads;
    assert_int_equal(trine_map(threads, map_again, items, 20, sizeof *items, NULL), 0);
    for (int i = 0; i < 20; i++)
        assert_int_equal(items[i].result, 90);
    free(items);
}

IN_A_TASK(a_map_over_threads_parks_its_task_only)
{
    struct item items[3] = { { .nap = TRINE_MILLISECONDS(20) } };
    struct trine_group group;
    int64_t tick = TRINE_MILLISECONDS(1), begin = trine_now();
    trine_group_open(&group, NULL);
    struct trine_future *other = trine_spawn(&group, sleep_for, &tick);
    trine_future_ref(other);
    assert_int_equal(trine_map(threads, work, items, 3, sizeof items[0], NULL), 0);
    assert_true(trine_now() - begin >= TRINE_MILLISECONDS(20));
    assert_true(trine_future_done(other));
    trine_future_unref(other);
    return trine_group_close(&group);
}

/* ---- memory that runs out */

static void check_no_memory(struct trine_executor *executor)
{
    for (int k = 1; k < 400; k++) {
        struct item *items = new_items(12);
        char plan[64];
        snprintf(plan, sizeof plan, "fail:%d:op=alloc", k);
        struct trine_map_options options = { .ordered = true, .chunk = 2 };
        trine__fault_plan(plan);
        int error = trine_map(executor, work, items, 12, sizeof *items, &options);
        bool hit = trine__fault_hits() > 0;
        trine__fault_plan(NULL);
        assert_true(error == 0 || error == -ENOMEM);
        free(items);
        if (!hit)
            return;
    }
    fail_msg("the plan never ran out");
}

static void every_allocation_may_fail(void **state)
{
    everywhere(check_no_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_item_is_worked_on_in_place),
        TEST(chunks_of_any_size_cover_every_item),
        TEST(the_limit_bounds_what_runs_at_once),
        TEST(the_first_error_skips_the_rest),
        TEST(collecting_runs_all_and_tells_each_outcome),
        TEST(an_error_cancels_running_tasks),
        TEST(a_dead_worker_fails_its_items_and_collect_goes_on),
        TEST(an_unregistered_function_is_refused),
        TEST(a_time_limit_ends_the_whole),
        TEST(a_deadline_around_it_ends_it),
        TEST(on_done_hears_of_each_item_in_the_caller),
        TEST(maps_nest_in_one_pool),
        TEST(a_map_over_threads_parks_its_task_only),
        TEST(every_allocation_may_fail),
    };
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    alarm(120);
    return cmocka_run_group_tests(tests, open_pools, close_pools);
}
