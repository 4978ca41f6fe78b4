/* SPDX-License-Identifier: MIT */
/* Circles of waiting, found when they close.
 *
 *     task A --lock--> mutex owned by task B --join--> a group's child C --await--> task A
 *
 * A wait that only certain tasks or threads can end is a *need*: it lies in the frame of whoever
 * waits, and its context points to it. When a need is published, circle.c follows the needs from
 * there; if they lead back, one of them is refused (-EDEADLK), everything else goes on, and the
 * report names all. Waits that anybody can end (a queue's, an event's, a select's, "the first of
 * several") are no needs.
 *
 * What a context holds is a list, too: its own, touched by nobody else. */
#ifndef TRINE_CORE_CIRCLE_H
#define TRINE_CORE_CIRCLE_H

#include "core/context.h"
#include <stddef.h>
#include <trine/sync.h>

struct trine__need;
struct trine__walk;

enum trine__refusal {
    TRINE__REFUSED,
    TRINE__REFUSED_NOT,  /* it has to be waited out, or cannot be refused from this thread */
    TRINE__REFUSED_LATE, /* it is over already */
};

struct trine__need_kind {
    /* Calls trine__walk_on() with each context that must act before the wait can end, under
     * whatever lock keeps that one from ending; none once the wait is over. From any thread. */
    void (*follow)(struct trine__need *need, struct trine__walk *walk);
    /* Makes the wait end with -EDEADLK. From any thread. `at_last`: nobody else in the circle
     * could. */
    enum trine__refusal (*refuse)(struct trine__need *need, bool at_last);
    /* "waits for the mutex locked at main.c:7 by": the report's verb; another's name follows. */
    void (*describe)(struct trine__need *need, char *text, size_t size);
};

struct trine__need {
    const struct trine__need_kind *kind;
    struct trine__context *context;
    struct trine__need *outer;        /* that of a call around this one */
    struct trine__need *next, **link; /* among those of its family */
    struct trine__need *via, *later;  /* the walk's own: who led here; what to look at next */
    uint64_t walk;                    /* the last one that came by */
};

/* From now on `context`, which runs here, waits for this. Looks for a circle, and breaks it by
 * refusing one of its needs, this one if it can be. Call when the wait itself can be ended by
 * others already, and before parking. */
void trine__need_open(struct trine__need *need, const struct trine__need_kind *kind,
                      struct trine__context *context);
/* After parking. Once it returns, nobody looks at the need any more. */
void trine__need_close(struct trine__need *need);

/* The two for the owner of `family`, who joins it: its children run on this thread like itself, and
 * none of them has a need. So this one leads nowhere, and is published when one of them opens its
 * own. */
static inline void trine__need_keep_back(struct trine__need *need,
                                         const struct trine__need_kind *kind,
                                         struct trine__family *family)
{
    need->kind = kind;
    need->context = family->scope.context;
    family->quiet = need;
}
static inline void trine__need_leave(struct trine__need *need, struct trine__family *family)
{
    if (__builtin_expect(family->quiet == need, true))
        family->quiet = NULL;
    else
        trine__need_close(need);
}

/* ---- for `follow` */
void trine__walk_on(struct trine__walk *walk, struct trine__context *context);
/* All children of the family that need something. */
void trine__walk_family(struct trine__walk *walk, struct trine__family *family);

/* ---- what a context holds; by its owner, while it runs. One at a time is the usual case, and
 * stands for itself so that no value has to travel through memory and back. */
static inline void trine__held_add(struct trine__held *held, struct trine__context *owner)
{
    struct trine__held *first = owner->held;
    if (__builtin_expect(first == NULL, true)) {
        held->next = NULL;
    } else {
        held->next = first;
        first->link = &held->next;
    }
    held->link = &owner->held;
    __atomic_store_n(&owner->held, held, __ATOMIC_RELAXED);
}

static inline void trine__held_remove(struct trine__held *held)
{
    struct trine__held *next = held->next;
    if (__builtin_expect(next == NULL, true)) {
        __atomic_store_n(held->link, NULL, __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(held->link, next, __ATOMIC_RELAXED);
        next->link = held->link;
    }
}

/* The context ends: everything it still holds is reported and abandoned. */
void trine__held_abandon(struct trine__context *context);
/* A plain thread is about to hold something: it will be asked for it when it ends. */
void trine__held_by_thread(void);
/* "task 'x' (spawned at main.c:7)", "thread 4711" */
void trine__context_describe(const struct trine__context *context, char *text, size_t size);

/* A child of fork(): whoever was looking is not here any more. */
void trine__circle_forked(void);

#endif
