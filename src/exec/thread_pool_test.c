/* SPDX-License-Identifier: MIT */
/* The thread pool: results, order of ends, many submitters, full backlogs, waiting for itself. */
#include "core/suite.h"
#include "thread/pause.h"
#include <signal.h>
#include <stdatomic.h>
#include <trine/executor.h>
#include <trine/group.h>

#define SUBMITTERS 4
#define EACH       CROWD(10000)

static _Atomic(long) counter;

static int count(void *record)
{
    atomic_fetch_add(&counter, 1);
    return 0;
}

static int add_one(void *record)
{
    ++*(long *)record;
    return 3;
}

static int complain(void *record)
{
    return trine_fail(-ENOENT, "no shelf %ld", *(long *)record);
}

static int nap(void *record)
{
    return trine_sleep(*(int64_t *)record);
}

/* A gate that holds jobs back. */
struct gate {
    _Atomic(uint32_t) entered, open;
};

static int pass(void *record)
{
    struct gate *gate = *(struct gate **)record;
    atomic_fetch_add(&gate->entered, 1);
    while (!atomic_load(&gate->open))
        trine_sleep(TRINE_MICROSECONDS(100));
    return 0;
}

static void await_entered(struct gate *gate, unsigned many)
{
    while (atomic_load(&gate->entered) < many)
        trine_sleep(TRINE_MICROSECONDS(100));
}

static struct trine_executor *new_pool(unsigned workers, unsigned backlog)
{
    struct trine_thread_pool_options options = { .workers = workers, .backlog = backlog };
    struct trine_executor *pool = trine_thread_pool_new(&options);
    assert_non_null(pool);
    return pool;
}

static struct trine_future *hold(struct trine_executor *pool, struct gate *gate)
{
    return trine_submit(pool, pass, &gate, sizeof gate);
}

static int outcome_of(struct trine_future *future)
{
    int outcome = -1;
    assert_int_equal(trine_await(future, &outcome), 0);
    return outcome;
}

static void assert_ends_with(struct trine_future *future, int expected)
{
    assert_int_equal(outcome_of(future), expected);
    trine_future_unref(future);
}

static void assert_adds_one(struct trine_executor *pool, long n)
{
    struct trine_future *future = trine_submit(pool, add_one, &n, sizeof n);
    assert_int_equal(outcome_of(future), 3);
    assert_int_equal(*(long *)trine_future_value(future), n + 1);
    trine_future_unref(future);
}

/* ---- results */

static void a_job_returns_its_record_and_outcome(void **state)
{
    struct trine_executor *pool = new_pool(2, 0);
    assert_string_equal(trine_executor_name(pool), "threads");
    assert_int_equal(trine_executor_workers(pool), 2);
    for (long i = 0; i < 100; i++)
        assert_adds_one(pool, i);
    trine_executor_free(pool);
}

static void an_error_comes_with_sentence_and_origin(void **state)
{
    struct trine_executor *pool = new_pool(1, 0);
    long shelf = 12;
    struct trine_future *future = trine_submit(pool, complain, &shelf, sizeof shelf);
    assert_int_equal(outcome_of(future), -ENOENT);
    assert_string_equal(trine_error_message(trine_future_error(future)), "no shelf 12");
    assert_non_null(strstr(trine_error_origin(trine_future_error(future)), "thread_pool_test.c"));
    trine_future_unref(future);
    trine_executor_free(pool);
}

static void records_of_every_size_are_aligned_and_whole(void **state)
{
    static const size_t sizes[] = { 0, 1, 48, 49, 200, 256, 304, 305, 5000, 1 << 20 };
    struct trine_executor *pool = new_pool(2, 0);
    unsigned char *record = malloc(1 << 20);
    memset(record, 0x5a, 1 << 20);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct trine_future *future = trine_submit(pool, count, record, sizes[i]);
        assert_int_equal(outcome_of(future), 0);
        const unsigned char *back = trine_future_value(future);
        assert_int_equal((uintptr_t)back % 16, 0);
        assert_memory_equal(back, record, sizes[i]);
        trine_future_unref(future);
    }
    free(record);
    trine_executor_free(pool);
}

