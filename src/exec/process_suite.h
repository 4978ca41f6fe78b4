/* SPDX-License-Identifier: MIT */
/* The frame of the process pool's tests: jobs that add, obey orders and look around, and what one
 * can learn of worker processes. */
#ifndef TRINE_EXEC_PROCESS_SUITE_H
#define TRINE_EXEC_PROCESS_SUITE_H

#include "core/suite.h"
#include "exec/process_pool.h"
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <trine/executor.h>

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

enum { RETURN, FAIL, KILLED, SEGFAULT, EXIT, CLOSE_ALL };

/* ---- jobs */

static int add(void *record)
{
    struct sum *sum = record;
    sum->result = sum->a + sum->b;
    return 0;
}
TRINE_JOB(add, struct sum);

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

/* ---- the pool and its processes */

static inline struct trine_executor *new_pool(unsigned workers)
{
    struct trine_process_pool_options options = { .workers = workers };
    struct trine_executor *pool = trine_process_pool_new(&options);
    assert_non_null(pool);
    return pool;
}

/* For tests that kill many. */
static inline struct trine_executor *new_patient_pool(unsigned workers)
{
    struct trine_process_pool_options options = { .workers = workers, .max_deaths = 4000 };
    struct trine_executor *pool = trine_process_pool_new(&options);
    assert_non_null(pool);
    return pool;
}

static inline struct trine_future *order(struct trine_executor *pool, int how, int64_t nap)
{
    struct order record = { .how = how, .nap = nap };
    struct trine_future *future = trine_submit(pool, obey, &record, sizeof record);
    assert_non_null(future);
    return future;
}

static inline int outcome_of(struct trine_future *future)
{
    int outcome = -1;
    assert_int_equal(trine_await(future, &outcome), 0);
    return outcome;
}

static inline void assert_sentence(struct trine_future *future, const char *part)
{
    const char *message = trine_error_message(trine_future_error(future));
    if (strstr(message, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, message);
}

static inline void assert_adds(struct trine_executor *pool, long a, long b)
{
    struct sum sum = { .a = a, .b = b };
    struct trine_future *future = trine_submit(pool, add, &sum, sizeof sum);
    assert_int_equal(outcome_of(future), 0);
    assert_int_equal(((struct sum *)trine_future_value(future))->result, a + b);
    trine_future_unref(future);
}

static inline int count_children(void)
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

static inline bool is_alive(pid_t pid)
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
static inline pid_t pid_of_worker(struct trine_executor *pool)
{
    struct trine_future *future = order(pool, RETURN, 0);
    assert_int_equal(outcome_of(future), 5);
    pid_t pid = ((struct order *)trine_future_value(future))->pid;
    trine_future_unref(future);
    return pid;
}

static inline pid_t pid_of_server(struct trine_executor *pool)
{
    struct view view = { 0 };
    struct trine_future *future = trine_submit(pool, look_around, &view, sizeof view);
    assert_int_equal(outcome_of(future), 0);
    pid_t pid = ((struct view *)trine_future_value(future))->parent;
    trine_future_unref(future);
    return pid;
}

#endif
