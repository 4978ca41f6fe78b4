/* SPDX-License-Identifier: MIT */
/* As completed: each future once, in the order in which they end. */
#include "group/several.h"
#include "sys/sys.h"
#include <trine/future.h>

struct trine__completed {
    struct trine__several several;
    struct trine__several_entry *ready; /* taken from `several`, not yet given out */
    size_t given;
};

static int begin(struct trine_completed *completed)
{
    int error = trine__several_refuse(completed->futures, completed->count);
    if (error < 0)
        return error;
    struct trine__completed *state = trine__alloc_zero(1, sizeof *state);
    if (state == NULL)
        return -ENOMEM;
    error = trine__several_open(&state->several, completed->futures, completed->count);
    if (error < 0) {
        trine__free(state);
        return error;
    }
    completed->state = state;
    return 0;
}

struct trine_future *trine_completed_next(struct trine_completed *completed)
{
    if (completed->count == 0)
        return NULL;
    if (completed->state == NULL && (completed->error = begin(completed)) < 0)
        return NULL;
    struct trine__completed *state = completed->state;
    if (state->given == completed->count) {
        trine_completed_close(completed);
        completed->count = 0;
        return NULL;
    }
    if (state->ready == NULL) {
        state->several.deadline = completed->deadline;
        completed->error = trine__several_next(&state->several, true, &state->ready);
        if (completed->error < 0)
            return NULL;
    }
    size_t index = trine__several_index(&state->several, state->ready);
    state->ready = state->ready->next_done;
    state->given++;
    return completed->futures[index];
}

void trine_completed_close(struct trine_completed *completed)
{
    if (completed->state == NULL)
        return;
    trine__several_close(&completed->state->several);
    trine__free(completed->state);
    completed->state = NULL;
}