static void a_future_outlives_its_pool(void **state)
{
    struct trine_executor *pool = new_pool(1, 0);
    long n = 1;
    struct trine_future *future = trine_submit(pool, add_one, &n, sizeof n);
    trine_executor_free(pool);
    assert_int_equal(trine_future_outcome(future), 3);
    assert_int_equal(*(long *)trine_future_value(future), 2);
    assert_int_equal(trine_cancel(future), 0);
    trine_future_unref(future);
}

static void a_dropped_future_does_not_stop_its_job(void **state)
{
    struct trine_executor *pool = new_pool(2, 0);
    atomic_store(&counter, 0);
    for (int i = 0; i < 3000; i++)
        trine_future_unref(trine_submit(pool, count, NULL, 0));
    trine_executor_free(pool);
    assert_int_equal(counter, 3000);
}

/* ---- many submitters */

struct load {
    struct trine_executor *pool;
    long sum;
};

static void submit_much(void *arg)
{
    struct load *load = arg;
    struct trine_future *window[64] = { NULL };
    for (long i = 0; i < EACH + 64; i++) {
        struct trine_future **place = &window[i % 64];
        if (*place != NULL) {
            assert_int_equal(outcome_of(*place), 3);
            load->sum += *(long *)trine_future_value(*place);
            trine_future_unref(*place);
        }
        *place = i < EACH ? trine_submit(load->pool, add_one, &i, sizeof i) : NULL;
    }
}

static void assert_all_counted(unsigned workers, unsigned backlog)
{
    struct trine_executor *pool = new_pool(workers, backlog);
    struct load loads[SUBMITTERS];
    struct helper helpers[SUBMITTERS];
    for (int i = 0; i < SUBMITTERS; i++) {
        loads[i] = (struct load){ .pool = pool };
        start_helper(&helpers[i], submit_much, &loads[i]);
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        join_helper(&helpers[i]);
        assert_int_equal(loads[i].sum, (long)EACH * (EACH + 1) / 2);
    }
    trine_executor_free(pool);
}

static void four_threads_submit_and_every_job_counts_once(void **state)
{
    assert_all_counted(1, 0);
    assert_all_counted(2, 0);
    assert_all_counted(5, 0);
}

static void the_same_with_hardly_any_room(void **state)
{
    assert_all_counted(2, 3);
}

static int submit_in_task(void *arg)
{
    for (long i = 0; i < 50; i++)
        assert_adds_one(arg, i);
    return 0;
}

static int submit_from_loop(void *pool)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 20; i++)
        trine_spawn(&group, submit_in_task, pool);
    return trine_group_close(&group);
}

static void run_loop(void *pool)
{
    assert_int_equal(trine_run(submit_from_loop, pool, NULL), 0);
}

static void several_loops_share_a_pool(void **state)
{
    struct trine_executor *pool = new_pool(2, 7);
    struct helper helpers[3];
    for (int i = 0; i < 3; i++)
        start_helper(&helpers[i], run_loop, pool);
    for (int i = 0; i < 3; i++)
        join_helper(&helpers[i]);
    trine_executor_free(pool);
}

/* ---- waiting for the same future */

static int await_gate(void *future)
{
    return outcome_of(future);
}

static void await_gate_in_thread(void *future)
{
    assert_int_equal(outcome_of(future), 0);
}

IN_A_TASK(tasks_and_threads_await_the_same_job)
{
    struct trine_executor *pool = new_pool(1, 0);
    struct gate gate = { 0 };
    struct trine_future *future = hold(pool, &gate);
    struct helper helpers[3];
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 5; i++)
        trine_spawn(&group, await_gate, future);
    for (int i = 0; i < 3; i++)
        start_helper(&helpers[i], await_gate_in_thread, future);
    trine_sleep(SOON);
    atomic_store(&gate.open, 1);
    assert_int_equal(trine_group_close(&group), 0);
    for (int i = 0; i < 3; i++)
        join_helper(&helpers[i]);
    trine_future_unref(future);
    trine_executor_free(pool);
    return 0;
}

/* ---- cancelling */

static void a_queued_job_is_cancelled_at_once_and_a_running_one_goes_on(void **state)
{
    struct trine_executor *pool = new_pool(1, 0);
    struct gate gate = { 0 };
    struct trine_future *running = hold(pool, &gate);
    await_entered(&gate, 1);
    atomic_store(&counter, 0);
    struct trine_future *queued = trine_submit(pool, count, NULL, 0);
    assert_int_equal(trine_cancel(queued), 1);
    assert_int_equal(trine_future_outcome(queued), -ECANCELED);
    assert_int_equal(trine_cancel(queued), 0);
    assert_int_equal(trine_cancel(running), 0);
    atomic_store(&gate.open, 1);
    assert_ends_with(running, 0);
    trine_future_unref(queued);
    trine_executor_free(pool);
    assert_int_equal(counter, 0);
}

