/* SPDX-License-Identifier: MIT */
/* trine_wait: for the first, the first error, or all. Cancels nothing. */
#include "group/several.h"
#include "sys/sys.h"
#include <trine/future.h>
#include <trine/scope.h>

static bool decides(enum trine_wait_mode mode, const struct trine_future *future)
{
    if (mode == TRINE_FIRST_ERROR)
        return future->outcome < 0 && future->outcome != -ECANCELED;
    return mode == TRINE_FIRST_COMPLETED;
}

static int count_done(struct trine_future *const *futures, size_t count, bool *ret_done)
{
    int done = 0;
    for (size_t i = 0; i < count; i++) {
        bool is = trine__future_is_done(futures[i]);
        done += is;
        if (ret_done != NULL)
            ret_done[i] = is;
    }
    return done;
}

static int wait_until_decided(struct trine__several *several, enum trine_wait_mode mode)
{
    for (size_t left = several->count; left > 0;) {
        struct trine__several_entry *entry = NULL;
        int error = trine__several_next(several, true, &entry);
        if (error < 0)
            return error;
        bool decided = false;
        for (; entry != NULL; entry = entry->next_done, left--)
            decided |= decides(mode, several->futures[trine__several_index(several, entry)]);
        if (decided)
            break;
    }
    return 0;
}

static int wait_until(struct trine_future *const *futures, size_t count, enum trine_wait_mode mode,
                      int64_t when, bool *ret_done)
{
    struct trine__several several;
    if (count == 0)
        return -EINVAL;
    int error = trine__several_refuse(futures, count);
    if (error == 0)
        error = trine__several_open(&several, futures, count);
    if (error < 0)
        return error;
    several.deadline = when;
    if (mode == TRINE_ALL_COMPLETED)
        trine__several_need_all(&several);
    error = wait_until_decided(&several, mode);
    trine__several_close(&several);
    int done = count_done(futures, count, ret_done);
    return error < 0 ? error : done;
}

int trine_wait(struct trine_future *const *futures, size_t count, enum trine_wait_mode mode,
               bool *ret_done)
{
    return wait_until(futures, count, mode, TRINE_FOREVER, ret_done);
}

int trine_wait_until(struct trine_future *const *futures, size_t count, enum trine_wait_mode mode,
                     int64_t when, bool *ret_done)
{
    int done = wait_until(futures, count, mode, when, ret_done);
    if (done == -ETIMEDOUT && trine_cancelled() == 0) /* by `when`, not by a scope */
        done = count_done(futures, count, ret_done);
    return done;
}
