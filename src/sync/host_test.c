/* SPDX-License-Identifier: MIT */
/* What the code of a foreign loop does for a guest's tasks between the guest's turns: it must make
 * the guest's descriptor readable, or nobody ever takes the turn. */
#include "core/suite.h"
#include <poll.h>
#include <trine/group.h>
#include <trine/loop.h>
#include <trine/queue.h>
#include <trine/sync.h>

struct from_outside {
    struct trine_event event;
    struct trine_queue *queue;
    struct trine_future *promise;
    struct trine_scope *scope;
    struct trine_group *group;
    struct trine_loop *loop;
    int posts, children;
};

static int get_one(void *arg)
{
    int item = 0;
    assert_int_equal(trine_queue_get(((struct from_outside *)arg)->queue, &item), 0);
    return item == 5 ? 0 : -EIO;
}

static int await_the_promise(void *arg)
{
    return trine_await(((struct from_outside *)arg)->promise, NULL);
}

static int sleep_in_a_scope(void *arg)
{
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_FOREVER);
    ((struct from_outside *)arg)->scope = &scope;
    assert_int_equal(trine_sleep(TRINE_FOREVER), -ECANCELED);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    return 0;
}

static int count_child(void *arg)
{
    ((struct from_outside *)arg)->children++;
    return 0;
}

static void count_post(void *arg)
{
    ((struct from_outside *)arg)->posts++;
}

static int wait_for_the_outside(void *arg)
{
    struct from_outside *it = arg;
    struct trine_group group;
    trine_group_open(&group, NULL);
    it->group = &group;
    it->loop = trine_loop_here();
    trine_spawn(&group, get_one, it);
    trine_spawn(&group, await_the_promise, it);
    trine_spawn(&group, sleep_in_a_scope, it);
    assert_int_equal(trine_event_wait(&it->event), 0);
    return trine_group_close(&group);
}

/* Turns for as long as the guest asks for them. */
static int turns_asked_for(struct trine_guest *guest)
{
    struct pollfd watched = { .fd = trine_guest_fd(guest), .events = POLLIN };
    int turns = 0;
    for (int more = 1; more == 1 && turns < 100 && poll(&watched, 1, turns == 0 ? 2000 : 5) == 1;) {
        more = trine_guest_turn(guest);
        turns++;
    }
    return turns;
}

static void what_is_done_between_turns_makes_it_readable(void **state)
{
    struct trine_guest *guest;
    struct trine_queue_options one = { .item_size = sizeof(int), .capacity = 1 };
    struct from_outside it = { .queue = trine_queue_new(&one), .promise = trine_promise_new(0) };
    struct trine_posted post = TRINE_POSTED_INIT(count_post, &it);
    assert_int_equal(trine_guest_open(&guest, wait_for_the_outside, &it, NULL), 0);
    assert_in_range(turns_asked_for(guest), 1, 99);
    assert_int_equal(trine_post(it.loop, &post), 0);
    assert_in_range(turns_asked_for(guest), 1, 99);
    assert_int_equal(it.posts, 1);
    assert_int_equal(trine_queue_try_put(it.queue, &(int){ 5 }), 0);
    assert_in_range(turns_asked_for(guest), 1, 99);
    assert_int_equal(trine_promise_resolve(it.promise, 0, NULL), 0);
    assert_in_range(turns_asked_for(guest), 1, 99);
    trine_scope_cancel(it.scope, "from outside");
    assert_in_range(turns_asked_for(guest), 1, 99);
    assert_non_null(trine_spawn(it.group, count_child, &it));
    assert_in_range(turns_asked_for(guest), 1, 99);
    assert_int_equal(it.children, 1);
    trine_event_set(&it.event);
    assert_in_range(turns_asked_for(guest), 1, 99);
    assert_int_equal(trine_guest_turn(guest), 0);
    assert_int_equal(trine_guest_close(guest), 0);
    trine_future_unref(it.promise);
    trine_queue_free(it.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_done_between_turns_makes_it_readable),
    };
    return RUN_TESTS(tests);
}
