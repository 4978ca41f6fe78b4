/* SPDX-License-Identifier: MIT */
/* Scopes: a deadline and a cancel button for a region of code. Python: asyncio.timeout(), shield();
 * trio's cancel scopes.
 *
 * Cancellation is a state, not an event: once a scope is cancelled or its deadline has passed,
 * every blocking call inside it fails, again and again, until the scope closes. A call that reports
 * -ECANCELED or -ETIMEDOUT did not happen; when a value and a cancel arrive together, the value
 * wins. Deadlines are inherited: an inner scope can only shorten. When several scopes around a call
 * are cancelled, the outermost decides which code the call reports. */
#ifndef TRINE_SCOPE_H
#define TRINE_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <trine/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Private parts that live in the user's frames. */
struct trine__timer {
    void (*fire)(struct trine__timer *timer);
    uint32_t number; /* among the armed timers of its loop, from 1; 0 = not armed */
};
struct trine__mail {
    struct trine__mail *next;
    void (*deliver)(struct trine__mail *mail); /* on the receiving loop's thread */
};

struct trine__canceller {
    const char *name, *site;
};

struct trine_scope {
    struct trine_scope *parent; /* all private */
    struct trine__context *context;
    int64_t deadline; /* of its own, absolute */
    struct trine__timer timer;
    const char *reason;
    struct trine__canceller cancelled_by;
    struct trine__mail mail;
    int state;       /* 0, -ECANCELED or -ETIMEDOUT */
    int delivered;   /* what calls inside were told */
    uint32_t posted; /* a cancel from another thread is on its way */
    bool shield;
    bool once;      /* its limit was 0: calls try before they fail */
    bool family;    /* it is the scope of a struct trine__family */
    bool handshake; /* it is the scope of a task's start (see trine_start) */
};

/* A scope with children: what a group is to the task tree. */
struct trine__family {
    struct trine_scope scope;
    struct trine__task *first, *last;
    /* On the loop where the family was opened: a child has ended. */
    void (*ended)(struct trine__family *family, struct trine__task *child);
    /* Its task returned and left it open: cancels and joins. */
    void (*abandon)(struct trine__family *family);
    struct trine__need *needs; /* of its children that wait for others; under needs_lock */
    uint32_t needs_lock;
    struct trine__need *quiet; /* of the owner, who joins: published when a child's is */
};

/* Opens a scope around the code that follows, in the same function or frame. `limit` is a length
 * from now: TRINE_FOREVER for a cancel button only; 0 or less: blocking calls try once, then fail.
 * Scopes close in the reverse order of opening, in the task that opened them. */
TRINE_PUBLIC void trine_scope_open(struct trine_scope *scope, int64_t limit);
/* Ends the scope. Returns 0, or the code that blocking calls inside were made to fail with by this
 * scope or one around it. -ETIMEDOUT is returned even if the code inside swallowed it. */
TRINE_PUBLIC int trine_scope_close(struct trine_scope *scope);
/* Moves the deadline of an open scope (of a group: trine_group_scope()), earlier or later;
 * TRINE_FOREVER takes it away. `limit` is a length from now, as in open; `when` is absolute.
 * Python: asyncio.Timeout.reschedule().
 *
 * Returns: 0; -EALREADY: the scope is cancelled or its time is over, which nothing takes back;
 *          -ENOMEM: the deadline is as before; TRINE_ENOLOOP: `scope` is NULL.
 * Threads: the task (or plain thread) that opened the scope. */
TRINE_PUBLIC int trine_scope_set_limit(struct trine_scope *scope, int64_t limit);
TRINE_PUBLIC int trine_scope_set_deadline(struct trine_scope *scope, int64_t when);
/* The scope's own deadline (scopes around it may have earlier ones); TRINE_FOREVER without any, or
 * for NULL.
 * Threads: as above. */
TRINE_PUBLIC int64_t trine_scope_deadline(const struct trine_scope *scope);
/* Cancels everything that runs inside; idempotent. `reason`: kept, for reports; may be NULL.
 * Threads: any, while the scope is open. */
TRINE_PUBLIC void trine_scope_cancel(struct trine_scope *scope, const char *reason);
/* Why the code here is being cancelled (the reason given), NULL if it is not: also inside a shield,
 * so ask before opening one. */
TRINE_PUBLIC const char *trine_cancel_reason(void);
/* Who is cancelling the code here: *ret_name and *ret_site are the name and spawn site of the
 * task that did (where it cancelled this very task: the name its function has), or "a thread",
 * "the loop" (the run is over, SIGINT), "the deadline", and NULL. False: nobody, and both are
 * untouched. As above, ask before opening a shield. The task may be gone by then: its name must
 * be of memory that stays, such as a literal. */
TRINE_PUBLIC bool trine_cancel_source(const char **ret_name, const char **ret_site);
/* 0, or the code that a blocking call would fail with here and now. Never waits. */
TRINE_PUBLIC int trine_cancelled(void);

/* A scope that cancels from outside do not reach, for at most `limit`: for last words. */
TRINE_PUBLIC void trine_shield_open(struct trine_scope *scope, int64_t limit);
TRINE_PUBLIC int trine_shield_close(struct trine_scope *scope);

/* The value of `call` (an int or ssize_t), which gets at most `limit`; -ETIMEDOUT if that ran out.
 */
#define TRINE_WITHIN(limit, call)                                                                  \
    __extension__({                                                                                \
        struct trine_scope trine__within;                                                          \
        trine_scope_open(&trine__within, (limit));                                                 \
        __typeof__(call) trine__value = (call);                                                    \
        int trine__state = trine_scope_close(&trine__within);                                      \
        trine__value < 0 && trine__state < 0 ? (__typeof__(call))trine__state : trine__value;      \
    })

#ifdef __cplusplus
}
#endif
#endif
