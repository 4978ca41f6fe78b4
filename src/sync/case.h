/* SPDX-License-Identifier: MIT */
/* What select needs from a primitive that hands things over: three verbs, all under the primitive's
 * own lock, which select holds together with those of its other cases. All commits come before the
 * first leave, so that a select never meets itself. */
#ifndef TRINE_SYNC_CASE_H
#define TRINE_SYNC_CASE_H

#include "sync/wait.h"
#include <trine/select.h>

struct trine__case_ops {
    struct trine__sync_lock *(*lock)(const struct trine_case *choice);
    /* Does it now: 0 or the error it ends with (-EPIPE). -EAGAIN: it would have to wait. Whom it
     * let go on is added to `wake`. */
    int (*commit)(struct trine_case *choice, struct trine__wake_list *wake);
    /* Leaves `wait` (its choice, number and lock are set) where a commit of somebody else finds it,
     * and sets what the primitive keeps in it: item, amount, object, withdrawn. */
    void (*leave)(struct trine_case *choice, struct trine__wait *wait);
    /* The select is through: after each leave once, when the wait is out of every list, without any
     * lock, and the last that touches the object: a channel's end may be closed meanwhile. May be
     * NULL. */
    void (*done)(struct trine_case *choice);
};

extern const struct trine__case_ops trine__case_get, trine__case_put;      /* queue.c */
extern const struct trine__case_ops trine__case_receive, trine__case_send; /* channel.c */
extern const struct trine__case_ops trine__case_event;                     /* event.c */

#endif