static void a_job_behind_a_long_one_is_taken_by_an_idle_worker(void **state)
{
    struct trine_executor *pool = new_pool(2, 0);
    struct gate gate = { 0 };
    for (int round = 0; round < 200; round++) {
        struct trine_future *later[20];
        atomic_store(&gate.open, 0);
        struct trine_future *first = hold(pool, &gate);
        for (int i = 0; i < 20; i++)
            later[i] = trine_submit(pool, count, NULL, 0);
        for (int i = 0; i < 20; i++)
            assert_ends_with(later[i], 0); /* while the first holds its worker */
        atomic_store(&gate.open, 1);
        assert_ends_with(first, 0);
    }
    trine_executor_free(pool);
}

/* A job that comes at the very moment when the last searcher goes to sleep is still seen. */
static void no_job_is_forgotten_while_workers_fall_asleep(void **state)
{
    struct trine_executor *pool = new_pool(2, 0);
    unsigned seed = 1;
    for (long i = 0; i < CROWD(20000); i++) {
        for (int spins = rand_r(&seed) % 1200; spins > 0; spins--)
            trine__pause();
        assert_adds_one(pool, i);
    }
    trine_executor_free(pool);
}

/* ---- a full backlog */

static void submit_waits_for_room_and_gives_up_at_a_deadline(void **state)
{
    struct trine_executor *pool = new_pool(1, 2);
    struct gate gate = { 0 };
    struct trine_scope scope;
    struct trine_future *running = hold(pool, &gate), *queued[2];
    await_entered(&gate, 1);
    for (int i = 0; i < 2; i++)
        queued[i] = trine_submit(pool, count, NULL, 0);
    trine_scope_open(&scope, SOON);
    struct trine_future *refused = trine_submit(pool, count, NULL, 0);
    assert_int_equal(trine_scope_close(&scope), -ETIMEDOUT);
    assert_int_equal(trine_future_outcome(refused), -ETIMEDOUT);
    trine_future_unref(refused);
    atomic_store(&gate.open, 1);
    assert_ends_with(trine_submit(pool, count, NULL, 0), 0);
    for (int i = 0; i < 2; i++)
        assert_ends_with(queued[i], 0);
    trine_future_unref(running);
    trine_executor_free(pool);
}

struct entry {
    struct trine_executor *pool;
    int number;
};
static _Atomic(int) order[8], order_len;

static int sign_in(void *record)
{
    atomic_store(&order[atomic_fetch_add(&order_len, 1)], *(int *)record);
    return 0;
}

static int enter(void *arg)
{
    struct entry *entry = arg;
    struct trine_future *future =
        trine_submit(entry->pool, sign_in, &entry->number, sizeof entry->number);
    assert_ends_with(future, 0);
    return 0;
}

IN_A_TASK(those_who_wait_for_room_enter_in_order)
{
    struct trine_executor *pool = new_pool(1, 1);
    struct gate gate = { 0 };
    struct trine_future *running = hold(pool, &gate);
    struct entry entries[8];
    struct trine_group group;
    atomic_store(&order_len, 0);
    await_entered(&gate, 1);
    trine_group_open(&group, NULL);
    for (int i = 0; i < 8; i++) {
        entries[i] = (struct entry){ pool, i };
        trine_spawn(&group, enter, &entries[i]);
    }
    trine_sleep(SOON);
    atomic_store(&gate.open, 1);
    assert_int_equal(trine_group_close(&group), 0);
    for (int i = 0; i < 8; i++)
        assert_int_equal(order[i], i);
    trine_future_unref(running);
    trine_executor_free(pool);
    return 0;
}

