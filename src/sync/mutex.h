/* SPDX-License-Identifier: MIT */
/* What a condition needs of its mutex: to let go of it whole, and to come back in any case. */
#ifndef TRINE_SYNC_MUTEX_H
#define TRINE_SYNC_MUTEX_H

#include "sync/held.h"

/* Under its lock: makes `context` the owner of a mutex that nobody owns. Returns 0 or
 * TRINE_EOWNERDEAD. Who it is has to enter it among what it holds. */
int trine__mutex_give(struct trine_mutex *mutex, struct trine__context *context, const char *site);
/* Its owner lets go, however often it has locked it: the depth to come back to. */
uint32_t trine__mutex_leave(struct trine_mutex *mutex);
/* Locks it again for `context`, which runs here, in line with all others and through cancels: 0 or
 * TRINE_EOWNERDEAD. -EDEADLK: it does not own it, for that would have left a circle for good. */
int trine__mutex_return(struct trine_mutex *mutex, struct trine__context *context,
                        const char *site);

#endif
