/* SPDX-License-Identifier: MIT */
/* Strands: how a task gets its stack and gives it on. Between task.c and loop.c only. */
#ifndef TRINE_CORE_STRAND_H
#define TRINE_CORE_STRAND_H

#include "core/loop.h"

/* Gives a task that has not started a strand: a resting one, still warm, or a new one. -ENOMEM. */
int trine__strand_bind(struct trine__loop *loop, struct trine__task *task);
/* Gives strands at rest back, all but `keep`. On the loop's own stack. */
void trine__strands_trim(struct trine__loop *loop, size_t keep);
/* Ends a task for which there is no stack, without running it: -ENOMEM. */
void trine__task_fail_unbound(struct trine__loop *loop, struct trine__task *task);

/* A task that was taken could not be bound after all: back to the loop, which fails it. */
void trine__loop_refuse(struct trine__loop *loop, struct trine__task *task);

#endif
