/* SPDX-License-Identifier: MIT */
/* A loop: one thread, its ready tasks, its timers, its completion source.
 *
 *          spawn, unpark                         poller: completions    inbox: mail from other
 * threads |                                     |                     | v v                     v
 *     [ ready queue, FIFO ] --task parks--> next ready task, directly (no trip through the loop)
 *                |                                     ^
 *           queue empty, or TURN dispatches done       | completions first, then timers: a value
 * that v                                     | came in time beats its deadline the loop's own
 * stack: inbox, poller, timers -----+
 *
 * Everything in here belongs to the loop's thread, but for the inbox and the fresh tasks. A task
 * that has started stays with its loop; a fresh one (several loops only) may be taken by an idle
 * loop. */
#ifndef TRINE_CORE_LOOP_H
#define TRINE_CORE_LOOP_H

#include "core/task.h"
#include "core/thread_context.h"
#include "core/timer.h"
#include "poll/poller.h"
#include "thread/inbox.h"

struct trine__runtime;

/* Something to do when the loop ends, on its own stack, while its poller still runs. */
struct trine__loop_exit {
    void (*run)(struct trine__loop_exit *exit);
    struct trine__loop_exit *next;
};

struct trine__task_queue {
    struct trine__task *first, *last;
};

struct trine__loop {
    struct trine__task *current; /* NULL on the loop's own stack */
    struct trine__task_queue ready;
    unsigned credits; /* dispatches left in this turn */
    unsigned due;     /* timers that fired before this turn: dispatches on top of its own */
    bool alone;       /* the runtime has no other loop: nobody steals */
    bool shuffled;    /* a test run: chance picks the next task */
    bool keep_first;  /* but not this time */
    struct trine__parker *settling; /* tasks that wait until all others are blocked */
    struct trine__fiber fiber;      /* the thread's own stack */
    struct trine__stack_cache *stacks;
    struct trine__strand *resting; /* of ended tasks, of the default size, warmest first */
    struct trine__strand *retired; /* of other sizes */
    size_t resting_count;
    size_t resting_least; /* for some trims: so many nobody needed */
    int64_t trim_at;      /* when to trim next */
    unsigned trims;
    struct trine__task *free_tasks; /* the slab's free records */
    unsigned adopted_tasks;         /* records of other threads that will end there */
    struct trine__timers timers;
    struct trine__poller *poller;
    unsigned poll_failures; /* in a row */
    unsigned mail_expected; /* tasks that wait for what another thread is working on */
    unsigned spins;         /* looks at the inbox before falling asleep meanwhile */
    struct trine__runtime *runtime;
    struct trine__family root;          /* the first task, and tasks submitted to TRINE_TASKS */
    struct trine__context root_context; /* of the root family, and of nobody else */
    struct trine__loop_exit *exits;
    struct trine__callback *callbacks; /* of futures, to be run here */
    unsigned number;
    pthread_t thread; /* of a further loop */
    bool has_thread;
    int error; /* of entering it */

    _Alignas(128) struct trine__inbox inbox; /* the rest is touched by other threads */
    _Atomic(bool) sleeping;                  /* in the poller: a post must wake it */
    _Atomic(uint32_t) posters; /* threads in the middle of a post: it may not go before them */
    _Atomic(uint32_t) entered; /* its thread is ready, or has failed */
    _Atomic(uint32_t) fresh_lock;
    _Atomic(uint32_t) fresh_count;
    struct trine__task_queue fresh;
};

/* The running task; NULL outside tasks. */
static inline struct trine__task *trine__task_here(void)
{
    return trine__loop_here != NULL ? trine__loop_here->current : NULL;
}

/* Who runs here; NULL in a loop's own thread outside any task. */
static inline struct trine__context *trine__here(void)
{
    struct trine__loop *loop = trine__loop_here;
    if (__builtin_expect(loop == NULL, 0))
        return &trine__thread_here.context;
    return loop->current != NULL ? &loop->current->context : NULL;
}

/* ---- loop.c */
int trine__loop_new(struct trine__runtime *runtime, unsigned number, struct trine__loop **ret);
/* Makes this thread the loop's: poller, stacks, signal stack. On failure the loop can only be
 * freed. */
int trine__loop_enter(struct trine__loop *loop, const char *poller);
/* Ends what still hangs on the loop: exits, callbacks, operations. On its thread. */
void trine__loop_leave(struct trine__loop *loop);
void trine__loop_free(struct trine__loop *loop); /* accepts NULL; after leave, or a failed enter */
/* Runs on this thread until `finished(loop)` after a turn. */
void trine__loop_run(struct trine__loop *loop, bool (*finished)(struct trine__loop *loop));
/* One turn that never sleeps, for a loop inside another. True: there is more to do at once. */
bool trine__loop_glance(struct trine__loop *loop);
/* Before somebody else sleeps for the loop: from now on a post, a completion makes the descriptor
 * readable that is returned. *ret_until: when to come back at the latest; 0: at once. */
int trine__loop_watch(struct trine__loop *loop, int64_t *ret_until);
/* From any thread: `mail` is delivered on the loop's thread. */
void trine__loop_post(struct trine__loop *loop, struct trine__mail *mail);
/* Delivers what is in the inbox now. On the loop's own stack. */
void trine__loop_deliver(struct trine__loop *loop);
/* The same from a task, which the loop's own stack runs meanwhile: mail may need more stack than it
 * has. */
void trine__loop_settle(struct trine__loop *loop);
/* Calls exit->run when the loop ends. On the loop's thread. */
void trine__loop_at_exit(struct trine__loop *loop, struct trine__loop_exit *exit);

/* Puts the running task at the end of the ready queue and `first`, if not NULL, before all others;
 * goes on with the next. */
void trine__loop_yield(struct trine__loop *loop, struct trine__task *first);
/* More of it is inline, in quick.h. */

/* ---- await.c: what blocking calls above need */
/* Submits `op` to the loop of the running task, parks, cancels: op->result or the negative code.
 * Only in tasks. A cancelled op's value, if it has one, wins. */
int64_t trine__op_await(struct trine__op *op, const char *what);
/* As trine__park, but not beyond `deadline` (absolute): -ETIMEDOUT then, after `cancel` agreed.
 * Tasks and threads. */
int trine__park_until(struct trine__parker *parker, int64_t deadline, trine__cancel_fn cancel,
                      void *arg, const char *what);

/* ---- run.c */
struct trine_run_options;
struct trine__runtime {
    struct trine__loop **loops;
    unsigned loop_count;
    size_t stack_size;
    const char *poller;
    _Atomic(unsigned) idle; /* loops asleep with nothing to do */
    _Atomic(bool) stopping;
    _Atomic(unsigned) roots; /* tasks in the root families of all loops */
    struct trine__task *main;
    int outcome;
    struct trine_error *error; /* of the first task */
    bool main_ended, takes_sigint;
};
/* Makes the loops; this thread becomes the first one's. */
int trine__run_begin(struct trine__runtime *runtime, const struct trine_run_options *options);
/* Queues fn(arg) as the first task. */
int trine__run_start(struct trine__runtime *runtime, trine_fn fn, void *arg);
bool trine__run_main_ended(struct trine__loop *loop);
/* Cancels what is left, waits for its end, and frees all; also after one of the above failed
 * (`error`).
 * Returns the first task's outcome, or `error`. */
int trine__run_end(struct trine__runtime *runtime, int error);
/* Starts fn(arg) in the loop's root family: a task nobody joins but the end of the run. */
struct trine__task *trine__loop_spawn_root(struct trine__loop *loop, trine_fn fn, void *arg,
                                           const char *name, const char *site);

#endif
