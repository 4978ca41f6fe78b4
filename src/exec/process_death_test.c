/* SPDX-License-Identifier: MIT */
/* The process pool when workers die, the fork server dies, the parent dies, calls fail: only the
 * job that a worker held is lost, and nothing stays behind. */
#include "exec/process_suite.h"
#include <trine/group.h>

/* ---- deaths */

static void assert_dies(struct trine_executor *pool, int how, const char *sentence)
{
    struct trine_future *future = order(pool, how, 0);
    assert_int_equal(outcome_of(future), TRINE_EWORKERDIED);
    assert_sentence(future, sentence);
    assert_sentence(future, "job obey: worker process ");
    trine_future_unref(future);
    assert_adds(pool, how, 10); /* by a replacement */
}

static void a_death_fails_its_own_job_and_says_how(void **state)
{
    struct trine_executor *pool = new_pool(1);
    assert_dies(pool, KILLED, "was killed by signal 9 (SIGKILL), perhaps out of memory");
    assert_dies(pool, SEGFAULT, "was killed by signal 11 (SIGSEGV)");
    assert_dies(pool, EXIT, "exited with code 3");
    assert_dies(pool, CLOSE_ALL, "worker process");
    trine_executor_free(pool);
}

static void queued_jobs_survive_the_death_of_the_worker_before_them(void **state)
{
    struct trine_executor *pool = new_pool(1);
    struct trine_future *dying = order(pool, KILLED, 0), *next[20];
    for (int i = 0; i < 20; i++)
        next[i] = order(pool, RETURN, 0);
    assert_int_equal(outcome_of(dying), TRINE_EWORKERDIED);
    trine_future_unref(dying);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(outcome_of(next[i]), 5);
        trine_future_unref(next[i]);
    }
    trine_executor_free(pool);
}

static void a_worker_killed_from_outside_fails_the_job_it_held(void **state)
{
    struct trine_executor *pool = new_pool(1);
    pid_t pid = pid_of_worker(pool);
    struct trine_future *future = order(pool, RETURN, TRINE_SECONDS(60));
    trine_sleep(TRINE_MILLISECONDS(50));
    kill(pid, SIGKILL);
    assert_int_equal(outcome_of(future), TRINE_EWORKERDIED);
    trine_future_unref(future);
    assert_adds(pool, 1, 2);
    trine_executor_free(pool);
}

static void a_death_while_idle_fails_nobody(void **state)
{
    struct trine_executor *pool = new_pool(1);
    pid_t pid = pid_of_worker(pool);
    kill(pid, SIGKILL);
    while (is_alive(pid))
        trine_sleep(TRINE_MILLISECONDS(1));
    assert_adds(pool, 1, 2);
    assert_int_not_equal(pid_of_worker(pool), pid);
    trine_executor_free(pool);
}

/* It was handed over, but the worker never came to read it. */
static void a_job_that_its_worker_never_read_goes_to_the_next(void **state)
{
    struct trine_executor *pool = new_pool(1);
    pid_t pid = pid_of_worker(pool);
    kill(pid, SIGSTOP);
    trine_sleep(TRINE_MILLISECONDS(5));
    struct trine_future *future = order(pool, RETURN, 0);
    kill(pid, SIGKILL);
    assert_int_equal(outcome_of(future), 5);
    trine_future_unref(future);
    trine_executor_free(pool);
}

/* A worker dies while a mebibyte of arguments is on the way to it, or of results from it. */
static void a_death_in_the_middle_of_a_transfer_is_survived(void **state)
{
    struct trine_executor *pool = new_patient_pool(1);
    struct big *big = calloc(1, sizeof *big);
    for (int i = 0; i < 10; i++) {
        pid_t pid = pid_of_worker(pool);
        struct trine_future *future = trine_submit(pool, invert, big, sizeof *big);
        trine_sleep(i * TRINE_MICROSECONDS(100));
        kill(pid, SIGKILL);
        int outcome = outcome_of(future);
        assert_true(outcome == 0 || outcome == TRINE_EWORKERDIED);
        trine_future_unref(future);
        while (is_alive(pid))
            trine_sleep(TRINE_MILLISECONDS(1));
        assert_adds(pool, i, i);
    }
    free(big);
    trine_executor_free(pool);
}

/* Each job is counted exactly once, whatever dies. */
static void a_hundred_random_kills_lose_nothing(void **state)
{
    enum { KILLS = 100, JOBS = 6 * KILLS };
    struct trine_executor *pool = new_patient_pool(2);
    struct trine_future *futures[JOBS];
    int good = 0, dead = 0;
    unsigned seed = 7;
    for (int i = 0; i < JOBS; i++) {
        bool lethal = i % 6 == 3;
        futures[i] = order(pool, lethal ? (rand_r(&seed) % 2 ? KILLED : EXIT) : RETURN,
                           rand_r(&seed) % 4 == 0 ? TRINE_MICROSECONDS(200) : 0);
    }
    for (int i = 0; i < JOBS; i++) {
        int outcome = outcome_of(futures[i]);
        good += outcome == 5;
        dead += outcome == TRINE_EWORKERDIED;
        trine_future_unref(futures[i]);
    }
    assert_int_equal(dead, KILLS);
    assert_int_equal(good, JOBS - KILLS);
    trine_executor_free(pool);
}

