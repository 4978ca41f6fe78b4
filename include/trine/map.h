/* SPDX-License-Identifier: MIT */
/* One map, four models. Python: Executor.map, asyncio.gather over a list. */
#ifndef TRINE_MAP_H
#define TRINE_MAP_H

#include <trine/executor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*trine_map_done_fn)(void *item, size_t index, int outcome, void *arg);

struct trine_map_options {
    size_t limit;    /* items in flight at once; 0: tasks 1,000, pools twice their workers */
    bool collect;    /* run all in spite of errors; default: the first error cancels the rest */
    int *outcomes;   /* one per item, filled for all: its result, or -ECANCELED if it never ran */
    bool ordered;    /* call on_done in the order of the items, not of completion */
    size_t chunk;    /* items sent to a pool's worker at once; 0: chosen from count and workers */
    int64_t timeout; /* for the whole map; 0: none */
    /* After each item, in the caller's task or thread. For a failed item trine_error_last() is its
     * error, unless .ordered or a .chunk of several blurs whose it is. */
    trine_map_done_fn on_done;
    void *on_done_arg;
};

/* Runs fn on each of `count` items of `size` bytes. The item is argument and result in one: used
 * in place by tasks and threads, copied over and back for processes. `options`: borrowed, may be
 * NULL.
 *
 * Returns: 0 when every item succeeded (>= 0), else the first error in time. Without collect that
 *          error cancels what runs and skips what has not started. -ETIMEDOUT, -ECANCELED
 *          likewise. Nothing runs any more when it returns, except that a thread's or process's
 *          running items are waited for.
 * Waits:   this task, or blocks the thread. */
#define trine_map(executor, fn, items, count, size, ...)                                           \
    trine_map_at((executor), (fn), (items), (count), (size), __VA_ARGS__, TRINE_SITE(fn))
TRINE_PUBLIC int trine_map_at(struct trine_executor *executor, trine_fn fn, void *items,
                              size_t count, size_t size, const struct trine_map_options *options,
                              const char *site);

#ifdef __cplusplus
}
#endif
#endif
