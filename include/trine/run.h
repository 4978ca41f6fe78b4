/* SPDX-License-Identifier: MIT */
/* Running: from main() into the world of tasks and back. Python: asyncio.run(). */
#ifndef TRINE_RUN_H
#define TRINE_RUN_H

#include <stdbool.h>
#include <trine/task.h>
#include <trine/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_run_options {
    /* Loops, each on a thread of its own (the first on the caller's). 0: one. A task that has
     * started never changes its thread; one that has not may be taken by an idle loop. */
    unsigned loops;
    size_t stack_size; /* bytes for each task's stack; 0: 64 KiB */
    const char
        *poller;     /* "uring", "epoll", "sim" (virtual time); NULL: TRINE_POLLER, else the best */
    int64_t timeout; /* limit for the whole run; 0: none */
    bool ignore_sigint; /* leave SIGINT alone even where it stands at its default */
};

/* Runs fn(arg) as the first task and returns its result after everything it started has ended:
 * tasks left over are cancelled, joined, and named on the report hook if they do not stop within 5
 * s.
 *
 * While it runs, and only if SIGINT stands at its default, the first Ctrl-C cancels the first task
 * with the reason "SIGINT" (its blocking calls fail with -ECANCELED) and the second ends the
 * program.
 *
 * Waits:   blocks the calling thread, which becomes the loop's.
 * Errors:  what fn returned; -ENOMEM, -EMFILE ... when the loop cannot be made; -EDEADLK inside a
 *          task; -EDEADLK when time is simulated and nothing can ever run again (each blocked task
 *          is reported).
 * Threads: any that runs no loop yet; several may run at once. */
TRINE_PUBLIC int trine_run(trine_fn fn, void *arg, const struct trine_run_options *options);

/* True if the Ctrl-C described above has come.
 * Threads: any. */
TRINE_PUBLIC bool trine_interrupted(void);

#ifdef __cplusplus
}
#endif
#endif
