/* SPDX-License-Identifier: MIT */
/* The process pool: results, refusals, and above all what it does when workers die. */
#include "core/suite.h"
#include "exec/process_pool.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <trine/executor.h>
#include <trine/group.h>

#define MIB  ((size_t)1 << 20)
#define MANY CROWD(2000)

struct sum {
    long a, b, result;
};
struct order {
    int how;
    int64_t nap;
    pid_t pid;
};
struct big {
    unsigned char bytes[MIB];
};
struct too_big {
    char bytes[MIB + 1];
};
struct nothing {
    char none[1];
};

enum { RETURN, FAIL, KILLED, SEGFAULT, EXIT, CLOSE_ALL };

static int add(void *record)
{
    struct sum *sum = record;
    sum->result = sum->a + sum->b;
    return 0;
}
TRINE_JOB(add, struct sum);

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

static int obey(void *record)
{
    struct order *order = record;
    order->pid = getpid();
    if (order->nap > 0)
        trine_sleep(order->nap);
    switch (order->how) {
    case FAIL:
        return trine_fail(-ENOENT, "no chapter %d", 7);
    case KILLED:
        raise(SIGKILL);
        break;
    case SEGFAULT:
        raise(SIGSEGV);
        break;
    case EXIT:
        _exit(3);
    case CLOSE_ALL:
        for (int fd = 3; fd < 100; fd++)
            close(fd);
        break;
    default:
        break;
    }
    return 5;
}
TRINE_JOB(obey, struct order);

static int invert(void *record)
{
    struct big *big = record;
    for (size_t i = 0; i < sizeof big->bytes; i++)
        big->bytes[i] = (unsigned char)~big->bytes[i];
    return 0;
}
TRINE_JOB(invert, struct big);

static int swallow(void *record)
{
    return 0;
}
TRINE_JOB(swallow, struct too_big);

/* What this worker process can see: the number of its open descriptors. */
struct view {
    int descriptors;
    pid_t parent;
};
static int count_fds(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count - 3; /* ".", "..", the directory itself */
}
static int look_around(void *record)
{
    struct view *view = record;
    view->descriptors = count_fds();
    view->parent = getppid();
    return 0;
}
TRINE_JOB(look_around, struct view);

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

/* ---- helpers */

static struct trine_executor *new_pool(unsigned workers)
{
    struct trine_process_pool_options options = { .workers = workers };
    struct trine_executor *pool = trine_process_pool_new(&options);
    assert_non_null(pool);
    return pool;
}

/* For tests that kill many. */
static struct trine_executor *new_patient_pool(unsigned workers)
{
    struct trine_process_pool_options options = { .workers = workers, .max_deaths = 4000 };
    struct trine_executor *pool = trine_process_pool_new(&options);
    assert_non_null(pool);
    return pool;
}

static struct trine_future *order(struct trine_executor *pool, int how, int64_t nap)
{
    struct order record = { .how = how, .nap = nap };
    struct trine_future *future = trine_submit(pool, obey, &record, sizeof record);
    assert_non_null(future);
    return future;
}

static int outcome_of(struct trine_future *future)
{
    int outcome = -1;
    assert_int_equal(trine_await(future, &outcome), 0);
    return outcome;
}

static void assert_sentence(struct trine_future *future, const char *part)
{
    const char *message = trine_error_message(trine_future_error(future));
    if (strstr(message, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, message);
}

static void assert_adds(struct trine_executor *pool, long a, long b)
{
    struct sum sum = { .a = a, .b = b };
    struct trine_future *future = trine_submit(pool, add, &sum, sizeof sum);
    assert_int_equal(outcome_of(future), 0);
    assert_int_equal(((struct sum *)trine_future_value(future))->result, a + b);
    trine_future_unref(future);
}

static int count_children(void)
{
    char path[64], line[4096] = "";
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    int fd = open(path, O_RDONLY), count = 0;
    if (fd < 0)
        return 0;
    ssize_t len = read(fd, line, sizeof line - 1);
    close(fd);
    for (ssize_t i = 0; i < len; i++)
        count += line[i] == ' ';
    return count;
}

static bool is_alive(pid_t pid)
{
    char path[64], text[256] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    int fd = open(path, O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    const char *state = len > 0 ? strrchr(text, ')') : NULL;
    return state != NULL && state[2] != 'Z' && state[2] != 'X';
}

/* The process where a worker runs, learnt by a job. */
static pid_t pid_of_worker(struct trine_executor *pool)
{
    struct trine_future *future = order(pool, RETURN, 0);
    assert_int_equal(outcome_of(future), 5);
    pid_t pid = ((struct order *)trine_future_value(future))->pid;
    trine_future_unref(future);
    return pid;
}

static pid_t pid_of_server(struct trine_executor *pool)
{
    struct view view = { 0 };
    struct trine_future *future = trine_submit(pool, look_around, &view, sizeof view);
    assert_int_equal(outcome_of(future), 0);
    pid_t pid = ((struct view *)trine_future_value(future))->parent;
    trine_future_unref(future);
    return pid;
}

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
        TEST(a_job_runs_in_another_process),
        TEST(many_jobs_each_give_their_own_result),
        TEST(a_record_of_a_mebibyte_travels_both_ways),
        TEST(two_functions_of_one_name_are_told_apart),
        TEST(an_error_comes_back_with_its_sentence),
        TEST(what_cannot_travel_is_refused_with_a_sentence),
        TEST(a_worker_sees_three_descriptors_and_its_channel),
        TEST(a_death_fails_its_own_job_and_says_how),
        TEST(queued_jobs_survive_the_death_of_the_worker_before_them),
        TEST(a_worker_killed_from_outside_fails_the_job_it_held),
        TEST(a_death_while_idle_fails_nobody),
        TEST(a_job_that_its_worker_never_read_goes_to_the_next),
        TEST(a_death_in_the_middle_of_a_transfer_is_survived),
        TEST(a_hundred_random_kills_lose_nothing),
        TEST(too_many_deaths_break_the_pool_with_the_cause),
        TEST(the_pool_gets_a_new_fork_server_when_it_dies),
        TEST(a_queued_job_is_cancelled_at_once_and_a_running_one_goes_on),
        TEST(submit_waits_while_the_backlog_is_full_until_a_deadline),
        TEST(freeing_runs_what_is_queued),
        TEST(a_pool_made_in_a_task_serves_tasks),
        TEST(a_worker_may_have_a_pool_of_its_own),
        TEST(workers_and_server_do_not_heed_ctrl_c),
        TEST(a_pool_made_beside_other_threads_works),
        TEST(nothing_is_left_after_free),
        TEST(workers_do_not_outlive_their_parent),
        TEST(whatever_call_fails_the_pool_neither_hangs_nor_leaks),
    };
    return RUN_TESTS(tests);
}
