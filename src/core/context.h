/* SPDX-License-Identifier: MIT */
/* A context: who is running, a task or a plain thread, and under which scopes.
 *
 * Every blocking call finds out at call time where it runs: trine__here() is the running task's
 * context, or the thread's own. */
#ifndef TRINE_CORE_CONTEXT_H
#define TRINE_CORE_CONTEXT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <trine/scope.h>
#include <trine/task.h>

struct trine__loop;
struct trine__held;
struct trine__locals;
struct trine__need;
struct trine_error;

struct trine__context {
    int16_t cancelled;     /* tasks: the code now in force here, kept up to date by scope.c */
    uint16_t cancelled_by; /* of the task itself, by trine_cancel(): whose number; 0: nobody's */
    /* Of tasks only, where these bytes cost nothing; all begin as 0. */
    uint8_t state; /* enum trine__task_state */
    uint8_t budget;
    _Atomic(uint8_t) mail_state;
    uint8_t stack_class : 7;   /* 0: the run's default; else log2 of the bytes asked for */
    uint8_t pinned : 1;        /* starts on `loop` and nowhere else */
    struct trine_scope *scope; /* the innermost open one */
    struct trine__loop *loop;  /* NULL: a plain thread */
    union {
        struct trine__held *held; /* what it owns; written by itself only. circle.h */
        trine_fn fn;              /* what a task that has not started will run */
    };
    struct trine__need *need;     /* what it waits for, if only certain others can end the wait */
    struct trine__locals *locals; /* NULL: none was ever set. local.h */
};

/* The loop this thread runs, NULL if none. */
extern __thread struct trine__loop *trine__loop_here __attribute__((tls_model("initial-exec")));

/* ---- scope.c */
/* The outermost cause of a cancel above `context`, up to the first shield: a scope, or a context
 * that was cancelled itself; code 0: none. */
struct trine__cause {
    int code;
    const struct trine_scope *scope;
    const struct trine__context *self;
};
struct trine__cause trine__cause_above(const struct trine__context *context);
/* The code in force for `context`: the outermost cancelled scope's around it, up to the first
 * shield. */
int trine__scope_code(const struct trine__context *context);
/* As that, and remembers in each scope up to the source that it was delivered. */
int trine__scope_deliver(struct trine__context *context);
/* The earliest deadline around `context`, up to the first shield; TRINE_FOREVER without any. */
int64_t trine__scope_deadline(const struct trine__context *context);
/* Opens a scope with an absolute deadline. */
void trine__scope_open_until(struct trine_scope *scope, int64_t deadline);
/* Brings a cancel from another thread. */
void trine__scope_deliver_cancel(struct trine__mail *mail);
/* Gives an open scope a deadline. -ENOMEM. */
int trine__scope_limit(struct trine_scope *scope, int64_t deadline);
/* Cancels with a code of choice (-ECANCELED, -ETIMEDOUT, -EDEADLK). On the scope's own loop. */
void trine__scope_cancel_local(struct trine_scope *scope, int code, const char *reason);

/* Marks a plain thread's scopes whose time has come; `waited`: the call has tried and would block.
 */
void trine__scope_expire_thread(struct trine__context *context, int64_t now, bool waited);

/* The last error of the running task or thread: takes it over; NULL clears. */
void trine__error_keep(struct trine_error *error);
/* Takes it away from the task or thread; NULL if there is none. */
struct trine_error *trine__error_take(void);

#endif
