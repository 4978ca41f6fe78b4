/* SPDX-License-Identifier: MIT */
/* Task records: taken from a free list of the loop, refilled a slab at a time from a depot that all
 * loops share. Records may be freed by any thread, also after the run that made them. */
#ifndef TRINE_CORE_TASK_SLAB_H
#define TRINE_CORE_TASK_SLAB_H

#include "core/task.h"

struct trine__loop;

/* One record, and a slab's worth for the free list of `loop` (NULL: of no loop). NULL: no memory.
 */
struct trine__task *trine__task_slab_take(struct trine__loop *loop);
/* The loop ends: its free records go to the depot; the memory goes back once every record has. */
void trine__task_slab_return(struct trine__loop *loop);
/* `loop` was given a task that another thread made, and whose record will end in its free list:
 * every now and then as many go back to the depot, where that thread finds them again. */
void trine__task_slab_adopted(struct trine__loop *loop);
/* A record freed where no loop runs. */
void trine__task_slab_give(struct trine__task *task);
/* Slabs that exist: 0 when nothing runs and no task's future is held any more. */
size_t trine__task_slab_count(void);

#endif
