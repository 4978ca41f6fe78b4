/* SPDX-License-Identifier: MIT */
/* gather and race: all of them, or the first that succeeds. What is cancelled is waited for. */
#include "base/error.h"
#include "core/loop.h"
#include "group/several.h"
#include <trine/future.h>

static void cancel_all(struct trine_future *const *futures, size_t count)
{
    for (size_t i = 0; i < count; i++)
        trine_cancel(futures[i]);
}

/* Reads the outcome; a failure's sentence becomes the caller's last error. */
static int read_outcome(struct trine_future *future)
{
    int outcome = trine_future_outcome(future);
    if (outcome < 0)
        trine__error_keep(trine__error_ref(future->error));
    return outcome;
}

/* One pass over completions: *error keeps the first failure, and says when to cancel the others. */
static int gather(struct trine__several *several, enum trine_gather_mode mode)
{
    int first = 0, cancelled = 0;
    for (size_t left = several->count; left > 0;) {
        struct trine__several_entry *entry = NULL;
        int error = trine__several_next(several, cancelled == 0, &entry);
        if (error < 0) { /* our own cancel: the children's too, and then their end */
            if (mode == TRINE_GATHER_KEEP)
                return error;
            cancelled = error;
            cancel_all(several->futures, several->count);
            continue;
        }
        for (; entry != NULL; entry = entry->next_done, left--) {
            struct trine_future *future = several->futures[trine__several_index(several, entry)];
            if (mode == TRINE_GATHER_COLLECT || future->outcome >= 0)
                continue;
            if (first != 0) {
                trine__future_mark_read(future);
                continue;
            }
            first = read_outcome(future);
            if (mode == TRINE_GATHER_KEEP)
                return first;
            cancel_all(several->futures, several->count);
        }
    }
    return cancelled != 0 ? cancelled : first;
}

int trine_gather(struct trine_future *const *futures, size_t count, enum trine_gather_mode mode)
{
    struct trine__several several;
    int error = trine__several_refuse(futures, count);
    if (error == 0)
        error = trine__several_open(&several, futures, count);
    if (error < 0)
        return error;
    trine__several_need_all(&several);
    error = gather(&several, mode);
    trine__several_close(&several);
    return error;
}

static int race(struct trine__several *several, size_t *ret_winner)
{
    int last = -ECANCELED, cancelled = 0;
    size_t winner = several->count;
    for (size_t left = several->count; left > 0;) {
        struct trine__several_entry *entry = NULL;
        int error =
            trine__several_next(several, cancelled == 0 && winner == several->count, &entry);
        if (error < 0) {
            cancelled = error;
            cancel_all(several->futures, several->count);
            continue;
        }
        for (; entry != NULL; entry = entry->next_done, left--) {
            size_t index = trine__several_index(several, entry);
            struct trine_future *future = several->futures[index];
            if (future->outcome < 0) {
                if (winner == several->count && cancelled == 0)
                    last = read_outcome(future);
                else
                    trine__future_mark_read(future);
            } else if (winner == several->count) {
                winner = index;
                cancel_all(several->futures, several->count);
            }
        }
    }
    if (winner == several->count)
        return cancelled != 0 ? cancelled : last;
    if (ret_winner != NULL)
        *ret_winner = winner;
    return 0;
}

int trine_race(struct trine_future *const *futures, size_t count, size_t *ret_winner)
{
    struct trine__several several;
    int error = count > 0 ? trine__several_refuse(futures, count) : -EINVAL;
    if (error == 0)
        error = trine__several_open(&several, futures, count);
    if (error < 0)
        return error;
    error = race(&several, ret_winner);
    trine__several_close(&several);
    return error;
}
