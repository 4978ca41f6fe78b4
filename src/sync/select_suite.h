/* SPDX-License-Identifier: MIT */
/* The frame of select's tests: queues of numbers, and somebody who does something meanwhile, a task
 * beside a task, a thread beside a thread. */
#ifndef TRINE_SYNC_SELECT_SUITE_H
#define TRINE_SYNC_SELECT_SUITE_H

#include "core/suite.h"
#include <trine/group.h>
#include <trine/select.h>

#define BOTH(name) TEST(name##_in_a_task), TEST(name##_in_a_thread)

/* A queue of ints with the items 0, 1, ... in it. */
static inline struct trine_queue *queue_with(size_t capacity, int count)
{
    struct trine_queue *queue = trine_queue_new(
        &(struct trine_queue_options){ .item_size = sizeof(int), .capacity = capacity });
    assert_non_null(queue);
    for (int i = 0; i < count; i++)
        assert_int_equal(trine_queue_put(queue, &i), 0);
    return queue;
}

/* Nobody waits at the queue, and so many items are in it. */
static inline void assert_untouched(struct trine_queue *queue, size_t length)
{
    struct trine_queue_state state = trine_queue_inspect(queue);
    assert_int_equal(state.length, length);
    assert_int_equal(state.putters, 0);
    assert_int_equal(state.getters, 0);
}

struct meanwhile {
    trine_fn fn;
    void *arg;
    struct trine_group group;
    struct helper helper;
    bool in_a_task;
};

static inline int run_soon(void *arg)
{
    struct meanwhile *meanwhile = arg;
    int error = trine_sleep(SOON);
    return error < 0 ? error : meanwhile->fn(meanwhile->arg);
}

static inline void help_soon(void *arg)
{
    assert_int_equal(run_soon(arg), 0);
}

/* Calls fn(arg) after a while, beside the caller. */
static inline void do_soon(struct meanwhile *meanwhile, trine_fn fn, void *arg)
{
    meanwhile->fn = fn;
    meanwhile->arg = arg;
    meanwhile->in_a_task = trine__loop_here != NULL;
    if (meanwhile->in_a_task) {
        trine_group_open(&meanwhile->group, NULL);
        assert_non_null(trine_spawn(&meanwhile->group, run_soon, meanwhile));
    } else {
        start_helper(&meanwhile->helper, help_soon, meanwhile);
    }
}

static inline void end_meanwhile(struct meanwhile *meanwhile)
{
    if (meanwhile->in_a_task)
        assert_int_equal(trine_group_close(&meanwhile->group), 0);
    else
        join_helper(&meanwhile->helper);
}

static inline int cancel_scope(void *scope)
{
    trine_scope_cancel(scope, "a test");
    return 0;
}

/* Opens a scope that somebody cancels after a while. Scopes and groups nest; threads do not. */
static inline void open_to_be_cancelled(struct meanwhile *meanwhile, struct trine_scope *scope)
{
    if (trine__loop_here != NULL)
        do_soon(meanwhile, cancel_scope, scope);
    trine_scope_open(scope, TRINE_FOREVER);
    if (trine__loop_here == NULL)
        do_soon(meanwhile, cancel_scope, scope);
}

static inline void close_cancelled(struct meanwhile *meanwhile, struct trine_scope *scope)
{
    if (!meanwhile->in_a_task)
        end_meanwhile(meanwhile);
    assert_int_equal(trine_scope_close(scope), -ECANCELED);
    if (meanwhile->in_a_task)
        end_meanwhile(meanwhile);
}

#endif
