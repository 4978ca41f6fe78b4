/* SPDX-License-Identifier: MIT */
/* Waiting in line: the one mechanism under every primitive.
 *
 *     lock ---- guards ----> the primitive's state and its lists
 *     list:  first <-> wait <-> wait       each in the frame of the task or thread that waits
 *
 * Whoever changes the state takes the longest waiter out of the list, does for it what it waits for
 * (moves the item, makes it the owner), and wakes it after unlocking: hand-over, so that nobody can
 * come in between and a wait that was taken out always ends well. A cancel can only withdraw a wait
 * that is still in its list; one that has been taken out is on its way to success. That is the
 * whole proof that nothing is lost.
 *
 * A select leaves a wait with each of its objects, and one `choice` for all: who takes a wait out
 * must win the choice first, and a wait whose choice is decided is dead.
 *
 *     trine__sync_lock(&it->lock);
 *     if (it can be done now) { ...; trine__sync_unlock(&it->lock); return 0; }
 *     struct trine__wait wait;
 *     error = trine__wait_prepare(&wait, &it->lock, it);
 *     if (error == 0) trine__wait_add(&it->list, &wait);
 *     trine__sync_unlock(&it->lock);
 *     return error < 0 ? error : trine__wait_park(&wait, "a semaphore");
 */
#ifndef TRINE_SYNC_WAIT_H
#define TRINE_SYNC_WAIT_H

#include "core/park.h"
#include "sync/lock.h"
#include <stdbool.h>
#include <stddef.h>

/* Which of a select's waits has won. */
struct trine__choice {
    _Atomic(uint32_t) winner; /* TRINE__UNDECIDED, or a wait's number */
    struct trine__parker *parker;
    int bell; /* an eventfd where its thread sleeps over descriptors; -1: none */
};
#define TRINE__UNDECIDED UINT32_MAX

/* True for exactly one caller: who then has to wake it, if it is not the select itself. */
static inline bool trine__choice_win(struct trine__choice *choice, uint32_t number)
{
    uint32_t undecided = TRINE__UNDECIDED;
    return atomic_compare_exchange_strong(&choice->winner, &undecided, number);
}
/* From any thread, by the winner, once. The choice may be gone when it returns. */
void trine__choice_wake(struct trine__choice *choice);

/* Waits that were taken out and have to be woken once the lock is free. */
struct trine__wake_list {
    struct trine__wait *first, *last;
};

struct trine__wait {
    struct trine__wait *next, *prev;
    struct trine__wait_list *list; /* NULL: not in one, or taken out. Under the lock */
    struct trine__sync_lock *lock; /* the primitive's */
    void *object;                  /* the primitive */
    struct trine__choice *choice;  /* of a select; NULL: alone */
    uint32_t number;               /* in the select */
    int result;                    /* what park returns, written by who takes it out */
    void *item;                    /* what is handed over, or where to; the primitive's */
    size_t amount;                 /* how much is wanted; the primitive's */
    /* It gave up: under the lock and out of its list. May let others through. NULL: nothing to
     * do */
    void (*withdrawn)(struct trine__wait *wait, struct trine__wake_list *wake);
    struct trine__parker parker; /* unused in a select */
};

/* The caller's own wait on `object`, of nobody's list yet; `item`, `amount`, `withdrawn` are zero.
 * An error of trine__parker_init(): the caller cannot wait here. */
int trine__wait_prepare(struct trine__wait *wait, struct trine__sync_lock *lock, void *object);
/* Parks until somebody takes the wait out: its result; or withdraws it: -ECANCELED, -ETIMEDOUT.
 * Must be called once the wait was added. Without the lock. */
int trine__wait_park(struct trine__wait *wait, const char *what);

/* What a cancel asks of a wait that is parked, `arg`. */
enum trine__cancel trine__wait_give_up(void *arg);

/* ---- under the lock */
void trine__wait_add(struct trine__wait_list *list, struct trine__wait *wait);
void trine__wait_add_first(struct trine__wait_list *list, struct trine__wait *wait);
/* Takes a wait out of the list because its owner gives up. False: it was taken out already. */
bool trine__wait_withdraw(struct trine__wait *wait, struct trine__wake_list *wake);
/* The longest waiter that is still to be had, left in its place; NULL: none. */
struct trine__wait *trine__wait_peek(struct trine__wait_list *list);
/* Takes out the wait that peek returned, with its result, to be woken. False: its select has
 * chosen otherwise meanwhile; peek again. */
bool trine__wait_take(struct trine__wait *wait, int result, struct trine__wake_list *wake);
/* Takes out the longest waiter that is still to be had, with 0, to be woken; NULL: none. */
struct trine__wait *trine__wait_take_chosen(struct trine__wait_list *list);
/* Has one that was taken out woken with the others. */
void trine__wake_later(struct trine__wake_list *wake, struct trine__wait *wait);
/* Takes out all. */
void trine__wait_take_all(struct trine__wait_list *list, int result, struct trine__wake_list *wake);

/* ---- without the lock */
void trine__wake(struct trine__wake_list *wake);
/* The same for one that was taken out. */
void trine__wake_taken(struct trine__wait *wait);

#endif
