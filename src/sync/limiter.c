/* SPDX-License-Identifier: MIT */
/* Capacity limiter: tokens that know who has them. Borrowers are looked up by their address in a
 * digital search tree over its scrambled bits, as nodes of their own: at most 64 steps, no table
 * that would have to grow, and nothing is left when all tokens are back. Who waits for a token is
 * in the tree, too, so that it cannot ask twice. Nobody waits while a token is free.
 *
 * Reference: Coffman, Eve, "File structures using hashing functions", 1970. */
#include "core/loop.h"
#include "sync/wait.h"
#include "sys/sys.h"

struct trine__borrower {
    struct trine__borrower *child[2];
    uintptr_t name; /* the address, scrambled: still one for each */
    bool has_token;
};

/* Neighbouring addresses part at the first bits. The factor is odd, so no two become one. */
static uintptr_t scramble(const void *address)
{
    return (uintptr_t)address * (uintptr_t)0x9e3779b97f4a7c15u;
}

/* Where the borrower of that name is, or would be put. Under the lock. */
static struct trine__borrower **find(struct trine_limiter *limiter, uintptr_t name)
{
    struct trine__borrower **at = &limiter->borrowers;
    const unsigned top = sizeof name * 8 - 1;
    for (uintptr_t bits = name; *at != NULL && (*at)->name != name; bits <<= 1)
        at = &(*at)->child[bits >> top];
    return at;
}

/* Takes out the borrower there; any leaf below it can stand in its place. */
static struct trine__borrower *take_out(struct trine__borrower **at)
{
    struct trine__borrower *gone = *at, **leaf = at;
    while ((*leaf)->child[0] != NULL || (*leaf)->child[1] != NULL)
        leaf = &(*leaf)->child[(*leaf)->child[0] == NULL];
    struct trine__borrower *heir = *leaf;
    *leaf = NULL;
    if (heir != gone) {
        heir->child[0] = gone->child[0];
        heir->child[1] = gone->child[1];
        *at = heir;
    }
    return gone;
}

static void put_borrowed(struct trine_limiter *limiter, uint32_t borrowed)
{
    __atomic_store_n(&limiter->borrowed, borrowed, __ATOMIC_RELAXED);
}

static void lend(struct trine_limiter *limiter, struct trine__borrower *borrower)
{
    borrower->has_token = true;
    put_borrowed(limiter, limiter->borrowed + 1);
}

static void serve(struct trine_limiter *limiter, struct trine__wake_list *wake)
{
    struct trine__wait *wait;
    while (limiter->borrowed < limiter->tokens &&
           (wait = trine__wait_peek(&limiter->waits)) != NULL) {
        struct trine__borrower *borrower = wait->item;
        if (trine__wait_take(wait, 0, wake))
            lend(limiter, borrower);
    }
}

static void withdrawn(struct trine__wait *wait, struct trine__wake_list *wake)
{
    const struct trine__borrower *borrower = wait->item;
    (void)take_out(find(wait->object, borrower->name));
}

/* Under the lock. 0: borrowed. -EINPROGRESS: `wait` is in the line. */
static int borrow(struct trine_limiter *limiter, struct trine__borrower *borrower,
                  struct trine__wait *wait)
{
    struct trine__borrower **at = find(limiter, borrower->name);
    bool free = limiter->borrowed < limiter->tokens;
    if (*at != NULL)
        return -EALREADY;
    if (!free && wait == NULL)
        return -EAGAIN;
    if (!free) {
        int error = trine__wait_prepare(wait, &limiter->lock, limiter);
        if (error < 0)
            return error;
        wait->item = borrower;
        wait->withdrawn = withdrawn;
        trine__wait_add(&limiter->waits, wait);
    }
    *at = borrower;
    if (free)
        lend(limiter, borrower);
    return free ? 0 : -EINPROGRESS;
}

/* `wait`: NULL if it must not wait. */
static int acquire(struct trine_limiter *limiter, const void *name, struct trine__wait *wait)
{
    struct trine__borrower *borrower = trine__alloc(sizeof *borrower);
    if (borrower == NULL)
        return -ENOMEM;
    *borrower = (struct trine__borrower){ .name = scramble(name) };
    trine__sync_lock(&limiter->lock);
    int error = borrow(limiter, borrower, wait);
    trine__sync_unlock(&limiter->lock);
    if (error == -EINPROGRESS)
        error = trine__wait_park(wait, "a token");
    if (error < 0)
        trine__free(borrower);
    return error;
}

int trine_limiter_acquire_for(struct trine_limiter *limiter, const void *on_behalf_of)
{
    struct trine__wait wait;
    int error = trine__checkpoint();
    return error < 0 ? error : acquire(limiter, on_behalf_of, &wait);
}

int trine_limiter_try_acquire_for(struct trine_limiter *limiter, const void *on_behalf_of)
{
    return acquire(limiter, on_behalf_of, NULL);
}

int trine_limiter_release_for(struct trine_limiter *limiter, const void *on_behalf_of)
{
    struct trine__wake_list wake = { 0 };
    struct trine__borrower *borrower = NULL;
    trine__sync_lock(&limiter->lock);
    struct trine__borrower **at = find(limiter, scramble(on_behalf_of));
    if (*at != NULL && (*at)->has_token) {
        borrower = take_out(at);
        put_borrowed(limiter, limiter->borrowed - 1);
        serve(limiter, &wake);
    }
    trine__sync_unlock(&limiter->lock);
    trine__wake(&wake);
    trine__free(borrower);
    return borrower != NULL ? 0 : -EPERM;
}

/* Outside tasks a loop's thread borrows for itself: it cannot wait, but it can try. */
static const void *self(void)
{
    const struct trine__context *context = trine__here();
    return context != NULL ? context : &trine__thread_here.context;
}

int trine_limiter_acquire(struct trine_limiter *limiter)
{
    return trine_limiter_acquire_for(limiter, self());
}

int trine_limiter_try_acquire(struct trine_limiter *limiter)
{
    return trine_limiter_try_acquire_for(limiter, self());
}

int trine_limiter_release(struct trine_limiter *limiter)
{
    return trine_limiter_release_for(limiter, self());
}

void trine_limiter_set_tokens(struct trine_limiter *limiter, uint32_t tokens)
{
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(&limiter->lock);
    limiter->tokens = tokens;
    serve(limiter, &wake);
    trine__sync_unlock(&limiter->lock);
    trine__wake(&wake);
}

uint32_t trine_limiter_borrowed(const struct trine_limiter *limiter)
{
    return __atomic_load_n(&limiter->borrowed, __ATOMIC_RELAXED);
}
