/* SPDX-License-Identifier: MIT */
/* Futures: one kind for tasks, threads and processes. Python: asyncio.Future and
 * concurrent.futures.Future, as one.
 *
 * A future is pending until one transition makes it done, with an outcome (>= 0, or an error) and
 * perhaps a value. Any number of tasks and plain threads may wait for it, before or after.
 * References are counted and thread-safe; dropping the last one of something that still runs
 * detaches it, never kills it. An error that nobody has read by then is reported once, with the
 * place where it came from. */
#ifndef TRINE_FUTURE_H
#define TRINE_FUTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <trine/error.h>
#include <trine/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_future;

TRINE_PUBLIC struct trine_future *trine_future_ref(struct trine_future *future);
TRINE_PUBLIC void trine_future_unref(struct trine_future *future); /* accepts NULL */

/* Waits until `future` is done. What the waiting did and what the outcome is are two answers:
 *
 * Returns: 0: it is done, and its outcome is in *ret_outcome (NULL: not wanted; it counts as
 *          read). -ECANCELED, -ETIMEDOUT: the wait was cancelled; the future goes on and can be
 *          awaited again. -EDEADLK: it is this very task, or waits for it (sync.h). -ENOMEM:
 *          `future` is NULL (a submit that found no memory).
 * Waits:   this task; a plain thread blocks. Done already: no switch. */
TRINE_PUBLIC int trine_await(struct trine_future *future, int *ret_outcome);

/* Asks without waiting. */
TRINE_PUBLIC bool trine_future_done(const struct trine_future *future);
/* The outcome of a done future, and marks it read; -EINPROGRESS while it is pending. */
TRINE_PUBLIC int trine_future_outcome(struct trine_future *future);
/* Where the value lies: for a submitted job its record as the job left it, for a promise what it
 * was resolved with, for a task the `arg` it was given. Stable only once done. */
TRINE_PUBLIC void *trine_future_value(struct trine_future *future);
/* The error object behind a failed outcome; NULL if there is none. Marks the error read. */
TRINE_PUBLIC const struct trine_error *trine_future_error(struct trine_future *future);

/* Asks for cancellation and does not wait: a promise or a queued job is done at once with
 * -ECANCELED; a task finds its blocking calls failing; a job that runs in a thread or process goes
 * on. Returns 1 if that was possible, 0 if it was done already (or runs where it cannot be
 * stopped).
 * Threads: any. */
TRINE_PUBLIC int trine_cancel(struct trine_future *future);

/* Calls fn(future, arg) when `future` is done, also if it is already: as a turn of the loop that
 * the caller runs in, or, added from a plain thread, in the thread that completes it. In order of
 * adding. fn may not block. -ENOMEM: not added. */
typedef void (*trine_done_fn)(struct trine_future *future, void *arg);
TRINE_PUBLIC int trine_future_on_done(struct trine_future *future, trine_done_fn fn, void *arg);

/* A future resolved by hand, once, from any thread. `size`: bytes of value it can carry.
 * NULL: no memory. */
TRINE_PUBLIC struct trine_future *trine_promise_new(size_t size);
/* Makes it done. `value`: copied, `size` bytes; NULL leaves zeros. -EALREADY if it was done. */
TRINE_PUBLIC int trine_promise_resolve(struct trine_future *promise, int outcome,
                                       const void *value);

/* Waits for several. Never cancels any. `ret_done`, if not NULL, is filled with which are done.
 * Returns: how many are done; -ECANCELED, -ETIMEDOUT (ret_done is then filled too), -EINVAL (none
 *          given), -ENOMEM; -EDEADLK: TRINE_ALL_COMPLETED, and one of them waits for the caller
 *          (sync.h). Duplicates count each time. */
enum trine_wait_mode { TRINE_FIRST_COMPLETED, TRINE_FIRST_ERROR, TRINE_ALL_COMPLETED };
TRINE_PUBLIC int trine_wait(struct trine_future *const *futures, size_t count,
                            enum trine_wait_mode mode, bool *ret_done);
/* The same, but not beyond `when`: it then returns how many are done, perhaps 0 (Python's
 * wait(timeout=)). TRINE_WITHIN around trine_wait() reports -ETIMEDOUT instead. */
TRINE_PUBLIC int trine_wait_until(struct trine_future *const *futures, size_t count,
                                  enum trine_wait_mode mode, int64_t when, bool *ret_done);

/* Waits for all. Returns 0, or the first error (in time).
 * TRINE_GATHER: an error cancels the others, which are waited for too. COLLECT: all run to their
 * end; read each outcome yourself; returns 0 when the waiting worked (children of a fail-fast group
 * cancel their parent's waiting when they fail: use TRINE_SUPERVISE). KEEP: returns at the first
 * error and leaves the others running (Python's gather). A cancel of the caller cancels all (not
 * with KEEP) and waits. -EDEADLK: one of them waits for the caller (sync.h). */
enum trine_gather_mode { TRINE_GATHER, TRINE_GATHER_COLLECT, TRINE_GATHER_KEEP };
TRINE_PUBLIC int trine_gather(struct trine_future *const *futures, size_t count,
                              enum trine_gather_mode mode);

/* Waits for the first that succeeds, cancels the others and waits for their end. Returns 0 and the
 * winner's index, or the last error when none succeeded. */
TRINE_PUBLIC int trine_race(struct trine_future *const *futures, size_t count, size_t *ret_winner);

/* Each future as it is done, in that order (those done already come first):
 *
 *     struct trine_completed done = TRINE_COMPLETED(futures, count);
 *     while ((future = trine_completed_next(&done)) != NULL)
 *         ...
 *     trine_completed_close(&done);      only needed when leaving before NULL
 *
 * NULL also when waiting failed: .error then says why (-ECANCELED, -ETIMEDOUT, -ENOMEM), the
 * futures run on and next may be called again.
 *
 * A scope around next bounds one wait or several (TRINE_WITHIN takes calls that return numbers).
 * With TRINE_COMPLETED_UNTIL next does not wait beyond `when`, and .error is then -ETIMEDOUT; what
 * is done by then is still given out. .deadline may be moved between two calls. */
struct trine_completed {
    struct trine_future *const *futures;
    size_t count;
    struct trine__completed *state;
    int error;
    int64_t deadline;
};
#define TRINE_COMPLETED(futures, count) TRINE_COMPLETED_UNTIL(futures, count, TRINE_FOREVER)
#define TRINE_COMPLETED_UNTIL(futures, count, when)                                                \
    {                                                                                              \
        (futures), (count), NULL, 0, (when)                                                        \
    }
TRINE_PUBLIC struct trine_future *trine_completed_next(struct trine_completed *completed);
TRINE_PUBLIC void trine_completed_close(struct trine_completed *completed);

#ifdef __cplusplus
}
#endif
#endif
