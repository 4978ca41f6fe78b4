/* SPDX-License-Identifier: MIT */
#include "core/suite.h"
#include <trine/generator.h>
#include <trine/group.h>
#include <trine/local.h>

static int numbers(struct trine_generator *self, void *arg)
{
    int error = 0;
    for (int i = 1; i <= *(int *)arg && error == 0; i++)
        error = trine_yield_value(self, &i, NULL);
    return error;
}

static int three = 3;

static int next_int(struct trine_generator *generator)
{
    void *value;
    return trine_generator_next(generator, &value) == 1 ? *(int *)value : 0;
}

IN_BOTH(a_plain_loop_gets_all_values_and_then_zero_for_ever)
{
    struct trine_generator *generator = trine_generator_new(numbers, &three);
    int sum = 0, got;
    void *value;
    while ((got = trine_generator_next(generator, &value)) == 1)
        sum += *(int *)value;
    assert_int_equal(got, 0);
    assert_int_equal(sum, 6);
    assert_int_equal(trine_generator_next(generator, &value), 0);
    trine_generator_free(generator);
    trine_generator_free(NULL);
    return 0;
}

/* ---- send, throw, close */

struct log {
    int sent, error, cleaned, begun;
    int outcome; /* what the body returns in the end */
};

static int logging(struct trine_generator *self, void *arg)
{
    struct log *log = arg;
    void *sent = NULL;
    log->begun++;
    while ((log->error = trine_yield_value(self, &log->sent, &sent)) == 0)
        log->sent += sent != NULL ? *(int *)sent : 0;
    log->cleaned++;
    return log->outcome != 0 ? log->outcome : log->error;
}

IN_BOTH(what_is_sent_is_what_the_pending_yield_gives)
{
    struct log log = { 0 };
    int five = 5;
    void *value;
    struct trine_generator *generator = trine_generator_new(logging, &log);
    assert_int_equal(trine_generator_send(generator, &five, &value), -EINVAL);
    assert_int_equal(log.begun, 0);
    assert_int_equal(trine_generator_send(generator, NULL, &value), 1);
    assert_int_equal(trine_generator_send(generator, &five, &value), 1);
    assert_int_equal(*(int *)value, 5);
    trine_generator_free(generator);
    assert_int_equal(log.cleaned, 1);
    assert_int_equal(log.error, -ECANCELED);
    return 0;
}

IN_BOTH(an_error_thrown_comes_out_of_the_yield_and_is_returned_once)
{
    struct log log = { 0 };
    struct trine_generator *generator = trine_generator_new(logging, &log);
    assert_int_equal(trine_generator_next(generator, NULL), 1);
    assert_int_equal(trine_generator_throw(generator, 1, NULL), -EINVAL);
    assert_int_equal(trine_generator_throw(generator, -EIO, NULL), -EIO);
    assert_int_equal(log.error, -EIO);
    assert_int_equal(trine_generator_next(generator, NULL), 0);
    assert_int_equal(trine_generator_throw(generator, -EIO, NULL), -EIO);
    trine_generator_free(generator);
    return 0;
}

IN_BOTH(a_throw_before_the_start_finishes_it_and_it_never_runs)
{
    struct log log = { 0 };
    struct trine_generator *generator = trine_generator_new(logging, &log);
    assert_int_equal(trine_generator_throw(generator, -EIO, NULL), -EIO);
    assert_int_equal(trine_generator_next(generator, NULL), 0);
    assert_int_equal(log.begun, 0);
    trine_generator_free(generator);
    return 0;
}

IN_BOTH(close_cleans_up_at_once_and_gives_what_the_body_returned)
{
    struct log log = { .outcome = 7 }, other = { 0 }, unstarted = { 0 };
    struct trine_generator *generator = trine_generator_new(logging, &log);
    assert_int_equal(trine_generator_next(generator, NULL), 1);
    assert_int_equal(trine_generator_close(generator), 7);
    assert_int_equal(log.cleaned, 1);
    assert_int_equal(trine_generator_close(generator), 7);
    trine_generator_free(generator);
    generator = trine_generator_new(logging, &other);
    assert_int_equal(trine_generator_next(generator, NULL), 1);
    assert_int_equal(trine_generator_close(generator), 0);
    trine_generator_free(generator);
    generator = trine_generator_new(logging, &unstarted);
    assert_int_equal(trine_generator_close(generator), 0);
    assert_int_equal(trine_generator_next(generator, NULL), 0);
    trine_generator_free(generator);
    assert_int_equal(unstarted.begun, 0);
    return 0;
}

static int stubborn(struct trine_generator *self, void *arg)
{
    int first = trine_yield_value(self, NULL, NULL);
    *(int *)arg = trine_yield_value(self, NULL, NULL);
    return first;
}

IN_BOTH(yielding_after_the_close_is_refused_and_reported)
{
    int second = 0;
    struct trine_generator *generator = trine_generator_new(stubborn, &second);
    assert_int_equal(trine_generator_next(generator, NULL), 1);
    assert_int_equal(trine_generator_close(generator), 0);
    assert_int_equal(second, -EINVAL);
    assert_reported("stubborn", "after it was closed");
    trine_generator_free(generator);
    return 0;
}