IN_A_TASK(a_task_that_waits_for_room_can_be_cancelled)
{
    struct trine_executor *pool = new_pool(1, 1);
    struct gate gate = { 0 };
    struct trine_future *running = hold(pool, &gate);
    await_entered(&gate, 1);
    struct trine_future *queued = trine_submit(pool, count, NULL, 0);
    struct trine_scope scope;
    trine_scope_open(&scope, SOON);
    struct trine_future *refused = trine_submit(pool, count, NULL, 0);
    trine_scope_close(&scope);
    assert_int_equal(trine_future_outcome(refused), -ETIMEDOUT);
    atomic_store(&gate.open, 1);
    assert_ends_with(queued, 0);
    assert_ends_with(running, 0);
    trine_future_unref(refused);
    trine_executor_free(pool);
    return 0;
}

/* ---- a pool that waits for itself */

struct fib {
    struct trine_executor *pool;
    long n, result;
};

static int fib(void *record)
{
    struct fib *fib_of = record;
    if (fib_of->n < 2) {
        fib_of->result = fib_of->n;
        return 0;
    }
    struct fib parts[2] = { { fib_of->pool, fib_of->n - 1, 0 },
                            { fib_of->pool, fib_of->n - 2, 0 } };
    struct trine_future *futures[2];
    for (int i = 0; i < 2; i++)
        futures[i] = trine_submit(fib_of->pool, fib, &parts[i], sizeof parts[i]);
    int error = trine_gather(futures, 2, TRINE_GATHER);
    for (int i = 0; i < 2; i++) {
        fib_of->result += ((struct fib *)trine_future_value(futures[i]))->result;
        trine_future_unref(futures[i]);
    }
    return error;
}

static void jobs_that_wait_for_jobs_of_their_own_pool_get_done(void **state)
{
    for (unsigned workers = 1; workers <= 3; workers++) {
        struct trine_executor *pool = new_pool(workers, workers == 2 ? 2 : 0);
        struct fib record = { .pool = pool, .n = 12 };
        struct trine_future *future = trine_submit(pool, fib, &record, sizeof record);
        assert_int_equal(outcome_of(future), 0);
        assert_int_equal(((struct fib *)trine_future_value(future))->result, 144);
        trine_future_unref(future);
        trine_executor_free(pool);
    }
}

/* ---- threads */

static int look_at_mask(void *record)
{
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, SIGINT) && sigismember(&mask, SIGCHLD) &&
           !sigismember(&mask, SIGSEGV);
}

static void workers_block_the_signals_of_the_process(void **state)
{
    struct trine_executor *pool = new_pool(1, 0);
    assert_ends_with(trine_submit(pool, look_at_mask, NULL, 0), 1);
    trine_executor_free(pool);
}

static void an_idle_pool_costs_no_time(void **state)
{
    struct trine_executor *pool = new_pool(4, 0);
    assert_adds_one(pool, 1);
    trine_sleep(TRINE_MILLISECONDS(20));
    int64_t cpu = trine__clock_cpu();
    trine_sleep(TRINE_MILLISECONDS(200));
    assert_true(trine__clock_cpu() - cpu < TRINE_MILLISECONDS(50));
    trine_executor_free(pool);
}

IN_A_TASK(a_task_that_waits_for_long_jobs_costs_no_time)
{
    struct trine_executor *pool = new_pool(2, 0);
    assert_adds_one(pool, 1);
    int64_t length = TRINE_MILLISECONDS(20), cpu = trine__clock_cpu();
    for (int i = 0; i < 10; i++)
        assert_ends_with(trine_submit(pool, nap, &length, sizeof length), 0);
    assert_true(trine__clock_cpu() - cpu < TRINE_MILLISECONDS(50));
    trine_executor_free(pool);
    return 0;
}

static void nap_ends(struct trine_future *future, void *arg)
{
    *(int64_t *)arg = trine_now();
}

/* The loop that looks for mail still sees its timers come. */
IN_A_TASK(timers_come_while_a_task_waits_for_jobs)
{
    struct trine_executor *pool = new_pool(2, 0);
    int64_t deadline = trine_now() + TRINE_MILLISECONDS(5), end = 0;
    struct trine_group group;
    trine_group_open(&group, NULL);
    struct trine_future *sleeper = trine_spawn(&group, nap, &(int64_t){ TRINE_MILLISECONDS(5) });
    assert_int_equal(trine_future_on_done(sleeper, nap_ends, &end), 0);
    while (end == 0 && trine_now() < deadline + TRINE_SECONDS(5))
        assert_adds_one(pool, 1);
    assert_int_equal(trine_group_close(&group), 0);
    assert_true(end >= deadline && end < deadline + TRINE_SECONDS(1));
    trine_executor_free(pool);
    return 0;
}

