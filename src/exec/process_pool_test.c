/* SPDX-License-Identifier: MIT */
/* The process pool: results, refusals, the queue, and where pools may be made. */
#include "exec/process_suite.h"
#include <trine/group.h>

struct too_big {
    char bytes[MIB + 1];
};
struct nothing {
    char none[1];
};

/* As a static function of another file might be called, too. */
static int another_add(void *record)
{
    struct sum *sum = record;
    sum->result = 1000 + sum->a + sum->b;
    return 0;
}
static struct trine__job_entry namesake = { "add", another_add, sizeof(struct sum), NULL };
__attribute__((constructor(201))) static void register_namesake(void)
{
    trine__job_register(&namesake);
}

static int unregistered(void *record)
{
    return 0;
}

static int other_size(void *record)
{
    return 0;
}
TRINE_JOB(other_size, struct sum);

static int swallow(void *record)
{
    return 0;
}
TRINE_JOB(swallow, struct too_big);

/* More than a task's stack has. */
static int use_stack(void *record)
{
    volatile char deep[MIB];
    for (size_t i = 0; i < sizeof deep; i += 4096)
        deep[i] = 1;
    return 0;
}
TRINE_JOB(use_stack, struct nothing);

static int nest(void *record)
{
    struct trine_executor *pool =
        trine_process_pool_new(&(struct trine_process_pool_options){ .workers = 1 });
    struct trine_future *future = trine_submit(pool, add, record, sizeof(struct sum));
    int outcome, error = trine_await(future, &outcome);
    if (error == 0)
        memcpy(record, trine_future_value(future), sizeof(struct sum));
    trine_future_unref(future);
    trine_executor_free(pool);
    return error < 0 ? error : outcome;
}
TRINE_JOB(nest, struct sum);

/* ---- results */

static void a_job_runs_in_another_process(void **state)
{
    struct trine_executor *pool = new_pool(2);
    assert_string_equal(trine_executor_name(pool), "processes");
    assert_int_equal(trine_executor_workers(pool), 2);
    assert_adds(pool, 3, 4);
    assert_int_not_equal(pid_of_worker(pool), getpid());
    trine_executor_free(pool);
}

static void many_jobs_each_give_their_own_result(void **state)
{
    struct trine_executor *pool = new_pool(2);
    struct trine_future **futures = calloc(MANY, sizeof *futures);
    for (long i = 0; i < MANY; i++) {
        struct sum sum = { .a = i, .b = 1 };
        futures[i] = trine_submit(pool, add, &sum, sizeof sum);
    }
    for (long i = 0; i < MANY; i++) {
        assert_int_equal(outcome_of(futures[i]), 0);
        assert_int_equal(((struct sum *)trine_future_value(futures[i]))->result, i + 1);
        trine_future_unref(futures[i]);
    }
    free(futures);
    trine_executor_free(pool);
}

static void a_record_of_a_mebibyte_travels_both_ways(void **state)
{
    struct trine_executor *pool = new_pool(1);
    struct big *big = malloc(sizeof *big);
    for (size_t i = 0; i < MIB; i++)
        big->bytes[i] = (unsigned char)(i * 31);
    struct trine_future *first = trine_submit(pool, invert, big, sizeof *big);
    struct trine_future *second = trine_submit(pool, invert, big, sizeof *big);
    for (int i = 0; i < 2; i++) {
        struct trine_future *future = i == 0 ? first : second;
        assert_int_equal(outcome_of(future), 0);
        const struct big *back = trine_future_value(future);
        for (size_t k = 0; k < MIB; k++)
            assert_int_equal(back->bytes[k], (unsigned char)~(k * 31));
        trine_future_unref(future);
    }
    free(big);
    trine_executor_free(pool);
}