/* ---- re-entry, places */

static int steps_itself(struct trine_generator *self, void *arg)
{
    int *errors = arg;
    errors[0] = trine_generator_next(self, NULL);
    errors[1] = trine_generator_close(self);
    return 0;
}

IN_BOTH(a_body_cannot_step_or_close_itself)
{
    int errors[2] = { 0 };
    struct trine_generator *generator = trine_generator_new(steps_itself, errors);
    assert_int_equal(trine_generator_next(generator, NULL), 0);
    assert_int_equal(errors[0], -EBUSY);
    assert_int_equal(errors[1], -EBUSY);
    trine_generator_free(generator);
    return 0;
}

static int slow(struct trine_generator *self, void *arg)
{
    int error = 0;
    while (error == 0) {
        error = trine_sleep(SOON);
        if (error == 0)
            error = trine_yield_value(self, trine_self(), NULL);
    }
    *(int *)arg = error;
    return error;
}

static int step_it(void *arg)
{
    void *who;
    assert_int_equal(trine_generator_next(arg, &who), 1);
    assert_ptr_equal(who, trine_self());
    return 0;
}

IN_VIRTUAL_TIME(a_body_that_blocks_parks_the_task_and_others_find_it_busy)
{
    int error = 0;
    struct trine_generator *generator = trine_generator_new(slow, &error);
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, step_it, generator);
    trine_yield();
    assert_int_equal(trine_generator_next(generator, NULL), -EBUSY);
    assert_int_equal(trine_yield_value(generator, NULL, NULL), -EINVAL);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(step_it(generator), 0); /* another task goes on */
    trine_generator_free(generator);
    assert_int_equal(error, -ECANCELED);
    return 0;
}

IN_VIRTUAL_TIME(a_deadline_around_a_step_reaches_the_body)
{
    int error = 0;
    struct trine_generator *generator = trine_generator_new(slow, &error);
    assert_int_equal(TRINE_WITHIN(SOON / 2, trine_generator_next(generator, NULL)), -ETIMEDOUT);
    assert_int_equal(error, -ETIMEDOUT);
    assert_int_equal(trine_generator_next(generator, NULL), 0);
    trine_generator_free(generator);
    return 0;
}

static void step_elsewhere(void *arg)
{
    assert_int_equal(trine_generator_next(arg, NULL), -EPERM);
    assert_int_equal(trine_generator_close(arg), -EPERM);
}

IN_BOTH(another_thread_cannot_go_on_with_it)
{
    struct helper helper;
    struct trine_generator *generator = trine_generator_new(numbers, &three);
    assert_int_equal(next_int(generator), 1);
    start_helper(&helper, step_elsewhere, generator);
    join_helper(&helper);
    assert_int_equal(next_int(generator), 2);
    trine_generator_free(generator);
    return 0;
}

/* ---- scopes */

static int scoped(struct trine_generator *self, void *arg)
{
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_FOREVER);
    *(int *)arg = trine_yield_value(self, NULL, NULL);
    trine_scope_close(&scope);
    return trine_yield_value(self, NULL, NULL);
}

IN_BOTH(a_scope_open_across_a_yield_is_refused_and_reported)
{
    int error = 0;
    struct trine_generator *generator = trine_generator_new(scoped, &error);
    assert_int_equal(trine_generator_next(generator, NULL), 1);
    assert_int_equal(error, -EINVAL);
    assert_reported("scoped", "with a scope or group open");
    trine_generator_free(generator);
    return 0;
}

static int leaves_a_scope(struct trine_generator *self, void *arg)
{
    trine_scope_open(arg, TRINE_FOREVER);
    return 0;
}

IN_BOTH(a_scope_left_open_is_closed_and_reported)
{
    struct trine_scope left, scope;
    struct trine_generator *generator = trine_generator_new(leaves_a_scope, &left);
    trine_scope_open(&scope, TRINE_FOREVER);
    assert_int_equal(trine_generator_next(generator, NULL), 0);
    assert_reported("leaves_a_scope", "open scope or group");
    assert_int_equal(trine_scope_close(&scope), 0);
    trine_generator_free(generator);
    return 0;
}

/* ---- delegation */

static int delegates(struct trine_generator *self, void *arg)
{
    return trine_yield_from(self, arg);
}

IN_BOTH(delegation_passes_sent_thrown_and_the_outcome)
{
    struct log log = { .outcome = 9 }, closed = { 0 };
    int five = 5;
    void *value;
    struct trine_generator *inner = trine_generator_new(logging, &log);
    struct trine_generator *outer = trine_generator_new(delegates, inner);
    assert_int_equal(trine_generator_next(outer, &value), 1);
    assert_int_equal(trine_generator_send(outer, &five, &value), 1);
    assert_int_equal(*(int *)value, 5);
    assert_int_equal(trine_generator_throw(outer, -EIO, &value), 0);
    assert_int_equal(log.error, -EIO);
    assert_int_equal(trine_generator_close(outer), 9);
    trine_generator_free(outer);
    trine_generator_free(inner);
    inner = trine_generator_new(logging, &closed);
    outer = trine_generator_new(delegates, inner);
    assert_int_equal(trine_generator_next(outer, &value), 1);
    trine_generator_free(outer);
    assert_int_equal(closed.error, -ECANCELED);
    trine_generator_free(inner);
    return 0;
}

