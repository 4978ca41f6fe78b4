/* SPDX-License-Identifier: MIT */
#include "sys/fault.h"
#include "sys/sys.h"
#include "thread/workers.h"
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const int64_t second = 1000000000;

/* Waits until `*word` is at least `least`; false after half a minute. */
static bool reaches(_Atomic uint32_t *word, uint32_t least)
{
    int64_t deadline = trine__clock_monotonic() + 30 * second;
    for (uint32_t now; (now = atomic_load(word)) < least;)
        if (trine__futex_wait(word, now, deadline) == -ETIMEDOUT)
            return false;
    return true;
}

static void raise_by_one(_Atomic uint32_t *word)
{
    atomic_fetch_add(word, 1);
    trine__futex_wake(word, INT_MAX);
}

/* A job that says it has begun, waits for the gate, and notes the order in which it ended. */
struct job {
    struct trine__work work;
    struct scene *scene;
    uint32_t place; /* from 1, in the order of running; 0 while it did not run */
    char thread_name[16];
    sigset_t blocked;
};

struct scene {
    struct trine__workers *workers;
    _Atomic uint32_t begun, gate, ended;
};

static void run_job(struct trine__work *work)
{
    struct job *job = (struct job *)((char *)work - offsetof(struct job, work));
    struct scene *scene = job->scene;
    job->place = atomic_fetch_add(&scene->begun, 1) + 1;
    trine__futex_wake(&scene->begun, INT_MAX);
    reaches(&scene->gate, 1);
    pthread_getname_np(pthread_self(), job->thread_name, sizeof job->thread_name);
    trine__sys_sigmask(SIG_BLOCK, NULL, &job->blocked);
    raise_by_one(&scene->ended);
}

static void open_scene(struct scene *scene, unsigned max)
{
    memset(scene, 0, sizeof *scene);
    assert_int_equal(trine__workers_new("test", max, &scene->workers), 0);
}

static int submit(struct scene *scene, struct job *job)
{
    *job = (struct job){ .work.run = run_job, .scene = scene };
    return trine__workers_submit(scene->workers, &job->work);
}

static void jobs_run_at_the_same_time_up_to_the_maximum(void **state)
{
    struct scene scene;
    struct job jobs[5];
    open_scene(&scene, 3);
    for (int i = 0; i < 5; i++)
        assert_int_equal(submit(&scene, &jobs[i]), 0);
    assert_true(reaches(&scene.begun, 3));
    trine__sys_poll(NULL, 0, trine__clock_monotonic() + second / 100);
    assert_int_equal(atomic_load(&scene.begun), 3);
    raise_by_one(&scene.gate);
    assert_true(reaches(&scene.ended, 5));
    trine__workers_free(scene.workers);
}

static void one_worker_keeps_the_order(void **state)
{
    struct scene scene;
    struct job jobs[20];
    open_scene(&scene, 1);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(submit(&scene, &jobs[i]), 0);
    raise_by_one(&scene.gate);
    assert_true(reaches(&scene.ended, 20));
    trine__workers_free(scene.workers);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(jobs[i].place, i + 1);
}

static void a_queued_job_can_be_withdrawn_a_running_one_not(void **state)
{
    struct scene scene;
    struct job jobs[4];
    open_scene(&scene, 1);
    assert_int_equal(submit(&scene, &jobs[0]), 0);
    assert_true(reaches(&scene.begun, 1));
    for (int i = 1; i < 4; i++)
        assert_int_equal(submit(&scene, &jobs[i]), 0);
    assert_int_equal(trine__workers_withdraw(scene.workers, &jobs[0].work), 0);
    assert_int_equal(trine__workers_withdraw(scene.workers, &jobs[3].work), 1);
    assert_int_equal(trine__workers_withdraw(scene.workers, &jobs[3].work), 0);
    assert_int_equal(trine__workers_withdraw(scene.workers, &jobs[1].work), 1);
    assert_int_equal(trine__workers_submit(scene.workers, &jobs[1].work), 0);
    raise_by_one(&scene.gate);
    trine__workers_free(scene.workers);
    assert_int_equal(jobs[2].place, 2);
    assert_int_equal(jobs[1].place, 3);
    assert_int_equal(jobs[3].place, 0);
}

static void free_runs_what_is_queued(void **state)
{
    struct scene scene;
    struct job jobs[50];
    open_scene(&scene, 2);
    raise_by_one(&scene.gate);
    for (int i = 0; i < 50; i++)
        assert_int_equal(submit(&scene, &jobs[i]), 0);
    trine__workers_free(scene.workers);
    assert_int_equal(atomic_load(&scene.ended), 50);
}

static void free_of_unused_workers_or_of_none_is_fine(void **state)
{
    struct scene scene;
    open_scene(&scene, 4);
    trine__workers_free(scene.workers);
    trine__workers_free(NULL);
}

static void workers_are_named_and_leave_signals_to_others(void **state)
{
    struct scene scene;
    struct job job;
    sigset_t mine;
    open_scene(&scene, 1);
    raise_by_one(&scene.gate);
    assert_int_equal(submit(&scene, &job), 0);
    trine__workers_free(scene.workers);
    assert_string_equal(job.thread_name, "test");
    assert_true(sigismember(&job.blocked, SIGINT));
    assert_true(sigismember(&job.blocked, SIGCHLD));
    assert_true(sigismember(&job.blocked, SIGALRM));
    assert_false(sigismember(&job.blocked, SIGSEGV));
    trine__sys_sigmask(SIG_BLOCK, NULL, &mine);
    assert_false(sigismember(&mine, SIGINT));
}

