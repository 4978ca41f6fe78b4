/* SPDX-License-Identifier: MIT */
/* Barrier: the last to come takes out all who wait and numbers them as they came. The next round
 * begins before anybody of this one has woken: who comes then finds an empty list. */
#include "sync/wait.h"

static void withdrawn(struct trine__wait *wait, struct trine__wake_list *wake)
{
    ((struct trine_barrier *)wait->object)->arrived--;
}

/* Under the lock: ends the round. The number of who came last. */
static int let_all_through(struct trine_barrier *barrier, struct trine__wake_list *wake)
{
    struct trine__wait *wait;
    int number = 0;
    while ((wait = trine__wait_peek(&barrier->waits)) != NULL)
        (void)trine__wait_take(wait, number++, wake);
    barrier->arrived = 0;
    return number;
}

/* Under the lock. */
static int add(struct trine_barrier *barrier, struct trine__wait *wait)
{
    int error = trine__wait_prepare(wait, &barrier->lock, barrier);
    if (error < 0)
        return error;
    wait->withdrawn = withdrawn;
    barrier->arrived++;
    trine__wait_add(&barrier->waits, wait);
    return 0;
}

int trine_barrier_wait(struct trine_barrier *barrier)
{
    struct trine__wait wait;
    struct trine__wake_list wake = { 0 };
    bool waits = false;
    int result = trine__checkpoint();
    if (result < 0)
        return result;
    trine__sync_lock(&barrier->lock);
    if (barrier->broken) {
        result = -EPIPE;
    } else if (barrier->arrived + 1 >= barrier->parties) {
        result = let_all_through(barrier, &wake);
    } else {
        result = add(barrier, &wait);
        waits = result == 0;
    }
    trine__sync_unlock(&barrier->lock);
    trine__wake(&wake);
    return waits ? trine__wait_park(&wait, "a barrier") : result;
}

static void fail_all(struct trine_barrier *barrier, bool broken)
{
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(&barrier->lock);
    barrier->broken = broken;
    barrier->arrived = 0;
    trine__wait_take_all(&barrier->waits, -EPIPE, &wake);
    trine__sync_unlock(&barrier->lock);
    trine__wake(&wake);
}

void trine_barrier_abort(struct trine_barrier *barrier)
{
    fail_all(barrier, true);
}

void trine_barrier_reset(struct trine_barrier *barrier)
{
    fail_all(barrier, false);
}
