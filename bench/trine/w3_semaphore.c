// SPDX-License-Identifier: MIT
/* W3, Trine: a semaphore with one permit. */
#include <trine/sync.h>

#define NAME "semaphore"

static struct trine_semaphore semaphore = TRINE_SEMAPHORE_INIT(1);

static inline int take(void)
{
    return trine_semaphore_acquire(&semaphore);
}

static inline int give(void)
{
    return trine_semaphore_release(&semaphore);
}

#include "lock.h"
