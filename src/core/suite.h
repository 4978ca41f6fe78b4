/* SPDX-License-Identifier: MIT */
/* The frame of the tests of tasks: a test's body runs as the first task of a run, on real or
 * virtual time; what the library reports is caught, and a report that nobody expected fails the
 * test. */
#ifndef TRINE_CORE_SUITE_H
#define TRINE_CORE_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "base/list.h"
#include "core/loop.h"
#include "sys/fault.h"
#include "sys/sys.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine/debug.h>
#include <trine/run.h>
#include <unistd.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SOON         TRINE_MILLISECONDS(5)
#define PATIENCE     TRINE_SECONDS(20) /* for what must happen */

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifndef UNDER_TSAN
#define UNDER_TSAN 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#else
#define UNDER_ASAN 0
#endif

/* How much smaller a crowd is where each of its members costs a sanitizer's shadow, too. */
#define CROWD(size) (UNDER_TSAN || UNDER_ASAN ? (size) / 10 : (size))

/* A body that is the first task of a run; it returns 0 when all is well. */
#define IN_A_TASK(name)                                                                            \
    static int name##_body(void *arg);                                                             \
    static void name(void **state)                                                                 \
    {                                                                                              \
        assert_int_equal(trine_run(name##_body, NULL, NULL), 0);                                   \
    }                                                                                              \
    static int name##_body(void *arg)

/* One body, two tests: as the first task of a run, and without any loop. */
#define IN_BOTH(name)                                                                              \
    static int name(void *arg);                                                                    \
    static void name##_in_a_task(void **state)                                                     \
    {                                                                                              \
        assert_int_equal(trine_run(name, NULL, NULL), 0);                                          \
    }                                                                                              \
    static void name##_in_a_thread(void **state)                                                   \
    {                                                                                              \
        assert_int_equal(name(NULL), 0);                                                           \
    }                                                                                              \
    static int name(void *arg)

#define IN_VIRTUAL_TIME(name)                                                                      \
    static int name##_body(void *arg);                                                             \
    static void name(void **state)                                                                 \
    {                                                                                              \
        assert_int_equal(trine_run(name##_body, NULL, &virtual_time), 0);                          \
    }                                                                                              \
    static int name##_body(void *arg)

#define ON_SEVERAL_LOOPS(name, count)                                                              \
    static int name##_body(void *arg);                                                             \
    static void name(void **state)                                                                 \
    {                                                                                              \
        struct trine_run_options several = { .loops = (count) };                                   \
        assert_int_equal(trine_run(name##_body, NULL, &several), 0);                               \
    }                                                                                              \
    static int name##_body(void *arg)

__attribute__((unused)) static const struct trine_run_options virtual_time = { .poller = "sim" };

#define REPORTS_MAX 64

static pthread_mutex_t reports_lock = PTHREAD_MUTEX_INITIALIZER;
static char *reports[REPORTS_MAX];
static int report_count;

static inline void keep_report(const char *message, void *arg)
{
    pthread_mutex_lock(&reports_lock);
    if (report_count < REPORTS_MAX)
        reports[report_count++] = strdup(message);
    pthread_mutex_unlock(&reports_lock);
}

/* Takes the oldest report, which must contain both texts. */
static inline void assert_reported(const char *text, const char *another)
{
    pthread_mutex_lock(&reports_lock);
    assert_true(report_count > 0);
    char *report = reports[0];
    memmove(reports, reports + 1, (size_t)--report_count * sizeof reports[0]);
    pthread_mutex_unlock(&reports_lock);
    if (strstr(report, text) == NULL || strstr(report, another) == NULL)
        fail_msg("reported was: %s", report);
    free(report);
}

static inline void assert_nothing_reported(void)
{
    if (report_count > 0)
        fail_msg("%d reports, the first: %s", report_count, reports[0]);
}

static inline int begin_test(void **state)
{
    trine_set_report(keep_report, NULL);
    return 0;
}

static inline int end_test(void **state)
{
    assert_nothing_reported();
    trine_set_report(NULL, NULL);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)

/* A failed assertion in a task cannot jump out of it: it ends the process. */
#define RUN_TESTS(tests)                                                                           \
    (setenv("CMOCKA_TEST_ABORT", "1", 1), alarm(120), cmocka_run_group_tests(tests, NULL, NULL))

/* ---- tasks that many tests need */

static inline int sleep_for(void *duration)
{
    return trine_sleep(*(int64_t *)duration);
}

__attribute__((unused)) static int64_t hour = TRINE_SECONDS(3600);

/* A plain thread that runs fn, as a promise of its end. */
struct helper {
    pthread_t thread;
    void (*fn)(void *arg);
    void *arg;
};

static inline void *helper_main(void *arg)
{
    struct helper *helper = arg;
    helper->fn(helper->arg);
    return NULL;
}

static inline void start_helper(struct helper *helper, void (*fn)(void *arg), void *arg)
{
    *helper = (struct helper){ .fn = fn, .arg = arg };
    assert_int_equal(pthread_create(&helper->thread, NULL, helper_main, helper), 0);
}

static inline void join_helper(struct helper *helper)
{
    pthread_join(helper->thread, NULL);
}

#endif