static void too_many_deaths_break_the_pool_with_the_cause(void **state)
{
    struct trine_process_pool_options options = { .workers = 1, .max_deaths = 3 };
    struct trine_executor *pool = trine_process_pool_new(&options);
    struct trine_future *dying[3], *queued;
    for (int i = 0; i < 3; i++)
        dying[i] = order(pool, EXIT, 0);
    queued = order(pool, RETURN, 0);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(outcome_of(dying[i]), TRINE_EWORKERDIED);
        trine_future_unref(dying[i]);
    }
    assert_int_equal(outcome_of(queued), TRINE_EPOOLBROKEN);
    assert_sentence(queued, "gave up after 3 worker deaths within 10 s");
    assert_sentence(queued, "exited with code 3");
    trine_future_unref(queued);
    queued = order(pool, RETURN, 0);
    assert_int_equal(outcome_of(queued), TRINE_EPOOLBROKEN);
    trine_future_unref(queued);
    trine_executor_free(pool);
}

static void the_pool_gets_a_new_fork_server_when_it_dies(void **state)
{
    struct trine_executor *pool = new_pool(2);
    pid_t server = pid_of_server(pool);
    struct trine_future *held = order(pool, RETURN, TRINE_SECONDS(60));
    trine_sleep(TRINE_MILLISECONDS(50));
    kill(server, SIGKILL);
    assert_int_equal(outcome_of(held), TRINE_EWORKERDIED);
    trine_future_unref(held);
    assert_adds(pool, 5, 6);
    assert_int_not_equal(pid_of_server(pool), server);
    trine_executor_free(pool);
}

/* ---- nothing stays behind */

static void nothing_is_left_after_free(void **state)
{
    int fds = count_fds(), children = count_children();
    for (int i = 0; i < 20; i++) {
        struct trine_executor *pool = new_pool(1 + i % 3);
        if (i % 2)
            assert_adds(pool, i, 1);
        if (i % 5 == 4)
            assert_dies(pool, KILLED, "killed");
        trine_executor_free(pool);
    }
    assert_int_equal(count_fds(), fds);
    assert_int_equal(count_children(), children);
}

/* A process with a busy pool ends, one way or another: its workers follow. */
static void assert_workers_follow(bool killed)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t parent = fork();
    if (parent == 0) {
        struct trine_executor *pool = new_pool(2);
        pid_t pids[2] = { pid_of_worker(pool), pid_of_server(pool) };
        order(pool, RETURN, TRINE_SECONDS(3600));
        order(pool, RETURN, TRINE_SECONDS(3600));
        (void)!write(fds[1], pids, sizeof pids);
        while (killed)
            pause();
        _exit(0);
    }
    pid_t pids[2];
    close(fds[1]);
    assert_int_equal(read(fds[0], pids, sizeof pids), sizeof pids);
    close(fds[0]);
    if (killed) {
        assert_true(is_alive(pids[0]));
        kill(parent, SIGKILL);
    }
    waitpid(parent, NULL, 0);
    int64_t begin = trine_now();
    while (is_alive(pids[0]) || is_alive(pids[1])) {
        assert_true(trine_now() - begin < TRINE_SECONDS(1));
        trine_sleep(TRINE_MILLISECONDS(1));
    }
}

static void workers_do_not_outlive_their_parent(void **state)
{
    assert_workers_follow(true);
    assert_workers_follow(false);
}

/* ---- memory and system calls that fail */

static void use_pool_under_faults(void)
{
    struct trine_process_pool_options options = { .workers = 2, .max_deaths = 3 };
    struct trine_executor *pool = trine_process_pool_new(&options);
    if (pool == NULL)
        return;
    for (int i = 0; i < 4; i++) {
        struct sum sum = { .a = i };
        struct trine_future *future = trine_submit(pool, add, &sum, sizeof sum);
        int outcome, error = trine_await(future, &outcome);
        assert_true(error == -ENOMEM || error == 0);
        if (error == 0 && outcome == 0)
            assert_int_equal(((struct sum *)trine_future_value(future))->result, i);
        trine_future_unref(future);
    }
    trine_executor_free(pool);
}

static void whatever_call_fails_the_pool_neither_hangs_nor_leaks(void **state)
{
    int fds = count_fds(), children = count_children();
    static const char *const forms[] = { "fail:%d", "fail:%d:op=alloc", "fail:%d:op=sendmsg",
                                         "fail:%d:op=recvmsg", "fail:%d+:op=alloc" };
    for (size_t form = 0; form < COUNT(forms); form++) {
        for (int k = 1; k <= (UNDER_TSAN || UNDER_ASAN ? 12 : 40); k++) {
            char plan[64];
            snprintf(plan, sizeof plan, forms[form], k);
            assert_int_equal(trine__fault_plan(plan), 0);
            use_pool_under_faults();
            trine__fault_plan(NULL);
            if (count_fds() != fds)
                fail_msg("%s left %d descriptors", plan, count_fds() - fds);
        }
    }
    assert_int_equal(count_children(), children);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_death_fails_its_own_job_and_says_how),
        TEST(queued_jobs_survive_the_death_of_the_worker_before_them),
        TEST(a_worker_killed_from_outside_fails_the_job_it_held),
        TEST(a_death_while_idle_fails_nobody),
        TEST(a_job_that_its_worker_never_read_goes_to_the_next),
        TEST(a_death_in_the_middle_of_a_transfer_is_survived),
        TEST(a_hundred_random_kills_lose_nothing),
        TEST(too_many_deaths_break_the_pool_with_the_cause),
        TEST(the_pool_gets_a_new_fork_server_when_it_dies),
        TEST(nothing_is_left_after_free),
        TEST(workers_do_not_outlive_their_parent),
        TEST(whatever_call_fails_the_pool_neither_hangs_nor_leaks),
    };
    return RUN_TESTS(tests);
}
