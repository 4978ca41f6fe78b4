/* SPDX-License-Identifier: MIT */
/* An inbox: many threads post, one takes. A lock-free stack that its owner takes whole and turns
 * round, so that mail of one sender is delivered in order. Nodes are intrusive: posting allocates
 * nothing.
 *
 * Reference: Treiber, "Systems Programming: Coping with Parallelism", 1986. Taking everything at
 * once leaves no room for the ABA problem. */
#ifndef TRINE_THREAD_INBOX_H
#define TRINE_THREAD_INBOX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <trine/scope.h>

struct trine__inbox {
    _Atomic(struct trine__mail *) last;
};

/* True if the inbox was empty before: the one poster who must see to a wake. */
static inline bool trine__inbox_post(struct trine__inbox *inbox, struct trine__mail *mail)
{
    struct trine__mail *last = atomic_load_explicit(&inbox->last, memory_order_relaxed);
    do {
        mail->next = last;
    } while (!atomic_compare_exchange_weak_explicit(&inbox->last, &last, mail, memory_order_seq_cst,
                                                    memory_order_relaxed));
    return last == NULL;
}

static inline bool trine__inbox_empty(const struct trine__inbox *inbox)
{
    return atomic_load_explicit(&inbox->last, memory_order_seq_cst) == NULL;
}

/* Everything posted so far, oldest first; NULL when there is nothing. */
static inline struct trine__mail *trine__inbox_take(struct trine__inbox *inbox)
{
    if (atomic_load_explicit(&inbox->last, memory_order_relaxed) == NULL)
        return NULL;
    struct trine__mail *mail = atomic_exchange_explicit(&inbox->last, NULL, memory_order_acquire);
    struct trine__mail *oldest = NULL;
    while (mail != NULL) {
        struct trine__mail *next = mail->next;
        mail->next = oldest;
        oldest = mail;
        mail = next;
    }
    return oldest;
}

#endif
