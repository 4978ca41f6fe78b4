/* SPDX-License-Identifier: MIT */
/* The frame of the primitives' tests: callers that come one after the other, each with one call
 * that may wait, and the order in which they got through. */
#ifndef TRINE_SYNC_LINE_SUITE_H
#define TRINE_SYNC_LINE_SUITE_H

#include "core/suite.h"
#include "sync/lock.h"
#include <trine/group.h>
#include <trine/sync.h>

#define BOTH(name) TEST(name##_in_a_task), TEST(name##_in_a_thread)
#define WAITING    4711 /* the result of a call that has not returned */

typedef int (*call_fn)(void *object, uint32_t amount);

struct line;
struct caller {
    struct line *line;
    call_fn call;
    void *object;
    uint32_t amount;
    _Atomic(int) result;
    struct trine_future *future;
    struct helper helper;
};

/* Tasks of one loop. */
struct line {
    struct trine_group group;
    struct caller callers[16];
    int count;
    int order[16], through;
};

static inline int make_call(void *arg)
{
    struct caller *caller = arg;
    caller->result = caller->call(caller->object, caller->amount);
    caller->line->order[caller->line->through++] = (int)(caller - caller->line->callers);
    return 0;
}

static inline void line_open(struct line *line)
{
    *line = (struct line){ .count = 0 };
    trine_group_open(&line->group, NULL);
}

/* Whoever was woken has run. */
static inline void settle(void)
{
    for (int i = 0; i < 3; i++)
        assert_int_equal(trine_yield(), 0);
}

static inline void line_add(struct line *line, call_fn call, void *object, uint32_t amount)
{
    struct caller *caller = &line->callers[line->count++];
    *caller = (struct caller){ .line = line, .call = call, .object = object, .amount = amount };
    caller->result = WAITING;
    caller->future = trine_spawn(&line->group, make_call, caller);
    assert_non_null(caller->future);
    settle();
}

static inline void line_close(struct line *line)
{
    assert_int_equal(trine_group_close(&line->group), 0);
}

/* Who got through since the last time: "021"; with "!" after each whose call failed. */
static inline void assert_through(struct line *line, const char *expected)
{
    char text[2 * 16 + 1] = "";
    size_t length = 0;
    settle();
    for (int i = 0; i < line->through; i++) {
        int number = line->order[i];
        text[length++] = (char)('0' + number);
        if (line->callers[number].result < 0)
            text[length++] = '!';
    }
    line->through = 0;
    assert_string_equal(text, expected);
}

/* A plain thread that makes one call. */
static inline void call_in_a_thread(void *arg)
{
    struct caller *caller = arg;
    caller->result = caller->call(caller->object, caller->amount);
}

static inline void start_caller(struct caller *caller, call_fn call, void *object, uint32_t amount)
{
    *caller = (struct caller){ .call = call, .object = object, .amount = amount };
    caller->result = WAITING;
    start_helper(&caller->helper, call_in_a_thread, caller);
}

static inline int end_caller(struct caller *caller)
{
    join_helper(&caller->helper);
    return caller->result;
}

/* Until somebody waits there; in a task or thread. */
static inline void until_somebody_waits(struct trine__sync_lock *lock,
                                        const struct trine__wait_list *waits)
{
    for (bool somebody = false; !somebody;) {
        trine__sync_lock(lock);
        somebody = waits->first != NULL;
        trine__sync_unlock(lock);
        assert_int_equal(trine_sleep(TRINE_MICROSECONDS(100)), 0);
    }
}

#endif