/* ---- ends */

struct forgotten {
    struct trine_generator *generator;
    struct log log;
};

static int forgets(void *arg)
{
    struct forgotten *forgotten = arg;
    forgotten->generator = trine_generator_new(logging, &forgotten->log);
    return trine_generator_next(forgotten->generator, NULL) == 1 ? 0 : -EIO;
}

static void a_generator_forgotten_is_closed_at_the_end_of_the_run(void **state)
{
    struct forgotten forgotten = { 0 };
    assert_int_equal(trine_run(forgets, &forgotten, NULL), 0);
    assert_reported("logging", "never freed");
    assert_int_equal(forgotten.log.cleaned, 1);
    trine_generator_free(forgotten.generator);
}

static void forget_in_thread(void *arg)
{
    forgets(arg);
}

static void a_generator_forgotten_is_closed_at_the_end_of_its_thread(void **state)
{
    struct forgotten forgotten = { 0 };
    struct helper helper;
    start_helper(&helper, forget_in_thread, &forgotten);
    join_helper(&helper);
    assert_reported("logging", "never freed");
    assert_int_equal(forgotten.log.cleaned, 1);
    trine_generator_free(forgotten.generator);
}

static int empty(struct trine_generator *self, void *arg)
{
    return 0;
}

IN_BOTH(many_generators_one_after_the_other_and_nested)
{
    int sum = 0;
    for (int i = 0; i < 1000; i++) {
        struct trine_generator *a = trine_generator_new(numbers, &three);
        struct trine_generator *b = trine_generator_new(delegates, a);
        struct trine_generator *c = trine_generator_new(empty, NULL);
        for (int value; (value = next_int(b)) != 0;)
            sum += value;
        assert_int_equal(trine_generator_next(c, NULL), 0);
        trine_generator_free(b);
        trine_generator_free(a);
        trine_generator_free(c);
    }
    assert_int_equal(sum, 6000);
    return 0;
}

/* ---- a crowd */

static struct trine_local share;
static _Atomic(long) total;

static int spells(struct trine_generator *self, void *arg)
{
    int error = 0;
    for (long i = 0; i < 10 && error == 0; i++) {
        error = trine_yield();
        if (error == 0)
            error = trine_yield_value(self, trine_local_get(&share), NULL);
    }
    return error;
}

static int add_up(void *arg)
{
    struct trine_generator *generator = trine_generator_new(spells, NULL);
    void *value;
    int got = trine_local_set(&share, arg);
    while (got >= 0 && (got = trine_generator_next(generator, &value)) == 1)
        atomic_fetch_add(&total, (long)(intptr_t)value);
    trine_generator_free(generator);
    return got;
}

static int add_up_in_tasks(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (intptr_t i = 1; i <= 1000; i++)
        trine_spawn(&group, add_up, (void *)i);
    return trine_group_close(&group);
}

static void a_thousand_tasks_on_four_loops_each_get_their_own_values(void **state)
{
    atomic_store(&total, 0);
    assert_int_equal(trine_run(add_up_in_tasks, NULL, &(struct trine_run_options){ .loops = 4 }),
                     0);
    assert_int_equal(atomic_load(&total), 10 * 1000 * 1001 / 2);
}

#define BOTH(name) TEST(name##_in_a_task), TEST(name##_in_a_thread)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_plain_loop_gets_all_values_and_then_zero_for_ever),
        BOTH(what_is_sent_is_what_the_pending_yield_gives),
        BOTH(an_error_thrown_comes_out_of_the_yield_and_is_returned_once),
        BOTH(a_throw_before_the_start_finishes_it_and_it_never_runs),
        BOTH(close_cleans_up_at_once_and_gives_what_the_body_returned),
        BOTH(yielding_after_the_close_is_refused_and_reported),
        BOTH(a_body_cannot_step_or_close_itself),
        TEST(a_body_that_blocks_parks_the_task_and_others_find_it_busy),
        TEST(a_deadline_around_a_step_reaches_the_body),
        BOTH(another_thread_cannot_go_on_with_it),
        BOTH(a_scope_open_across_a_yield_is_refused_and_reported),
        BOTH(a_scope_left_open_is_closed_and_reported),
        BOTH(delegation_passes_sent_thrown_and_the_outcome),
        TEST(a_thousand_tasks_on_four_loops_each_get_their_own_values),
        TEST(a_generator_forgotten_is_closed_at_the_end_of_the_run),
        TEST(a_generator_forgotten_is_closed_at_the_end_of_its_thread),
        BOTH(many_generators_one_after_the_other_and_nested),
    };
    return RUN_TESTS(tests);
}