static void without_any_thread_the_job_is_handed_back(void **state)
{
    struct scene scene;
    struct job job;
    open_scene(&scene, 2);
    raise_by_one(&scene.gate);
    trine__fault_plan("fail:1:op=thread");
    assert_int_equal(submit(&scene, &job), -EAGAIN);
    assert_int_equal(trine__workers_withdraw(scene.workers, &job.work), 0);
    trine__fault_plan(NULL);
    assert_int_equal(submit(&scene, &job), 0);
    trine__workers_free(scene.workers);
    assert_int_equal(job.place, 1);
}

static void with_one_thread_a_second_is_not_needed(void **state)
{
    struct scene scene;
    struct job jobs[2];
    open_scene(&scene, 2);
    assert_int_equal(submit(&scene, &jobs[0]), 0);
    assert_true(reaches(&scene.begun, 1));
    trine__fault_plan("fail:1+:op=thread");
    assert_int_equal(submit(&scene, &jobs[1]), 0);
    assert_int_equal(trine__fault_hits(), 1);
    trine__fault_plan(NULL);
    raise_by_one(&scene.gate);
    trine__workers_free(scene.workers);
    assert_int_equal(jobs[1].place, 2);
}

static void no_memory_is_an_error(void **state)
{
    struct trine__workers *workers = NULL;
    trine__fault_plan("fail:1");
    assert_int_equal(trine__workers_new("test", 1, &workers), -ENOMEM);
    trine__fault_plan(NULL);
    assert_null(workers);
}

/* An idle worker is used again rather than joined by a second; one that was idle for long has
 * ended, so that the next job needs a new one. */
static void idle_workers_are_used_again_and_then_end(void **state)
{
    struct scene scene;
    struct job jobs[3];
    open_scene(&scene, 2);
    raise_by_one(&scene.gate);
    trine__fault_plan("count");
    assert_int_equal(submit(&scene, &jobs[0]), 0);
    assert_true(reaches(&scene.ended, 1));
    trine__sys_poll(NULL, 0, trine__clock_monotonic() + second / 10);
    assert_int_equal(submit(&scene, &jobs[1]), 0);
    assert_true(reaches(&scene.ended, 2));
    assert_int_equal(trine__fault_calls_of("thread"), 1);
    trine__sys_poll(NULL, 0, trine__clock_monotonic() + 3 * second);
    assert_int_equal(submit(&scene, &jobs[2]), 0);
    trine__workers_free(scene.workers);
    assert_int_equal(jobs[2].place, 3);
    assert_int_equal(trine__fault_calls_of("thread"), 2);
    trine__fault_plan(NULL);
}

/* A worker that was not woken would come to its job only when its second of idleness is over. */
static void an_idle_worker_is_woken_for_a_job(void **state)
{
    enum { ROUNDS = 10 };
    struct scene scene;
    struct job job;
    open_scene(&scene, 1);
    raise_by_one(&scene.gate);
    int64_t start = trine__clock_monotonic();
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        assert_int_equal(submit(&scene, &job), 0);
        assert_true(reaches(&scene.ended, i));
        trine__sys_poll(NULL, 0, trine__clock_monotonic() + second / 50);
    }
    assert_true(trine__clock_monotonic() - start < ROUNDS * second / 2);
    trine__workers_free(scene.workers);
}

struct crowd {
    struct scene *scene;
    struct job jobs[200];
    uint32_t withdrawn;
};

static void *submit_and_withdraw(void *arg)
{
    struct crowd *crowd = arg;
    for (int i = 0; i < 200; i++) {
        submit(crowd->scene, &crowd->jobs[i]);
        if (i % 3 == 0)
            crowd->withdrawn +=
                (uint32_t)trine__workers_withdraw(crowd->scene->workers, &crowd->jobs[i].work);
    }
    return NULL;
}

static void every_job_runs_once_or_is_withdrawn(void **state)
{
    static struct crowd crowds[3];
    struct scene scene;
    pthread_t threads[3];
    uint32_t withdrawn = 0;
    open_scene(&scene, 3);
    raise_by_one(&scene.gate);
    for (int i = 0; i < 3; i++) {
        crowds[i].scene = &scene;
        assert_int_equal(trine__sys_thread_start(&threads[i], submit_and_withdraw, &crowds[i], 0),
                         0);
    }
    for (int i = 0; i < 3; i++) {
        trine__sys_thread_join(threads[i]);
        withdrawn += crowds[i].withdrawn;
    }
    trine__workers_free(scene.workers);
    assert_int_equal(atomic_load(&scene.ended) + withdrawn, 600);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_run_at_the_same_time_up_to_the_maximum),
        cmocka_unit_test(one_worker_keeps_the_order),
        cmocka_unit_test(a_queued_job_can_be_withdrawn_a_running_one_not),
        cmocka_unit_test(free_runs_what_is_queued),
        cmocka_unit_test(free_of_unused_workers_or_of_none_is_fine),
        cmocka_unit_test(workers_are_named_and_leave_signals_to_others),
        cmocka_unit_test(without_any_thread_the_job_is_handed_back),
        cmocka_unit_test(with_one_thread_a_second_is_not_needed),
        cmocka_unit_test(no_memory_is_an_error),
        cmocka_unit_test(idle_workers_are_used_again_and_then_end),
        cmocka_unit_test(an_idle_worker_is_woken_for_a_job),
        cmocka_unit_test(every_job_runs_once_or_is_withdrawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
