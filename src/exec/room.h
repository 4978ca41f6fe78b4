/* SPDX-License-Identifier: MIT */
/* Room: those who wait to submit to a pool whose backlog is full, in the order of coming. Whoever
 * makes room enters the first one's job on its behalf, so nobody overtakes. */
#ifndef TRINE_EXEC_ROOM_H
#define TRINE_EXEC_ROOM_H

#include "core/park.h"
#include "exec/job.h"
#include <pthread.h>

struct trine__room_place {
    struct trine__parker parker;
    struct trine__job *job;
    struct trine__room *room;
    struct trine__room_place *next, *prev;
    bool waiting;
};

struct trine__room {
    pthread_mutex_t *lock; /* guards the list; the pool's */
    struct trine__room_place *first, *last;
    _Atomic(unsigned) count; /* may be looked at without the lock */
};

/* Lock held: at the end of the line. */
void trine__room_enter(struct trine__room *room, struct trine__room_place *place);
/* Lock held: out of the line. */
void trine__room_leave(struct trine__room *room, struct trine__room_place *place);
/* Waits until somebody has taken `place` out of the line: 0; or the code why it gave up and left.
 */
int trine__room_wait(struct trine__room_place *place);

#endif
