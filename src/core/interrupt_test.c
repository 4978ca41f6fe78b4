/* SPDX-License-Identifier: MIT */
/* Ctrl-C, in processes of their own. */
#include "core/suite.h"
#include <signal.h>
#include <sys/wait.h>

/* Runs fn in a child with SIGINT at its default; the child's wait status. */
static int status_of(int (*fn)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        alarm(30);
        _exit(fn());
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void press_ctrl_c(void)
{
    kill(getpid(), SIGINT);
}

static int be_interrupted(void *arg)
{
    if (trine_interrupted())
        return 1;
    press_ctrl_c();
    if (trine_sleep(PATIENCE) != -ECANCELED || !trine_interrupted())
        return 2;
    if (strcmp(trine_cancel_reason(), "SIGINT") != 0)
        return 3;
    return trine_yield() == -ECANCELED ? 0 : 4;
}

static int run_interrupted(void)
{
    int error = trine_run(be_interrupted, NULL, NULL);
    struct sigaction now;
    sigaction(SIGINT, NULL, &now);
    return error != 0 ? error : now.sa_handler == SIG_DFL ? 0 : 9;
}

static void the_first_cancels_the_first_task_with_a_reason(void **state)
{
    assert_int_equal(status_of(run_interrupted), 0);
}

static int run_several_interrupted(void)
{
    return trine_run(be_interrupted, NULL, &(struct trine_run_options){ .loops = 3 });
}

static void it_does_so_with_several_loops(void **state)
{
    assert_int_equal(status_of(run_several_interrupted), 0);
}

static void *press_soon(void *arg)
{
    usleep(10000);
    press_ctrl_c();
    return NULL;
}

static int sleep_until_interrupted(void *arg)
{
    pthread_t thread;
    pthread_create(&thread, NULL, press_soon, NULL);
    int error = trine_sleep(PATIENCE);
    pthread_join(thread, NULL);
    return error == -ECANCELED ? 0 : 5;
}

static int run_asleep(void)
{
    return trine_run(sleep_until_interrupted, NULL, NULL);
}

static void it_wakes_a_loop_that_sleeps(void **state)
{
    assert_int_equal(status_of(run_asleep), 0);
}

static int be_stubborn(void *arg)
{
    struct trine_scope shield;
    press_ctrl_c();
    trine_sleep(PATIENCE);
    trine_shield_open(&shield, TRINE_FOREVER);
    press_ctrl_c();
    trine_sleep(PATIENCE);
    return 0;
}

static int run_stubborn(void)
{
    return trine_run(be_stubborn, NULL, NULL);
}

static void the_second_ends_the_program(void **state)
{
    int status = status_of(run_stubborn);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static volatile sig_atomic_t own_handler_calls;

static void own_handler(int number)
{
    own_handler_calls++;
}

static int press_and_sleep(void *arg)
{
    press_ctrl_c();
    return trine_sleep(SOON) == 0 && !trine_interrupted() ? 0 : 7;
}

static int run_with_a_handler_of_its_own(void)
{
    signal(SIGINT, own_handler);
    int error = trine_run(press_and_sleep, NULL, NULL);
    return error != 0 ? error : own_handler_calls == 1 ? 0 : 8;
}

static void a_program_that_handles_sigint_itself_is_left_alone(void **state)
{
    assert_int_equal(status_of(run_with_a_handler_of_its_own), 0);
}

static int run_ignoring(void)
{
    return trine_run(press_and_sleep, NULL, &(struct trine_run_options){ .ignore_sigint = true });
}

static void a_run_that_ignores_sigint_leaves_the_default(void **state)
{
    int status = status_of(run_ignoring);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static int run_twice(void)
{
    int error = run_interrupted();
    return error != 0 ? error : run_interrupted();
}

static void every_run_begins_uninterrupted(void **state)
{
    assert_int_equal(status_of(run_twice), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(the_first_cancels_the_first_task_with_a_reason),
        TEST(it_does_so_with_several_loops),
        TEST(it_wakes_a_loop_that_sleeps),
        TEST(the_second_ends_the_program),
        TEST(a_program_that_handles_sigint_itself_is_left_alone),
        TEST(a_run_that_ignores_sigint_leaves_the_default),
        TEST(every_run_begins_uninterrupted),
    };
    return RUN_TESTS(tests);
}
