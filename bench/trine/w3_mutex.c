// SPDX-License-Identifier: MIT
/* W3, Trine: a mutex. */
#include <trine/sync.h>

#define NAME "mutex"

static struct trine_mutex mutex = TRINE_MUTEX_INIT;

static inline int take(void)
{
    return trine_mutex_lock(&mutex);
}

static inline int give(void)
{
    return trine_mutex_unlock(&mutex);
}

#include "lock.h"
