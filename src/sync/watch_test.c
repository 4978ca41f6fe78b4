/* SPDX-License-Identifier: MIT */
/* Watch: the latest value, and waiting for it to change. */
#include "core/suite.h"
#include <trine/channel.h>
#include <trine/group.h>

static void set(struct trine_watch *watch, int value)
{
    trine_watch_set(watch, &value);
}

static struct trine_watch *new_watch(int initial)
{
    struct trine_watch *watch = trine_watch_new(sizeof initial, &initial);
    assert_non_null(watch);
    return watch;
}

IN_BOTH(versions_count_the_changes)
{
    struct trine_watch *watch = new_watch(5);
    int value = 0;
    assert_int_equal(trine_watch_get(watch, &value), 0);
    assert_int_equal(value, 5);
    set(watch, 6);
    set(watch, 7);
    assert_int_equal(trine_watch_get(watch, &value), 2);
    assert_int_equal(value, 7);
    trine_watch_free(watch);
    trine_watch_free(NULL);
    return 0;
}

IN_BOTH(values_in_between_are_skipped)
{
    struct trine_watch *watch = new_watch(0);
    uint64_t version = 0;
    int value = 0;
    set(watch, 1);
    set(watch, 2);
    set(watch, 3);
    assert_int_equal(trine_watch_changed(watch, &version, &value), 0);
    assert_int_equal(version, 3);
    assert_int_equal(value, 3);
    assert_int_equal(TRINE_WITHIN(SOON, trine_watch_changed(watch, &version, &value)), -ETIMEDOUT);
    assert_int_equal(version, 3);
    trine_watch_free(watch);
    return 0;
}

IN_BOTH(a_closed_one_gives_its_last_value_once)
{
    struct trine_watch *watch = new_watch(0);
    uint64_t version = 0;
    int value = 0;
    set(watch, 1);
    trine_watch_close(watch);
    assert_int_equal(trine_watch_changed(watch, &version, &value), 0);
    assert_int_equal(value, 1);
    assert_int_equal(trine_watch_changed(watch, &version, &value), -EPIPE);
    assert_int_equal(trine_watch_get(watch, &value), 1);
    trine_watch_free(watch);
    return 0;
}

struct reader {
    struct trine_watch *watch;
    uint64_t version;
    int value, error;
};

static int await_change(void *arg)
{
    struct reader *reader = arg;
    reader->error = trine_watch_changed(reader->watch, &reader->version, &reader->value);
    return 0;
}

IN_VIRTUAL_TIME(a_change_wakes_all_and_a_cancelled_one_saw_none)
{
    struct trine_group group;
    struct trine_watch *watch = new_watch(0);
    struct reader readers[3] = { { watch, 0, 0, 1 }, { watch, 0, 0, 1 }, { watch, 0, 0, 1 } };
    struct trine_future *futures[3];
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        futures[i] = trine_spawn(&group, await_change, &readers[i]);
    assert_int_equal(trine_yield(), 0);
    trine_cancel(futures[0]);
    set(watch, 8);
    trine_cancel(futures[1]);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(readers[0].error, -ECANCELED);
    assert_int_equal(readers[0].version, 0);
    for (int i = 1; i < 3; i++) {
        assert_int_equal(readers[i].error, 0);
        assert_int_equal(readers[i].version, 1);
        assert_int_equal(readers[i].value, 8);
    }
    trine_watch_free(watch);
    return 0;
}

IN_VIRTUAL_TIME(close_ends_those_who_wait)
{
    struct trine_group group;
    struct trine_watch *watch = new_watch(0);
    struct reader reader = { watch, 0, 0, 1 };
    trine_group_open(&group, NULL);
    trine_spawn(&group, await_change, &reader);
    assert_int_equal(trine_yield(), 0);
    trine_watch_close(watch);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(reader.error, -EPIPE);
    trine_watch_free(watch);
    return 0;
}

/* ---- threads */

#define CHANGES 3000

/* Both halves always agree: nobody sees half a value. */
struct twin {
    int one, same;
};

static void follow(void *arg)
{
    struct reader *reader = arg;
    struct twin twin;
    uint64_t before = 0;
    while ((reader->error = trine_watch_changed(reader->watch, &reader->version, &twin)) == 0) {
        assert_true(reader->version > before);
        assert_int_equal(twin.one, (int)reader->version);
        assert_int_equal(twin.one, twin.same);
        before = reader->version;
    }
}

IN_BOTH(threads_see_whole_values_and_the_last_one)
{
    struct twin twin = { 0, 0 };
    struct trine_watch *watch = trine_watch_new(sizeof twin, &twin);
    struct reader readers[3];
    struct helper helpers[3];
    for (int i = 0; i < 3; i++) {
        readers[i] = (struct reader){ watch, 0, 0, 1 };
        start_helper(&helpers[i], follow, &readers[i]);
    }
    for (int i = 1; i <= CHANGES; i++) {
        twin = (struct twin){ i, i };
        trine_watch_set(watch, &twin);
    }
    trine_watch_close(watch);
    for (int i = 0; i < 3; i++) {
        join_helper(&helpers[i]);
        assert_int_equal(readers[i].error, -EPIPE);
        assert_int_equal(readers[i].version, CHANGES);
    }
    trine_watch_free(watch);
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(versions_count_the_changes_in_a_task),
        TEST(versions_count_the_changes_in_a_thread),
        TEST(values_in_between_are_skipped_in_a_task),
        TEST(values_in_between_are_skipped_in_a_thread),
        TEST(a_closed_one_gives_its_last_value_once_in_a_task),
        TEST(a_closed_one_gives_its_last_value_once_in_a_thread),
        TEST(a_change_wakes_all_and_a_cancelled_one_saw_none),
        TEST(close_ends_those_who_wait),
        TEST(threads_see_whole_values_and_the_last_one_in_a_task),
        TEST(threads_see_whole_values_and_the_last_one_in_a_thread),
    };
    return RUN_TESTS(tests);
}