static void two_functions_of_one_name_are_told_apart(void **state)
{
    struct trine_executor *pool = new_pool(1);
    struct sum sum = { .a = 1, .b = 2 };
    struct trine_future *future = trine_submit(pool, another_add, &sum, sizeof sum);
    assert_int_equal(outcome_of(future), 0);
    assert_int_equal(((struct sum *)trine_future_value(future))->result, 1003);
    trine_future_unref(future);
    assert_adds(pool, 1, 2);
    trine_executor_free(pool);
}

static void an_error_comes_back_with_its_sentence(void **state)
{
    struct trine_executor *pool = new_pool(1);
    struct trine_future *future = order(pool, FAIL, 0);
    assert_int_equal(outcome_of(future), -ENOENT);
    assert_sentence(future, "no chapter 7");
    assert_non_null(strstr(trine_error_origin(trine_future_error(future)), "obey"));
    trine_future_unref(future);
    trine_executor_free(pool);
}

static void what_cannot_travel_is_refused_with_a_sentence(void **state)
{
    struct trine_executor *pool = new_pool(1);
    struct sum sum = { 0 };
    struct trine_future *future = trine_submit(pool, unregistered, &sum, sizeof sum);
    assert_int_equal(outcome_of(future), TRINE_ENOJOB);
    assert_sentence(
        future,
        "function unregistered is not registered: add TRINE_JOB(unregistered, struct ...);");
    trine_future_unref(future);
    future = trine_submit(pool, other_size, &sum, sizeof sum - 1);
    assert_int_equal(outcome_of(future), -EINVAL);
    trine_future_unref(future);
    struct too_big *large = calloc(1, sizeof *large);
    future = trine_submit(pool, swallow, large, sizeof *large);
    assert_int_equal(outcome_of(future), TRINE_ELIMIT);
    assert_sentence(future, "1 MiB");
    trine_future_unref(future);
    free(large);
    assert_adds(pool, 1, 1);
    trine_executor_free(pool);
}

static void a_worker_sees_three_descriptors_and_its_channel(void **state)
{
    int stray = open("/dev/null", O_RDONLY); /* without close-on-exec */
    struct trine_executor *pool = new_pool(2);
    struct view view = { 0 };
    struct trine_future *future = trine_submit(pool, look_around, &view, sizeof view);
    assert_int_equal(outcome_of(future), 0);
    assert_int_equal(((struct view *)trine_future_value(future))->descriptors, 4);
    trine_future_unref(future);
    trine_executor_free(pool);
    close(stray);
}

/* ---- queue */

static void a_queued_job_is_cancelled_at_once_and_a_running_one_goes_on(void **state)
{
    struct trine_executor *pool = new_pool(1);
    struct trine_future *running = order(pool, RETURN, TRINE_MILLISECONDS(50));
    trine_sleep(TRINE_MILLISECONDS(10));
    struct trine_future *queued = order(pool, KILLED, 0);
    assert_int_equal(trine_cancel(queued), 1);
    assert_true(trine_future_done(queued));
    assert_int_equal(trine_future_outcome(queued), -ECANCELED);
    assert_int_equal(trine_cancel(running), 0);
    assert_int_equal(outcome_of(running), 5);
    assert_adds(pool, 1, 1);
    trine_future_unref(queued);
    trine_future_unref(running);
    trine_executor_free(pool);
}

static void submit_waits_while_the_backlog_is_full_until_a_deadline(void **state)
{
    struct trine_process_pool_options options = { .workers = 1, .backlog = 2 };
    struct trine_executor *pool = trine_process_pool_new(&options);
    struct trine_future *futures[4];
    struct trine_scope scope;
    pid_of_worker(pool); /* it is up */
    for (int i = 0; i < 3; i++)
        futures[i] = order(pool, RETURN, TRINE_MILLISECONDS(100));
    trine_scope_open(&scope, TRINE_MILLISECONDS(10));
    futures[3] = order(pool, RETURN, 0);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(trine_future_outcome(futures[3]), -ETIMEDOUT);
    trine_future_unref(futures[3]);
    futures[3] = order(pool, RETURN, 0); /* waits, then is let in */
    for (int i = 0; i < 4; i++) {
        assert_int_equal(outcome_of(futures[i]), 5);
        trine_future_unref(futures[i]);
    }
    trine_executor_free(pool);
}