static void jobs_block_their_thread_only(void **state)
{
    struct trine_executor *pool = new_pool(8, 0);
    int64_t long_nap = TRINE_MILLISECONDS(50), begin = trine_now();
    struct trine_future *futures[8];
    for (int i = 0; i < 8; i++)
        futures[i] = trine_submit(pool, nap, &long_nap, sizeof long_nap);
    for (int i = 0; i < 8; i++)
        assert_ends_with(futures[i], 0);
    assert_true(trine_now() - begin < TRINE_MILLISECONDS(300));
    trine_executor_free(pool);
}

static void a_forked_child_is_told_that_the_workers_are_elsewhere(void **state)
{
    struct trine_executor *pool = new_pool(2, 0);
    long n = 1;
    pid_t pid = fork();
    if (pid == 0) {
        struct trine_future *future = trine_submit(pool, add_one, &n, sizeof n);
        bool told = trine_future_outcome(future) == TRINE_EFORKED;
        trine_future_unref(future);
        trine_executor_free(pool);
        _exit(told ? 0 : 1);
    }
    int status = -1;
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_adds_one(pool, 1);
    trine_executor_free(pool);
}

static void what_cannot_be_started_is_said(void **state)
{
    trine__fault_plan("fail:2:op=thread");
    struct trine_thread_pool_options options = { .workers = 3 };
    assert_null(trine_thread_pool_new(&options));
    trine__fault_plan(NULL);
    assert_non_null(strstr(trine_error_message(trine_error_last()), "no thread for 3 workers"));
    options.workers = 1u << 30;
    assert_null(trine_thread_pool_new(&options));
    assert_int_equal(trine_error_code(trine_error_last()), -EINVAL);
}

static void every_allocation_may_fail(void **state)
{
    for (int k = 1; k < 60; k++) {
        char plan[64];
        snprintf(plan, sizeof plan, "fail:%d:op=alloc", k);
        trine__fault_plan(plan);
        struct trine_thread_pool_options options = { .workers = 2, .backlog = 2 };
        struct trine_executor *pool = trine_thread_pool_new(&options);
        for (long i = 0; pool != NULL && i < 5; i++) {
            struct trine_future *future = trine_submit(pool, add_one, &i, sizeof i);
            int outcome, error = trine_await(future, &outcome);
            assert_true(error == -ENOMEM || (error == 0 && outcome == 3));
            trine_future_unref(future);
        }
        trine_executor_free(pool);
        bool hit = trine__fault_hits() > 0;
        trine__fault_plan(NULL);
        if (!hit)
            return;
    }
    fail_msg("the plan never ran out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_job_returns_its_record_and_outcome),
        TEST(an_error_comes_with_sentence_and_origin),
        TEST(records_of_every_size_are_aligned_and_whole),
        TEST(a_future_outlives_its_pool),
        TEST(a_dropped_future_does_not_stop_its_job),
        TEST(four_threads_submit_and_every_job_counts_once),
        TEST(the_same_with_hardly_any_room),
        TEST(several_loops_share_a_pool),
        TEST(tasks_and_threads_await_the_same_job),
        TEST(a_queued_job_is_cancelled_at_once_and_a_running_one_goes_on),
        TEST(a_job_behind_a_long_one_is_taken_by_an_idle_worker),
        TEST(no_job_is_forgotten_while_workers_fall_asleep),
        TEST(submit_waits_for_room_and_gives_up_at_a_deadline),
        TEST(those_who_wait_for_room_enter_in_order),
        TEST(a_task_that_waits_for_room_can_be_cancelled),
        TEST(jobs_that_wait_for_jobs_of_their_own_pool_get_done),
        TEST(workers_block_the_signals_of_the_process),
        TEST(an_idle_pool_costs_no_time),
        TEST(a_task_that_waits_for_long_jobs_costs_no_time),
        TEST(timers_come_while_a_task_waits_for_jobs),
        TEST(jobs_block_their_thread_only),
        TEST(a_forked_child_is_told_that_the_workers_are_elsewhere),
        TEST(what_cannot_be_started_is_said),
        TEST(every_allocation_may_fail),
    };
    return RUN_TESTS(tests);
}
