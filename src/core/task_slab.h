/* SPDX-License-Identifier: MIT */
/* Task records: taken from a free list of the loop, refilled a slab at a time from a depot that all loops
 * share. Records may be freed by any thread, also after the run that made them. */
#ifndef TRINE_CORE_TASK_SLAB_H
#define TRINE_CORE_TASK_SLAB_H

#include "core/task.h"

struct trine__loop;

/* One record, and a slab's worth for the free list of `loop` (NULL: of no loop). NULL: no memory. */
struct trine__task *trine__task_slab_take(struct trine__loop *loop);
/* The loop ends: its free records go to the depot; the memory goes back once every record has. */
void trine__task_slab_return(struct trine__loop *loop);
/* A record freed where no loop runs. */
void trine__task_slab_give(struct trine__task *task);

#endif
