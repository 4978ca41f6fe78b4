/* SPDX-License-Identifier: MIT */
/* The inside of select: what it knows of its cases, and a leg for each that has to wait.
 *
 *     primitives   a wait in the primitive's list           \
 *     futures      a waiter with the future                  > whoever wins the choice wakes
 *     descriptors  an operation of the loop; in a plain      |
 *                  thread poll(2), and a bell to end it     /
 *     timers       the earliest is the limit of the park */
#ifndef TRINE_SYNC_SELECT_H
#define TRINE_SYNC_SELECT_H

#include "core/waiter.h"
#include "poll/op.h"
#include "sync/wait.h"
#include <trine/select.h>

struct trine__leg {
    struct trine__selection *selection;
    union {
        struct trine__wait wait;     /* a primitive */
        struct trine__waiter waiter; /* a future */
        struct trine__op op;         /* a descriptor, in a task */
    };
    bool armed; /* future: watched; descriptor: the loop has the operation */
    int result; /* descriptor: what the case ends with, or -EAGAIN */
};

struct trine__selection {
    struct trine__choice choice;
    struct trine__parker parker;
    struct trine_case *cases;
    size_t count;
    bool biased;
    struct trine__leg *legs;         /* one for each case */
    uint32_t *order;                 /* numbers of the cases that take part, to be shuffled */
    struct trine__sync_lock **locks; /* of the primitives; distinct, by address */
    struct pollfd *polls;            /* of the descriptors; with a place more, for the bell */
    uint32_t *polled;                /* the case of each */
    size_t order_count, lock_count, poll_count;
    size_t sources;    /* primitives and futures: what others wake */
    uint32_t earliest; /* the timer that is due first; TRINE__UNDECIDED: none */
    size_t pending;    /* operations that the loop has */
    struct trine__parker *collector;
};

/* Another winner than a case: the select itself, which ends with an error. */
#define TRINE__GAVE_UP (TRINE__UNDECIDED - 1)

static inline uint32_t trine__leg_number(const struct trine__leg *leg)
{
    return (uint32_t)(leg - leg->selection->legs);
}

/* ---- select.c */
/* The verbs of a primitive's case; NULL: it is none. */
const struct trine__case_ops *trine__select_ops(const struct trine_case *choice);
bool trine__select_is_due(const struct trine_case *timer);
/* One by chance of the first `count`. */
size_t trine__select_chance(size_t count);

/* ---- select_wait.c */
/* Leaves a wait with each primitive, under all their locks. */
void trine__select_leave(struct trine__selection *selection);
/* After that, without the locks: waits until one case has happened. Its number, or an error. */
int trine__select_wait(struct trine__selection *selection);

/* ---- select_fd.c. The answers: the number of a case that can happen; -EAGAIN: none so far; or the
 * error that the select has to end with. */
/* Notes which descriptors are ready now, in their legs. 0 or an error. */
int trine__select_look(struct trine__selection *selection);
/* In a task: leaves an operation for each descriptor. */
int trine__select_submit(struct trine__selection *selection);
/* In a plain thread: sleeps until a descriptor is ready, the time is over, or somebody else has
 * won the choice: -EAGAIN. */
int trine__select_sleep(struct trine__selection *selection);
/* In a plain thread, before anything is left: somebody else must be able to end the sleep. */
int trine__select_open_bell(struct trine__selection *selection);
/* Gets every operation back. Waits for those that the kernel still has. */
void trine__select_collect(struct trine__selection *selection);

#endif