static void freeing_runs_what_is_queued(void **state)
{
    struct trine_executor *pool = new_pool(2);
    struct trine_future *futures[50];
    for (int i = 0; i < 50; i++)
        futures[i] = order(pool, RETURN, TRINE_MILLISECONDS(1));
    trine_executor_free(pool);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(trine_future_outcome(futures[i]), 5);
        trine_future_unref(futures[i]);
    }
}

/* ---- tasks */

static int submit_in_task(void *arg)
{
    assert_adds(arg, 20, 22);
    return 0;
}

IN_A_TASK(a_pool_made_in_a_task_serves_tasks)
{
    struct trine_executor *pool = new_pool(2);
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 50; i++)
        trine_spawn(&group, submit_in_task, pool);
    assert_int_equal(trine_group_close(&group), 0);
    struct nothing nothing = { { 0 } };
    struct trine_future *deep = trine_submit(pool, use_stack, &nothing, sizeof nothing);
    assert_int_equal(outcome_of(deep), 0);
    trine_future_unref(deep);
    trine_executor_free(pool);
    return 0;
}

static void a_worker_may_have_a_pool_of_its_own(void **state)
{
    struct trine_executor *pool = new_pool(2);
    struct sum sum = { .a = 40, .b = 2 };
    struct trine_future *future = trine_submit(pool, nest, &sum, sizeof sum);
    assert_int_equal(outcome_of(future), 0);
    assert_int_equal(((struct sum *)trine_future_value(future))->result, 42);
    trine_future_unref(future);
    trine_executor_free(pool);
}

/* The terminal sends it to everybody; what it means is the parent's business. */
static void workers_and_server_do_not_heed_ctrl_c(void **state)
{
    struct trine_executor *pool = new_pool(1);
    pid_t worker = pid_of_worker(pool), server = pid_of_server(pool);
    kill(worker, SIGINT);
    kill(server, SIGINT);
    trine_sleep(TRINE_MILLISECONDS(10));
    assert_int_equal(pid_of_worker(pool), worker);
    assert_int_equal(pid_of_server(pool), server);
    trine_executor_free(pool);
}

static void idle(void *flag)
{
    while (!__atomic_load_n((bool *)flag, __ATOMIC_ACQUIRE))
        usleep(1000);
}

/* With a second thread there is no plain fork any more. */
static void a_pool_made_beside_other_threads_works(void **state)
{
    bool over = false;
    struct helper helper;
    start_helper(&helper, idle, &over);
    struct trine_executor *pool = new_pool(2);
    assert_adds(pool, 8, 9);
    struct trine_executor *another = new_pool(1);
    assert_adds(another, 8, 9);
    assert_int_equal(pid_of_server(pool), pid_of_server(another));
    trine_executor_free(pool);
    trine_executor_free(another);
    __atomic_store_n(&over, true, __ATOMIC_RELEASE);
    join_helper(&helper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_runs_in_another_process),
        TEST(many_jobs_each_give_their_own_result),
        TEST(a_record_of_a_mebibyte_travels_both_ways),
        TEST(two_functions_of_one_name_are_told_apart),
        TEST(an_error_comes_back_with_its_sentence),
        TEST(what_cannot_travel_is_refused_with_a_sentence),
        TEST(a_worker_sees_three_descriptors_and_its_channel),
        TEST(a_queued_job_is_cancelled_at_once_and_a_running_one_goes_on),
        TEST(submit_waits_while_the_backlog_is_full_until_a_deadline),
        TEST(freeing_runs_what_is_queued),
        TEST(a_pool_made_in_a_task_serves_tasks),
        TEST(a_worker_may_have_a_pool_of_its_own),
        TEST(workers_and_server_do_not_heed_ctrl_c),
        TEST(a_pool_made_beside_other_threads_works),
    };
    return RUN_TESTS(tests);
}
