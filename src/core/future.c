/* SPDX-License-Identifier: MIT */
#include "core/future.h"
#include "base/error.h"
#include "core/callback.h"
#include "sys/sys.h"
#include <assert.h>
#include <sys/single_threaded.h>

#define SPINS_BEFORE_YIELD 64

_Static_assert(_Alignof(struct trine__waiter) > TRINE__FUTURE_BITS, "bits need aligned waiters");

static inline void pause_between(unsigned *spins)
{
    if (++*spins % SPINS_BEFORE_YIELD == 0)
        trine__sys_thread_yield();
}

/* Waits until nobody holds the word; then sets `bits` if none of `unless` is set. Returns the word
 * as it was before. */
static uintptr_t set_bits(struct trine_future *future, uintptr_t bits, uintptr_t unless)
{
    uintptr_t word = atomic_load_explicit(&future->word, memory_order_acquire);
    if (__libc_single_threaded) {
        if (!(word & unless))
            atomic_store_explicit(&future->word, word | bits, memory_order_relaxed);
        return word;
    }
    for (unsigned spins = 0;;) {
        if (word & TRINE__FUTURE_LOCKED) {
            pause_between(&spins);
            word = atomic_load_explicit(&future->word, memory_order_acquire);
        } else if ((word & unless) || atomic_compare_exchange_weak_explicit(
                                          &future->word, &word, word | bits, memory_order_acq_rel,
                                          memory_order_acquire)) {
            return word;
        }
    }
}

static uintptr_t lock(struct trine_future *future)
{
    return set_bits(future, TRINE__FUTURE_LOCKED, 0);
}

static void unlock(struct trine_future *future, uintptr_t word)
{
    atomic_store_explicit(&future->word, word & ~(uintptr_t)TRINE__FUTURE_LOCKED,
                          memory_order_release);
}

static struct trine__waiter *waiters_of(uintptr_t word)
{
    return (struct trine__waiter *)(word & ~(uintptr_t)TRINE__FUTURE_BITS);
}

bool trine__future_claim(struct trine_future *future)
{
    uintptr_t taken = TRINE__FUTURE_CLAIMED | TRINE__FUTURE_DONE;
    return !(set_bits(future, TRINE__FUTURE_CLAIMED, taken) & taken);
}

void trine__future_complete_watched(struct trine_future *future)
{
    uintptr_t word = lock(future);
    assert(!(word & TRINE__FUTURE_DONE));
    struct trine__waiter *first = waiters_of(word), *waiter = first, *late = NULL;
    word = (word & TRINE__FUTURE_BITS) | TRINE__FUTURE_DONE | TRINE__FUTURE_LOCKED;
    atomic_store_explicit(&future->word, word,
                          memory_order_release); /* done before the first wake */
    struct trine__waiter **end = &late;
    while (waiter != NULL) {
        struct trine__waiter *next = waiter->next != first ? waiter->next : NULL;
        waiter->next = NULL;
        if (waiter->wake != NULL) {
            waiter->wake(waiter);
        } else {
            *end = waiter;
            end = &waiter->next;
        }
        waiter = next;
    }
    unlock(future, word);
    trine__callbacks_run(future, late);
}

bool trine__future_watch(struct trine_future *future, struct trine__waiter *waiter)
{
    if (trine__future_is_done(future))
        return false;
    uintptr_t word = lock(future);
    if (word & TRINE__FUTURE_DONE) {
        unlock(future, word);
        return false;
    }
    struct trine__waiter *first = waiters_of(word);
    if (first == NULL) {
        waiter->next = waiter->prev = waiter;
        first = waiter;
    } else {
        waiter->next = first;
        waiter->prev = first->prev;
        first->prev->next = waiter;
        first->prev = waiter;
    }
    unlock(future, (uintptr_t)first | (word & TRINE__FUTURE_BITS));
    return true;
}

bool trine__future_unwatch(struct trine_future *future, struct trine__waiter *waiter)
{
    uintptr_t word = lock(future);
    bool watching = !(word & TRINE__FUTURE_DONE);
    if (watching) {
        struct trine__waiter *first = waiters_of(word);
        if (waiter->next == waiter) {
            first = NULL;
        } else {
            waiter->next->prev = waiter->prev;
            waiter->prev->next = waiter->next;
            if (first == waiter)
                first = waiter->next;
        }
        word = (uintptr_t)first | (word & TRINE__FUTURE_BITS);
    }
    unlock(future, word);
    return watching;
}

void trine__future_mark_read(struct trine_future *future)
{
    set_bits(future, TRINE__FUTURE_READ, TRINE__FUTURE_READ);
}

static void report_unread(struct trine_future *future)
{
    uintptr_t word = atomic_load_explicit(&future->word, memory_order_relaxed);
    if (!(word & TRINE__FUTURE_DONE) || word & TRINE__FUTURE_READ || future->outcome >= 0 ||
        future->outcome == -ECANCELED)
        return;
    const char *site = future->kind->site != NULL ? future->kind->site(future) : NULL;
    const char *title = future->kind->title != NULL ? future->kind->title(future) : NULL;
    const char *message = trine_error_message(future->error);
    trine__report("error nobody read: %s%s%s, of the %s%s%s%s started at %s",
                  trine_strerror(future->outcome), message[0] != '\0' ? ": " : "", message,
                  future->kind->name, title != NULL ? " '" : "", title != NULL ? title : "",
                  title != NULL ? "'" : "", site != NULL ? site : "an unknown place");
}

static void release(struct trine_future *future)
{
    uintptr_t word = atomic_load_explicit(&future->word, memory_order_relaxed);
    if (!(word & TRINE__FUTURE_DONE) && waiters_of(word) != NULL)
        trine__callbacks_forget(waiters_of(word));
    if (future->outcome < 0)
        report_unread(future);
    if (future->error != NULL)
        trine__error_unref(future->error);
    future->error = NULL;
    future->kind->free(future);
}

struct trine_future *trine_future_ref(struct trine_future *future)
{
    if (future != NULL)
        atomic_fetch_add_explicit(&future->refs, 1, memory_order_relaxed);
    return future;
}

void trine_future_unref(struct trine_future *future)
{
    if (future == NULL)
        return;
    /* The last reference needs no exchange: nobody else is there to count. */
    if (atomic_load_explicit(&future->refs, memory_order_acquire) == 1 ||
        atomic_fetch_sub_explicit(&future->refs, 1, memory_order_acq_rel) == 1)
        release(future);
}

bool trine_future_done(const struct trine_future *future)
{
    return trine__future_is_done(future);
}

int trine_future_outcome(struct trine_future *future)
{
    if (!trine__future_is_done(future))
        return -EINPROGRESS;
    if (future->outcome < 0)
        trine__future_mark_read(future);
    return future->outcome;
}

void *trine_future_value(struct trine_future *future)
{
    return future->kind->value != NULL ? future->kind->value(future) : NULL;
}

const struct trine_error *trine_future_error(struct trine_future *future)
{
    if (!trine__future_is_done(future) || future->outcome >= 0)
        return NULL;
    trine__future_mark_read(future);
    return future->error;
}

int trine_cancel(struct trine_future *future)
{
    if (trine__future_is_done(future) || future->kind->cancel == NULL)
        return 0;
    return future->kind->cancel(future);
}
