/* SPDX-License-Identifier: MIT */
#include "sync/wait.h"
#include "sync/wait_quick.h"
#include "sys/sys.h"
#include "thread/pause.h"
#include <assert.h>

/* A holder is a few instructions from unlocking, unless its thread has lost the processor. */
#define SPINS_BEFORE_YIELD 64

void trine__sync_lock_slow(struct trine__sync_lock *lock)
{
    for (unsigned spins = 1;; spins++) {
        if (__atomic_load_n(&lock->word, __ATOMIC_RELAXED) == 0 &&
            __atomic_exchange_n(&lock->word, 1, __ATOMIC_ACQUIRE) == 0)
            return;
        if (spins % SPINS_BEFORE_YIELD == 0)
            trine__sys_thread_yield();
        else
            trine__pause();
    }
}

int trine__wait_prepare(struct trine__wait *wait, struct trine__sync_lock *lock, void *object)
{
    int error = trine__parker_init(&wait->parker);
    if (error < 0)
        return error;
    wait->list = NULL;
    wait->lock = lock;
    wait->object = object;
    wait->choice = NULL;
    wait->result = 0;
    wait->item = NULL;
    wait->amount = 0;
    wait->withdrawn = NULL;
    return 0;
}

enum trine__cancel trine__wait_give_up(void *arg)
{
    struct trine__wait *wait = arg;
    struct trine__sync_lock *lock = wait->lock;
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(lock);
    bool withdrawn = trine__wait_withdraw(wait, &wake);
    trine__sync_unlock(lock);
    trine__wake(&wake);
    return withdrawn ? TRINE__CANCELLED : TRINE__CANCEL_PENDING;
}

int trine__wait_park(struct trine__wait *wait, const char *what)
{
    int error = trine__park(&wait->parker, trine__wait_give_up, wait, what);
    return error < 0 ? error : wait->result;
}

void trine__wait_add(struct trine__wait_list *list, struct trine__wait *wait)
{
    trine__wait_append(list, wait);
}

void trine__wait_add_first(struct trine__wait_list *list, struct trine__wait *wait)
{
    wait->list = list;
    wait->prev = NULL;
    wait->next = list->first;
    if (list->first != NULL)
        list->first->prev = wait;
    else
        list->last = wait;
    list->first = wait;
}

static void remove_wait(struct trine__wait *wait)
{
    struct trine__wait_list *list = wait->list;
    if (wait->prev != NULL)
        wait->prev->next = wait->next;
    else
        list->first = wait->next;
    if (wait->next != NULL)
        wait->next->prev = wait->prev;
    else
        list->last = wait->prev;
    wait->list = NULL;
}

bool trine__wait_withdraw(struct trine__wait *wait, struct trine__wake_list *wake)
{
    if (wait->list == NULL)
        return false;
    remove_wait(wait);
    if (wait->withdrawn != NULL)
        wait->withdrawn(wait, wake);
    return true;
}

/* Wins the choice for this wait: nobody else can, and its owner will look at this one. */
static bool choose(struct trine__wait *wait)
{
    return wait->choice == NULL || trine__choice_win(wait->choice, wait->number);
}

struct trine__wait *trine__wait_peek(struct trine__wait_list *list)
{
    for (;;) {
        struct trine__wait *wait = list->first;
        if (wait == NULL || wait->choice == NULL ||
            atomic_load(&wait->choice->winner) == TRINE__UNDECIDED)
            return wait;
        remove_wait(wait);
    }
}

void trine__wake_later(struct trine__wake_list *wake, struct trine__wait *wait)
{
    wait->next = NULL;
    if (wake->last != NULL)
        wake->last->next = wait;
    else
        wake->first = wait;
    wake->last = wait;
}

bool trine__wait_take(struct trine__wait *wait, int result, struct trine__wake_list *wake)
{
    assert(wait->list != NULL);
    remove_wait(wait);
    if (!choose(wait))
        return false;
    wait->result = result;
    trine__wake_later(wake, wait);
    return true;
}

struct trine__wait *trine__wait_take_chosen(struct trine__wait_list *list)
{
    struct trine__wait *wait;
    struct trine__wake_list wake = { 0 };
    while ((wait = trine__wait_peek(list)) != NULL && !trine__wait_take(wait, 0, &wake))
        ;
    return wait;
}

void trine__wait_take_all(struct trine__wait_list *list, int result, struct trine__wake_list *wake)
{
    struct trine__wait *wait;
    while ((wait = trine__wait_peek(list)) != NULL)
        (void)trine__wait_take(wait, result, wake);
}

/* The select waits for the unpark, whatever it hears from the bell: both are there until then. */
void trine__choice_wake(struct trine__choice *choice)
{
    if (choice->bell >= 0)
        trine__sys_eventfd_ring(choice->bell);
    trine__unpark(choice->parker);
}

void trine__wake_taken(struct trine__wait *wait)
{
    if (wait->choice != NULL)
        trine__choice_wake(wait->choice);
    else
        trine__unpark(&wait->parker);
}

void trine__wake(struct trine__wake_list *wake)
{
    struct trine__wait *wait = wake->first;
    while (wait != NULL) {
        struct trine__wait *next = wait->next; /* its frame may be gone after the wake */
        trine__wake_taken(wait);
        wait = next;
    }
}
