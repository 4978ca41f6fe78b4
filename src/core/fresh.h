/* SPDX-License-Identifier: MIT */
/* Tasks that have not started yet. With several loops they wait in their loop's fresh queue, where
 * an idle loop finds them: until it starts, a task may go to another thread. */
#ifndef TRINE_CORE_FRESH_H
#define TRINE_CORE_FRESH_H

#include "core/loop.h"

/* Queues a task where other loops find it. On the loop's thread. */
void trine__fresh_start(struct trine__loop *loop, struct trine__task *task);
/* Queues a task on its own loop, context.loop, where nobody takes it. */
void trine__fresh_start_there(struct trine__task *task);
/* While held, no other loop takes a task from this one. On the loop's thread. */
void trine__fresh_hold(struct trine__loop *loop);
void trine__fresh_release(struct trine__loop *loop);

/* ---- for the turn of one of several loops */
/* Moves a share of the loop's own into its ready queue; one of another's, if it has nothing else.
 */
void trine__fresh_take(struct trine__loop *loop);
/* Whether any loop has one. */
bool trine__fresh_anywhere(const struct trine__loop *loop);

#endif
