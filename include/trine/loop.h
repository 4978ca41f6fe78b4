/* SPDX-License-Identifier: MIT */
/* Loops: work brought to one from outside, one inside a foreign event loop, and blocking code kept
 * out of it. Python: loop.call_soon_threadsafe(), asyncio.to_thread(); trio's guest mode. */
#ifndef TRINE_LOOP_H
#define TRINE_LOOP_H

#include <trine/run.h>
#include <trine/scope.h>
#include <trine/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_loop;

/* The loop that this thread runs (in tasks, callbacks and posted calls); NULL elsewhere. Valid
 * until its trine_run() returns. */
TRINE_PUBLIC struct trine_loop *trine_loop_here(void);
/* Loop `number` of the same run, counted from 0; NULL if there are fewer, or none runs here. */
TRINE_PUBLIC struct trine_loop *trine_loop_at(unsigned number);
TRINE_PUBLIC unsigned trine_loop_number(const struct trine_loop *loop);

/* ---- posting: work for a loop, from any thread or signal handler */

/* A call on its way to a loop. Yours, in memory that stays until `fn` is called; nothing is
 * allocated. */
struct trine_posted {
    struct trine__mail mail; /* private */
    void (*fn)(void *arg);
    void *arg;
    uint32_t under_way; /* private */
};
#define TRINE_POSTED_INIT(fn, arg)                                                                 \
    {                                                                                              \
        { 0, 0 }, (fn), (arg), 0                                                                   \
    }

/* Calls post->fn(post->arg) as a turn of `loop`, outside any task: it may not wait, but may spawn
 * into a group of that loop, set events, resolve promises. Calls from one thread keep their order.
 * When fn runs, the post is free for another use.
 *
 * Returns: 0; -EALREADY: this post is still on its way, and fn will be called once.
 * Waits:   never; safe in signal handlers.
 * Threads: any, until the loop's trine_run() returns. What was posted by then is called. */
TRINE_PUBLIC int trine_post(struct trine_loop *loop, struct trine_posted *post);

/* ---- hopping */

/* Runs fn(arg) as a task of `loop`, which may be another thread's, and waits for its end. For work
 * that belongs where some state lives. A cancel of the caller cancels the task, and its end is
 * waited for.
 *
 * Returns: what fn returned, with its error object; -ECANCELED, -ETIMEDOUT; TRINE_ENOLOOP in a
 *          plain thread; -EINVAL: a loop of another run. */
#define trine_run_on(loop, fn, arg) trine_run_on_at((loop), (fn), (arg), TRINE_SITE(fn))
TRINE_PUBLIC int trine_run_on_at(struct trine_loop *loop, trine_fn fn, void *arg, const char *site);

/* ---- blocking code */

struct trine_to_thread_options {
    /* Set: a cancel of the caller returns at once and leaves fn running. Whenever fn's outcome is
     * not returned, abandoned(arg) is called once, after fn has ended, or instead of it where it
     * never ran (then by whoever cancels): what `arg` owns is freed there; it may not block. NULL:
     * fn's end is waited for. */
    void (*abandoned)(void *arg);
};

/* Runs fn(arg), which may block, in a thread of its own while the loop goes on; it finds the
 * caller's task-local values there (local.h). In a plain thread
 * it is called directly (with .abandoned: in a thread, too). At most 64 such calls run at once;
 * others wait for their turn.
 *
 * Returns: what fn returned, with its error object; -EAGAIN or -ENOMEM when there is no thread or
 *          memory for it: fn did not run.
 * Waits:   this task. A cancel while fn has not begun: -ECANCELED, it never will; while it runs:
 *          its end is waited for and its outcome returned, unless .abandoned is set. */
#define trine_to_thread(fn, arg) trine_to_thread_with((fn), (arg), NULL)
TRINE_PUBLIC int trine_to_thread_with(trine_fn fn, void *arg,
                                      const struct trine_to_thread_options *options);

/* ---- guests: a run inside a foreign event loop (GLib's, libuv's, a game's) */

struct trine_guest;

/* Starts a run like trine_run(), but returns at once; this thread becomes its loop's. The foreign
 * loop watches trine_guest_fd() for reading and calls trine_guest_turn() when it is readable.
 *
 * Between turns this thread runs no loop: what would block fails with -EDEADLK, and what it sets,
 * puts, resolves, spawns or cancels reaches the tasks as from another thread, in the next turn.
 * -ENOTSUP: simulated time; else the errors of trine_run(). */
TRINE_PUBLIC int trine_guest_open(struct trine_guest **ret, trine_fn fn, void *arg,
                                  const struct trine_run_options *options);
/* Readable (level-triggered) whenever there is something to do: a completion, a timer that is due,
 * mail. Also in poll, select and epoll sets. */
TRINE_PUBLIC int trine_guest_fd(const struct trine_guest *guest);
/* Runs what can run now and never sleeps. Returns 1; 0 when the first task has ended: close it. On
 * the thread that opened it, outside its tasks: -EPERM elsewhere. */
TRINE_PUBLIC int trine_guest_turn(struct trine_guest *guest);
/* Cancels what still runs, waits (blocking this thread) for its end, and ends the run: the first
 * task's outcome. Accepts NULL (0). */
TRINE_PUBLIC int trine_guest_close(struct trine_guest *guest);

#ifdef __cplusplus
}
#endif
#endif
